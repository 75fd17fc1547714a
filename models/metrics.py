"""How good a score is: its ranking, its probabilities, and what a list of limited length catches.

A row is one scored bill; `y` is 1 when it turned out late; a larger score is riskier. Every figure
is NaN when the rows cannot tell (one class only), never an error. Weights are multiplicities of
rows, so the bootstrap needs no copy of the data. The share of correct classifications is not
offered: with one late bill in ten, a list that names nobody is right nine times of ten.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from models.probability import brier, calibration_line, ece, log_loss, mean

FloatArray = npt.NDArray[np.float64]
AnyArray = npt.ArrayLike
# A share of the rows (float below 1) or a number of rows (int): what the staff can handle.
Capacity = float | int


@dataclass(frozen=True, kw_only=True)
class Cut:
    """What the first K rows catch; ties at the cut make it a range.

    Attributes:
        expected: When the tied rows at the cut are taken in random order.
        worst: When the worst of the tied rows come first.
        best: When the best of them do.
    """

    expected: float
    worst: float
    best: float


class Ranking:
    """Rows sorted riskiest first, rows of equal score in one tied group.

    Made once, then read under any weights; its methods take one weight per row of the original
    order, so each can be handed to `models.resampling.bootstrap` as it is.
    """

    def __init__(self, y: AnyArray, score: AnyArray, amount: AnyArray | None = None) -> None:
        """Sort once.

        Args:
            y: 1 for a late bill, 0 for one paid in time.
            score: Larger is riskier; need not be a probability.
            amount: Yuan open on each bill; None weighs each bill as 1.

        Raises:
            ValueError: A score is missing; a ranking of it would depend on the row order.
        """
        scores = np.asarray(score, dtype=np.float64)
        if np.isnan(scores).any():
            raise ValueError(f"{int(np.isnan(scores).sum())} of {scores.size} scores are missing.")
        self._order = np.argsort(-scores, kind="stable")
        ordered = scores[self._order]
        self._ends = np.flatnonzero(
            np.append(ordered[1:] != ordered[:-1], [True] * (scores.size > 0))
        )
        self._late = np.asarray(y, dtype=np.float64)[self._order]
        amounts = np.ones_like(scores) if amount is None else np.asarray(amount, dtype=np.float64)
        self._late_amount = self._late * amounts[self._order]

    def auc(self, weight: FloatArray | None = None) -> float:
        """Return the probability that a late bill outranks one paid in time, ties counting half."""
        bad, good = self._shares(weight)
        return float(np.sum(np.diff(good, prepend=0.0) * (bad + np.append(0.0, bad[:-1]))) / 2)

    def gini(self, weight: FloatArray | None = None) -> float:
        """Return 2 AUC - 1 (Rezac and Rezac 2011), never an impurity."""
        return 2 * self.auc(weight) - 1

    def ks(self, weight: FloatArray | None = None) -> float:
        """Return max |F_bad - F_good| over distinct scores (Rezac and Rezac 2011)."""
        bad, good = self._shares(weight)
        return float(np.max(np.abs(bad - good), initial=0.0)) if not np.isnan(bad).any() else np.nan

    def pr_auc(self, weight: FloatArray | None = None) -> float:
        """Return average precision: precision at each distinct score, weighted by recall gained."""
        caught, listed = self._cumulated(self._late, weight)
        if caught.size == 0 or caught[-1] == 0:
            return np.nan
        precision = np.divide(caught, listed, out=np.zeros_like(caught), where=listed > 0)
        return float(np.sum(np.diff(caught, prepend=0.0) * precision) / caught[-1])

    def late_caught(self, weight: FloatArray | None = None, *, capacity: Capacity = 0.05) -> float:
        """Return the expected share of late bills among the first K rows."""
        return self._expected_share(self._late, weight, capacity)

    def late_amount_caught(
        self, weight: FloatArray | None = None, *, capacity: Capacity = 0.05
    ) -> float:
        """Return the expected share of the late amount among the first K rows."""
        return self._expected_share(self._late_amount, weight, capacity)

    def cut(self, capacity: Capacity) -> tuple[Cut, Cut, int]:
        """Return the late bills and the late amount among the first K rows, and K."""
        k = rows_at(capacity, self._late.size)
        return self._cut(self._late, k), self._cut(self._late_amount, k), k

    @property
    def late_total(self) -> float:
        """The number of late bills."""
        return float(self._late.sum())

    @property
    def late_rate(self) -> float:
        """The share of late bills; NaN without rows."""
        return mean(self._late, None)

    @property
    def late_amount_total(self) -> float:
        """Yuan open on the late bills."""
        return float(self._late_amount.sum())

    def gains(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return, at each distinct score: share of rows, of late bills, of the late amount."""
        caught, listed = self._cumulated(self._late, None)
        amount, _ = self._cumulated(self._late_amount, None)
        return listed / max(listed[-1], 1.0), _share(caught), _share(amount)

    @cached_property
    def _all_ones(self) -> FloatArray:
        return np.ones_like(self._late)

    def _sorted(self, weight: FloatArray | None) -> FloatArray:
        return self._all_ones if weight is None else np.asarray(weight, np.float64)[self._order]

    def _cumulated(
        self, value: FloatArray, weight: FloatArray | None
    ) -> tuple[FloatArray, FloatArray]:
        weights = self._sorted(weight)
        return np.cumsum(weights * value)[self._ends], np.cumsum(weights)[self._ends]

    def _shares(self, weight: FloatArray | None) -> tuple[FloatArray, FloatArray]:
        if self._late.size == 0:
            return np.array([np.nan]), np.array([np.nan])
        bad, listed = self._cumulated(self._late, weight)
        return _share(bad), _share(listed - bad)

    def _expected_share(
        self, value: FloatArray, weight: FloatArray | None, capacity: Capacity
    ) -> float:
        caught, listed = self._cumulated(value, weight)
        if caught.size == 0 or caught[-1] == 0:
            return np.nan
        k = rows_at(capacity, listed[-1])
        # Linear between the ends of tied groups: that is what a random order within them expects.
        return float(np.interp(k, np.append(0.0, listed), np.append(0.0, caught)) / caught[-1])

    def _cut(self, value: FloatArray, k: int) -> Cut:
        if value.size == 0:
            return Cut(expected=np.nan, worst=np.nan, best=np.nan)
        group = int(np.searchsorted(self._ends, k - 1))
        start = int(self._ends[group - 1]) + 1 if group else 0
        tied = np.sort(value[start : int(self._ends[group]) + 1])
        above, room = float(value[:start].sum()), k - start
        return Cut(
            expected=above + float(tied.mean()) * room,
            worst=above + float(tied[:room].sum()),
            best=above + float(tied[tied.size - room :].sum()),
        )


def rows_at(capacity: Capacity, rows: float) -> int:
    """Return K, the length of the list: at least 1, at most all rows.

    >>> rows_at(0.05, 1000), rows_at(30, 1000), rows_at(0.05, 3)
    (50, 30, 1)
    """
    wanted = capacity if isinstance(capacity, int) else int(capacity * rows + 1e-9)
    return max(1, min(wanted, int(rows)))


def auc(y: AnyArray, score: AnyArray, weight: FloatArray | None = None) -> float:
    """Return the area under the ROC curve, ties counting half.

    >>> auc([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    0.75
    """
    return Ranking(y, score).auc(weight)


def gini(y: AnyArray, score: AnyArray, weight: FloatArray | None = None) -> float:
    """Return 2 AUC - 1."""
    return Ranking(y, score).gini(weight)


def ks(y: AnyArray, score: AnyArray, weight: FloatArray | None = None) -> float:
    """Return the largest distance between the two score distributions."""
    return Ranking(y, score).ks(weight)


def pr_auc(y: AnyArray, score: AnyArray, weight: FloatArray | None = None) -> float:
    """Return average precision."""
    return Ranking(y, score).pr_auc(weight)


def at_capacity(ranking: Ranking, capacity: Capacity) -> dict[str, float]:
    """Return what the first K rows catch: expected, and worst and best case of ties at the cut."""
    late, amount, k = ranking.cut(capacity)
    found: dict[str, float] = {"listed": float(k)}
    for case in ("expected", "worst", "best"):
        ending = "" if case == "expected" else f"_{case}"
        caught = getattr(late, case)
        found[f"late_caught{ending}"] = _ratio(caught, ranking.late_total)
        found[f"late_amount_caught{ending}"] = _ratio(
            getattr(amount, case), ranking.late_amount_total
        )
        found[f"precision{ending}"] = caught / k
        found[f"lift{ending}"] = _ratio(caught / k, ranking.late_rate)
    return found


def evaluate(
    y: AnyArray,
    score: AnyArray,
    *,
    amount: AnyArray | None = None,
    capacity: Capacity = 0.05,
    is_probability: bool = False,
) -> dict[str, float]:
    """Return every figure of one score on one set of rows.

    Args:
        y: 1 for a late bill.
        score: Larger is riskier.
        amount: Yuan open on each bill, for the share of late amount caught.
        capacity: Length of the list, as a share of the rows or a number of rows.
        is_probability: Whether Brier, log loss and calibration have a meaning.
    """
    ranking = Ranking(y, score, amount)
    late = np.asarray(y, np.float64)
    found: dict[str, float] = {
        "rows": float(late.size),
        "late": float(late.sum()),
        "late_rate": ranking.late_rate,
        "auc": ranking.auc(),
        "gini": ranking.gini(),
        "pr_auc": ranking.pr_auc(),
        "ks": ranking.ks(),
        **at_capacity(ranking, capacity),
    }
    return found | (_of_probabilities(late, score) if is_probability else {})


def _of_probabilities(y: FloatArray, p: Any) -> dict[str, float]:
    slope, intercept = calibration_line(y, p)
    return {
        "mean_probability": mean(np.asarray(p, np.float64), None),
        "brier": brier(y, p),
        "log_loss": log_loss(y, p),
        "calibration_slope": slope,
        "calibration_intercept": intercept,
        "ece": ece(y, p) if y.size else np.nan,
    }


def _share(cumulated: FloatArray) -> FloatArray:
    total = cumulated[-1] if cumulated.size else 0.0
    return cumulated / total if total > 0 else np.full_like(cumulated, np.nan)


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole > 0 else np.nan
