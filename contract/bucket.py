"""One bucket of a store: its customers numbered, its rows sorted, its ledger replayed.

Ids are text of any length; a feature needs them only to tell rows apart. So customers, bills and
payments get numbers within their bucket, in the order that features and ledger ask for, and rows
are written in that order: the same rows give the same bytes however they came.
"""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from contract.bucket_ledger import replay_bucket
from contract.engine import Connection, connect, name, text, to_arrow

# In which order the rows of a table lie, after the customer; payments and contacts are numbered
# in it (``place``), the newest last.
ORDER: dict[str, tuple[str, ...]] = {
    "customers": ("valid_from",),
    "payments": ("paid_at", "payment_id"),
    "contacts": ("contacted_at", "contact_id"),
    "events": ("happened_on", "kind"),
    "balances": ("on",),
    "disconnections": ("disconnected_at",),
}

# Beside the raw tables: payments that another bucket took over.
MOVED = "moved"

_BILL = (
    *("customer", "customer_id", "bill_id", "cycle", "issued_on", "due_on", "amount_fen", "kwh"),
    *("kind", "hold", "hold_from_on", "hold_to_on", "cancelled_on"),
)

# The place of a bill among the bucket's bills as they came, by which payments know their bill.
_BILL_ROW = "row_number() OVER () - 1 AS bill_row"

# What the ledger asks of payments, and a store does not keep.
_OF_THE_LEDGER = ("bill", "is_money", "amount_fen")


def write_bucket(
    raw: Path,
    folder: Path,
    bucket: int,
    *,
    bill_extras: tuple[str, ...],
    strays_wait: bool = False,
) -> pa.Table | None:
    """Write the tables of one bucket and its ``bill_history``, from its rows as they came.

    ``raw`` holds, a table, one folder a bucket of files and ``empty.parquet``; so will
    ``folder``. With each table comes ``customer``, the customer's number.

    Returns:
        None; or, with ``strays_wait``, what `strays` tells of the bucket as long as there are any:
        then nothing is written, for they may belong to other buckets.
    """
    with connect(threads=1, ordered=True) as connection:
        _create_own(connection, raw, bucket)
        if strays_wait and (found := _strays(connection, bucket)).num_rows:
            return found
        _create_account(connection, raw, bucket)
        bills = _bills(connection, raw, bucket)
        payments = _payments(connection, bills)
        reverses = _reverses(connection, payments)
        rest = {
            table: to_arrow(connection, _placed(table, scan_raw(raw, table, bucket)))
            for table in ORDER
            if table != "payments"
        }
    versions = replay_bucket(bills, payments, reverses)
    history = bills.select([*_BILL, *bill_extras]).take(versions["bill"])
    for column in versions.column_names:
        history = history.append_column(column, versions[column])
    stored = payments.drop_columns(list(_OF_THE_LEDGER)).append_column("reverses", reverses)
    for table, rows in {"payments": stored, "bill_history": history, **rest}.items():
        _write(rows, folder / table, bucket)
    return None


def strays(raw: Path, bucket: int) -> pa.Table:
    """Return the payments of a bucket that name a bill which is not in it, and ``bucket``."""
    with connect(threads=1) as connection:
        _create_own(connection, raw, bucket)
        return _strays(connection, bucket)


def scan_raw(raw: Path, table: str, bucket: int) -> str:
    """Return the FROM expression that reads one table of one bucket as it came."""
    files = raw / table / f"bucket={bucket}"
    found = files / "*.parquet" if any(files.glob("*.parquet")) else raw / table / "empty.parquet"
    return f"read_parquet({text(found)}, hive_partitioning = false)"


def _write(rows: pa.Table, folder: Path, bucket: int) -> None:
    """Write a bucket's rows, if there are any, and the first bucket's columns for those without."""
    if bucket == 0:
        pq.write_table(rows.slice(0, 0), folder / "empty.parquet")
    if rows.num_rows:
        (folder / f"bucket={bucket}").mkdir(exist_ok=True)
        pq.write_table(rows, folder / f"bucket={bucket}" / "rows.parquet")


def _create_own(connection: Connection, raw: Path, bucket: int) -> None:
    """Make the table of the bucket's payments, each with the customer and row of its bill.

    Payments and bills are joined by their ids, which are text, here and nowhere else.
    """
    payments = scan_raw(raw, "payments", bucket)
    if (raw / MOVED / f"bucket={bucket}").exists():
        moved = scan_raw(raw, MOVED, bucket)
        payments = f"(FROM {payments} ANTI JOIN {moved} AS moved USING (payment_id, bill_id))"
    connection.execute(f"""
        CREATE TABLE own_payment AS
        SELECT p.* REPLACE (coalesce(b.customer_id, p.customer_id) AS customer_id), b.bill_row
        FROM {payments} AS p LEFT JOIN (
            SELECT bill_id, customer_id, {_BILL_ROW} FROM {scan_raw(raw, "bills", bucket)}) AS b
            USING (bill_id)""")


def _strays(connection: Connection, bucket: int) -> pa.Table:
    return to_arrow(
        connection,
        f"""SELECT * EXCLUDE (bill_row), {bucket} AS bucket FROM own_payment
        WHERE bill_row IS NULL AND bill_id IS NOT NULL""",
    )


def _create_account(connection: Connection, raw: Path, bucket: int) -> None:
    sources = ["own_payment"] + [
        scan_raw(raw, table, bucket) for table in ("bills", *ORDER) if table != "payments"
    ]
    tables = " UNION ".join(f"SELECT customer_id FROM {source}" for source in sources)
    connection.execute(f"""
        CREATE TABLE account AS
        SELECT customer_id, CAST(row_number() OVER (ORDER BY customer_id) - 1 AS INTEGER)
            AS customer
        FROM ({tables}) WHERE customer_id IS NOT NULL""")


def _bills(connection: Connection, raw: Path, bucket: int) -> pa.Table:
    """Return the bucket's bills in the ledger's order, and ``bill_row``.

    Money for a bill that is not there yet waits for that bill, which stands in as never issued:
    were it spread over other bills until the bill arrives, its arrival would change days gone by.
    """
    return to_arrow(
        connection,
        f"""
        SELECT * REPLACE (CAST(cycle // 100 * 12 + cycle % 100 - 1 AS INTEGER) AS cycle),
            CAST(coalesce(amount, 0) * 100 AS BIGINT) AS amount_fen
        FROM (
            SELECT *, {_BILL_ROW} FROM {scan_raw(raw, "bills", bucket)}
            UNION ALL BY NAME
            SELECT DISTINCT customer_id, bill_id FROM own_payment
            WHERE bill_row IS NULL AND bill_id IS NOT NULL)
        JOIN account USING (customer_id)
        ORDER BY customer, issued_on NULLS LAST, due_on, bill_id""",
    )


def _payments(connection: Connection, bills: pa.Table) -> pa.Table:
    """Return the bucket's payments in order with ``place``, and what the ledger asks of them.

    That is ``bill``, the number of the bill that a payment names or -1, ``is_money`` and
    ``amount_fen``.
    """
    numbers = np.arange(bills.num_rows)
    came = bills["bill_row"].is_valid().to_numpy()
    connection.register(
        "stand_in",
        bills.select(["customer_id", "bill_id"])
        .append_column("number", pa.array(numbers))
        .filter(pa.array(~came)),
    )
    payments = to_arrow(
        connection,
        """
        SELECT CAST(row_number() OVER () - 1 AS INTEGER) AS place, *
        FROM (
            SELECT p.*, s.number, customer, outcome = 'ok' AND amount <> 0 AS is_money,
                CAST(amount * 100 AS BIGINT) AS amount_fen
            FROM own_payment AS p LEFT JOIN account USING (customer_id)
            LEFT JOIN stand_in AS s USING (customer_id, bill_id)
            ORDER BY customer, paid_at, payment_id)""",
    )
    number_of = np.empty(int(came.sum()), np.int64)
    number_of[bills["bill_row"].drop_null().to_numpy()] = numbers[came]
    named = payments["bill_row"].fill_null(-1).to_numpy()
    bill = np.where(named >= 0, number_of[named], payments["number"].fill_null(-1).to_numpy())
    return payments.drop_columns(["bill_row", "number"]).append_column("bill", pa.array(bill))


def _reverses(connection: Connection, payments: pa.Table) -> pa.Array:
    """Return, a payment, the place of the payment of the same customer that it reverses."""
    reverses = np.full(payments.num_rows, -1, np.int32)
    if payments["reverses_id"].null_count < payments.num_rows:
        connection.register(
            "payment", payments.select(["place", "customer", "payment_id", "reverses_id"])
        )
        found = to_arrow(
            connection,
            """SELECT reversal.place AS by_place, undone.place
            FROM payment AS reversal JOIN payment AS undone
                ON undone.payment_id = reversal.reverses_id
                AND undone.customer = reversal.customer
            WHERE reversal.reverses_id IS NOT NULL""",
        )
        reverses[found["by_place"].to_numpy()] = found["place"].to_numpy()
    return pa.array(reverses, mask=reverses < 0)


def _placed(table: str, rows: str) -> str:
    """Return the query for a table's rows in order, numbered by ``place``."""
    order = ", ".join(name(column) for column in ORDER[table])
    return f"""
        SELECT CAST(row_number() OVER () - 1 AS INTEGER) AS place, *
        FROM (
            FROM {rows} LEFT JOIN account USING (customer_id)
            ORDER BY customer, {order})"""
