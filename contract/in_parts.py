"""Questions that compare all rows of a table, asked part by part so that each part fits memory.

At a province's 700 million bills one hash table of their ids would spill some 40 GB, twice what
the engine may. Rows that could be alike have the same hash and so are in the same part.
"""

from contract.engine import Connection

# The engine keeps some 30 bytes for each row that is joined, and 16 for each that is compared.
JOINED_AT_ONCE, COMPARED_AT_ONCE = 1 << 27, 1 << 28


def make_odd_payments(connection: Connection) -> None:
    """Make the table ``odd_payment`` of contract.rule from the views of payments and bills.

    They are joined once for all rules: that is what a check takes longest for.
    """
    connection.execute(
        "CREATE OR REPLACE TABLE odd_payment (_at BIGINT, is_stray BOOLEAN, is_early BOOLEAN)"
    )
    most = max(_count(connection, table) for table in ("payments", "bills"))
    for part in _parts("hash(bill_id)", most, JOINED_AT_ONCE):
        connection.execute(f"""
            INSERT INTO odd_payment
            SELECT p._at, b.bill_id IS NULL, coalesce(p.paid_at < b.issued_on, false)
            FROM (SELECT * FROM payments WHERE {part}) AS p
            LEFT JOIN (SELECT * FROM bills WHERE {part}) AS b USING (bill_id)
            WHERE p.bill_id IS NOT NULL AND (b.bill_id IS NULL OR p.paid_at < b.issued_on)""")


def find_alike(connection: Connection, table: str, alike: str, among: str) -> bool:
    """Make the table ``alike`` of contract.rule and say whether it has rows.

    Counting distinct hashes takes half as long as finding those that there are twice, so these
    are looked for only in parts that have some.
    """
    connection.execute("CREATE OR REPLACE TABLE alike (h UBIGINT)")
    for part in _parts("h", _count(connection, table), COMPARED_AT_ONCE):
        rows = f"FROM (SELECT hash({alike}) AS h FROM {table} WHERE {among}) WHERE {part}"
        if not _one(connection, f"SELECT count(*) = count(DISTINCT h) {rows}"):
            connection.execute(f"INSERT INTO alike SELECT h {rows} GROUP BY h HAVING count(*) > 1")
    return bool(_one(connection, "SELECT count(*) > 0 FROM alike"))


def _parts(hashed: str, rows: int, at_once: int) -> list[str]:
    """Return a predicate on a hash for each part of so many rows.

    >>> _parts("h", 5, 2), _parts("h", 2, 2)
    (['h % 3 = 0', 'h % 3 = 1', 'h % 3 = 2'], ['true'])
    """
    count = -(-rows // at_once)
    return [f"{hashed} % {count} = {part}" for part in range(count)] if count > 1 else ["true"]


def _count(connection: Connection, table: str) -> int:
    return int(_one(connection, f"SELECT count(*) FROM {table}"))


def _one(connection: Connection, sql: str) -> int:
    row = connection.execute(sql).fetchone()
    assert row is not None  # noqa: S101 - an aggregate without groups always has its row
    return int(row[0])
