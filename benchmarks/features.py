"""How fast features are built: python -m benchmarks.features [--customers N] [--json].

The same 48 columns are built in the same run by duewatch, vectorised pandas and Polars, and held
against each other value by value; featuretools makes about as many of its own kind. Each engine
runs in a process of its own, from the files on disk to a Parquet file of the matrix, and tells
wall and processor seconds and its peak memory. duewatch stages a dataset once, ledger included,
and then builds any number of days from the store: staging is told apart, and ``ratio_pandas`` is
pandas' seconds over ours for one day without it, ``ratio_pandas_staged`` with it. All columns,
twelve days, and the floor (reading and hashing the same columns once) are measured beside.

pandas 3 and featuretools 1.31 do not work together: ``--featuretools-python`` names an
interpreter that has featuretools with pandas 2. It is tried on fewer customers, and its ratio
assumes that it grows in proportion.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from benchmarks.feature_work import COMMON, write_work

AS_OF = date(2025, 12, 10)
TWELVE = tuple(date(2025, month, 10) for month in range(1, 13))
CUSTOMERS_A_BUCKET = 25_000


def build_here(work: Path, out: Path, days: tuple[date, ...], names: tuple[str, ...]) -> int:
    """Build some columns (all when none are named) of some days, bucket by bucket; return rows."""
    from contract.side_by_side import side_by_side, threads_each  # noqa: PLC0415 - as below
    from features import FEATURES  # noqa: PLC0415 - the rivals' interpreters lack what it needs
    from features.build import build_days, rates_for  # noqa: PLC0415
    from features.held import Job, jobs_for  # noqa: PLC0415

    store = _store(work)
    chosen = tuple(f for f in FEATURES if not names or f.name in names)
    jobs = jobs_for(store.buckets, days)
    rates = rates_for(store, jobs, chosen)

    def one(job: Job) -> int:
        rows = 0
        built = build_days(store, job, rates=rates, features=chosen, threads=threads_each(jobs))
        for as_of, matrix in zip(job.days, built, strict=True):
            pq.write_table(matrix, out / f"{as_of}-{job.bucket}.parquet")
            rows += matrix.num_rows
        return rows

    return sum(side_by_side(jobs, one))


def _store(work: Path) -> Any:
    from contract.dataset import open_dataset  # noqa: PLC0415 - as above
    from contract.staging import stage  # noqa: PLC0415

    customers = pq.read_metadata(work / "data" / "customers.parquet").num_rows
    buckets = max(1, customers // CUSTOMERS_A_BUCKET)
    return stage(open_dataset(work / "data"), work / "stores", buckets=buckets)


def _stage(work: Path, _: Path) -> int:
    return int(_store(work).buckets)


def _pandas(work: Path, out: Path) -> int:
    from benchmarks.rival_pandas import build_pandas  # noqa: PLC0415 - one engine a process

    matrix = build_pandas(work / "data", AS_OF)
    matrix.to_parquet(out / "matrix.parquet")
    return len(matrix)


def _polars(work: Path, out: Path) -> int:
    from benchmarks.rival_polars import build_polars  # noqa: PLC0415 - one engine a process

    matrix = build_polars(work / "data", AS_OF)
    matrix.write_parquet(out / "matrix.parquet")
    return len(matrix)


def _featuretools(work: Path, out: Path) -> int:
    from benchmarks.rival_featuretools import build_featuretools  # noqa: PLC0415 - as above

    matrix = build_featuretools(work / "data", AS_OF)
    matrix.astype(float).to_parquet(out / "matrix.parquet")
    return len(matrix)


def _floor(work: Path, _: Path) -> int:
    """Read and hash once what the features are built from."""
    from contract.engine import connect  # noqa: PLC0415 - as above

    store = _store(work)
    bills = "customer_id, bill_id, cycle, issued_on, due_on, amount_fen, paid_fen, kwh, cleared_at"
    payments = "customer_id, payment_id, paid_at, posted_at, amount, channel, outcome"
    total = 0
    for bucket in range(store.buckets):
        with connect() as connection:
            for table, columns in (("bill_history", bills), ("payments", payments)):
                query = f"SELECT bit_xor(hash({columns})) FROM {store.scan(table, bucket)}"
                total ^= connection.execute(query).fetchall()[0][0]
    return total % 2


TASKS: dict[str, Callable[[Path, Path], int]] = {
    "stage": _stage,
    "all": lambda work, out: build_here(work, out, (AS_OF,), ()),
    "common": lambda work, out: build_here(work, out, (AS_OF,), COMMON),
    "twelve": lambda work, out: build_here(work, out, TWELVE, ()),
    "floor": _floor,
    "pandas": _pandas,
    "polars": _polars,
    "featuretools": _featuretools,
}


RIVALS = ("pandas", "polars", "featuretools")


def run_task(task: str, work: Path, python: str = sys.executable) -> dict[str, float] | None:
    """Run one task in a process of its own; None when a rival is not there or does not work."""
    ended = subprocess.run(  # noqa: S603 - this very module
        [python, "-W", "ignore", "-m", "benchmarks.features", "--task", task, "--work", work],
        capture_output=True,
        text=True,
        check=False,
    )
    if ended.returncode == 0:
        return dict(json.loads(ended.stdout.splitlines()[-1]))
    if task not in RIVALS:
        raise RuntimeError(f"{task} failed:\n{ended.stderr}")
    print(f"{task}: {ended.stderr.splitlines()[-1]}", file=sys.stderr)
    return None


def _measure_task(task: str, work: Path) -> dict[str, float]:
    out = work / "out" / task
    out.mkdir(parents=True, exist_ok=True)
    wall, cpu = time.perf_counter(), time.process_time()
    rows = TASKS[task](work, out)
    return {
        "seconds": time.perf_counter() - wall,
        "cpu_seconds": time.process_time() - cpu,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "rows": rows,
    }


def measure(arguments: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Run every task and return the figures."""
    work, few = folder / "work", folder / "few"
    write_work(work / "data", arguments.customers)
    tasks = ("stage", "all", "common", "floor", "pandas", "polars", "twelve")
    found = {}
    for task in tasks:
        if task not in arguments.skip:
            found[task] = run_task(task, work)
            _tell(task, found[task])
    if "featuretools" not in arguments.skip:
        write_work(few / "data", arguments.featuretools_customers)
        found["featuretools"] = run_task("featuretools", few, arguments.featuretools_python)
        _tell("featuretools", found["featuretools"])
    return _figures(arguments, found, work)


def _tell(task: str, spent: dict[str, float] | None) -> None:
    told = "left out" if spent is None else {k: round(v, 1) for k, v in spent.items()}
    print(f"{task}: {told}", file=sys.stderr, flush=True)


def _figures(
    arguments: argparse.Namespace, found: dict[str, dict[str, float] | None], work: Path
) -> dict[str, Any]:
    from features import FEATURES  # noqa: PLC0415 - as above

    def seconds(task: str) -> float:
        spent = found.get(task)
        return float("nan") if spent is None else spent["seconds"]

    every = found["all"] or {}
    common, staging = seconds("common"), seconds("stage")
    scale = arguments.customers / arguments.featuretools_customers
    figures = {
        "customers": arguments.customers,
        "columns": len(FEATURES),
        "rows": every["rows"],
        "seconds": seconds("all"),
        "cpu_seconds": every["cpu_seconds"],
        "peak_mb": every["peak_mb"],
        "rows_per_second": every["rows"] / seconds("all"),
        "staging_seconds": staging,
        "floor_seconds": seconds("floor"),
        "common_columns": len(COMMON),
        "common_seconds": common,
        "pandas_peak_mb": (found.get("pandas") or {}).get("peak_mb"),
        "polars_peak_mb": (found.get("polars") or {}).get("peak_mb"),
        "ratio_pandas": seconds("pandas") / common,
        "ratio_pandas_staged": seconds("pandas") / (common + staging),
        "ratio_polars": seconds("polars") / common,
        "ratio_polars_staged": seconds("polars") / (common + staging),
        "ratio_featuretools": seconds("featuretools") * scale / common,
        "twelve_over_one": seconds("twelve") / seconds("all"),
    }
    figures |= {f"{rival}_agrees": _agrees(work, rival) for rival in ("pandas", "polars")}
    return {k: _plain(v) for k, v in figures.items()}


def _agrees(work: Path, rival: str) -> bool | None:
    """Tell whether a rival's matrix is ours, up to the last bits of its doubles."""
    path = work / "out" / rival / "matrix.parquet"
    if not path.exists():
        return None
    theirs = pq.read_table(path).sort_by("bill_id")
    ours = pq.read_table(work / "out" / "common").sort_by("bill_id")
    if ours["bill_id"].to_pylist() != theirs["bill_id"].to_pylist():
        return False
    return all(
        np.allclose(ours[c].to_numpy(), theirs[c].to_numpy(), rtol=1e-9, atol=1e-9, equal_nan=True)
        for c in COMMON
    )


def _plain(value: Any) -> Any:
    if not isinstance(value, float):
        return value
    return None if np.isnan(value) else round(value, 2)


def main() -> None:
    """Measure and print a table, or one JSON object as the last line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--customers", type=int, default=200_000)
    parser.add_argument("--skip", nargs="*", default=[], choices=sorted(TASKS))
    parser.add_argument("--featuretools-customers", type=int, default=2_000)
    parser.add_argument("--featuretools-python", default=sys.executable)
    parser.add_argument("--folder", type=Path, help="where the data are made; else a temporary one")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--task", choices=sorted(TASKS), help=argparse.SUPPRESS)
    parser.add_argument("--work", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.task:
        print(json.dumps(_measure_task(arguments.task, arguments.work)))
        return
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        figures = measure(arguments, Path(folder))
    for name, value in figures.items():
        print(f"{name:24} {value}")
    if arguments.json:
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
