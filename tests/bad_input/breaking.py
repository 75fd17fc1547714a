"""How good input is broken: each function gives a step that spoils a file below the case's folder.

The files are hard links to a world that all cases share, so a step writes a new file and never
into an old one.
"""

import json
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from contract import engine

Step = Callable[[Path], object]


def put(path: str, content: str | bytes) -> Step:
    """Write a file in place of whatever is there."""

    def step(here):
        place = fresh(here, path)
        place.write_bytes(content.encode() if isinstance(content, str) else content)

    return step


def changed(path: str, change: Callable[[bytes], bytes]) -> Step:
    """Replace a file by what becomes of its bytes."""

    def step(here):
        put(path, change((here / path).read_bytes()))(here)

    return step


def cut(path: str, keep: float) -> Step:
    """Keep the first part of a file."""
    return changed(path, lambda content: content[: int(len(content) * keep)])


def flipped(path: str, at: float) -> Step:
    """Turn around the bits of 64 bytes."""

    def change(content):
        begin = int(len(content) * at)
        turned = bytes(byte ^ 0xFF for byte in content[begin : begin + 64])
        return content[:begin] + turned + content[begin + len(turned) :]

    return changed(path, change)


def replaced(path: str, old: str, new: str) -> Step:
    """Replace a text that the file must hold."""

    def change(content):
        text = content.decode()
        assert old in text, f"{path} holds no {old}"
        return text.replace(old, new).encode()

    return changed(path, change)


def gone(path: str) -> Step:
    return lambda here: (here / path).unlink()


def folder(path: str) -> Step:
    """Make a folder where a file was, or where nothing was."""

    def step(here):
        (here / path).unlink(missing_ok=True)
        (here / path).mkdir(parents=True)

    return step


def link(path: str, to: str) -> Step:
    return lambda here: fresh(here, path).symlink_to(to)


def values(path: str, change: Callable[[Any], Any]) -> Step:
    """Change the value of a JSON file in place, or give another one."""

    def turned(content):
        value = json.loads(content)
        other = change(value)
        return json.dumps(value if other is None else other, ensure_ascii=False).encode()

    return changed(path, turned)


def rows(table: str, select: str, *, where: str = "true", within: str = "data") -> Step:
    """Write a table anew as a SELECT list over its rows; ``n`` is their number, ``t`` the table."""

    def step(here):
        place = here / within / f"{table}.parquet"
        with engine.connect(threads=1, ordered=True) as connection:
            made = engine.to_arrow(
                connection,
                f"""WITH t AS (FROM read_parquet({engine.text(place)}, file_row_number=true))
                SELECT {select} FROM (SELECT * EXCLUDE (file_row_number), file_row_number + 1 AS n
                    FROM t) WHERE {where}""",
            )
        place.unlink()
        pq.write_table(made.drop_columns([c for c in ("n",) if c in made.column_names]), place)

    return step


def first(table: str, **given: str) -> Step:
    """Give the first row of a table other values, as SQL."""
    changes = ", ".join(
        f"CASE WHEN n = 1 THEN {value} ELSE {engine.name(column)} END AS {engine.name(column)}"
        for column, value in given.items()
    )
    return rows(table, f"* REPLACE ({changes})")


def recast(table: str, column: str, to: str) -> Step:
    """Store a column as another type."""
    return rows(table, f"* REPLACE (CAST({engine.name(column)} AS {to}) AS {engine.name(column)})")


def twin(table: str, column: str) -> Step:
    """Let a table have a column twice."""

    def step(here):
        place = here / "data" / f"{table}.parquet"
        whole = pq.read_table(place)
        doubled = pa.Table.from_arrays(
            [*whole.columns, whole[column]], names=[*whole.column_names, column]
        )
        place.unlink()
        pq.write_table(doubled, place)

    return step


def parquet(path: str, **columns: Any) -> Step:
    """Write a Parquet file of these columns."""
    return lambda here: pq.write_table(pa.table(columns), fresh(here, path))


def registry(change: Callable[[Path], object] = lambda _: None) -> Step:
    """Give the case a registry of its own, and change the folder of its one model."""

    def step(here):
        settings = yaml.safe_load((here / "run.yaml").read_text("utf-8"))
        shared = settings["tracking"]["folder"]
        shutil.copytree(shared, here / "mlruns")
        _readdress(here / "mlruns" / "mlflow.db", shared, str(here / "mlruns"))
        settings["tracking"]["folder"] = "mlruns"
        put("run.yaml", yaml.safe_dump(settings))(here)
        (card,) = (here / "mlruns").rglob("duewatch/model.json")
        change(card.parent)

    return step


def _readdress(database: Path, old: str, new: str) -> None:
    """Let a copied registry name its own files."""
    with closing(sqlite3.connect(database)) as connection, connection:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        for (table,) in tables.fetchall():
            for _, column, kind, *_ in connection.execute(f"PRAGMA table_info({table})").fetchall():
                if "CHAR" in kind.upper() or "TEXT" in kind.upper():
                    connection.execute(
                        f"UPDATE {table} SET {column} = replace({column}, ?, ?)", (old, new)
                    )


def recorded(sql: str) -> Step:
    """Change what the registry of the case records."""

    def step(here):
        with closing(sqlite3.connect(here / "mlruns" / "mlflow.db")) as connection, connection:
            connection.execute(sql)

    return step


def fresh(here: Path, path: str) -> Path:
    """Return a place at which nothing is, in a folder that is there."""
    place = here / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.unlink(missing_ok=True)
    return place


def workbook(path: str, *sheets: Sequence[Sequence[Any]], merged: str = "") -> Step:
    """Write an Excel workbook of these sheets of rows."""

    def step(here):
        book = openpyxl.Workbook()
        book.remove(book.active)
        for count, lines in enumerate(sheets, start=1):
            sheet = book.create_sheet(f"S{count}")
            for line in lines:
                sheet.append(line)
            if merged:
                sheet.merge_cells(merged)
        book.save(fresh(here, path))

    return step
