"""Entries of the feedback ledger: what people brought back, row by row, checked and named.

An entry's id is a digest of what it says, so the same row gives the same entry however often and
in whatever file it comes. Entries are never changed; a later one may say more.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa

from collection.feedback.form import FORM, RULES, SAYS, Rule
from contract.dataset import ARROW_TYPES
from contract.engine import Connection, connect, to_arrow
from contract.tables import STORED_AS

ENTRY_SCHEMA = pa.schema(
    [("entry_id", pa.string())]
    + [(column.name, ARROW_TYPES[STORED_AS[column.kind]]) for column in FORM.columns]
)
KNOWN_SCHEMA = pa.schema(
    [("bill_id", pa.string()), ("customer_id", pa.string()), ("issued_on", pa.date32())]
)

TOLD_OTHERWISE = "told_otherwise"
_IS_CONTACT = "method IS NOT NULL AND outcome IS NOT NULL"


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One value of a row that cannot be taken, by the rule (form.RULES, or TOLD_OTHERWISE)."""

    row: int
    rule: str
    column: str
    what: str
    remedy: str


@dataclass(frozen=True, kw_only=True)
class Brought:
    """What a form brings.

    Attributes:
        entries: New entries (ENTRY_SCHEMA) by entry_id, none of them in the ledger.
        rows: Rows of the form.
        silent: Rows that say nothing.
        repeated: Rows that say what another row, or the ledger, says already.
        faults: What is wrong; entries count only when this is empty.
    """

    entries: pa.Table
    rows: int
    silent: int
    repeated: int
    faults: tuple[Fault, ...]


def read_entries(
    rows: pa.Table, *, customers: pa.Table, bills: pa.Table, ledger: pa.Table
) -> Brought:
    """Check the rows of a form and make entries of them.

    Args:
        rows: FORM's columns and ``row``, the row's number.
        customers: customer_id of those customers of the rows that the dataset knows.
        bills: KNOWN_SCHEMA of those bills of the rows that the dataset knows.
        ledger: The entries there are (ENTRY_SCHEMA).
    """
    with connect() as connection:
        for name, table in (
            ("form", rows), ("customer", customers), ("bill", bills), ("ledger", ledger)
        ):  # fmt: skip
            connection.register(name, table)
        connection.execute(f"CREATE TABLE entry AS {_entries()}")
        faults = (*_faults(connection), *_conflicts(connection))
        new = to_arrow(connection, f"SELECT {_columns()} FROM fresh ORDER BY entry_id") if not (
            faults
        ) else ENTRY_SCHEMA.empty_table()  # fmt: skip
        said = connection.execute("SELECT count(*) FROM entry").fetchall()[0][0]
    silent = rows.num_rows - said
    return Brought(
        entries=new.cast(ENTRY_SCHEMA),
        rows=rows.num_rows,
        silent=silent,
        repeated=said - new.num_rows,
        faults=tuple(sorted(faults, key=lambda fault: fault.row)),
    )


def _columns() -> str:
    return ", ".join(ENTRY_SCHEMA.names)


def _entries() -> str:
    """Return the query of the rows that say something, with their ids and what is known of them.

    Who assigned a contact is the plan where a run is named, else the one who made it.
    """
    says = " OR ".join(f"{column} IS NOT NULL" for column in SAYS)
    words = ", ".join(f"coalesce(CAST(said.{c.name} AS VARCHAR), '')" for c in FORM.columns)
    assigned = "CASE WHEN run IS NOT NULL THEN 'policy' ELSE 'manual' END"
    return f"""
        WITH said AS (
            SELECT form.* REPLACE (
                CASE WHEN {_IS_CONTACT} THEN coalesce(assigned, {assigned}) END AS assigned)
            FROM form WHERE {says})
        SELECT 'fb-' || left(sha256(concat_ws(chr(31), {words})), 24) AS entry_id, said.*,
            CAST(recorded_at AS DATE) AS on_day, bill.customer_id AS owner, bill.issued_on,
            EXISTS (FROM customer WHERE customer.customer_id = said.customer_id)
                AS known_customer
        FROM said LEFT JOIN bill ON bill.bill_id = said.bill_id"""


def _faults(connection: Connection) -> Iterator[Fault]:
    for rule in RULES:
        found = connection.execute(
            f"SELECT row, CAST({rule.column} AS VARCHAR) FROM entry WHERE {rule.breach}"
        ).fetchall()
        yield from (_fault(rule, row, value) for row, value in found)


def _fault(rule: Rule, row: int, value: str | None) -> Fault:
    what = rule.what.format(value=value)
    return Fault(row=row, rule=rule.id, column=rule.column, what=what, remedy=rule.remedy)


def _conflicts(connection: Connection) -> Iterator[Fault]:
    """Name the rows that tell otherwise of a contact which another row or the ledger tells of."""
    connection.execute("""
        CREATE TABLE fresh AS
        SELECT * FROM entry ANTI JOIN ledger USING (entry_id)
        QUALIFY row_number() OVER (PARTITION BY entry_id ORDER BY row) = 1""")
    found = connection.execute(f"""
        WITH told AS (
            SELECT NULL AS row, customer_id, bill_id, recorded_at, method, outcome FROM ledger
            WHERE {_IS_CONTACT}
            UNION ALL
            SELECT row, customer_id, bill_id, recorded_at, method, outcome FROM fresh
            WHERE {_IS_CONTACT})
        SELECT row, CAST(recorded_at AS VARCHAR) FROM told
        QUALIFY row IS NOT NULL AND row_number() OVER (
            PARTITION BY customer_id, bill_id, recorded_at, method ORDER BY row NULLS FIRST) > 1
        ORDER BY row""").fetchall()
    for row, moment in found:
        yield Fault(
            row=row,
            rule=TOLD_OTHERWISE,
            column="recorded_at",
            what=f"{moment}: another contact of this customer, bill, moment and method is told"
            " already, and otherwise",
            remedy="What was fed back is not changed; give the time of the later contact.",
        )
