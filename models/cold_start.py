"""Customers with insufficient history: a class of their own, with a rule of their own.

A customer of fewer than three known bills in a year has told little of itself. Its rule is the
hierarchical rate (domain 3.5): the few bills it has, pulled toward those of its segment and of its
grid, put on the scale of outcomes by a line in log-odds. Whether the rule or the model speaks for
the class is decided by the log loss of the newest cycles, which neither was fitted on.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from models.logistic import fit_line, sigmoid
from models.probability import log_loss

FloatArray = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

KNOWN, RATES = "bills_known_12m", ("smoothed_late_rate", "smoothed_grid_rate")
COLUMNS = (KNOWN, *RATES)
FEWEST_BILLS = 3
# Too few rows, or rows of one outcome, decide nothing: the model speaks then.
_LEAST_ROWS, _LEAST_OF_EACH = 200, 20


class ColdStart(BaseModel):
    """The rule for customers with insufficient history.

    Attributes:
        slope: Of the line from the rule's log-odds to those of the outcome.
        intercept: Of that line.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    slope: float = Field(gt=0, allow_inf_nan=False)
    intercept: float = Field(allow_inf_nan=False)

    def predict(self, matrix: pd.DataFrame) -> FloatArray:
        """Return the rule's probability of each row."""
        return sigmoid(self.slope * _log_odds(matrix) + self.intercept)


@dataclass(frozen=True, kw_only=True)
class ColdStartReport:
    """What decided who speaks for the class, on the newest cycles.

    Attributes:
        rows: Of customers with insufficient history.
        late: Late bills among them.
        model_log_loss: Of the model; NaN when there were too few rows to tell.
        rule_log_loss: Of the rule.
    """

    rows: int
    late: int
    model_log_loss: float
    rule_log_loss: float

    @property
    def rule_speaks(self) -> bool:
        """Whether the rule did better."""
        return self.rule_log_loss < self.model_log_loss


def insufficient(matrix: pd.DataFrame) -> Mask:
    """Tell which rows are of customers with insufficient history; none where it is not known."""
    if KNOWN not in matrix:
        return np.zeros(len(matrix), dtype=bool)
    return (matrix[KNOWN].fillna(0) < FEWEST_BILLS).to_numpy()


def fit_cold_start(
    matrix: pd.DataFrame,
    late: FloatArray,
    p: FloatArray,
    parts: Mapping[str, Any],
) -> tuple[ColdStart | None, ColdStartReport]:
    """Fit the rule on the older rows and hold it against the model on the newest.

    Args:
        p: The model's probability of each of the newest rows.
        parts: Masks of the rows learned from (``learned``) and of the newest (``newest``).

    Returns:
        The rule where it did better, else None, and what decided.
    """
    cold = insufficient(matrix)
    old, new = parts["learned"] & cold, parts["newest"] & cold
    report = ColdStartReport(
        rows=int(new.sum()), late=int(late[new].sum()), model_log_loss=np.nan, rule_log_loss=np.nan
    )
    if not (set(COLUMNS) <= set(matrix.columns) and _tells(late[old]) and _tells(late[new])):
        return None, report
    slope, intercept = fit_line(_log_odds(matrix[old]), late[old])
    if not slope > 0:
        return None, report
    rule = ColdStart(slope=float(slope), intercept=float(intercept))
    report = ColdStartReport(
        rows=report.rows,
        late=report.late,
        model_log_loss=log_loss(late[new], p[cold[parts["newest"]]]),
        rule_log_loss=log_loss(late[new], rule.predict(matrix[new])),
    )
    return (rule if report.rule_speaks else None), report


def _tells(late: FloatArray) -> bool:
    bad = late.sum()
    return bool(late.size >= _LEAST_ROWS and min(bad, late.size - bad) >= _LEAST_OF_EACH)


def _log_odds(matrix: pd.DataFrame) -> FloatArray:
    """Return the mean log-odds of the rates toward segment and grid; half where neither is."""
    rates = np.clip(matrix[list(RATES)].to_numpy(np.float64, na_value=np.nan), 1e-4, 1 - 1e-4)
    odds = np.log(rates) - np.log1p(-rates)
    known = ~np.isnan(odds)
    return np.where(known, odds, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
