"""The columns of all handouts, declared once: what a value is, and how wide it stands on a sheet.

A column's head is the wording under its id; what a table of rows holds under it follows from its
kind, so that two columns of a kind cannot look different.
"""

from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "text",
    "code",  # one of the codes of a section of the words
    "codes",  # a list of them
    "sentence",  # a text made from the row: a template, or advice
    "money",  # fen; yuan with two decimals wherever it is read
    "share",  # 0 to 1
    "change",  # a share with its sign
    "count",
    "number",
    "date",
    "flag",
    "choice",  # filled in by people: one of the codes of a section
    "entry",  # filled in by people
    "entry_date",
]
FILLED_IN: frozenset[Kind] = frozenset({"choice", "entry", "entry_date"})

NUMBER_FORMATS: dict[Kind, str] = {
    "money": '#,##0.00;-#,##0.00;"–"',
    "share": "0%",
    "change": '+0%;-0%;"0%"',
    "count": '#,##0;-#,##0;"–"',
    "number": "#,##0.0",
    "date": "yyyy-mm-dd",
    "entry": "@",
    "entry_date": "yyyy-mm-dd",
}
_RIGHT: frozenset[Kind] = frozenset({"money", "share", "change", "number"})
_LEFT: frozenset[Kind] = frozenset({"text", "sentence", "codes", "entry"})


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column.

    Attributes:
        width: On a sheet, in characters of the body font.
        words: The section that translates the codes.
    """

    kind: Kind
    width: float
    words: str = ""  # none where a code is known by itself

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


def _of(kind: Kind, width: float, *ids: str, words: str = "") -> dict[str, Column]:
    return dict.fromkeys(ids, Column(kind=kind, width=width, words=words))


COLUMNS: dict[str, Column] = {
    **_of("text", 13, "customer_id"),
    **_of("text", 10, "name", "phone"),
    **_of("text", 20, "address", "held_because"),
    **_of("text", 11, "org_id", "grid_id", "manager_id", "agent_id", "owner_id", "industry"),
    **_of("code", 5, "tier"),
    **_of("text", 11, "rule", "template"),
    **_of("count", 5, "no", "round", "priority_class", "bills", "bills_open", "dpd"),
    **_of("count", 6, "bills_then", "bills_now", "settled"),
    **_of("money", 10, "paid_fen", "open_then_fen", "open_now_fen", "expected_then_fen"),
    **_of("money", 10, "expected_facts_fen", "expected_model_fen", "expected_now_fen"),
    **_of("share", 7, "p_then", "p_now"),
    **_of("flag", 7, "still_in", "facts_changed"),
    **_of("code", 10, "band_then", "band_now", words="risk_bands"),
    **_of("code", 8, "risk_move", words="risk_moves"),
    **_of("code", 8, "move", words="moves"),
    **_of("code", 10, "cause", words="causes"),
    **_of("codes", 14, "chosen_by", words="chosen_by"),
    **_of("count", 7, "users", "users_owing", "due_6m", "by_due_6m", "overdue_6m", "topups_3m"),
    **_of("money", 10, "open_fen", "overdue_fen", "expected_late_fen", "newest_fen", "usual_fen"),
    **_of("money", 9, "late_fee_fen"),
    **_of("money", 10, "balance_fen", "daily_cost_fen", "advice_fen", "low_advice_fen"),
    **_of("money", 10, "topup_advice_fen", "mean_topup_fen", "mean_monthly_cost_fen", "saving_fen"),
    **_of("money", 14, "billed_year_fen", "limit_fen"),
    **_of("share", 8, "limit_used", "open_share", "punctual_share", "risk_share", "saving_share"),
    **_of("change", 8, "bill_change", "kwh_change"),
    **_of("number", 8, "capacity_kva", "days_left"),
    **_of("date", 11.5, "oldest_due_on", "earliest_on", "latest_on", "dunned_on", "waits_end_on"),
    **_of("date", 11.5, "serve_by_on", "grace_ends_on"),
    **_of("flag", 7, "over_limit", "is_off"),
    **_of("code", 9, "segment", words="segments"),
    **_of("code", 12, "pay_arrangement", words="pay_arrangements"),
    **_of("code", 9, "method", words="methods"),
    **_of("code", 11, "owner_role", words="roles"),
    **_of("code", 15, "why_not", words="reasons"),
    **_of("code", 11, "list", words="titles"),
    **_of("code", 9, "standing", words="standings"),
    **_of("code", 9, "stage", words="stages"),
    **_of("code", 22, "todo", words="tasks"),
    **_of("code", 24, "channel_advice", words="channel_advice"),
    **_of("code", 30, "assumed", words="assumptions"),
    **_of("codes", 16, "labels", words="labels"),
    **_of("codes", 18, "hardship", words="hardships"),
    **_of("codes", 18, "flags", words="flags"),
    **_of("codes", 24, "proposals", words="proposals"),
    **_of("codes", 20, "tasks", words="tasks"),
    **_of("sentence", 30, "say"),
    **_of("sentence", 22, "advice"),
    **_of("choice", 11, "decision", words="decisions"),
    **_of("choice", 11, "outcome", words="outcomes"),
    **_of("entry", 13, "reason_given", "note", "new_contact", "approved_by"),
    **_of("entry", 28, "measures"),
    **_of("entry_date", 11, "contacted_on", "promised_on", "approved_on", "served_on", "agreed_on"),
    **_of("entry_date", 11, "dispute_until_on"),
}
