"""What pushes each listed bill up and down, and the bills behind each sentence, as columns.

Numbers are hundredths of log-odds. Base, families and what calibration adds make up the
probability on the list, so that a waterfall ends where the list does.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from reports.page.data import pack

# Families of a waterfall; the others are shown together.
_BARS = 7
# Sentences of a bill, and bills of a customer that a mark can name (a number of 30 bits).
_SENTENCES, _MOST_BILLS = 3, 30


@dataclass(frozen=True, kw_only=True)
class Pushes:
    """Why bills score as they do; a bill that is not here has nothing to show.

    Attributes:
        bill_id: The bills, one a row of what follows.
        base: Log-odds before anything speaks.
        families: Log-odds that each family adds, a column each.
        speaking: The sentences on the list: of_bill_id, number (0, 1, 2), family.
        evidence: The bills behind them: of_bill_id, number, bill_id.
    """

    bill_id: pd.Series
    base: np.ndarray
    families: pd.DataFrame
    speaking: pd.DataFrame
    evidence: pd.DataFrame


def fold_pushes(pushes: Pushes, listed: pd.Series, bills: pd.DataFrame) -> dict[str, object]:
    """Return the columns of a page, a row a listed bill.

    Args:
        pushes: What pushes them.
        listed: The listed bills' ids, in order.
        bills: The page's bills in order, with ``at`` (the customer's place) and bill_id.
    """
    rows = pd.Index(pushes.bill_id).get_indexer(pd.Index(listed))
    frame = pushes.families.assign(base=pushes.base).reset_index(drop=True)
    told = (frame * 100).round().astype("Int32").reindex(rows.tolist()).reset_index(drop=True)
    for number in range(_SENTENCES):
        said = _by_row(pushes.speaking, number, "family").reindex(listed)
        told[f"said_{number}"] = said.to_numpy()
        marks = _marks(pushes.evidence, number, bills).reindex(listed)
        told[f"bills_{number}"] = marks.fillna(0).astype(np.int64).to_numpy()
    return {"families": list(pushes.families.columns), "most": _BARS, "rows": pack(told)}


def _by_row(speaking: pd.DataFrame, number: int, column: str) -> pd.Series:
    mine = speaking[speaking["number"] == number]
    return mine.set_index("of_bill_id")[column]


def _marks(evidence: pd.DataFrame, number: int, bills: pd.DataFrame) -> pd.Series:
    """Return for each listed bill which of its customer's bills count, as bits, newest lowest."""
    place = bills.groupby("at").cumcount()
    of_bill = place[place < _MOST_BILLS].set_axis(bills["bill_id"][place < _MOST_BILLS])
    mine = evidence[evidence["number"] == number]
    at = of_bill.reindex(mine["bill_id"]).to_numpy()
    bits = mine.loc[~np.isnan(at), ["of_bill_id"]].assign(bit=2 ** at[~np.isnan(at)])
    return bits.groupby("of_bill_id")["bit"].sum()
