"""Handouts as CSV and JSON, for other systems (R000-07): heads are ids, codes are codes."""

import csv
import json
from io import StringIO

from reports.handouts.cells import written
from reports.handouts.columns import COLUMNS
from reports.handouts.head import Head, Part
from reports.handouts.words import Dictionary
from reports.spreadsheet import inert

_FREE = frozenset({"text", "sentence"})  # what others wrote; a negative amount is no formula


def as_csv(part: Part, head: Head, words: Dictionary) -> bytes:
    """Return the part as UTF-8 with a byte order mark, so that Excel reads the Chinese right.

    The run, its day and the policy stand in every row. Several codes are parted by a semicolon;
    what is not known is empty; text that a spreadsheet would run starts with an apostrophe.
    """
    text = StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    columns = part.handout.columns
    own = head.as_dict()
    writer.writerow([*own, *map(column_name, columns)])
    for row in part.rows:
        values = (_cell(column, written(row, column, words)) for column in columns)
        writer.writerow([*map(inert, own.values()), *values])
    return text.getvalue().encode("utf-8-sig")


def as_json(part: Part, head: Head, words: Dictionary) -> bytes:
    """Return the part as one JSON object: what it is, then its rows; money is text, in yuan."""
    rows = [
        {column_name(column): written(row, column, words) for column in part.handout.columns}
        for row in part.rows
    ]
    whole = {
        **head.as_dict(),
        "list": part.handout.id,
        "role": part.role,
        "recipient": part.who,
        "rows": rows,
    }
    return json.dumps(whole, ensure_ascii=False, indent=1).encode() + b"\n"


def column_name(column: str) -> str:
    """Return the name that a column has for machines: money leaves as yuan.

    >>> column_name("open_fen"), column_name("dpd")
    ('open_cny', 'dpd')
    """
    return f"{column.removesuffix('_fen')}_cny" if COLUMNS[column].kind == "money" else column


def _cell(column: str, value: object) -> object:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return ";".join(map(str, value))
    return inert(value) if isinstance(value, str) and COLUMNS[column].kind in _FREE else value
