"""What became of the last list: which late bills it had, which it missed, what was paid and when.

A row of the scores is one bill that was scored for the last list, listed or not; what became of it
is what was known when the present run was made, and nothing later. Every bill has one fate and is
either late or not, so that the parts add up to the list. Pure.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

# Paid with no contact before the payment; paid after one; not paid; no longer a bill to be paid.
FATES = ("paid_alone", "paid_after", "open", "withdrawn")
# Somebody was there, or a message arrived (domain 4: a call that nobody took tells nobody).
REACHED = ("delivered", "answered", "promised", "refused")
_LISTED = ("call", "message")


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of the bills of the last list and of those it left out.

    Attributes:
        since: The day of the last list.
        until: The day before which what became of them was known.
        parts: One row a band, fate and whether it was late: band, fate, late, count (bills), fen
            (open when the list was made). Only those that there are, in a fixed order.
    """

    since: date
    until: date
    parts: pd.DataFrame

    def listed(self, *, fate: str | None = None, late: bool | None = None) -> tuple[int, int]:
        """Return bills and fen of the list, of one fate or late or not where that is asked."""
        rows = self.parts["band"].isin(_LISTED)
        if fate is not None:
            rows &= self.parts["fate"] == fate
        if late is not None:
            rows &= self.parts["late"] == late
        return self._sum(rows)

    @property
    def caught(self) -> tuple[int, int]:
        """Late bills that were on the list."""
        return self.listed(late=True)

    @property
    def missed(self) -> tuple[int, int]:
        """Late bills that were scored and not listed."""
        return self._sum(~self.parts["band"].isin(_LISTED) & self.parts["late"])

    def _sum(self, rows: pd.Series) -> tuple[int, int]:
        found = self.parts.loc[rows, ["count", "fen"]].sum()
        return int(found["count"]), int(found["fen"])


def what_became(
    scored: pd.DataFrame,
    bills: pd.DataFrame,
    contacts: pd.DataFrame,
    *,
    since: date,
    until: date,
) -> Outcome:
    """Tell what became of each bill that was scored for the last list.

    A bill is late when it was cleared after its due day, or is open past it. A contact counts for
    a bill when it reached somebody, names the bill or none of the customer's, and was made from
    ``since`` on and before the bill was cleared.

    Args:
        scored: customer_id, bill_id, band and open_cny as they were then.
        bills: What is known now: bill_id, due_on, cleared_at (empty while open). A bill that is
            not here was cancelled.
        contacts: customer_id, bill_id (may be empty), contacted_at, outcome.
        since: The day of the last list.
        until: The day before which bills and contacts were known.
    """
    rows = scored[["customer_id", "bill_id", "band"]].assign(
        fen=(scored["open_cny"] * 100).round().astype(np.int64)
    )
    rows = rows.merge(bills.assign(known=True), on="bill_id", how="left", validate="one_to_one")
    known, cleared = rows["known"].notna(), rows["cleared_at"].notna()
    contacted = _first_contact(rows, contacts, since) < rows["cleared_at"]
    rows["fate"] = np.select(
        [~known, ~cleared, contacted], ["withdrawn", "open", "paid_after"], "paid_alone"
    )
    due = pd.to_datetime(rows["due_on"])
    settled = rows["cleared_at"].dt.normalize().fillna(pd.Timestamp(until))
    rows["late"] = known & (settled > due)
    parts = rows.groupby(["band", "fate", "late"], observed=True, sort=True)["fen"]
    told = parts.agg(count="size", fen="sum").reset_index()
    return Outcome(since=since, until=until, parts=told)


def _first_contact(rows: pd.DataFrame, contacts: pd.DataFrame, since: date) -> pd.Series:
    """Return when each bill's customer was first reached about it; empty where nobody was."""
    counts = contacts["outcome"].isin(REACHED) & (contacts["contacted_at"] >= pd.Timestamp(since))
    reached = contacts[counts]
    named = reached.groupby("bill_id")["contacted_at"].min()
    of_all = reached[reached["bill_id"].isna()].groupby("customer_id")["contacted_at"].min()
    about = named.reindex(rows["bill_id"]).reset_index(drop=True)
    any_of = of_all.reindex(rows["customer_id"]).reset_index(drop=True)
    return about.where((about <= any_of) | any_of.isna(), any_of)
