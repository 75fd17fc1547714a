"""Who pays: the people who succeed each other at a premise.

A *person* is one customer between two transfers of ownership: its habits, its type and its
money are its own, while class, neighbourhood and meter belong to the premise. A new owner is a
new person, so nothing of the old one's conduct lives on.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from contract.simulator.premises import Premises, of
from contract.simulator.region import Setting

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

STAYS, HANDS_OVER, CLOSES = range(3)


@dataclass(frozen=True, kw_only=True)
class People:
    """One entry per person.

    Attributes:
        at: The row of the premise.
        owner: 0 for the first person of a premise in the history, then 1, 2 ...
        first: First cycle with a bill of this person.
        until: The cycle on whose first day the person leaves; the number of cycles if never.
        leaves: STAYS, HANDS_OVER or CLOSES.
        since: Day number from which the person is the customer.
        payer: Index into the world's payers.
        intercept: Log-odds of a late bill when nothing presses.
        arrangement: Index into none, bank debit, third-party debit, entrusted collection.
        habit: Index into right after issue, payday, deadline, anywhere.
        level: Use of this household against the premise's usual.
        dunning_wish: 0 for none, 1 for no dunning at all (L10), 2 for no phone calls (L11).
    """

    at: Ints
    owner: Ints
    first: Ints
    until: Ints
    leaves: Ints
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


class _Tenancies(NamedTuple):
    at: Ints
    owner: Ints
    begin: Ints
    until: Ints
    leaves: Ints


def build_people(rng: np.random.Generator, premises: Premises, setting: Setting) -> People:
    """Draw the succession of owners and who each of them is."""
    world, months = setting.world, setting.months
    tenancies = _tenancies(rng, premises, setting)
    at, n = tenancies.at, len(tenancies.at)
    business = premises.business[at].astype(int)
    payer = pick(rng, np.array([p.share for p in world.payers.values()]).T[business])
    payday = rng.choice(world.habits.paydays, n, p=world.habits.payday_shares)
    arrangement = _arrangements(rng, business, payer, setting)
    moved = tenancies.owner > 0
    channels = np.array([c.weights for c in world.channels.values()]).T
    crowd = np.where(business == 1, 2, np.where(premises.urban[at], 0, 1))
    return People(
        at=at,
        owner=tenancies.owner,
        # The month of the transfer is settled on the spot with the old owner.
        first=np.where(moved, tenancies.begin + 1, tenancies.begin),
        until=tenancies.until,
        leaves=tenancies.leaves,
        since=np.where(moved, months.first[tenancies.begin], premises.opened[at]),
        payer=payer,
        intercept=_intercepts(rng, at, payer, premises, setting)
        + world.arrangements.shift * (arrangement > 0)
        + world.habits.payday_mismatch
        * ((payday > setting.shared.due_day[premises.grid[at]]) & (business == 0)),
        arrangement=arrangement,
        habit=pick(rng, np.array([world.habits.residential, world.habits.business])[business]),
        payday=payday,
        channel=pick(rng, channels[crowd]),
        other_channel=pick(rng, channels[crowd]),
        level=np.where(moved, np.exp(rng.normal(0, world.moves.another_household, n)), 1.0),
        dunning_wish=_wishes(rng, n, setting),
    )


def pick(rng: np.random.Generator, shares: Floats) -> Ints:
    """Draw one column a row, in proportion to the row."""
    edges = np.cumsum(shares, axis=1)
    draw = rng.random(len(shares)) * edges[:, -1]
    return (draw[:, None] >= edges[:, :-1]).sum(axis=1)


def _tenancies(rng: np.random.Generator, premises: Premises, setting: Setting) -> _Tenancies:
    """Draw who follows whom, and who gives up the account."""
    world, cycles = setting.world, len(setting.months)
    monthly = 1 - (1 - world.moves.transfer_year) ** (1 / 12)
    rows, begins = [np.arange(len(premises.number))], [premises.first.copy()]
    while len(rows[-1]):
        gap = rng.geometric(monthly, len(rows[-1])) + world.moves.shortest * (len(rows) > 1)
        moved = begins[-1] + gap < cycles
        rows.append(rows[-1][moved])
        begins.append((begins[-1] + gap)[moved])
    owner = np.repeat(np.arange(len(rows)), [len(row) for row in rows])
    at, begin = np.concatenate(rows), np.concatenate(begins)
    order = np.lexsort((owner, at))
    at, owner, begin = at[order], owner[order], begin[order]
    until = np.full(len(at), cycles)
    followed = at[:-1] == at[1:]
    until[:-1][followed] = begin[1:][followed]
    return _with_closures(rng, _Tenancies(at, owner, begin, until, until * 0), setting)


def _with_closures(rng: np.random.Generator, tenancies: _Tenancies, setting: Setting) -> _Tenancies:
    """Let some of the last owners close their account; at least two months after they came."""
    cycles = len(setting.months)
    monthly = 1 - (1 - setting.world.moves.closed_year) ** (1 / 12)
    closing = tenancies.begin + 2 + rng.geometric(monthly, len(tenancies.at))
    closes = (tenancies.until == cycles) & (closing < cycles)
    leaves = np.where(closes, CLOSES, np.where(tenancies.until < cycles, HANDS_OVER, STAYS))
    return tenancies._replace(until=np.where(closes, closing, tenancies.until), leaves=leaves)


def _arrangements(rng: np.random.Generator, business: Ints, payer: Ints, setting: Setting) -> Ints:
    """Draw the way of automatic debit; some types do not sign one."""
    signed = setting.world.arrangements
    drawn = pick(rng, np.array([signed.residential, signed.business])[business])
    willing = np.array([name in signed.only_types for name in setting.world.payers])
    return np.where(willing[payer], drawn, 0)


def _intercepts(
    rng: np.random.Generator, at: Ints, payer: Ints, premises: Premises, setting: Setting
) -> Floats:
    """Log-odds of a late bill of each person by type, class and place."""
    world = setting.world
    payers, segments = tuple(world.payers.values()), tuple(world.segments.values())
    return (
        of(payers, "intercept")[payer]
        + of(payers, "spread")[payer] * rng.normal(0, 1, len(at))
        + of(segments, "shift")[premises.segment[at]]
        + setting.shared.grid_shift[premises.grid[at]]
        + world.liquidity.high_voltage_shift * premises.high[at]
    )


def _wishes(rng: np.random.Generator, n: int, setting: Setting) -> Ints:
    draw, policy = rng.random(n), setting.world.contacts
    no_phone = np.where(draw < policy.no_dunning + policy.no_phone, 2, 0)
    return np.where(draw < policy.no_dunning, 1, no_phone)
