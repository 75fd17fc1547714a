"""From each bill's chance to the bureau's money: expected collection by day, with an interval.

Expected money by day d = sum over bills of open amount * (P(d) + (1 - P(d)) * part(d)): P is the
chance of being cleared by then, and part the share that bills still open have paid in parts.
The interval draws bills, not their sum: few large bills carry much of the money, bills of one
customer are paid together, and all bills share a shock (a month is slower or faster than any
model knew), which multiplies every hazard and whose spread is measured on past forecasts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import brentq
from scipy.special import ndtri

from models.forecast.person_periods import FloatArray, Followed, IntArray

ANY = "any"  # the segment of those that have none
# The shock is drawn at the middles of so many equal shares of its normal distribution.
_SHOCKS = 25
# Beyond these the rest of the bills enter through mean and variance: none of them moves the sum.
_DRAWN_ONE_BY_ONE = 20_000
# Bills of all segments that a segment's own are counted together with.
_LIKE_ALL = 200
# Payments 50 times as quick or as slow as forecast are no month's mood.
_MOST_SHOCK = 4.0


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What bills that are still open have paid in parts.

    Attributes:
        having: By segment, the share of the bills open at the end of a day that had paid a part
            by then, one value a day from the look on; the last one stands on. ``ANY`` is for a
            segment that was not seen.
        size: Mean share of the open amount that such a part is.
    """

    having: Mapping[str, tuple[float, ...]]
    size: float

    def chance(self, segment: pd.Series, days: int) -> FloatArray:
        """Return the chance of having paid a part while open, one row a bill, one column a day."""
        names = list(self.having)
        table = np.array([self.having[name] for name in names])
        table = table[:, np.minimum(np.arange(days), table.shape[1] - 1)]
        code = pd.Index(names).get_indexer(pd.Index(segment.astype(object)))
        chance: FloatArray = table[np.where(code < 0, names.index(ANY), code)]
        return chance


def measure_parts(matrix: pd.DataFrame, followed: Followed, got: FloatArray) -> Parts:
    """Measure part payments on past looks, each bill counting once whatever its amount.

    Businesses pay in parts several times as often as homes and owe most of the money, so the
    share is measured by segment; a small segment is drawn towards the share of all.

    Args:
        matrix: One row a look at an open bill.
        followed: How long each was seen open.
        got: Yuan received by the end of each day, one row a look
            (models.forecast.receipts.received).
    """
    open_cny = matrix["open_cny"].to_numpy(dtype=np.float64)[:, None]
    still = followed.days[:, None] > np.arange(got.shape[1]) + followed.paid[:, None]
    share = np.divide(got, open_cny, out=np.zeros_like(got), where=open_cny > 0)
    part = still & (share > 0)
    all_bills = part.sum(axis=0) / np.maximum(still.sum(axis=0), 1)
    segment = matrix["segment"].astype(object).to_numpy()
    having = {ANY: all_bills}
    for name in sorted({name for name in segment if isinstance(name, str)}):
        own = segment == name
        having[name] = (part[own].sum(axis=0) + _LIKE_ALL * all_bills) / (
            still[own].sum(axis=0) + _LIKE_ALL
        )
    # Bills with a part leave as they are cleared, so the share may fall late, when few are left;
    # a forecast of money that was received must not.
    rising = {name: np.maximum.accumulate(shares).tolist() for name, shares in having.items()}
    return Parts(
        having={name: tuple(shares) for name, shares in rising.items()},
        size=float(share[part].mean()) if part.any() else 0.0,
    )


def log_shock(followed: Followed, paid: FloatArray) -> tuple[float, float]:
    """Return how far payments ran ahead of what was forecast, and the variance of that by chance.

    The shock s multiplies every hazard by e^s, so a bill's chance of staying open becomes
    (1 - P)^(e^s). It is the maximum of the likelihood of the days of payment, and the variance
    the inverse of the information there (grouped proportional hazards: Prentice and Gloeckler
    1978). Without a payment nothing is measured: 0, and an infinite variance.

    Args:
        followed: How long each bill of one look was seen open.
        paid: P(paid by the end of the day), one row a bill, one column a day.
    """
    seen = followed.until(paid.shape[1])
    open_until = -np.log1p(-np.minimum(paid, 1 - 1e-12))
    used = np.flatnonzero(seen.days > 0)
    came = seen.paid[used]
    last = open_until[used, seen.days[used] - 1]
    second_last = np.where(
        seen.days[used] > 1, open_until[used, np.maximum(seen.days[used] - 2, 0)], 0.0
    )
    on_day = np.maximum(last - second_last, 1e-12)[came]
    stood = float(np.where(came, second_last, last).sum())

    def score(shock: float) -> float:
        pressure = np.exp(shock) * on_day
        return float((pressure / np.expm1(pressure)).sum() - np.exp(shock) * stood)

    if not score(-_MOST_SHOCK) > 0 > score(_MOST_SHOCK):
        return 0.0, np.inf
    shock, step = float(brentq(score, -_MOST_SHOCK, _MOST_SHOCK)), 1e-4
    return shock, 2 * step / (score(shock - step) - score(shock + step))


def spread_of(shocks: Sequence[tuple[float, float]]) -> float:
    """Return the spread of shocks about 0, less what chance alone would give.

    About 0 and not about their mean: a forecast that ran ahead each month is wrong by that, too.
    """
    beyond_chance = [shock**2 - variance for shock, variance in shocks if np.isfinite(variance)]
    return float(np.sqrt(max(0.0, float(np.mean(beyond_chance))))) if beyond_chance else 0.0


def expected_cny(bills: pd.DataFrame, paid: FloatArray, parts: Parts) -> FloatArray:
    """Return the expected yuan collected of each bill by the end of each day.

    Args:
        bills: open_cny and segment, one row a bill.
        paid: P(paid by the end of the day), in the bills' order.
        parts: Of bills that stay open.
    """
    open_cny = bills["open_cny"].to_numpy(dtype=np.float64)
    part = parts.chance(bills["segment"], paid.shape[1]) * parts.size
    share: FloatArray = paid + (1 - paid) * part
    return open_cny[:, None] * share


def collection_rate(
    more_cny: npt.ArrayLike, *, collected_cny: float, receivable_cny: float
) -> FloatArray:
    """Return 电费回收率, the share of a cycle's bills that is collected (domain 2.3).

    rate by day d = (实收 before as_of + collected from as_of to d) / 应收. 应收 is the sum of the
    cycle's bills issued before as_of and not cancelled, refunds aside; 实收 what was posted on
    them before as_of, at most the bill; what comes after is dated by the day the customer pays.

    >>> collection_rate([0, 30], collected_cny=60, receivable_cny=100).tolist()
    [0.6, 0.9]
    """
    return (collected_cny + np.asarray(more_cny, dtype=np.float64)) / receivable_cny


def draw_collected(
    bills: pd.DataFrame,
    paid: FloatArray,
    *,
    parts: Parts,
    shock: float,
    draws: int,
    seed: int,
) -> FloatArray:
    """Draw the yuan collected of all bills by the end of each day: one row a draw.

    Args:
        bills: open_cny, customer_id and segment, one row a bill.
        paid: P(paid by the end of the day), in the bills' order.
        parts: Of bills that stay open.
        shock: Standard deviation of the log of what multiplies all hazards.
        draws: How many.
        seed: Of the random generator.
    """
    generator = np.random.default_rng(seed)
    order = np.argsort(-bills["open_cny"].to_numpy(dtype=np.float64), kind="stable")
    large, small = order[:_DRAWN_ONE_BY_ONE], order[_DRAWN_ONE_BY_ONE:]
    open_cny = bills["open_cny"].to_numpy(dtype=np.float64)[large]
    customer, names = pd.factorize(bills["customer_id"].to_numpy()[large])
    having = parts.chance(bills["segment"].iloc[large], paid.shape[1])
    collected = np.empty((draws, paid.shape[1]))
    levels = ndtri((np.arange(_SHOCKS) + 0.5) / _SHOCKS) * shock
    for place, level in enumerate(levels):
        shifted = -np.expm1(np.exp(level) * np.log1p(-np.minimum(paid, 1 - 1e-12)))
        mean, deviation = _moments(bills.iloc[small], shifted[small], parts)
        chance = shifted[large]
        for draw in range(place, draws, _SHOCKS):
            # A bill is cleared on the first day by which its chance exceeds its customer's luck.
            luck = generator.random(len(names))[customer]
            cleared = (chance <= luck[:, None]).sum(axis=1)
            part = (having <= generator.random(len(large))[:, None]).sum(axis=1)
            own = _add_up(open_cny, cleared, part, parts.size, paid.shape[1])
            collected[draw] = own + mean + deviation * generator.standard_normal()
    return collected


def _add_up(
    open_cny: FloatArray, cleared: IntArray, part: IntArray, size: float, days: int
) -> FloatArray:
    """Return the yuan by the end of each day; a part comes on its day, clearing brings the rest."""
    share = size * open_cny * (part < cleared)
    by_day = np.bincount(cleared, open_cny - share, days + 1) + np.bincount(part, share, days + 1)
    return np.cumsum(by_day[:days])


def _moments(bills: pd.DataFrame, paid: FloatArray, parts: Parts) -> tuple[FloatArray, FloatArray]:
    """Return mean and standard deviation of many small bills' sum by day."""
    mean = expected_cny(bills, paid, parts).sum(axis=0)
    open_cny = bills["open_cny"].to_numpy(dtype=np.float64)[:, None]
    return mean, np.sqrt((open_cny**2 * paid * (1 - paid)).sum(axis=0))
