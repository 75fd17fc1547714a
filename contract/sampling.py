"""A store of some of the customers, so that a model learns from a share of a province.

Who is drawn depends on the customer's id and a seed alone, not on engine, machine or buckets,
and a larger share holds the smaller ones.
"""

import shutil
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path

import pyarrow.parquet as pq

from contract.bucket import ORDER
from contract.engine import connect, text, to_arrow
from contract.side_by_side import side_by_side
from contract.staging import Progress, Store, kept
from contract.staging_apart import Elsewhere, attempt, move_files

_TABLES = ("bill_history", *ORDER)
_WORK = "work"


def draw(
    store: Store,
    *,
    share: float,
    seed: int,
    progress: Progress = lambda *_: None,
    elsewhere: Elsewhere = nullcontext,
) -> Store:
    """Return the store of a share of another's customers, beside it, made unless it is there.

    Each customer has the bucket, number and rows that it has there.

    Args:
        store: A store of all customers.
        share: Above 0, below 1; ``0.02`` draws two in a hundred.
        seed: Another one draws others.
        progress: Told what is being done, how much of it is done and how much there is.
        elsewhere: Opens machines that share this disk, to do the work; None of them does it here.
    """
    below = f"{round(share * 2**32):08x}"

    def fill(folder: Path) -> Store:
        for table in _TABLES:
            (folder / table).mkdir()
            shutil.copyfile(
                store.folder / table / "empty.parquet", folder / table / "empty.parquet"
            )
        write = partial(write_sample, store, folder, seed, below)
        with elsewhere() as spread:
            for done, _ in enumerate((spread or side_by_side)(range(store.buckets), write)):
                progress("drawing", done, store.buckets)
        shutil.rmtree(folder / _WORK)
        return replace(store, folder=folder, whole=store.folder.name)

    return kept(store.folder.with_name(f"{store.folder.name}-{below}-{seed}"), fill)


def write_sample(store: Store, folder: Path, seed: int, below: str, bucket: int) -> None:
    """Write the rows of those customers of a bucket whose hash lies below a hexadecimal number."""
    ids = " UNION ".join(
        f"SELECT customer, customer_id FROM {store.scan(table, bucket)}" for table in _TABLES
    )
    with attempt(folder / _WORK) as beside, connect(threads=1, ordered=True) as connection:
        connection.execute(f"""
            CREATE TABLE drawn AS SELECT customer FROM ({ids})
            WHERE left(md5(customer_id || {text(f"|{seed}")}), 8) < {text(below)}""")
        for table in _TABLES:
            rows = to_arrow(
                connection, f"FROM {store.scan(table, bucket)} SEMI JOIN drawn USING (customer)"
            )
            if rows.num_rows:
                place = beside / table / f"bucket={bucket}"
                place.mkdir(parents=True)
                pq.write_table(rows, place / "rows.parquet")
            move_files(beside / table, folder / table)
