"""How forecasts of one past day met what came: the amount by day, and each bill's time."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from models.forecast.person_periods import FloatArray, Followed
from models.forecast.survival_metrics import brier_at, censoring, concordance

# Days ahead at which P(paid) is held against paid; those beyond the month's end are left out.
BRIER_DAYS = (3, 7, 14, 24)


def compare_forecasts(
    followed: Followed,
    collected: FloatArray,
    *,
    paid: Mapping[str, FloatArray],
    expected: Mapping[str, FloatArray],
) -> pd.DataFrame:
    """Return one row a forecast: errors of the amount, Brier scores, concordance.

    ``wape`` is the sum over the days of |expected - collected| over the sum of collected,
    ``mape`` the mean of |expected - collected| / collected over the days that brought money, and
    ``month_end_error`` (expected - collected) / collected on the last day.

    Args:
        followed: How long each bill was seen open.
        collected: Yuan of all bills received by the end of each day.
        paid: By forecast, P(paid by the end of the day), one row a bill.
        expected: By forecast, yuan of all bills by the end of each day.
    """
    rows = [
        {
            "forecast": name,
            **_amount_figures(expected[name], collected),
            **_time_figures(followed, curves),
        }
        for name, curves in paid.items()
    ]
    return pd.DataFrame(rows)


def _amount_figures(expected: FloatArray, collected: FloatArray) -> dict[str, float]:
    error = expected - collected
    came = collected > 0
    return {
        "wape": float(np.abs(error).sum() / collected.sum()),
        "mape": float((np.abs(error[came]) / collected[came]).mean()),
        "month_end_error": float(error[-1] / collected[-1]),
    }


def _time_figures(followed: Followed, paid: FloatArray) -> dict[str, float]:
    """A time is the day of payment, or the last day seen open; day 0 is as_of."""
    used = followed.days > 0
    time, event = followed.days[used] - 1, followed.paid[used]
    stay = censoring(time, event)
    told = paid[used]
    found = {
        f"brier_{day}d": brier_at(time, event, told[:, day], at=day, weights=stay)
        for day in BRIER_DAYS
        if day < told.shape[1]
    }
    # Who is expected to pay earlier: the mean chance over the days, which is 1 less the share of
    # them that the bill is expected to stay open.
    score = told.mean(axis=1)
    return found | {
        "c_index": concordance(time, event, score),
        "c_index_uno": concordance(time, event, score, weights=stay, until=told.shape[1]),
    }
