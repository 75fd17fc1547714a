"""Choose a calibration by what it does out of time: fitted on older cycles, judged on the newest.

The simplest kind within one standard error of the best is taken (Breiman et al. 1984, section
3.4.3), so a method with more freedom has to earn it, and the winner is fitted again on all rows.
"""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.calibration.curve import Calibration, Kind
from models.calibration.fitting import fit_calibration, fit_shift
from models.calibration.segmenting import fit_segments
from models.dealing import place
from models.logistic import sigmoid
from models.probability import brier, calibration_line, ece

FloatArray = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Choice = Literal["auto", Kind]

# Simplest first: no, two and three parameters, up to 20 pools, any number of steps.
KINDS: tuple[Kind, ...] = ("none", "platt", "beta", "isotonic", "venn_abers")


@dataclass(frozen=True, kw_only=True)
class Unseen:
    """Rows that the trees have not seen, to calibrate on; one place per row in each array.

    Attributes:
        raw: The model's log-odds.
        y: 1 for a late bill.
        cycle: Billing month, as a number.
        customers: Whose rows vary together.
        segments: Each row's level of the feature of that name; None where there is none.
    """

    raw: FloatArray
    y: FloatArray
    cycle: npt.NDArray[np.int64]
    customers: pd.Series
    segments: pd.Series | None = None

    def only(self, rows: Mask) -> "Unseen":
        """Return some of the rows."""
        return Unseen(
            raw=self.raw[rows],
            y=self.y[rows],
            cycle=self.cycle[rows],
            customers=self.customers[rows],
            segments=None if self.segments is None else self.segments[rows],
        )

    def bears(self, least: int) -> bool:
        """Tell whether both outcomes occur that often."""
        return bool(min(self.y.sum(), (1 - self.y).sum()) >= least)


def choose_calibration(
    wanted: Choice, rows: Unseen, *, least: int, kinds: tuple[Kind, ...] = KINDS
) -> tuple[Calibration, pd.DataFrame]:
    """Fit the calibration that is wanted, and tell how every kind does out of time.

    Args:
        wanted: A kind; or ``auto`` for the one that the evidence is for, with offsets of segments
            where they lower the log loss by more than one standard error.
        rows: Where no cut by cycle leaves enough rows on both sides, such as with a single cycle,
            half of the customers judge the other half.
        least: Late rows, and rows paid in time, that each side and each segment must have.
        kinds: Those to try, simplest first.

    Returns:
        The calibration, fitted on all rows, and one row per candidate, simplest first: kind, by
        (the feature whose levels have offsets, or empty), rows, log_loss, worse (than the best),
        worse_se (its standard error over customers), brier, ece, slope, intercept, chosen.
        No candidate where there are not enough rows; there ``auto`` is ``platt`` (domain 3.6).

    Raises:
        DataError: All rows together hold one outcome only.
    """
    older, newest = _cut(rows, least)
    if not (older.bears(least) and newest.bears(least)):
        return fit_calibration("platt" if wanted == "auto" else wanted, rows.raw, rows.y), _table(
            []
        )
    tried = [_try(fit_calibration(kind, older.raw, older.y), newest) for kind in kinds]
    best = min(tried, key=_loss)
    if wanted != "auto":
        chosen = next(one for one in tried if one.calibration.kind == wanted)
    else:
        chosen = next(one for one in tried if not _beats(best, one))
        rival = _with_segments(chosen.calibration, older, least)
        if rival.segments is not None:
            tried.append(_try(rival, newest))
            chosen = tried[-1] if _beats(tried[-1], chosen) else chosen
    fitted = fit_calibration(chosen.calibration.kind, rows.raw, rows.y)
    if chosen.calibration.segments is not None:
        fitted = _with_segments(fitted, rows, least)
    return fitted, _table(tried, chosen)


@dataclass(frozen=True, kw_only=True)
class _Tried:
    """A calibration on the rows that judge it; `p` and `loss` hold one figure per row."""

    calibration: Calibration
    rows: Unseen
    p: FloatArray
    loss: FloatArray


def _cut(rows: Unseen, least: int) -> tuple[Unseen, Unseen]:
    """Return the rows to fit on and those to judge on: as few of the newest cycles as will do."""
    for first in np.unique(rows.cycle)[:0:-1]:
        older, newest = rows.only(rows.cycle < first), rows.only(rows.cycle >= first)
        if older.bears(least) and newest.bears(least):
            return older, newest
    dealt = place(rows.customers)
    # Not a half of all places: the rows may have been dealt out by place before (models.fit.split).
    judging = dealt > (np.median(dealt) if dealt.size else 0.0)
    return rows.only(~judging), rows.only(judging)


def _try(calibration: Calibration, judges: Unseen) -> _Tried:
    margin = calibration.margin(judges.raw, judges.segments)
    loss = np.logaddexp(0.0, margin) - judges.y * margin
    return _Tried(calibration=calibration, rows=judges, p=sigmoid(margin), loss=loss)


def _with_segments(calibration: Calibration, rows: Unseen, least: int) -> Calibration:
    if rows.segments is None:
        return calibration
    margin = calibration.margin(rows.raw)
    # The level of all rows is the map's to tell; segments tell how they differ from it.
    level = fit_shift(margin, rows.y)[0]
    segments = fit_segments(
        margin + level,
        rows.y,
        levels=rows.segments,
        customers=rows.customers,
        rows=least,
    )
    return replace(calibration, segments=segments)


def _loss(one: _Tried) -> float:
    return float(one.loss.mean())


def _beats(one: _Tried, other: _Tried) -> bool:
    """Tell whether one loses less than the other by more than a standard error."""
    gain, error = _difference(other, one)
    return gain > error


def _difference(one: _Tried, other: _Tried) -> tuple[float, float]:
    """Return how much more log loss one has, and the standard error over customers.

    The error is the one that a paired bootstrap of customers (`models.resampling`) comes to with
    endless draws, by its linear form (Liang & Zeger 1986).
    """
    gap = one.loss - other.loss
    sums = np.bincount(pd.factorize(one.rows.customers)[0], weights=gap - gap.mean())
    return float(gap.mean()), float(np.sqrt((sums**2).sum()) / gap.size)


_COLUMNS = (
    "kind",
    "by",
    "rows",
    "log_loss",
    "worse",
    "worse_se",
    "brier",
    "ece",
    "slope",
    "intercept",
    "chosen",
)


def _table(tried: list[_Tried], chosen: _Tried | None = None) -> pd.DataFrame:
    return pd.DataFrame([_figures(one, tried, chosen) for one in tried], columns=list(_COLUMNS))


def _figures(one: _Tried, tried: list[_Tried], chosen: _Tried | None) -> dict[str, object]:
    y, segments = one.rows.y, one.calibration.segments
    worse, error = _difference(one, min(tried, key=_loss))
    slope, intercept = calibration_line(y, one.p)
    return {
        "kind": one.calibration.kind,
        "by": segments.feature if segments else "",
        "rows": y.size,
        "log_loss": _loss(one),
        "worse": worse,
        "worse_se": error,
        "brier": brier(y, one.p),
        "ece": ece(y, one.p),
        "slope": slope,
        "intercept": intercept,
        "chosen": one is chosen,
    }
