"""Who the customers are: premises, and the people who succeed each other in them.

A *person* is one customer between two transfers of ownership: its habits, its type and its
money are its own, while segment, neighbourhood and meter belong to the premise. A new owner is
a new person, so nothing of the old one's conduct lives on.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from contract.simulator.calendar import Months
from contract.simulator.region import Shared
from contract.simulator.world import World

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Premises:
    """One entry per customer.

    Attributes:
        number: The customer's place in the utility, the seed of its ids.
        phase: The parity of the cycles in which a bimonthly customer is billed.
        base_kwh: Usual kWh of an average month.
        opened: Day number of the opening.
        first: First cycle with a bill; 0 for those who were there before the history begins.
    """

    number: Ints
    segment: Ints
    business: Bools
    high: Bools
    urban: Bools
    grid: Ints
    manager: Ints
    industry: Ints
    agent: Bools
    bimonthly: Bools
    phase: Ints
    base_kwh: Floats
    capacity_kva: Floats
    protected: Bools
    opened: Ints
    first: Ints


@dataclass(frozen=True, kw_only=True)
class People:
    """One entry per person.

    Attributes:
        at: The row of the premise.
        owner: 0 for the first person of a premise in the history, then 1, 2 ...
        first: First cycle with a bill of this person.
        until: The cycle on whose first day the next owner takes over; the number of cycles
            for those who stay.
        since: Day number from which the person is the customer.
        arrangement: Index into none, bank debit, third-party debit, entrusted collection.
        habit: Index into right after issue, payday, deadline, anywhere.
    """

    at: Ints
    owner: Ints
    first: Ints
    until: Ints
    since: Ints
    payer: Ints
    intercept: Floats
    arrangement: Ints
    habit: Ints
    payday: Ints
    channel: Ints
    other_channel: Ints
    level: Floats
    dunning_wish: Ints

    def __len__(self) -> int:
        return len(self.at)


def build_premises(
    rng: np.random.Generator, numbers: Ints, *, world: World, months: Months, shared: Shared
) -> Premises:
    """Draw the premises of one cell of customers."""
    n = len(numbers)
    segments = tuple(world.segments.values())
    segment = rng.choice(len(segments), n, p=[s.share for s in segments])
    high = rng.random(n) < _of(segments, "high")[segment]
    business = _of(segments, "business")[segment].astype(bool)
    grid = rng.integers(0, len(shared.org), n)
    agent_odds = world.region.agent_share / world.region.agent_grids
    first = _first_cycles(rng, n, world=world, cycles=len(months))
    kwh = np.where(high, _of(segments, "high_kwh")[segment], _of(segments, "low_kwh")[segment])
    kwh = kwh * np.exp(rng.normal(0, 1, n) * _of(segments, "spread")[segment])
    return Premises(
        number=numbers,
        segment=segment,
        business=business,
        high=high,
        urban=rng.random(n) < np.where(business, 0.75, 0.58),  # [I] domain 4.1
        grid=grid,
        manager=rng.integers(0, world.region.managers_per_grid, n),
        industry=np.where(
            business,
            rng.choice(len(world.region.industries), n, p=world.region.industry_weights),
            -1,
        ),
        agent=shared.has_agent[grid] & ~high & (rng.random(n) < agent_odds),
        bimonthly=rng.random(n) < _of(segments, "bimonthly")[segment],
        phase=rng.integers(0, 2, n),
        base_kwh=kwh,
        # [I] homes are wired for 8 kVA, others for what they use in 150 full hours
        capacity_kva=np.where(business, np.maximum(np.ceil(kwh / 150), 10), 8.0),
        protected=rng.random(n) < 0.01,  # [I]
        opened=_opening_days(rng, first, months),
        first=first,
    )


def build_people(
    rng: np.random.Generator, premises: Premises, *, world: World, months: Months, shared: Shared
) -> People:
    """Draw the succession of owners and who each of them is."""
    at, owner, begin, until = _tenancies(rng, premises, world=world, cycles=len(months))
    business = premises.business[at].astype(int)
    payer = _pick(rng, np.array([p.share for p in world.payers.values()]).T[business])
    payday = _paydays(rng, len(at), world)
    arrangement = _arrangements(rng, business, payer, world)
    moved = owner > 0
    channels = np.array([c.weights for c in world.channels.values()]).T
    crowd = np.where(business == 1, 2, np.where(premises.urban[at], 0, 1))
    return People(
        at=at,
        owner=owner,
        # The month of the transfer is settled on the spot with the old owner.
        first=np.where(moved, begin + 1, begin),
        until=until,
        since=np.where(moved, months.first[np.minimum(begin, len(months))], premises.opened[at]),
        payer=payer,
        intercept=_intercepts(
            rng,
            at=at,
            payer=payer,
            arrangement=arrangement,
            payday=payday,
            premises=premises,
            shared=shared,
            world=world,
        ),
        arrangement=arrangement,
        habit=_pick(rng, np.array([world.habits.residential, world.habits.business])[business]),
        payday=payday,
        channel=_pick(rng, channels[crowd]),
        other_channel=_pick(rng, channels[crowd]),
        level=np.where(moved, np.exp(rng.normal(0, 0.25, len(at))), 1.0),  # [I] another household
        dunning_wish=_wishes(rng, len(at), world),
    )


def _of(records: tuple, field: str) -> Floats:
    return np.array([getattr(record, field) for record in records], dtype=float)


def _pick(rng: np.random.Generator, shares: Floats) -> Ints:
    """Draw one column a row, in proportion to the row."""
    edges = np.cumsum(shares, axis=1)
    draw = rng.random(len(shares)) * edges[:, -1]
    return (draw[:, None] >= edges[:, :-1]).sum(axis=1)


def _first_cycles(rng: np.random.Generator, n: int, *, world: World, cycles: int) -> Ints:
    """First cycle with a bill; new accounts come evenly over the history."""
    new = rng.random(n) < 1 - (1 - world.moves.opened_year) ** (cycles / 12)
    return np.where(new, rng.integers(1, max(cycles, 2), n), 0)


def _opening_days(rng: np.random.Generator, first: Ints, months: Months) -> Ints:
    """A day of the month before the first bill, or up to twenty years before the history."""
    in_month = months.first[np.maximum(first, 1) - 1] + rng.integers(0, 28, len(first))
    return np.where(first > 0, in_month, months.first[0] - rng.integers(40, 7300, len(first)))


def _tenancies(
    rng: np.random.Generator, premises: Premises, *, world: World, cycles: int
) -> tuple[Ints, Ints, Ints, Ints]:
    """Row of the premise, place in the succession, first and last cycle of each tenancy."""
    monthly = 1 - (1 - world.moves.transfer_year) ** (1 / 12)
    n = len(premises.number)
    rows, begins = [np.arange(n)], [premises.first.copy()]
    while len(rows[-1]):
        gap = rng.geometric(monthly, len(rows[-1])) + world.moves.shortest * (len(rows) > 1)
        next_begin = begins[-1] + gap
        moved = next_begin < cycles
        rows.append(rows[-1][moved])
        begins.append(next_begin[moved])
    owner = np.repeat(np.arange(len(rows)), [len(row) for row in rows])
    at, begin = np.concatenate(rows), np.concatenate(begins)
    order = np.lexsort((owner, at))
    at, owner, begin = at[order], owner[order], begin[order]
    until = np.full(len(at), cycles)
    followed = at[:-1] == at[1:]
    until[:-1][followed] = begin[1:][followed]
    return at, owner, begin, until


def _paydays(rng: np.random.Generator, n: int, world: World) -> Ints:
    return rng.choice(world.habits.paydays, n, p=world.habits.payday_shares)


def _arrangements(rng: np.random.Generator, business: Ints, payer: Ints, world: World) -> Ints:
    """Draw the way of automatic debit; some types do not sign one."""
    signed = world.arrangements
    drawn = _pick(rng, np.array([signed.residential, signed.business])[business])
    willing = np.array([name in signed.only_types for name in world.payers])
    return np.where(willing[payer], drawn, 0)


def _intercepts(
    rng: np.random.Generator,
    *,
    at: Ints,
    payer: Ints,
    arrangement: Ints,
    payday: Ints,
    premises: Premises,
    shared: Shared,
    world: World,
) -> Floats:
    """Log-odds of a late bill of each person when nothing presses."""
    payers, segments = tuple(world.payers.values()), tuple(world.segments.values())
    grid = premises.grid[at]
    mismatch = (payday > shared.due_day[grid]) & ~premises.business[at]
    return (
        _of(payers, "intercept")[payer]
        + _of(payers, "spread")[payer] * rng.normal(0, 1, len(at))
        + _of(segments, "shift")[premises.segment[at]]
        + shared.grid_shift[grid]
        + world.liquidity.high_voltage_shift * premises.high[at]
        + world.arrangements.shift * (arrangement > 0)
        + world.habits.payday_mismatch * mismatch
    )


def _wishes(rng: np.random.Generator, n: int, world: World) -> Ints:
    """0 for no lasting wish, 1 for no dunning at all (L10), 2 for no phone calls (L11)."""
    draw, policy = rng.random(n), world.contacts
    return np.where(
        draw < policy.no_dunning, 1, np.where(draw < policy.no_dunning + policy.no_phone, 2, 0)
    )
