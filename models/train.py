"""Train as of a day: the one function that production, backtest and comparison all call."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from contract.errors import DataError
from features.declare import Feature, Text
from models.baselines import available, score_baseline
from models.fit import FitReport, fit
from models.metrics import Capacity, auc, evaluate
from models.parameters import Parameters
from models.predictor import Model
from models.target import Labelled, Target, label

MODEL = "model"


@dataclass(frozen=True, kw_only=True)
class Trained:
    """A model, the rows it learned from, and how they were chosen."""

    model: Model
    report: FitReport
    attrition: pd.Series


@dataclass(frozen=True, kw_only=True)
class Judged:
    """One ranking on rows held out by time.

    Attributes:
        figures: Metrics over all rows, with ``clean_auc`` on customers with a clean history.
    """

    id: str
    name: Text
    figures: Mapping[str, float]


def train(
    matrix: pd.DataFrame,
    known: pd.DataFrame,
    *,
    cut: date,
    target: Target,
    features: Sequence[Feature],
    parameters: Parameters,
    about: Mapping[str, Any] | None = None,
) -> Trained:
    """Fit a model on what was known at the cut: rows seen before it, labels mature at it.

    Args:
        matrix: One row a bill at an as_of; rows seen at or after the cut are left out.
        known: The outcomes at the cut (models.target.outcomes).

    Raises:
        DataError: No row has a mature label, or a part of them holds one class only.
    """
    labelled = label(matrix, known, cut=cut, target=target)
    if len(labelled.matrix) == 0:
        raise DataError(
            f"training as of {cut}: none of {len(matrix)} rows has a mature label"
            f" ({_largest(labelled)}). Give more past cycles or a later cut."
        )
    model, report = fit(
        labelled.matrix,
        labelled.late,
        features=features,
        parameters=parameters,
        target=target.name,
        about=about,
    )
    return Trained(model=model, report=report, attrition=labelled.attrition)


def judge(model: Model, rows: Labelled, *, capacity: Capacity) -> tuple[Judged, ...]:
    """Compare the model with every simple rule on the same held-out rows.

    The model ranks by expected late amount, as the list does, for what is caught at capacity;
    its AUC and calibration are those of the probability. Each rule ranks by its own score.
    """
    p = model.predict(rows.matrix)
    amount = rows.matrix["open_cny"].to_numpy()
    found = _figures(rows, p, capacity, is_probability=True)
    listed = evaluate(rows.late, p * amount, amount=amount, capacity=capacity)
    found |= {figure: listed[figure] for figure in _OF_THE_LIST}
    judged = [Judged(id=MODEL, name=Text(zh="本模型", en="duewatch"), figures=found)]
    for baseline in available(rows.matrix):
        score = score_baseline(baseline, rows.matrix)
        judged.append(
            Judged(
                id=baseline.id,
                name=baseline.name,
                figures=_figures(rows, score, capacity, is_probability=False),
            )
        )
    return tuple(judged)


# What depends on how the list is ordered; the rest of the figures judge the probability.
_OF_THE_LIST = (
    "late_amount_caught",
    "late_amount_caught_worst",
    "late_amount_caught_best",
    "late_caught",
    "late_caught_worst",
    "late_caught_best",
    "precision",
    "precision_worst",
    "precision_best",
    "lift",
    "lift_worst",
    "lift_best",
)


def _figures(
    rows: Labelled, score: np.ndarray, capacity: Capacity, *, is_probability: bool
) -> dict[str, float]:
    amount = rows.matrix["open_cny"].to_numpy()
    found = evaluate(
        rows.late, score, amount=amount, capacity=capacity, is_probability=is_probability
    )
    clean = clean_history(rows.matrix)
    return found | {"clean_auc": auc(rows.late[clean], score[clean])}


def clean_history(matrix: pd.DataFrame) -> np.ndarray:
    """Tell which rows are of customers never late in the last 12 months, with a history.

    Early warning is judged on them: every rule that counts past lateness is blind there
    (domain 3.2).
    """
    never = (matrix["late_count_12m"] == 0) & (matrix["bills_known_12m"] > 0)
    return (never & (matrix["months_behind"] == 0)).to_numpy()


def _largest(labelled: Labelled) -> str:
    reasons = labelled.attrition.drop("kept")
    return ", ".join(f"{name} {count}" for name, count in reasons.items() if count) or "no rows"
