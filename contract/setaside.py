"""The rows of an import on the bench: views to check and write, and what was taken out of them.

Two kinds of row are taken out: those that the mapping drops, and those that break a rule when
they are quarantined; each takes the rows that depend on it along (a bill its payments).
"""

from collections.abc import Iterable, Sequence
from itertools import groupby

from contract import engine
from contract.breach import FILE_SHIFT, Breach, Place
from contract.checks import breach_rows
from contract.dataset import FALLBACKS
from contract.rule import Rule, fault, has_fault, rounding
from contract.shaping import Shaped
from contract.tables import STORED_AS, TABLES, Column, Table

BROKEN_LINE = "broken-line"

_ROW = (1 << FILE_SHIFT) - 1


class Workbench:
    """Views named after the tables, over the shaped rows that are still in.

    Attributes:
        connection: The engine's connection that holds the views.
        shaped: The tables of the source.
    """

    def __init__(self, connection: engine.Connection, shaped: dict[str, Shaped]) -> None:
        """Lay out the views, and take out what the mapping drops."""
        self.connection = connection
        self.shaped = shaped
        self.broken_lines_are_aside = False
        first = shaped["bills"].rows
        connection.execute(
            "CREATE TABLE _first_bill AS SELECT customer_id, min(issued_on) AS first_bill "
            f"FROM {first} GROUP BY 1"
        )
        for table in TABLES.values():
            connection.execute(
                f"CREATE TABLE {aside(table.name)} (_at BIGINT, rule VARCHAR, quarantined BOOLEAN)"
            )
            connection.execute(f"CREATE VIEW {table.name} AS {self._view(table)}")
        self._drop()

    def columns(self, table: str) -> str:
        """Return the select list of what is written: the contract's columns, then the extras."""
        names = (*TABLES[table].names(), *self.shaped[table].extras)
        return ", ".join(engine.name(column) for column in names)

    def locate(self, table: str, places: Sequence[int]) -> dict[int, Place]:
        """Find the file, row and line of rows by their ``_at``; one reading of each file."""
        found: dict[int, Place] = {}
        for position, group in groupby(sorted(places), key=lambda at: at >> FILE_SHIFT):
            file = self.shaped[table].files[position]
            rows = [at & _ROW for at in group]
            lines = file.lines(rows)
            for row in rows:
                at = (position << FILE_SHIFT) + row
                found[at] = Place(file=file.label, row=row, line=lines.get(row))
        return found

    def broken_lines(self) -> tuple[Breach, ...]:
        """Return an error for each file that has lines which are no rows, unless set aside."""
        if self.broken_lines_are_aside:
            return ()
        return tuple(
            Breach(
                table=name,
                column="",
                rule=BROKEN_LINE,
                severity="error",
                count=len(file.rejects),
                total=self._count(rows.rows) + len(file.rejects),
                found=f"{_lines(len(file.rejects))} of {file.label} cannot be parted into fields "
                f"({', '.join(sorted({reject.why for reject in file.rejects}))})",
                remedy="Correct the quotes and delimiters of these lines.",
                first=Place(file=file.label, line=file.rejects[0].line),
            )
            for name, rows in self.shaped.items()
            for file in rows.files
            if file.rejects
        )

    def set_aside(self, errors: Iterable[Breach], rules: Iterable[Rule]) -> bool:
        """Take out the rows of these errors and what depends on them; say whether any went."""
        errors = tuple(errors)
        lines = any(breach.rule == BROKEN_LINE for breach in errors)
        self.broken_lines_are_aside |= lines
        before = self._aside_count()
        breached = {(b.table, b.column, b.rule) for b in errors}
        mine = [
            rule
            for rule in rules
            if (rule.table, rule.column, rule.id) in breached and rule.scope != "table"
        ]
        # All are found before the first is taken out: a bill is not at fault for its customer's.
        for i, rule in enumerate(mine):
            self._find(f"_taken_{i}", breach_rows(self.connection, rule))
        for i, rule in enumerate(mine):
            self._take_out(f"_taken_{i}", rule.table, rule.id, quarantined=True)
        self._take_dependents(quarantined=True)
        return lines or self._aside_count() > before

    def _view(self, table: Table) -> str:
        if table.name not in self.shaped:
            return f"SELECT {_empty(table)} WHERE false"
        shaped = self.shaped[table.name]
        columns = [
            f"{_filled(table, column)} AS {engine.name(column.name)}" for column in table.columns
        ]
        names = [*shaped.extras, *(fault(extra) for extra in shaped.extras), *_marks(table), "_at"]
        columns += [engine.name(name) for name in names]
        first = " LEFT JOIN _first_bill USING (customer_id)" if table.name == "customers" else ""
        return (
            f"SELECT {', '.join(columns)} FROM {shaped.rows}{first} "
            f"WHERE _at NOT IN (SELECT _at FROM {aside(table.name)})"
        )

    def _drop(self) -> None:
        for name, shaped in self.shaped.items():
            self.connection.execute(
                f"INSERT INTO {aside(name)} SELECT _at, _drop, false FROM {shaped.rows} "
                "WHERE _drop IS NOT NULL"
            )
            if shaped.distinct:
                self._find("_taken", _agreeing(shaped))
                self._take_out("_taken", name, "repeated-row", quarantined=False)
        self._take_dependents(quarantined=False)

    def _take_dependents(self, *, quarantined: bool) -> None:
        """Take out the rows of customers and bills that are out altogether."""
        for owner, key in (("customers", "customer_id"), ("bills", "bill_id")):
            if owner not in self.shaped:
                continue
            gone = (
                f"SELECT {key} FROM {self.shaped[owner].rows} WHERE _at IN "
                f"(SELECT _at FROM {aside(owner)}) AND {key} IS NOT NULL "
                f"EXCEPT SELECT {key} FROM {owner}"
            )
            rule = f"{owner[:-1]}-{'quarantined' if quarantined else 'dropped'}"
            for name in self.shaped:
                if name != owner and key in TABLES[name].names():
                    self._find("_taken", f"SELECT _at FROM {name} WHERE {key} IN ({gone})")
                    self._take_out("_taken", name, rule, quarantined=quarantined)

    def _find(self, taken: str, rows: str) -> None:
        """Keep the places of rows; a view must not change while it is read."""
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE {taken} AS {rows}")

    def _take_out(self, taken: str, table: str, rule: str, *, quarantined: bool) -> None:
        self.connection.execute(
            f"INSERT INTO {aside(table)} "
            f"SELECT _at, {engine.text(rule)}, {quarantined} FROM {taken}"
        )

    def _count(self, rows: str) -> int:
        row = self.connection.execute(f"SELECT count(*) FROM {rows}").fetchone()
        return int(row[0]) if row else 0

    def _aside_count(self) -> int:
        return sum(self._count(aside(name)) for name in self.shaped)


def aside(table: str) -> str:
    """Return the name of the table that lists a table's rows that are out, and why."""
    return f"_aside_{table}"


def _lines(count: int) -> str:
    return "1 line" if count == 1 else f"{count:,} lines"


def _agreeing(shaped: Shaped) -> str:
    """Return a query of the rows that repeat an earlier row of a file in which each counts once."""
    names = [*shaped.table.names(), *shaped.extras]
    values = ", ".join(engine.name(name) for name in names)
    files = ", ".join(map(str, shaped.distinct))
    return (
        f"SELECT _at FROM {shaped.rows} WHERE _drop IS NULL AND _at >> {FILE_SHIFT} IN ({files}) "
        f"QUALIFY row_number() OVER (PARTITION BY {values} ORDER BY _at) > 1"
    )


def _marks(table: Table) -> list[str]:
    marks = [fault(column.name) for column in table.columns if has_fault(column)]
    return marks + [rounding(column.name) for column in table.columns if column.kind == "money"]


def _empty(table: Table) -> str:
    columns = [f"CAST(NULL AS {STORED_AS[c.kind]}) AS {engine.name(c.name)}" for c in table.columns]
    columns += [f"NULL AS {engine.name(mark)}" for mark in _marks(table)]
    return ", ".join([*columns, "0 AS _at"])


def _filled(table: Table, column: Column) -> str:
    """Return SQL for a column with its default where nothing was written."""
    value = engine.name(column.name)
    others = list(FALLBACKS.get((table.name, column.name), ()))
    if column.default is not None:
        others.append(f"CAST({engine.text(column.default)} AS {STORED_AS[column.kind]})")
    if not others:
        return value
    default = f"coalesce({', '.join(others)})"
    if has_fault(column):
        default = f"CASE WHEN {engine.name(fault(column.name))} IS NULL THEN {default} END"
    return f"coalesce({value}, {default})"
