"""The tasks of benchmarks.features, each to be run in a process of its own.

A task reads the files below ``work``, writes its matrix below ``out`` and returns rows. What
duewatch needs is imported inside, for the interpreters of the rivals lack it.
"""

import resource
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from benchmarks.feature_work import COMMON

AS_OF = date(2025, 12, 10)
TWELVE = tuple(date(2025, month, 10) for month in range(1, 13))
CUSTOMERS_A_BUCKET = 25_000
# Of the growth with columns: the first so many of the matrix, which read ever more views.
COLUMNS = (20, 80, 120)
DAYS = (3, 6)

Task = Callable[[Path, Path], int]


def build_here(work: Path, out: Path, days: tuple[date, ...], names: tuple[str, ...]) -> int:
    """Build some columns (all when none are named) of some days, bucket by bucket; return rows."""
    from contract.side_by_side import side_by_side, threads_each  # noqa: PLC0415 - see above
    from features.build import build_days, rates_for  # noqa: PLC0415
    from features.held import Job, jobs_for  # noqa: PLC0415

    store = open_work(work)
    chosen = tuple(f for f in _every() if not names or f.name in names)
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


def open_work(work: Path) -> Any:
    """Return the store of the work, staged now unless it is there."""
    from contract.dataset import open_dataset  # noqa: PLC0415 - see above
    from contract.staging import stage  # noqa: PLC0415

    customers = pq.read_metadata(work / "data" / "customers.parquet").num_rows
    buckets = max(1, customers // CUSTOMERS_A_BUCKET)
    return stage(open_dataset(work / "data"), work / "stores", buckets=buckets)


def _every() -> Any:
    from features import FEATURES  # noqa: PLC0415 - see above

    return FEATURES


def _first(count: int) -> Task:
    return lambda work, out: build_here(
        work, out, (AS_OF,), tuple(f.name for f in _every()[:count])
    )


def _newest(count: int) -> Task:
    return lambda work, out: build_here(work, out, TWELVE[-count:], ())


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
    from contract.engine import connect  # noqa: PLC0415 - see above

    store = open_work(work)
    bills = "customer, bill, cycle, issued_on, due_on, amount_fen, paid_fen, kwh, cleared_at"
    payments = "customer, place, paid_at, posted_at, amount, channel, outcome"
    total = 0
    for bucket in range(store.buckets):
        with connect() as connection:
            for table, columns in (("bill_history", bills), ("payments", payments)):
                query = f"SELECT bit_xor(hash({columns})) FROM {store.scan(table, bucket)}"
                total ^= connection.execute(query).fetchall()[0][0]
    return total % 2


TASKS: dict[str, Task] = {
    "stage": lambda work, _: int(open_work(work).buckets),
    "all": lambda work, out: build_here(work, out, (AS_OF,), ()),
    "common": lambda work, out: build_here(work, out, (AS_OF,), COMMON),
    "twelve": lambda work, out: build_here(work, out, TWELVE, ()),
    "floor": _floor,
    "pandas": _pandas,
    "polars": _polars,
    "featuretools": _featuretools,
    **{f"{count}_days": _newest(count) for count in DAYS},
    **{f"{count}_columns": _first(count) for count in COLUMNS},
}


def measure_task(task: str, work: Path) -> dict[str, float]:
    """Run a task here and return its rows, seconds and the peak memory of this process."""
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


def limit_memory(gigabytes: float) -> None:
    """Let this process have no more address space, so that it fails rather than the machine."""
    most = int(gigabytes * 2**30)
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
