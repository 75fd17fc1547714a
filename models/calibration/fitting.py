"""Fit a calibration of a given kind on rows that the model has not seen."""

import numpy as np
import numpy.typing as npt
from sklearn.isotonic import IsotonicRegression

from contract.errors import DataError
from models.calibration.curve import MIN_SLOPE, Calibration, Kind
from models.calibration.venn_abers import bounds, merged
from models.logistic import fit_line, fit_plane

FloatArray = npt.NDArray[np.float64]
Knots = tuple[tuple[float, float], ...]

# Isotonic bins: few knots that each rest on enough rows (domain 3.6: isotonic from ~1,000 rows).
ROWS_PER_BIN = 100
MOST_BINS = 20


def fit_calibration(kind: Kind, raw_margin: npt.ArrayLike, y: npt.ArrayLike) -> Calibration:
    """Fit a calibration on rows that the model has not seen.

    Every kind keeps every rank: what a method would tie (isotonic pools, Venn-Abers steps, a beta
    parameter of 0) rises by a slope of 0.001 instead, which moves no log-odds by more than a
    thousandth of the width of the tie.

    Args:
        kind: ``none`` keeps the model's own probabilities; ``platt`` fits a line through the
            log-odds (Platt 1999); ``beta`` a log p - b log(1 - p) + c with a, b >= 0 (Kull et al.
            2017); ``isotonic`` a rising line through up to 20 bins; ``venn_abers`` the merged
            inductive Venn-Abers probability (Vovk & Petej 2014). Those with a formula take Platt's
            smoothed targets; each falls back to Platt when the evidence has a single level.
        raw_margin: The model's log-odds.
        y: 1 for a late bill.

    Raises:
        DataError: The rows hold one outcome only, so nothing can be learned from them.
    """
    raw, late = np.asarray(raw_margin, np.float64), np.asarray(y, np.float64)
    if kind == "none":
        return Calibration(kind=kind)
    if late.size == 0 or late.min() == late.max():
        raise DataError(
            f"calibration: all {late.size} rows have the same outcome; calibrate on more cycles."
        )
    if kind == "beta" and (beta := _beta(raw, late)):
        return Calibration(kind=kind, beta=beta)
    knots: Knots = ()
    if kind == "isotonic":
        knots = _isotonic(raw, late)
    elif kind == "venn_abers":
        knots = _venn_abers(raw, late)
    return Calibration(kind=kind, knots=knots or _platt(raw, late))


def fit_shift(
    margin: FloatArray, y: FloatArray, customers: npt.ArrayLike | None = None
) -> tuple[float, float]:
    """Return the shift of the log-odds at which mean p equals the late rate, and its variance.

    The variance is the sandwich over customers (Liang & Zeger 1986): a bill is seen on several
    days with one outcome. Both are NaN when no finite shift exists.
    """
    shift = fit_line(margin, y, slope=1.0)[1]
    if np.isnan(shift):
        return np.nan, np.nan
    p = 1 / (1 + np.exp(-(margin + shift)))
    of = np.arange(y.size) if customers is None else np.unique(customers, return_inverse=True)[1]
    gaps = np.bincount(of, weights=y - p)
    return shift, float((gaps**2).sum() / (p * (1 - p)).sum() ** 2)


def _smoothed(y: FloatArray) -> FloatArray:
    """Return Platt's targets (1999, section 2.2): short of 0 and 1, so separable rows fit too."""
    late = y.sum()
    return np.where(y > 0, (late + 1) / (late + 2), 1 / (y.size - late + 2))


def _platt(raw: FloatArray, y: FloatArray) -> Knots:
    target = _smoothed(y)
    slope, intercept = fit_line(raw, target)
    if not slope >= MIN_SLOPE:  # no signal, or the wrong sign: keep the ranks, match the mean
        slope, intercept = fit_line(raw, target, slope=MIN_SLOPE)
    start = float(raw.mean())
    return tuple((x, slope * x + intercept) for x in (start - 1.0, start + 1.0))


def _beta(raw: FloatArray, y: FloatArray) -> tuple[float, float, float] | None:
    """Fit a and b; one below the least slope is held there and the other fitted again."""
    target = _smoothed(y)
    columns = np.column_stack([-np.logaddexp(0.0, -raw), np.logaddexp(0.0, raw)])
    both = fit_plane(columns, target)
    if both is not None and both[:2].min() >= MIN_SLOPE:
        return float(both[0]), float(both[1]), float(both[2])
    held = 1 if both is None else int(both[:2].argmin())
    one = fit_plane(columns[:, [1 - held]], target, offset=MIN_SLOPE * columns[:, held])
    if one is None or one[0] < MIN_SLOPE:
        return None
    ab = (MIN_SLOPE, float(one[0])) if held == 0 else (float(one[0]), MIN_SLOPE)
    return (*ab, float(one[1]))


def _isotonic(raw: FloatArray, y: FloatArray) -> Knots:
    """Pool adjacent bins whose late rates fall, and join the pools' centres in log-odds."""
    order = np.argsort(raw, kind="stable")
    bins = [part for part in np.array_split(order, _bin_count(y.size)) if part.size]
    rows = np.array([part.size for part in bins], dtype=np.float64)
    centre = np.array([raw[part].mean() for part in bins])
    # One row's worth of the overall rate keeps the log-odds of a bin without late bills finite;
    # it is added before pooling, which then restores the order that it may have bent.
    rate = np.array([(y[part].sum() + y.mean()) / (part.size + 1) for part in bins])
    fitted = IsotonicRegression().fit_transform(np.arange(rows.size), rate, sample_weight=rows)
    pools = np.cumsum(np.append(False, fitted[1:] > fitted[:-1]))
    weight = np.bincount(pools, weights=rows)
    x = np.bincount(pools, weights=centre * rows) / weight
    p = np.bincount(pools, weights=fitted * rows) / weight
    return _rising(x, np.log(p / (1 - p)))


def _bin_count(rows: int) -> int:
    return max(1, min(MOST_BINS, rows // ROWS_PER_BIN))


def _venn_abers(raw: FloatArray, y: FloatArray) -> Knots:
    """Keep the first and last score of each step, and a step beyond the outermost scores.

    Between two steps the true probability lies between theirs (p0 of the step below, p1 of the
    one above), and so does the line that joins them.
    """
    x, group = np.unique(raw, return_inverse=True)
    late = np.bincount(group, weights=y).astype(np.float64)
    p0, p1 = bounds(late, np.bincount(group).astype(np.float64))
    # Below all scores a row has p0 = 0, above all of them p1 = 1.
    p0, p1 = np.concatenate([[0.0], p0, p0[-1:]]), np.concatenate([p1[:1], p1, [1.0]])
    p = merged(p0, p1)
    at = np.concatenate([[x[0] - 1.0], x, [x[-1] + 1.0]])
    changes = p[1:] != p[:-1]
    kept = np.append(True, changes) | np.append(changes, True)
    outer = np.concatenate([[at[0] - 1.0], at[kept], [at[-1] + 1.0]])
    steps = np.log(p) - np.log1p(-p)
    return _rising(outer, np.concatenate([steps[:1], steps[kept], steps[-1:]]))


def _rising(x: FloatArray, y: FloatArray) -> Knots:
    apart = np.append(True, np.diff(x) > 0)  # bins of one tied margin have one centre
    x, y = x[apart], y[apart]
    if x.size < 2:
        return ()
    kept = np.maximum.accumulate(y - MIN_SLOPE * x) + MIN_SLOPE * x
    return tuple(zip(x.tolist(), kept.tolist(), strict=True))
