"""What benchmarks.score holds the job against: its parts, its floor, and the work by hand."""

import time
from datetime import date
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from benchmarks.feature_work import BILL_COLUMNS, COMMON, PAYMENT_COLUMNS
from benchmarks.rival_pandas import build_pandas
from features.build import build_bucket
from features.groups import group_rates
from models import contributions, reasons
from models.cores import Trees
from models.encoding import encode
from models.predictor import Model
from pipeline.preparing import prepare
from pipeline.scoring.buckets import needed_features
from pipeline.tracking import load

_LISTED = 0.25  # of the bills, as by the default bands
_RIVAL = {"objective": "binary", "num_leaves": 31, "max_depth": 6, "num_threads": 2, "verbose": -1}


class _Clock:
    """Seconds by what they were spent on."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = {}
        self.last = time.perf_counter()

    def tell(self, what: str) -> None:
        """Book the time since the last word."""
        now = time.perf_counter()
        self.spent[what] = self.spent.get(what, 0.0) + now - self.last
        self.last = now


def measure_parts(config: Any, *, rows: int) -> dict[str, float]:
    """Do the work of every bucket on one core, part by part."""
    prepared, model = prepare(config), load(config.tracked).model
    needed = needed_features(model, prepared.features)
    clock = _Clock()
    rates = group_rates(prepared.store, prepared.as_of)
    clock.tell("seconds_rates")
    for bucket in range(prepared.store.buckets):
        table = build_bucket(
            prepared.store, bucket, prepared.as_of, rates=rates, features=needed, threads=1
        )
        matrix = table.to_pandas(date_as_object=False)
        clock.tell("seconds_features")
        p = model.predict(matrix, threads=1)
        clock.tell("seconds_predict")
        first = np.argsort(-model.priority(matrix, p))[: int(_LISTED * len(matrix))]
        listed = matrix.iloc[np.sort(first)]
        clock.last = time.perf_counter()
        reasons(model, listed, prepared.features, threads=1)
        clock.tell("seconds_explain")
    some = matrix.head(rows)
    contributions(model, some.head(10), threads=1)  # compiled and read once
    clock.last = time.perf_counter()
    contributions(model, some, threads=1)
    clock.tell("ours")
    trees = _trees(model)
    trees.booster.predict(
        encode(some, trees.features, trees.levels), pred_contrib=True, num_threads=1
    )
    clock.tell("theirs")
    ratio = clock.spent.pop("theirs") / clock.spent.pop("ours")
    return {
        **clock.spent,
        "explain_ratio_pred_contrib": ratio,
        "trees": float(trees.booster.num_trees()),
        "columns": float(len(needed)),
    }


def measure_floor(config: Any) -> dict[str, float]:
    """Read the columns that features need from the dataset's files, and predict bare numbers."""
    prepared, model = prepare(config), load(config.tracked).model
    booster = _trees(model).booster
    customers = pq.read_metadata(config.data / "customers.parquet").num_rows
    matrix = np.random.default_rng(0).random((customers, booster.num_feature()))
    clock = _Clock()
    for table, columns in (("bills", BILL_COLUMNS), ("payments", PAYMENT_COLUMNS)):
        pq.read_table(prepared.data / f"{table}.parquet", columns=columns)
    clock.tell("seconds")
    booster.predict(matrix, raw_score=True)
    clock.tell("seconds")
    return clock.spent


def measure_pandas(work: Path, as_of: date) -> dict[str, float]:
    """Make a ranked list with contributions by hand; its model is ready before the clock runs."""
    drawn = np.random.default_rng(0)
    rows = drawn.random((5_000, len(COMMON)))
    late = drawn.random(5_000) < rows[:, 0]
    booster = lgb.train(_RIVAL, lgb.Dataset(rows, late), num_boost_round=300)
    clock = _Clock()
    matrix = build_pandas(work / "data", as_of)
    matrix["p_late"] = booster.predict(matrix[list(COMMON)].to_numpy())
    matrix["expected"] = matrix["p_late"] * matrix["bill_amount_cny"]
    ranked = matrix.sort_values(["expected", "bill_id"], ascending=[False, True])
    listed = ranked.head(int(_LISTED * len(ranked)))
    found = booster.predict(listed[list(COMMON)].to_numpy(), pred_contrib=True)
    told = pd.DataFrame(np.asarray(found)[:, :-1], columns=list(COMMON), index=listed.index)
    three = np.argsort(-told.to_numpy(), axis=1)[:, :3]
    for place in range(3):
        listed = listed.assign(**{f"reason_{place + 1}": np.array(COMMON)[three[:, place]]})
    work.joinpath("by-hand").mkdir(exist_ok=True)
    ranked.to_parquet(work / "by-hand" / "scores.parquet")
    listed.to_csv(work / "by-hand" / "list.csv", index=False)
    clock.tell("seconds")
    return clock.spent


def _trees(model: Model) -> Trees:
    trees = getattr(model.core, "trees", model.core)
    if not isinstance(trees, Trees):
        raise TypeError(f"the benchmark needs a model of trees, not a {model.core.kind}")
    return trees
