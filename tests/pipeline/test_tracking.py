import os
import socket
import subprocess
import sys
import time
import urllib.request

import numpy as np
import pandas as pd
import pytest

from contract.errors import ConfigError, DataError
from models.calibration.curve import Calibration
from models.cores import BOOSTER_FILE, Rule
from models.predictor import make_model
from pipeline.code_version import git_commit
from pipeline.mlflow_door import Tracking
from pipeline.tracking import TOUCHED, Evidence, count_touches, crown, load, register
from pipeline.training_evidence import judged_table


@pytest.fixture(scope="module")
def tracking(town, promoted):  # noqa: ARG001 - a champion must be there
    return town.config.tracked


def artefacts(tracking, registered):
    """The folder of the model's own files, in the local artefact store."""
    found = list(tracking.folder.rglob(f"{registered.run_id}/artifacts/duewatch"))
    assert len(found) == 1
    return found[0]


def test_champion_comes_back_as_the_bytes_that_were_registered(tracking, trained):
    champion = load(tracking)
    assert champion.version == trained.registered.version
    assert champion.model.to_files() == trained.registered.model.to_files()
    assert load(tracking, champion.version).run_id == champion.run_id


def test_model_artefacts_are_text_and_json_only(tracking, trained):
    folder = artefacts(tracking, trained.registered)
    assert sorted(path.name for path in folder.iterdir()) == ["model.json", "model.lgb"]
    logged = [path for path in tracking.folder.rglob("*") if path.is_file()]
    assert not [p for p in logged if p.suffix in {".pkl", ".pickle", ".joblib", ".skops"}]


def test_run_keeps_its_evidence(tracking, trained):
    root = artefacts(tracking, trained.registered).parent
    names = {path.name for path in root.iterdir()}
    assert {
        "attrition.csv",
        "calibration.png",
        "gains.png",
        "importance.csv",
        "judged.csv",
        "shap_summary.png",
    } <= names
    assert (root / "shap_summary.png").read_bytes().startswith(b"\x89PNG")


def test_tampered_model_is_refused(tracking, trained):
    path = artefacts(tracking, trained.registered) / BOOSTER_FILE
    content = path.read_bytes()
    try:
        path.write_bytes(content.replace(b"leaf_value=", b"leaf_value= ", 1))
        with pytest.raises(DataError, match=BOOSTER_FILE):
            load(tracking)
    finally:
        path.write_bytes(content)


def test_model_whose_files_are_gone_is_named(tracking, trained):
    folder = artefacts(tracking, trained.registered)
    aside = folder.with_name("aside")
    folder.rename(aside)
    try:
        with pytest.raises(DataError, match="its files are gone from run"):
            load(tracking)
    finally:
        aside.rename(folder)


def test_two_registries_in_one_process_stay_apart(tracking, tmp_path):
    load(tracking)
    assert os.environ.get("MLFLOW_TRACKING_URI", "") == ""
    with pytest.raises(Exception, match="has no alias"):
        load(Tracking(folder=tmp_path))


def test_commit_is_known_inside_a_checkout():
    assert git_commit() == "" or len(git_commit().rstrip("+")) >= 7


@pytest.fixture
def server(tmp_path):
    """A real MLflow server on a free port of the loopback."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    uri = f"http://127.0.0.1:{port}"
    command = [
        *(sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port)),
        *("--backend-store-uri", f"sqlite:///{tmp_path / 'server.db'}"),
        *("--artifacts-destination", str(tmp_path / "artifacts"), "--workers", "1"),
    ]
    with (tmp_path / "server.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=tmp_path)
        try:
            _wait(uri, process)
            yield uri
        finally:
            process.terminate()
            process.wait(timeout=20)


def _wait(uri, process):
    for _ in range(240):
        assert process.poll() is None, "the MLflow server ended"
        try:
            urllib.request.urlopen(f"{uri}/health", timeout=1).close()  # noqa: S310 - loopback
        except OSError:
            time.sleep(0.5)
        else:
            return
    pytest.fail("the MLflow server did not answer")


def test_model_goes_to_a_server_and_comes_back(server, monkeypatch, trained, tmp_path):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server)
    tracking = Tracking(folder=tmp_path / "unused")
    model = trained.registered.model
    example = pd.DataFrame(np.zeros((2, len(model.card.features))), columns=model.card.features)
    made = register(model, example, _evidence(judged_table(trained.judged)), tracking)
    assert load(tracking, "challenger").version == made.version
    crown(made, {"verdict": "promoted"}, tracking)
    assert load(tracking).model.to_files() == model.to_files()
    assert count_touches("late 2026-07", tracking) == 1
    assert not tracking.folder.exists()


@pytest.mark.postgres
def test_model_goes_to_postgresql_and_comes_back(postgres, monkeypatch, trained, tmp_path):
    url = postgres("mlflow").replace("postgresql://", "postgresql+psycopg://")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", url)
    tracking = Tracking(folder=tmp_path / "mlruns")
    model = trained.registered.model
    example = pd.DataFrame(np.zeros((2, len(model.card.features))), columns=model.card.features)
    made = register(model, example, _evidence(judged_table(trained.judged)), tracking)
    assert load(tracking, "challenger").version == made.version
    crown(made, {"verdict": "promoted"}, tracking)
    assert load(tracking).model.to_files() == model.to_files()
    assert count_touches("late 2026-07", tracking) == 1
    # The database holds no files: they are where those of SQLite are.
    assert artefacts(tracking, made).is_relative_to(tmp_path / "mlruns" / "artifacts")
    assert not (tracking.folder / "mlflow.db").exists()


def test_a_model_without_trees_is_registered_and_comes_back(trained, tmp_path):
    tracking = Tracking(folder=tmp_path)
    rule = Rule(id="late_ewma", usual=0.0)
    calibration = Calibration(kind="isotonic", knots=((0.0, -3.0), (1.0, 1.0)))
    model = make_model(rule, target="late", levels={}, calibration=calibration)
    made = register(model, pd.DataFrame(), _evidence(judged_table(trained.judged)), tracking)
    assert load(tracking, made.version).model.to_files() == model.to_files()


def test_nothing_is_champion_before_it_is_promoted(trained, tmp_path):
    tracking = Tracking(folder=tmp_path)
    model = trained.registered.model
    example = pd.DataFrame(np.zeros((2, len(model.card.features))), columns=model.card.features)
    register(model, example, _evidence(judged_table(trained.judged)), tracking)
    with pytest.raises(ConfigError, match=r"no alias champion\. Run .* then duewatch promote"):
        load(tracking)


def _evidence(judged):
    return Evidence(
        parameters={"seed": 1},
        metrics={"model.auc": 0.8},
        tags={"data_fingerprint": "f", TOUCHED: "late 2026-07"},
        tables={"judged.csv": judged},
        figures={"months.png": b"a picture"},
    )
