"""How true a probability is: its distance from the outcomes, and its calibration.

A row is one scored bill; `y` is 1 when it turned out late. Every figure is NaN when the rows cannot
tell (none, one class only where two are needed), never an error.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.logistic import fit_line
from models.resampling import bootstrap

FloatArray = npt.NDArray[np.float64]
AnyArray = npt.ArrayLike

_Z = 1.959963984540054  # of a 95 % interval
_CLIP = 1e-12  # keeps log loss and log-odds finite for a probability of 0 or 1


def brier(y: AnyArray, p: AnyArray, weight: FloatArray | None = None) -> float:
    """Return the mean squared distance between probability and outcome (Brier 1950)."""
    gap = np.asarray(p, np.float64) - np.asarray(y, np.float64)
    return mean(gap**2, weight)


def log_loss(y: AnyArray, p: AnyArray, weight: FloatArray | None = None) -> float:
    """Return the mean negative log-likelihood, with p kept off 0 and 1 by 1e-12."""
    late, clipped = np.asarray(y, np.float64), np.clip(np.asarray(p, np.float64), _CLIP, 1 - _CLIP)
    return mean(-late * np.log(clipped) - (1 - late) * np.log1p(-clipped), weight)


def calibration_line(y: AnyArray, p: AnyArray) -> tuple[float, float]:
    """Return slope and intercept of calibration; (1, 0) is perfect.

    The slope is that of a logistic regression of y on the log-odds of p (Cox 1958); the intercept
    is fitted with the slope held at 1, so that it speaks of the mean alone
    (Van Calster et al. 2016, calibration-in-the-large).
    """
    late = np.asarray(y, np.float64)
    clipped = np.clip(np.asarray(p, np.float64), _CLIP, 1 - _CLIP)
    odds = np.log(clipped) - np.log1p(-clipped)
    return fit_line(odds, late)[0], fit_line(odds, late, slope=1.0)[1]


def ece(y: AnyArray, p: AnyArray, *, bins: int = 10) -> float:
    """Return the expected calibration error over bins of equal count.

    Rows of equal probability share a bin, so the row order changes nothing. The bins' gaps
    |mean p - share late| are weighted by their rows.
    """
    return float(sum(rows * abs(p - late) for p, late, rows in _weighted(reliability(y, p, bins))))


def reliability(y: AnyArray, p: AnyArray, bins: int = 10) -> FloatArray:
    """Return one row per bin of equal count: mean p, share late, rows."""
    late, prob = np.asarray(y, np.float64), np.asarray(p, np.float64)
    bin_of = _bin_of(prob, bins)
    rows = np.bincount(bin_of, minlength=bins)
    sums = [np.bincount(bin_of, weights=v, minlength=bins) for v in (prob, late)]
    kept = rows > 0
    return np.column_stack([sums[0][kept] / rows[kept], sums[1][kept] / rows[kept], rows[kept]])


def reliability_intervals(
    y: AnyArray, p: AnyArray, *, customers: AnyArray | None = None, bins: int = 10
) -> pd.DataFrame:
    """Return the bins of `reliability` with the 95 % interval of each late rate.

    It is Wilson's (1927), with as many independent rows as the sandwich variance over customers
    is worth, so it never leaves [0, 1] and has a width in a bin of one outcome.

    Args:
        y: 1 for a late bill.
        p: Its probability as told.
        customers: Whose rows vary together; None takes each row for a witness of its own.
        bins: Number of bins of equal count.

    Returns:
        One row per bin, least p first: mean_p, late_rate, rows, low, high.
    """
    late = np.asarray(y, np.float64)
    found = pd.DataFrame(reliability(y, p, bins), columns=["mean_p", "late_rate", "rows"])
    who = np.arange(late.size) if customers is None else np.asarray(customers)
    parts = pd.DataFrame({"late": late, "who": who}).groupby(_bin_of(np.asarray(p), bins))
    ends = [_wilson(part["late"], part["who"]) for _, part in parts]
    found[["low", "high"]] = np.array(ends).reshape(-1, 2)
    return found


def _wilson(late: pd.Series, who: pd.Series) -> tuple[float, float]:
    rate, sums = late.mean(), (late - late.mean()).groupby(who).sum()
    error = float((sums**2).sum()) / late.size**2
    worth = rate * (1 - rate) / error if error > 0 else float(who.nunique())
    middle, room = rate + _Z**2 / (2 * worth), rate * (1 - rate) / worth + (_Z / worth) ** 2 / 4
    span, whole = _Z * np.sqrt(room), 1 + _Z**2 / worth
    return (middle - span) / whole, (middle + span) / whole


def _bin_of(p: FloatArray, bins: int) -> npt.NDArray[np.int64]:
    """Return each row's bin of equal count, from 0; rows of equal p share one."""
    _, group, counts = np.unique(p, return_inverse=True, return_counts=True)
    middle = np.cumsum(counts) - (counts + 1) / 2  # mean rank of a tied group, from 0
    bin_of = np.minimum((middle * bins / max(p.size, 1)).astype(np.int64), bins - 1)
    return np.asarray(bin_of[group], dtype=np.int64)


def calibration_by_group(
    y: AnyArray,
    p: AnyArray,
    groups: AnyArray,
    customers: AnyArray,
    seed: int,
    *,
    draws: int = 500,
) -> pd.DataFrame:
    """Tell where the mean of p equals the late rate within the late rate's own interval.

    Args:
        y: 1 for a late bill.
        p: Its probability as told.
        groups: Each row's segment, month or other group; rows without one are left out.
        customers: Resampled for the interval: a customer's bills rise and fall together. What
            moves all customers at once, such as a month, is not in it.
        seed: Of the resampling.
        draws: Number of resamples.

    Returns:
        One row per group, in sorted order: group, rows, late, mean_p, late_rate, low and high (of
        the late rate, 95 %), inside. A group of one outcome, which resampling cannot vary, has the
        exact binomial interval over its customers (Clopper & Pearson 1934).
    """
    rows = pd.DataFrame({"y": np.asarray(y, np.float64), "p": np.asarray(p, np.float64)})
    rows["customer"] = np.asarray(customers)
    told = [
        _of_group(name, part, seed=seed, draws=draws)
        for name, part in rows.groupby(np.asarray(groups, dtype=object), sort=True)
    ]
    return pd.DataFrame(told, columns=list(_OF_GROUP))


_OF_GROUP = ("group", "rows", "late", "mean_p", "late_rate", "low", "high", "inside")


def _of_group(name: object, part: pd.DataFrame, *, seed: int, draws: int) -> tuple[object, ...]:
    late, told = part["y"].to_numpy(), float(part["p"].mean())
    rate = bootstrap(lambda weight: mean(late, weight), part["customer"], draws=draws, seed=seed)
    low, high = rate.low, rate.high
    if rate.value in {0.0, 1.0}:
        reach = 1 - 0.025 ** (1 / part["customer"].nunique())
        low, high = max(0.0, rate.value - reach), min(1.0, rate.value + reach)
    inside = low <= told <= high
    return name, late.size, int(late.sum()), told, rate.value, low, high, inside


def mean(values: FloatArray, weight: FloatArray | None = None) -> float:
    """Return the weighted mean; NaN when nothing weighs."""
    weights = np.ones_like(values) if weight is None else np.asarray(weight, np.float64)
    total = float(weights.sum())
    return float((values * weights).sum() / total) if total > 0 else np.nan


def _weighted(bins: FloatArray) -> FloatArray:
    return np.column_stack([bins[:, :2], bins[:, 2] / max(bins[:, 2].sum(), 1.0)])
