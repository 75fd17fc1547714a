"""How well a ranking finds the bills that a reminder turns: Qini curve, coefficient, capacity.

Works on scores of effect, one a row, whose mean over any group of rows is without bias the
group's effect (models.uplift.effect.robust_scores). An effect is a change in lateness, below 0
when the reminder helps; a curve counts what is avoided, above 0 when it helps.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.uplift.effect import clustered_mean

FloatArray = npt.NDArray[np.float64]
AnyArray = npt.ArrayLike


@dataclass(frozen=True, kw_only=True)
class Places:
    """Where each row stands in the ranking of its group, as a share of the group from the top.

    Attributes:
        first: Share of the group's rows ahead of the row and its ties.
        last: Share of the group's rows down to the last of its ties.
    """

    first: FloatArray
    last: FloatArray

    @property
    def middle(self) -> FloatArray:
        """The expected place under a random order of ties."""
        return (self.first + self.last) / 2

    def reminded(self, share: float) -> FloatArray:
        """Return the share of the row that is reminded when the first ``share`` of a group is.

        1 ahead of the cut, 0 behind it; ties at the cut share what is left.
        """
        return np.clip((share - self.first) / (self.last - self.first), 0.0, 1.0)


@dataclass(frozen=True, kw_only=True)
class QiniCurve:
    """The curve at shares of bills reminded; each figure is per bill of all bills.

    Attributes:
        share: Share of the bills reminded, from 0 to 1.
        avoided: Late bills avoided, or yuan where scores were weighed so.
        low: Lower end of the pointwise interval.
        high: Upper end.
        random: What reminding the same share at random avoids.
    """

    share: FloatArray
    avoided: FloatArray
    low: FloatArray
    high: FloatArray
    random: FloatArray


def places(score: AnyArray, groups: AnyArray) -> Places:
    """Rank rows within their groups, largest score first.

    A bureau reminds month by month, so a group is a cycle: a ranking gains nothing by telling
    one month from another.

    Raises:
        ValueError: A score is missing.

    >>> places([3.0, 1.0, 2.0, 2.0], [0, 0, 0, 0]).middle.tolist()
    [0.125, 0.875, 0.5, 0.5]
    """
    scores = pd.Series(np.asarray(score, np.float64))
    if scores.isna().any():
        raise ValueError(f"{int(scores.isna().sum())} of {len(scores)} scores are missing.")
    grouped = (-scores).groupby(np.asarray(groups))
    size = grouped.transform("size")
    first, last = grouped.rank(method="min") - 1, grouped.rank(method="max")
    return Places(first=(first / size).to_numpy(), last=(last / size).to_numpy())


def qini(effect: FloatArray, place: Places, weight: FloatArray | None = None) -> float:
    """Return the Qini coefficient: the area between the curve and reminding at random, per bill.

    Above 0 the ranking finds those whom a reminder turns; 0 is chance. The area is exact: a row
    reminded from place t on adds its avoided lateness over the remaining 1 - t, so the area is
    the mean of avoided times (mean place - place), a covariance (Radcliffe 2007; Yadlowsky,
    Fleming, Shah, Brunskill and Wager 2021 for scores in place of counts).
    """
    w = np.ones_like(effect) if weight is None else weight
    middle = place.middle
    centre = float(np.sum(w * middle) / np.sum(w))
    return float(np.sum(w * -effect * (centre - middle)) / np.sum(w))


def effect_at(
    effect: FloatArray, place: Places, share: float, weight: FloatArray | None = None
) -> float:
    """Return the average effect among the first ``share`` of each group."""
    w = np.ones_like(effect) if weight is None else weight
    taken = w * place.reminded(share)
    return float(np.sum(taken * effect) / np.sum(taken)) if taken.any() else np.nan


def qini_curve(
    effect: FloatArray, place: Places, customers: AnyArray, *, points: int = 51
) -> QiniCurve:
    """Return what is avoided as more bills are reminded in the order of a ranking.

    Intervals are pointwise and clustered by customer.
    """
    shares = np.linspace(0.0, 1.0, points)
    found = [clustered_mean(-effect * place.reminded(share), customers) for share in shares]
    return QiniCurve(
        share=shares,
        avoided=np.array([one.value for one in found]),
        low=np.array([one.low for one in found]),
        high=np.array([one.high for one in found]),
        random=-float(np.mean(effect)) * shares,
    )
