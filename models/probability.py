"""How true a probability is: its distance from the outcomes, and its calibration.

A row is one scored bill; `y` is 1 when it turned out late. Every figure is NaN when the rows cannot
tell (none, one class only where two are needed), never an error.
"""

import numpy as np
import numpy.typing as npt

from models.logistic import fit_line

FloatArray = npt.NDArray[np.float64]
AnyArray = npt.ArrayLike

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
    _, group, counts = np.unique(prob, return_inverse=True, return_counts=True)
    middle = np.cumsum(counts) - (counts + 1) / 2  # mean rank of a tied group, from 0
    bin_of = np.minimum((middle * bins / max(prob.size, 1)).astype(int), bins - 1)[group]
    rows = np.bincount(bin_of, minlength=bins)
    sums = [np.bincount(bin_of, weights=v, minlength=bins) for v in (prob, late)]
    kept = rows > 0
    return np.column_stack([sums[0][kept] / rows[kept], sums[1][kept] / rows[kept], rows[kept]])


def mean(values: FloatArray, weight: FloatArray | None = None) -> float:
    """Return the weighted mean; NaN when nothing weighs."""
    weights = np.ones_like(values) if weight is None else np.asarray(weight, np.float64)
    total = float(weights.sum())
    return float((values * weights).sum() / total) if total > 0 else np.nan


def _weighted(bins: FloatArray) -> FloatArray:
    return np.column_stack([bins[:, :2], bins[:, 2] / max(bins[:, 2].sum(), 1.0)])
