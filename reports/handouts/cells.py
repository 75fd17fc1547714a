"""What a value becomes: for people on a sheet or page, and for machines in a CSV or JSON.

A row is a dict of a list's columns. Money comes in as fen and leaves as yuan.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from collection.handouts import NUMBER
from reports.handouts.columns import COLUMNS, FILLED_IN
from reports.handouts.words import Dictionary

Row = Mapping[str, Any]

_SHARE_DECIMALS = 4


def shown(row: Row, column: str, words: Dictionary) -> Any:
    """Return what people read in a column: text, a number to be formatted, a day, or nothing."""
    kind = COLUMNS[column].kind
    if kind == "sentence":
        return _sentence(row, column, words)
    value = None if kind in FILLED_IN else row[column]
    return None if value is None else _told(value, column, words)


def _told(value: Any, column: str, words: Dictionary) -> Any:
    kind, section = COLUMNS[column].kind, COLUMNS[column].words
    if kind == "money":
        return float(value) / 100
    if kind == "flag":
        return words.phrase("flagged") if value else None
    if kind == "code":
        return words.word(section, value)
    if kind == "codes":
        return "\n".join(_named(column, code, words) for code in value) or None
    return value


def written(row: Row, column: str, words: Dictionary) -> Any:
    """Return what machines read: codes as they are, money in yuan as text, ISO days.

    A text made from the row is in the language of the words. Entries are empty.
    """
    kind = COLUMNS[column].kind
    if kind in FILLED_IN:
        return None
    if kind == "sentence":
        return _sentence(row, column, words)
    value = row[column]
    if value is None:
        return None
    if kind == "money":
        return f"{Decimal(value) / 100:.2f}"
    if kind in {"share", "change", "number"}:
        return round(float(value), _SHARE_DECIMALS)
    return value.isoformat() if kind == "date" else value


def numbered(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows with their place in the file, from 1."""
    return [{**row, NUMBER: place} for place, row in enumerate(rows, start=1)]


def _named(column: str, code: str, words: Dictionary) -> str:
    """A label goes by its id as much as by its name."""
    name = words.word(COLUMNS[column].words, code)
    return f"{code} {name}" if column == "labels" and name != code else name


def _sentence(row: Row, column: str, words: Dictionary) -> str | None:
    values = {
        "bills": row.get("bills"),
        "open": _yuan(row.get("open_fen")),
        "due": _day(row.get("oldest_due_on")),
        "days": row.get("dpd"),
        "advice": _yuan(row.get("advice_fen")),
    }
    if column == "say":
        template = words.templates.get(row["say"] or "")
        return None if template is None else words.say(template, "\n").format(**values)
    told = [words.word("advice", code) for code in row[column] or ()]
    return "\n".join(one.format(**values) for one in told) or None


def _yuan(fen: int | None) -> str:
    return "" if fen is None else f"{fen / 100:,.2f}"


def _day(day: date | None) -> str:
    return "" if day is None else day.isoformat()
