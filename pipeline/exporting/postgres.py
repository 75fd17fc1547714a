"""Writing a run to PostgreSQL: all of it in one transaction, once.

The schema is made when it is missing. A run that is there stays as it is: exported again it
changes nothing, and under its id nothing else is taken.
"""

import json
from contextlib import closing
from pathlib import Path

from contract import engine
from contract.errors import ConfigError, DataError
from contract.postgres import Postgres
from contract.postgres_door import SQL, Connection, Identifier, Literal, connect, plain_words
from pipeline.exporting.tables import LIST, PLAN, REASONS, SCORES, Column, Exported, Kind, Table

# Raised when a table changes; an older schema is left alone and named.
SCHEMA_VERSION = 1

_TYPES: dict[Kind, str] = {
    "text": "text",
    "integer": "integer",
    "bigint": "bigint",
    "date": "date",
    "money": "numeric(18,2)",
    "number": "double precision",
    "flag": "boolean",
    "codes": "text[]",
}
# The columns of each table, and what makes a row one of its kind within a run.
_TABLES: dict[str, tuple[tuple[Column, ...], str]] = {
    "list_rows": (LIST, "rank"),
    "scores": ((*SCORES, *REASONS), "bill_id"),
    "plan_rows": (PLAN, "customer_id"),
}
_VIEWS = {"current_list": ("list_rows", "list"), "current_plan": ("plan_rows", "plan")}
_CHUNK = 1 << 20


def export_postgres(exported: Exported, settings: Postgres, work: Path) -> bool:
    """Write a run; return False when it was there already.

    Args:
        exported: The run or plan.
        settings: The database and the schema in it.
        work: A folder for temporary files.

    Raises:
        ConfigError: The database cannot be reached, its user may not write, or the schema is of
            another version.
        DataError: The run is there with other content.
        MachineError: The connection is lost; nothing of the run is there.
    """
    schema = settings.list_schema
    with (
        closing(connect(settings)) as connection,
        plain_words(f"writing {exported.run} to {schema}"),
        connection.transaction(),
    ):
        connection.execute("SELECT set_config('statement_timeout', '0', true)")
        # One export at a time in a schema: two of one run would both find it missing.
        connection.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", (f"duewatch {schema}",))
        _prepare(connection, schema)
        if _is_there(connection, schema, exported):
            return False
        for table in exported.tables:
            _write(connection, schema, exported.run, table, work)
        _enter(connection, schema, exported)
    return True


def _prepare(connection: Connection, schema: str) -> None:
    """Make the schema and its tables, or see that those there are ours."""
    version = Identifier(schema, "schema_version")
    there = connection.execute("SELECT to_regclass(%s)", (version.as_string(connection),))
    if _first(there.fetchone()) is None:
        _make(connection, schema)
        return
    found = connection.execute(SQL("SELECT max(version) FROM {}").format(version)).fetchone()
    if _first(found) != SCHEMA_VERSION:
        raise ConfigError(
            f"PostgreSQL: the schema {schema} has version {_first(found)} of duewatch's tables, and"
            f" this duewatch writes version {SCHEMA_VERSION}. Give another --schema."
        )


def _make(connection: Connection, schema: str) -> None:
    place = Identifier(schema)
    # IF NOT EXISTS would ask for the right to make schemas even where there is one.
    known = connection.execute("SELECT to_regnamespace(%s)", (place.as_string(connection),))
    if _first(known.fetchone()) is None:
        connection.execute(SQL("CREATE SCHEMA {}").format(place))
    connection.execute(
        SQL("CREATE TABLE {} AS SELECT {} AS version").format(
            Identifier(schema, "schema_version"), SCHEMA_VERSION
        )
    )
    connection.execute(
        SQL(
            "CREATE TABLE {} (run_id text PRIMARY KEY, kind text NOT NULL, as_of date NOT NULL,"
            " exported bigint GENERATED ALWAYS AS IDENTITY,"
            " exported_at timestamptz NOT NULL DEFAULT now(), digest text NOT NULL,"
            " row_counts jsonb NOT NULL, manifest jsonb NOT NULL)"
        ).format(Identifier(schema, "runs"))
    )
    for name, (columns, key) in _TABLES.items():
        typed = [SQL("{} {}").format(Identifier(c.name), SQL(_TYPES[c.kind])) for c in columns]
        connection.execute(
            SQL("CREATE TABLE {} (run_id text NOT NULL, {}, PRIMARY KEY (run_id, {}))").format(
                Identifier(schema, name), SQL(", ").join(typed), Identifier(key)
            )
        )
    for view, (name, kind) in _VIEWS.items():
        connection.execute(
            SQL(
                "CREATE VIEW {} AS SELECT * FROM {} WHERE run_id = (SELECT run_id FROM {}"
                " WHERE kind = {} ORDER BY as_of DESC, exported DESC LIMIT 1)"
            ).format(
                Identifier(schema, view), Identifier(schema, name), Identifier(schema, "runs"), kind
            )
        )


def _is_there(connection: Connection, schema: str, exported: Exported) -> bool:
    found = connection.execute(
        SQL("SELECT digest FROM {} WHERE run_id = {}").format(
            Identifier(schema, "runs"), exported.run
        )
    ).fetchone()
    if found and _first(found) != exported.digest:
        raise DataError(
            f"{exported.run}: the schema {schema} has a run of this id with other content. A list"
            " that is out is never changed: give the folder it came from, or another --schema."
        )
    return found is not None


def _write(connection: Connection, schema: str, run: str, table: Table, work: Path) -> None:
    """Stream a table's rows in by way of a file, so that they never stand in memory."""
    path = work / f"{table.name}.csv"
    columns = ", ".join(_as_text(column) for column in table.columns)
    texts = ", ".join(engine.name(c.name) for c in table.columns if c.kind in {"text", "codes"})
    with engine.connect(spill=work, ordered=True) as database:
        database.execute(
            f"COPY (SELECT {engine.text(run)} AS run_id, {columns} FROM ({table.select()}))"
            f" TO {engine.text(path)} (FORMAT csv, HEADER false, FORCE_QUOTE (run_id, {texts}))"
        )
    into = SQL("COPY {} (run_id, {}) FROM STDIN (FORMAT csv)").format(
        Identifier(schema, table.name),
        SQL(", ").join(Identifier(column.name) for column in table.columns),
    )
    with path.open("rb") as file, connection.cursor().copy(into) as stream:
        while chunk := file.read(_CHUNK):
            stream.write(chunk)
    path.unlink()


def _as_text(column: Column) -> str:
    """Return SQL for a value as COPY reads it; several codes as an array's literal."""
    name = engine.name(column.name)
    if column.kind != "codes":
        return name
    escaped = r"""replace(replace(code, '\', '\\'), '"', '\"')"""
    quoted = f"""list_transform({name}, lambda code: '"' || {escaped} || '"')"""
    return f"'{{' || array_to_string({quoted}, ',') || '}}' AS {name}"


def _enter(connection: Connection, schema: str, exported: Exported) -> None:
    """Enter the run, last."""
    counts = {}
    for table in exported.tables:
        counted = SQL("SELECT count(*) FROM {} WHERE run_id = {}").format(
            Identifier(schema, table.name), exported.run
        )
        counts[table.name] = _first(connection.execute(counted).fetchone())
    values = (
        exported.run,
        exported.kind,
        exported.as_of,
        exported.digest,
        json.dumps(counts),
        json.dumps(exported.manifest, ensure_ascii=False),
    )
    connection.execute(
        SQL(
            "INSERT INTO {} (run_id, kind, as_of, digest, row_counts, manifest) VALUES ({})"
        ).format(Identifier(schema, "runs"), SQL(", ").join(map(Literal, values)))
    )


def _first(row: tuple[object, ...] | None) -> object:
    return row[0] if row else None
