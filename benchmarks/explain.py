"""How fast bills are explained: python -m benchmarks.explain [--rows N] [--growth] [--json].

Trees are grown by production's own steps on a utility simulated here, or on the dataset that
``--data`` names, and their rows are explained in the same run by duewatch (`models.treeshap`),
LightGBM's ``pred_contrib`` and ``shap.TreeExplainer``, the slow two on a sample. Ratios compare
processor seconds a row, which on a shared machine tell more than a clock; all have the same number
of threads, and each takes the best of several rounds. ``compile_seconds`` is what a process pays
once unless NUMBA_CACHE_DIR names a folder, ``prepare_seconds`` what a model pays once.
``--growth`` adds models of other sizes, to see how cost grows with trees, leaves and depth.
"""

import argparse
import json
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.table import Table

from contract.simulator import simulate
from models.fit import Rows
from models.growing import grow_again
from models.parameters import Parameters
from models.target import known_outcomes
from models.train import gather
from models.treeshap import Batched
from pipeline.config import Config
from pipeline.paths import truth_folder
from pipeline.preparing import prepare
from pipeline.training import build_past, recipe_of

Floats = npt.NDArray[np.float64]

ROUNDS = 3
# Trees, leaves, depth (32 is no limit): one of them changes at a time.
SIZES = (
    *((trees, 31, 6) for trees in (50, 100, 200, 400)),
    *((100, leaves, 6) for leaves in (7, 15, 63)),
    *((100, 31, depth) for depth in (4, 8, 32)),
    *((100, leaves, 32) for leaves in (63, 127, 255)),
)


# Columns of the table that people read.
SHOWN = {
    "trees": "trees",
    "leaves": "leaves",
    "depth": "depth",
    "cpu_microseconds_a_row": "us a row",
    "rows_per_second": "rows a s",
    "ratio_pred_contrib": "ratio",
    "table_mb": "tables MB",
    "prepare_seconds": "ready s",
    "max_abs_difference": "difference",
}


@dataclass(frozen=True, kw_only=True)
class Spent:
    """The best of several rounds, by row."""

    seconds: float
    cpu_seconds: float


def gather_rows(folder: Path, arguments: argparse.Namespace) -> Rows:
    """Return the labelled rows of past days of a dataset, simulated unless one is named."""
    data = arguments.data or folder / "data"
    if arguments.data is None:
        world = {"customers": arguments.customers, "cycles": arguments.cycles}
        simulate(data, truth_folder(data), seed=arguments.seed, **world)
    config = Config(data=data, stores=folder / "stores")
    snapshots = config.snapshots.model_copy(update={"learn_months": arguments.learn_months})
    config = config.model_copy(update={"snapshots": snapshots})
    prepared = prepare(config)
    known = known_outcomes(prepared.store, prepared.as_of, config.target)
    matrix = build_past(config, prepared, months=0)
    recipe = recipe_of(config, prepared)
    return gather(matrix, known, cut=prepared.as_of, recipe=recipe).rows


def grow(rows: Rows, *, trees: int, leaves: int, depth: int) -> str:
    """Return trees of production's parameters but for their size, as LightGBM writes them."""
    parameters = Parameters(num_leaves=leaves, max_depth=depth)
    binned = rows.binned(parameters)
    booster = grow_again(binned, rounds=trees, features=rows.features, parameters=parameters)
    return str(booster.model_to_string())


def repeat(encoded: Floats, rows: int, seed: int) -> Floats:
    """Return so many rows drawn from those there are."""
    return encoded[np.random.default_rng(seed).integers(0, len(encoded), rows)]


def spend(work: Callable[[Floats], Any], rows: Floats) -> Spent:
    """Time some work on the rows."""
    rounds = []
    for _ in range(ROUNDS):
        wall, cpu = time.perf_counter(), time.process_time()
        work(rows)
        rounds.append((time.perf_counter() - wall, time.process_time() - cpu))
    wall, cpu = (min(column) / len(rows) for column in zip(*rounds, strict=True))
    return Spent(seconds=wall, cpu_seconds=cpu)


def compile_seconds(text: str, rows: Floats) -> float:
    """Return what the first use in this process costs more than the second."""
    spent = []
    for _ in range(2):
        began = time.process_time()
        Batched.from_text(text).contributions(rows[:1])
        spent.append(time.process_time() - began)
    return spent[0] - spent[1]


def compare(text: str, rows: Floats, *, sample: int, threads: int) -> dict[str, Any]:
    """Explain the rows in every way; return the figures under flat names."""
    booster = lgb.Booster(model_str=text)
    began = time.process_time()
    batched = Batched.from_text(text)
    prepare_seconds = time.process_time() - began
    few = rows[:sample]
    ours = spend(lambda x: batched.contributions(x, threads=threads), rows)
    told = _told(booster, few, threads)
    theirs = spend(lambda x: _told(booster, x, threads), few)
    bare = spend(lambda x: booster.predict(x, raw_score=True, num_threads=threads), rows)
    found = batched.contributions(few, threads=threads)
    return {
        "rows": len(rows),
        "trees": booster.num_trees(),
        "leaves": round(_leaves(text) / booster.num_trees(), 1),
        "depth": _depth(booster),
        "columns": rows.shape[1],
        "rows_per_second": round(1 / ours.seconds),
        "cpu_microseconds_a_row": round(1e6 * ours.cpu_seconds, 2),
        "pred_contrib_rows_per_second": round(1 / theirs.seconds),
        "ratio_pred_contrib": round(theirs.cpu_seconds / ours.cpu_seconds, 1),
        "ratio_pred_contrib_wall": round(theirs.seconds / ours.seconds, 1),
        "ratio_predict": round(bare.cpu_seconds / ours.cpu_seconds, 2),
        "prepare_seconds": round(prepare_seconds, 2),
        "table_mb": round(batched.tables.nbytes / 1e6, 1),
        "max_abs_difference": float(np.abs(found - told[:, :-1]).max()),
        "base_difference": float(np.abs(told[:, -1] - batched.base).max()),
    }


def ratio_shap(text: str, rows: Floats, cpu_seconds: float) -> float:
    """Return the processor seconds of ``shap.TreeExplainer`` over ours, a row."""
    with warnings.catch_warnings():
        # shap 0.51 calls Colormap.set_bad when imported, and tells of its own old change of form.
        warnings.simplefilter("ignore")
        import shap  # noqa: PLC0415

        explainer = shap.TreeExplainer(lgb.Booster(model_str=text))
        return round(spend(explainer.shap_values, rows).cpu_seconds / cpu_seconds, 1)


def _told(booster: lgb.Booster, rows: Floats, threads: int) -> Floats:
    return np.asarray(booster.predict(rows, pred_contrib=True, num_threads=threads), np.float64)


def _leaves(text: str) -> int:
    return sum(
        int(line.removeprefix("num_leaves="))
        for line in text.splitlines()
        if line.startswith("num_leaves=")
    )


def _depth(booster: lgb.Booster) -> int:
    return int(booster.trees_to_dataframe()["node_depth"].max()) - 1


def measure(folder: Path, arguments: argparse.Namespace) -> dict[str, Any]:
    """Gather rows, grow trees and measure; ``growth`` is there if it was asked for."""
    gathered = gather_rows(folder, arguments)
    rows = repeat(gathered.encoded(gathered.learned), arguments.rows, arguments.seed)
    text = grow(gathered, trees=arguments.trees, leaves=31, depth=6)
    compiling = compile_seconds(text, rows)
    few = {"sample": arguments.sample, "threads": arguments.threads}
    told = compare(text, rows, **few) | {"compile_seconds": round(compiling, 2)}
    own = told["cpu_microseconds_a_row"] / 1e6
    told["ratio_shap"] = ratio_shap(text, rows[: arguments.sample], own)
    if arguments.growth:
        tried = rows[: max(arguments.sample, arguments.rows // 5)]
        told["growth"] = [
            compare(grow(gathered, trees=trees, leaves=leaves, depth=depth), tried, **few)
            for trees, leaves, depth in SIZES
        ]
    return told


def _show(told: dict[str, Any]) -> None:
    shown = Table(title="Rows explained, all with the same threads")
    for head in SHOWN.values():
        shown.add_column(head, justify="right")
    for line in (told, *told.get("growth", ())):
        shown.add_row(*(f"{line[name]:,.4g}" for name in SHOWN))
    Console().print(shown)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="a dataset; without it one is simulated")
    parser.add_argument("--customers", type=int, default=3_000)
    parser.add_argument("--cycles", type=int, default=24)
    parser.add_argument("--learn-months", type=int, default=9)
    parser.add_argument("--trees", type=int, default=170)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--sample", type=int, default=2_000, help="for the slow ways")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--growth", action="store_true")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="duewatch-explain-") as folder:
        told = measure(Path(folder), given)
    _show(told)
    if given.json:
        print(json.dumps(told))


if __name__ == "__main__":
    main()
