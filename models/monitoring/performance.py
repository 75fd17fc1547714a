"""How a model does in a month: before its labels are mature, and after."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.judging import Ranked, amounts, figures_of
from models.metrics import Capacity, Ranking
from models.resampling import bootstrap, rate_interval
from models.target import Labelled

FloatArray = npt.NDArray[np.float64]

DRAWS = 200
_REALISED = ("auc", "clean_auc", "ece")


def estimate(matrix: pd.DataFrame, ranked: Ranked, *, capacity: Capacity) -> dict[str, float]:
    """Estimate how a list will do from its probabilities alone, before any label is known.

    Confidence-based performance estimation (Bialek et al. 2024, arXiv:2401.08348): a bill of
    probability p counts as p of a late bill and 1 - p of one paid in time. As good as the
    calibration: it sees a change of whom the list is about, not one of what they do.

    Returns:
        expected_late_rate, expected_auc, expected_caught (the share of the late amount).
    """
    p = ranked.score
    listed = Ranking(p, ranked.order, amounts(matrix))
    return {
        "expected_late_rate": float(p.mean()) if p.size else np.nan,
        "expected_auc": Ranking(p, p).auc(),
        "expected_caught": listed.late_amount_caught(capacity=capacity),
    }


def realise(rows: Labelled, ranked: Ranked, *, capacity: Capacity, seed: int) -> dict[str, float]:
    """Return what a list turned out to be worth; rows have mature labels.

    Returns:
        labelled (rows), late_rate with its interval (late_low, late_high), told (mean
        probability), auc, clean_auc, ece, caught (share of the late amount) with its interval
        (caught_low, caught_high), late_cny; intervals are of 95 %, clustered by customer.
    """
    customers = rows.matrix["customer_id"].to_numpy()
    figures = figures_of(rows, ranked, capacity=capacity)
    listed = Ranking(rows.late, ranked.order, amounts(rows.matrix))
    caught = bootstrap(
        lambda weight: listed.late_amount_caught(weight, capacity=capacity),
        customers,
        draws=DRAWS,
        seed=seed,
    )
    return {
        "labelled": float(rows.late.size),
        **calibration_in_the_large(rows.late, ranked.score, customers),
        **{name: figures[name] for name in _REALISED},
        "caught": caught.value,
        "caught_low": caught.low,
        "caught_high": caught.high,
        "late_cny": listed.late_amount_total,
    }


def calibration_in_the_large(
    late: npt.ArrayLike, p: npt.ArrayLike, customers: npt.ArrayLike
) -> dict[str, float]:
    """Return the late rate with its interval clustered by customer, and what was told."""
    rate = rate_interval(late, customers)
    told = float(np.mean(np.asarray(p, np.float64))) if np.size(p) else np.nan
    return {"late_rate": rate.value, "late_low": rate.low, "late_high": rate.high, "told": told}


def by_treatment(rows: Labelled, p: FloatArray, treatment: pd.Series) -> pd.DataFrame:
    """Tell apart the bills that were reminded, held out at random, and left alone.

    A reminder that works makes the reminded look safer than they were told to be: a model that is
    wrong on them and right on the held out is not broken (domain 3.9).

    Args:
        p: The model's probability of each row.
        treatment: Of each row, in order.

    Returns:
        One row a treatment: treatment, rows, late_rate, late_low, late_high, told.
    """
    customers = rows.matrix["customer_id"].to_numpy()
    groups = treatment.to_numpy()
    return pd.DataFrame(
        [
            {"treatment": name, "rows": int(at.sum())}
            | calibration_in_the_large(rows.late[at], p[at], customers[at])
            for name in sorted(set(groups))
            for at in [groups == name]
        ]
    )
