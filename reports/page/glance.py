"""The portfolio at a glance: totals and groups of the bills that were scored.

A row of the scores is one open bill. Money is summed in whole fen, so that the parts of a chart
add up to its total.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

TILES = ("bills", "open", "expected", "listed", "calls", "new", "stayed", "left")
MONEY_TILES = frozenset({"open", "expected"})
GROUPS = ("band", "org", "grid", "segment", "aging")
AGING = ("current", "to_30", "to_90", "to_365", "over")

_AGING_ENDS = (0, 30, 90, 365)
# Groups with more than this many members show the largest and the rest together.
_MOST = 12
_COLUMNS = {"band": "band", "org": "org_id", "grid": "grid_id", "segment": "segment"}


@dataclass(frozen=True, kw_only=True)
class Glance:
    """What the page says of all scored bills.

    Attributes:
        tiles: Figure by name of TILES, money in fen; a figure that nobody knows is absent.
        groups: By name of GROUPS, a row a member: code (empty for all others together), count
            (bills; customers for aging), fen, and for all but aging expected_fen. Ordered by
            what is at stake, aging by age.
    """

    tiles: dict[str, int]
    groups: dict[str, pd.DataFrame]


def look_at(
    scores: pd.DataFrame, listed: pd.DataFrame, previous: Iterable[str] | None = None
) -> Glance:
    """Sum up all scored bills.

    Args:
        scores: Every scored bill: customer_id, band, segment, grid_id, open_cny,
            expected_late_cny, overdue_cny, dpd, and org_id where bureaus are known.
        listed: The bills on the list, with customer_id and band.
        previous: The customers on the list before this one; None when there was none.
    """
    fen = scores.assign(
        fen=_in_fen(scores["open_cny"]), expected_fen=_in_fen(scores["expected_late_cny"])
    )
    tiles = {
        "bills": len(fen),
        "open": int(fen["fen"].sum()),
        "expected": int(fen["expected_fen"].sum()),
        "listed": len(listed),
        "calls": int((listed["band"] == "call").sum()),
    }
    if previous is not None:
        tiles |= _movement(set(listed["customer_id"]), set(previous))
    groups = {
        name: _by(fen, column)
        for name, column in _COLUMNS.items()
        if column in fen and fen[column].notna().any()
    }
    return Glance(tiles=tiles, groups=groups | {"aging": _aging(scores)})


def _movement(now: set[str], before: set[str]) -> dict[str, int]:
    return {"new": len(now - before), "stayed": len(now & before), "left": len(before - now)}


def _by(fen: pd.DataFrame, column: str) -> pd.DataFrame:
    members = fen.assign(code=fen[column].astype("str").fillna("?")).groupby("code", sort=True)
    told = members.agg(
        count=("fen", "size"), fen=("fen", "sum"), expected_fen=("expected_fen", "sum")
    )
    told = told.reset_index().sort_values("expected_fen", ascending=False, kind="stable")
    if len(told) <= _MOST:
        return told.reset_index(drop=True)
    rest = told.iloc[_MOST:][["count", "fen", "expected_fen"]].sum().to_frame().T.assign(code="")
    return pd.concat([told.iloc[:_MOST], rest], ignore_index=True)


def _aging(scores: pd.DataFrame) -> pd.DataFrame:
    """Count each customer once: arrears and days past due are the customer's, not the bill's."""
    customers = scores.drop_duplicates("customer_id")
    place = age_of_arrears(customers["dpd"])
    owed = _in_fen(customers["overdue_cny"]).to_numpy()
    return pd.DataFrame(
        {
            "code": AGING,
            "count": np.bincount(place, minlength=len(AGING)),
            "fen": [int(owed[place == at].sum()) for at in range(len(AGING))],
        }
    )


def age_of_arrears(dpd: pd.Series) -> np.ndarray:
    """Return the place in AGING of each number of days past due; nothing known is nothing due.

    >>> age_of_arrears(pd.Series([0, 1, 30, 31, 400]))
    array([0, 1, 1, 2, 4])
    """
    return np.searchsorted(_AGING_ENDS, dpd.fillna(0).to_numpy(), side="left")


def _in_fen(yuan: pd.Series) -> pd.Series:
    return (yuan.fillna(0) * 100).round().astype(np.int64)
