"""Would the list have given the same reasons a day earlier or later? (issue 5, SR 11-7).

The day is moved and every feature built again, so that all of them move together as they would
have; noise put on each column by itself would draw customers that cannot exist. What really
happened on that day (a payment, a new bill) moves with it, so the shares are what a reader of two
lists would see, not an upper bound.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from features.declare import Feature
from models.explain import RowReasons, reasons
from models.predictor import Model

COLUMNS = (
    "days",
    "rows",
    "same_family",
    "same_feature",
    "still_told",
    "probability_moved",
)


def reason_stability(
    model: Model,
    told: pd.DataFrame,
    moved: Mapping[int, pd.DataFrame],
    features: Sequence[Feature],
) -> pd.DataFrame:
    """Compare the reasons of some rows with those of the same rows on other days.

    Args:
        model: What scores and explains.
        told: Matrix rows of one day, such as those listed.
        moved: Matrix rows of other days, by how many days later they are (negative is earlier);
            rows that `told` has not are left out.
        features: Declarations, whose words the reasons are.

    Returns:
        One row per other day: days; rows that are open on both days and have a reason on the
        first; the share of them whose first reason is of the same family (same_family), is the
        same feature's (same_feature), and whose first family is still among the reasons
        (still_told); probability_moved, the mean absolute change of the probability.
        Shares are NaN where no row is left.
    """
    key = "bill_id" if "bill_id" in told else "customer_id"
    first = reasons(model, told, features) if len(told) else []
    found = []
    for days, matrix in sorted(moved.items()):
        at = pd.Index(matrix[key]).get_indexer(told[key])
        here, there = told[at >= 0], matrix.iloc[at[at >= 0]]
        was = [one for one, place in zip(first, at, strict=True) if place >= 0]
        now = reasons(model, there, features) if len(there) else []
        moves = np.abs(model.predict(there) - model.predict(here)) if len(there) else [np.nan]
        found.append({"days": days, **_held(was, now), "probability_moved": float(np.mean(moves))})
    return pd.DataFrame(found, columns=list(COLUMNS))


def _held(was: Sequence[RowReasons], now: Sequence[RowReasons]) -> dict[str, float]:
    pairs = [
        (before.risk[0], after.risk) for before, after in zip(was, now, strict=True) if before.risk
    ]
    return {
        "rows": len(pairs),
        "same_family": _share([bool(now) and was.family == now[0].family for was, now in pairs]),
        "same_feature": _share([bool(now) and was.feature == now[0].feature for was, now in pairs]),
        "still_told": _share([any(was.family == one.family for one in now) for was, now in pairs]),
    }


def _share(held: Sequence[bool]) -> float:
    return float(np.mean(held)) if held else np.nan
