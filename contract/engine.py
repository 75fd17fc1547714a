"""The one door to DuckDB: connections with bounds, and quoting for composed SQL.

No other module imports duckdb, so a change of its Python API is met here alone.
"""

from pathlib import Path
from typing import Any

import duckdb  # noqa: TID251 - this is the door
import pyarrow as pa

Connection = duckdb.DuckDBPyConnection
EngineError = duckdb.Error


def connect(
    *,
    threads: int | None = None,
    memory_limit: str = "4GB",
    spill: Path | None = None,
    ordered: bool = False,
    within: Path | None = None,
) -> Connection:
    """Open an in-memory database whose memory and spill are bounded.

    Without bounds a runaway spill once took a whole disk (docs/decisions/0001).

    Args:
        threads: Worker threads; None leaves DuckDB's own choice (all cores).
        memory_limit: DuckDB's limit on its buffers, such as ``4GB``.
        spill: Folder for temporary files; None forbids spilling.
        ordered: Keep rows in the order in which a query gives them, wherever they go.
        within: The one folder whose files statements may reach, for SQL that a user wrote; no
            setting can be changed afterwards. None leaves every file within reach.
    """
    settings: dict[str, Any] = {
        "memory_limit": memory_limit,
        "preserve_insertion_order": ordered,
        # Nothing is ever fetched, and nothing is loaded that DuckDB did not ship with.
        "autoinstall_known_extensions": False,
        "allow_community_extensions": False,
    }
    if threads is not None:
        settings["threads"] = threads
    if spill is None:
        settings["max_temp_directory_size"] = "0KB"
    else:
        settings["temp_directory"] = str(spill)
        settings["max_temp_directory_size"] = "20GB"
    connection = duckdb.connect(config=settings)
    # Progress is shown by the step that runs, not by each statement. In a notebook without
    # ipywidgets the bar is off already, and may not even be told so.
    shown = connection.execute("SELECT current_setting('enable_progress_bar')").fetchall()
    if shown[0][0]:
        connection.execute("SET enable_progress_bar = false")
    if within is not None:
        _confine(connection, within)
    return connection


def _confine(connection: Connection, folder: Path) -> None:
    # A path is compared as it is written: both ways of writing it are allowed.
    places = ", ".join(text(place) for place in {str(folder), str(folder.resolve())})
    connection.execute(f"SET allowed_directories = [{places}]")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")


def to_arrow(connection: Connection, sql: str) -> pa.Table:
    """Run a query and return its rows as an Arrow table."""
    return connection.sql(sql).to_arrow_table()


def name(identifier: str) -> str:
    """Quote a table or column name.

    >>> name('a"b')
    '"a""b"'
    """
    return '"' + identifier.replace('"', '""') + '"'


def text(value: object) -> str:
    """Quote a value as a SQL text literal.

    >>> text("it's")
    "'it''s'"
    """
    return "'" + str(value).replace("'", "''") + "'"
