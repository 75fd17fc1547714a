"""How the list moved since the last one: who came, stayed and left, and how arrears aged.

A row of the lists is one listed bill, a row of the scores one open bill; both are counted by
customer.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from reports.page.glance import AGING, age_of_arrears

# Where a customer's arrears stand, and whoever has no open bill at all.
ROLL = (*AGING, "nothing")
BY = ("org", "grid")
_COLUMNS = {"org": "org_id", "grid": "grid_id"}
_MOST = 12


@dataclass(frozen=True, kw_only=True)
class Movement:
    """The last list beside this one.

    Attributes:
        since: Its day.
        run: Its id.
        groups: By name of BY, a row a member: code (empty for all others together), now, came,
            stayed, left, as customers; those where most moved first.
        roll: Customers by where their arrears stood then (rows) and stand now (columns), in the
            order of ROLL.
    """

    since: date
    run: str
    groups: dict[str, pd.DataFrame]
    roll: np.ndarray


def how_it_moved(
    listed: pd.DataFrame,
    before: pd.DataFrame,
    *,
    scores: pd.DataFrame,
    scores_before: pd.DataFrame,
    since: date,
    run: str,
) -> Movement:
    """Hold a list against the last one.

    Args:
        listed: This list: customer_id, org_id, grid_id.
        before: The last list, likewise.
        scores: Every open bill now: customer_id, dpd (of the customer's oldest overdue bill).
        scores_before: Every open bill then.
        since: The day of the last list.
        run: Its run.
    """
    groups = {
        name: _by(listed, before, column)
        for name, column in _COLUMNS.items()
        if column in listed and column in before and listed[column].notna().any()
    }
    return Movement(since=since, run=run, groups=groups, roll=_roll(scores_before, scores))


def _by(listed: pd.DataFrame, before: pd.DataFrame, column: str) -> pd.DataFrame:
    """Count a customer where it is listed now; one that left, where it was listed then."""
    now = (
        listed.drop_duplicates("customer_id")
        .set_index("customer_id")[column]
        .astype("str")
        .fillna("?")
    )
    then = (
        before.drop_duplicates("customer_id")
        .set_index("customer_id")[column]
        .astype("str")
        .fillna("?")
    )
    stays, left = now.index.isin(then.index), ~then.index.isin(now.index)
    told = pd.DataFrame(
        {
            "now": now.value_counts(),
            "came": now[~stays].value_counts(),
            "stayed": now[stays].value_counts(),
            "left": then[left].value_counts(),
        }
    )
    told = told.fillna(0).astype(np.int64).rename_axis("code").reset_index()
    moved = told["came"] + told["left"]
    told = told.assign(moved=moved).sort_values(["moved", "code"], ascending=[False, True])
    told = told.drop(columns="moved").reset_index(drop=True)
    if len(told) <= _MOST:
        return told
    rest = told.iloc[_MOST:].drop(columns="code").sum().to_frame().T.assign(code="")
    return pd.concat([told.iloc[:_MOST], rest], ignore_index=True)[list(told.columns)]


def _roll(then: pd.DataFrame, now: pd.DataFrame) -> np.ndarray:
    places = [
        one.assign(place=age_of_arrears(one["dpd"])).groupby("customer_id")["place"].max()
        for one in (then, now)
    ]
    both = pd.concat(places, axis=1, keys=["then", "now"]).fillna(len(AGING)).astype(np.int64)
    counts = np.zeros((len(ROLL), len(ROLL)), dtype=np.int64)
    np.add.at(counts, (both["then"].to_numpy(), both["now"].to_numpy()), 1)
    return counts
