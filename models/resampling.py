"""Intervals by resampling customers: a customer's bills rise and fall together.

Resampling rows would take twelve bills of one household for twelve independent witnesses and give
intervals that are too narrow.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import norm

FloatArray = npt.NDArray[np.float64]
# A figure as a function of how often each row counts, such as `Ranking.auc`.
Statistic = Callable[[FloatArray], float]


@dataclass(frozen=True, kw_only=True)
class Interval:
    """A figure with its percentile bootstrap interval.

    Attributes:
        value: The figure on the rows as they are.
        low: Lower end; NaN when the figure is.
        high: Upper end.
        level: Share of the resampled figures between the ends.
    """

    value: float
    low: float
    high: float
    level: float

    def excludes(self, value: float) -> bool:
        """Tell whether a value lies outside, such as 0 for a difference."""
        return bool(value < self.low or value > self.high)


def bootstrap(
    statistic: Statistic,
    customers: npt.ArrayLike,
    *,
    draws: int = 500,
    seed: int,
    level: float = 0.95,
) -> Interval:
    """Return a figure with an interval clustered by customer.

    Each draw takes as many customers as there are, with replacement; a row counts as often as its
    customer was drawn, so nothing is copied or sorted again. Draws whose figure is NaN (one class
    only) are left out.

    Args:
        statistic: Takes one weight per row, in the rows' order.
        customers: The customer of each row.
        draws: Number of resamples.
        seed: Of the random generator; the same seed gives the same interval.
        level: Share of the resampled figures that the interval holds.
    """
    values, drawn = resample([statistic], customers, draws=draws, seed=seed)
    return interval(values[0], drawn[:, 0], level=level)


def resample(
    statistics: Sequence[Statistic], customers: npt.ArrayLike, *, draws: int, seed: int
) -> tuple[FloatArray, FloatArray]:
    """Return several figures, and each of them on every resample, a column a figure.

    All are read on the same resamples, so that the difference of two columns is paired.
    """
    codes, names = pd.factorize(np.asarray(customers))
    values = [statistic(np.ones(codes.size)) for statistic in statistics]
    generator = np.random.default_rng(seed)
    drawn = np.empty((draws, len(statistics)))
    for row in drawn:
        weight = _weights(generator, codes, len(names))
        row[:] = [statistic(weight) for statistic in statistics]
    return np.array(values), drawn


def interval(value: float, drawn: FloatArray, *, level: float = 0.95) -> Interval:
    """Return a figure with the percentile interval of its resamples; those of NaN are left out."""
    finite = drawn[~np.isnan(drawn)]
    if finite.size == 0:
        return Interval(value=float(value), low=np.nan, high=np.nan, level=level)
    tail = (1 - level) / 2
    low, high = np.quantile(finite, [tail, 1 - tail])
    return Interval(value=float(value), low=float(low), high=float(high), level=level)


def rate_interval(
    late: npt.ArrayLike, customers: npt.ArrayLike, *, level: float = 0.95
) -> Interval:
    """Return a share with its interval clustered by customer, without drawing anything.

    The linearised variance of a ratio of cluster totals (Cochran 1977, 6.4), normal around the
    share: for a share it agrees with the bootstrap and is cheap enough for every slice.
    """
    y = np.asarray(late, np.float64)
    codes, names = pd.factorize(np.asarray(customers))
    rate = float(y.mean()) if y.size else np.nan
    if len(names) < 2:
        return Interval(value=rate, low=np.nan, high=np.nan, level=level)
    off = np.bincount(codes, weights=y - rate)
    error = float(np.sqrt(np.sum(off**2) * len(names) / (len(names) - 1)) / y.size)
    reach = error * float(norm.ppf((1 + level) / 2))
    return Interval(
        value=rate, low=max(0.0, rate - reach), high=min(1.0, rate + reach), level=level
    )


def bootstrap_difference(
    first: Statistic,
    second: Statistic,
    customers: npt.ArrayLike,
    *,
    draws: int = 500,
    seed: int,
    level: float = 0.95,
) -> Interval:
    """Return the paired interval of first minus second: both are read on the same resamples."""
    return bootstrap(
        lambda weight: first(weight) - second(weight),
        customers,
        draws=draws,
        seed=seed,
        level=level,
    )


def _weights(
    generator: np.random.Generator, codes: npt.NDArray[np.intp], customers: int
) -> FloatArray:
    drawn = generator.integers(0, customers, customers)
    return np.bincount(drawn, minlength=customers).astype(np.float64)[codes]
