"""What leaves a finished run or plan: tables with fixed columns, the same for every sink.

Names of customers stay behind: a system has them, and lists for people are the run's own files.
The rows come from the folder alone, after each of its files was held against its digest.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

import pyarrow.parquet as pq

from contract.dataset import engine_files
from contract.delimited import read_delimited
from contract.engine import name
from contract.errors import DataError
from contract.staged import Layout
from pipeline.planning import ABOUT, read_about
from pipeline.runs import MANIFEST, read_manifest

Kind = Literal["text", "integer", "bigint", "date", "money", "number", "flag", "codes"]

# What each kind is in the engine and so in Parquet.
ENGINE_TYPES: Mapping[Kind, str] = {
    "text": "VARCHAR",
    "integer": "INTEGER",
    "bigint": "BIGINT",
    "date": "DATE",
    "money": "DECIMAL(18,2)",
    "number": "DOUBLE",
    "flag": "BOOLEAN",
    "codes": "VARCHAR[]",
}


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of an exported table; ``sql`` reads it, by default under its own name."""

    name: str
    kind: Kind = "text"
    sql: str = ""


@dataclass(frozen=True, kw_only=True)
class Table:
    """One table of an export.

    Attributes:
        rows: The rows to read it from, as a FROM-expression.
    """

    name: str
    columns: tuple[Column, ...]
    rows: str

    def select(self) -> str:
        """Return the query of the rows, typed, in their order."""
        listed = ", ".join(
            f"CAST({column.sql or name(column.name)} AS {ENGINE_TYPES[column.kind]})"
            f" AS {name(column.name)}"
            for column in self.columns
        )
        return f"SELECT {listed} FROM {self.rows}"


@dataclass(frozen=True, kw_only=True)
class Exported:
    """A finished run or plan as it leaves.

    Attributes:
        run: Its id.
        kind: ``list`` of a scoring run, or ``plan``.
        digest: SHA-256 of its manifest, which holds the digest of each of its files.
        manifest: What it says of itself.
    """

    run: str
    kind: Literal["list", "plan"]
    as_of: str
    digest: str
    manifest: Mapping[str, Any]
    tables: tuple[Table, ...]


def _columns(kind: Kind, *names: str) -> tuple[Column, ...]:
    return tuple(Column(name=one, kind=kind) for one in names)


def _yuan(*stems: str) -> tuple[Column, ...]:
    """Return columns of money that a plan keeps in fen."""
    return tuple(
        Column(name=f"{stem}_cny", kind="money", sql=f"CAST({stem}_fen AS DECIMAL(18,0)) * 0.01")
        for stem in stems
    )


_BILL: tuple[Column, ...] = (
    *_columns("bigint", "rank"),
    *_columns("text", "band", "customer_id", "bill_id"),
    *_columns("integer", "cycle"),
    *_columns("date", "issued_on", "due_on"),
    *_columns("money", "amount_cny", "open_cny", "overdue_cny"),
    *_columns("integer", "overdue_bills", "dpd"),
    *_columns("text", "segment", "pay_arrangement"),
    *_columns("flag", "protected"),
    *_columns("text", "org_id", "grid_id", "manager_id"),
    *_columns("number", "p_late"),
    *_columns("money", "expected_late_cny"),
    *_columns("integer", "bills_seen"),
    *_columns("text", "history"),
)
SCORES = (*_BILL, *_columns("text", "why_not"))
# Codes of reasons stand with the scores where all bills are explained (scoring.explain).
REASONS = tuple(
    column
    for n in (1, 2, 3)
    for column in (Column(name=f"reason_{n}"), Column(name=f"push_{n}", kind="number"))
)
SAID = (
    "strip",
    *(f"reason_{n}_{language}" for language in ("zh", "en") for n in (1, 2, 3)),
    "relief_zh",
    "relief_en",
)
LIST = (*_BILL, *_columns("text", *SAID))
PLAN: tuple[Column, ...] = (
    *_columns("text", "customer_id", "outcome"),
    *_columns("integer", "round"),
    *_columns("text", "method"),
    *_columns("date", "earliest_on", "latest_on"),
    *_columns("text", "owner_role", "owner_id", "template"),
    *_columns("integer", "priority_class", "priority_rank", "work_rank"),
    *_columns("text", "rule"),
    *_columns("codes", "rules"),
    *_columns("text", "why_not"),
    *_columns("date", "next_on"),
    *_columns("codes", "cut"),
    *_columns("text", "bill_id"),
    *_columns("codes", "bills"),
    *_yuan("open", "expected_late"),
    *_columns("date", "oldest_due_on"),
    *_columns("integer", "dpd"),
    *_columns("text", "tier"),
    *_columns("codes", "labels", "advice"),
    *_yuan("advice"),
    *_columns("codes", "tasks"),
    *_columns("text", "org_id", "grid_id", "manager_id", "agent_id"),
    *_columns("flag", "held_out"),
)


def read_exported(folder: Path, work: Path) -> Exported:
    """Return what leaves a finished run's or plan's folder.

    Args:
        folder: The folder.
        work: A folder for temporary files; the tables read from it.

    Raises:
        DataError: It is neither, or a file is not the one that was written.
    """
    return _plan(folder) if (folder / ABOUT).is_file() else _run(folder, work)


def read_plan(folder: Path) -> dict[str, Any]:
    """Return what a plan says of itself, after checking each of its files.

    Raises:
        DataError: The folder is no plan, or a file of it was changed.
    """
    about = read_about(folder)
    try:
        date.fromisoformat(about["as_of"])
        told = (about["plan"], about["policy"]["version"])
        is_right = all(isinstance(one, str) for one in told) and "/" not in told[0]
    except (KeyError, TypeError, ValueError):
        is_right = False
    if not is_right:
        raise DataError(
            f"{folder / ABOUT}: not what a plan writes. Give the folder that duewatch plan named."
        )
    return about


def _run(folder: Path, work: Path) -> Exported:
    manifest = read_manifest(folder)
    scores = folder / "scores.parquet"
    rows = engine_files((scores,))
    had = pq.read_schema(scores).names
    reasons = tuple(column for column in REASONS if column.name in had)
    # Ids and amounts come from the scores, exactly; the list adds its words, by rank.
    listed = f"(SELECT * FROM {rows} JOIN {_words(folder, work)} USING (rank) ORDER BY rank)"
    return Exported(
        run=manifest.run,
        kind="list",
        as_of=manifest.as_of,
        digest=_digest(folder / MANIFEST),
        manifest=json.loads((folder / MANIFEST).read_text("utf-8")),
        tables=(
            Table(name="list_rows", columns=LIST, rows=listed),
            Table(name="scores", columns=(*SCORES, *reasons), rows=rows),
        ),
    )


def _words(folder: Path, work: Path) -> str:
    """Return rank and sentences of the list, without the apostrophe that stops a spreadsheet."""
    file = read_delimited(folder / "list.csv", "list.csv", Layout(), work)
    columns = ", ".join(
        f"regexp_replace({file.column((column,))}, '^''', '') AS {column}" for column in SAID
    )
    rank = file.column(("rank",))
    return f"(SELECT CAST({rank} AS BIGINT) AS rank, {columns} FROM {file.relation})"


def _plan(folder: Path) -> Exported:
    about = read_plan(folder)
    rows = engine_files((folder / "plan.parquet",))
    return Exported(
        run=about["plan"],
        kind="plan",
        as_of=about["as_of"],
        digest=_digest(folder / ABOUT),
        manifest=about,
        tables=(Table(name="plan_rows", columns=PLAN, rows=rows),),
    )


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
