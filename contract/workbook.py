"""Reading one sheet of an Excel workbook: cells as text, days as ISO text, empty rows left out."""

import hashlib
import zipfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import date, datetime, time
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
from openpyxl.utils import get_column_letter

from contract.dataset import engine_files
from contract.errors import DataError
from contract.staged import Layout, Staged

_BATCH = 20_000
# A sheet of a million rows and twenty columns unpacks to about 1 GB, some 10 times its file.
_MOST_BYTES = 4 * 2**30
_SUSPECT_BYTES = 64 * 2**20
_MOST_TIMES = 100


def read_workbook(path: Path, label: str, layout: Layout, work: Path) -> Staged:
    """Read a sheet of a workbook.

    Args:
        path: The workbook.
        label: Its name for people.
        layout: The sheet and the row of its heads.
        work: A folder for temporary files.

    Raises:
        DataError: The file is no workbook, the sheet is not there, or its heads cannot be told
            apart (merged cells, two equal heads).
    """
    # The file is opened here because openpyxl leaves it open when reading stops half-way.
    with path.open("rb") as content, refusing_broken(label):
        sheet = _sheet(_open(content, label), label, layout.sheet)
        label = f"{label} sheet {sheet.title}"
        cells = sheet.iter_rows(min_row=layout.header_row, values_only=True)
        heads = _heads(list(islice(cells, 2)), label, layout.header_row)
        rows = work / f"{hashlib.sha256(f'{path}|{layout}'.encode()).hexdigest()[:16]}.parquet"
        body = sheet.iter_rows(min_row=layout.header_row + 1, values_only=True)
        lines = _stage(body, rows, width=len(heads), first_line=layout.header_row + 1)

    def lines_of(wanted: Collection[int]) -> dict[int, int]:
        return {row: lines[row - 1] for row in wanted}

    relation = engine_files((rows,), options=", file_row_number=true")
    return Staged(label=label, heads=heads, relation=relation, lines=lines_of)


def refuse_hostile(content: BinaryIO, label: str) -> None:
    """Refuse a workbook that is small until it is opened, or that declares entities of its own.

    Raises:
        DataError: It would fill the memory, or is XML that no spreadsheet writes.
        zipfile.BadZipFile: It is no workbook at all.
    """
    with zipfile.ZipFile(content) as parts:
        whole = sum(part.file_size for part in parts.infolist())
        packed = sum(part.compress_size for part in parts.infolist())
        if whole > _MOST_BYTES or (whole > _SUSPECT_BYTES and whole > _MOST_TIMES * packed):
            raise DataError(
                f"{label}: unpacks to {whole / 1e6:,.0f} MB, more than is read of a workbook."
                " Save it as CSV."
            )
        for part in parts.infolist():
            with parts.open(part) as text:
                if b"<!DOCTYPE" in text.read(1024).upper():
                    raise DataError(
                        f"{label}: {part.filename} declares a document type, which no spreadsheet"
                        " does. Open it and save it again as .xlsx or CSV."
                    )
    content.seek(0)


@contextmanager
def refusing_broken(label: str, also: str = "") -> Iterator[None]:
    """Say in one line that a workbook cannot be read, whatever its broken parts lead to.

    A part that does not unpack, or XML that means nothing, ends in openpyxl and the libraries below
    it in errors of a dozen kinds; the rows are read late, so the whole reading belongs inside.

    Args:
        also: What is said after it.

    Raises:
        DataError: It is no workbook that can be read.
    """
    try:
        yield
    except (DataError, MemoryError):
        raise
    except Exception as fault:
        raise DataError(
            f"{label}: not a readable .xlsx workbook. Open it and save it again as .xlsx or CSV."
            f"{also}"
        ) from fault


def _open(content: BinaryIO, label: str) -> Any:
    refuse_hostile(content, label)
    # Values instead of formulas: the number that the utility's staff saw. Links to other
    # workbooks are left out.
    return openpyxl.load_workbook(content, read_only=True, data_only=True, keep_links=False)


def _sheet(book: Any, label: str, name: str | None) -> Any:
    names = book.sheetnames
    if name is None and len(names) == 1:
        name = names[0]
    if name not in names:
        asked = f"no sheet {name}" if name else "more than one sheet"
        raise DataError(f"{label}: {asked}; it has {', '.join(names)}. Name one in the mapping.")
    sheet = book[name]
    # A wrong recorded size would cut rows off in silence; the cells themselves decide.
    sheet.reset_dimensions()
    return sheet


def _heads(top: list[tuple[Any, ...]], label: str, row: int) -> tuple[str, ...]:
    first, below = ([as_text(value) for value in values] for values in (*top, (), ())[:2])
    if not any(first):
        raise DataError(f"{label}: row {row} has no column heads. Give header_row.")
    merged = [
        get_column_letter(i + 1)
        for i, value in enumerate(below)
        if value and not (first[i] if i < len(first) else None)
    ]
    if merged:
        raise DataError(
            f"{label}: no head in row {row} over column {', '.join(merged)} (merged cells?). "
            "Unmerge the heads, or give the header_row that names every column."
        )
    width = max(i for i, head in enumerate(first, start=1) if head)
    return tuple(head or "" for head in first[:width])


def _stage(
    body: Iterator[tuple[Any, ...]], rows: Path, *, width: int, first_line: int
) -> list[int]:
    """Write the rows that are not empty as text, and return the line of each."""
    schema = pa.schema([(f"c{i}", pa.string()) for i in range(width)])
    lines: list[int] = []
    with pq.ParquetWriter(rows, schema) as writer:
        numbered = enumerate(body, start=first_line)
        while batch := list(islice(numbered, _BATCH)):
            full = [(n, values) for n, values in batch if any(v is not None for v in values)]
            lines.extend(n for n, _ in full)
            columns = [
                pa.array([as_text(v[i]) if i < len(v) else None for _, v in full], pa.string())
                for i in range(width)
            ]
            writer.write_table(pa.table(columns, schema=schema))
    return lines


def as_text(value: Any) -> str | None:
    """Return what a cell holds as text; None for an empty one.

    A whole number has no decimals even if Excel keeps it as a fraction, so a key that was typed
    as a number stays a key.

    >>> as_text(202610.0), as_text(12.5), as_text(date(2026, 10, 1)), as_text("  ")
    ('202610', '12.5', '2026-10-01', None)
    """
    if value is None or isinstance(value, str):
        return (value or "").strip(" \t\r\n\u3000\xa0") or None
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="microseconds" if value.microsecond else "seconds")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)
