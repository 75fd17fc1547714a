from argparse import Namespace
from pathlib import Path

import numpy as np
import pytest

from benchmarks import features as features_benchmark
from benchmarks.feature_costs import where_time_goes
from benchmarks.feature_tasks import AS_OF, TASKS, open_work
from benchmarks.feature_work import COMMON, write_work
from benchmarks.features import run_task
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


def test_figures_have_the_names_of_the_issue_and_compare_like_with_like(work: Path) -> None:
    seconds = {"stage": 6.0, "floor": 0.5, "all": 4.0, "common": 2.0, "twelve": 24.0}
    seconds |= {"pandas": 20.0, "polars": 8.0, "featuretools": 3.0}
    found = {
        task: {"seconds": spent, "cpu_seconds": spent, "peak_mb": 100.0, "rows": 80}
        for task, spent in seconds.items()
    }
    asked = Namespace(customers=300, featuretools_customers=30)
    figures = features_benchmark.figures_of(asked, found, work)
    assert figures["customers"] == 300
    assert figures["columns"] == len(FEATURES)
    assert (figures["seconds"], figures["peak_mb"], figures["rows_per_second"]) == (4, 100, 20)
    assert (figures["ratio_pandas"], figures["ratio_pandas_staged"]) == (10, 2.5)
    assert (figures["ratio_polars"], figures["ratio_featuretools"]) == (4, 15)
    assert (figures["twelve_over_one"], figures["over_floor"]) == (6, 8)


def test_time_is_told_for_each_view_and_the_whole(work: Path) -> None:
    spent = where_time_goes(open_work(work))
    assert {"groups", "rows", "outcome_facts", "payment_facts", "plan", "all"} <= set(spent)
    assert spent["all"] > spent["outcome_facts"]


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
