"""The columns of the explained list (domain 5.3), declared once for workbook, CSV and terminal.

A row of the list is one open bill. A column's header is the wording under its id; its format and
alignment follow from its kind, so that two columns of a kind cannot look different.
"""

from dataclasses import dataclass
from typing import Literal

Group = Literal["do", "who", "what", "why", "plan", "feedback"]
Kind = Literal[
    "text",  # as it is
    "code",  # one of the codes of a section of the wording
    "money",  # yuan
    "share",  # 0 to 1
    "integer",
    "date",
    "month",  # the integer 202610
    "flag",
    "strip",  # 12 glyphs
    "reasons",  # up to three sentences and one in the customer's favour
    "choice",  # filled in by people: one of the codes of a section of the wording
    "entry",  # filled in by people: a text
    "entry_date",  # filled in by people: a day
]
Place = Literal["sheet", "export", "report"]

NUMBER_FORMATS: dict[Kind, str] = {
    "money": '#,##0.00;-#,##0.00;"–"',  # nothing owed reads as a dash
    "share": "0%",  # rounded to 1 %: domain 5.3
    "integer": '#,##0;-#,##0;"–"',
    "date": "yyyy-mm-dd",
    "month": r"0000\-00",
    "entry": "@",  # text, so that a phone number keeps its leading zero
    "entry_date": "yyyy-mm-dd",
}
_RIGHT: frozenset[Kind] = frozenset({"money", "share"})
_LEFT: frozenset[Kind] = frozenset({"text", "reasons", "entry"})
_FILLED_IN: frozenset[Kind] = frozenset({"choice", "entry", "entry_date"})

EVERYWHERE: tuple[Place, ...] = ("sheet", "export")
# Of the report's workbook alone, where a plan or an earlier list is there to tell it.
REPORT: tuple[Place, ...] = ("report",)
SHEET: tuple[Place, ...] = ("sheet",)
EXPORT: tuple[Place, ...] = ("export",)

REASONS = 3


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of the list.

    Attributes:
        width: Sheet width in characters of the body font.
        words: The section of the wording that translates the codes.
        places: Where the column appears; feedback is only asked for on the sheet. The report's
            workbook has the columns of the sheet and its own.
        optional: Left off the sheet when the whole column is empty, such as names that were
            not to be joined; an export keeps it, so that its columns never change.
    """

    id: str
    group: Group
    kind: Kind
    width: float = 10
    words: str = ""
    places: tuple[Place, ...] = EVERYWHERE
    optional: bool = False

    @property
    def number_format(self) -> str:
        """The Excel number format of its kind."""
        return NUMBER_FORMATS.get(self.kind, "General")

    @property
    def align(self) -> Literal["left", "center", "right"]:
        """Amounts right, sentences left, counts and short marks in the middle."""
        if self.kind in _RIGHT:
            return "right"
        return "left" if self.kind in _LEFT else "center"

    @property
    def is_filled_in(self) -> bool:
        """True when the list leaves it empty for the people who work it."""
        return self.kind in _FILLED_IN


def _reasons(language: str) -> tuple[Column, ...]:
    return (
        *(
            Column(id=f"reason_{n}_{language}", group="why", kind="text", places=EXPORT)
            for n in range(1, REASONS + 1)
        ),
        Column(id=f"relief_{language}", group="why", kind="text", places=EXPORT),
    )


# What a plan arranges for a bill's customer (reports.planned).
PLANNED: tuple[tuple[str, Kind, float], ...] = (
    ("method", "text", 11),
    ("round", "integer", 7),
    ("earliest_on", "date", 10.5),
    ("latest_on", "date", 10.5),
    ("owner", "text", 15),
    ("advice", "text", 20),
    ("why_not", "text", 18),
    ("next_on", "date", 10.5),
)

COLUMNS: tuple[Column, ...] = (
    Column(id="rank", group="do", kind="integer", width=6.5),
    Column(id="band", group="do", kind="code", words="bands", width=9.5),
    Column(
        id="tier", group="do", kind="code", words="tiers", width=9, places=REPORT, optional=True
    ),
    Column(id="moved", group="do", kind="text", width=9, places=REPORT, optional=True),
    Column(id="customer_id", group="who", kind="text", width=18),
    Column(id="name", group="who", kind="text", width=13, optional=True),
    Column(id="org_id", group="who", kind="text", width=12.5, optional=True),
    Column(id="grid_id", group="who", kind="text", width=12.5),
    Column(id="manager_id", group="who", kind="text", width=12.5, optional=True),
    Column(id="segment", group="who", kind="code", words="segments", width=12),
    Column(id="pay_arrangement", group="who", kind="code", words="pay_arrangements", width=14.5),
    Column(id="protected", group="who", kind="flag", width=10),
    Column(id="labels", group="who", kind="text", width=22, places=REPORT, optional=True),
    Column(id="bill_id", group="what", kind="text", width=21.5),
    Column(id="cycle", group="what", kind="month", width=8.5),
    Column(id="issued_on", group="what", kind="date", places=EXPORT),
    Column(id="due_on", group="what", kind="date", width=10.5),
    Column(id="amount_cny", group="what", kind="money", width=11),
    Column(id="open_cny", group="what", kind="money", width=11),
    Column(id="overdue_cny", group="what", kind="money", width=11),
    Column(id="overdue_bills", group="what", kind="integer", width=8),
    Column(id="dpd", group="what", kind="integer", width=8),
    Column(id="late_fee_cny", group="what", kind="money", width=10, places=REPORT, optional=True),
    Column(id="p_late", group="what", kind="share", width=8),
    Column(id="expected_late_cny", group="what", kind="money", width=12),
    Column(id="strip", group="why", kind="strip", width=14.5),
    Column(id="why_zh", group="why", kind="reasons", width=39, places=SHEET),
    Column(id="why_en", group="why", kind="reasons", width=46, places=SHEET),
    *_reasons("zh"),
    *_reasons("en"),
    Column(id="bills_seen", group="why", kind="integer", width=8),
    Column(id="history", group="why", kind="code", words="histories", width=9),
    *(
        Column(id=id_, group="plan", kind=kind, width=width, places=REPORT, optional=True)
        for id_, kind, width in PLANNED
    ),
    Column(id="contacted_on", group="feedback", kind="entry_date", width=11, places=SHEET),
    Column(id="outcome", group="feedback", kind="choice", words="outcomes", width=16, places=SHEET),
    Column(
        id="contacted_by", group="feedback", kind="choice", words="methods", width=12, places=SHEET
    ),
    Column(id="promised_on", group="feedback", kind="entry_date", width=11, places=SHEET),
    Column(id="dispute_until_on", group="feedback", kind="entry_date", width=11, places=SHEET),
    Column(id="request", group="feedback", kind="choice", words="requests", width=15, places=SHEET),
    Column(id="new_contact", group="feedback", kind="entry", width=15, places=SHEET),
    Column(id="verdict", group="feedback", kind="choice", words="verdicts", width=14, places=SHEET),
    Column(id="verdict_reason", group="feedback", kind="entry", width=20, places=SHEET),
)


def columns_on(*places: Place) -> tuple[Column, ...]:
    """Return the columns that appear in one of these places, in order."""
    return tuple(column for column in COLUMNS if set(places) & set(column.places))


# Of every sheet that lists bills, the list's own and the report's.
LISTING = columns_on("sheet", "report")
