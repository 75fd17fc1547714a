"""What is billed: kWh and amounts, issue and due days, one row a cycle and one column a person."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from contract.simulator.liquidity import Pressure
from contract.simulator.people import People
from contract.simulator.premises import Premises
from contract.simulator.region import Setting
from contract.simulator.world import World

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

PRICE_MEMORY = 6  # [I] cycles until people are used to a new price


@dataclass(frozen=True, kw_only=True)
class Bills:
    """The regular bills of one cell of customers.

    Attributes:
        exists: Whether the person is billed in that cycle.
        fen: The amount that is to be paid.
        wrong_fen: The amount of the bill that this one replaces; 0 for a bill right at once.
        surprise: log(amount / what the person is used to pay a bill).
        small: Whether the issue is of small consumption (L01).
        age: Bills that the person had before this one.
        read: Day number of the regular issue; ``issued`` is later when a bill was made anew.
        disputed: Whether the customer objects, from ``dispute_from`` to ``dispute_to``.
    """

    exists: Bools
    kwh: Floats
    fen: Ints
    wrong_fen: Ints
    surprise: Floats
    small: Bools
    age: Ints
    read: Ints
    issued: Ints
    due: Ints
    disputed: Bools
    dispute_from: Ints
    dispute_to: Ints


@dataclass(frozen=True, kw_only=True)
class Accounts:
    """Customers with all that weighs on their bills; what every later step starts from."""

    premises: Premises
    people: People
    pressure: Pressure
    bills: Bills
    setting: Setting

    @property
    def shape(self) -> tuple[int, int]:
        """Cycles and persons."""
        return len(self.setting.months), len(self.people)


def build_bills(
    rng: np.random.Generator,
    people: People,
    premises: Premises,
    pressure: Pressure,
    setting: Setting,
) -> Bills:
    """Meter, price and date every bill."""
    at, world = people.at, setting.world
    span = 1 + premises.bimonthly[at].astype(int)
    exists = _billed(people, premises, span, len(setting.months))
    usual = premises.base_kwh[at] * people.level
    kwh = _sum_over_span(np.rint(usual * _meter(rng, people, premises, pressure, setting)), span)
    old, new = _price_factors(setting)
    segment = premises.segment[at]
    fen = np.rint(new[:, None] * price_kwh(kwh, segment, span, world)).astype(np.int64)
    used_to = old[:, None] * price_kwh(usual * span, segment, span, world)
    surprise = np.clip(np.log((fen + 100) / (used_to + 100)), -1.5, 1.5)
    read = setting.months.first[:-1, None] + setting.shared.issue_day[premises.grid[at]] - 1
    anew, wrong = _rebills(rng, exists & (fen > 0) & ~premises.agent[at], fen, world)
    disputed, dispute = _disputes(rng, exists & ~premises.agent[at], surprise, world)
    issued = read + anew
    return Bills(
        exists=exists,
        kwh=kwh,
        fen=fen,
        wrong_fen=wrong,
        surprise=surprise,
        small=(kwh <= np.minimum(world.consumption.small_kwh, 0.1 * usual * span)) & exists,
        age=np.cumsum(exists, axis=0) - exists,
        read=read,
        issued=issued,
        due=setting.months.due(setting.shared.due_day[premises.grid[at]]),
        disputed=disputed,
        dispute_from=issued + dispute[0],
        dispute_to=issued + dispute[0] + dispute[1],
    )


def price_kwh(kwh: Floats, segment: Ints, span: Ints, world: World) -> Floats:
    """Return the amount in fen; residents by tiers whose limits grow with the months billed."""
    use = world.consumption
    flat = np.array([s.price for s in world.segments.values()])[segment] * kwh
    first, second, third = use.tier_prices
    tiered = (
        first * kwh
        + (second - first) * np.maximum(kwh - use.tier_kwh[0] * span, 0)
        + (third - second) * np.maximum(kwh - use.tier_kwh[1] * span, 0)
    )
    return 100 * np.where(segment == list(world.segments).index("residential"), tiered, flat)


def seasons(setting: Setting, segment: Ints) -> Floats:
    """Return log kWh of a cycle's metered month against the year; a bill covers the month before.

    One row a cycle, one column a segment index given.
    """
    world = setting.world
    weight = np.array([s.seasonal for s in world.segments.values()])[segment]
    return (
        np.log(np.array(world.consumption.months))[(setting.months.month - 2) % 12][:, None]
        * (weight[None, :])
    )


def _billed(people: People, premises: Premises, span: Ints, cycles: int) -> Bools:
    cycle = np.arange(cycles)[:, None]
    exists = (cycle >= people.first) & (cycle < people.until) & ~premises.prepaid[people.at]
    return exists & ((span == 1) | ((cycle + premises.phase[people.at]) % 2 == 0))


def _sum_over_span(kwh: Floats, span: Ints) -> Floats:
    """Add the month before for those billed every second month."""
    before = np.vstack([kwh[:1], kwh[:-1]])
    return np.where(span == 2, kwh + before, kwh)


def _price_factors(setting: Setting) -> tuple[Floats, Floats]:
    """Return by cycle the price people are used to, and the price, against the world's."""
    into = np.arange(len(setting.months)) - setting.begins
    rise = np.log(setting.regime.price)
    return np.exp(rise * np.clip(into / PRICE_MEMORY, 0, 1)), np.exp(rise * (into >= 0))


def _meter(
    rng: np.random.Generator,
    people: People,
    premises: Premises,
    pressure: Pressure,
    setting: Setting,
) -> Floats:
    """Consumption relative to the usual: season, slow drift, noise, spikes, empty flats."""
    use, at = setting.world.consumption, people.at
    shape = pressure.stress.shape
    saving = np.where(premises.business[at], use.stress_business, use.stress_residential)
    level = np.cumsum(rng.normal(0, use.drift, shape), axis=0)
    level += rng.normal(0, use.noise, shape)
    level += seasons(setting, premises.segment[at]) + saving * np.clip(pressure.stress, 0, 6)
    factor = np.exp(level)
    spikes = rng.random(shape) < use.spike_rate
    factor[spikes] *= rng.uniform(*use.spike, int(spikes.sum()))
    return np.where(pressure.vacant, use.vacant_level * factor, factor)


def _rebills(rng: np.random.Generator, may: Bools, fen: Ints, world: World) -> tuple[Ints, Ints]:
    """Return the days by which a wrong bill is replaced and the wrong amount; 0 for most."""
    odd = world.oddities
    chosen = may & (rng.random(may.shape) < odd.rebill)
    n = int(chosen.sum())
    days, wrong = np.zeros(may.shape, np.int64), np.zeros(may.shape, np.int64)
    days[chosen] = rng.integers(odd.rebill_days[0], odd.rebill_days[1] + 1, n)
    wrong[chosen] = np.rint(fen[chosen] * rng.uniform(*odd.rebill_factor, n)).astype(np.int64)
    return days, wrong


def _disputes(
    rng: np.random.Generator, may: Bools, surprise: Floats, world: World
) -> tuple[Bools, tuple[Ints, Ints]]:
    """Return who objects, more often to a surprise, and days until and of the dispute."""
    odd = world.oddities
    rate = odd.dispute * np.exp(odd.dispute_surprise * surprise)
    disputed = may & (rng.random(may.shape) < rate)
    until = rng.integers(odd.dispute_from[0], odd.dispute_from[1] + 1, may.shape)
    return disputed, (until, rng.integers(odd.dispute_days[0], odd.dispute_days[1] + 1, may.shape))
