"""Features of bills on many planned days, of each day's own customers alone.

An experiment has a hundred days and more, each about some hundred bills. Building a whole day
for them takes twenty times the rows that are wanted, so customers are first put into a bucket a
day; facts of groups still come from everybody.
"""

import tempfile
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow as pa

from contract.engine import Connection, connect, text
from contract.side_by_side import side_by_side
from contract.staging import Store
from features import Feature
from features.build import build_bucket
from features.groups import group_rates

# The tables, and their numbers that are a bucket's own (contract/bucket.py).
_TABLES = {
    "customers": ("customer", "place"),
    "bill_history": ("customer", "bill"),
    "payments": ("customer", "place", "reverses"),
    "contacts": ("customer", "place"),
    "events": ("customer", "place"),
    "balances": ("customer", "place"),
    "disconnections": ("customer", "place"),
}


def build_planned(
    store: Store,
    planned: pd.DataFrame,
    *,
    features: tuple[Feature, ...],
    progress: Callable[[str, int, int], None] = lambda *_: None,
) -> pd.DataFrame:
    """Build the matrix of planned bills, each as of its own day.

    Args:
        store: The whole dataset.
        planned: One row a bill: bill_id, customer_id, as_of.
        features: What to build.
        progress: Told of each day.

    Returns:
        The rows of features.build for these bills and days, by as_of and bill; a bill that was
        not known, or no longer open, before its day is absent.
    """
    days = [stamp.date() for stamp in sorted(planned["as_of"].unique())]
    wanted = planned[["bill_id", "as_of"]]
    parts = []
    with tempfile.TemporaryDirectory(prefix=".planned-", dir=store.folder.parent) as folder:
        by_day = _bucket_by_day(store, planned, days, Path(folder))

        def one(bucket: int) -> pd.DataFrame:
            rates = group_rates(store, days[bucket])
            table = build_bucket(
                by_day, bucket, days[bucket], rates=rates, features=features, threads=1
            )
            return table.to_pandas(date_as_object=False).merge(wanted, on=["bill_id", "as_of"])

        for done, matrix in enumerate(side_by_side(range(len(days)), one), start=1):
            parts.append(matrix)
            progress("days", done, len(days))
    found = pd.concat(parts, ignore_index=True)
    return found.sort_values(["as_of", "bill_id"], ignore_index=True)


def _bucket_by_day(store: Store, planned: pd.DataFrame, days: list[date], folder: Path) -> Store:
    """Copy each day's customers into a bucket of that day; a customer may be in several."""
    place = {pd.Timestamp(day): bucket for bucket, day in enumerate(days)}
    pairs = pd.DataFrame(
        {"customer_id": planned["customer_id"], "bucket": planned["as_of"].map(place)}
    ).drop_duplicates()
    with connect(spill=folder / "spill") as connection:
        connection.register("pair", pa.Table.from_pandas(pairs, preserve_index=False))
        for table in _TABLES:
            _copy(connection, store, table, folder / table)
    return replace(store, folder=folder, buckets=len(days))


def _copy(connection: Connection, store: Store, table: str, folder: Path) -> None:
    # Numbers stay apart, and in their order, when customers of several buckets meet in one.
    rows = " UNION ALL ".join(
        "SELECT * REPLACE ("
        + ", ".join(
            f"CAST({number} AS BIGINT) * {store.buckets} + {bucket} AS {number}"
            for number in _TABLES[table]
        )
        + f") FROM {store.scan(table, bucket)}"
        for bucket in range(store.buckets)
    )
    folder.mkdir()
    empty = text(folder / "empty.parquet")
    connection.execute(f"COPY (FROM ({rows}) LIMIT 0) TO {empty} (FORMAT parquet)")
    connection.execute(f"""
        COPY (SELECT * FROM ({rows}) JOIN pair USING (customer_id))
        TO {text(folder)} (FORMAT parquet, PARTITION_BY (bucket), OVERWRITE_OR_IGNORE)""")
