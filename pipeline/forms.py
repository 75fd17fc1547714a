"""Files that people fill in or send: read by declared columns, every breach said at once.

A form is one CSV, workbook or Parquet file of one declared table. It is read with the project's
own readers, typed as the contract types its tables, and refused whole when any row breaks a rule.
"""

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa

from contract.breach import FILE_SHIFT
from contract.engine import connect, name, to_arrow
from contract.error_rules import MOST_YUAN
from contract.errors import DataError
from contract.mapping import TableMapping
from contract.rule import fault, has_fault, rounding
from contract.shaping import Shaped, shape_table
from contract.source import Source
from contract.staged import Staged
from contract.tables import Column, Table
from contract.yaml_file import shown

# So many breaches are named; a file with more is broken throughout.
_MOST_NAMED = 20
# So much is said of one; a value may be a megabyte.
_MOST_TOLD = 200

_EXPECTED = {
    "date": "a day such as 2026-11-22",
    "timestamp": "a moment such as 2026-11-22 10:30",
    "month": "a month such as 202611",
    "money": "an amount such as 123.45",
    "number": "a number",
    "integer": "a whole number",
    "bool": "yes or no",
}


@dataclass(frozen=True, kw_only=True)
class Heads:
    """How a form's columns are called and coded by those who fill it in.

    Attributes:
        names: For each column the heads that it may have, besides its own and Chinese name.
        codes: For each column of codes the words that stand for a code.
        constants: Columns that have one value throughout the file.
        sheet: The sheet of a workbook with several.
    """

    names: Mapping[str, tuple[str, ...]]
    codes: Mapping[str, Mapping[str, str]]
    constants: Mapping[str, str]
    sheet: str | None = None


@dataclass(frozen=True, kw_only=True)
class Breach:
    """One value of a form that cannot be taken; ``column`` is empty where the row as a whole is."""

    row: int
    column: str
    what: str
    remedy: str


@dataclass(frozen=True, kw_only=True)
class Form:
    """A form as read.

    Attributes:
        rows: The table's columns typed, money as integer fen under ``<column>_fen``, and ``row``,
            the number of the row among the file's, from 1.
        ignored: Heads of the file that no column has.
        lines: The line of each row, where the file has lines.
    """

    label: str
    rows: pa.Table
    ignored: tuple[str, ...]
    lines: Mapping[int, int]

    def refuse(self, breaches: Iterable[Breach]) -> None:
        """Raise one DataError that names each breach with its place; return when there is none."""
        found = sorted(breaches, key=lambda breach: breach.row)
        if not found:
            return
        named = [
            f"{self.label} {self._place(breach.row)}"
            f"{f', {breach.column}' if breach.column else ''}: {breach.what[:_MOST_TOLD]}."
            f" {breach.remedy}"
            for breach in found[:_MOST_NAMED]
        ]
        if more := len(found) - len(named):
            named.append(f"{self.label}: {more} more. Nothing was taken.")
        raise DataError("\n".join(named))

    def _place(self, row: int) -> str:
        return f"line {self.lines[row]:,}" if row in self.lines else f"row {row:,}"


def read_form(path: Path, table: Table, heads: Heads) -> Form:
    """Read a file as one declared table.

    Raises:
        DataError: It cannot be read, a required column is missing, or a value is empty or cannot
            be taken; each is named with file, line, column, value and remedy.
    """
    if path.is_dir():
        raise DataError(f"{path}: is a folder. Give one CSV, Excel or Parquet file.")
    with tempfile.TemporaryDirectory(prefix="duewatch-form-") as folder:
        work = Path(folder)
        shaped = shape_table(table, (_mapping(table, heads),), Source(path, work), work)
        assert shaped is not None  # noqa: S101 - one file was given, so one was read
        (file,) = shaped.files
        given = _read(shaped)
        _refuse_lines(file)
        form = Form(
            label=file.label,
            rows=given,
            ignored=_ignored(file, table, heads),
            lines=file.lines(given["row"].to_pylist()),
        )
        form.refuse(_breaches(given, table))
        return replace(form, rows=_typed(given, table))


def _mapping(table: Table, heads: Heads) -> TableMapping:
    return TableMapping(
        files=("*",),
        sheet=heads.sheet,
        columns={
            column.name: _heads_of(column, heads)
            for column in table.columns
            if column.name not in heads.constants
        },
        codes={column: dict(codes) for column, codes in heads.codes.items()},
        constants=dict(heads.constants),
    )


def _heads_of(column: Column, heads: Heads) -> tuple[str, ...]:
    return (column.name, column.zh, *heads.names.get(column.name, ()))


def _ignored(file: Staged, table: Table, heads: Heads) -> tuple[str, ...]:
    known = {file.head(_heads_of(column, heads)) for column in table.columns}
    known |= {file.head((head,)) for c in table.columns for head in _heads_of(c, heads)}
    plain = {head.casefold() for head in known if head}
    return tuple(head for head in file.heads if head and head.casefold() not in plain)


def _read(shaped: Shaped) -> pa.Table:
    with connect() as connection:
        place = f"_at & ((1::BIGINT << {FILE_SHIFT}) - 1)"
        return to_arrow(
            connection, f"SELECT {place} AS row, * EXCLUDE (_at) FROM {shaped.rows} ORDER BY row"
        )


def _typed(given: pa.Table, table: Table) -> pa.Table:
    columns = ", ".join(
        f"CAST({name(c.name)} * 100 AS BIGINT) AS {name(c.name + '_fen')}"
        if c.kind == "money"
        else f"coalesce({name(c.name)}, {_default(c)}) AS {name(c.name)}"
        for c in table.columns
    )
    with connect() as connection:
        connection.register("given", given)
        return to_arrow(connection, f"SELECT row, {columns} FROM given ORDER BY row")


def _default(column: Column) -> str:
    return "NULL" if column.default is None else f"'{column.default}'"


def _refuse_lines(file: Staged) -> None:
    if file.rejects:
        first = file.rejects[0]
        raise DataError(
            f"{file.label}: {len(file.rejects)} lines are no rows (first: line {first.line:,},"
            f" {first.why}). Mend them."
        )


def _breaches(given: pa.Table, table: Table) -> Iterator[Breach]:
    for column in table.columns:
        wrong = given[fault(column.name)].to_pylist() if has_fault(column) else ()
        values = given[column.name].to_pylist()
        rows = given["row"].to_pylist()
        for row, value, written in zip(rows, values, wrong or values, strict=True):
            if value is None and (wrong and written is not None):
                yield _unreadable(row, column, str(written))
            elif value is None and column.required:
                what = f"empty; {_expected(column)} is needed"
                yield Breach(row=row, column=column.name, what=what, remedy="Fill it in.")
        if column.kind == "money":
            yield from _rounded(given, column)
            yield from _beyond(given, column)


def _unreadable(row: int, column: Column, written: str) -> Breach:
    return Breach(
        row=row,
        column=column.name,
        what=f"{shown(written)} cannot be taken",
        remedy=f"Write {_expected(column)}.",
    )


def _rounded(given: pa.Table, column: Column) -> Iterator[Breach]:
    finer = given[rounding(column.name)].to_pylist()
    for row, is_finer in zip(given["row"].to_pylist(), finer, strict=True):
        if is_finer:
            what = "an amount finer than a fen"
            yield Breach(row=row, column=column.name, what=what, remedy="Round it to two decimals.")


def _beyond(given: pa.Table, column: Column) -> Iterator[Breach]:
    for row, amount in zip(given["row"].to_pylist(), given[column.name].to_pylist(), strict=True):
        if amount is not None and abs(amount) >= MOST_YUAN:
            what, remedy = "ten billion yuan or more", "Write the amount in yuan."
            yield Breach(row=row, column=column.name, what=what, remedy=remedy)


def _expected(column: Column) -> str:
    if column.codes:
        return f"one of {', '.join(column.codes)}"
    return _EXPECTED.get(column.kind, "a value")
