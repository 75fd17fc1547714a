"""From a model's log-odds to probabilities that come true, without changing any rank.

A calibration is data: knots of a straight-piecewise, strictly rising map from raw to calibrated
log-odds. Beyond its outer knots it goes on with the slope of the outer piece.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt
from sklearn.isotonic import IsotonicRegression

from contract.errors import ConfigError, DataError
from models.logistic import fit_line, sigmoid

FloatArray = npt.NDArray[np.float64]
Kind = Literal["none", "platt", "isotonic"]

# The least slope kept, so that a flat stretch of evidence ties no ranks away.
MIN_SLOPE = 1e-3
# Isotonic bins: few knots that each rest on enough rows (domain 3.6: isotonic from ~1,000 rows).
ROWS_PER_BIN = 100
MOST_BINS = 20


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """A rising map of log-odds.

    Attributes:
        kind: How it was fitted.
        knots: Raw and calibrated log-odds, rising in both; empty leaves them as they are.
    """

    kind: Kind
    knots: tuple[tuple[float, float], ...] = ()

    def __post_init__(self) -> None:
        if len(self.knots) == 1:
            raise ConfigError("calibration.knots has 1 knot; expected none, or two and more.")
        for (x0, y0), (x1, y1) in pairwise(self.knots):
            if not (np.isfinite([x0, y0, x1, y1]).all() and x0 < x1 and y0 < y1):
                raise ConfigError(
                    "calibration.knots must be finite and rise strictly in raw and calibrated "
                    f"log-odds; found {(x0, y0)} before {(x1, y1)}."
                )

    def apply(self, raw: npt.ArrayLike) -> FloatArray:
        """Return the probability of each raw log-odds."""
        return sigmoid(self.margin(np.asarray(raw, dtype=np.float64)))

    def margin(self, raw: FloatArray) -> FloatArray:
        """Return the calibrated log-odds of each raw log-odds."""
        if not self.knots:
            return raw
        x, y = (np.array(axis) for axis in zip(*self.knots, strict=True))
        piece = np.clip(np.searchsorted(x, raw, side="right") - 1, 0, x.size - 2)
        slope = np.diff(y) / np.diff(x)
        return y[piece] + slope[piece] * (raw - x[piece])

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {"kind": self.kind, "knots": [list(knot) for knot in self.knots]}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Calibration":
        """Read the JSON form.

        Raises:
            ConfigError: A key or kind is unknown, or the knots do not rise.
        """
        if set(data) != {"kind", "knots"} or data["kind"] not in get_args(Kind):
            raise ConfigError(
                f"calibration must hold kind ({', '.join(get_args(Kind))}) and knots; "
                f"found {dict(data)}."
            )
        try:
            knots = tuple((float(x), float(y)) for x, y in data["knots"])
        except (TypeError, ValueError) as error:
            raise ConfigError(f"calibration.knots must be pairs of numbers: {error}.") from error
        return cls(kind=data["kind"], knots=knots)


def fit_calibration(kind: Kind, raw_margin: npt.ArrayLike, y: npt.ArrayLike) -> Calibration:
    """Fit a calibration on rows that the model has not seen.

    Args:
        kind: ``none`` keeps the model's own probabilities; ``platt`` fits a line through the
            log-odds (Platt 1999, with his smoothed targets); ``isotonic`` a rising line through
            up to 20 bins, and falls back to Platt when the evidence has a single level.
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
    knots = _isotonic(raw, late) if kind == "isotonic" else ()
    return Calibration(kind=kind, knots=knots or _platt(raw, late))


def _platt(raw: FloatArray, y: FloatArray) -> tuple[tuple[float, float], ...]:
    late = y.sum()
    # Platt (1999), section 2.2: targets short of 0 and 1 keep the line finite on separable rows.
    target = np.where(y > 0, (late + 1) / (late + 2), 1 / (y.size - late + 2))
    slope, intercept = fit_line(raw, target)
    if not slope >= MIN_SLOPE:  # no signal, or the wrong sign: keep the ranks, match the mean
        slope, intercept = fit_line(raw, target, slope=MIN_SLOPE)
    start = float(raw.mean())
    return tuple((x, slope * x + intercept) for x in (start - 1.0, start + 1.0))


def _isotonic(raw: FloatArray, y: FloatArray) -> tuple[tuple[float, float], ...]:
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


def _rising(x: FloatArray, y: FloatArray) -> tuple[tuple[float, float], ...]:
    apart = np.append(True, np.diff(x) > 0)  # bins of one tied margin have one centre
    x, y = x[apart], y[apart]
    if x.size < 2:
        return ()
    kept = np.maximum.accumulate(y - MIN_SLOPE * x) + MIN_SLOPE * x
    return tuple(zip(x.tolist(), kept.tolist(), strict=True))
