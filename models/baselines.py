"""The simple rankings that every result is printed beside (domain 3.11, B0-B5 and B7).

Each takes a matrix, one row per open bill, and gives one score per row; larger is riskier and rows
that the rule cannot tell apart get exactly the same score. None is a probability.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from contract.errors import ConfigError
from features.declare import Text

FloatArray = npt.NDArray[np.float64]

# Strength of the prior in bills: (k + a * pi) / (n + a), domain 3.5. Two bills' worth lets four
# bills of a customer's own outweigh the neighbours two to one.
PRIOR_BILLS = 2.0

_SEED = "random"


@dataclass(frozen=True, kw_only=True)
class Baseline:
    """One simple ranking.

    Attributes:
        id: The name in tables, metrics and configs.
        columns: The matrix columns that it reads.
        score: The rule; reads those columns alone.
    """

    id: str
    name: Text
    columns: tuple[str, ...]
    score: Callable[[pd.DataFrame], FloatArray]


def score_baseline(baseline: Baseline, matrix: pd.DataFrame) -> FloatArray:
    """Return the baseline's score of each row.

    Raises:
        ConfigError: The matrix lacks a column that the rule reads.
    """
    lacking = [column for column in baseline.columns if column not in matrix.columns]
    if lacking:
        raise ConfigError(
            f"baseline {baseline.id} needs {', '.join(lacking)}, which the matrix lacks; "
            "declare the feature or leave the baseline out."
        )
    return baseline.score(matrix)


def available(matrix: pd.DataFrame) -> tuple["Baseline", ...]:
    """Return the baselines whose columns the matrix has, in the declared order."""
    return tuple(b for b in BASELINES if set(b.columns) <= set(matrix.columns))


def _random(matrix: pd.DataFrame) -> FloatArray:
    """Rank by a keyed hash of the bill: the same bill keeps its place in any order of rows."""
    keys = matrix["bill_id"].astype(str) + "|" + _SEED
    return pd.util.hash_array(keys.to_numpy(dtype=object)).astype(np.float64) / 2.0**64


def _plain(column: str) -> Callable[[pd.DataFrame], FloatArray]:
    """Rank by one column; a bill without a history stands with those never late."""
    return lambda matrix: _filled(matrix, column)


def smoothed_late_rate(matrix: pd.DataFrame) -> FloatArray:
    """Return (k + a * pi) / (n + a): late bills k of n known in 12 months, pulled to the mean pi.

    pi is the pooled rate of the rows given, so give it the whole list, not a part of it.
    """
    late, known = _filled(matrix, "late_count_12m"), _filled(matrix, "bills_known_12m")
    pooled = late.sum() / max(known.sum(), 1.0)
    return (late + PRIOR_BILLS * pooled) / (known + PRIOR_BILLS)


def _expected_late_amount(matrix: pd.DataFrame) -> FloatArray:
    return smoothed_late_rate(matrix) * _filled(matrix, "open_cny")


def _lexicographic(*columns: str) -> Callable[[pd.DataFrame], FloatArray]:
    """Rank by the first column, ties by the second and so on; equal rows get equal ranks."""
    return lambda matrix: _dense_rank([_filled(matrix, column) for column in columns])


def _dense_rank(keys: Sequence[FloatArray]) -> FloatArray:
    order = np.lexsort(keys[::-1])
    changes = np.zeros(order.size, dtype=bool)
    for key in keys:
        changes[1:] |= key[order][1:] != key[order][:-1]
    ranks = np.empty(order.size, dtype=np.float64)
    ranks[order] = np.cumsum(changes)
    return ranks


def _filled(matrix: pd.DataFrame, column: str) -> FloatArray:
    return np.nan_to_num(matrix[column].to_numpy(dtype=np.float64, na_value=np.nan), nan=0.0)


BASELINES: tuple[Baseline, ...] = (
    Baseline(
        id="random",
        name=Text(zh="随机", en="Random"),
        columns=("bill_id",),
        score=_random,
    ),
    Baseline(
        id="last_late",
        name=Text(zh="上期逾期", en="Last bill late"),
        columns=("late_last",),
        score=_plain("late_last"),
    ),
    Baseline(
        id="late_count",
        name=Text(zh="近6期逾期次数", en="Late count, last 6 bills"),
        columns=("late_count_6b",),
        score=_plain("late_count_6b"),
    ),
    Baseline(
        id="smoothed_rate",
        name=Text(zh="平滑历史逾期率", en="Smoothed past late rate"),
        columns=("late_count_12m", "bills_known_12m"),
        score=smoothed_late_rate,
    ),
    Baseline(
        id="months_behind",
        name=Text(
            zh="欠费期数、逾期次数、金额依次排序", en="Months behind, then count, then amount"
        ),
        columns=("months_behind", "late_count_6b", "open_cny"),
        score=_lexicographic("months_behind", "late_count_6b", "open_cny"),
    ),
    Baseline(
        id="late_ewma",
        name=Text(zh="逾期指数加权平均", en="EWMA of late bills"),
        columns=("late_ewma",),
        score=_plain("late_ewma"),
    ),
    Baseline(
        id="amount",
        name=Text(zh="仅按欠费金额", en="Amount owed only"),
        columns=("open_cny",),
        score=_plain("open_cny"),
    ),
    Baseline(
        id="smoothed_rate_amount",
        name=Text(zh="平滑历史逾期率乘金额", en="Smoothed past late rate x amount"),
        columns=("late_count_12m", "bills_known_12m", "open_cny"),
        score=_expected_late_amount,
    ),
)
