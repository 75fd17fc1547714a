from pathlib import Path

import numpy as np
import pytest

from benchmarks.feature_work import COMMON, write_work
from benchmarks.features import AS_OF, TASKS, run_task
from benchmarks.rival_pandas import build_pandas
from contract.dataset import open_dataset
from contract.staging import stage
from features import FEATURES, build


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("work")
    write_work(folder / "data", 300)
    return folder


def test_vectorised_pandas_gives_the_same_values(work: Path) -> None:
    store = stage(open_dataset(work / "data"), work / "stores", buckets=2)
    ours = build(store, AS_OF, features=tuple(f for f in FEATURES if f.name in COMMON))
    theirs = build_pandas(work / "data", AS_OF).set_index("bill_id").loc[ours["bill_id"]]
    assert len(ours) > 100
    for column in COMMON:
        np.testing.assert_allclose(ours[column], theirs[column], rtol=1e-9, err_msg=column)


def test_common_work_names_features_that_exist() -> None:
    assert set(COMMON) <= {feature.name for feature in FEATURES}


def test_a_task_in_its_own_process_tells_what_it_cost(work: Path) -> None:
    spent = run_task("common", work)
    assert spent is not None
    assert spent["rows"] > 100
    assert spent["seconds"] > 0
    assert spent["peak_mb"] > 50


def test_a_library_that_is_not_there_is_left_out(
    work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "polars" in TASKS
    monkeypatch.setenv("PYTHONPATH", str(without_polars(work)))
    assert run_task("polars", work) is None


def without_polars(folder: Path) -> Path:
    """A place where importing polars fails as if it were not installed."""
    place = folder / "without"
    place.mkdir()
    (place / "polars.py").write_text("raise ModuleNotFoundError(\"No module named 'polars'\")")
    return place
