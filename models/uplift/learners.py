"""Whom a reminder changes: an X- or T-learner on bills whose reminder was decided at random.

The estimand is the change in P(late) if round 1 is sent rather than not, among bills that the
policy would contact. Risk is not persuadability: who is sure to be late may not be moved by a
message, and who forgets is (domain 3.8). econml is an optional extra and is imported late.
"""

import warnings
from collections.abc import Callable
from typing import Any, Literal, Self

import lightgbm as lgb
import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, model_validator

from contract.errors import ConfigError

FloatArray = npt.NDArray[np.float64]
# From encoded features, a change in P(late) a row.
Effects = Callable[[FloatArray], FloatArray]


class Uplift(BaseModel):
    """How the effect of round 1 is estimated and judged.

    Attributes:
        months: Newest months whose reminders are looked at.
        holdout_share: Share of round 1 held out by design; the default takes each cycle's own
            share of the bills.
        smallest_effect: Change in the share late that the hold-out must be able to tell from
            none; the number of bills needed follows from it.
        learner: ``x`` models each arm and then the effect itself; ``t`` takes the difference of
            the two arms' models.
        judged_share: Share of the cycles, the newest, on which rankings are judged; the effects
            of single bills are learned on the older ones.
        capacities: Shares of a cycle's bills at which the effect among those ranked first is
            told.
        num_leaves: Most leaves of a tree.
        min_data_in_leaf: Fewest bills in a leaf.
        rounds: Trees of each model of an arm.
        effect_rounds: Trees of the X-learner's models of the effect.
        learning_rate: Share of each tree that is kept.
        effect_learning_rate: The same in the X-learner's models of the effect; small, so that
            single bills' effects stay near the average unless many bills say otherwise.
        folds: Parts that customers are dealt into for cross-fitting.
        draws: Resamples of a bootstrap interval.
        seed: Of the trees and the resamples.
        threads: Of LightGBM.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    months: int = Field(default=24, ge=2, le=240)
    holdout_share: float | None = Field(default=None, gt=0, lt=1)
    smallest_effect: float = Field(default=0.02, gt=0, lt=1)
    learner: Literal["x", "t"] = "x"
    judged_share: float = Field(default=0.34, gt=0, lt=1)
    capacities: tuple[float, ...] = (0.1, 0.3, 0.5)
    num_leaves: int = Field(default=4, ge=2, le=1024)
    min_data_in_leaf: int = Field(default=200, ge=1)
    rounds: int = Field(default=120, ge=1)
    effect_rounds: int = Field(default=60, ge=1)
    learning_rate: float = Field(default=0.05, gt=0, le=1)
    effect_learning_rate: float = Field(default=0.02, gt=0, le=1)
    folds: int = Field(default=3, ge=2, le=20)
    draws: int = Field(default=300, ge=20)
    seed: int = Field(default=2026, ge=0)
    threads: int = Field(default=2, ge=1)

    @model_validator(mode="after")
    def _shares_are_shares(self) -> Self:
        if not self.capacities or any(not 0 < share <= 1 for share in self.capacities):
            raise ValueError("uplift.capacities: give at least one share above 0, up to 1")
        return self


def fit_effects(encoded: FloatArray, rows: pd.DataFrame, *, settings: Uplift) -> Effects:
    """Learn the effect of a reminder on a bill from its features and its risk.

    The risk is offered as one more column, because a reminder turns a share of those who would
    be late: without it the learner has to find the whole risk again in a faint signal.

    Args:
        encoded: Features as of the planned day, one row a bill (models.encoding.encode).
        rows: The same bills of an experiment, with ``late``, ``sent`` and ``chance``.
        settings: Which learner, and how its trees are grown.

    Raises:
        ConfigError: The optional library is not installed.
    """
    learner = (_x_learner if settings.learner == "x" else _t_learner)(settings)
    late, sent = rows["late"].to_numpy(np.float64), rows["sent"].to_numpy()
    known = np.column_stack([encoded, cross_fit_risk(encoded, rows, settings=settings)])
    _with_missing(learner.fit, late, sent, X=known)
    risk = fit_risk(encoded, rows, settings=settings)

    def effects(of: FloatArray) -> FloatArray:
        found = _with_missing(learner.effect, np.column_stack([of, risk(of)]))
        return np.asarray(found, np.float64).ravel()

    return effects


def fit_risk(encoded: FloatArray, rows: pd.DataFrame, *, settings: Uplift) -> Effects:
    """Learn P(late) under the policy in force, for the ranking by risk that uplift must beat."""
    late = rows["late"].to_numpy(np.float64)

    def risk(of: FloatArray) -> FloatArray:
        return _probability(encoded, late, of, settings)

    return risk


def cross_fit_risk(encoded: FloatArray, rows: pd.DataFrame, *, settings: Uplift) -> FloatArray:
    """Return each bill's P(late) under the policy, by a model blind to its customer."""
    return _cross_fitted(encoded, rows, np.ones(len(rows), dtype=bool), settings)


def predict_arms(
    encoded: FloatArray, rows: pd.DataFrame, *, settings: Uplift
) -> tuple[FloatArray, FloatArray]:
    """Return each bill's P(late) if reminded and if held out, by models blind to its customer."""
    sent = rows["sent"].to_numpy() == 1
    return (
        _cross_fitted(encoded, rows, sent, settings),
        _cross_fitted(encoded, rows, ~sent, settings),
    )


def _cross_fitted(
    encoded: FloatArray, rows: pd.DataFrame, learn: npt.NDArray[np.bool_], settings: Uplift
) -> FloatArray:
    """Deal customers into folds by a hash of their id; predict each fold from the others' bills.

    Args:
        learn: The rows that may be learned from; all are predicted.
    """
    ids = rows["customer_id"].astype(str).to_numpy(dtype=object)
    fold = pd.util.hash_array(ids) % settings.folds
    late, predicted = rows["late"].to_numpy(np.float64), np.empty(len(rows))
    for number in range(settings.folds):
        unseen, from_others = fold == number, learn & (fold != number)
        predicted[unseen] = _probability(
            encoded[from_others], late[from_others], encoded[unseen], settings
        )
    return predicted


def _with_missing(call: Callable[..., Any], *given: Any, **named: Any) -> Any:
    """Call econml without its warning of missing features.

    It warns because in observed data a missing value may hide who was treated; here chance
    decided, and that a value is missing was known before.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*contains NaN", category=UserWarning)
        return call(*given, **named)


def _probability(
    encoded: FloatArray, late: FloatArray, unseen: FloatArray, settings: Uplift
) -> FloatArray:
    if late.size == 0 or late.min() == late.max():
        return np.full(len(unseen), late.mean() if late.size else 0.0)
    grown = lgb.train(
        _grow(settings) | {"objective": "binary"},
        lgb.Dataset(encoded, late),
        num_boost_round=settings.rounds,
    )
    return np.asarray(grown.predict(unseen), np.float64)


def _grow(settings: Uplift) -> dict[str, Any]:
    """Return LightGBM's parameters: few leaves, many bills in each, for the signal is faint."""
    return {
        "num_leaves": settings.num_leaves,
        "min_data_in_leaf": settings.min_data_in_leaf,
        "learning_rate": settings.learning_rate,
        "feature_fraction": 0.5,
        "bagging_fraction": 0.8,
        "bagging_freq": 1,
        "lambda_l2": 10.0,
        "max_bin": 63,
        "seed": settings.seed,
        "num_threads": settings.threads,
        "deterministic": True,
        "force_row_wise": True,
        "verbosity": -1,
    }


def _x_learner(settings: Uplift) -> Any:
    """Künzel, Sekhon, Bickel and Yu 2019: made for arms of unequal size, as a hold-out is.

    The chance of being sent does not depend on the bill, so the weight between its two models of
    the effect is the share sent.
    """
    from sklearn.dummy import DummyClassifier  # noqa: PLC0415 - with the extra alone

    return _metalearners().XLearner(
        models=_regressor(settings, settings.rounds, settings.learning_rate),
        propensity_model=DummyClassifier(strategy="prior"),
        cate_models=_regressor(settings, settings.effect_rounds, settings.effect_learning_rate),
        allow_missing=True,
    )


def _t_learner(settings: Uplift) -> Any:
    return _metalearners().TLearner(
        models=_regressor(settings, settings.rounds, settings.learning_rate), allow_missing=True
    )


def _regressor(settings: Uplift, rounds: int, rate: float) -> lgb.LGBMRegressor:
    return lgb.LGBMRegressor(n_estimators=rounds, **_grow(settings) | {"learning_rate": rate})


def _metalearners() -> Any:
    try:
        from econml import metalearners  # noqa: PLC0415 - an optional extra
    except ImportError as error:
        raise ConfigError(
            "uplift needs the package econml: install duewatch with its extra, duewatch[uplift]."
        ) from error
    return metalearners
