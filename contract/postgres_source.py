"""Tables and views of PostgreSQL as a source that a mapping reads, all at one moment.

A mapping's parts name them under ``table``. Every table, column and type is looked at before the
first row is read, so what is wrong is said at once. Values arrive as text, as from a file, and are
mapped, typed and checked like those: numeric to DECIMAL(18,2), moments with a zone in local time.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal as OneOf

from contract.errors import ConfigError, DataError
from contract.mapping import Mapping, TableMapping
from contract.postgres import POSTGRES, Postgres
from contract.postgres_copy import Copied, Moment, copy_text, hold_moment
from contract.postgres_door import SQL, Composable, Connection, Identifier, Literal, plain_words
from contract.shaping import missing
from contract.staged import Staged
from contract.tables import TABLES, Kind, Table

Group = OneOf["number", "text", "day", "bool", "other"]

# Types by pg_type.typcategory; those of U, D and others that can be told are named.
_GROUPS: dict[str, Group] = {"N": "number", "S": "text", "E": "text", "B": "bool"}
_NAMED: dict[str, Group] = {
    "date": "day",
    "timestamp": "day",
    "timestamptz": "day",
    "uuid": "text",
    "char": "text",
}

# What may be read as each kind of column; the checks see to the values.
_READ_AS: dict[Kind, tuple[Group, ...]] = {
    "text": ("text", "number", "day", "bool"),
    "code": ("text", "number", "day", "bool"),
    "date": ("day", "text", "number"),
    "timestamp": ("day", "text", "number"),
    "month": ("number", "text", "day"),
    "money": ("number", "text"),
    "number": ("number", "text"),
    "integer": ("number", "text"),
    "bool": ("bool", "text", "number"),
}


@dataclass(frozen=True, kw_only=True)
class _Relation:
    """A table or view as the catalogue has it.

    Attributes:
        types: For each column the name of its type and its group.
        pages: Pages of the largest of the tables that hold its rows, when all are plain tables,
            so that rows can be found by their place; else None.
        size: Bytes of them all.
    """

    label: str
    sql: Composable
    types: dict[str, tuple[str, Group]]
    pages: int | None
    size: int


class _PostgresSource:
    """The tables of a database as they were at one moment, copied; the database is let go."""

    name = POSTGRES

    def __init__(self, moment: Moment, mapping: Mapping, work: Path) -> None:
        self._moment = moment
        self._planned: list[tuple[TableMapping, _Relation, list[str]]] = []
        self._look_at_all(mapping)
        self._staged = {
            id(part): self._copy(relation, columns, work / f"{POSTGRES}-{number}")
            for number, (part, relation, columns) in enumerate(self._planned)
        }

    def staged(self, part: TableMapping) -> tuple[Staged, ...]:
        """Return the table or view of a part."""
        return (self._staged[id(part)],)

    def _look_at_all(self, mapping: Mapping) -> None:
        """Look at every relation before the first is read, so that all faults are said at once."""
        faults: list[str] = []
        for name, parts in mapping.tables.items():
            for part in parts:
                try:
                    faults += self._look_at(TABLES[name], part)
                except DataError as wrong:
                    faults.append(str(wrong))
        if faults:
            raise DataError("\n".join(faults))

    def _look_at(self, table: Table, part: TableMapping) -> Iterator[str]:
        """Find a part's relation, and give each fault of its columns."""
        if not part.table:
            raise ConfigError(
                f"mapping: tables.{table.name} names files and no table of the database. Add"
                " table: a name, or [schema, name]."
            )
        relation = _describe(self._moment.connection, part.table)
        file = _as_file(relation, list(relation.types), "")
        yield from missing(table, part, file)
        wanted = dict(_wanted(table, part, file))
        if not wanted:
            yield f"{relation.label}: the mapping reads none of its columns. Name some."
        for column, kind in wanted.items():
            yield from self._type_faults(table, relation, column, kind)
        self._planned.append((part, relation, list(wanted)))

    def _copy(self, relation: _Relation, columns: list[str], folder: Path) -> Staged:
        copied = Copied(
            label=relation.label,
            relation=relation.sql,
            columns={f"c{i}": _as_text(relation, column) for i, column in enumerate(columns)},
            conditions=self._conditions(relation, columns[0]),
            sorted=relation.pages is None,
        )
        return _as_file(relation, columns, copy_text(self._moment, copied, folder))

    def _type_faults(
        self, table: Table, relation: _Relation, column: str, kind: Kind
    ) -> Iterator[str]:
        told, group = relation.types[column]
        if group not in _READ_AS[kind]:
            yield (
                f"{relation.label}.{column}: of type {told}, which cannot be read as {kind} for"
                f" {table.name}. Correct the mapping, or give a view that casts it."
            )
        elif told == "timestamptz" and self._moment.settings.time_zone is None:
            yield (
                f"{relation.label}.{column}: a moment with a zone; the contract's are local. Set"
                " postgres.time_zone in the config, such as Asia/Shanghai."
            )

    def _conditions(self, relation: _Relation, column: str) -> list[Composable]:
        """Part a relation into pieces of about equal size.

        A table by the places of its rows, the last piece open above. A view by a hash, once for
        each reader, since each piece reads it whole.
        """
        if relation.pages is None:
            count = self._moment.settings.readers
            text = SQL('coalesce(hashtext({}::text COLLATE "C"), 0)').format(Identifier(column))
            piece = SQL("({} & 2147483647) % {} = {}")
            return [piece.format(text, Literal(count), Literal(i)) for i in range(count)]
        count = max(1, math.ceil(relation.size / (self._moment.settings.chunk_mb * 1e6)))
        step = max(1, math.ceil(relation.pages / count))
        starts = range(0, max(relation.pages, 1), step)
        return [_between(start, None if start == starts[-1] else start + step) for start in starts]


@contextmanager
def open_database(settings: Postgres, mapping: Mapping, work: Path) -> Iterator[_PostgresSource]:
    """Copy every table that a mapping names, at one moment, and let the database go.

    Raises:
        ConfigError: The database cannot be reached, or the mapping names a table of files.
        DataError: A table or column is missing, or of a type that cannot be read; each is a line.
        MachineError: The connection is lost.
    """
    with hold_moment(settings) as moment:
        source = _PostgresSource(moment, mapping, work)
    yield source


def _as_file(relation: _Relation, columns: list[str], rows: str) -> Staged:
    return Staged(label=relation.label, heads=tuple(columns), relation=rows, lines=lambda _: {})


def _as_text(relation: _Relation, column: str) -> Composable:
    casts = {"timestamptz": "{}::timestamp", "money": "{}::numeric"}
    return SQL(casts.get(relation.types[column][0], "{}")).format(Identifier(column))


def _between(first: int, end: int | None) -> Composable:
    """Return the condition on the pages of rows."""
    from_ = SQL("ctid >= {}::tid").format(Literal(f"({first},0)"))
    if end is None:
        return from_
    return SQL("{} AND ctid < {}::tid").format(from_, Literal(f"({end},0)"))


def _wanted(table: Table, part: TableMapping, file: Staged) -> Iterator[tuple[str, Kind]]:
    """Give each column that the part reads, as the relation calls it, and what it is read as."""
    sought: list[tuple[tuple[str, ...], Kind]] = []
    for column in table.columns:
        sought.append((part.columns.get(column.name, ()), column.kind))
        sought += [(heads, "text") for heads in part.compose.get(column.name, ())]
    sought += [(drop.column, "text") for drop in part.drop.values()]
    sought += [(heads, "number") for heads in part.extra.numeric.values()]
    sought += [(heads, "text") for heads in part.extra.categorical.values()]
    for heads, kind in sought:
        found = file.column(heads)
        if found is not None:
            yield file.heads[int(found[1:])], kind


def _describe(connection: Connection, names: tuple[str, ...]) -> _Relation:
    label = ".".join(names)
    relation = Identifier(*names)
    with plain_words(f"looking at {label}"), connection.transaction():
        # A lock that keeps the table from being rebuilt, until the moment is let go.
        cursor = connection.execute(SQL("SELECT * FROM {} LIMIT 0").format(relation))
        columns = [(c.name, c.type_code) for c in cursor.description or ()]
        types = _types(connection, [oid for _, oid in columns])
        pages, size = _pages(connection, relation.as_string(connection))
    return _Relation(
        label=label,
        sql=relation,
        types={name: types[oid] for name, oid in columns},
        pages=pages,
        size=size,
    )


def _types(connection: Connection, oids: list[int]) -> dict[int, tuple[str, Group]]:
    rows = connection.execute(
        "SELECT oid, typname, typcategory::text FROM pg_type WHERE oid = ANY(%s)", (oids,)
    )
    return {
        oid: (name, _NAMED.get(name, _GROUPS.get(category, "other")))
        for oid, name, category in rows
    }


def _pages(connection: Connection, relation: str) -> tuple[int | None, int]:
    """Return the pages of the largest table below a relation and the bytes of all.

    A partitioned table has its rows in those below it; a range of pages is read of each. Rows of
    a view or of a foreign table have no place.
    """
    row = connection.execute(
        """
        WITH RECURSIVE tree AS (
            SELECT %s::regclass::oid AS oid
            UNION SELECT inhrelid FROM pg_inherits JOIN tree ON inhparent = tree.oid)
        SELECT bool_and(relkind = 'p' OR relkind IN ('r', 'm') AND amname = 'heap'),
            coalesce(max(pg_relation_size(c.oid)), 0) / current_setting('block_size')::bigint,
            coalesce(sum(pg_relation_size(c.oid)), 0)
        FROM tree JOIN pg_class AS c USING (oid) LEFT JOIN pg_am AS a ON a.oid = c.relam
        """,
        (relation,),
    ).fetchone()
    by_place, pages, size = row or (False, 0, 0)
    return (int(pages) if by_place else None), int(size)
