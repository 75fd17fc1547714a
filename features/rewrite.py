"""A dataset written again with the same past and another future, for `prove` to rebuild from.

What a row's *known at* is stands in contract.tables; days that stand on a row long before they
are true are in ``KNOWN_LATER``.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum
from pathlib import Path

from contract.dataset import Dataset
from contract.engine import connect, name, text
from contract.tables import STORED_AS, TABLES, Column, Table

# Columns whose day is known only when it has come (contract.md, *known later*).
KNOWN_LATER: dict[str, tuple[str, ...]] = {
    "bills": ("cancelled_on", "hold_from_on", "hold_to_on"),
    "customers": ("closed_on",),
    "disconnections": ("reconnected_at",),
}
# Whose a row is and what it refers to: kept, or it would be another row.
_IDENTITY = ("customer_id", "bill_id", "payment_id", "contact_id", "reverses_id")


class Change(Enum):
    """How the data are written again."""

    KEEP = "as they are"
    DELETE = "future deleted"
    SCRAMBLE = "another future"
    FORGET_LAST_DAY = "last day forgotten"
    POSTPONE = "last day postponed to as_of"


@dataclass(frozen=True, kw_only=True)
class _Scene:
    """One table seen from as_of, in SQL."""

    table: Table
    extras: Mapping[str, str]
    as_of: date

    @property
    def known(self) -> str:
        """The moment from which a row may be used."""
        column = f"CAST({name(self.table.known_at)} AS TIMESTAMP)"
        return f"({column} + INTERVAL 1 DAY)" if self.table.known_next_day else column

    @property
    def later(self) -> tuple[str, ...]:
        """Columns that are known later than their row."""
        return KNOWN_LATER.get(self.table.name, ())

    @property
    def dice(self) -> str:
        """A number that is the same for a row whenever and wherever it is drawn."""
        return f"hash({', '.join(name(column) for column in self.table.key)})"

    def start(self, days_before: int = 0) -> str:
        """The moment so many days before as_of began."""
        return f"(TIMESTAMP '{self.as_of}' - INTERVAL {days_before} DAY)"

    def as_it_is(self) -> dict[str, str]:
        """Each column by the SQL of its value."""
        return {column: name(column) for column in (*self.table.names(), *self.extras)}


def rewrite(
    dataset: Dataset, as_of: date, folder: Path, change: Change, *, one_in: int = 1
) -> None:
    """Write the dataset anew into a new ``folder``, of one customer in ``one_in``.

    Who paid is filled in from the bill that a payment names, for that is known with the payment
    even where the bill is not issued yet.
    """
    folder.mkdir(parents=True)
    with connect(spill=folder.parent / "spill") as connection:
        for table in TABLES.values():
            if not (table.known_at and dataset.has(table.name)):
                continue
            scene = _Scene(table=table, extras=dataset.extras(table.name), as_of=as_of)
            rows = _payments(dataset) if table.name == "payments" else dataset.scan(table.name)
            query = _WRITERS[change](scene, rows)
            if table.name == "payments" and change is Change.SCRAMBLE:
                query += f" UNION ALL BY NAME {_payments_to_come(dataset, as_of)}"
            target = text(folder / f"{table.name}.parquet")
            connection.execute(f"""
                COPY (FROM ({query}) WHERE hash(customer_id) % {one_in} = 0)
                TO {target} (FORMAT parquet)""")


def _payments(dataset: Dataset) -> str:
    return f"""(
        SELECT p.* REPLACE (coalesce(b.customer_id, p.customer_id) AS customer_id)
        FROM {dataset.scan("payments")} AS p LEFT JOIN (
            SELECT bill_id, customer_id FROM {dataset.scan("bills")}) AS b USING (bill_id))"""


def _keep(scene: _Scene, rows: str) -> str:
    return _select(scene.as_it_is(), rows)


def _delete(scene: _Scene, rows: str) -> str:
    return _forget(scene, rows, days=0)


def _forget_last_day(scene: _Scene, rows: str) -> str:
    return _forget(scene, rows, days=1)


def _forget(scene: _Scene, rows: str, *, days: int) -> str:
    """Leave out what became known in the last ``days`` before as_of or later."""
    start = scene.start(days)
    columns = scene.as_it_is()
    if scene.table.name == "bills":
        columns["hold"] = f"CASE WHEN hold_from_on >= {start} THEN 'none' ELSE hold END"
    for column in scene.later:
        columns[column] = f"CASE WHEN {column} < {start} THEN {column} END"
    return f"{_select(columns, rows)} WHERE {scene.known} < {start}"


def _postpone(scene: _Scene, rows: str) -> str:
    """Let what became known on the last day before as_of be known only as as_of begins."""
    columns = scene.as_it_is()
    known_at = scene.table.known_at
    moment = scene.start(1 if scene.table.known_next_day else 0)
    for column in (known_at, *scene.later):
        told = scene.known if column == known_at else column
        columns[column] = f"""CASE WHEN {told} >= {scene.start(1)}
            THEN CAST({moment} AS {_stored(scene.table, column)}) ELSE {name(column)} END"""
    return _select(columns, f"({_delete(scene, rows)})")


def _scramble(scene: _Scene, rows: str) -> str:
    """Change all that a later row says, but not whose it is, nor that it is later."""
    is_later = f"{scene.known} >= {scene.start()}"
    columns = scene.as_it_is()
    for day in scene.later:
        columns[day] = f"""CASE WHEN {day} < {scene.start()} THEN {day}
            ELSE {_some_day(scene, day)} END"""
    if scene.table.name == "bills":
        columns |= _scrambled_hold(scene)
    for column in scene.table.columns:
        if column.name not in _IDENTITY:
            columns[column.name] = f"""CASE WHEN {is_later} THEN {_other(scene, column)}
                ELSE {columns[column.name]} END"""
    for extra, holds in scene.extras.items():
        other = f"{scene.dice} % 1000 / 7" if holds == "numeric" else "'another'"
        columns[extra] = f"CASE WHEN {is_later} THEN {other} ELSE {name(extra)} END"
    return _select(columns, rows)


def _scrambled_hold(scene: _Scene) -> dict[str, str]:
    """A bill without a hold by as_of gets one afterwards."""
    held = f"(hold <> 'none' AND coalesce(hold_from_on, issued_on) < {scene.start()})"
    return {
        "hold": f"CASE WHEN {held} THEN hold ELSE 'disputed' END",
        "hold_from_on": f"""CASE WHEN {held} THEN hold_from_on
            ELSE {_some_day(scene, "hold_from_on")} END""",
    }


def _some_day(scene: _Scene, column: str) -> str:
    kind = _stored(scene.table, column)
    return f"CAST({scene.start()} + to_days(CAST({scene.dice} % 90 AS INTEGER)) AS {kind})"


def _other(scene: _Scene, column: Column) -> str:
    """Return another value than the column's own, of its kind; days move on, never back."""
    dice, own = scene.dice, name(column.name)
    if column.kind == "code":
        codes = ", ".join(text(code) for code in column.codes)
        return f"list_extract([{codes}], CAST(1 + {dice} % {len(column.codes)} AS INTEGER))"
    return {
        "money": f"CAST(({dice} % 200000) / 100 - 500 AS DECIMAL(18,2))",
        "number": f"CAST({dice} % 5000 AS DOUBLE)",
        "bool": f"NOT {own}",
        "text": f"{own} || '~'",
        "date": f"CAST({own} + to_days(CAST({dice} % 60 AS INTEGER)) AS DATE)",
        "timestamp": f"{own} + to_days(CAST({dice} % 60 AS INTEGER))",
    }.get(column.kind, own)


def _payments_to_come(dataset: Dataset, as_of: date) -> str:
    """Payments and undoings of known bills, made long before and posted at as_of or after."""
    return f"""
        SELECT 'to-come-' || bill_id AS payment_id, customer_id, bill_id,
            CAST(issued_on AS TIMESTAMP) AS paid_at,
            TIMESTAMP '{as_of}' + to_days(CAST(hash(bill_id) % 3 AS INTEGER)) AS posted_at,
            CASE WHEN hash(bill_id) % 2 = 0 THEN -amount ELSE amount END AS amount,
            CASE WHEN hash(bill_id) % 5 = 0 THEN 'failed' ELSE 'ok' END AS outcome,
            'other' AS channel
        FROM {dataset.scan("bills")}
        WHERE hash(bill_id) % 3 < 2 AND issued_on < DATE '{as_of}'"""


def _stored(table: Table, column: str) -> str:
    return STORED_AS[table.column(column).kind]


def _select(columns: Mapping[str, str], rows: str) -> str:
    listed = ", ".join(f"{sql} AS {name(column)}" for column, sql in columns.items())
    return f"SELECT {listed} FROM {rows}"


_WRITERS: dict[Change, Callable[[_Scene, str], str]] = {
    Change.KEEP: _keep,
    Change.DELETE: _delete,
    Change.SCRAMBLE: _scramble,
    Change.FORGET_LAST_DAY: _forget_last_day,
    Change.POSTPONE: _postpone,
}
