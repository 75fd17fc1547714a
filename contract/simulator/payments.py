"""The payments that bring about each bill's fate: in one sum or in parts, reversed, failed.

What the world intends as settlement must be what the ledger of contract.md makes of the written
rows. So a payment loses its bill id only when every older bill of the customer is posted as
settled before it: allocation by oldest due date then finds the bill that was meant.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from contract.simulator.bills import Bills
from contract.simulator.calendar import DAY, HOUR
from contract.simulator.course import NEVER, Course
from contract.simulator.liquidity import Pressure
from contract.simulator.population import People, Premises
from contract.simulator.world import World

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

# The place of a payment within its bill, the last digit of its id.
LAST, PART, TAKEN_BACK, REVERSAL, FIRST_DEBIT, SECOND_DEBIT = range(6)
LEAST_FEN_IN_PARTS = 2_000  # a part leaves more than one yuan open


@dataclass(frozen=True, kw_only=True)
class Payments:
    """One entry per payment row; ``bill`` is the flat position cycle x person of the bill."""

    bill: Ints
    place: Ints
    paid: Ints
    posted: Ints
    fen: Ints
    channel: Ints
    named: Bools
    failed: Bools


@dataclass(frozen=True, kw_only=True)
class _Paid:
    """The bills that money is asked for, and how each is settled; one entry a bill."""

    bill: Ints
    person: Ints
    fen: Ints
    opens: Ints  # the second from which it can be paid
    due_end: Ints
    settled: Ints
    channel: Ints
    stress: Floats
    manual: Bools  # settled by the customer's own act
    agent: Bools


def build_payments(
    rng: np.random.Generator,
    people: People,
    *,
    premises: Premises,
    bills: Bills,
    pressure: Pressure,
    course: Course,
    debits: tuple[Ints, Ints],
    world: World,
) -> Payments:
    """Write down how each bill was paid."""
    paid = _settlements(
        rng, people, premises=premises, bills=bills, pressure=pressure, course=course, world=world
    )
    part_fen, part_at = _parts(
        rng, paid, premises.business[people.at[paid.person]], _partial(people, paid, world), world
    )
    back_at, reversed_at = _reversals(rng, paid, world)
    auto = people.arrangement[paid.person] > 0
    failed = (
        auto
        & ~paid.agent
        & ~((paid.settled <= paid.due_end) & (paid.settled == debits[0].ravel()[paid.bill]))
    )
    late = paid.settled >= paid.due_end
    known = paid.settled < NEVER
    debit = list(world.channels).index("bank_debit") + people.arrangement[paid.person] - 1
    rest = paid.fen - part_fen
    rows = (
        (LAST, known, paid.settled, rest, paid.channel),
        (PART, part_fen > 0, part_at, part_fen, paid.channel),
        (TAKEN_BACK, back_at > 0, back_at, rest, paid.channel),
        (REVERSAL, back_at > 0, reversed_at, -rest, paid.channel),
        (FIRST_DEBIT, failed, debits[0].ravel()[paid.bill], paid.fen, debit),
        (SECOND_DEBIT, failed & late, debits[1].ravel()[paid.bill], paid.fen, debit),
    )
    return _assemble(rng, paid, rows=rows, back=back_at > 0, shape=bills.fen.shape, world=world)


def _settlements(
    rng: np.random.Generator,
    people: People,
    *,
    premises: Premises,
    bills: Bills,
    pressure: Pressure,
    course: Course,
    world: World,
) -> _Paid:
    bill = np.flatnonzero(bills.exists & (bills.fen > 0))
    person = bill % bills.fen.shape[1]
    settled, due_end = course.settled.ravel()[bill], (bills.due.ravel()[bill] + 1) * DAY
    stress = pressure.stress.ravel()[bill]
    agent = premises.agent[people.at[person]]
    arrangement = people.arrangement[person]
    debited = (arrangement > 0) & (settled < due_end) & ~agent
    names = list(world.channels)
    ways = world.payments
    loyal = ways.loyal - ways.stress_switch * np.clip(stress, 0, 5)
    own = np.where(
        rng.random(len(bill)) < loyal, people.channel[person], people.other_channel[person]
    )
    by_debit = names.index("bank_debit") + arrangement - 1
    return _Paid(
        bill=bill,
        person=person,
        fen=bills.fen.ravel()[bill],
        opens=bills.issued.ravel()[bill] * DAY + 8 * HOUR,
        due_end=due_end,
        settled=settled,
        channel=np.where(agent, names.index("agent"), np.where(debited, by_debit, own)),
        stress=stress,
        manual=~debited & ~agent,
        agent=agent,
    )


def _partial(people: People, paid: _Paid, world: World) -> Floats:
    return np.array([p.partial for p in world.payers.values()])[people.payer[paid.person]]


def _parts(
    rng: np.random.Generator, paid: _Paid, business: Bools, leaning: Floats, world: World
) -> tuple[Ints, Ints]:
    """Return the fen paid first and when; 0 for a bill that is paid in one sum."""
    ways, n = world.payments, len(paid.bill)
    share = np.where(business, ways.partial[1], ways.partial[0]) * leaning
    share = share * np.exp(ways.partial_stress * np.clip(paid.stress, -2, 4))
    ends = np.minimum(paid.settled, paid.opens + 40 * DAY)  # [I] for what is never settled
    able = paid.manual & (paid.fen >= LEAST_FEN_IN_PARTS) & (ends > paid.opens + 3 * HOUR)
    chosen = able & (rng.random(n) < share)
    fen = np.rint(paid.fen * rng.uniform(*ways.partial_share, n)).astype(np.int64)
    at = paid.opens + (rng.random(n) * (ends - HOUR - paid.opens)).astype(np.int64)
    return np.where(chosen, fen, 0), at


def _reversals(rng: np.random.Generator, paid: _Paid, world: World) -> tuple[Ints, Ints]:
    """Return when a payment was made that did not last, and when it was undone; 0 for none.

    Both fall on the same side of the due date as the settlement, so that lateness does not
    depend on whether money that was taken back counts.
    """
    n = len(paid.bill)
    since = np.where(paid.settled < paid.due_end, paid.opens, paid.due_end)
    room = np.minimum(paid.settled - since, 3 * DAY)
    able = paid.manual & (paid.settled < NEVER) & (room > 4 * HOUR)
    chosen = able & (rng.random(n) < world.payments.reversal)
    first = paid.settled - (rng.uniform(0.5, 1.0, n) * (room - HOUR)).astype(np.int64)
    undone = first + (paid.settled - first) // 2
    return np.where(chosen, first, 0), np.where(chosen, undone, 0)


def _assemble(
    rng: np.random.Generator,
    paid: _Paid,
    *,
    rows: tuple[tuple[int, Bools, Ints, Ints, Ints], ...],
    back: Bools,
    shape: tuple[int, ...],
    world: World,
) -> Payments:
    """Stack the rows, post them by the lag of their channel, take names off where allowed."""
    kept = [np.flatnonzero(row[1]) for row in rows]
    at = np.concatenate(kept)
    place = np.repeat([row[0] for row in rows], [len(k) for k in kept])
    when, fen, channel = (
        np.concatenate([row[field][k] for row, k in zip(rows, kept, strict=True)])
        for field in (2, 3, 4)
    )
    lags = np.array([c.lag for c in world.channels.values()])[channel]
    lag = lags[:, 0] + rng.random(len(at)) * (lags[:, 1] - lags[:, 0])
    # A reversal is posted at once, and so is what it undoes: never before it.
    posted = when + np.where(np.isin(place, (TAKEN_BACK, REVERSAL)), 0, lag * DAY).astype(np.int64)
    unnamed = np.array([c.unnamed for c in world.channels.values()])[channel]
    forgets = (rng.random(len(at)) < unnamed) & (place <= PART) & ~back[at]
    forgets &= posted > _older_posted(paid, at, place, posted, shape)[paid.bill[at]]
    return Payments(
        bill=paid.bill[at],
        place=place,
        paid=when,
        posted=posted,
        fen=fen,
        channel=channel,
        named=~forgets,
        failed=place >= FIRST_DEBIT,
    )


def _older_posted(paid: _Paid, at: Ints, place: Ints, posted: Ints, shape: tuple[int, ...]) -> Ints:
    """Return, by flat position, when the last money for any older bill of the person came in."""
    own = np.zeros(shape[0] * shape[1], dtype=np.int64)
    own[paid.bill[paid.settled >= NEVER]] = NEVER
    for kind in (LAST, PART):
        rows = np.flatnonzero(place == kind)
        flat = paid.bill[at[rows]]
        own[flat] = np.maximum(own[flat], posted[rows])
    before = np.zeros(shape, dtype=np.int64)
    np.maximum.accumulate(own.reshape(shape)[:-1], axis=0, out=before[1:])
    return before.ravel()
