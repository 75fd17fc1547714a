"""One bucket of a store: its customers numbered, its rows sorted, its ledger replayed.

Ids are text of any length; a feature needs them only to tell rows apart. So customers, bills and
payments get numbers within their bucket, in the order that features and ledger ask for, and rows
are written in that order: the same rows give the same bytes however they came.
"""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from contract.engine import Connection, connect, name, text, to_arrow
from contract.ledger import NEVER, Bills, Payments, Versions, replay

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


def write_bucket(raw: Path, folder: Path, bucket: int, *, bill_extras: tuple[str, ...]) -> None:
    """Write the tables of one bucket and its ``bill_history``, from its rows as they came.

    ``raw`` holds, a table, one folder a bucket of files and ``empty.parquet``; so will
    ``folder``. With each table comes ``customer``, the customer's number.
    """
    with connect(threads=1, ordered=True) as connection:
        _create_own(connection, raw, bucket)
        _create_account(connection, raw, bucket)
        _create_bill(connection, raw, bucket)
        connection.execute(f"CREATE TABLE payments AS {_placed('payments', 'own_payment')}")
        connection.execute("DROP TABLE own_payment")
        _write(to_arrow(connection, _PAYMENTS), folder / "payments", bucket)
        _write(_history(connection, bill_extras), folder / "bill_history", bucket)
        for table in ORDER:
            if table != "payments":
                rows = to_arrow(connection, _placed(table, scan_raw(raw, table, bucket)))
                _write(rows, folder / table, bucket)


def strays(raw: Path, bucket: int) -> pa.Table:
    """Return the payments of a bucket that name a bill which is not in it, and ``bucket``."""
    with connect(threads=1) as connection:
        return to_arrow(
            connection,
            f"""SELECT *, {bucket} AS bucket FROM {scan_raw(raw, "payments", bucket)}
            ANTI JOIN {scan_raw(raw, "bills", bucket)} AS b USING (bill_id)
            WHERE bill_id IS NOT NULL""",
        )


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
        (folder / f"bucket={bucket}").mkdir()
        pq.write_table(rows, folder / f"bucket={bucket}" / "rows.parquet")


def _create_own(connection: Connection, raw: Path, bucket: int) -> None:
    """Make the table of the bucket's payments, each with the customer of the bill it names."""
    payments = scan_raw(raw, "payments", bucket)
    if (raw / MOVED / f"bucket={bucket}").exists():
        moved = scan_raw(raw, MOVED, bucket)
        payments = f"(FROM {payments} ANTI JOIN {moved} AS moved USING (payment_id, bill_id))"
    connection.execute(f"""
        CREATE TABLE own_payment AS
        SELECT p.* REPLACE (coalesce(b.customer_id, p.customer_id) AS customer_id),
            b.customer_id IS NULL AS unbilled
        FROM {payments} AS p LEFT JOIN (
            SELECT bill_id, customer_id FROM {scan_raw(raw, "bills", bucket)}) AS b
            USING (bill_id)""")


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


def _create_bill(connection: Connection, raw: Path, bucket: int) -> None:
    """Make the table of bills in the ledger's order, numbered by ``bill``.

    Money for a bill that is not there yet waits for that bill, which stands in as never issued:
    were it spread over other bills until the bill arrives, its arrival would change days gone by.
    """
    connection.execute(f"""
        CREATE TABLE bill AS
        SELECT CAST(row_number() OVER () - 1 AS INTEGER) AS bill, *
        FROM (
            SELECT * REPLACE (CAST(cycle // 100 * 12 + cycle % 100 - 1 AS INTEGER) AS cycle),
                CAST(coalesce(amount, 0) * 100 AS BIGINT) AS amount_fen
            FROM (
                FROM {scan_raw(raw, "bills", bucket)}
                UNION ALL BY NAME
                SELECT DISTINCT customer_id, bill_id FROM own_payment
                WHERE unbilled AND bill_id IS NOT NULL)
            JOIN account USING (customer_id)
            ORDER BY customer, issued_on NULLS LAST, due_on, bill_id)""")


def _placed(table: str, rows: str) -> str:
    """Return the query for a table's rows in order, numbered by ``place``."""
    order = ", ".join(name(column) for column in ORDER[table])
    return f"""
        SELECT CAST(row_number() OVER () - 1 AS INTEGER) AS place, *
        FROM (
            FROM {rows} LEFT JOIN account USING (customer_id)
            ORDER BY customer, {order})"""


# With the place of the payment that a reversal names.
_PAYMENTS = """
    SELECT payments.* EXCLUDE (unbilled), undone.place AS reverses
    FROM payments LEFT JOIN (
        SELECT reversal.place AS by_place, paid.place
        FROM payments AS reversal JOIN payments AS paid
            ON paid.payment_id = reversal.reverses_id AND paid.customer = reversal.customer
        WHERE reversal.reverses_id IS NOT NULL) AS undone ON undone.by_place = payments.place
    ORDER BY payments.place"""


def _history(connection: Connection, bill_extras: tuple[str, ...]) -> pa.Table:
    """Return the bucket's bills a row a version."""
    versions = _as_table(replay(*_load(connection)))
    columns = ", ".join((*_BILL, *(name(extra) for extra in bill_extras)))
    bills = to_arrow(connection, f"SELECT {columns} FROM bill ORDER BY bill")
    rows = bills.take(versions["bill"])
    for column in versions.column_names:
        rows = rows.append_column(column, versions[column])
    return rows


def _load(connection: Connection) -> tuple[Bills, Payments]:
    """Read the bucket's bills and payments in the ledger's order.

    A reversal of a payment that is not there names itself, which undoes nothing: were other
    payments undone until the named one arrives, its arrival would change days gone by.
    """
    bills = to_arrow(
        connection,
        f"""SELECT customer, coalesce(epoch_us(issued_on), {NEVER}) AS issued,
            coalesce(epoch_us(due_on), {NEVER}) AS due,
            coalesce(epoch_us(cancelled_on), {NEVER}) AS cancelled, amount_fen
        FROM bill ORDER BY bill""",
    )
    connection.execute("""
        CREATE TABLE money AS
        SELECT CAST(row_number() OVER () - 1 AS BIGINT) AS row, *
        FROM (
            SELECT p.* EXCLUDE (amount), CAST(p.amount * 100 AS BIGINT) AS amount_fen,
                coalesce(b.bill, -1) AS bill
            FROM (
                SELECT customer, posted_at, paid_at, place, payment_id, bill_id, reverses_id, amount
                FROM payments
                WHERE outcome = 'ok' AND amount <> 0 AND customer IS NOT NULL) AS p
            LEFT JOIN (SELECT bill, bill_id, customer FROM bill) AS b
                ON b.bill_id = p.bill_id AND b.customer = p.customer
            ORDER BY p.customer, p.posted_at, p.place)""")
    payments = to_arrow(
        connection,
        """SELECT p.customer, epoch_us(p.posted_at) AS posted, epoch_us(p.paid_at) AS paid,
            p.amount_fen, p.bill,
            CASE WHEN p.reverses_id IS NULL THEN -1 ELSE coalesce(r.row, p.row) END AS reverses
        FROM money AS p LEFT JOIN (
            SELECT reversal.row AS by_row, undone.row
            FROM money AS reversal JOIN money AS undone
                ON undone.payment_id = reversal.reverses_id AND undone.customer = reversal.customer
            WHERE reversal.reverses_id IS NOT NULL) AS r ON r.by_row = p.row
        ORDER BY p.row""",
    )
    customers = 1 + int(
        max(np.max(_ints(rows, "customer"), initial=-1) for rows in (bills, payments))
    )
    return (
        Bills(_starts(bills, customers), *(_ints(bills, c) for c in bills.column_names[1:])),
        Payments(
            _starts(payments, customers),
            *(_ints(payments, column) for column in payments.column_names[1:]),
        ),
    )


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
        return pa.array(values, pa.timestamp("us"), mask=values == NEVER)

    return pa.table(
        {
            "bill": bill.astype(np.int32),
            "known_from": moments(known_from),
            "known_to": moments(known_to),
            "paid_fen": versions.paid[order],
            "paid_by_due_fen": versions.paid_by_due[order],
            "settled_at": moments(versions.settled[order]),
            "cleared_at": moments(versions.cleared[order]),
            "payments": versions.payments[order].astype(np.int32),
        }
    )
