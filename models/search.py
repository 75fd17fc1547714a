"""Search for parameters: what may be tried, what a trial is worth, and when it is worth a change.

Pure functions of figures; who proposes trials, and how they are fitted (models.grounds), is told
elsewhere.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Protocol

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, field_validator

from models.parameters import Parameters
from models.resampling import Interval

Changes = dict[str, int | float]


class Steadiness(BaseModel):
    """What instability across months costs.

    After the metric of the Home Credit 2024 stability contest, mean + 88 min(0, slope) - 0.5
    std(residuals) over weekly Gini (domain 3.1). There 88 times the slope a week is the fall over
    the whole stretch of some 90 weeks; here, too, the slope is counted as the fall from the first
    to the last origin, so that it means the same for any number of them. With independent months
    of standard deviation s, that fall varies by s sqrt(12 (n - 1) / (n (n + 1))): 2.9 times as
    much as the mean when n = 6, 3.4 times when n = 90. The contest could afford it, 90 weeks make
    both small; at six months a full weight would let the chance of the slope outvote the mean.

    Attributes:
        fall: Weight of the fall over the stretch; a third gives it no more of chance than the
            mean has at six origins.
        spread: Weight of the residuals' standard deviation, over n - 2 degrees of freedom, so
            that few origins do not look calm; the contest's own.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    fall: float = Field(default=1 / 3, ge=0, le=10)
    spread: float = Field(default=0.5, ge=0, le=10)


class Tuning(BaseModel):
    """How parameters are searched for.

    Attributes:
        trials: How many the study is to have, the default parameters included; a study that has
            fewer is resumed.
        origins: Months to search on.
        fresh_months: Months after those and before the months held out, on which what the search
            bought is judged; no trial sees them.
        workers: Processes that fit at the same time, with one thread each.
        storage: URL of a PostgreSQL database for the study; the default is SQLite beside the
            runs. The password belongs in PGPASSWORD or ~/.pgpass: settings are logged.
        seed: Of what is proposed.
        steadiness: What instability across months costs.
        least_gain: By how much more of the late amount the best parameters have to catch on the
            fresh months to replace the default; 0.005 is half a point in a hundred.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    trials: int = Field(default=30, ge=1, le=10_000)
    origins: int = Field(default=6, ge=1, le=60)
    fresh_months: int = Field(default=2, ge=1, le=24)
    workers: int = Field(default=1, ge=1, le=256)
    storage: str | None = None
    seed: int = Field(default=2026, ge=0)
    steadiness: Steadiness = Steadiness()
    least_gain: float = Field(default=0.005, ge=0, le=1)

    @field_validator("storage")
    @classmethod
    def _has_no_password(cls, url: str | None) -> str | None:
        if url is None:
            return url
        scheme, _, rest = url.partition("://")
        if scheme.partition("+")[0] not in {"postgresql", "postgres"} or not rest:
            raise ValueError("give postgresql://user@host/database, or leave it out for SQLite")
        if ":" in rest.partition("/")[0].rpartition("@")[0]:
            raise ValueError("leave the password to PGPASSWORD or ~/.pgpass; settings are logged")
        return url


class Trial(Protocol):
    """Who proposes a value: what a search space needs of an Optuna trial."""

    def suggest_int(self, name: str, low: int, high: int, *, log: bool = False) -> int:
        """Return a whole number from low to high, both included."""
        ...

    def suggest_float(self, name: str, low: float, high: float, *, log: bool = False) -> float:
        """Return a number from low to high."""
        ...


class Span(NamedTuple):
    """Values that a parameter may take; `log` proposes small ones as often as large ones."""

    low: float
    high: float
    log: bool


# Shallow trees only: the time to explain a row grows with leaves and depth (design 2.4). Bins,
# rounds and patience stay: bins are made once for all trials, and early stopping finds the rounds.
SPACE: Mapping[str, Span] = {
    "num_leaves": Span(7, 63, log=True),
    "max_depth": Span(3, 8, log=False),
    "min_data_in_leaf": Span(20, 1000, log=True),
    "learning_rate": Span(0.03, 0.2, log=True),
    "lambda_l2": Span(0.1, 100.0, log=True),
    "feature_fraction": Span(0.2, 1.0, log=False),
    "bagging_fraction": Span(0.5, 1.0, log=False),
}


def space(around: Parameters) -> dict[str, Span]:
    """Return what may be tried; spans are stretched until they hold the given parameters."""
    given = defaults(around)
    return {
        # A span that proposes on a log scale cannot hold 0.
        name: Span(
            min(span.low, given[name]), max(span.high, given[name]), span.log and given[name] > 0
        )
        for name, span in SPACE.items()
    }


def suggest(trial: Trial, around: Parameters) -> Changes:
    """Return what a trial changes of the given parameters."""
    whole = {name for name, value in defaults(around).items() if isinstance(value, int)}
    return {
        name: trial.suggest_int(name, int(span.low), int(span.high), log=span.log)
        if name in whole
        else trial.suggest_float(name, span.low, span.high, log=span.log)
        for name, span in space(around).items()
    }


def defaults(parameters: Parameters) -> Changes:
    """Return the point of the search space where the given parameters lie."""
    return {name: getattr(parameters, name) for name in SPACE}


@dataclass(frozen=True, kw_only=True)
class Worth:
    """What a trial is worth.

    Attributes:
        mean: Share of the late amount caught, mean over origins.
        fall: By how much the fitted line falls from the first origin to the last, 0 or less.
        spread: Standard deviation around that line; 0 for fewer than three origins.
        value: Mean, less what instability costs.
    """

    mean: float
    fall: float
    spread: float
    value: float


def worth(shares: Sequence[float], steadiness: Steadiness) -> Worth:
    """Return the worth of shares caught at origins in order of time.

    >>> round(worth([0.6, 0.5, 0.4], Steadiness(fall=0.5, spread=1.0)).value, 6)
    0.4
    """
    share = np.asarray(shares, dtype=np.float64)
    mean = float(share.mean())
    place = np.arange(share.size) - (share.size - 1) / 2
    slope = float(place @ share / (place @ place)) if share.size > 1 else 0.0
    fall = min(0.0, slope * (share.size - 1))
    residual = share - mean - slope * place
    spread = float(np.sqrt(residual @ residual / (share.size - 2))) if share.size > 2 else 0.0
    value = mean + steadiness.fall * fall - steadiness.spread * spread
    return Worth(mean=mean, fall=fall, spread=spread, value=value)


@dataclass(frozen=True, kw_only=True)
class Tried:
    """One trial.

    Attributes:
        changes: Its point of the search space.
        caught: Share of the late amount caught at each origin; fewer where it was cut short.
        trees: Trees at each of those.
        value: What it is worth; None where it was cut short.
    """

    number: int
    changes: Mapping[str, Any]
    caught: tuple[float, ...]
    trees: tuple[int, ...]
    value: float | None


def best_of(tried: Sequence[Tried]) -> Tried:
    """Return the trial worth most, the earlier one where two are alike."""
    whole = [one for one in tried if one.value is not None]
    return max(whole, key=lambda one: (one.value, -one.number))


Decision = Literal["best", "default"]


def decide(lead: Interval | None, least_gain: float) -> tuple[Decision, str]:
    """Say which parameters to use, and why, in one line.

    Args:
        lead: By how much more of the late amount the best trial's list catches than the
            default's on the fresh months, with the paired interval; None where the default was
            the best trial itself.
    """
    if lead is None:
        return "default", "Keep the default: no trial was worth more."
    told = f"{lead.value:+.2%} of the late amount [{lead.low:+.2%}, {lead.high:+.2%}]"
    if not lead.low > 0:
        return "default", f"Keep the default: on fresh months {told}, which does not exclude 0."
    if lead.value < least_gain:
        return "default", f"Keep the default: on fresh months {told}, less than {least_gain:.2%}."
    return "best", f"Use the tuned parameters: on fresh months {told}."
