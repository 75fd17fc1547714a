"""Train as of a day: the one function that production, backtest and comparison all call."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from contract.errors import DataError
from features.declare import Feature
from models.fit import FitReport, Rows, fit_rows, split
from models.parameters import Parameters
from models.predictor import Model
from models.snapshots import Snapshots
from models.target import Labelled, Target, label


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How a model is made, whatever the day: what production, backtest and tuning hand over.

    Attributes:
        features: Columns to learn from, in order.
    """

    target: Target
    features: tuple[Feature, ...]
    snapshots: Snapshots
    parameters: Parameters

    def changed(self, **parameters: Any) -> "Recipe":
        """Return the recipe with other parameters."""
        return replace(self, parameters=self.parameters.model_copy(update=parameters))

    @classmethod
    def from_dict(cls, told: Mapping[str, Any], *, features: Mapping[str, Feature]) -> "Recipe":
        """Read the JSON form; ``features`` are those there are, by name."""
        return cls(
            target=Target.model_validate(told["target"]),
            features=tuple(features[name] for name in told["features"]),
            snapshots=Snapshots.model_validate(told["snapshots"]),
            parameters=Parameters.model_validate(told["parameters"]),
        )

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "target": self.target.model_dump(mode="json"),
            "snapshots": self.snapshots.model_dump(mode="json"),
            "parameters": self.parameters.model_dump(mode="json"),
            "features": [feature.name for feature in self.features],
        }


@dataclass(frozen=True, kw_only=True)
class Trained:
    """A model, the rows it learned from, and how they were chosen.

    Attributes:
        customers: Whose rows it learned from.
        attrition: Rows by the reason for leaving them out, and those kept.
    """

    model: Model
    report: FitReport
    customers: pd.Index
    attrition: pd.Series


@dataclass(frozen=True, kw_only=True)
class Gathered:
    """What there was to learn from on a day, ready for any number of fits.

    Attributes:
        customers: Whose rows they are.
        attrition: Rows by the reason for leaving them out, and those kept.
    """

    rows: Rows
    customers: pd.Index
    attrition: pd.Series


def train(
    matrix: pd.DataFrame,
    known: pd.DataFrame,
    *,
    cut: date,
    recipe: Recipe,
    about: Mapping[str, Any] | None = None,
) -> Trained:
    """Fit a model on what was known at the cut: rows seen before it, labels mature at it.

    Args:
        matrix: One row a bill at an as_of; rows of the ``snapshots.learn_months`` before the cut
            are used.
        known: The outcomes at the cut (models.target.known_outcomes).

    Raises:
        DataError: No row has a mature label, or a part of them holds one class only.
    """
    return train_on(gather(matrix, known, cut=cut, recipe=recipe), recipe, about=about)


def gather(matrix: pd.DataFrame, known: pd.DataFrame, *, cut: date, recipe: Recipe) -> Gathered:
    """Choose and label the rows that `train` learns from, and cut them into parts.

    Raises:
        DataError: No row has a mature label, or a part of them holds one class only.
    """
    snapshots = recipe.snapshots
    first = pd.Timestamp(snapshots.before(cut, snapshots.learn_months)[0])
    recent = matrix[pd.to_datetime(matrix["as_of"]) >= first].reset_index(drop=True)
    labelled = label(recent, known, cut=cut, target=recipe.target)
    if len(labelled.matrix) == 0:
        raise DataError(
            f"training as of {cut}: none of {len(recent)} rows has a mature label"
            f" ({_largest(labelled)}). Give more past cycles or a later cut."
        )
    return Gathered(
        rows=Rows(
            matrix=labelled.matrix,
            late=labelled.late.astype(np.float64),
            masks=split(labelled.matrix, recipe.parameters),
            features=recipe.features,
        ),
        customers=pd.Index(labelled.matrix["customer_id"].unique()),
        attrition=labelled.attrition,
    )


def train_on(
    gathered: Gathered, recipe: Recipe, *, about: Mapping[str, Any] | None = None
) -> Trained:
    """Fit a model on rows gathered by the same recipe; how trees are grown may differ from it."""
    model, report = fit_rows(
        gathered.rows, recipe.parameters, target=recipe.target.name, about=about
    )
    return Trained(
        model=model, report=report, customers=gathered.customers, attrition=gathered.attrition
    )


def _largest(labelled: Labelled) -> str:
    reasons = labelled.attrition.drop("kept")
    return ", ".join(f"{name} {count}" for name, count in reasons.items() if count) or "no rows"
