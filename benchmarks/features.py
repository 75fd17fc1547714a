"""How fast features are built: python -m benchmarks.features [--customers N] [--json].

The same 48 columns are built in the same run by duewatch, vectorised pandas and Polars, and held
against each other value by value; featuretools makes about as many of its own kind. Each engine
runs in a process of its own, from the files on disk to a Parquet file of the matrix, and tells
wall and processor seconds and its peak memory; ``--repeat`` takes the best of several rounds.
duewatch stages a dataset once, ledger included, and then builds any number of days from the
store: staging is told apart, and ``ratio_pandas`` is pandas' seconds over ours for one day
without it, ``ratio_pandas_staged`` with it; so are the others. All columns, twelve days, and the
floor (reading and hashing the same columns once) are measured beside. ``--growth`` adds how cost
grows with customers, days and columns, ``--where`` which fact view it goes to.

Polars: ``pip install 'duewatch[benchmarks]'``. pandas 3 and featuretools 1.31 do not work
together, so featuretools has an environment of its own (``python3 -m venv ft; ft/bin/pip install
'featuretools==1.31.*' 'pandas<3' pyarrow``) that ``--featuretools-python ft/bin/python`` names.
It is tried on fewer customers, and its ratio assumes that it grows in proportion.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from benchmarks.feature_tasks import (
    COLUMNS,
    DAYS,
    TASKS,
    limit_memory,
    measure_task,
    open_work,
)
from benchmarks.feature_work import COMMON, write_work

RIVALS = ("pandas", "polars", "featuretools")
# What repeats: staging is done once, for it would find its store.
ROUND = ("all", "common", "pandas", "polars", "twelve")

Spent = dict[str, float]


def run_task(
    task: str, work: Path, python: str = sys.executable, *, memory_gb: float | None = None
) -> Spent | None:
    """Run one task in a process of its own; None when a rival is not there or does not work."""
    command = [python, "-W", "ignore", "-m", "benchmarks.features", "--task", task]
    command += ["--work", str(work)]
    if memory_gb:
        command += ["--memory-gb", str(memory_gb)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - this very module
    if ended.returncode == 0:
        return dict(json.loads(ended.stdout.splitlines()[-1]))
    if task not in RIVALS:
        raise RuntimeError(f"{task} failed:\n{ended.stderr}")
    why = (ended.stderr.splitlines() or [f"ended with {ended.returncode}"])[-1]
    print(f"{task}: {why}", file=sys.stderr)
    return None


def measure(arguments: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Run every task and return the figures."""
    work = folder / "work"
    write_work(folder / "warm" / "data", 100)
    run_task("stage", folder / "warm")  # compiles the ledger, once for an installation
    write_work(work / "data", arguments.customers)
    found = {task: _run(task, work, arguments) for task in ("stage", "floor")}
    for _ in range(arguments.repeat):
        for task in (t for t in ROUND if t not in arguments.skip):
            found[task] = _better(found.get(task), _run(task, work, arguments))
    if "featuretools" not in arguments.skip:
        few = folder / "few"
        write_work(few / "data", arguments.featuretools_customers)
        found["featuretools"] = _run("featuretools", few, arguments)
    figures = figures_of(arguments, found, work)
    if arguments.growth:
        figures["growth"] = _growth(arguments, found, folder)
    if arguments.where:
        from benchmarks.feature_costs import where_time_goes  # noqa: PLC0415 - needs duewatch

        figures["where"] = where_time_goes(open_work(work))
    return {name: _plain(value) for name, value in figures.items()}


def _run(task: str, work: Path, arguments: argparse.Namespace) -> Spent | None:
    python = arguments.featuretools_python if task == "featuretools" else sys.executable
    limit = arguments.memory_gb if task in RIVALS else None
    spent = run_task(task, work, python, memory_gb=limit)
    told = "left out" if spent is None else {k: round(v, 1) for k, v in spent.items()}
    print(f"{task}: {told}, load {os.getloadavg()[0]:.1f}", file=sys.stderr, flush=True)
    return spent


def _better(one: Spent | None, other: Spent | None) -> Spent | None:
    found = [spent for spent in (one, other) if spent is not None]
    return min(found, key=lambda spent: spent["seconds"]) if found else None


def figures_of(
    arguments: argparse.Namespace, found: Mapping[str, Spent | None], work: Path
) -> dict[str, Any]:
    """Return the figures by name; a ratio is their seconds over ours."""
    from features import FEATURES  # noqa: PLC0415 - the rivals' interpreters lack what it needs

    def spent(task: str, what: str = "seconds") -> float:
        return (found.get(task) or {}).get(what, float("nan"))

    common, staging, one = spent("common"), spent("stage"), spent("all")
    theirs = {rival: spent(rival) for rival in RIVALS}
    theirs["featuretools"] *= arguments.customers / arguments.featuretools_customers
    figures = {
        "customers": arguments.customers,
        "columns": len(FEATURES),
        "rows": spent("all", "rows"),
        "seconds": one,
        "cpu_seconds": spent("all", "cpu_seconds"),
        "peak_mb": spent("all", "peak_mb"),
        "rows_per_second": spent("all", "rows") / one,
        "staging_seconds": staging,
        "staging_peak_mb": spent("stage", "peak_mb"),
        "floor_seconds": spent("floor"),
        "over_floor": one / spent("floor"),
        "common_columns": len(COMMON),
        "common_seconds": common,
        "twelve_seconds": spent("twelve"),
        "twelve_over_one": spent("twelve") / one,
        "twelve_over_one_cpu": spent("twelve", "cpu_seconds") / spent("all", "cpu_seconds"),
        "twelve_over_one_staged": (spent("twelve") + staging) / (one + staging),
    }
    for rival, seconds in theirs.items():
        figures |= {
            f"{rival}_peak_mb": spent(rival, "peak_mb"),
            f"ratio_{rival}": seconds / common,
            f"ratio_{rival}_staged": seconds / (common + staging),
        }
    return figures | {f"{rival}_agrees": _agrees(work, rival) for rival in ("pandas", "polars")}


def _growth(
    arguments: argparse.Namespace, found: dict[str, Spent | None], folder: Path
) -> dict[str, dict[str, float]]:
    """Return wall and processor seconds by customers, by days and by columns."""
    from features import FEATURES  # noqa: PLC0415 - as above

    measured: dict[str, Spent | None] = {}
    for share in (4, 2):
        fewer = folder / f"of_{share}"
        write_work(fewer / "data", arguments.customers // share)
        run_task("stage", fewer)
        measured[f"{arguments.customers // share} customers"] = _run("all", fewer, arguments)
    measured[f"{arguments.customers} customers"] = found["all"]
    for days in DAYS:
        measured[f"{days} days"] = _run(f"{days}_days", folder / "work", arguments)
    measured["12 days"] = found.get("twelve")
    for columns in COLUMNS:
        measured[f"{columns} columns"] = _run(f"{columns}_columns", folder / "work", arguments)
    measured[f"{len(FEATURES)} columns"] = found["all"]
    return {
        step: {k: spent[k] for k in ("seconds", "cpu_seconds", "peak_mb")}
        for step, spent in measured.items()
        if spent is not None
    }


def _agrees(work: Path, rival: str) -> bool | None:
    """Tell whether a rival's matrix is ours, up to the last bits of its doubles."""
    path = work / "out" / rival / "matrix.parquet"
    if not path.exists():
        return None
    theirs = pq.read_table(path).sort_by("bill_id")
    ours = pq.read_table(work / "out" / "common").sort_by("bill_id")
    if ours["bill_id"] != theirs["bill_id"].cast(ours["bill_id"].type):
        return False
    return all(
        np.allclose(ours[c].to_numpy(), theirs[c].to_numpy(), rtol=1e-9, atol=1e-9, equal_nan=True)
        for c in COMMON
    )


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    if not isinstance(value, float):
        return value
    return None if np.isnan(value) else round(value, 2)


def main() -> None:
    """Measure and print a table, or one JSON object as the last line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--customers", type=int, default=200_000)
    parser.add_argument("--repeat", type=int, default=1, help="rounds; the best of each counts")
    parser.add_argument("--skip", nargs="*", default=[], choices=[*ROUND, "featuretools"])
    parser.add_argument("--growth", action="store_true")
    parser.add_argument("--where", action="store_true")
    parser.add_argument("--featuretools-customers", type=int, default=2_000)
    parser.add_argument("--featuretools-python", default=sys.executable)
    parser.add_argument("--memory-gb", type=float, help="most memory of a rival")
    parser.add_argument("--folder", type=Path, help="where the data are made; else a temporary one")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--task", choices=sorted(TASKS), help=argparse.SUPPRESS)
    parser.add_argument("--work", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.task:
        if arguments.memory_gb:
            limit_memory(arguments.memory_gb)
        print(json.dumps(measure_task(arguments.task, arguments.work)))
        return
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        figures = measure(arguments, Path(folder))
    for name, value in figures.items():
        _show(name, value)
    if arguments.json:
        print(json.dumps(figures))


def _show(name: str, value: Any) -> None:
    if not isinstance(value, dict):
        print(f"{name:24} {value}")
        return
    for part, figure in value.items():
        print(f"{name} {part:24} {figure}")


if __name__ == "__main__":
    main()
