"""A binned logistic scorecard (domain 3.11, B8): points per bin that can be added on paper.

Each feature is cut into bins; a bin's weight of evidence is the log of its odds of lateness against
all rows' odds; a logistic regression weighs the features, each in the direction of its evidence;
the result is written as points. More points are safer, as credit staff are used to.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import minimize

from contract.errors import DataError
from features.declare import Feature
from models.binning import Bins, IntArray, fit_bins
from models.logistic import sigmoid

FloatArray = npt.NDArray[np.float64]

# Siddiqi (2006), chapter 6: 600 points are odds of 50 paid in time to 1 late; 20 double them.
FACTOR = 20 / np.log(2)
OFFSET = 600 - FACTOR * np.log(50)

# Rows of the overall rate added to each bin, so that a small or empty bin says little or nothing.
PRIOR_ROWS = 20.0
RIDGE = 10.0

_COLUMNS = ("feature", "bin", "rows", "late", "late_rate", "woe", "points")


@dataclass(frozen=True, kw_only=True)
class Characteristic:
    """One feature on the scorecard; the tuples run over its bins, missing values last.

    Attributes:
        rows: Training rows in each bin.
        late: Late bills among them.
        woe: Weight of evidence, ln(odds of late in the bin / odds of late overall).
        points: What the bin adds to the score; positive is safer.
    """

    bins: Bins
    rows: tuple[int, ...]
    late: tuple[int, ...]
    woe: tuple[float, ...]
    points: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class Scorecard:
    """Points to add up; scoring uses the very tenths of a point that the table shows.

    Attributes:
        base: Points that every bill starts with.
        characteristics: The features, the one that separates most first.
    """

    base: float
    characteristics: tuple[Characteristic, ...]

    def points(self, matrix: pd.DataFrame) -> FloatArray:
        """Return each row's points; more is safer."""
        total = np.full(len(matrix), self.base)
        for each in self.characteristics:
            total += np.array(each.points)[each.bins.assign(matrix)]
        return np.round(total, 1)

    def margin(self, matrix: pd.DataFrame) -> FloatArray:
        """Return the log-odds that each bill is late."""
        return np.asarray((OFFSET - self.points(matrix)) / FACTOR, dtype=np.float64)

    def predict(self, matrix: pd.DataFrame) -> FloatArray:
        """Return the probability that each bill is late."""
        return sigmoid(self.margin(matrix))

    def contributions(self, matrix: pd.DataFrame) -> tuple[FloatArray, FloatArray]:
        """Return what each characteristic adds to the log-odds over its mean in training.

        One row per row and one column per characteristic, and the base, one per row; a row's
        contributions and its base add up to its margin.
        """
        found = np.empty((len(matrix), len(self.characteristics)))
        base = (OFFSET - self.base) / FACTOR
        for at, each in enumerate(self.characteristics):
            by_bin = self.log_odds(each)
            usual = float(np.average(by_bin, weights=each.rows))
            found[:, at] = by_bin[each.bins.assign(matrix)] - usual
            base += usual
        return found, np.full(len(matrix), base)

    @staticmethod
    def log_odds(each: Characteristic) -> FloatArray:
        """Return what each bin of a characteristic adds to the log-odds of lateness."""
        return np.asarray(each.points, dtype=np.float64) / -FACTOR

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Scorecard":
        """Read the JSON form.

        Raises:
            TypeError, KeyError: A field is missing or unknown.
        """
        characteristics = []
        for each in data["characteristics"]:
            fields = {k: tuple(v) for k, v in each.items() if k != "bins"}
            cut: dict[str, Any] = {
                k: tuple(v) if isinstance(v, list) else v for k, v in each["bins"].items()
            }
            characteristics.append(Characteristic(bins=Bins(**cut), **fields))
        return cls(base=float(data["base"]), characteristics=tuple(characteristics))

    def points_table(self) -> pd.DataFrame:
        """Return one row per bin: feature, bin, rows, late, late_rate, woe, points.

        The first row is what every bill starts with.
        """
        tables = [_start(self.base)] + [_table(each) for each in self.characteristics]
        return pd.concat(tables, ignore_index=True)[list(_COLUMNS)]


def fit_scorecard(
    matrix: pd.DataFrame, y: npt.ArrayLike, *, features: Sequence[Feature], most: int = 20
) -> Scorecard:
    """Fit a scorecard of at most `most` features.

    No feature may count against its own evidence: weights below nought are held at nought, which
    drops what others already say. All features are weighed once, the strongest kept, and weighed
    again.

    Args:
        matrix: One row per bill at an as_of.
        y: 1 for a late bill.
        features: Candidates.
        most: Longest scorecard that is still read.

    Raises:
        DataError: The rows hold one outcome only.
    """
    late = np.asarray(y, dtype=np.float64)
    if late.size == 0 or late.min() == late.max():
        raise DataError(
            f"scorecard: all {late.size} rows have the same outcome; give more cycles or customers."
        )
    bins = [fit_bins(matrix, late, feature) for feature in features]
    placed = [each.assign(matrix) for each in bins]
    evidence = [_woe(at, late, each.count) for at, each in zip(placed, bins, strict=True)]
    woe = np.column_stack([table[at] for table, at in zip(evidence, placed, strict=True)])
    weights, _ = _weigh(woe, late)
    strength = weights * woe.std(axis=0)
    kept = np.argsort(-strength, kind="stable")[:most]
    kept = kept[strength[kept] > 0]
    weights, intercept = _weigh(woe[:, kept], late)
    return Scorecard(
        base=_tenths(OFFSET - FACTOR * intercept),
        characteristics=tuple(
            _characteristic(bins[i], placed[i], late, evidence[i], weight)
            for i, weight in zip(kept, weights, strict=True)
            if weight > 0
        ),
    )


def _woe(at: IntArray, late: FloatArray, count: int) -> FloatArray:
    rate = late.mean()
    bad = np.bincount(at, weights=late, minlength=count) + PRIOR_ROWS * rate
    good = np.bincount(at, weights=1 - late, minlength=count) + PRIOR_ROWS * (1 - rate)
    return np.log(bad / good) - np.log(rate / (1 - rate))


def _weigh(woe: FloatArray, late: FloatArray) -> tuple[FloatArray, float]:
    """Return weights of at least nought and the intercept of a ridge logistic regression."""
    rate = late.mean()
    start = np.append(np.zeros(woe.shape[1]), np.log(rate / (1 - rate)))

    def loss(at: FloatArray) -> tuple[float, FloatArray]:
        margin = woe @ at[:-1] + at[-1]
        gap = sigmoid(margin) - late
        value = np.sum(np.logaddexp(0.0, margin) - late * margin) + RIDGE / 2 * at[:-1] @ at[:-1]
        slope = np.append(woe.T @ gap + RIDGE * at[:-1], gap.sum())
        return float(value) / late.size, slope / late.size

    bounds = [(0.0, None)] * woe.shape[1] + [(None, None)]
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x
    return found[:-1], float(found[-1])


def _characteristic(
    bins: Bins, at: IntArray, late: FloatArray, woe: FloatArray, weight: float
) -> Characteristic:
    rows = np.bincount(at, minlength=bins.count)
    bad = np.bincount(at, weights=late, minlength=bins.count)
    return Characteristic(
        bins=bins,
        rows=tuple(rows.tolist()),
        late=tuple(bad.astype(int).tolist()),
        woe=tuple(woe.tolist()),
        points=tuple(_tenths(-FACTOR * weight * each) for each in woe),
    )


def _tenths(points: float) -> float:
    return round(float(points), 1) + 0.0  # + 0.0 turns -0.0 into 0.0


def _start(base: float) -> pd.DataFrame:
    return pd.DataFrame({"feature": ["(start)"], "bin": ["every bill"], "points": [base]})


def _table(each: Characteristic) -> pd.DataFrame:
    rows, late = np.array(each.rows), np.array(each.late)
    return pd.DataFrame(
        {
            "feature": each.bins.feature,
            "bin": each.bins.labels(),
            "rows": rows,
            "late": late,
            "late_rate": np.divide(late, rows, out=np.full(rows.size, np.nan), where=rows > 0),
            "woe": each.woe,
            "points": each.points,
        }
    )
