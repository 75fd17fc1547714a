"""What a card tells, of one customer alone; frames have the columns of `reports.page.Happened`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from features.declare import Text


@dataclass(frozen=True, kw_only=True)
class Why:
    """One reason as it stands on the list.

    Attributes:
        cycles: The bills behind it by month, as 202609; empty where it is not from single bills.
    """

    text: Text
    cycles: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ListedBill:
    """One bill of the customer that is on the list.

    Attributes:
        cycle: Its month, as 202610.
        p_late: The probability that it is paid late.
        in_favour: The strongest thing that speaks against it, if any.
    """

    cycle: int
    due_on: date
    amount_fen: int
    open_fen: int
    p_late: float
    reasons: tuple[Why, ...]
    in_favour: Text | None = None

    @property
    def late_of_100(self) -> int:
        """How many of 100 such bills are late; never none and never all, for it is an estimate."""
        return min(99, max(1, round(100 * self.p_late)))


@dataclass(frozen=True, kw_only=True)
class Card:
    """What one customer is told.

    Attributes:
        customer_id: The utility's own number.
        name: As the utility keeps it; None where it does not.
        listed: The customer's bills on the list.
        bills: cycle, issued_on, due_on, amount_fen, open_fen, cleared_on.
        payments: paid_on, amount_fen, channel, kind.
        contacts: made_on, method.
    """

    run: str
    as_of: date
    customer_id: str
    name: str | None
    listed: tuple[ListedBill, ...]
    bills: pd.DataFrame
    payments: pd.DataFrame
    contacts: pd.DataFrame

    @property
    def has_open_bill(self) -> bool:
        """Whether a bill was open on the day."""
        return bool((self.bills["cleared_on"].isna() & (self.bills["open_fen"] > 0)).any())


def as_json(card: Card) -> dict[str, Any]:
    """Return the card for machines: money in yuan, days as text."""
    return {
        "reference": card.run,
        "as_of": card.as_of.isoformat(),
        "customer_id": card.customer_id,
        "name": card.name,
        "on_the_list": bool(card.listed),
        "listed_bills": [
            {
                "cycle": bill.cycle,
                "due_on": bill.due_on.isoformat(),
                "amount_cny": bill.amount_fen / 100,
                "open_cny": bill.open_fen / 100,
                "late_of_100_such_bills": bill.late_of_100,
                "reasons": [
                    {"zh": why.text.zh, "en": why.text.en, "bills": list(why.cycles)}
                    for why in bill.reasons
                ],
                "in_favour": bill.in_favour and {"zh": bill.in_favour.zh, "en": bill.in_favour.en},
            }
            for bill in card.listed
        ],
        "bills": _rows(
            card.bills, ("cycle", "issued_on", "due_on", "cleared_on"), ("amount", "open")
        ),
        "payments": _rows(card.payments, ("paid_on", "channel", "kind"), ("amount",)),
        "contacts": _rows(card.contacts, ("made_on", "method"), ()),
    }


def _rows(frame: pd.DataFrame, plain: Sequence[str], money: Sequence[str]) -> list[dict[str, Any]]:
    return [
        {name: _plain(row[name]) for name in plain}
        | {f"{name}_cny": int(row[f"{name}_fen"]) / 100 for name in money}
        for row in frame.to_dict("records")
    ]


def _plain(value: Any) -> Any:
    if pd.isna(value):
        return None
    if isinstance(value, (pd.Timestamp, date)):
        return f"{value:%Y-%m-%d}"
    return int(value) if not isinstance(value, str) else value
