"""What a cell that people filled in holds: days, choices, numbers and texts.

A program may have saved a day as a number or as text, a number as text, a choice in one language:
all are taken.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from features.declare import Text
from reports.returned.book import has
from reports.wording import both

_EPOCH = date(1899, 12, 30)  # Excel's day 0
_SERIALS = range(36_526, 73_051)  # the days of 2000 to 2099
_WRITTEN = re.compile(
    r"(\d{4})\s*[-/.年]?\s*(\d{1,2})\s*[-/.月]?\s*(\d{1,2})\s*日?(?:[ T][\d:.]+)?"
)


def as_day(value: Any) -> date | None:
    """Return the day that a cell holds, however it was saved; None where it holds none.

    >>> as_day(46303), as_day("2026/10/8"), as_day("2026年10月8日"), as_day("20261008")
    (datetime.date(2026, 10, 8), datetime.date(2026, 10, 8), datetime.date(2026, 10, 8), datetime.date(2026, 10, 8))
    >>> as_day("46303"), as_day("tomorrow"), as_day("2026-02-30"), as_day(8)
    (datetime.date(2026, 10, 8), None, None, None)
    """  # noqa: E501 - an example is one line
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    text = str(value).strip()
    if re.fullmatch(r"\d{5}(\.\d+)?", text):
        serial = int(float(text))
        return _EPOCH + timedelta(days=serial) if serial in _SERIALS else None
    written = _WRITTEN.fullmatch(text)
    try:
        return date(*map(int, written.groups())) if written else None
    except ValueError:
        return None


def as_number(value: Any) -> int | None:
    """Return the whole number that a cell holds; None where it holds none.

    >>> as_number("2"), as_number(2.0), as_number("2.5"), as_number("two")
    (2, 2, None, None)
    """
    try:
        number = float(str(value).strip())
    except ValueError:
        return None
    return int(number) if number.is_integer() else None


def as_text(value: Any) -> str | None:
    """Return a cell's text; None where it is empty."""
    return (str(value).strip() or None) if has(value) else None


def as_id(value: Any) -> str | None:
    """Return an id; one that was saved as a number has no decimals."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return as_text(value)


def as_code(value: Any, codes: Mapping[str, str]) -> str | None:
    """Return the code of what was picked or typed; None where it is none of `codes_of`."""
    return codes.get(_plain(value))


def codes_of(section: Mapping[str, Text]) -> dict[str, str]:
    """Return the code of each word of a section, in either language or both."""
    return {_plain(said): code for code, text in section.items() for said in _said(code, text)}


def _said(code: str, text: Text) -> Iterator[str]:
    yield from (code, text.zh, text.en, both(text))


def _plain(value: Any) -> str:
    # TRUE, which a program may make of a text, reads as its code does.
    return "".join(str(value if value is not None else "").split()).casefold()
