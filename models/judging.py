"""Rankings held against each other on the same rows: models, the scorecard, every simple rule."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.declare import Text
from models.baselines import available, score_baseline
from models.metrics import Capacity, Ranking, auc, evaluate
from models.predictor import Model
from models.target import Labelled

FloatArray = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

MODEL, SCORECARD = "model", "scorecard"
NAMES: Mapping[str, Text] = {
    MODEL: Text(zh="本模型", en="duewatch"),
    SCORECARD: Text(zh="评分卡", en="Scorecard"),
    "champion": Text(zh="现用模型", en="Champion"),
    "challenger": Text(zh="候选模型", en="Challenger"),
    "default": Text(zh="默认参数", en="Default parameters"),
}


@dataclass(frozen=True, kw_only=True)
class Ranked:
    """One ranking of some rows.

    Attributes:
        id: The name in tables, metrics and configs.
        score: What AUC and calibration judge: a probability, or a rule's own score.
        order: What the list is ranked by, larger first: the expected amount, or a rule's score.
        is_probability: Whether Brier and calibration have a meaning.
    """

    id: str
    name: Text
    score: FloatArray
    order: FloatArray
    is_probability: bool


@dataclass(frozen=True, kw_only=True)
class Judged:
    """One ranking on rows held out by time.

    Attributes:
        figures: Metrics over all rows, with ``clean_auc`` on customers with a clean history.
    """

    id: str
    name: Text
    figures: Mapping[str, float]


def rank_by_model(model: Model, matrix: pd.DataFrame, id_: str = MODEL) -> Ranked:
    """Rank by a model as its list would be."""
    p = model.predict(matrix)
    return Ranked(
        id=id_, name=NAMES[id_], score=p, order=model.priority(matrix, p), is_probability=True
    )


def rank_by_rules(matrix: pd.DataFrame) -> tuple[Ranked, ...]:
    """Rank by every simple rule whose columns the matrix has."""
    found = []
    for baseline in available(matrix):
        score = score_baseline(baseline, matrix)
        found.append(
            Ranked(
                id=baseline.id, name=baseline.name, score=score, order=score, is_probability=False
            )
        )
    return tuple(found)


def figures_of(rows: Labelled, ranked: Ranked, *, capacity: Capacity) -> dict[str, float]:
    """Return one ranking's figures."""
    amount = amounts(rows.matrix)
    found = evaluate(
        rows.late,
        ranked.score,
        amount=amount,
        capacity=capacity,
        is_probability=ranked.is_probability,
    )
    if ranked.order is not ranked.score:
        listed = evaluate(rows.late, ranked.order, amount=amount, capacity=capacity)
        found |= {figure: listed[figure] for figure in OF_THE_LIST if figure in listed}
    clean = clean_history(rows.matrix)
    return found | {
        "clean_auc": auc(rows.late[clean], ranked.score[clean]),
        "clean_late_caught": _caught_among(rows, ranked, clean, capacity),
    }


# What depends on how the list is ordered; the rest of the figures judge the score.
_CAUGHT = ("late_amount_caught", "late_caught", "precision", "lift")
OF_THE_LIST = (
    "listed",
    *(f"{figure}{case}" for figure in _CAUGHT for case in ("", "_worst", "_best")),
    "clean_late_caught",
)


def amounts(matrix: pd.DataFrame) -> FloatArray | None:
    """Return the yuan open on each bill; None where rows are not bills."""
    return matrix["open_cny"].to_numpy() if "open_cny" in matrix else None


def clean_history(matrix: pd.DataFrame) -> Mask:
    """Tell which rows are of customers without lateness (or cuts) in 12 months, with a history.

    Early warning is judged on them: every rule that counts past lateness is blind there
    (domain 3.2).
    """
    if "late_count_12m" not in matrix:
        return (matrix["cuts_count_12m"] == 0).to_numpy()
    never = (matrix["late_count_12m"] == 0) & (matrix["bills_known_12m"] > 0)
    return (never & (matrix["months_behind"] == 0)).to_numpy()


def _caught_among(rows: Labelled, ranked: Ranked, part: Mask, capacity: Capacity) -> float:
    """Return the share of a part's late bills that a list over that part alone catches."""
    if not rows.late[part].any():
        return np.nan
    return Ranking(rows.late[part], ranked.score[part]).late_caught(capacity=capacity)
