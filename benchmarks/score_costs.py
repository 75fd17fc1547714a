"""What scoring costs by its sizes: python -m benchmarks.score_costs [--rows N] [--json].

Processor seconds on one core, so that a busy machine tells the same. ``predict`` and ``explain``
are of boosters with so many trees, leaves and columns, fitted to drawn numbers; ``features`` is of
a dataset of N customers (`benchmarks.feature_work`), by how many columns are built and in how many
buckets. Each line changes one size of the first line of its kind.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import lightgbm as lgb
import numpy as np

from benchmarks.feature_work import write_work
from contract.dataset import open_dataset
from contract.staging import Store, stage
from features import FEATURES
from features.build import build_bucket
from features.groups import group_rates
from models.treeshap import Batched
from pipeline.scoring.keeping import keep_compiled

AS_OF = date(2025, 12, 10)
_DEPTH = 6  # docs/decisions/0003
_FITTED_ON = 20_000

# Trees, leaves, columns.
SHAPES = (
    *((100, 31, 160), (50, 31, 160), (200, 31, 160), (400, 31, 160)),
    *((100, 15, 160), (100, 63, 160), (100, 31, 40), (100, 31, 80)),
)
# Columns built, buckets.
BUILDS = ((len(FEATURES), 1), (20, 1), (80, 1), (len(FEATURES), 2), (len(FEATURES), 4))

Line = dict[str, float | str]


def measure_trees(rows: int, work: Path) -> Iterator[Line]:
    """Yield what it costs to predict and to explain so many rows, by the booster's shape."""
    keep_compiled(work / "compiled")
    drawn = np.random.default_rng(0)
    for trees, leaves, columns in SHAPES:
        booster = _fit(drawn, trees=trees, leaves=leaves, columns=columns)
        batched, matrix = (
            Batched.from_text(booster.model_to_string()),
            drawn.random((rows, columns)),
        )
        batched.contributions(matrix[:10], threads=1)  # compiled once
        began = time.process_time()
        booster.predict(matrix, raw_score=True, num_threads=1)
        predicted = time.process_time()
        batched.contributions(matrix, threads=1)
        yield {
            "kind": "trees",
            "rows": rows,
            "trees": trees,
            "leaves": leaves,
            "columns": columns,
            "seconds_predict": predicted - began,
            "seconds_explain": time.process_time() - predicted,
        }


def measure_features(customers: int, work: Path) -> Iterator[Line]:
    """Yield what it costs to build features of so many customers."""
    write_work(work / "data", customers)
    for columns, buckets in BUILDS:
        store = stage(open_dataset(work / "data"), work / "stores", buckets=buckets)
        yield {
            "kind": "features",
            "rows": customers,
            "columns": columns,
            "buckets": buckets,
            "seconds_features": _build(store, columns),
        }


def _fit(drawn: np.random.Generator, *, trees: int, leaves: int, columns: int) -> lgb.Booster:
    matrix = drawn.random((_FITTED_ON, columns))
    score = matrix[:, : columns // 2].sum(axis=1) + drawn.normal(size=_FITTED_ON)
    settings = {
        "objective": "binary",
        "num_leaves": leaves,
        "max_depth": _DEPTH,
        "max_bin": 63,
        "num_threads": 1,
        "verbose": -1,
    }
    late = score > np.median(score)
    return lgb.train(settings, lgb.Dataset(matrix, late), num_boost_round=trees)


def _build(store: Store, columns: int) -> float:
    rates = group_rates(store, AS_OF)
    began = time.process_time()
    for bucket in range(store.buckets):
        build_bucket(
            store, bucket, AS_OF, rates=rates, features=FEATURES[:columns], threads=1
        ).to_pandas(date_as_object=False)
    return time.process_time() - began


def main() -> None:
    """Measure and print a line a size, or one JSON list as the last line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    found: list[Line] = []
    with tempfile.TemporaryDirectory() as work:
        for measured in (measure_trees, measure_features):
            for line in measured(arguments.rows, Path(work)):
                shown = {k: round(v, 3) if isinstance(v, float) else v for k, v in line.items()}
                print("  ".join(f"{name} {value}" for name, value in shown.items()), flush=True)
                found.append(shown)
    if arguments.json:
        print(json.dumps(found))


if __name__ == "__main__":
    main()
