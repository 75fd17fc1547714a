"""What a mapping may say, as frozen models that refuse an unknown key or a wrong name."""

import difflib
import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, model_validator

from contract.staged import Encoding, Layout
from contract.tables import TABLES, Column, Table

# The days and moments that need no format because they cannot be read in two ways.
PLAIN_DATES = (
    "%Y-%m-%d",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%d %H:%M:%S.%f",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%dT%H:%M:%S",
    "%Y/%m/%d",
    "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d %H:%M",
    "%Y%m%d",
    "%Y%m%d%H%M%S",
    "%Y年%m月%d日",
)
EXCEL_SERIAL = "excel"

_MOST_LINES = 1_048_576  # of a sheet; nobody writes a million lines above the heads

_EXTRA_NAME = re.compile(r"[a-z][a-z0-9_]*")
_DIRECTIVES = re.compile(r"%(.)")


def _as_tuple(value: object) -> object:
    return value if isinstance(value, list | tuple) else (value,)


# One word or a list of them.
Words = Annotated[tuple[str, ...], BeforeValidator(_as_tuple)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Drop(_Part):
    """Rows to leave out, counted and reported: those whose source column has one of the values.

    Attributes:
        column: The source's heads; the first that is present counts.
        values: Exact values; ``8*`` means any that begins with 8, an empty text means no value.
    """

    column: Words
    values: Words


class Extras(_Part):
    """Source columns beyond the contract that features may use, as x_<name>: <head>."""

    numeric: dict[str, Words] = {}
    categorical: dict[str, Words] = {}


class TableMapping(_Part):
    """How one kind of source file becomes rows of one table.

    Attributes:
        files: Patterns of file names below the source; all that match are read.
        table: A table or view of PostgreSQL, where that is the source: its name, or schema and
            name.
        sheet: The sheet of a workbook.
        header_row: The line of the column heads, from 1.
        columns: For each contract column the source's heads; the first that is present counts.
        compose: Columns made of several source columns, joined by ``-``, where a file has none
            of the heads in columns.
        constants: Columns that have one value throughout.
        codes: For each column the contract's value for each of the source's; ``20*`` means any
            that begins with 20, and the longest match counts.
        dates: Formats for each column, or for all (strptime, or ``excel`` for serial numbers).
        shift_days: For a source head the days to add, such as -1 from the first day of penalty
            to due_on.
        empty: Values that stand for none, such as 99991231.
        drop: Named reasons to leave rows out.
        extra: Further columns of customers and bills.
        distinct: Count rows once that agree in every mapped column.
    """

    files: Words = ()
    table: Words = ()
    sheet: str | None = None
    header_row: int = 1
    encoding: Encoding = "auto"
    delimiter: str | None = None
    columns: dict[str, Words] = {}
    compose: dict[str, tuple[Words, ...]] = {}
    constants: dict[str, str] = {}
    codes: dict[str, dict[str, str]] = {}
    dates: dict[str, Words] | tuple[str, ...] = ()
    shift_days: dict[str, int] = {}
    empty: Words = ()
    drop: dict[str, Drop] = {}
    extra: Extras = Extras()
    distinct: bool = False

    @property
    def layout(self) -> Layout:
        """How rows lie in the files."""
        return Layout(
            header_row=self.header_row,
            sheet=self.sheet,
            encoding=self.encoding,
            delimiter=self.delimiter,
        )

    def formats(self, column: str) -> tuple[str, ...]:
        """Return the date formats of a column, in the order in which they are tried."""
        if isinstance(self.dates, dict):
            return self.dates.get(column, PLAIN_DATES)
        return self.dates or PLAIN_DATES


Tables = dict[
    Literal[
        "customers",
        "identities",
        "bills",
        "payments",
        "contacts",
        "events",
        "balances",
        "disconnections",
    ],
    Annotated[tuple[TableMapping, ...], BeforeValidator(_as_tuple)],
]


class Mapping(_Part):
    """A whole mapping: for each table one or more kinds of source file.

    Attributes:
        name: The preset's name, or the file's.
        description: What source it is for.
    """

    name: str
    description: str = ""
    tables: Tables

    @model_validator(mode="after")
    def _check(self) -> "Mapping":
        faults = [
            fault
            for table, parts in self.tables.items()
            for i, part in enumerate(parts)
            for fault in _faults(
                TABLES[table], part, f"tables.{table}.{i}" if len(parts) > 1 else f"tables.{table}"
            )
        ]
        faults += [
            f"tables.{table.name} is missing; the contract requires it"
            for table in TABLES.values()
            if table.required and table.name not in self.tables
        ]
        if faults:
            raise ValueError("\n".join(faults))
        return self


def _faults(table: Table, part: TableMapping, path: str) -> Iterator[str]:
    """Give each thing that the shape of the YAML allows and the contract does not."""
    if not part.files and not part.table:
        yield f"{path}.files is missing"
        return
    for key in ("columns", "compose", "constants", "codes"):
        yield from _unknown_columns(table, getattr(part, key), f"{path}.{key}")
    if isinstance(part.dates, dict):
        yield from _unknown_columns(table, part.dates, f"{path}.dates")
    yield from _file_faults(part, path)
    yield from _column_faults(table, part, path)
    yield from _format_faults(part, path)
    yield from _extra_faults(table, part, path)


def _unknown_columns(table: Table, given: Any, path: str) -> Iterator[str]:
    for column in given:
        if column not in table.names():
            near = difflib.get_close_matches(column, table.names(), n=1)
            hint = f"; perhaps {near[0]}" if near else ""
            yield f"{path}.{column} is not a column of {table.name}{hint}"


def _file_faults(part: TableMapping, path: str) -> Iterator[str]:
    if len(part.table) > 2 or not all(part.table):
        yield f"{path}.table must be a name, or a schema and a name"
    for pattern in part.files:
        if (
            not pattern
            or PurePosixPath(pattern).is_absolute()
            or ".." in re.split(r"[/\\]", pattern)
        ):
            yield f"{path}.files must name files below the source, not {pattern!r}"
        if any("**" in step and step != "**" for step in pattern.split("/")) or "\0" in pattern:
            yield f"{path}.files has {pattern!r}; ** stands for folders, alone between two /"
    if not 1 <= part.header_row <= _MOST_LINES:
        yield f"{path}.header_row is {part.header_row}; expected 1 to {_MOST_LINES:,}"
    if part.delimiter is not None and len(part.delimiter) != 1:
        yield f"{path}.delimiter must be one character"


def _column_faults(table: Table, part: TableMapping, path: str) -> Iterator[str]:
    for column in table.columns:
        read = column.name in part.columns or column.name in part.compose
        if read and column.name in part.constants:
            yield f"{path}.constants.{column.name} is given by source columns too; keep one"
        if column.required and not read and column.name not in part.constants:
            yield f"{path}.columns.{column.name} is missing; the contract requires it"
        for code, value in part.codes.get(column.name, {}).items():
            yield from _code_faults(column, code, value, f"{path}.codes.{column.name}.{code}")
        constant = part.constants.get(column.name)
        if column.kind == "code" and constant is not None and constant not in column.codes:
            yield f"{path}.constants.{column.name} is {constant}; expected {_any_of(column.codes)}"
    days = {c.name for c in table.columns if c.kind in ("date", "timestamp")}
    heads = {head for name in days for head in part.columns.get(name, ())}
    for head in part.shift_days:
        if head not in heads:
            yield f"{path}.shift_days.{head} is not the head of a day in columns"


def _code_faults(column: Column, code: str, value: str, path: str) -> Iterator[str]:
    allowed = {"code": column.codes, "bool": ("true", "false")}.get(column.kind)
    if allowed is not None and value not in allowed:
        yield f"{path} is {value}; expected {_any_of(allowed)}"
    if "*" in code[:-1]:
        yield f"{path} may have * at its end only"


def _any_of(values: tuple[str, ...]) -> str:
    return f"one of {', '.join(values)}"


def _format_faults(part: TableMapping, path: str) -> Iterator[str]:
    by_column = part.dates if isinstance(part.dates, dict) else {"": part.dates}
    for column, formats in by_column.items():
        where = f"{path}.dates.{column}".rstrip(".")
        for form in formats:
            used = set(_DIRECTIVES.findall(form))
            if form == EXCEL_SERIAL or (column == "cycle" and {"Y", "m"} <= used):
                continue
            if not ({"Y", "m", "d"} <= used <= set("YmdHMSfpI%")):
                yield f"{where} has {form!r}; expected {EXCEL_SERIAL} or a form such as %Y%m%d"


def _extra_faults(table: Table, part: TableMapping, path: str) -> Iterator[str]:
    names = [*part.extra.numeric, *part.extra.categorical]
    if names and table.name not in ("customers", "bills"):
        yield f"{path}.extra is for customers and bills only"
    for name in names:
        if not _EXTRA_NAME.fullmatch(name) or names.count(name) > 1:
            yield f"{path}.extra.{name} must be lower-case letters, digits and _, and stand once"
