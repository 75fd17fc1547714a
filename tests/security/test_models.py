"""Models that bring code, strangers' bytes or links: none is run, all are refused."""

import json
import os
import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from contract.errors import DataError
from contract.own_folder import is_trusted
from models.calibration.curve import Calibration
from models.cores import Rule
from models.predictor import Model, make_model
from pipeline import tracking
from pipeline.mlflow_door import Tracking, open_mlflow
from pipeline.model_marks import SEAL, marks_of
from pipeline.tracking import Evidence


class Bomb:
    """Its pickle, once loaded, writes a file."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return (Path.touch, (self.mark,))


@pytest.fixture(scope="module")
def model():
    return _model("late_count")


@pytest.fixture(scope="module")
def registry(model, tmp_path_factory):
    """A registered model, and the folder of its artefacts."""
    place = Tracking(folder=tmp_path_factory.mktemp("registry") / "mlruns")
    example = pd.DataFrame({"a": np.zeros(1)})
    registered = tracking.register(
        model, example, Evidence(parameters={}, metrics={}, tags={}), place
    )
    (card,) = place.folder.rglob("duewatch/model.json")
    return place, registered, card.parent


@pytest.fixture
def kept(registry, model):
    """The same, whole again after each attack."""
    yield registry
    for name, content in model.to_files().items():
        (registry[2] / name).write_bytes(content)


def test_a_planted_pickle_is_refused_and_never_loaded(kept, tmp_path):
    place, registered, folder = kept
    mark = tmp_path / "ran"
    bomb = pickle.dumps(Bomb(mark))
    for name in ("model.pkl", "__init__.py", "data.joblib"):
        (folder / name).write_bytes(bomb)
        with pytest.raises(DataError, match=f"{name} is none of its files; fetch the model again"):
            tracking.load(place, registered.version)
        (folder / name).unlink()
    (folder / "model.json").write_bytes(bomb)
    with pytest.raises(DataError, match=r"model.json is not JSON"):
        tracking.load(place, registered.version)
    assert not mark.exists()


def test_a_link_among_the_files_of_a_model_is_not_followed(model, tmp_path):
    for name, content in model.to_files().items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "passwd").symlink_to("/etc/passwd")
    with pytest.raises(DataError, match="passwd is no plain file"):
        tracking._plain_files(tmp_path)


def test_a_whole_other_model_in_its_place_is_refused_by_digest(kept):
    place, registered, folder = kept
    for name, content in _model("late_ewma").to_files().items():
        (folder / name).write_bytes(content)
    with pytest.raises(DataError, match=r"of another model than the one registered .*digest"):
        tracking.load(place, registered.version)


KEY = "3f" * 32


@pytest.fixture
def signed(model, tmp_path, monkeypatch):
    """A model registered where the key is set."""
    monkeypatch.setenv("DUEWATCH_MODEL_KEY", KEY)
    place = Tracking(folder=tmp_path / "mlruns")
    example = pd.DataFrame({"a": np.zeros(1)})
    nothing = Evidence(parameters={}, metrics={}, tags={})
    return place, tracking.register(model, example, nothing, place)


def test_a_forger_of_registry_and_artefacts_lacks_the_key(signed, monkeypatch):
    place, registered = signed
    assert tracking.load(place, registered.version).model.sha256 == registered.model.sha256
    (card,) = place.folder.rglob("duewatch/model.json")
    other = _model("late_ewma")
    for name, content in other.to_files().items():
        (card.parent / name).write_bytes(content)
    _mark(place, "duewatch.sha256", other.sha256)
    with pytest.raises(DataError, match="does not bear the signature of the key of models"):
        tracking.load(place, registered.version)
    monkeypatch.delenv("DUEWATCH_MODEL_KEY")  # where nothing is signed, digests are all there is
    assert tracking.load(place, registered.version).model.sha256 == other.sha256


def test_a_signature_of_another_model_or_key_is_refused(signed, monkeypatch):
    place, registered = signed
    others = marks_of("duewatch-cutoff", registered.model.sha256, KEY.encode())
    for mark in (others["duewatch.seal"], "", "0" * 64, "é"):
        _mark(place, "duewatch.seal", mark)
        with pytest.raises(DataError, match="does not bear the signature"):
            tracking.load(place, registered.version)
    _mark(place, "duewatch.seal", marks_of("duewatch", registered.model.sha256, KEY.encode())[SEAL])
    tracking.load(place, registered.version)
    monkeypatch.setenv("DUEWATCH_MODEL_KEY", "4f" * 32)
    with pytest.raises(DataError, match="Train again where that key is set"):
        tracking.load(place, registered.version)


def test_the_key_of_models_is_kept_nowhere(signed):
    place, _ = signed
    for path in place.folder.rglob("*"):
        assert path.is_dir() or KEY.encode() not in path.read_bytes()


def _mark(place, name, value):
    with open_mlflow(place) as mlflow:
        mlflow.MlflowClient().set_model_version_tag(place.model_name, "1", name, value)


def test_a_card_that_names_a_path_reads_no_file(model):
    files = model.to_files()
    card = json.loads(files["model.json"]) | {"sha256": {"../../etc/passwd": "0"}}
    with pytest.raises(DataError, match=r"\.\./\.\./etc/passwd is missing"):
        Model.from_files({"model.json": json.dumps(card).encode()})


def test_compiled_code_is_loaded_only_from_a_folder_of_our_own(tmp_path):
    assert is_trusted(str(tmp_path / "new"))
    own = tmp_path / "own"
    (own / "below").mkdir(parents=True)
    own.chmod(0o700)
    (own / "below").chmod(0o700)
    assert is_trusted(str(own))
    (own / "below").chmod(0o777)
    assert not is_trusted(str(own))
    (own / "below").chmod(0o700)
    own.chmod(0o770)
    assert not is_trusted(str(own))
    if os.geteuid() == 0:
        own.chmod(0o700)
        os.chown(own, 65534, 65534)
        assert not is_trusted(str(own))


def test_nothing_in_the_project_unpickles():
    project = Path(__file__).parent.parent.parent
    for package in ("contract", "features", "models", "collection", "reports", "pipeline"):
        for path in (project / package).rglob("*.py"):
            text = path.read_text("utf-8")
            for word in ("import pickle", "joblib", "cloudpickle", "pyfunc.load", "load_model("):
                assert word not in text, f"{path}: {word}"


def _model(rule):
    calibration = Calibration(kind="beta", beta=(1.0, 1.0, 0.0))
    core = Rule(id=rule, usual=0.0)
    return make_model(core, target="late", levels={}, calibration=calibration)
