"""Figures of a forecast of times: time-dependent Brier score and concordance, with censoring.

A time is a number of days, an event its being seen; the others are censored at their time. Each
function is held against a slow plain reference in tests/models/test_survival_metrics.py.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
AnyArray = npt.ArrayLike


@dataclass(frozen=True, kw_only=True)
class Steps:
    """A Kaplan-Meier curve: 1 before the first of its times.

    Attributes:
        times: Distinct times of the events, ascending.
        survival: Share surviving each of them.
    """

    times: FloatArray
    survival: FloatArray

    def at(self, times: AnyArray) -> FloatArray:
        """Return the share surviving each time."""
        return self._read(np.searchsorted(self.times, np.asarray(times, np.float64), side="right"))

    def before(self, times: AnyArray) -> FloatArray:
        """Return the share that reaches each time: the limit from the left."""
        return self._read(np.searchsorted(self.times, np.asarray(times, np.float64), side="left"))

    def _read(self, place: npt.NDArray[np.intp]) -> FloatArray:
        return np.concatenate([[1.0], self.survival])[place]


def kaplan_meier(time: AnyArray, event: AnyArray) -> Steps:
    """Return the Kaplan-Meier estimate (Kaplan and Meier 1958).

    >>> curve = kaplan_meier([1, 2, 2, 3], [True, True, False, True])
    >>> curve.survival.round(3).tolist()
    [0.75, 0.5, 0.0]
    """
    when, seen = np.asarray(time, np.float64), np.asarray(event, bool)
    times = np.unique(when[seen])
    ordered = np.sort(when)
    at_risk = when.size - np.searchsorted(ordered, times, side="left")
    events = np.unique(when[seen], return_counts=True)[1]
    survival: FloatArray = np.cumprod(1.0 - events / at_risk, dtype=np.float64)
    return Steps(times=times, survival=survival)


def censoring(time: AnyArray, event: AnyArray) -> Steps:
    """Return the Kaplan-Meier estimate of staying uncensored.

    Where an event and a censoring share a day, the event came first: a bill censored on a day was
    open at its end. So its risk set leaves out that day's events.
    """
    when, seen = np.asarray(time, np.float64), np.asarray(event, bool)
    # Half a step later than any event of the day, earlier than the next day's.
    return kaplan_meier(np.where(seen, when, when + 0.5), ~seen)


def brier_at(
    time: AnyArray, event: AnyArray, p: AnyArray, *, at: float, weights: Steps | None = None
) -> float:
    """Return the Brier score of P(event by a time), with inverse weights of censoring.

    Source: Graf et al. 1999. A row with its event by then counts (p - 1)^2 / G(T-), a row known
    to go beyond it p^2 / G(at), and a row censored before says nothing.

    Args:
        time: Of event or censoring.
        event: Whether it was an event.
        p: Told probability of an event by ``at``.
        at: The time.
        weights: Curve of staying uncensored; None estimates it from these rows.
    """
    when, seen = np.asarray(time, np.float64), np.asarray(event, bool)
    told = np.asarray(p, np.float64)
    stay = weights or censoring(when, seen)
    happened = seen & (when <= at)
    beyond = np.where(seen, when, when + 0.5) > at
    loss = np.zeros(when.size)
    loss[happened] = (1 - told[happened]) ** 2 / stay.before(when[happened])
    loss[beyond] = told[beyond] ** 2 / stay.at([at])[0]
    return float(loss.mean())


def concordance(
    time: AnyArray,
    event: AnyArray,
    score: AnyArray,
    *,
    weights: Steps | None = None,
    until: float = np.inf,
) -> float:
    """Return the share of comparable pairs in which the earlier event has the higher score.

    A pair is comparable when the earlier time is an event; of equal times, an event comes before a
    censoring, and two events cannot be compared. Equal scores count one half. NaN without pairs.

    Args:
        time: Of event or censoring.
        event: Whether it was an event.
        score: Higher means an earlier event.
        weights: None weighs every pair alike (Harrell et al. 1982); a curve of staying uncensored
            weighs a pair by 1 / G(T-)^2 of the earlier time (Uno et al. 2011).
        until: Only events before this time are the earlier of a pair.
    """
    when, seen = np.asarray(time, np.float64), np.asarray(event, bool)
    value = np.asarray(score, np.float64)
    right = pairs = 0.0
    for now in np.unique(when[seen & (when < until)]):
        first = seen & (when == now)
        later = np.sort(value[(when > now) | ((when == now) & ~seen)])
        weight = 1.0 if weights is None else float(weights.before([now])[0]) ** -2
        below = np.searchsorted(later, value[first], side="left")
        up_to = np.searchsorted(later, value[first], side="right")
        right += weight * float((below + up_to).sum()) / 2
        pairs += weight * float(first.sum()) * later.size
    return right / pairs if pairs else float("nan")
