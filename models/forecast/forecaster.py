"""All that a forecast of collection needs, fitted on the past as of a day, kept as data.

`train_forecaster` is what production and every origin of a backtest call. A forecaster is
LightGBM's text and a JSON card with digests: loading parses, and never runs what a file brings
(design 2.5).
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

import lightgbm as lgb
import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from contract.errors import DataError
from features.declare import Feature
from models.forecast.collection import Parts, log_shock, measure_parts, spread_of
from models.forecast.hazard import Hazard, HazardModel, fit_hazard
from models.forecast.person_periods import DAY_INPUTS, BoolArray, follow
from models.forecast.receipts import received
from models.parameters import Parameters

BOOSTER_FILE = "hazard.lgb"
CARD_FILE = "hazard.json"


class Forecasting(BaseModel):
    """How collection is forecast.

    Attributes:
        learn_months: Months of looks at open bills that a forecaster learns from.
        proving_months: The newest of them: they say when to stop growing trees, and a model that
            has not seen them is held against them to measure how far a month runs ahead or behind.
        horizon_days: Days that each bill is forecast for; to month end when that is later.
        draws: Months drawn for the interval.
        level: Share of them inside it.
        origins: Newest months with a known end that a backtest forecasts.
        hazard: How the daily chance of payment is learned.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    learn_months: int = Field(default=12, ge=2, le=120)
    proving_months: int = Field(default=4, ge=1, le=24)
    horizon_days: int = Field(default=60, ge=1, le=366)
    draws: int = Field(default=1_000, ge=100, le=100_000)
    level: float = Field(default=0.9, gt=0, lt=1)
    origins: int = Field(default=6, ge=1, le=60)
    hazard: Hazard = Hazard()


class _Card(BaseModel):
    """What must be known to use the trees; no field more, none less."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    format: Literal[1]
    features: list[str]
    levels: dict[str, list[str]]
    edges: list[int]
    parts_having: dict[str, list[float]]
    part_size: float
    shock: float
    shocks: dict[str, list[float]]
    about: dict[str, str]
    versions: dict[str, str]
    booster_sha256: str


@dataclass(frozen=True, kw_only=True)
class Forecaster:
    """A fitted forecaster.

    Attributes:
        model: Gives each bill's chance by day.
        parts: What bills that stay open pay in parts.
        shock: Spread of the log of what multiplies all hazards of a month.
        shocks: The shock measured on each past look, and its variance by chance, by day.
        about: What it was trained on.
    """

    model: HazardModel
    parts: Parts
    shock: float
    shocks: Mapping[str, tuple[float, float]]
    about: Mapping[str, str]

    def to_files(self) -> dict[str, bytes]:
        """Return the two files of the forecaster by name; `from_files` reads them back."""
        text = self.model.booster_text.encode()
        card = _Card(
            format=1,
            features=list(self.model.features),
            levels={name: list(known) for name, known in self.model.levels.items()},
            edges=list(self.model.edges),
            parts_having={name: list(shares) for name, shares in self.parts.having.items()},
            part_size=self.parts.size,
            shock=self.shock,
            shocks={day: list(shock) for day, shock in self.shocks.items()},
            about=dict(self.about),
            versions={"lightgbm": lgb.__version__, "numpy": np.__version__},
            booster_sha256=_digest(text),
        )
        body = card.model_dump(mode="json")
        signed = {**body, "card_sha256": _digest(_canonical(body))}
        return {BOOSTER_FILE: text, CARD_FILE: _canonical(signed)}

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> "Forecaster":
        """Read a forecaster, refusing any byte that differs from what was written.

        Raises:
            DataError: A file is missing, unreadable or changed.
        """
        card = _read_card(files)
        model = HazardModel(
            booster_text=files[BOOSTER_FILE].decode(),
            features=tuple(card.features),
            levels={name: tuple(known) for name, known in card.levels.items()},
            edges=tuple(card.edges),
        )
        if model.booster.feature_name() != [*card.features, *DAY_INPUTS]:
            raise DataError(f"forecaster: {CARD_FILE} and {BOOSTER_FILE} name different inputs.")
        return cls(
            model=model,
            parts=Parts(
                having={name: tuple(shares) for name, shares in card.parts_having.items()},
                size=card.part_size,
            ),
            shock=card.shock,
            shocks={day: (shock[0], shock[1]) for day, shock in card.shocks.items()},
            about=card.about,
        )


def train_forecaster(
    matrix: pd.DataFrame,
    known: pd.DataFrame,
    money: pd.DataFrame,
    *,
    cut: date,
    lag_days: int,
    features: Sequence[Feature],
    settings: Forecasting,
    parameters: Parameters,
) -> Forecaster:
    """Fit a forecaster on what was known at the cut.

    First on all but the newest looks, as of the first of these: they say how many trees to grow,
    and how far months run from their forecast. Then on all looks, that many trees.

    Args:
        matrix: One row a bill at an as_of; looks at or after the cut are left out.
        known: What is known at the cut (models.target.outcomes).
        money: What came in before the cut (models.forecast.receipts.receipts).
        cut: Day before which things are known.
        lag_days: Days a payment may take to reach the books.
        features: Of the matrix, that the trees may use.
        settings: How to forecast.
        parameters: How trees are grown.

    Raises:
        DataError: There are too few months, or no payment in them.
    """
    rows = _recent(matrix, cut, settings.learn_months)
    newer = _newer(rows, cut, settings.proving_months)
    old, new = (rows[part].reset_index(drop=True) for part in (~newer, newer))
    since = new["as_of"].min().date()
    followed = follow(new, known, cut=cut, lag_days=lag_days)
    first = fit_hazard(
        old,
        follow(old, known, cut=since, lag_days=lag_days),
        features=features,
        settings=settings.hazard,
        parameters=parameters,
        rounds=parameters.rounds,
        stop=(new, followed),
    )
    shocks = _shocks(first, new, known, cut=cut, lag_days=lag_days)
    all_followed = follow(rows, known, cut=cut, lag_days=lag_days)
    model = fit_hazard(
        rows,
        all_followed,
        features=features,
        settings=settings.hazard,
        parameters=parameters,
        rounds=first.booster.num_trees(),
    )
    got = received(rows, money, settings.hazard.follow_days)
    return Forecaster(
        model=model,
        parts=measure_parts(rows, all_followed, got),
        shock=spread_of(list(shocks.values())),
        shocks=shocks,
        about={"as_of": cut.isoformat(), "trained_on": f"{len(rows)} looks at open bills"},
    )


def _recent(matrix: pd.DataFrame, cut: date, months: int) -> pd.DataFrame:
    """Return the looks of the months before the cut's month, and of its own before the cut."""
    looks = pd.to_datetime(matrix["as_of"])
    begin = pd.Timestamp(cut).to_period("M").to_timestamp() - pd.DateOffset(months=months)
    return matrix[(looks >= begin) & (looks < pd.Timestamp(cut))].reset_index(drop=True)


def _newer(rows: pd.DataFrame, cut: date, months: int) -> BoolArray:
    """Tell the looks of the newest months; never more than half of the months."""
    month = pd.to_datetime(rows["as_of"]).dt.to_period("M")
    seen = np.sort(month.unique())
    if len(seen) < 2:
        raise DataError(
            f"forecast as of {cut}: looks at open bills lie in {len(seen)} month(s) before it;"
            " two are needed, one to learn from and one to prove it. Give more history."
        )
    return (month >= seen[-min(months, len(seen) // 2)]).to_numpy()


def _shocks(
    model: HazardModel, rows: pd.DataFrame, known: pd.DataFrame, *, cut: date, lag_days: int
) -> dict[str, tuple[float, float]]:
    """Measure each look's shock to its month end, as a forecast made then would have met it."""
    found = {}
    looks = pd.to_datetime(rows["as_of"])
    for as_of in sorted(looks.dt.date.unique()):
        look = rows[looks == pd.Timestamp(as_of)]
        followed = follow(look, known, cut=cut, lag_days=lag_days)
        found[as_of.isoformat()] = log_shock(
            followed, model.predict(look, days_to_month_end(as_of))
        )
    return found


def days_to_month_end(as_of: date) -> int:
    """Return how many days from as_of on, it being the first, lie in its month.

    >>> days_to_month_end(date(2026, 2, 16))
    13
    """
    return int(pd.Timestamp(as_of).days_in_month - as_of.day + 1)


def _read_card(files: Mapping[str, bytes]) -> _Card:
    for name in (BOOSTER_FILE, CARD_FILE):
        if name not in files:
            raise DataError(f"forecaster: {name} is missing; expected {BOOSTER_FILE}, {CARD_FILE}.")
    try:
        body = json.loads(files[CARD_FILE])
        signed = body.pop("card_sha256")
        card = _Card.model_validate(body)
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise DataError(
            f"forecaster: {CARD_FILE} cannot be read ({error}); fetch it again."
        ) from error
    if signed != _digest(_canonical(body)):
        raise DataError(
            f"forecaster: {CARD_FILE} was changed after it was written; fetch it again."
        )
    if card.booster_sha256 != _digest(files[BOOSTER_FILE]):
        raise DataError(
            f"forecaster: {BOOSTER_FILE} was changed after it was written; fetch it again."
        )
    return card


def _canonical(body: Mapping[str, object]) -> bytes:
    return json.dumps(body, ensure_ascii=False, indent=1, sort_keys=True).encode() + b"\n"


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
