"""A dataset: a folder with one Parquet file, or a folder of them, per table of the contract.

Opening one checks its shape (tables, columns, stored types), never its rows; the rows are
checked by contract.checks. Nothing here knows a source system.
"""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pyarrow as pa
import pyarrow.parquet as pq

from contract import engine
from contract.errors import DataError
from contract.parquet_file import find_lie
from contract.tables import EXTRA_PREFIX, STORED_AS, TABLES, Column, Table

Extra = Literal["numeric", "categorical"]

EXTRA_STORED_AS: dict[str, Extra] = {"DOUBLE": "numeric", "VARCHAR": "categorical"}

# What an empty value of these columns becomes: contract.md, customers and payments.
FALLBACKS: dict[tuple[str, str], tuple[str, ...]] = {
    ("customers", "valid_from"): ("opened_on", "first_bill"),
    ("payments", "posted_at"): ("paid_at",),
}

ARROW_TYPES: dict[str, pa.DataType] = {
    "VARCHAR": pa.string(),
    "DATE": pa.date32(),
    "TIMESTAMP": pa.timestamp("us"),
    "INTEGER": pa.int32(),
    "DECIMAL(18,2)": pa.decimal128(18, 2),
    "DOUBLE": pa.float64(),
    "BOOLEAN": pa.bool_(),
}


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """A folder whose tables have the contract's columns and stored types.

    Attributes:
        stored: For each present table, its stored columns and their DuckDB types.
    """

    folder: Path
    stored: Mapping[str, Mapping[str, str]] = field(repr=False, compare=False)

    def has(self, table: str) -> bool:
        """Say whether the table is present."""
        return table in self.stored

    def scan(self, table: str) -> str:
        """Return a SQL FROM-expression of the contract's columns in order, then the extras.

        Absent optional columns and empty values become their default or stay empty; an absent
        optional table is a relation without rows.
        """
        return f"(SELECT {self.select(table)} FROM {self.origin(table)})"

    def select(self, table: str) -> str:
        """Return the select list of scan, to be read over origin."""
        stored = self.stored.get(table, {})
        columns = [
            f"{_expression(TABLES[table], column, stored)} AS {engine.name(column.name)}"
            for column in TABLES[table].columns
        ]
        return ", ".join(columns + [engine.name(extra) for extra in self.extras(table)])

    def origin(self, table: str, *, options: str = "") -> str:
        """Return the stored rows of a table as a FROM-expression, as they lie in its files."""
        if not self.has(table):
            return "(SELECT 1 WHERE false)"
        rows = engine_files(table_files(self.folder, table), options=options)
        if table != "customers":
            return rows
        if not self._starts_are_missing():
            return f"(SELECT *, CAST(NULL AS DATE) AS first_bill FROM {rows})"
        bills = engine_files(table_files(self.folder, "bills"))
        first = f"(SELECT customer_id, min(issued_on) AS first_bill FROM {bills} GROUP BY ALL)"
        return f"{rows} LEFT JOIN {first} USING (customer_id)"

    def extras(self, table: str) -> dict[str, Extra]:
        """Return the columns that the source added, with their prefix, and how they are read."""
        return {
            column: EXTRA_STORED_AS[kind]
            for column, kind in self.stored.get(table, {}).items()
            if column.startswith(EXTRA_PREFIX)
        }

    def fingerprint(self) -> str:
        """Return a hex digest over the bytes of every table's files, whatever the folder's name."""
        digest = hashlib.sha256()
        for table in self.stored:
            for path in table_files(self.folder, table):
                digest.update(path.relative_to(self.folder).as_posix().encode() + b"\0")
                with path.open("rb") as content:
                    digest.update(hashlib.file_digest(content, "sha256").digest())
        return digest.hexdigest()

    def _starts_are_missing(self) -> bool:
        """Say whether a start of validity may be empty, so that the first bill is needed."""
        if "valid_from" not in self.stored["customers"]:
            return True
        return any(_may_be_empty(path) for path in table_files(self.folder, "customers"))


def open_dataset(folder: Path) -> Dataset:
    """Open a dataset after checking its shape.

    Raises:
        DataError: The folder or a required table is missing, or a table has not the contract's
            columns and types; every breach is named.
    """
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder. Give the folder that simulate or import wrote.")
    breaches: list[str] = []
    stored: dict[str, Mapping[str, str]] = {}
    for table in TABLES.values():
        files = table_files(folder, table.name)
        if files:
            stored[table.name] = _stored_columns(table, files, breaches)
        elif table.required:
            breaches.append(
                f"{table.name}: missing in {folder}. "
                f"It needs {table.name}.parquet or a folder {table.name} of Parquet files."
            )
    if breaches:
        raise DataError("\n".join(breaches))
    return Dataset(folder=folder, stored=stored)


def count_rows(folder: Path, table: str) -> int:
    """Return the rows of a table of a dataset, as its files say at their ends."""
    return sum(pq.read_metadata(path).num_rows for path in table_files(folder, table))


def write_table(folder: Path, table: str, rows: pa.Table) -> Path:
    """Write a table as canonical Parquet, beside and then renamed, and return its path.

    Columns come in the contract's order and stored types, the extras after them.

    Raises:
        DataError: A column is unknown, a required one missing, or a value does not fit its type.
    """
    schema = _canonical_schema(TABLES[table], rows)
    try:
        canonical = rows.select(schema.names).cast(schema)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as fault:
        raise DataError(f"{table}: a value does not fit its column ({fault}).") from fault
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{table}.parquet"
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    pq.write_table(canonical, beside, compression="zstd")
    beside.replace(path)
    return path


def table_files(folder: Path, table: str) -> tuple[Path, ...]:
    """Return the files of a table in a fixed order: one file, or the folder's parts by name."""
    single = folder / f"{table}.parquet"
    if single.is_file():
        return (single,)
    return tuple(sorted((folder / table).glob("*.parquet")))


def engine_files(files: tuple[Path, ...], *, options: str = "") -> str:
    """Return a SQL table function that reads these Parquet files, names taken literally."""
    # The engine takes [, * and ? in a path as a pattern; a bracket makes each literal.
    literal = (
        engine.text("".join(f"[{c}]" if c in "[*?" else c for c in str(path))) for path in files
    )
    return f"read_parquet([{', '.join(literal)}], hive_partitioning=false{options})"


def _stored_columns(
    table: Table, files: tuple[Path, ...], breaches: list[str]
) -> Mapping[str, str]:
    with engine.connect(threads=1) as connection:
        parts = {path: _describe(connection, path, breaches) for path in files}
    first, columns = next(iter(parts.items()))
    for path, part in parts.items():
        if columns and part and part != columns:
            breaches.append(
                f"{table.name}: {path.name} has other columns or types than {first.name}. "
                "Write all parts alike."
            )
    if columns:
        breaches.extend(_shape_breaches(table, columns))
    return columns


def _describe(connection: engine.Connection, path: Path, breaches: list[str]) -> dict[str, str]:
    try:
        rows = connection.execute(f"DESCRIBE SELECT * FROM {engine_files((path,))}").fetchall()
    except engine.EngineError:
        breaches.append(f"{path.name}: cannot be read as Parquet. Import or simulate it again.")
        return {}
    if lie := find_lie(path):
        breaches.append(f"{path.name}: {lie}. Import or simulate it again.")
        return {}
    return {row[0]: row[1] for row in rows}


def _shape_breaches(table: Table, stored: Mapping[str, str]) -> list[str]:
    breaches = [
        f"{table.name}.{column.name}: the column is missing. Map a source column onto it."
        for column in table.columns
        if column.required and column.name not in stored
    ]
    kinds = {column.name: STORED_AS[column.kind] for column in table.columns}
    for name, kind in stored.items():
        if name.startswith(EXTRA_PREFIX):
            if kind not in EXTRA_STORED_AS:
                breaches.append(
                    f"{table.name}.{name}: stored as {kind}; "
                    "an extra column is DOUBLE or VARCHAR. Cast it."
                )
        elif name not in kinds:
            breaches.append(
                f"{table.name}.{name}: not a column of the contract. "
                f"Name it {EXTRA_PREFIX}{name} or drop it."
            )
        elif kinds[name] != kind:
            breaches.append(
                f"{table.name}.{name}: stored as {kind}; expected {kinds[name]}. Cast it."
            )
    return breaches


def _expression(table: Table, column: Column, stored: Mapping[str, str]) -> str:
    kind = STORED_AS[column.kind]
    options = [column.name, *FALLBACKS.get((table.name, column.name), ())]
    known = [engine.name(o) for o in options if o in stored or (o == "first_bill" and stored)]
    if column.default is not None:
        known.append(f"CAST({engine.text(column.default)} AS {kind})")
    if not known:
        return f"CAST(NULL AS {kind})"
    return known[0] if len(known) == 1 else f"coalesce({', '.join(known)})"


def _may_be_empty(path: Path) -> bool:
    """Say whether a file's customers may have an empty valid_from, by its statistics alone."""
    metadata = pq.read_metadata(path)
    index = metadata.schema.to_arrow_schema().get_field_index("valid_from")
    groups = (metadata.row_group(g).column(index) for g in range(metadata.num_row_groups))
    statistics = [group.statistics for group in groups]
    return any(s is None or not s.has_null_count or s.null_count > 0 for s in statistics)


def _canonical_schema(table: Table, rows: pa.Table) -> pa.Schema:
    unknown = [
        name
        for name in rows.column_names
        if name not in table.names() and not name.startswith(EXTRA_PREFIX)
    ]
    missing = [c.name for c in table.columns if c.required and c.name not in rows.column_names]
    if unknown or missing:
        raise DataError(
            f"{table.name}: columns {', '.join(unknown) or 'none'} are not in the contract and "
            f"{', '.join(missing) or 'none'} of the required are missing."
        )
    fields = [
        pa.field(column.name, ARROW_TYPES[STORED_AS[column.kind]])
        for column in table.columns
        if column.name in rows.column_names
    ]
    extras = [
        pa.field(f.name, pa.float64() if _is_numeric(f.type) else pa.string())
        for f in rows.schema
        if f.name.startswith(EXTRA_PREFIX)
    ]
    return pa.schema(fields + extras)


def _is_numeric(kind: pa.DataType) -> bool:
    types = pa.types
    return bool(types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind))
