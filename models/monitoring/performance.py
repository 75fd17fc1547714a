"""How a model does in a month, from the month's sums: before its labels are mature, and after."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import t as student

from models.metrics import Capacity, rows_at
from models.monitoring.tally import GROUPS, TREATMENTS, Tally
from models.resampling import Interval

FloatArray = npt.NDArray[np.float64]

_TAIL = 0.975  # of a 95 % interval
_TENTHS = 10
_FEWEST_KNOWN = 2


def estimate(tally: Tally, *, capacity: Capacity) -> dict[str, float]:
    """Estimate how a list will do from its probabilities alone, before any label is known.

    Confidence-based performance estimation (Bialek et al. 2024, arXiv:2401.08348): a bill of
    probability p counts as p of a late bill and 1 - p of one paid in time. As good as the
    calibration: it sees a change of whom the list is about, not one of what they do.

    Returns:
        expected_late_rate, expected_auc, expected_caught (the share of the late amount),
        expected_cny (the late amount; NaN where rows are not bills).
    """
    rows, told = tally.by_p.T
    return {
        "expected_late_rate": _share(told.sum(), rows.sum()),
        "expected_auc": _auc(rows - told, told),
        "expected_caught": _caught(tally.by_order[:, 0], tally.by_order[:, 1], capacity),
        "expected_cny": float(tally.by_order[:, 1].sum()) if tally.in_yuan else np.nan,
    }


def correct(months: pd.DataFrame) -> pd.DataFrame:
    """Take off each estimate what estimates of earlier months were wrong by, on average.

    What a list catches is told too high, for it is made of the bills whose probability errs
    upwards (docs/decisions/0012). Before two months are known that error is not, and nothing is
    estimated.

    Args:
        months: One row a month, oldest first, with what was realised where that is known.
    """
    corrected = months.copy()
    for figure in ("auc", "caught"):
        wrong = months[f"expected_{figure}"] - months[figure]
        usual = wrong.expanding(min_periods=_FEWEST_KNOWN).mean().shift()
        corrected[f"expected_{figure}"] = (months[f"expected_{figure}"] - usual).clip(0, 1)
    return corrected


def realise(tally: Tally, *, capacity: Capacity) -> dict[str, float]:
    """Return what a list turned out to be worth, of rows with mature labels.

    Returns:
        labelled (rows), late_rate with its interval (late_low, late_high), told (mean
        probability), auc, clean_auc, ece, caught (share of the late amount) with its interval
        (caught_low, caught_high), margin (how much more than the rule caught) with its interval
        (margin_low, margin_high), late_cny and told_cny (late amount, and what was told of it; NaN
        where rows are not bills); intervals are of 95 %, clustered by customer.
    """
    rows, late, told = tally.known_by_p.T
    clean, clean_late = tally.clean_by_p.T
    counted, amount, told_amount = _columns(tally.known_by_order)
    by_rule, rule_amount = _columns(tally.known_by_rule)

    def margin(*sums: FloatArray) -> float:
        return _caught(sums[0], sums[1], capacity) - _caught(sums[2], sums[3], capacity)

    caught = _jackknife(lambda *sums: _caught(sums[0], sums[1], capacity), counted, amount)
    more = _jackknife(margin, counted, amount, by_rule, rule_amount)
    return {
        "labelled": float(rows.sum()),
        **calibration_in_the_large(tally.treated.sum(axis=0)),
        "auc": _auc(rows - late, late),
        "clean_auc": _auc(clean - clean_late, clean_late),
        "ece": _ece(rows, late, told),
        "caught": caught.value,
        "caught_low": caught.low,
        "caught_high": caught.high,
        "margin": more.value,
        "margin_low": more.low,
        "margin_high": more.high,
        "late_cny": float(amount.sum()) if tally.in_yuan else np.nan,
        "told_cny": float(told_amount.sum()) if tally.in_yuan else np.nan,
    }


def calibration_in_the_large(groups: FloatArray) -> dict[str, float]:
    """Return the late rate with its interval clustered by customer, and what was told.

    The linearised variance of a ratio of group totals (Cochran 1977, 6.4).

    Args:
        groups: Of each group of customers: rows, late, sum of probabilities.
    """
    groups = groups[groups[:, 0] > 0]
    rows, late, told = groups.sum(axis=0)
    rate, seen = _share(late, rows), len(groups)
    reach = np.nan
    if seen > 1:
        off = groups[:, 1] - rate * groups[:, 0]
        error = np.sqrt(np.sum(off**2) * seen / (seen - 1)) / rows
        reach = float(error * student.ppf(_TAIL, seen - 1))
    return {
        "late_rate": rate,
        "late_low": max(0.0, rate - reach) if seen > 1 else np.nan,
        "late_high": min(1.0, rate + reach) if seen > 1 else np.nan,
        "told": _share(told, rows),
    }


def by_treatment(tally: Tally) -> pd.DataFrame:
    """Tell apart the bills that were reminded, held out at random, and left alone.

    A reminder that works makes the reminded look safer than they were told to be: a model that is
    wrong on them and right on the held out is not broken (domain 3.9).

    Returns:
        One row a treatment: treatment, rows, late_rate, late_low, late_high, told.
    """
    return pd.DataFrame(
        [
            {"treatment": name, "rows": int(groups[:, 0].sum())} | calibration_in_the_large(groups)
            for name, groups in zip(TREATMENTS, tally.treated, strict=True)
            if groups[:, 0].sum() > 0
        ]
    )


def _jackknife(statistic: Callable[..., float], *tables: FloatArray) -> Interval:
    """Return a figure of group sums with its interval: each group is left out once.

    Args:
        tables: Groups by bins; the statistic takes the sums over groups of each.
    """
    wholes = [table.sum(axis=0) for table in tables]
    value = statistic(*wholes)
    left = np.array(
        [
            statistic(*(whole - table[group] for whole, table in zip(wholes, tables, strict=True)))
            for group in range(GROUPS)
        ]
    )
    error = np.sqrt((GROUPS - 1) * np.var(left))
    reach = float(error * student.ppf(_TAIL, GROUPS - 1))
    return Interval(value=value, low=value - reach, high=value + reach, level=2 * _TAIL - 1)


def _columns(table: FloatArray) -> FloatArray:
    """Return the values of the last axis one after another."""
    return np.ascontiguousarray(np.moveaxis(table, -1, 0))


def _auc(good: FloatArray, bad: FloatArray) -> float:
    """Return the area under the ROC curve of bins in ascending order, ties counting half."""
    pairs = good.sum() * bad.sum()
    below = np.cumsum(good) - good / 2
    return _share(float(np.sum(bad * below)), pairs)


def _caught(rows: FloatArray, amount: FloatArray, capacity: Capacity) -> float:
    """Return the share of the amount among the first K rows, bins in ascending order.

    Linear within a bin, as a random order within it is expected to be.
    """
    listed, caught = np.cumsum(rows[::-1]), np.cumsum(amount[::-1])
    if listed[-1] < 1 or caught[-1] <= 0:
        return np.nan
    k = rows_at(capacity, listed[-1])
    return float(np.interp(k, np.append(0.0, listed), np.append(0.0, caught)) / caught[-1])


def _ece(rows: FloatArray, late: FloatArray, told: FloatArray) -> float:
    """Return the expected calibration error over ten bins of equal count (models.probability)."""
    middle = np.cumsum(rows) - (rows + 1) / 2
    tenth = np.clip(middle * _TENTHS / max(rows.sum(), 1), 0, _TENTHS - 1).astype(np.int64)
    gap = np.bincount(tenth, weights=told - late, minlength=_TENTHS)
    return _share(float(np.abs(gap).sum()), rows.sum())


def _share(part: float, whole: float) -> float:
    return float(part / whole) if whole > 0 else np.nan
