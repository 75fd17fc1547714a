"""What is billed: kWh and amounts, issue and due days, one row a cycle and one column a person."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from contract.simulator.calendar import Months
from contract.simulator.liquidity import Pressure
from contract.simulator.population import People, Premises
from contract.simulator.region import Shared
from contract.simulator.world import World

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Bills:
    """The bills of one cell of customers.

    Attributes:
        exists: Whether the person is billed in that cycle.
        fen: The amount.
        surprise: log(amount / what the person is used to pay a bill).
        small: Whether the issue is of small consumption (L01).
        age: Bills that the person had before this one.
    """

    exists: NDArray[np.bool_]
    kwh: Floats
    fen: Ints
    surprise: Floats
    small: NDArray[np.bool_]
    age: Ints
    issued: Ints
    due: Ints


def build_bills(
    rng: np.random.Generator,
    people: People,
    *,
    premises: Premises,
    pressure: Pressure,
    shared: Shared,
    months: Months,
    world: World,
) -> Bills:
    """Meter, price and date every bill."""
    at, cycle = people.at, np.arange(len(months))[:, None]
    span = 1 + premises.bimonthly[at].astype(int)
    exists = (cycle >= people.first) & (cycle < people.until)
    exists &= (span == 1) | ((cycle + premises.phase[at]) % 2 == 0)
    usual = premises.base_kwh[at] * people.level
    metered = _meter(rng, people, premises=premises, pressure=pressure, months=months, world=world)
    kwh = np.rint(usual * metered)
    both = np.vstack([np.zeros(len(people)), kwh[:-1]])
    both[0] = np.rint(usual)
    kwh = np.where(span == 2, kwh + both, kwh)
    fen = price_kwh(kwh, premises.segment[at], span=span, world=world)
    usual_fen = price_kwh(usual * span, premises.segment[at], span=span, world=world)
    limit = np.minimum(world.consumption.small_kwh, 0.1 * usual * span)
    return Bills(
        exists=exists,
        kwh=kwh,
        fen=fen,
        surprise=np.clip(np.log((fen + 100) / (usual_fen + 100)), -1.5, 1.5),
        small=(kwh <= limit) & exists,
        age=np.cumsum(exists, axis=0) - exists,
        issued=months.first[:-1, None] + shared.issue_day[premises.grid[at]] - 1,
        due=months.due(shared.due_day[premises.grid[at]]),
    )


def price_kwh(kwh: Floats, segment: Ints, *, span: Ints, world: World) -> Ints:
    """Return the amount in fen; residents by tiers whose limits grow with the months billed."""
    use = world.consumption
    flat = np.array([s.price for s in world.segments.values()])[segment] * kwh
    first, second, third = use.tier_prices
    tiered = (
        first * kwh
        + (second - first) * np.maximum(kwh - use.tier_kwh[0] * span, 0)
        + (third - second) * np.maximum(kwh - use.tier_kwh[1] * span, 0)
    )
    resident = segment == list(world.segments).index("residential")
    return np.rint(100 * np.where(resident, tiered, flat)).astype(np.int64)


def _meter(
    rng: np.random.Generator,
    people: People,
    *,
    premises: Premises,
    pressure: Pressure,
    months: Months,
    world: World,
) -> Floats:
    """Consumption relative to the usual: season, slow drift, noise, spikes, empty flats."""
    use, at = world.consumption, people.at
    shape = (len(months), len(people))
    seasonal = np.array([s.seasonal for s in world.segments.values()])[premises.segment[at]]
    # A bill covers the month before its issue.
    season = np.log(np.array(use.months))[(months.month - 2) % 12]
    saving = np.where(premises.business[at], use.stress_business, use.stress_residential)
    level = np.cumsum(rng.normal(0, use.drift, shape), axis=0)
    level += rng.normal(0, use.noise, shape)
    level += season[:, None] * seasonal + saving * np.clip(pressure.stress, 0, 6)
    factor = np.exp(level)
    spikes = rng.random(shape) < use.spike_rate
    factor[spikes] *= rng.uniform(*use.spike, int(spikes.sum()))
    return np.where(pressure.vacant, use.vacant_level * factor, factor)
