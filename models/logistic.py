"""A logistic line through one number, fitted by Newton's method: the tool of calibration.

scikit-learn's regression has no offset, and its solver stops early; two parameters need neither.
"""

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

_STEPS = 50
_TOLERANCE = 1e-10
_FAR = 1e4  # a slope beyond this is a fit that runs away on separable rows


def sigmoid(margin: FloatArray) -> FloatArray:
    """Return the probability of each log-odds, without overflow at either end."""
    small = np.exp(-np.abs(margin))
    return np.where(margin >= 0, 1.0, small) / (1.0 + small)


def fit_line(x: FloatArray, y: FloatArray, *, slope: float | None = None) -> tuple[float, float]:
    """Fit P(y = 1) = sigmoid(slope * x + intercept) by maximum likelihood.

    Args:
        x: Log-odds, one per row.
        y: Outcomes in [0, 1]; shares such as Platt's smoothed targets are allowed.
        slope: Held at this value when given, so that only the intercept is fitted.

    Returns:
        Slope and intercept; both NaN when no finite fit exists (one class, separable rows).
    """
    if y.size == 0 or y.min() == y.max() in (0.0, 1.0):
        return np.nan, np.nan
    middle, spread = float(x.mean()), float(x.std())
    free = slope is None
    if free and spread == 0:
        return np.nan, np.nan
    # Standardised, so that the two parameters have one scale and Newton needs few steps.
    scale = spread if free else 1.0
    z = (x - middle) / scale
    start = float(np.log(y.mean() / (1 - y.mean())))
    fitted = _newton(z, y, np.array([0.0 if slope is None else slope, start]), free=free)
    if fitted is None:
        return np.nan, np.nan
    found = float(fitted[0]) / scale if free else float(fitted[0])
    return found, float(fitted[1]) - found * middle


def _newton(z: FloatArray, y: FloatArray, start: FloatArray, *, free: bool) -> FloatArray | None:
    at, loss = start, _loss(z, y, start)
    for _ in range(_STEPS):
        step = _step(z, y, at, free=free)
        if step is None:
            return None
        for _ in range(_STEPS):  # halve until the loss falls, so that a far start cannot diverge
            tried = at + step
            after = _loss(z, y, tried)
            if after <= loss:
                break
            step = step / 2
        at, loss = tried, after
        if np.abs(step).max() < _TOLERANCE:
            return at
        if np.abs(at).max() > _FAR:
            return None
    return None


def _step(z: FloatArray, y: FloatArray, at: FloatArray, *, free: bool) -> FloatArray | None:
    p = sigmoid(at[0] * z + at[1])
    weight, gap = p * (1 - p), y - p
    curve = float(weight.sum())
    if curve <= 0:
        return None
    if not free:
        return np.array([0.0, gap.sum() / curve])
    hessian = np.array([[(weight * z * z).sum(), (weight * z).sum()], [(weight * z).sum(), curve]])
    # A determinant of nothing means that every row already has p of 0 or 1.
    if np.linalg.det(hessian) <= 1e-12 * curve * hessian[0, 0]:
        return None
    return np.linalg.solve(hessian, np.array([(gap * z).sum(), gap.sum()]))


def _loss(z: FloatArray, y: FloatArray, at: FloatArray) -> float:
    margin = at[0] * z + at[1]
    return float(np.sum(np.logaddexp(0.0, margin) - y * margin))
