"""Staging by machines that share a disk: what one task does, so that it can be done twice.

A cluster may run a task again, or at the same time on two machines. So each attempt fills a
folder of its own and then moves its files to their places, one by one and whole; all attempts
of a task give the same files.
"""

import os
import secrets
import shutil
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from contract.bucket import ORDER, strays, write_bucket
from contract.dataset import Dataset, table_files
from contract.engine import connect, text

# Like contract.side_by_side, but on other machines and with results in no order.
Spread = Callable[[Sequence[Any], Callable[[Any], Any]], Iterator[Any]]
Elsewhere = Callable[[], AbstractContextManager[Spread | None]]

# Rows that a task reads at a time, in whole row groups.
_ROWS = 4_000_000
_ATTEMPTS = "attempts"
_STRAYS = "strays"


@dataclass(frozen=True, kw_only=True)
class Share:
    """The rows of a table that one task hashes: some row groups of a file.

    Attributes:
        name: Tells the share from all others of its table.
        file: None takes all of the table, as for customers, whose start of validity may have
            to be looked up among all bills.
    """

    table: str
    name: str
    file: Path | None = None
    groups: tuple[int, ...] = ()


def shares_of(dataset: Dataset, table: str) -> list[Share]:
    """Return the shares that cover a table; none when the dataset does not have it."""
    if not dataset.has(table):
        return []
    if table == "customers":
        return [Share(table=table, name="all")]
    return [
        Share(table=table, name=f"{number}-{groups[0]}", file=file, groups=groups)
        for number, file in enumerate(table_files(dataset.folder, table))
        for groups in _row_groups(file)
    ]


def hash_share(dataset: Dataset, raw: Path, buckets: int, share: Share) -> None:
    """Write the rows of a share by bucket below ``raw``."""
    with attempt(raw) as folder, connect(threads=1, spill=folder / "spill") as connection:
        rows = dataset.scan(share.table)
        if share.file is not None:
            connection.register("share", _read(share.file, share.groups))
            rows = f"(SELECT {dataset.select(share.table)} FROM share)"
        connection.execute(f"""
            COPY (SELECT *, hash(customer_id) % {buckets} AS bucket FROM {rows})
            TO {text(folder / share.table)} (FORMAT parquet, PARTITION_BY (bucket),
                FILENAME_PATTERN '{share.name}-{{i}}')""")
        move_files(folder / share.table, raw / share.table)


def write_strays(raw: Path, bucket: int) -> int:
    """Write the payments of a bucket that name a bill which is not in it, and return how many."""
    found = strays(raw, bucket)
    with attempt(raw) as folder:
        pq.write_table(found, folder / f"{bucket}.parquet")
        move_files(folder, raw / _STRAYS)
    return int(found.num_rows)


def strays_of(raw: Path) -> str:
    """Return the FROM expression that reads what write_strays wrote of all buckets."""
    return f"read_parquet({text(raw / _STRAYS / '*.parquet')}, hive_partitioning = false)"


def write_bucket_apart(raw: Path, folder: Path, bill_extras: tuple[str, ...], bucket: int) -> None:
    """Write one bucket of a store (contract.bucket.write_bucket), its files moved when whole."""
    with attempt(raw) as beside:
        for table in ("bill_history", *ORDER):
            (beside / table).mkdir()
        write_bucket(raw, beside, bucket, bill_extras=bill_extras)
        for table in ("bill_history", *ORDER):
            move_files(beside / table, folder / table)


def _row_groups(file: Path) -> Iterator[tuple[int, ...]]:
    """Yield the numbers of a file's row groups, as many together as a task takes."""
    about = pq.read_metadata(file)
    held: list[int] = []
    rows = 0
    for group in range(about.num_row_groups):
        held.append(group)
        rows += about.row_group(group).num_rows
        if rows >= _ROWS:
            yield tuple(held)
            held, rows = [], 0
    if held:
        yield tuple(held)


def _read(file: Path, groups: tuple[int, ...]) -> pa.RecordBatchReader:
    """Return the rows of some row groups, to be read once, as they are needed."""
    opened = pq.ParquetFile(file)
    batches = opened.iter_batches(row_groups=list(groups), use_threads=False)
    return pa.RecordBatchReader.from_batches(opened.schema_arrow, batches)


@contextmanager
def attempt(raw: Path) -> Iterator[Path]:
    """Give a folder that no other attempt has, on whatever machine, and remove it."""
    name = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(8)}"
    folder = raw / _ATTEMPTS / name
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def move_files(folder: Path, place: Path) -> None:
    """Move the files of ``bucket=`` folders, and those beside them, to the same names below place.

    Below a place that is gone nothing is made: the store was finished by another attempt.
    """
    for path in sorted(folder.rglob("*.parquet")):
        target = place / path.relative_to(folder)
        target.parent.mkdir(exist_ok=True)
        path.replace(target)
