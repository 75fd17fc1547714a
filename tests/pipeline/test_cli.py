import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from pipeline.cli import main

PROJECT = Path(__file__).parent.parent.parent
SAMPLES = PROJECT / "tests" / "contract" / "samples"


def duewatch(*arguments, cwd):
    """Run the real command in its own process."""
    return subprocess.run(
        [sys.executable, "-c", "from pipeline.cli import main; main()", *map(str, arguments)],
        cwd=cwd,
        env={"PYTHONPATH": str(PROJECT), "PATH": "/usr/bin:/bin", "HOME": str(cwd)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.fixture
def config_file(town, promoted, tmp_path):  # noqa: ARG001 - a champion must be there
    path = tmp_path / "run.yaml"
    values = town.config.model_dump(mode="json", exclude_defaults=True)
    values["outputs"] = str(tmp_path / "outputs")
    path.write_text(yaml.safe_dump(values), "utf-8")
    return path


def test_score_ends_with_one_json_object_and_rerun_adds_nothing(config_file, tmp_path):
    first = duewatch("score", "--config", config_file, "--json", cwd=tmp_path)
    assert first.returncode == 0, first.stderr
    facts = json.loads(first.stdout.splitlines()[-1])
    assert {"run", "customers", "listed", "output", "model_version"} <= set(facts)
    again = duewatch("score", "--config", config_file, "--json", cwd=tmp_path)
    assert json.loads(again.stdout.splitlines()[-1]) == facts
    assert "Nothing new" in again.stdout


def test_dictionary_and_proof_by_command(config_file, tmp_path):
    drawn = duewatch("dictionary", "features.html", "--config", config_file, cwd=tmp_path)
    assert drawn.returncode == 0, drawn.stderr
    assert "late_count_6b" in (tmp_path / "features.html").read_text("utf-8")
    data = yaml.safe_load(config_file.read_text("utf-8"))["data"]
    proved = duewatch("prove", data, "--config", config_file, "--one-in", 10, cwd=tmp_path)
    assert proved.returncode == 0, proved.stderr
    assert "No feature sees the future." in proved.stdout


def test_users_feature_is_built_and_a_missing_file_refused(config_file, tmp_path):
    (tmp_path / "own.yaml").write_text(
        "- {stem: my_money, over: bill_facts, windows: [12m], unit: CNY,\n"
        "   sql: 'CAST(sum(amount_fen) FILTER (WHERE {w}) AS DOUBLE) / 100',\n"
        "   description: {zh: 电费, en: money}}\n",
        "utf-8",
    )
    values = yaml.safe_load(config_file.read_text("utf-8"))
    values["features"] = {"files": [str(tmp_path / "own.yaml")]}
    config_file.write_text(yaml.safe_dump(values), "utf-8")
    built = duewatch("features", "matrix.parquet", "--config", config_file, cwd=tmp_path)
    assert built.returncode == 0, built.stderr
    values["features"] = {"files": ["none.yaml"]}
    config_file.write_text(yaml.safe_dump(values), "utf-8")
    refused = duewatch("features", "matrix.parquet", "--config", config_file, cwd=tmp_path)
    assert refused.returncode == 2
    assert "none.yaml" in refused.stderr


def test_simulate_then_check_then_features_by_command(tmp_path):
    made = duewatch("simulate", "town", "--customers", 300, "--cycles", 6, cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    assert (tmp_path / "town-truth").is_dir()
    checked = duewatch("check", "town", "--json", cwd=tmp_path)
    assert checked.returncode == 0, checked.stderr
    built = duewatch("features", "matrix.parquet", "--data", "town", "--json", cwd=tmp_path)
    assert built.returncode == 0, built.stderr
    assert json.loads(built.stdout.splitlines()[-1])["rows"] > 100


WRONG = [
    (["score", "--config", "none.yaml"], 2, "none.yaml: no such file"),
    (["score", "--model", "9"], 2, "has no version 9. Run duewatch train, then duewatch promote"),
    (["check", "nowhere"], 3, "nowhere: no such folder"),
    (["train", "--data", "nowhere"], 3, "nowhere: no such folder"),
    (["import", "nowhere", "out", "--mapping", "latin"], 2, "latin"),
    (["import", "nowhere", "out"], 3, "nowhere"),
    (["report", "nowhere"], 3, "not a finished run"),
    (["score", "--as-of", "tomorrow"], 2, "tomorrow"),
    (["simulate", "out", "--customers", "3"], 2, "greater than or equal to 10"),
    (["simulate", "full"], 2, "full: exists and is not empty"),
    (["train", "--kind", "magic"], 2, "rule 'magic' is not known; choose one of random"),
    (["backtest", "--target", "rich"], 2, "target.name is 'rich'"),
    (["promote", "--data", "nowhere"], 3, "nowhere: no such folder"),
    (["train", "--from-run", "none"], 2, "config.json is not to be had"),
    (["scorecard", "points.csv"], 2, "has no alias champion"),
    (["forecast", "--out", "full"], 2, "full: exists and is not empty"),
    (["fly"], 2, "fly"),
]


@pytest.mark.parametrize(("arguments", "code", "message"), WRONG)
def test_users_error_is_clear_with_its_own_exit_code(
    tmp_path, monkeypatch, capsys, arguments, code, message
):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "something").write_text("x", "utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["duewatch", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == code
    told = capsys.readouterr().err
    assert message in told.replace("\n", " ")
    assert "Traceback" not in told
    assert not (tmp_path / "out").exists()


def test_process_ends_with_the_code_and_one_line(tmp_path):
    done = duewatch("check", "nowhere", cwd=tmp_path)
    assert done.returncode == 3, done.stderr
    assert "nowhere: no such folder" in done.stderr
    assert "Traceback" not in done.stderr
