"""Reading CSV and its relatives: encoding found over the whole file, rows parsed by the engine.

A file that is not clean UTF-8 with one kind of line end is first copied into one that is, by
stream. Nothing is guessed from a file's beginning alone: a Chinese name may stand in its last
line only.
"""

import codecs
import csv
import hashlib
from collections.abc import Collection, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TextIO

from contract import engine
from contract.dataset import engine_files
from contract.errors import DataError
from contract.staged import Layout, Reject, Staged

_CHUNK = 1 << 20
_LONGEST_HEADS = 100_000  # characters; below the limit of Python's csv on one field
_DELIMITERS = (",", "\t", ";", "|")
_BOMS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}

# The engine's words for a line that is no row, in ours.
_WHY = {
    "MISSING COLUMNS": "too few fields",
    "TOO MANY COLUMNS": "too many fields",
    "UNQUOTED VALUE": "a quote that does not close",
    "LINE SIZE OVER MAXIMUM": "a line of over two million characters",
}


def read_delimited(path: Path, label: str, layout: Layout, work: Path) -> Staged:
    """Read a file of delimited text.

    Args:
        path: The file.
        label: Its name for people.
        layout: Where the heads are, and encoding and delimiter if they are known.
        work: A folder for temporary files.

    Raises:
        DataError: The file is in no known encoding, has no heads, or is not delimited text.
    """
    encoding: str = layout.encoding
    if encoding == "auto":
        encoding = find_encoding(path, label)
    elif line := _first_fault(path, encoding):
        raise DataError(
            f"{label}: not {encoding} as the mapping says (first fault in line {line:,}). "
            "Correct encoding or remove it."
        )
    stem = hashlib.sha256(f"{path}|{layout}".encode()).hexdigest()[:16]
    text = _plain_text(path, encoding=encoding, copy=work / f"{stem}.csv")
    heads, delimiter, skip = _heads(text, label, layout)
    rows = work / f"{stem}.parquet"
    rejects = _stage(text, label, rows, columns=len(heads), delimiter=delimiter, skip=skip)
    return Staged(
        label=label,
        heads=heads,
        relation=engine_files((rows,), options=", file_row_number=true"),
        lines=partial(
            _lines, text, delimiter, skip, len(heads), frozenset(r.line for r in rejects)
        ),
        rejects=rejects,
    )


def find_encoding(path: Path, label: str) -> str:
    """Return the encoding in which every byte of a file can be read: UTF-8, UTF-16 or GB18030.

    Raises:
        DataError: The file is in none of them.
    """
    with path.open("rb") as content:
        start = content.read(4)
    for bom, encoding in _BOMS.items():
        if start.startswith(bom):
            if line := _first_fault(path, encoding):
                raise DataError(
                    f"{label}: begins as {encoding} and is not (first fault in line {line:,}). "
                    "Save it as CSV UTF-8."
                )
            return encoding
    for encoding in ("utf-8", "gb18030"):
        if _first_fault(path, encoding) is None:
            return encoding
    raise DataError(
        f"{label}: neither UTF-8 nor GB18030 (first fault in line "
        f"{_first_fault(path, 'gb18030'):,}). Save it as CSV UTF-8."
    )


def _first_fault(path: Path, encoding: str) -> int | None:
    """Return the line in which a file stops being text of this encoding, or None."""
    decoder = codecs.getincrementaldecoder(encoding)()
    line = 1
    with path.open("rb") as content:
        while chunk := content.read(_CHUNK):
            try:
                text = decoder.decode(chunk)
            except UnicodeDecodeError as fault:
                return line + fault.object[: fault.start].count(b"\n")
            except UnicodeError:  # UTF-16 that does not say in which order its bytes are
                return line
            if "\0" in text:
                return line + text[: text.index("\0")].count("\n")
            line += text.count("\n")
    try:
        decoder.decode(b"", final=True)
    except UnicodeError:
        return line
    return None


def _plain_text(path: Path, *, encoding: str, copy: Path) -> Path:
    """Return a file of the same text in UTF-8 with one kind of line end: itself or a copy."""
    if encoding in ("utf-8", "utf-8-sig") and not _has_mixed_line_ends(path):
        return path
    with (
        path.open(encoding=encoding, newline=None) as source,
        copy.open("w", encoding="utf-8", newline="\n") as target,
    ):
        while chunk := source.read(_CHUNK):
            target.write(chunk)
    return copy


def _has_mixed_line_ends(path: Path) -> bool:
    pairs = feeds = returns = 0
    with path.open("rb") as content:
        last = b""
        while chunk := content.read(_CHUNK):
            pairs += chunk.count(b"\r\n") + (last == b"\r" and chunk.startswith(b"\n"))
            feeds += chunk.count(b"\n")
            returns += chunk.count(b"\r")
            last = chunk[-1:]
    return sum((pairs > 0, feeds > pairs, returns > pairs)) > 1


def _heads(path: Path, label: str, layout: Layout) -> tuple[tuple[str, ...], str, int]:
    """Return the column heads, the delimiter and how many lines come before the first row."""
    with path.open(encoding="utf-8-sig", newline="") as text:
        for _ in range(layout.header_row - 1):
            text.readline()
        start = text.readline(_LONGEST_HEADS)
        if len(start) == _LONGEST_HEADS:
            raise DataError(
                f"{label}: line {layout.header_row} has more than {_LONGEST_HEADS:,} characters,"
                " too many for column heads. Give header_row, or end lines by line feeds."
            )
        delimiter = layout.delimiter or max(_DELIMITERS, key=start.count)
        fields = next(csv.reader([start], delimiter=delimiter), [])
    heads = tuple(head.strip(" \t\r\n\u3000\xa0") for head in fields)
    if not any(heads):
        raise DataError(f"{label}: line {layout.header_row} has no column heads. Give header_row.")
    return heads, delimiter, layout.header_row


def _stage(
    path: Path, label: str, rows: Path, *, columns: int, delimiter: str, skip: int
) -> tuple[Reject, ...]:
    """Parse the rows into a Parquet file of text, in their order, and return what was no row."""
    names = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(columns))
    literal = engine.text("".join(f"[{c}]" if c in "[*?" else c for c in str(path)))
    # A row's number is its place in the copy. With more threads than one the engine moves some
    # rows of a large file, and parsing gains nothing from them (2.3 s against 2.4 s for 282 MB).
    with engine.connect(threads=1, spill=rows.parent) as connection:
        connection.execute("SET preserve_insertion_order = true")
        try:
            connection.execute(
                f"""
                COPY (
                    SELECT * FROM read_csv({literal}, auto_detect=false, header=false,
                        columns={{{names}}}, delim={engine.text(delimiter)}, quote='"',
                        escape='"', skip={skip}, encoding='utf-8', store_rejects=true,
                        rejects_limit=0)
                ) TO {engine.text(rows)} (FORMAT parquet)
                """
            )
        except engine.EngineError as fault:
            reason = str(fault).splitlines()[0]
            raise DataError(f"{label}: not readable as delimited text ({reason}).") from fault
        # A line with three fields too few is three errors there; it is one line to us.
        rejects = connection.execute(
            "SELECT line_byte_position, min(error_type), any_value(csv_line) "
            "FROM reject_errors GROUP BY 1 ORDER BY 1"
        ).fetchall()
    return tuple(_rejects(path, rejects))


def _rejects(path: Path, rejects: list[tuple[int, str, str]]) -> Iterator[Reject]:
    """Give each rejected line its number; the engine's own count leaves out empty lines."""
    line, position = 1, 0
    with path.open("rb") as content:
        for start, kind, text in rejects:
            blank = len(text) - len(text.lstrip("\r\n"))
            line += content.read(max(0, start + blank - 1 - position)).count(b"\n")
            position = max(position, start + blank - 1)
            yield Reject(
                line=line,
                why=_WHY.get(kind, kind.lower()),
                text=text.strip("\r\n"),
            )


def _lines(
    path: Path,
    delimiter: str,
    skip: int,
    columns: int,
    rejected: frozenset[int],
    rows: Collection[int],
) -> dict[int, int]:
    """Find the line of each of these rows (from 1) by reading the file once more, plainly."""
    wanted, found = set(rows), {}
    # A field that swallowed thousands of lines has no line worth giving.
    with path.open(encoding="utf-8-sig", newline="") as text, suppress(csv.Error):
        for row, line in enumerate(_row_lines(text, delimiter, skip, columns, rejected), start=1):
            if row in wanted:
                found[row] = line
                if len(found) == len(wanted):
                    break
    return found


def _row_lines(
    text: TextIO, delimiter: str, skip: int, columns: int, rejected: frozenset[int]
) -> Iterator[int]:
    for _ in range(skip):
        text.readline()
    reader = csv.reader(text, delimiter=delimiter)
    start = skip + 1
    for fields in reader:
        # A file of one column has a row in every line, be it empty, as the engine sees it.
        if (fields or columns == 1) and start not in rejected:
            yield start
        start = skip + reader.line_num + 1
