"""Secrets stand in the environment alone: in no file that is written and no word that is said."""

import sys

import pytest

from contract.errors import ConfigError
from contract.pseudonyms import Key
from pipeline import cli
from pipeline.config import parse_config
from pipeline.redaction import redacted

SECRET = "hunter2/p@ss"  # noqa: S105 - of nobody


def test_no_secret_of_the_environment_is_written_or_said(month):
    looked_at = 0
    for path in month.folder.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert not [s for s in month.secrets.values() if s.encode() in content], path
            looked_at += 1
    assert looked_at > 80
    assert not [secret for secret in month.secrets.values() if secret in month.log]
    key = month.secrets["DUEWATCH_PSEUDONYM_KEY"]
    assert key not in repr(Key(key.encode()))


@pytest.mark.parametrize(
    "settings",
    [
        {"tuning": {"storage": f"postgresql://me:{SECRET}@db/x"}},
        {"tracking": {"folder": f"https://me:{SECRET}@mlflow.example"}},
        {"tracking": {"experiment": f"https://me:{SECRET}@mlflow.example"}},
        {"promote_warnings": [f"postgresql+psycopg://me:{SECRET}@db/x"]},
        {"unknown": {"deep": [{"dsn": f"postgresql://:{SECRET}@db/x"}]}},
    ],
)
def test_a_password_in_a_config_is_refused_and_not_repeated(settings):
    with pytest.raises(ConfigError, match="holds an address with a password") as told:
        parse_config(settings, source="run.yaml")
    assert "hunter2" not in str(told.value)


def test_a_server_is_named_by_the_environment_alone():
    with pytest.raises(ConfigError, match="MLFLOW_TRACKING_URI in the environment"):
        parse_config({"tracking": {"folder": "https://mlflow.example"}}, source="run.yaml")


@pytest.mark.parametrize("kind", [ConfigError, RuntimeError])
def test_errors_and_tracebacks_are_told_without_secrets(kind, monkeypatch, capsys):
    monkeypatch.setenv("DUEWATCH_PSEUDONYM_KEY", "0123456789abcdef-key")
    monkeypatch.setenv("PGPASSWORD", "another-secret")

    def fails():
        raise kind(
            f"cannot reach postgresql://me:{SECRET}@db/x with 0123456789abcdef-key"
            " (password=another-secret host=db)"
        )

    monkeypatch.setattr(cli, "app", fails)
    with pytest.raises(SystemExit) as end:
        cli.main()
    said = "".join(capsys.readouterr())
    assert end.value.code == (2 if kind is ConfigError else 1)
    assert "postgresql://me:***@db/x" in said
    for secret in ("hunter2", "p@ss", "0123456789abcdef-key", "another-secret"):
        assert secret not in said


def test_an_unreachable_database_is_told_without_its_password(
    run_line, monkeypatch, capsys, tmp_path
):
    monkeypatch.setenv("DUEWATCH_POSTGRES", "postgresql://me:hunter2secret@127.0.0.1:1/none")
    assert run_line("import", "postgres", tmp_path / "data") in (2, 3, 5)
    assert "hunter2secret" not in "".join(capsys.readouterr())
    assert sys.argv[0] != "duewatch"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("mysql://a:b@c@host/x", "mysql://a:***@host/x"),
        ("password='two words' x", "password=*** x"),
        ("token: abc", "token: ***"),
        ("http://host:5000/path", "http://host:5000/path"),
        ("bill 12:30@noon", "bill 12:30@noon"),
    ],
)
def test_redaction_hides_passwords_and_nothing_else(text, told):
    assert redacted(text) == told
