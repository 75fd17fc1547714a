"""What happened with the listed customers, as compact columns: bills, payments and contacts.

A bill that one payment settled carries that payment's channel, and the payment is not told again;
so a page holds a year of 20,000 customers. Rows are grouped by customer in the order of the list,
newest first; ``of`` says how many rows each customer has. A day is the number of days before the
list's own, money is fen.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

KINDS = ("bill", "payment", "contact")
# Of a payment that is no plain one.
PAYMENTS = ("ok", "failed", "reversal")


@dataclass(frozen=True, kw_only=True)
class Happened:
    """What happened with the listed customers before the list's day.

    Attributes:
        bills: customer_id, bill_id, cycle (202610), issued_on, due_on, amount_fen, open_fen,
            cleared_on (empty while open).
        payments: customer_id, paid_on, amount_fen, channel, kind (of PAYMENTS).
        contacts: customer_id, made_on, method, outcome, promised_on.
    """

    bills: pd.DataFrame
    payments: pd.DataFrame
    contacts: pd.DataFrame


def fold(happened: Happened, customers: pd.Index, as_of: date) -> dict[str, pd.DataFrame]:
    """Return the frames of a page, by kind; a row's customer is its place in ``customers``.

    Bills keep ``bill_id``, by which evidence finds them, and ``at``, the customer's place.
    """
    bills, payments = _settled_by_one(happened.bills, happened.payments)
    contacts = happened.contacts
    told = {
        "bill": bills.assign(
            issued=_ago(bills["issued_on"], as_of),
            due=_ago(bills["due_on"], as_of),
            cleared=_ago(bills["cleared_on"], as_of),
        ),
        "payment": payments.assign(on=_ago(payments["paid_on"], as_of)),
        "contact": contacts.assign(
            on=_ago(contacts["made_on"], as_of), promised=_ago(contacts["promised_on"], as_of)
        ),
    }
    return {kind: _in_order(told[kind], customers, _BY[kind]) for kind in KINDS}


def shown(frame: pd.DataFrame, kind: str) -> pd.DataFrame:
    """Return the columns of a kind that a page carries."""
    return frame[list(_SHOWN[kind])]


def counts(frame: pd.DataFrame, customers: int) -> list[int]:
    """Return how many rows each customer has, in order."""
    return np.bincount(frame["at"], minlength=customers).tolist()


_BY = {"bill": ["due", "bill_id"], "payment": ["on"], "contact": ["on"]}
_SHOWN = {
    "bill": ("cycle", "issued", "due", "cleared", "amount_fen", "open_fen", "channel"),
    "payment": ("on", "amount_fen", "channel", "kind"),
    "contact": ("on", "method", "outcome", "promised"),
}


def _settled_by_one(
    bills: pd.DataFrame, payments: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give a bill the channel of the one payment of its day and amount, and take that away."""
    keys = ["customer_id", "day", "amount_fen"]
    paid = bills[bills["cleared_on"].notna()].assign(day=lambda told: told["cleared_on"])
    made = payments[payments["kind"] == "ok"].assign(day=lambda told: told["paid_on"])
    paid["turn"], made["turn"] = (one.groupby(keys).cumcount() for one in (paid, made))
    found = paid.reset_index(names="bill_at").merge(
        made.reset_index(names="payment_at")[[*keys, "turn", "channel", "payment_at"]],
        on=[*keys, "turn"],
    )
    channels = found.set_index("bill_at")["channel"]
    return (
        bills.assign(channel=channels.reindex(bills.index)),
        payments.drop(index=found["payment_at"].to_list()),
    )


def _ago(days: pd.Series, as_of: date) -> pd.Series:
    return (pd.Timestamp(as_of) - pd.to_datetime(days)).dt.days.astype("Int32")


def _in_order(frame: pd.DataFrame, customers: pd.Index, by: list[str]) -> pd.DataFrame:
    at = customers.get_indexer(pd.Index(frame["customer_id"]))
    known = frame.assign(at=at)[at >= 0]
    return known.sort_values(["at", *by], kind="stable").reset_index(drop=True)
