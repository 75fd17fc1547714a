"""What people filled in, cell by cell: days, choices and texts, as rows of the feedback form.

A program may have saved a day as a number or as text, a number as text, a choice in one language:
all are taken. What cannot be read, and a row that says half of something, is marked.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from features.declare import Text
from reports.returned.book import Returned, has
from reports.returned.words import Mark
from reports.wording import Wording, both

_EPOCH = date(1899, 12, 30)  # Excel's day 0
_SERIALS = range(36_526, 73_051)  # the days of 2000 to 2099
_WRITTEN = re.compile(
    r"(\d{4})\s*[-/.年]?\s*(\d{1,2})\s*[-/.月]?\s*(\d{1,2})\s*日?(?:[ T][\d:.]+)?"
)
_MOST_DAYS = 366  # from the list to what came of it
_DAYS = ("contacted_on", "promised_on", "dispute_until_on")
_CHOICES = ("outcome", "verdict")
_TEXTS = ("new_contact", "verdict_reason", "note")
# How customers of a handout were contacted, where no column says it.
_METHODS = {"list": "phone", "calls": "phone", "visits": "visit"}


@dataclass(frozen=True, kw_only=True)
class Answers:
    """What a sheet says.

    Attributes:
        rows: Rows of the feedback form, by their columns, and ``row``, the row of the sheet.
        marks: Cells that cannot be taken; where there are any, nothing is.
        counted: Rows of the sheet with a customer, also those that say nothing.
        new_contacts: Rows that give a new way to reach a customer. What they give stays in the
            workbook, for the customer records: the ledger knows that there was a change.
    """

    rows: list[dict[str, Any]]
    marks: tuple[Mark, ...]
    counted: int
    new_contacts: int


def read_answers(
    sheet: Returned,
    *,
    kind: str,
    method: str | None,
    recorded_by: str | None,
    wording: Wording,
    methods: Mapping[str, Text],
) -> Answers:
    """Read what was filled in.

    Args:
        kind: ``list``, or the id of the handout.
        method: How everybody was contacted, if not as the list says: by its column, or by phone.
        recorded_by: Who recorded all of it; without it the list's manager.
        methods: The words of methods.
    """
    reader = _Reader(
        sheet, _Constants(kind, method, recorded_by, _day_in(sheet.run)), wording, methods
    )
    told = [reader.read(number, row) for number, row in sheet.rows.items()]
    rows = [one for one in told if one]
    return Answers(
        rows=rows,
        marks=tuple(reader.marks),
        counted=sum(reader.is_listed(row) for row in sheet.rows.values()),
        new_contacts=sum(row["contact_change"] is not None for row in rows),
    )


@dataclass(frozen=True)
class _Constants:
    kind: str
    method: str | None
    recorded_by: str | None
    made_on: date | None


class _Reader:
    """Reads one sheet row by row and gathers what is wrong with it."""

    def __init__(
        self, sheet: Returned, told: _Constants, wording: Wording, methods: Mapping[str, Text]
    ) -> None:
        self.sheet, self.told = sheet, told
        self.marks: list[Mark] = []
        self._codes = {
            "outcome": _codes(wording.outcomes),
            "verdict": _codes(wording.verdicts),
            "method": _codes(methods),
            "band": _codes(wording.bands),
        }

    def is_listed(self, row: tuple[Any, ...]) -> bool:
        """Whether a row has a customer."""
        return has(self.sheet.cell(row, "customer_id"))

    def read(self, number: int, row: tuple[Any, ...]) -> dict[str, Any] | None:
        """Return what a row says; None where it says nothing."""
        filled = [column for column in self.sheet.entries if has(self.sheet.cell(row, column))]
        if not filled:
            return None
        if not self.is_listed(row):
            self._mark(number, "", "no_customer")
            return None
        days = {column: self._day(number, row, column) for column in _DAYS}
        chosen = {column: self._choice(number, row, column) for column in _CHOICES}
        texts = {column: _text(self.sheet.cell(row, column)) for column in _TEXTS}
        self._check(number, filled, chosen, days["contacted_on"])
        return {**self._row(row, days, chosen, texts), "row": number}

    def _row(
        self,
        row: tuple[Any, ...],
        days: Mapping[str, date | None],
        chosen: Mapping[str, str | None],
        texts: Mapping[str, str | None],
    ) -> dict[str, Any]:
        outcome, on = chosen["outcome"], days["contacted_on"]
        changed = "updated" if outcome == "wrong_number" else "added"
        return {
            "customer_id": _id(self.sheet.cell(row, "customer_id")),
            "bill_id": self._bill(row, outcome, texts["note"]),
            "recorded_at": None if on is None else datetime(on.year, on.month, on.day),
            "recorded_by": self.told.recorded_by or _text(self.sheet.cell(row, "manager_id")),
            "method": self._method(row) if outcome or texts["new_contact"] else None,
            "outcome": outcome,
            "promised_on": days["promised_on"],
            "contact_change": changed if texts["new_contact"] else None,
            "run": self.sheet.run,
            "dispute_until_on": days["dispute_until_on"],
            "verdict": chosen["verdict"],
            "overridden_from": self._band(row) if chosen["verdict"] == "overridden" else None,
            "reason": texts["verdict_reason"],
        }

    def _bill(self, row: tuple[Any, ...], outcome: str | None, note: str | None) -> str | None:
        """A row of a handout is about all bills of its customer; of a dispute the note says it."""
        if "bill_id" in self.sheet.at:
            return _id(self.sheet.cell(row, "bill_id"))
        return note if outcome == "disputed" else None

    def _method(self, row: tuple[Any, ...]) -> str | None:
        said = _plain(self.sheet.cell(row, "method"))
        own = self._codes["method"].get(said) or _METHODS.get(self.told.kind)
        return self.told.method or own

    def _band(self, row: tuple[Any, ...]) -> str | None:
        return self._codes["band"].get(_plain(self.sheet.cell(row, "band")))

    def _day(self, number: int, row: tuple[Any, ...], column: str) -> date | None:
        value = self.sheet.cell(row, column)
        if not has(value):
            return None
        day = as_day(value)
        if day is None:
            self._mark(number, column, "no_day", str(value))
        return day

    def _choice(self, number: int, row: tuple[Any, ...], column: str) -> str | None:
        value = self.sheet.cell(row, column)
        if not has(value):
            return None
        code = self._codes[column].get(_plain(value))
        if code is None:
            self._mark(number, column, "no_choice", str(value))
        return code

    def _check(
        self,
        number: int,
        filled: Sequence[str],
        chosen: Mapping[str, str | None],
        on: date | None,
    ) -> None:
        if not any(column in filled for column in chosen):
            self._mark(number, "", "half_filled")
        made = self.told.made_on
        if on is None or made is None:
            return
        if on < made:
            self._mark(number, "contacted_on", "before_list", on.isoformat())
        elif on > made + timedelta(days=_MOST_DAYS):
            self._mark(number, "contacted_on", "far_off", on.isoformat())

    def _mark(self, number: int, column: str, code: str, value: str = "") -> None:
        head = self.sheet.heads.get(column, column)
        self.marks.append(Mark(row=number, head=head, code=code, value=value))


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


def _codes(section: Mapping[str, Text]) -> dict[str, str]:
    return {_plain(said): code for code, text in section.items() for said in _said(code, text)}


def _said(code: str, text: Text) -> Iterator[str]:
    yield from (code, text.zh, text.en, both(text))


def _plain(value: Any) -> str:
    return "".join(str(value or "").split()).casefold()


def _text(value: Any) -> str | None:
    return (str(value).strip() or None) if has(value) else None


def _id(value: Any) -> str | None:
    """Return an id; one that was saved as a number has no decimals."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return _text(value)


def _day_in(run: str) -> date | None:
    """Return the day in the id of a run or plan, the first on which the list can have been used."""
    found = re.search(r"\d{4}-\d\d-\d\d", run)
    return as_day(found.group()) if found else None
