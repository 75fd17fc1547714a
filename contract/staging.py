"""The staged store: a dataset hashed by customer into buckets, with the ledger replayed.

Every feature belongs to one customer, so a bucket can be built, scored and written alone; memory
is that of one bucket and progress is the count of buckets. Staging is done once for a dataset
and reused while its fingerprint stays (design.md 2.2).

A store holds, a bucket, the tables as they came and ``bill_history``: one row a version of a
bill, in force from ``known_from`` until before ``known_to``. What a builder may know of a bill
on a day is one filter on those two columns.
"""

import json
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa

from contract.dataset import Dataset
from contract.engine import Connection, connect, name, text, to_arrow
from contract.ledger import NEVER, Bills, Payments, Versions, replay
from contract.side_by_side import side_by_side

STAGED = ("customers", "bills", "payments", "contacts", "events", "balances", "disconnections")
LAYOUT = 2  # raised when the files of a store change their meaning

_MOMENTS = ("known_from", "known_to", "settled_at", "cleared_at")


@dataclass(frozen=True, kw_only=True)
class Store:
    """A staged dataset on disk.

    Attributes:
        fingerprint: Digest of the dataset that was staged.
        present: Tables that the dataset has; the others are there, empty.
        bill_extras: Extra columns of bills and what they hold; likewise for customers.
    """

    folder: Path
    fingerprint: str
    buckets: int
    present: tuple[str, ...]
    bill_extras: dict[str, str]
    customer_extras: dict[str, str]

    def scan(self, table: str, bucket: int) -> str:
        """Return the FROM expression that reads one table of one bucket."""
        files = self.folder / table / f"bucket={bucket}" / "*.parquet"
        if any(files.parent.glob("*.parquet")):
            return f"read_parquet({text(files)}, hive_partitioning = false)"
        empty = self.folder / table / "empty.parquet"
        return f"read_parquet({text(empty)}, hive_partitioning = false)"


def stage(
    dataset: Dataset,
    stores: Path,
    *,
    buckets: int,
    progress: Callable[[str, int, int], None] = lambda *_: None,
) -> Store:
    """Return the store of a dataset below ``stores``, made now unless it is already there.

    It is built beside its place and renamed, so a store that exists is whole.
    """
    fingerprint = dataset.fingerprint()
    place = stores / f"{fingerprint[:16]}-{buckets}-v{LAYOUT}"
    if (place / "store.json").exists():
        return open_store(place)
    stores.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".staging-", dir=stores) as beside:
        store = Store(
            folder=Path(beside),
            fingerprint=fingerprint,
            buckets=buckets,
            present=tuple(table for table in STAGED if dataset.has(table)),
            bill_extras=dict(dataset.extras("bills")),
            customer_extras=dict(dataset.extras("customers")),
        )
        _hash_tables(dataset, store, progress)
        (store.folder / "bill_history").mkdir()
        for done, _ in enumerate(side_by_side(range(buckets), partial(_write_history, store))):
            progress("ledger", done, buckets)
        shutil.rmtree(store.folder / "bills")
        _write_about(store)
        _publish(store.folder, place)
    return open_store(place)


def open_store(folder: Path) -> Store:
    """Open a store that was staged before."""
    about = json.loads((folder / "store.json").read_text("utf-8"))
    return Store(folder=folder, **{**about, "present": tuple(about["present"])})


def _write_about(store: Store) -> None:
    about = asdict(store)
    del about["folder"]
    (store.folder / "store.json").write_text(json.dumps(about, indent=1, sort_keys=True), "utf-8")


def _publish(beside: Path, place: Path) -> None:
    if place.exists():  # a broken store, or one that another process finished first
        if (place / "store.json").exists():
            return
        shutil.rmtree(place)
    place.mkdir()
    for part in sorted(beside.iterdir(), key=lambda path: path.name == "store.json"):
        part.rename(place / part.name)  # store.json last: its presence says that all is there


def _hash_tables(dataset: Dataset, store: Store, progress: Callable[[str, int, int], None]) -> None:
    with _connection(store) as connection:
        for done, table in enumerate(STAGED):
            progress(f"staging {table}", done, len(STAGED))
            rows = dataset.scan(table)
            if table == "payments":
                rows = _payments_with_customer(dataset)
            _copy_by_bucket(connection, rows, store.folder / table, store.buckets)


def _payments_with_customer(dataset: Dataset) -> str:
    """A payment belongs to the customer of the bill it names; else to the one it names."""
    return f"""(
        SELECT p.* REPLACE (coalesce(b.customer_id, p.customer_id) AS customer_id)
        FROM {dataset.scan("payments")} AS p
        LEFT JOIN (SELECT bill_id, customer_id FROM {dataset.scan("bills")}) AS b USING (bill_id)
    )"""


def _copy_by_bucket(connection: Connection, rows: str, folder: Path, buckets: int) -> None:
    # hash() may differ between versions of DuckDB; a bucket's content changes no result.
    folder.mkdir()
    empty = text(folder / "empty.parquet")
    connection.execute(f"COPY (FROM {rows} LIMIT 0) TO {empty} (FORMAT parquet)")
    connection.execute(f"""
        COPY (SELECT *, hash(customer_id) % {buckets} AS bucket FROM {rows})
        TO {text(folder)} (FORMAT parquet, PARTITION_BY (bucket), OVERWRITE_OR_IGNORE)""")


def _connection(store: Store) -> Connection:
    return connect(spill=store.folder / "spill")


def _write_history(store: Store, bucket: int) -> None:
    with connect(threads=1) as connection:
        bills, payments = _load(connection, store, bucket)
        table = _as_table(replay(bills, payments))
        connection.register("version", table)
        folder = store.folder / "bill_history" / f"bucket={bucket}"
        folder.mkdir()
        moments = ", ".join(f"make_timestamp({at}) AS {at}" for at in _MOMENTS)
        extras = "".join(f", {name(column)}" for column in store.bill_extras)
        rows = f"""
            SELECT customer_id, bill_id, cycle_month AS cycle, issued_on, due_on, amount_fen, kwh,
                kind, hold, hold_from_on, hold_to_on, cancelled_on{extras},
                version.* EXCLUDE (bill) REPLACE ({moments})
            FROM version JOIN bill ON bill.row = version.bill"""
        target = text(folder / "history.parquet")
        connection.execute(f"COPY ({rows}) TO {target} (FORMAT parquet)")
        if bucket == 0:
            empty = text(store.folder / "bill_history" / "empty.parquet")
            connection.execute(f"COPY (FROM ({rows}) LIMIT 0) TO {empty} (FORMAT parquet)")


def _load(connection: Connection, store: Store, bucket: int) -> tuple[Bills, Payments]:
    """Read a bucket's bills and payments in the ledger's order.

    Money for a bill that is not there yet waits for that bill, which stands in as never issued,
    and a reversal of a payment that is not there names itself, which undoes nothing: were they
    spread over other bills until the named row arrives, its arrival would change days gone by.
    """
    _create_bill(connection, store, bucket)
    _create_payment(connection, store, bucket)
    bills = to_arrow(
        connection,
        f"""SELECT customer, coalesce(epoch_us(issued_on), {NEVER}) AS issued,
            coalesce(epoch_us(due_on), {NEVER}) AS due,
            coalesce(epoch_us(cancelled_on), {NEVER}) AS cancelled, amount_fen
        FROM bill ORDER BY row""",
    )
    payments = to_arrow(
        connection,
        """SELECT p.customer, epoch_us(p.posted_at) AS posted, epoch_us(p.paid_at) AS paid,
            p.amount_fen, p.bill,
            CASE WHEN p.reverses_id IS NULL THEN -1 ELSE coalesce(r.row, p.row) END AS reverses
        FROM payment AS p LEFT JOIN payment AS r
            ON r.payment_id = p.reverses_id AND r.customer = p.customer
        ORDER BY p.row""",
    )
    customers = 1 + int(np.max(_ints(bills, "customer"), initial=-1))
    return (
        Bills(_starts(bills, customers), *(_ints(bills, c) for c in bills.column_names[1:])),
        Payments(
            _starts(payments, customers),
            *(_ints(payments, column) for column in payments.column_names[1:]),
        ),
    )


def _create_bill(connection: Connection, store: Store, bucket: int) -> None:
    connection.execute(f"""
        CREATE TABLE bill AS
        SELECT *, CAST(coalesce(amount, 0) * 100 AS BIGINT) AS amount_fen,
            cycle // 100 * 12 + cycle % 100 - 1 AS cycle_month,
            dense_rank() OVER (ORDER BY customer_id) - 1 AS customer,
            row_number() OVER (
                ORDER BY customer_id, issued_on NULLS LAST, due_on, bill_id) - 1 AS row
        FROM (
            FROM {store.scan("bills", bucket)}
            UNION ALL BY NAME
            SELECT DISTINCT customer_id, bill_id FROM {store.scan("payments", bucket)} AS p
            ANTI JOIN {store.scan("bills", bucket)} AS b USING (bill_id)
            WHERE bill_id IS NOT NULL)""")


def _create_payment(connection: Connection, store: Store, bucket: int) -> None:
    connection.execute(f"""
        CREATE TABLE payment AS
        SELECT c.customer, p.posted_at, p.paid_at, p.payment_id, p.reverses_id,
            CAST(p.amount * 100 AS BIGINT) AS amount_fen, coalesce(b.row, -1) AS bill,
            row_number() OVER (
                ORDER BY c.customer, p.posted_at, p.paid_at, p.payment_id) - 1 AS row
        FROM {store.scan("payments", bucket)} AS p
        JOIN (SELECT DISTINCT customer_id, customer FROM bill) AS c USING (customer_id)
        LEFT JOIN bill AS b ON b.bill_id = p.bill_id AND b.customer_id = p.customer_id
        WHERE p.outcome = 'ok' AND p.amount <> 0""")


def _ints(table: pa.Table, column: str) -> np.ndarray:
    return np.ascontiguousarray(table[column].to_numpy(), dtype=np.int64)


def _starts(table: pa.Table, customers: int) -> np.ndarray:
    return np.searchsorted(_ints(table, "customer"), np.arange(customers + 1))


def _as_table(versions: Versions) -> pa.Table:
    """Lay versions out as rows; a version ends where the bill's next one begins."""
    order = np.argsort(versions.bill, kind="stable")
    bill, known_from = versions.bill[order], versions.known_from[order]
    known_to = np.full(len(bill), NEVER)
    followed = np.flatnonzero(bill[1:] == bill[:-1])
    known_to[followed] = known_from[followed + 1]

    def moments(values: np.ndarray) -> pa.Array:
        return pa.array(values, mask=values == NEVER)

    return pa.table(
        {
            "bill": bill,
            "known_from": moments(known_from),
            "known_to": moments(known_to),
            "paid_fen": versions.paid[order],
            "paid_by_due_fen": versions.paid_by_due[order],
            "settled_at": moments(versions.settled[order]),
            "cleared_at": moments(versions.cleared[order]),
            "payments": versions.payments[order].astype(np.int32),
        }
    )
