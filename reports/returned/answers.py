"""What people filled in, row by row: outcomes, verdicts, notices served, measures agreed.

A row becomes one or more rows of the feedback form. A row that says half of something is marked, as
is one that says otherwise than the same bill on another sheet.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from collection.feedback import FORM
from features.declare import Text
from reports.list_sheet import KEYS
from reports.returned.book import Returned, has
from reports.returned.cells import as_code, as_day, as_id, as_number, as_text, codes_of
from reports.returned.recorded import moment, recorded
from reports.returned.words import Mark
from reports.seal import canonical
from reports.wording import Wording

_MOST_DAYS = 366  # from the list to what came of it
_DAYS = ("contacted_on", "promised_on", "dispute_until_on", "approved_on", "served_on", "agreed_on")
_CHOICES = {
    "outcome": "outcomes",
    "verdict": "verdicts",
    "request": "requests",
    "contacted_by": "methods",
}
_TEXTS = ("new_contact", "verdict_reason", "note", "approved_by", "measures")
# Cells that make a row say something whole.
_WHOLE = ("outcome", "verdict", "approved_by", "approved_on", "served_on", "measures", "agreed_on")
# How customers were contacted, where no column says it.
_METHODS = {"list": "phone", "report": "phone", "calls": "phone", "visits": "visit"}
_FORM_CODES = {
    "method": "methods",
    "outcome": "outcomes",
    "request": "requests",
    "contact_change": "contact_changes",
    "verified": "answers",
    "verdict": "verdicts",
    "record": "records",
}

Entry = dict[str, Any]
Row = tuple[Any, ...]


@dataclass(frozen=True, kw_only=True)
class Answers:
    """What a workbook says.

    Attributes:
        rows: Rows of the feedback form, by their columns, and ``row``, their place in ``places``.
        places: The sheet and the row there of each, and the heads of its columns.
        marks: Cells that cannot be taken; where there are any, nothing is.
        counted: Rows with a customer, also those that say nothing; a bill on two sheets once.
        silent: Those of them that say nothing.
        new_contacts: Rows that give a new way to reach a customer. What they give stays in the
            workbook, for the customer records: the ledger knows that there was a change.
    """

    rows: list[Entry]
    places: list[tuple[Returned, int]]
    marks: tuple[Mark, ...]
    counted: int
    silent: int
    new_contacts: int


@dataclass(frozen=True, kw_only=True)
class Told:
    """What holds for a whole workbook.

    Attributes:
        kind: ``list``, ``report``, or the id of the handout.
        method: How everybody was contacted; a row may say otherwise.
        recorded_by: Who recorded all of it; without it the list's manager.
    """

    kind: str
    method: str | None
    recorded_by: str | None


def read_answers(
    sheets: Sequence[Returned], told: Told, *, wording: Wording, methods: Mapping[str, Text]
) -> Answers:
    """Read what was filled in.

    Args:
        sheets: Of `find_sheets`: the list or handout first, then its parts and records.
        told: What holds for all of it.
        methods: The words of a plan's methods.
    """
    reader = _Reader(told, wording, methods)
    for sheet in sheets:
        reader.read(sheet)
    first = sheets[0]
    records = [one for one in sheets if one.kind == "records"]
    listed = sum(has(first.cell(row, "customer_id")) for row in first.rows.values())
    counted = listed + sum(bool(_filled(one, row)) for one in records for row in one.rows.values())
    return Answers(
        rows=reader.rows,
        places=reader.places,
        marks=tuple(reader.marks),
        counted=counted,
        silent=counted - reader.said,
        new_contacts=sum(bool(row.get("contact_change")) for row in reader.rows),
    )


def _filled(sheet: Returned, row: Row) -> dict[str, str]:
    """Return what people put into a row, by column."""
    cells = {column: sheet.cell(row, column) for column in sheet.entries}
    return {column: canonical(cell) for column, cell in cells.items() if has(cell)}


@dataclass
class _Reader:
    """Reads sheets row by row and gathers what they say and what is wrong with them."""

    told: Told
    wording: Wording
    plan_methods: Mapping[str, Text]
    rows: list[Entry] = field(default_factory=list)
    places: list[tuple[Returned, int]] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    said: int = 0
    _seen: dict[tuple[str, ...], tuple[dict[str, str], str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        sections = {*_CHOICES.values(), *_FORM_CODES.values(), "bands"}
        self._codes = {name: codes_of(self.wording.section(name)) for name in sections}
        self._planned = codes_of(self.plan_methods)

    def read(self, sheet: Returned) -> None:
        """Read the rows of a sheet."""
        one = self._record if sheet.kind == "records" else self._answer
        for number, row in sheet.rows.items():
            filled = _filled(sheet, row)
            if not filled or self._is_told(sheet, number, row, filled):
                continue
            if not has(sheet.cell(row, "customer_id")):
                self._mark(sheet, number, "", "no_customer")
                continue
            self.said += 1
            for entry in one(sheet, number, row):
                self.rows.append({**entry, "row": len(self.places)})
                self.places.append((sheet, number))

    def _is_told(self, sheet: Returned, number: int, row: Row, filled: dict[str, str]) -> bool:
        """Whether another sheet says the same of a bill; where it says otherwise, mark the row."""
        if sheet.kind != "list":
            return False
        key = tuple(canonical(sheet.cell(row, column)) for column in KEYS)
        had, where = self._seen.setdefault(key, (filled, f"{sheet.title} {number}"))
        if where == f"{sheet.title} {number}":
            return False
        if had != filled:
            self._mark(sheet, number, "", "told_twice", where)
        return True

    def _answer(self, sheet: Returned, number: int, row: Row) -> list[Entry]:
        """Return what a row of a list or handout says."""
        days = {name: self._day(sheet, number, row, name) for name in _DAYS}
        chosen = {
            name: self._code(sheet, number, row, name, section)
            for name, section in _CHOICES.items()
        }
        texts = {name: as_text(sheet.cell(row, name)) for name in _TEXTS}
        self._check(sheet, number, row, days)
        common = {
            "customer_id": as_id(sheet.cell(row, "customer_id")),
            "recorded_by": self.told.recorded_by or as_text(sheet.cell(row, "manager_id")),
            "run": sheet.run,
        }
        entries = []
        if any(has(sheet.cell(row, name)) for name in (*_CHOICES, "new_contact", "contacted_on")):
            entries.append(common | self._contact(sheet, row, days, chosen, texts))
        entries += [common | one for one in recorded(days, texts, common["recorded_by"])]
        return entries

    def _contact(
        self,
        sheet: Returned,
        row: Row,
        days: Mapping[str, date | None],
        chosen: Mapping[str, str | None],
        texts: Mapping[str, str | None],
    ) -> Entry:
        outcome, wish = chosen["outcome"], chosen["request"]
        changed = "updated" if outcome == "wrong_number" else "added"
        spoken = outcome or wish or texts["new_contact"]
        return {
            "bill_id": _bill(sheet, row, outcome, texts["note"]),
            "recorded_at": moment(days["contacted_on"]),
            "method": self._method(sheet, row, chosen["contacted_by"]) if spoken else None,
            "outcome": outcome,
            "promised_on": days["promised_on"],
            "request": wish,
            "contact_change": changed if texts["new_contact"] else None,
            "dispute_until_on": days["dispute_until_on"],
            "verdict": chosen["verdict"],
            "overridden_from": self._band(sheet, row)
            if chosen["verdict"] == "overridden"
            else None,
            "reason": texts["verdict_reason"],
        }

    def _record(self, sheet: Returned, number: int, row: Row) -> list[Entry]:
        """Return what a row of the sheet for records says: the form's own columns."""
        entry: Entry = {"run": sheet.run}
        for column in sheet.at:
            kind = FORM.column(column).kind
            if column in _FORM_CODES:
                entry[column] = self._code(sheet, number, row, column, _FORM_CODES[column])
            elif kind == "timestamp":
                entry[column] = moment(self._day(sheet, number, row, column))
            elif kind == "date":
                entry[column] = self._day(sheet, number, row, column)
            elif kind == "integer":
                entry[column] = self._number(sheet, number, row, column)
            else:
                entry[column] = as_id(sheet.cell(row, column))
        verified = entry.get("verified")
        entry["verified"] = None if verified is None else verified == "true"
        entry["recorded_by"] = entry.get("recorded_by") or self.told.recorded_by
        return [entry]

    def _method(self, sheet: Returned, row: Row, by: str | None) -> str | None:
        """Return how a customer was contacted: as the row says, as all were, or as planned.

        What was planned and is no method of a contact has to be said by a person.
        """
        said = sheet.cell(row, "method")
        planned = as_code(said, self._planned) if has(said) else _METHODS.get(self.told.kind)
        return by or self.told.method or (planned if planned in self.wording.methods else None)

    def _band(self, sheet: Returned, row: Row) -> str | None:
        return as_code(sheet.cell(row, "band"), self._codes["bands"])

    def _day(self, sheet: Returned, number: int, row: Row, column: str) -> date | None:
        value = sheet.cell(row, column)
        day = as_day(value) if has(value) else None
        if has(value) and day is None:
            self._mark(sheet, number, column, "no_day", str(value))
        return day

    def _code(
        self, sheet: Returned, number: int, row: Row, column: str, section: str
    ) -> str | None:
        value = sheet.cell(row, column)
        code = as_code(value, self._codes[section]) if has(value) else None
        if has(value) and code is None:
            self._mark(sheet, number, column, "no_choice", str(value))
        return code

    def _number(self, sheet: Returned, number: int, row: Row, column: str) -> int | None:
        value = sheet.cell(row, column)
        whole = as_number(value) if has(value) else None
        if has(value) and whole is None:
            self._mark(sheet, number, column, "no_number", str(value))
        return whole

    def _check(
        self, sheet: Returned, number: int, row: Row, days: Mapping[str, date | None]
    ) -> None:
        if not any(has(sheet.cell(row, name)) for name in _WHOLE):
            self._mark(sheet, number, "", "half_filled")
        made = _day_in(sheet.run)
        for column in ("contacted_on", "approved_on", "served_on", "agreed_on"):
            on = days[column]
            if on is None or made is None:
                continue
            if on < made:
                self._mark(sheet, number, column, "before_list", on.isoformat())
            elif on > made + timedelta(days=_MOST_DAYS):
                self._mark(sheet, number, column, "far_off", on.isoformat())

    def _mark(self, sheet: Returned, number: int, column: str, code: str, value: str = "") -> None:
        head = sheet.heads.get(column, column)
        self.marks.append(Mark(row=number, head=head, code=code, value=value, sheet=sheet.title))


def _bill(sheet: Returned, row: Row, outcome: str | None, note: str | None) -> str | None:
    """A row of a handout is about all bills of its customer; of a dispute the note says it."""
    if "bill_id" in sheet.at:
        return as_id(sheet.cell(row, "bill_id"))
    return note if outcome == "disputed" else None


def _day_in(run: str) -> date | None:
    """Return the day in the id of a run or plan, the first on which the list can have been used."""
    found = re.search(r"\d{4}-\d\d-\d\d", run)
    return as_day(found.group()) if found else None
