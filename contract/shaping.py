"""Turning the files of one table into typed rows that still know where they came from.

A shaped row has the table's columns and extras as far as they can be read, each written value
that cannot (``!column``, see contract.rule), its place ``_at`` and, when the mapping leaves it
out, the name of the reason in ``_drop``. Defaults are not filled in here: an empty value must
not look like a written one before it is checked.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from contract import engine
from contract.breach import FILE_SHIFT
from contract.dataset import EXTRA_STORED_AS, Extra, engine_files
from contract.errors import DataError
from contract.mapping import TableMapping
from contract.rule import fault, has_fault, rounding
from contract.source import Readable
from contract.staged import Staged
from contract.tables import EXTRA_PREFIX, STORED_AS, Column, Table
from contract.values import cleaned, is_rounded, read_as, read_number, recoded

_EXTRA_TYPES: dict[Extra, str] = {kind: stored for stored, kind in EXTRA_STORED_AS.items()}


@dataclass(frozen=True, kw_only=True)
class Shaped:
    """One table's rows in a temporary Parquet file.

    Attributes:
        files: The source files; a row's ``_at`` holds the position in this list.
        rows: A SQL FROM-expression of the shaped rows.
        extras: The further columns, with their prefix.
        absent: Optional columns that the mapping names and no file has.
        distinct: Positions of the files whose rows count once when they agree.
    """

    table: Table
    files: tuple[Staged, ...]
    rows: str
    extras: dict[str, Extra] = field(default_factory=dict)
    absent: tuple[str, ...] = ()
    distinct: tuple[int, ...] = ()


def shape_table(
    table: Table, parts: tuple[TableMapping, ...], source: Readable, work: Path
) -> Shaped | None:
    """Read and type all rows of a table; None when it is optional and the source has no file.

    Args:
        table: The table to fill.
        parts: Its mapping, one part for each kind of source file.
        source: Where the files are.
        work: A folder for temporary files.

    Raises:
        DataError: A file is missing, unreadable or damaged, or has no column for a required one.
    """
    read = [(part, file) for part in parts for file in source.staged(part)]
    if not read:
        if table.required:
            sought = ", ".join(pattern for part in parts for pattern in part.files)
            raise DataError(
                f"{table.name}: no file in {source.name} is called {sought}. "
                "Add it, or correct files in the mapping."
            )
        return None
    faults = [fault for part, file in read for fault in missing(table, part, file)]
    if faults:
        raise DataError("\n".join(faults))
    extras = _extras(parts)
    selects = [_select(table, part, file, i, extras) for i, (part, file) in enumerate(read)]
    path = work / f"{table.name}.shaped.parquet"
    try:
        _store(selects, path)
    except engine.EngineError as fault:
        _name_damaged(read, fault)
        raise
    return Shaped(
        table=table,
        files=tuple(file for _, file in read),
        rows=engine_files((path,)),
        extras=extras,
        absent=_absent(table, read),
        distinct=tuple(i for i, (part, _) in enumerate(read) if part.distinct),
    )


def _store(selects: list[str], path: Path) -> None:
    """Write the rows in the order of their places; several threads alone do not keep it."""
    with engine.connect(spill=path.parent) as connection:
        connection.execute("SET preserve_insertion_order = true")
        connection.execute(
            f"COPY (SELECT * FROM ({' UNION ALL '.join(selects)}) ORDER BY _at) "
            f"TO {engine.text(path)} (FORMAT parquet)"
        )


def _name_damaged(read: list[tuple[TableMapping, Staged]], fault: Exception) -> None:
    """Raise a DataError that names the first file whose rows cannot be read to their end."""
    for _, file in read:
        try:
            with engine.connect(threads=1) as connection:
                connection.execute(f"SELECT bit_xor(hash(COLUMNS(*))) FROM {file.relation}")
        except engine.EngineError:
            raise DataError(
                f"{file.label}: damaged, its rows cannot be read. Export it again, or copy it once"
                " more."
            ) from fault


def missing(table: Table, part: TableMapping, file: Staged) -> Iterator[str]:
    """Say of each head that must be there and is not what was looked for and found."""
    sought = [
        (f"{table.name}.{column.name}", part.columns.get(column.name, ()))
        for column in table.columns
        if column.required and column.name not in part.constants and not _source(part, file, column)
    ]
    sought += [
        (f"the rule {rule}", drop.column)
        for rule, drop in part.drop.items()
        if file.head(drop.column) is None
    ]
    has = ", ".join(head for head in file.heads if head)
    for what, heads in sought:
        yield (
            f"{file.label}: no column for {what}; looked for {' or '.join(heads)}, found {has}. "
            "Correct the mapping (columns, header_row) or the export."
        )


def _source(part: TableMapping, file: Staged, column: Column) -> tuple[str, ...]:
    """Return the file's columns that make up a contract column; none when it has them not all."""
    single = file.column(part.columns.get(column.name, ()))
    if single is not None:
        return (single,)
    pieces = [file.column(heads) for heads in part.compose.get(column.name, ())]
    return tuple(piece for piece in pieces if piece) if None not in pieces else ()


def _absent(table: Table, read: list[tuple[TableMapping, Staged]]) -> tuple[str, ...]:
    return tuple(
        column.name
        for column in table.columns
        if any(column.name in part.columns for part, _ in read)
        and not any(_source(part, file, column) for part, file in read)
    )


def _extras(parts: tuple[TableMapping, ...]) -> dict[str, Extra]:
    extras: dict[str, Extra] = {}
    for part in parts:
        extras |= {EXTRA_PREFIX + name: "numeric" for name in part.extra.numeric}
        extras |= {EXTRA_PREFIX + name: "categorical" for name in part.extra.categorical}
    return extras


def _select(
    table: Table, part: TableMapping, file: Staged, position: int, extras: dict[str, Extra]
) -> str:
    """Return the query that shapes one file's rows."""
    texts = {column.name: _text(part, file, column) for column in table.columns}
    heads = part.extra.numeric | part.extra.categorical
    for extra in extras:
        found = file.column(heads.get(extra.removeprefix(EXTRA_PREFIX), ()))
        texts[extra] = cleaned(found, part.empty) if found else "CAST(NULL AS VARCHAR)"
    inner = ", ".join(f"{sql} AS {engine.name('=' + name)}" for name, sql in texts.items())
    outer = [sql for column in table.columns for sql in _typed(column, part, file)]
    outer += [sql for extra, kind in extras.items() for sql in _typed_extra(extra, kind)]
    return (
        f"(SELECT {', '.join(outer)}, _at, _drop FROM (SELECT {inner}, "
        f"({position}::BIGINT << {FILE_SHIFT}) + file_row_number + 1 AS _at, "
        f"{_drop(part, file)} AS _drop FROM {file.relation}))"
    )


def _text(part: TableMapping, file: Staged, column: Column) -> str:
    """Return SQL for the written value of a contract column."""
    if column.name in part.constants:
        return engine.text(part.constants[column.name])
    pieces = [cleaned(piece, part.empty) for piece in _source(part, file, column)]
    if len(pieces) > 1:
        return f"nullif(concat_ws('-', {', '.join(pieces)}), '')"
    return pieces[0] if pieces else "CAST(NULL AS VARCHAR)"


def _typed(column: Column, part: TableMapping, file: Staged) -> Iterator[str]:
    written = engine.name("=" + column.name)
    value = recoded(written, part.codes.get(column.name, {}))
    shift = part.shift_days.get(file.head(part.columns.get(column.name, ())) or "", 0)
    read = read_as(column, value, part.formats(column.name), shift)
    yield f"CAST({read} AS {STORED_AS[column.kind]}) AS {engine.name(column.name)}"
    if has_fault(column):
        yield _fault(column.name)
    if column.kind == "money":
        yield f"{is_rounded(written)} AS {engine.name(rounding(column.name))}"


def _typed_extra(extra: str, kind: Extra) -> Iterator[str]:
    written = engine.name("=" + extra)
    read = read_number(written) if kind == "numeric" else written
    yield f"CAST({read} AS {_EXTRA_TYPES[kind]}) AS {engine.name(extra)}"
    yield _fault(extra)


def _fault(column: str) -> str:
    read, written = engine.name(column), engine.name("=" + column)
    return f"CASE WHEN {read} IS NULL THEN {written} END AS {engine.name(fault(column))}"


def _drop(part: TableMapping, file: Staged) -> str:
    """Return SQL for the name of the first reason to leave a row out, or NULL."""
    cases = []
    for rule, drop in part.drop.items():
        value = cleaned(str(file.column(drop.column)), part.empty)
        tests = [_matches(value, pattern) for pattern in drop.values]
        cases.append(f"WHEN {' OR '.join(tests)} THEN {engine.text(rule)}")
    return f"CASE {' '.join(cases)} END" if cases else "CAST(NULL AS VARCHAR)"


def _matches(value: str, pattern: str) -> str:
    if not pattern:
        return f"{value} IS NULL"
    if pattern.endswith("*"):
        return f"starts_with({value}, {engine.text(pattern[:-1])})"
    return f"{value} = {engine.text(pattern)}"
