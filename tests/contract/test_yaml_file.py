import pytest

from contract.errors import ConfigError
from contract.yaml_file import read_settings


def test_settings_are_read_and_an_empty_file_has_none(tmp_path):
    path = tmp_path / "run.yaml"
    path.write_text("data: 数据\nbands: {call: {share: 0.05}}\n", "utf-8")
    assert read_settings(path) == {"data": "数据", "bands": {"call": {"share": 0.05}}}
    path.write_text("# nothing yet\n", "utf-8")
    assert read_settings(path) == {}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a: [1", "cannot be read as YAML in UTF-8"),
        (b"a: 1\na: 2\n", "a stands twice.*line 2"),
        (b"x: {a: 1, a: 2}\n", "a stands twice.*line 1"),
        ("数据".encode("gb18030"), "cannot be read as YAML in UTF-8"),
        (b"- 1\n- 2\n", "holds list; expected settings by name"),
        (b"!!python/object/apply:os.system ['true']\n", "cannot be read as YAML in UTF-8"),
    ],
)
def test_what_is_no_settings_is_refused_in_one_line(tmp_path, content, said):
    path = tmp_path / "run.yaml"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=said) as told:
        read_settings(path, label="run.yaml")
    assert str(told.value).startswith("run.yaml: ")
    assert "\n" not in str(told.value)


def test_missing_file_is_told_with_the_remedy(tmp_path):
    with pytest.raises(ConfigError, match=r"no such file; give one of china, gb\.$"):
        read_settings(tmp_path / "none.yaml", remedy="give one of china, gb")


def test_merged_keys_may_be_overridden(tmp_path):
    path = tmp_path / "run.yaml"
    path.write_text("base: &base {a: 1, b: 2}\nown:\n  <<: *base\n  a: 3\n", "utf-8")
    assert read_settings(path)["own"] == {"a": 3, "b": 2}
