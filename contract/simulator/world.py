"""The constants of the simulated utility, read once into frozen models.

The numbers and their sources stand in configs/world.yaml; an unknown or missing key is an error
that gives its path in that file.
"""

from datetime import date
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from contract.errors import ConfigError

Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
Pair = tuple[float, float]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Calendar(_Part):
    """Days of the billing month and the seasons of lateness (log-odds)."""

    issue_days: tuple[int, ...]
    due_days: tuple[int, ...]
    due_day_shares: tuple[Share, ...]
    lunar_new_year: tuple[date, ...]
    absence_days: int
    absence_shift: float
    year_end_shift: float
    summer_months: tuple[int, ...]
    summer_shift: float


class Region(_Part):
    """Neighbourhoods, bureaus, agents and industries that customers share."""

    customers_per_grid: int = Field(gt=0)
    grids_per_org: int = Field(gt=0)
    managers_per_grid: int = Field(gt=0)
    grid_spread: float
    agent_share: Share
    agent_grids: Share
    agent_trouble: Share
    agent_trouble_stay: Share
    agent_late: tuple[Share, Share]
    industries: tuple[str, ...]
    industry_weights: tuple[Share, ...]
    high_energy_industries: tuple[str, ...]
    industry_memory: Share
    industry_spread: float


class Segment(_Part):
    """One class of customers: share of accounts, kWh a month (median, log spread), price."""

    share: Share
    high: Share
    price: Positive
    low_kwh: Positive
    high_kwh: Positive
    spread: Positive
    seasonal: float
    business: bool
    shift: float
    bimonthly: Share


class Consumption(_Part):
    """How kWh move from month to month; tiers are monthly limits of residents."""

    months: tuple[Positive, ...]
    noise: float
    drift: float
    spike_rate: Share
    spike: Pair
    tier_kwh: Pair
    tier_prices: tuple[Positive, Positive, Positive]
    stress_residential: float
    stress_business: float
    vacant_level: float
    small_kwh: float


class Payer(_Part):
    """One persistent type of payer; log-odds of lateness and true responses to contacts."""

    share: tuple[Share, Share]
    intercept: float
    spread: float
    loading: float
    amount: float
    delay: Pair
    sms: float
    phone: float
    visit: float
    notice: float
    partial: float


class Liquidity(_Part):
    """Slow lack of money, sudden troubles, empty flats; in units of stress."""

    memory: Share
    weight: float
    shock_rate: Share
    shock_size: float
    shock_end: Share
    onset: Share
    vacancy_enter: Share
    vacancy_leave: Share
    vacancy_stress: float
    newcomer_shift: float
    newcomer_bills: int
    arrears_shift: float
    high_voltage_shift: float


class Habits(_Part):
    """When those who pay in time do so."""

    residential: tuple[Share, Share, Share, Share]
    business: tuple[Share, Share, Share, Share]
    issue_days: Positive
    paydays: tuple[int, ...]
    payday_shares: tuple[Share, ...]
    payday_mismatch: float
    deadline_days: Positive
    stress_shift: float
    wander: Share


class Arrangements(_Part):
    """Automatic debits: who signs, when they run, how they fail."""

    residential: tuple[Share, Share, Share, Share]
    business: tuple[Share, Share, Share, Share]
    shift: float
    only_types: tuple[str, ...]
    debit_day: int
    fail: Pair


class Channel(_Part):
    """One way to pay: weights (urban homes, rural homes, business), posting lag in days."""

    weights: tuple[float, float, float]
    lag: Pair
    unnamed: Share


class PaymentWays(_Part):
    """Switching channels, paying in parts, reversals, what is never paid."""

    loyal: Share
    stress_switch: float
    partial: tuple[Share, Share]
    partial_stress: float
    partial_share: Pair
    reversal: Share
    never: Share


class ContactPolicy(_Part):
    """The historical dunning over four rounds and what customers say."""

    first_open: Share
    first_recent: Share
    first_other: Share
    second_share: Share
    second_day: int
    third_days: tuple[int, int]
    third_phone_yuan: float
    third_visit_yuan: float
    fourth_days: tuple[int, int]
    fourth_share: Share
    wrong_number: Share
    no_answer: Pair
    sms_read: Share
    habituation: float
    promise: Share
    no_dunning: Share
    no_phone: Share
    not_this_cycle: Share


class Moves(_Part):
    """Changes of owner and new accounts, a year."""

    transfer_year: Share
    shortest: int
    opened_year: Share


class World(_Part):
    """Everything that is fixed about the simulated utility."""

    calendar: Calendar
    region: Region
    segments: dict[str, Segment]
    consumption: Consumption
    payers: dict[str, Payer]
    liquidity: Liquidity
    habits: Habits
    arrangements: Arrangements
    channels: dict[str, Channel]
    payments: PaymentWays
    contacts: ContactPolicy
    moves: Moves


@cache
def read_world(path: Path | None = None) -> World:
    """Read a world file; without a path, the one that comes with duewatch.

    Raises:
        ConfigError: The file is not YAML, or a key is unknown, missing or out of its range.
    """
    where = str(path) if path else "configs/world.yaml"
    text = (path or files("configs") / "world.yaml").read_text(encoding="utf-8")
    try:
        return World.model_validate(yaml.safe_load(text))
    except yaml.YAMLError as error:
        raise ConfigError(f"{where}: not YAML: {error}") from error
    except ValidationError as error:
        raise ConfigError(f"{where}: {_breaches(error)}") from error


def _breaches(error: ValidationError) -> str:
    """Put every breach in one line: path in the file, then what is wrong."""
    return "; ".join(
        f"{'.'.join(str(step) for step in found['loc'])}: {found['msg']}"
        for found in error.errors()
    )
