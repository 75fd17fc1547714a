"""Logistic regressions of a few columns, fitted by Newton's method: the tool of calibration.

scikit-learn's regression has no offset, and its solver stops early; a few parameters need neither.
"""

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

_STEPS = 50
_TOLERANCE = 1e-10
_FAR = 1e4  # a coefficient beyond this is a fit that runs away on separable rows


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
    if slope is None:
        fitted = fit_plane(x[:, None], y)
        return (np.nan, np.nan) if fitted is None else (float(fitted[0]), float(fitted[1]))
    fitted = fit_plane(np.empty((x.size, 0)), y, offset=slope * x)
    return (np.nan, np.nan) if fitted is None else (slope, float(fitted[0]))


def fit_plane(
    columns: FloatArray, y: FloatArray, *, offset: FloatArray | None = None
) -> FloatArray | None:
    """Fit P(y = 1) = sigmoid(columns @ coefficients + intercept + offset) by maximum likelihood.

    Args:
        columns: One row per outcome, one column per coefficient; none fits the intercept alone.
        y: Outcomes in [0, 1].
        offset: Known part of the log-odds.

    Returns:
        The coefficients and, last, the intercept; None when no finite fit exists.
    """
    if y.size == 0 or y.min() == y.max() in (0.0, 1.0):
        return None
    middle, spread = columns.mean(axis=0), columns.std(axis=0)
    if (spread == 0).any():
        return None
    # Standardised, so that the parameters have one scale and Newton needs few steps.
    design = np.column_stack([(columns - middle) / spread, np.ones(y.size)])
    known = np.zeros(y.size) if offset is None else offset
    start = np.zeros(design.shape[1])
    start[-1] = np.log(y.mean() / (1 - y.mean())) - known.mean()
    fitted = _newton(design, y, known, start)
    if fitted is None:
        return None
    found = fitted[:-1] / spread
    return np.append(found, fitted[-1] - found @ middle)


def _newton(
    design: FloatArray, y: FloatArray, known: FloatArray, start: FloatArray
) -> FloatArray | None:
    at, loss = start, _loss(design @ start + known, y)
    for _ in range(_STEPS):
        step = _step(design, y, design @ at + known)
        if step is None:
            return None
        for _ in range(_STEPS):  # halve until the loss falls, so that a far start cannot diverge
            tried = at + step
            after = _loss(design @ tried + known, y)
            if after <= loss:
                break
            step = step / 2
        at, loss = tried, after
        if np.abs(step).max() < _TOLERANCE:
            return at
        if np.abs(at).max() > _FAR:
            return None
    return None


def _step(design: FloatArray, y: FloatArray, margin: FloatArray) -> FloatArray | None:
    p = sigmoid(margin)
    hessian: FloatArray = design.T @ (design * (p * (1 - p))[:, None])
    scale = np.sqrt(np.diag(hessian))
    # A determinant of nothing: every row has p of 0 or 1 already, or two columns say the same.
    if not (scale > 0).all() or np.linalg.det(hessian / np.outer(scale, scale)) <= 1e-12:
        return None
    return np.asarray(np.linalg.solve(hessian, design.T @ (y - p)), dtype=np.float64)


def _loss(margin: FloatArray, y: FloatArray) -> float:
    return float(np.sum(np.logaddexp(0.0, margin) - y * margin))
