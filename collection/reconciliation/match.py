"""Matching the statement of an outside collector or bank to the payments in the books.

Row by row and one to one: by reference, else by day, channel and amount. Equal rows are
interchangeable, so that of three equal amounts against two one stands alone, whichever.
Nothing is changed; money is integer fen.
"""

from dataclasses import dataclass

import pyarrow as pa

from contract.engine import Connection, connect, text, to_arrow

STATEMENT_SCHEMA = pa.schema(
    [
        ("row", pa.int64()),
        ("channel", pa.string()),
        ("posted_on", pa.date32()),
        ("reference", pa.string()),
        ("amount_fen", pa.int64()),
    ]
)
PAYMENT_SCHEMA = pa.schema(
    [
        ("payment_id", pa.string()),
        ("customer_id", pa.string()),
        ("channel", pa.string()),
        ("posted_at", pa.timestamp("us")),
        ("amount_fen", pa.int64()),
        ("reference", pa.string()),
        ("outlet", pa.string()),
        ("cashier", pa.string()),
    ]
)

# How two rows may be the same money, the surest way first: its name, and what they agree in. A
# payment is called by its own id or by the reference that its source gave it. The same reference
# with another amount is the same payment, booked wrongly on one side.
_WAYS: tuple[tuple[str, str, str], ...] = (
    ("reference", "reference, amount_fen", "reference, amount_fen"),
    ("reference", "reference, amount_fen", "payment_id, amount_fen"),
    ("reference", "reference", "reference"),
    ("reference", "reference", "payment_id"),
    ("day_channel_amount", "posted_on, channel, amount_fen", "posted_on, channel, amount_fen"),
)
WAYS = tuple(dict.fromkeys(way for way, _, _ in _WAYS))


@dataclass(frozen=True, kw_only=True)
class Reconciliation:
    """What a statement and the books say of the same days and channels.

    Attributes:
        matched: One row a pair by row: row, payment_id, how (WAYS), both days and amounts,
            ``difference_fen`` (statement less books).
        only_statement: Rows of the statement without a payment.
        only_payments: Payments of the statement's channels and days without a row.
        totals: One row a day and channel of either side: rows and fen of the statement, of the
            books, matched and alone, and the difference.
    """

    matched: pa.Table
    only_statement: pa.Table
    only_payments: pa.Table
    totals: pa.Table

    @property
    def agrees(self) -> bool:
        """Whether every row has its counterpart with the same amount."""
        alone = self.only_statement.num_rows + self.only_payments.num_rows
        return alone == 0 and not any(self.matched["difference_fen"].to_pylist())


def reconcile(statement: pa.Table, payments: pa.Table) -> Reconciliation:
    """Match the rows of a statement to payments.

    Args:
        statement: STATEMENT_SCHEMA; row is unique, reference may be empty.
        payments: PAYMENT_SCHEMA, failed debits left out; payment_id is unique, reversals are
            negative. All payments that a reference may name, whatever their day.

    Returns:
        Every row of the statement, and every payment that was matched or is of the statement's
        channels and between its first and last day, stands in exactly one of the three lists.
    """
    with connect() as connection:
        connection.register("given_statement", statement)
        connection.register("given_payments", payments)
        connection.execute("CREATE TABLE statement AS FROM given_statement")
        connection.execute("""
            CREATE TABLE payment AS
            SELECT *, CAST(posted_at AS DATE) AS posted_on FROM given_payments""")
        connection.execute("""
            CREATE TABLE pair (row BIGINT, payment_id VARCHAR, how VARCHAR)""")
        for how, ours, theirs in _WAYS:
            _pair(connection, how, ours, theirs)
        return _lists(connection)


def _pair(connection: Connection, how: str, ours: str, theirs: str) -> None:
    """Pair what is left by some columns, the n-th of equal rows with the n-th."""
    names = [f"key{i}" for i in range(len(ours.split(", ")))]
    our_keys, their_keys = (
        ", ".join(f"{column} AS {name}" for column, name in zip(side, names, strict=True))
        for side in (ours.split(", "), theirs.split(", "))
    )
    keys = ", ".join(names)
    known = " AND ".join(f"{name} IS NOT NULL" for name in names)
    connection.execute(f"""
        INSERT INTO pair
        SELECT ours.row, theirs.payment_id, {text(how)}
        FROM (
            SELECT row, {our_keys},
                row_number() OVER (PARTITION BY {ours} ORDER BY amount_fen, row) AS n
            FROM statement ANTI JOIN pair USING (row) WHERE reference IS NOT NULL OR
                {text(how)} <> 'reference') AS ours
        JOIN (
            SELECT payment_id, {their_keys}, row_number() OVER (
                PARTITION BY {theirs} ORDER BY amount_fen, posted_at, payment_id) AS n
            FROM payment ANTI JOIN pair USING (payment_id)) AS theirs
        USING ({keys}, n) WHERE {known}""")


def _lists(connection: Connection) -> Reconciliation:
    connection.execute("""
        CREATE TABLE alone AS
        SELECT p.* FROM payment AS p ANTI JOIN pair USING (payment_id)
        SEMI JOIN (SELECT DISTINCT channel FROM statement) AS told USING (channel)
        WHERE posted_on BETWEEN (SELECT min(posted_on) FROM statement)
            AND (SELECT max(posted_on) FROM statement)""")
    return Reconciliation(
        matched=to_arrow(
            connection,
            """
            SELECT row, payment_id, how, s.channel, s.posted_on, s.reference, s.amount_fen,
                p.customer_id, p.channel AS booked_channel, p.posted_at AS booked_at,
                p.amount_fen AS booked_fen, s.amount_fen - p.amount_fen AS difference_fen
            FROM pair JOIN statement AS s USING (row) JOIN payment AS p USING (payment_id)
            ORDER BY row""",
        ),
        only_statement=to_arrow(
            connection, "SELECT * FROM statement ANTI JOIN pair USING (row) ORDER BY row"
        ),
        only_payments=to_arrow(
            connection,
            "SELECT * EXCLUDE (posted_on) FROM alone ORDER BY posted_at, channel, payment_id",
        ),
        totals=to_arrow(connection, _TOTALS),
    )


# Each row counts on its own side's day and channel; a pair may be booked on another day.
_TOTALS = """
    WITH side AS (
        SELECT posted_on, channel, 1 AS statement_rows, amount_fen AS statement_fen,
            0 AS booked_rows, 0 AS booked_fen,
            CAST(how IS NULL AS INTEGER) AS only_statement_rows,
            CASE WHEN how IS NULL THEN amount_fen ELSE 0 END AS only_statement_fen,
            0 AS only_booked_rows, 0 AS only_booked_fen
        FROM statement LEFT JOIN pair USING (row)
        UNION ALL
        SELECT posted_on, channel, 0, 0, 1, amount_fen, 0, 0, 0, 0
        FROM payment JOIN pair USING (payment_id)
        UNION ALL
        SELECT posted_on, channel, 0, 0, 1, amount_fen, 0, 0, 1, amount_fen FROM alone)
    SELECT posted_on, channel,
        CAST(sum(COLUMNS(* EXCLUDE (posted_on, channel))) AS BIGINT),
        CAST(sum(statement_fen) - sum(booked_fen) AS BIGINT) AS difference_fen
    FROM side GROUP BY posted_on, channel ORDER BY posted_on, channel"""
