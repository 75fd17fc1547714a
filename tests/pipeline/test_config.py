import pytest

from contract.errors import ConfigError
from pipeline.config import Config, load_config

WRONG = [
    ("colour: red", r"run.yaml: colour is not a setting; see docs/config.md"),
    ("bands: {call: {shares: 0.1}}", r"run.yaml: bands.call.shares is not a setting"),
    (
        "target: {grace_days: -1}",
        r"run.yaml: target.grace_days is -1; .*greater than or equal to 0",
    ),
    ("as_of: yesterday", r"run.yaml: as_of is 'yesterday'; .*valid date"),
    ("snapshots: {days_of_month: [31]}", r"snapshots.days_of_month is .*from 1 to 28"),
    ("- a list", r"run.yaml: holds list; expected settings by name"),
    ("a: b: c", r"run.yaml: cannot be read as YAML"),
    ("bands: {call: {share: 0.1, count: 5}}", r"bands.call is .*give either share"),
]


@pytest.mark.parametrize(("text", "message"), WRONG)
def test_wrong_setting_is_named_with_its_path(tmp_path, text, message):
    path = tmp_path / "run.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(ConfigError, match=message):
        load_config(path)


def test_all_faults_of_a_file_are_named_at_once(tmp_path):
    path = tmp_path / "run.yaml"
    path.write_text("colour: red\nbuckets: 0\n", "utf-8")
    with pytest.raises(ConfigError) as error:
        load_config(path)
    assert len(str(error.value).splitlines()) == 2


def test_missing_file_is_named(tmp_path):
    with pytest.raises(ConfigError, match="no such file"):
        load_config(tmp_path / "none.yaml")


def test_bytes_that_are_no_text_are_refused(tmp_path):
    path = tmp_path / "run.yaml"
    path.write_bytes(b"data: \xff\xfe")
    with pytest.raises(ConfigError, match="cannot be read as YAML in UTF-8"):
        load_config(path)


@pytest.mark.parametrize("text", ["", "# nothing said\n"])
def test_what_is_left_out_keeps_its_default(tmp_path, text):
    path = tmp_path / "run.yaml"
    path.write_text(text, "utf-8")
    assert load_config(path) == Config() == load_config(None)
