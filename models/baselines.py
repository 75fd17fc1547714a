"""The simple rankings that every result is printed beside (domain 3.11, B0-B7).

Each takes a matrix, one row per open bill or prepaid customer, and gives one score per row; larger
is riskier, rows that the rule cannot tell apart get exactly the same score, and a row's score
depends on that row alone, so that a list may be ranked part by part. None is a probability.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from contract.errors import ConfigError
from features.declare import Text

FloatArray = npt.NDArray[np.float64]

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


def _plain(column: str, sign: float = 1.0) -> Callable[[pd.DataFrame], FloatArray]:
    """Rank by one column; a bill without a history stands with those never late."""
    return lambda matrix: sign * _filled(matrix, column)


def _expected_late_amount(matrix: pd.DataFrame) -> FloatArray:
    return _filled(matrix, "smoothed_late_rate") * _filled(matrix, "open_cny")


def _months_behind(matrix: pd.DataFrame) -> FloatArray:
    """Months behind decide, among equals the late count of six bills, then the amount."""
    months, count = _filled(matrix, "months_behind"), _filled(matrix, "late_count_6b")
    return 8 * months + count + _below_one(_filled(matrix, "open_cny"))


def _utility_rules(matrix: pd.DataFrame) -> FloatArray:
    """Late three times in six months (L02, D7), then the tier of the usual day (R000-13)."""
    repeated = _filled(matrix, "late_count_6m") >= 3
    settled_late = _filled(matrix, "slack_median_12m") < 0
    # Tiers begin at day 16 (C-02); a usual day past due stands above A (C-05).
    tier = np.searchsorted(_TIER_DAYS, _filled(matrix, "usual_settle_day_12m"), side="right")
    tier = np.where(settled_late, len(_TIER_DAYS) + 1, tier)
    return 8.0 * repeated + tier + _below_one(_filled(matrix, "open_cny"))


_TIER_DAYS = (16, 20, 24, 28)  # the first days of tiers D, C, B and A


def _below_one(amount: FloatArray) -> FloatArray:
    """Squeeze amounts, in their order, below 1, so that they decide among equals only."""
    owed = np.maximum(amount, 0.0)
    return owed / (owed + 1000.0)


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
        columns=("smoothed_late_rate",),
        score=_plain("smoothed_late_rate"),
    ),
    Baseline(
        id="months_behind",
        name=Text(
            zh="欠费期数、逾期次数、金额依次排序", en="Months behind, then count, then amount"
        ),
        columns=("months_behind", "late_count_6b", "open_cny"),
        score=_months_behind,
    ),
    Baseline(
        id="late_ewma",
        name=Text(zh="逾期指数加权平均", en="EWMA of late bills"),
        columns=("late_ewma",),
        score=_plain("late_ewma"),
    ),
    Baseline(
        id="utility_rules",
        name=Text(
            zh="现行规则：多次欠费，再按结清日分类", en="The utility's rules: L02, then tier"
        ),
        columns=("late_count_6m", "usual_settle_day_12m", "slack_median_12m", "open_cny"),
        score=_utility_rules,
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
        columns=("smoothed_late_rate", "open_cny"),
        score=_expected_late_amount,
    ),
    Baseline(
        id="balance_days",
        name=Text(zh="余额可用天数", en="Days that the balance lasts"),
        columns=("balance_days_left",),
        score=_plain("balance_days_left", sign=-1.0),
    ),
    Baseline(
        id="past_cuts",
        name=Text(zh="近12个月欠费停电次数", en="Cuts in 12 months"),
        columns=("cuts_count_12m",),
        score=_plain("cuts_count_12m"),
    ),
)


def find_baseline(id_: str) -> Baseline:
    """Return the baseline of that id.

    Raises:
        ConfigError: There is none.
    """
    for baseline in BASELINES:
        if baseline.id == id_:
            return baseline
    known = ", ".join(baseline.id for baseline in BASELINES)
    raise ConfigError(f"rule {id_!r} is not known; choose one of {known}.")
