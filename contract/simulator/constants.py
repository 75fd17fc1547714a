"""What each constant of the simulated utility means; the numbers stand in configs/world.yaml."""

from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
Pair = tuple[float, float]


class Part(BaseModel):
    """A group of constants; unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Calendar(Part):
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


class Region(Part):
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
    agent_early: tuple[int, int]
    agent_delay: tuple[int, int]
    industries: tuple[str, ...]
    industry_weights: tuple[Share, ...]
    high_energy_industries: tuple[str, ...]
    industry_memory: Share
    industry_spread: float


class Segment(Part):
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


class Consumption(Part):
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


class Payer(Part):
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


class Liquidity(Part):
    """Slow lack of money, sudden troubles, empty flats; in units of stress."""

    memory: Share
    weight: float
    shock_rate: Share
    shock_size: float
    shock_end: Share
    onset: Share
    show: float
    vacancy_enter: Share
    vacancy_leave: Share
    vacancy_stress: float
    newcomer_shift: float
    newcomer_bills: int
    arrears_shift: float
    high_voltage_shift: float


class Habits(Part):
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


class Arrangements(Part):
    """Automatic debits: who signs, when they run, how they fail."""

    residential: tuple[Share, Share, Share, Share]
    business: tuple[Share, Share, Share, Share]
    shift: float
    loading: Share
    only_types: tuple[str, ...]
    debit_day: int
    fail: Pair


class Channel(Part):
    """One way to pay: weights (urban homes, rural homes, business), posting lag in days."""

    weights: tuple[float, float, float]
    lag: Pair
    unnamed: Share


class PaymentWays(Part):
    """Switching channels, paying in parts, reversals, what is never paid."""

    loyal: Share
    stress_switch: float
    partial: tuple[Share, Share]
    partial_stress: float
    partial_share: Pair
    reversal: Share
    never: Share


class ContactPolicy(Part):
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
    refused: Share
    contact_change: tuple[Share, Share]
    verified: Share
    no_dunning: Share
    no_phone: Share
    not_this_cycle: Share


class Moves(Part):
    """Changes of owner and new accounts, a year."""

    transfer_year: Share
    shortest: int
    opened_year: Share
    closed_year: Share
    meter_change_year: Share
    another_household: float


class Oddities(Part):
    """Bills out of the ordinary; days count from the regular issue, shares are of bills."""

    rebill: Share
    rebill_days: tuple[int, int]
    rebill_factor: Pair
    supplement: Share
    refund: Share
    later_share: Pair
    later_days: tuple[int, int]
    supplement_grace: int
    dispute: Share
    dispute_surprise: float
    dispute_shift: float
    dispute_from: tuple[int, int]
    dispute_days: tuple[int, int]
    in_transit: Share
    in_transit_days: tuple[int, int]


class Cuts(Part):
    """Disconnection of postpaid customers for arrears."""

    share: Share
    after_issue_days: int
    notice_days: tuple[int, int]
    pays_share: Share
    pays_days: Positive
    reconnect_hours: tuple[int, int]


class Prepaid(Part):
    """Customers who pay first: how they buy, when supply is cut for lack of balance."""

    share: Share
    saving: Share
    noise: float
    small_share: Share
    large: Pair
    small: Pair
    round_yuan: tuple[int, int]
    look_ahead: Pair
    attention: Pair
    stress_attention: float
    warn_yuan: float
    warn_answer: Share
    cut_hour: int
    return_hours: Pair
    balance_days: int


class Regime(Part):
    """A named scenario: what changes ``starts`` cycles before the last.

    Attributes:
        ramp: Cycles until stress is at its height.
        price: Factor on all prices.
        closes: A channel that ends; its users are late more often for ``closing_cycles``.
        newcomers: Share of customers who come since then, into quarters of their own.
        festival_days: Days by which the lunar new year is moved; its effect is multiplied.
    """

    starts: int = Field(default=0, ge=0)
    ramp: int = Field(default=1, ge=1)
    stress: float = 0.0
    business_stress: float = 0.0
    price: Positive = 1.0
    closes: str = ""
    closing_shift: float = 0.0
    closing_cycles: int = 0
    newcomers: Share = 0.0
    festival_days: int = 0
    festival_factor: float = 1.0
