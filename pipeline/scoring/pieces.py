"""Pieces of a run in the making: Parquet files, each with a digest and facts in JSON beside it."""

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.storage import name_beside, sync, write_json


def write_piece(path: Path, table: pa.Table, facts: Mapping[str, Any] | None = None) -> None:
    """Write a table so that it is there whole or not at all, then what it holds.

    The facts come last: without them, or with those of other bytes, the file counts for nothing.
    They are not taken away before: two attempts of one piece, on whatever machines, give the same
    bytes, and the first to be done must not lose its facts to the second.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = name_beside(path)
    try:
        with beside.open("wb") as file:
            pq.write_table(table, file, compression="zstd")
            file.flush()
            os.fsync(file.fileno())
        digest = _digest(beside)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    held = {"rows": table.num_rows, "columns": table.column_names, "sha256": digest}
    write_json(_facts_file(path), {**(facts or {}), **held})
    sync(path.parent)  # both names; after a loss of power a piece is there with its facts or anew


def facts_of(path: Path) -> dict[str, Any] | None:
    """Return what is told of a piece; None when it is not there or not what was written."""
    try:
        facts: dict[str, Any] = json.loads(_facts_file(path).read_text("utf-8"))
        return facts if facts["sha256"] == _digest(path) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def remove_piece(path: Path) -> None:
    """Remove a piece that is not needed any more, what is told of it first."""
    _facts_file(path).unlink(missing_ok=True)
    path.unlink(missing_ok=True)


def _facts_file(path: Path) -> Path:
    return path.with_suffix(".json")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
