"""Grow the trees: on the oldest cycles, until later ones say stop, then once more on both."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import lightgbm as lgb
import numpy as np
import numpy.typing as npt

from features.declare import Feature
from models.parameters import Parameters

FloatArray = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Grown:
    """Trees, and how their number was found.

    Attributes:
        booster: Grown on the training rows, stopped at its best.
        losses: Log loss on the stopping rows after each round.
    """

    booster: lgb.Booster
    losses: tuple[float, ...]

    @property
    def rounds(self) -> int:
        """Trees at which the log loss was least."""
        return max(1, self.booster.best_iteration)


def grow(
    encoded: FloatArray,
    late: FloatArray,
    masks: Mapping[str, Mask],
    features: Sequence[Feature],
    parameters: Parameters,
) -> Grown:
    """Grow trees on ``train`` until the log loss on ``stop`` no longer falls."""
    losses: dict[str, Any] = {}
    train = _dataset(encoded, late, masks["train"], features)
    stop = lgb.Dataset(encoded[masks["stop"]], late[masks["stop"]], reference=train)
    booster = lgb.train(
        parameters.for_lightgbm() | _constraints(features, parameters),
        train,
        num_boost_round=parameters.rounds,
        valid_sets=[stop],
        valid_names=["stop"],
        callbacks=[
            lgb.early_stopping(parameters.patience, verbose=False),
            lgb.record_evaluation(losses),
        ],
    )
    return Grown(booster=booster, losses=tuple(losses["stop"]["binary_logloss"]))


def grow_again(
    encoded: FloatArray,
    late: FloatArray,
    rows: Mask,
    *,
    rounds: int,
    features: Sequence[Feature],
    parameters: Parameters,
) -> lgb.Booster:
    """Grow so many trees on some rows."""
    return lgb.train(
        parameters.for_lightgbm() | _constraints(features, parameters),
        _dataset(encoded, late, rows, features),
        num_boost_round=rounds,
    )


def _dataset(
    encoded: FloatArray, late: FloatArray, rows: Mask, features: Sequence[Feature]
) -> lgb.Dataset:
    return lgb.Dataset(
        encoded[rows],
        late[rows],
        feature_name=[f.name for f in features],
        categorical_feature=[i for i, f in enumerate(features) if f.is_categorical],
    )


def _constraints(features: Sequence[Feature], parameters: Parameters) -> dict[str, Any]:
    """Return each feature's direction as a constraint; categories have no order to constrain."""
    directions = [0 if f.is_categorical else f.direction for f in features]
    return {"monotone_constraints": directions} if parameters.monotone and any(directions) else {}
