"""Fit the trees: oldest cycles to learn, later ones to stop, the newest to calibrate.

Rows are bills at an as_of with a mature label; nothing here looks at a clock, a file or chance
beyond the seed, so the same rows and parameters give the same bytes on one machine.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import lightgbm as lgb
import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from contract.errors import DataError
from features.declare import Feature
from models.calibrating import fit_calibration
from models.calibration import Kind
from models.encoding import encode, learn_levels
from models.predictor import Model, make_model

FloatArray = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

# Where the rows hold too few cycles to cut by time: shares of the customers.
_STOP_SHARE, _CALIBRATE_SHARE = 0.15, 0.15


class Parameters(BaseModel):
    """How the trees are grown; regularised defaults, shallow because reasons must be quick.

    Trees of 31 leaves and depth 6 are explained 5 times faster than 63 leaves without a limit
    (libraries 2.2). 63 bins and a rate of 0.1 rank as well as 255 bins and 0.05 in half the work
    (docs/decisions/0003). There is no class weight on purpose: it kept AUC and raised Brier from
    0.134 to 0.177 on real data (design 2.6).

    Attributes:
        num_leaves: Most leaves of a tree.
        max_depth: Most splits from root to leaf.
        learning_rate: Share of each tree that is kept.
        min_data_in_leaf: Fewest rows in a leaf.
        lambda_l2: Pull of leaf values toward zero.
        feature_fraction: Share of the columns offered to a tree.
        bagging_fraction: Share of the rows offered to a tree.
        max_bin: Steps that a column's values are put into.
        seed: Of the shares above.
        rounds: Most trees; early stopping takes fewer.
        patience: Rounds without a lower log loss on the stopping cycles before growing ends.
        stopping_cycles: Cycles that decide when to stop; then learned from as well.
        calibration_cycles: Newest cycles, which only the calibration sees.
        calibration: How log-odds become probabilities.
        threads: Of LightGBM; part of what must be equal for equal bytes.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    num_leaves: int = Field(default=31, ge=2, le=1024)
    max_depth: int = Field(default=6, ge=1, le=32)
    learning_rate: float = Field(default=0.1, gt=0, le=1)
    min_data_in_leaf: int = Field(default=100, ge=1)
    lambda_l2: float = Field(default=10.0, ge=0)
    feature_fraction: float = Field(default=0.5, gt=0, le=1)
    bagging_fraction: float = Field(default=0.8, gt=0, le=1)
    max_bin: int = Field(default=63, ge=2, le=1024)
    rounds: int = Field(default=1000, ge=1)
    patience: int = Field(default=30, ge=1)
    stopping_cycles: int = Field(default=2, ge=1)
    calibration_cycles: int = Field(default=2, ge=1)
    calibration: Kind = "platt"
    seed: int = Field(default=2026, ge=0)
    threads: int = Field(default=2, ge=1)

    def for_lightgbm(self) -> dict[str, Any]:
        """Return the parameters under LightGBM's names, with those that are not a choice."""
        own = self.model_dump(
            include={
                "num_leaves",
                "max_depth",
                "learning_rate",
                "min_data_in_leaf",
                "lambda_l2",
                "feature_fraction",
                "bagging_fraction",
                "max_bin",
                "seed",
            }
        )
        fixed = {
            "objective": "binary",
            "metric": "binary_logloss",
            "bagging_freq": 1,
            "deterministic": True,
            "force_row_wise": True,
            "num_threads": self.threads,
            "feature_pre_filter": False,
            "verbosity": -1,
        }
        return own | fixed


@dataclass(frozen=True, kw_only=True)
class Part:
    """The rows of one purpose: `train`, `stop` or `calibrate`."""

    name: str
    rows: int
    late: int
    first_cycle: int
    last_cycle: int


@dataclass(frozen=True, kw_only=True)
class FitReport:
    """What happened while fitting.

    Attributes:
        parts: Rows by purpose.
        best_iteration: Trees at which the stopping cycles' log loss was least.
        stopping_loss: That log loss after each round of the first fit.
        importance: One row per feature, most gain first: feature, gain, split.
    """

    parts: tuple[Part, ...]
    best_iteration: int
    stopping_loss: tuple[float, ...]
    importance: pd.DataFrame


def fit(
    matrix: pd.DataFrame,
    y: npt.ArrayLike,
    *,
    features: Sequence[Feature],
    parameters: Parameters,
    target: str = "late",
    about: Mapping[str, Any] | None = None,
    parts: Mapping[str, Mask] | None = None,
) -> tuple[Model, FitReport]:
    """Fit a calibrated model.

    The number of trees is found on the stopping cycles; then the trees are grown again, that many,
    on training and stopping cycles together, because the newest behaviour is the most like the
    next month's and would otherwise be used for nothing but a stop. The calibration cycles are
    kept from both fits: probabilities adjusted on rows that the trees have seen come out too bold.

    Args:
        matrix: One row per bill at an as_of, with `cycle`, `customer_id` and the features.
        y: 1 for a late bill, in the matrix's row order.
        features: Columns to use, in order; their directions become constraints.
        parameters: How to grow.
        target: Name kept on the model's card.
        about: JSON values kept on the model's card.
        parts: The rows to train, stop and calibrate on; None cuts them by cycle (`split`).

    Raises:
        DataError: A part has no late bill or no bill paid in time.
    """
    late = np.asarray(y, dtype=np.float64)
    masks = split(matrix, parameters) if parts is None else parts
    told = tuple(_part(name, matrix, late, mask) for name, mask in masks.items())
    levels = learn_levels(matrix[~masks["calibrate"]], features)
    encoded = encode(matrix, [f.name for f in features], levels)

    first = _grow(encoded, late, masks, features, parameters)
    again = masks["train"] | masks["stop"]
    booster = lgb.train(
        parameters.for_lightgbm() | _constraints(features),
        _dataset(encoded, late, again, features),
        num_boost_round=first.best_iteration,
    )
    raw = booster.predict(encoded[masks["calibrate"]], raw_score=True)
    calibration = fit_calibration(parameters.calibration, raw, late[masks["calibrate"]])
    model = make_model(booster, target=target, levels=levels, calibration=calibration, about=about)
    return model, FitReport(
        parts=told,
        best_iteration=first.best_iteration,
        stopping_loss=first.losses,
        importance=_importance(booster),
    )


def split(matrix: pd.DataFrame, parameters: Parameters) -> dict[str, Mask]:
    """Return the rows to train, stop and calibrate on, cut by cycle: oldest, later, newest.

    Every as_of of a bill falls in one part. Where fewer than three cycles exist there is no time
    to cut by, and customers are dealt out by a hash of their id instead.
    """
    cycles = np.sort(matrix["cycle"].unique())
    if cycles.size < 3:
        return _split_customers(matrix)
    # Never more than a quarter of the cycles each, so that learning keeps at least half.
    most = max(1, cycles.size // 4)
    newest = min(parameters.calibration_cycles, most)
    later = min(parameters.stopping_cycles, most)
    cycle = matrix["cycle"].to_numpy()
    calibrate = cycle >= cycles[-newest]
    stop = (cycle >= cycles[-newest - later]) & ~calibrate
    return {"train": ~(stop | calibrate), "stop": stop, "calibrate": calibrate}


@dataclass(frozen=True)
class _Grown:
    best_iteration: int
    losses: tuple[float, ...]


def _grow(
    encoded: FloatArray,
    late: FloatArray,
    masks: Mapping[str, Mask],
    features: Sequence[Feature],
    parameters: Parameters,
) -> _Grown:
    losses: dict[str, Any] = {}
    train = _dataset(encoded, late, masks["train"], features)
    stop = lgb.Dataset(encoded[masks["stop"]], late[masks["stop"]], reference=train)
    booster = lgb.train(
        parameters.for_lightgbm() | _constraints(features),
        train,
        num_boost_round=parameters.rounds,
        valid_sets=[stop],
        valid_names=["stop"],
        callbacks=[
            lgb.early_stopping(parameters.patience, verbose=False),
            lgb.record_evaluation(losses),
        ],
    )
    return _Grown(max(1, booster.best_iteration), tuple(losses["stop"]["binary_logloss"]))


def _dataset(
    encoded: FloatArray, late: FloatArray, rows: Mask, features: Sequence[Feature]
) -> lgb.Dataset:
    return lgb.Dataset(
        encoded[rows],
        late[rows],
        feature_name=[f.name for f in features],
        categorical_feature=[i for i, f in enumerate(features) if f.is_categorical],
    )


def _constraints(features: Sequence[Feature]) -> dict[str, Any]:
    """Return each feature's direction as a constraint; categories have no order to constrain."""
    directions = [0 if f.is_categorical else f.direction for f in features]
    return {"monotone_constraints": directions} if any(directions) else {}


def _split_customers(matrix: pd.DataFrame) -> dict[str, Mask]:
    ids = matrix["customer_id"].astype(str).to_numpy(dtype=object)
    place = pd.util.hash_array(ids).astype(np.float64) / 2.0**64
    calibrate = place < _CALIBRATE_SHARE
    stop = (place < _CALIBRATE_SHARE + _STOP_SHARE) & ~calibrate
    return {"train": ~(stop | calibrate), "stop": stop, "calibrate": calibrate}


def _part(name: str, matrix: pd.DataFrame, late: FloatArray, mask: Mask) -> Part:
    rows, bad = int(mask.sum()), int(late[mask].sum())
    if bad in {0, rows}:
        raise DataError(
            f"training rows: the {rows} rows to {name} on hold {bad} late bills; both late and "
            "paid in time are needed. Give more cycles or customers."
        )
    cycles = matrix["cycle"].to_numpy()[mask]
    return Part(
        name=name,
        rows=rows,
        late=bad,
        first_cycle=int(cycles.min()),
        last_cycle=int(cycles.max()),
    )


def _importance(booster: lgb.Booster) -> pd.DataFrame:
    found = pd.DataFrame(
        {
            "feature": booster.feature_name(),
            "gain": booster.feature_importance("gain"),
            "split": booster.feature_importance("split"),
        }
    )
    return found.sort_values(["gain", "feature"], ascending=[False, True], ignore_index=True)
