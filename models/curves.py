"""The curves behind the pictures of a trial, as tables that are kept with the model."""

import numpy as np
import pandas as pd

from models.backtest import Backtest
from models.judging import amounts
from models.metrics import FloatArray, Ranking
from models.probability import reliability_intervals

# Shares of the bills listed: fine where staff work, coarser beyond.
LISTED: FloatArray = np.concatenate([np.arange(81) / 400, np.arange(21, 101) / 100])


def gain_curves(trial: Backtest) -> pd.DataFrame:
    """Return what each ranking catches by how much is listed: the mean over months, a list each.

    So a curve passes through the figure that is told of its ranking. Within bills that tie the
    curve is straight: that is what a random order among them expects.

    Returns:
        One row a ranking and share: ranking, listed (share of the bills), late_amount_caught
        (share of the amount; of the bills where rows have no amount).
    """
    found = []
    for id_ in trial.names:
        caught = np.mean(
            [
                _caught(Ranking(day.rows.late, day.ranked(id_).order, amounts(day.rows.matrix)))
                for _, day in trial.lists
            ],
            axis=0,
        )
        found.append(pd.DataFrame({"ranking": id_, "listed": LISTED, "late_amount_caught": caught}))
    return pd.concat(found, ignore_index=True).round(6)


def calibration_curve(trial: Backtest) -> pd.DataFrame:
    """Return what the model told beside what came, in ten bins of equal count, all months.

    Returns:
        One row a bin, least told first: mean_p, late_rate, rows, low, high (95 % interval).
    """
    late, p, _, _ = trial.pooled()
    return reliability_intervals(late, p).round(6)


def _caught(ranking: Ranking) -> FloatArray:
    listed, _, caught = ranking.gains()
    return np.interp(LISTED, np.append(0.0, listed), np.append(0.0, caught))
