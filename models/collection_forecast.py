"""From each bill's chance to the bureau's money: expected collection by day, with an interval.

Expected money by day d = sum over bills of open amount * (P(d) + (1 - P(d)) * part(d)): P is the
chance of being cleared by then, and part the share that bills still open have paid in parts.
The interval draws bills, not their sum: few large bills carry much of the money, bills of one
customer are paid together, and all bills share a shock (a month is slower or faster than any
model knew), which multiplies every hazard and whose spread is measured on past forecasts.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.special import ndtri

from models.person_periods import FloatArray, Followed

# The shock is drawn at the middles of so many equal shares of its normal distribution.
_SHOCKS = 25
# Beyond these the rest of the bills enter through mean and variance: none of them moves the sum.
_DRAWN_ONE_BY_ONE = 20_000
# Payments 50 times as quick or as slow as forecast are no month's mood.
_MOST_SHOCK = 4.0


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What bills that are still open have paid in parts.

    Attributes:
        having: Share of the bills open at the end of a day that had paid a part by then.
        size: Mean share of the open amount that such a part is.
    """

    having: tuple[float, ...]
    size: float

    def share(self, days: int) -> FloatArray:
        """Return the mean share of its amount that a bill still open has paid, by day."""
        return self.chance(days) * self.size

    def chance(self, days: int) -> FloatArray:
        """Return the share of open bills that have paid a part, by day; the last one stands on."""
        held = np.asarray(self.having, dtype=np.float64)
        return held[np.minimum(np.arange(days), len(held) - 1)]


def measure_parts(followed: Followed, got: FloatArray, open_cny: FloatArray) -> Parts:
    """Measure part payments on past looks, each bill counting once whatever its amount.

    Args:
        followed: How long each bill was seen open.
        got: Yuan received by the end of each day, one row a bill (models.receipts.received).
        open_cny: Open at the look.
    """
    days = got.shape[1]
    still = followed.days[:, None] > np.arange(days) + followed.paid[:, None]
    share = np.divide(got, open_cny[:, None], out=np.zeros_like(got), where=open_cny[:, None] > 0)
    part = still & (share > 0)
    having = part.sum(axis=0) / np.maximum(still.sum(axis=0), 1)
    # More bills with a part leave as they are cleared, so that the share may fall; a day on
    # which few are left must not turn it up and down.
    return Parts(
        having=tuple(float(value) for value in np.maximum.accumulate(having)),
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


def expected_cny(open_cny: FloatArray, paid: FloatArray, parts: Parts) -> FloatArray:
    """Return the expected yuan collected of each bill by the end of each day."""
    share: FloatArray = paid + (1 - paid) * parts.share(paid.shape[1])
    return open_cny[:, None] * share


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
        bills: open_cny and customer_id, one row a bill.
        paid: P(paid by the end of the day), in the bills' order.
        parts: Of bills that stay open.
        shock: Standard deviation of the log of what multiplies all hazards.
        draws: How many.
        seed: Of the random generator.
    """
    generator = np.random.default_rng(seed)
    open_cny = bills["open_cny"].to_numpy(dtype=np.float64)
    order = np.argsort(-open_cny, kind="stable")
    large, small = order[:_DRAWN_ONE_BY_ONE], order[_DRAWN_ONE_BY_ONE:]
    customer, names = pd.factorize(bills["customer_id"].to_numpy()[large])
    collected = np.empty((draws, paid.shape[1]))
    levels = ndtri((np.arange(_SHOCKS) + 0.5) / _SHOCKS) * shock
    for place, level in enumerate(levels):
        chosen = np.arange(place, draws, _SHOCKS)
        shifted = -np.expm1(np.exp(level) * np.log1p(-np.minimum(paid, 1 - 1e-12)))
        mean, deviation = _moments(open_cny[small], shifted[small], parts)
        for draw in chosen:
            luck = generator.random(len(names))[customer]
            own = _draw(open_cny[large], shifted[large], parts, luck, generator)
            collected[draw] = own + mean + deviation * generator.standard_normal()
    return collected


def _draw(
    open_cny: FloatArray,
    paid: FloatArray,
    parts: Parts,
    luck: FloatArray,
    generator: np.random.Generator,
) -> FloatArray:
    """Draw one month: a bill is cleared on the first day by which its chance exceeds its luck."""
    days = paid.shape[1]
    cleared = (paid <= luck[:, None]).sum(axis=1)
    having = parts.chance(days)
    part = np.searchsorted(having, generator.random(len(open_cny)), side="right")
    early = part < cleared
    by_day = np.bincount(cleared, open_cny, days + 1)
    share = parts.size * open_cny * early
    # The part comes on its day; the day of clearing brings the rest.
    by_day += np.bincount(part, share, days + 1) - np.bincount(cleared, share, days + 1)
    return np.cumsum(by_day[:days])


def _moments(open_cny: FloatArray, paid: FloatArray, parts: Parts) -> tuple[FloatArray, FloatArray]:
    """Return mean and standard deviation of many small bills' sum by day."""
    mean = expected_cny(open_cny, paid, parts).sum(axis=0)
    variance = (open_cny[:, None] ** 2 * paid * (1 - paid)).sum(axis=0)
    return mean, np.sqrt(variance)
