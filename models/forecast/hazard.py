"""The daily chance that an open bill is cleared: gradient-boosted trees over spells of days.

A discrete-time hazard: h(day) is the probability that a bill still open in the morning is cleared
that day, and P(paid by day d) = 1 - prod over days up to d of (1 - h). A spell of w days without
payment is one row of weight w, a day of payment one row of weight 1, so a bill that is still open
when the past ends adds the days that it stood open and nothing else: that is how censored bills
are used (domain 3.7; Tutz and Schmid 2016, Modeling Discrete Time-to-Event Data, ch. 3).
Its inputs are those of the late model and person_periods.DAY_INPUTS. Directions are not turned into
constraints: who pays late is not who pays slower on each single day.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import lightgbm as lgb
import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, field_validator

from contract.errors import DataError
from features.declare import Feature
from models.encoding import encode, learn_levels
from models.forecast.person_periods import (
    DAY_INPUTS,
    FloatArray,
    Followed,
    IntArray,
    Spells,
    day_inputs,
    days_past_due,
    lay_out,
)
from models.parameters import Parameters

# Single days from long before to half a month after the due day, then what domain 3.7 names.
_EDGES = (*range(-45, 16), 16, 23, 31, 46, 61, 91, 121, 181, 366)
_CHUNK = 4_000  # bills predicted at a time; 60 days of them are half a gigabyte


class Hazard(BaseModel):
    """How the daily chance of payment is learned.

    Attributes:
        edges: Days past due on which a new bucket begins, ascending; the days of one bucket
            share one hazard. Negative before the due day.
        follow_days: Days that a bill is followed from each look at it.
        most_rows: Most spells learned from. Above it, quiet spells are thinned and the rest
            weigh more, so that every payment stays.
        feature_fraction: Share of the columns offered to a tree. Above the late model's,
            because a tree without the day knows little.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    edges: tuple[int, ...] = _EDGES
    follow_days: int = Field(default=90, ge=1, le=366)
    most_rows: int = Field(default=400_000, ge=1_000)
    feature_fraction: float = Field(default=0.8, gt=0, le=1)

    @field_validator("edges")
    @classmethod
    def _ascend(cls, edges: tuple[int, ...]) -> tuple[int, ...]:
        if not edges or list(edges) != sorted(set(edges)):
            raise ValueError("give at least one day, ascending, none twice")
        return edges


@dataclass(frozen=True, kw_only=True)
class HazardModel:
    """Trees that give the daily hazard of a spell.

    Attributes:
        booster_text: The trees, as LightGBM writes them.
        features: Of the bill, in the order of the inputs; DAY_INPUTS follow them.
        levels: Categories of each categorical feature, in the order of their codes.
        edges: Days past due on which a bucket begins.
    """

    booster_text: str
    features: tuple[str, ...]
    levels: Mapping[str, tuple[str, ...]]
    edges: tuple[int, ...]

    @cached_property
    def booster(self) -> lgb.Booster:
        """The trees, parsed once."""
        return lgb.Booster(model_str=self.booster_text)

    def predict(self, matrix: pd.DataFrame, days: int, *, threads: int = 0) -> FloatArray:
        """Return P(paid by the end of the day): one row a bill, one column a day from as_of on.

        Args:
            matrix: Bills open at their as_of, with the model's features.
            days: How many days, as_of being the first.
            threads: Of LightGBM; 0 takes all cores.
        """
        paid = np.empty((len(matrix), days))
        for begin in range(0, len(matrix), _CHUNK):
            rows = matrix.iloc[begin : begin + _CHUNK]
            paid[begin : begin + _CHUNK] = self._predict(rows, days, threads)
        return paid

    def _predict(self, rows: pd.DataFrame, days: int, threads: int) -> FloatArray:
        spells = lay_out(days_past_due(rows), np.full(len(rows), days), self.edges)
        inputs = _inputs(encode(rows, self.features, self.levels), rows, spells)
        raw = self.booster.predict(inputs, raw_score=True, num_threads=threads)
        # log(1 - h) of log-odds m is -log(1 + e^m), without loss where h is near 0 or 1.
        stays = -np.logaddexp(0.0, np.asarray(raw, dtype=np.float64))
        daily = np.repeat(stays, spells.days).reshape(len(rows), days)
        paid: FloatArray = -np.expm1(np.cumsum(daily, axis=1))
        return paid


def fit_hazard(
    matrix: pd.DataFrame,
    followed: Followed,
    *,
    features: Sequence[Feature],
    settings: Hazard,
    parameters: Parameters,
    rounds: int,
    stop: tuple[pd.DataFrame, Followed] | None = None,
) -> HazardModel:
    """Fit the trees.

    Args:
        matrix: Bills at an as_of.
        followed: How long each was seen open.
        features: Of the bill, in the order of the inputs.
        settings: How time is cut.
        parameters: How trees are grown; what they say of calibration is not used.
        rounds: Most trees.
        stop: Later bills and how long they stood open; growing ends when their log loss has not
            fallen for the parameters' patience. None grows all rounds.

    Raises:
        DataError: No payment was seen.
    """
    levels = learn_levels(matrix, features)
    parts = [(matrix, followed)] if stop is None else [(matrix, followed), stop]
    made = [
        _spell_rows(*part, [f.name for f in features], levels, settings, parameters.seed)
        for part in parts
    ]
    train = lgb.Dataset(
        made[0].inputs,
        made[0].paid,
        weight=made[0].weight,
        feature_name=[*(f.name for f in features), *DAY_INPUTS],
        categorical_feature=[i for i, f in enumerate(features) if f.is_categorical],
    )
    booster = lgb.train(
        parameters.for_lightgbm() | {"feature_fraction": settings.feature_fraction},
        train,
        num_boost_round=rounds,
        valid_sets=[
            lgb.Dataset(part.inputs, part.paid, weight=part.weight, reference=train)
            for part in made[1:]
        ],
        callbacks=[lgb.early_stopping(parameters.patience, verbose=False)] if stop else [],
    )
    return HazardModel(
        booster_text=booster.model_to_string(num_iteration=booster.best_iteration or -1),
        features=tuple(f.name for f in features),
        levels=levels,
        edges=settings.edges,
    )


@dataclass(frozen=True, kw_only=True)
class _SpellRows:
    """What LightGBM learns from.

    Attributes:
        inputs: One row a quiet spell or a day of payment.
        paid: 1 for a day of payment.
        weight: Bill-days that the row stands for.
    """

    inputs: npt.NDArray[np.float32]
    paid: FloatArray
    weight: FloatArray


def _spell_rows(
    matrix: pd.DataFrame,
    followed: Followed,
    names: Sequence[str],
    levels: Mapping[str, tuple[str, ...]],
    settings: Hazard,
    seed: int,
) -> _SpellRows:
    generator = np.random.default_rng(seed)
    seen = followed.until(settings.follow_days)
    if not seen.paid.any():
        raise DataError(
            f"training the hazard: none of {len(matrix)} looks at open bills saw a payment."
            " Give more past cycles or a later cut."
        )
    # Payments are half of what is learned from at most; beyond it, bills are left out whole.
    bills = np.flatnonzero(seen.days > 0)
    most = settings.most_rows // 2
    if seen.paid.sum() > most:
        bills = np.sort(generator.permutation(bills)[: bills.size * most // seen.paid.sum()])
    rows, seen = matrix.iloc[bills], seen.of(bills)
    spells = lay_out(days_past_due(rows), seen.days, settings.edges)
    kept, paid, weight = _weighed(spells, seen, settings.most_rows, generator)
    chosen = Spells(row=spells.row[kept], start=spells.start[kept], days=spells.days[kept])
    static = encode(rows, names, levels).astype(np.float32)
    return _SpellRows(inputs=_inputs(static, rows, chosen), paid=paid, weight=weight)


def _weighed(
    spells: Spells, seen: Followed, most: int, generator: np.random.Generator
) -> tuple[IntArray, FloatArray, FloatArray]:
    """Return the spells to learn from, whether each stands for a payment, and its bill-days."""
    is_last = np.append(spells.row[1:] != spells.row[:-1], True)
    ends_paid = is_last & seen.paid[spells.row]
    quiet_days = spells.days - ends_paid
    quiet, paid = np.flatnonzero(quiet_days > 0), np.flatnonzero(ends_paid)
    share = min(1.0, (most - paid.size) / max(quiet.size, 1))
    if share < 1.0:
        quiet = quiet[generator.random(quiet.size) < share]
    return (
        np.concatenate([quiet, paid]),
        np.concatenate([np.zeros(quiet.size), np.ones(paid.size)]),
        np.concatenate([quiet_days[quiet] / share, np.ones(paid.size)]),
    )


def _inputs(
    static: npt.NDArray[np.floating], rows: pd.DataFrame, spells: Spells
) -> npt.NDArray[np.float32]:
    """Return the inputs of the trees, one row a spell."""
    width = static.shape[1]
    inputs = np.empty((len(spells.row), width + len(DAY_INPUTS)), dtype=np.float32)
    inputs[:, :width] = static[spells.row]
    inputs[:, width:] = day_inputs(rows, spells)
    return inputs
