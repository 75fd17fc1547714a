"""The naive forecast: the share of past bills paid by day of age, rolled forward.

What a bureau does in a workbook: of the money that was still open at an age, so much came in by
each later age; apply that to the bills open now. It is conditional on being open at their present
age, and censored bills count while they are seen, so it is a Kaplan-Meier curve of the age at
payment with delayed entry. Age is counted from the issue, or from the due day, which is the
stronger rule where many pay on it. No model may go out that does not beat both.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from models.forecast.person_periods import FloatArray, Followed, IntArray, days_past_due, to_days

Clock = Literal["issue", "due"]

# Ages above this are rolled forward as this one: bills that old are few.
_OLDEST = 400
# Ages from the due day are counted from so many days before it.
_BEFORE_DUE = 60


@dataclass(frozen=True, kw_only=True)
class RollForward:
    """Daily shares paid, by day of age.

    Attributes:
        clock: What age is counted from.
        overall: Of the yuan open at the start of a day of age, the share paid on it.
        by_segment: The same within one segment; empty for the overall forecast.
    """

    clock: Clock
    overall: FloatArray
    by_segment: Mapping[str, FloatArray]

    def predict(self, matrix: pd.DataFrame, days: int) -> FloatArray:
        """Return P(paid by the end of the day), one row a bill, one column a day from as_of."""
        age = _age(matrix, self.clock)[:, None] + np.arange(days)
        shares = self.overall[np.minimum(age, _OLDEST)]
        segment = matrix["segment"].astype(object).to_numpy()
        for name, curve in self.by_segment.items():
            own = segment == name
            shares[own] = curve[np.minimum(age[own], _OLDEST)]
        return 1.0 - np.cumprod(1.0 - shares, axis=1)


def fit_roll_forward(
    matrix: pd.DataFrame, followed: Followed, *, by_segment: bool = False, clock: Clock = "issue"
) -> RollForward:
    """Measure the shares of money paid by day of age.

    Args:
        matrix: Looks at open bills; of several looks at one bill the first counts.
        followed: How long each look was seen open.
        by_segment: Measure within each segment, too.
        clock: What age is counted from.
    """
    weight = matrix["open_cny"].to_numpy(dtype=np.float64)
    order = np.argsort(to_days(matrix["as_of"]), kind="stable")
    first = order[~matrix["bill_id"].iloc[order].duplicated().to_numpy()]
    first = first[followed.days[first] > 0]
    age, seen = _age(matrix, clock)[first], followed.of(first)
    segment = matrix["segment"].astype(object).to_numpy()[first]
    names = sorted({name for name in segment if isinstance(name, str)}) if by_segment else []
    return RollForward(
        clock=clock,
        overall=_shares(age, seen, weight[first]),
        by_segment={
            name: _shares(age[own], seen.of(own), weight[first][own])
            for name in names
            for own in [segment == name]
        },
    )


def _shares(age: IntArray, seen: Followed, weight: FloatArray) -> FloatArray:
    """Return paid / at risk by age; where nothing was at risk, nothing is expected."""
    begin, end = np.minimum(age, _OLDEST + 1), np.minimum(age + seen.days, _OLDEST + 1)
    size = _OLDEST + 2
    moves = np.bincount(begin, weight, size) - np.bincount(end, weight, size)
    at_risk = np.cumsum(moves)[: _OLDEST + 1]
    last = age + seen.days - 1
    counted = seen.paid & (last <= _OLDEST)
    paid = np.bincount(last[counted], weight[counted], _OLDEST + 1)
    # A remainder of cancelled sums is no risk.
    real = at_risk > 1e-9 * weight.sum()
    return np.divide(paid, at_risk, out=np.zeros(_OLDEST + 1), where=real).clip(0.0, 1.0)


def _age(matrix: pd.DataFrame, clock: Clock) -> IntArray:
    if clock == "due":
        return np.maximum(days_past_due(matrix) + _BEFORE_DUE, 0)
    age: IntArray = (to_days(matrix["as_of"]) - to_days(matrix["issued_on"])).astype(np.int64)
    return age
