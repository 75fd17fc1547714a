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


@dataclass(frozen=True, kw_only=True)
class Binned:
    """Rows whose values are in bins, for any number of growings that ask for the same bins.

    Attributes:
        train: Rows to grow on.
        stop: Rows that say when to stop.
        learned: Both together.
    """

    train: lgb.Dataset
    stop: lgb.Dataset
    learned: lgb.Dataset


def bin_rows(
    encoded: FloatArray,
    late: FloatArray,
    masks: Mapping[str, Mask],
    features: Sequence[Feature],
    parameters: Parameters,
) -> Binned:
    """Put values into bins, at a byte each; the numbers themselves are not kept."""
    told = parameters.for_lightgbm() | _constraints(features, parameters)

    def dataset(rows: Mask, reference: lgb.Dataset | None = None) -> lgb.Dataset:
        return lgb.Dataset(
            encoded[rows],
            late[rows],
            reference=reference,
            feature_name=[f.name for f in features],
            categorical_feature=[i for i, f in enumerate(features) if f.is_categorical],
            params=told,
        ).construct()

    train = dataset(masks["train"])
    return Binned(
        train=train,
        stop=dataset(masks["stop"], train),
        learned=dataset(masks["train"] | masks["stop"]),
    )


def grow(binned: Binned, features: Sequence[Feature], parameters: Parameters) -> Grown:
    """Grow trees on ``train`` until the log loss on ``stop`` no longer falls."""
    losses: dict[str, Any] = {}
    booster = lgb.train(
        parameters.for_lightgbm() | _constraints(features, parameters),
        binned.train,
        num_boost_round=parameters.rounds,
        valid_sets=[binned.stop],
        valid_names=["stop"],
        callbacks=[
            lgb.early_stopping(parameters.patience, verbose=False),
            lgb.record_evaluation(losses),
        ],
    )
    return Grown(booster=booster, losses=tuple(losses["stop"]["binary_logloss"]))


def grow_again(
    binned: Binned, *, rounds: int, features: Sequence[Feature], parameters: Parameters
) -> lgb.Booster:
    """Grow so many trees on all rows learned from."""
    return lgb.train(
        parameters.for_lightgbm() | _constraints(features, parameters),
        binned.learned,
        num_boost_round=rounds,
    )


def _constraints(features: Sequence[Feature], parameters: Parameters) -> dict[str, Any]:
    """Return each feature's direction as a constraint; categories have no order to constrain."""
    directions = [0 if f.is_categorical else f.direction for f in features]
    return {"monotone_constraints": directions} if parameters.monotone and any(directions) else {}
