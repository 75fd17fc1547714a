"""The payments that bring about each bill's fate: in one sum or in parts, reversed, failed.

What the world intends as settlement must be what the ledger of contract.md makes of the written
rows. So a payment loses its bill id only when every older bill of the customer is posted as
settled before it: allocation by oldest due date then finds the bill that was meant.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from contract.simulator.bills import Accounts
from contract.simulator.calendar import DAY, HOUR
from contract.simulator.course import Course
from contract.simulator.extras import Extras
from contract.simulator.habits import debits_of
from contract.simulator.premises import of
from contract.simulator.region import Setting
from contract.simulator.settling import NEVER
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
    rng: np.random.Generator, accounts: Accounts, course: Course, extras: Extras
) -> Payments:
    """Write down how each regular bill was paid; extras only keep names on what comes later."""
    paid, world = _settlements(rng, accounts, course), accounts.setting.world
    part_fen, part_at = _parts(rng, paid, accounts)
    back_at, reversed_at = _reversals(rng, paid, world)
    late, rest = paid.settled >= paid.due_end, paid.fen - part_fen
    debits = debits_of(accounts)
    first, second = debits[0].ravel()[paid.bill], debits[1].ravel()[paid.bill]
    arrangement = accounts.people.arrangement[paid.person]
    failed = (arrangement > 0) & ~paid.agent & (paid.settled != first)
    debit = list(world.channels).index("bank_debit") + arrangement - 1
    rows = (
        (LAST, paid.settled < NEVER, paid.settled, rest, paid.channel),
        (PART, part_fen > 0, part_at, part_fen, paid.channel),
        (TAKEN_BACK, back_at > 0, back_at, rest, paid.channel),
        (REVERSAL, back_at > 0, reversed_at, -rest, paid.channel),
        (FIRST_DEBIT, failed, first, paid.fen, debit),
        (SECOND_DEBIT, failed & late, second, paid.fen, debit),
    )
    blocked = extras.open_until(accounts.shape)
    return _assemble(rng, paid, rows=rows, back=back_at > 0, blocked=blocked, world=world)


def _settlements(rng: np.random.Generator, accounts: Accounts, course: Course) -> _Paid:
    bills, people, world = accounts.bills, accounts.people, accounts.setting.world
    bill = np.flatnonzero(bills.exists & (bills.fen > 0))
    person = bill % accounts.shape[1]
    settled, due_end = course.settled.ravel()[bill], (bills.due.ravel()[bill] + 1) * DAY
    stress = accounts.pressure.stress.ravel()[bill]
    agent = accounts.premises.agent[people.at[person]]
    arrangement = people.arrangement[person]
    debited = (arrangement > 0) & (settled < due_end) & ~agent
    names = list(world.channels)
    by_debit = names.index("bank_debit") + arrangement - 1
    own = _channels(rng, accounts, person, stress, settled)
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


def _channels(
    rng: np.random.Generator, accounts: Accounts, person: Ints, stress: Floats, settled: Ints
) -> Ints:
    """Draw the usual channel or another one."""
    people, ways = accounts.people, accounts.setting.world.payments
    loyal = ways.loyal - ways.stress_switch * np.clip(stress, 0, 5)
    usual = rng.random(len(person)) < loyal
    own = np.where(usual, people.channel[person], people.other_channel[person])
    return still_open(own, settled, accounts.setting)


def still_open(channel: Ints, at: Ints, setting: Setting) -> Ints:
    """Replace the channel that the regime closes for payments made from then on."""
    if not setting.regime.closes:
        return channel
    names = list(setting.world.channels)
    closed = channel == names.index(setting.regime.closes)
    closed &= at >= setting.months.first[setting.begins] * DAY
    return np.where(closed, names.index("wangshang_guowang"), channel)


def _parts(rng: np.random.Generator, paid: _Paid, accounts: Accounts) -> tuple[Ints, Ints]:
    """Return the fen paid first and when; 0 for a bill that is paid in one sum."""
    world, people, n = accounts.setting.world, accounts.people, len(paid.bill)
    ways = world.payments
    business = accounts.premises.business[people.at[paid.person]]
    leaning = of(tuple(world.payers.values()), "partial")[people.payer[paid.person]]
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
    blocked: Ints,
    world: World,
) -> Payments:
    """Stack the rows, post them by the lag of their channel, take names off where allowed."""
    kept = [np.flatnonzero(row[1]) for row in rows]
    at = np.concatenate(kept)
    place = np.repeat([row[0] for row in rows], [len(k) for k in kept])
    when, fen, channel = (
        np.concatenate([values[k] for values, k in zip(column, kept, strict=True)])
        for column in zip(*(row[2:] for row in rows), strict=True)
    )
    # A reversal is posted at once, and so is what it undoes: never before it.
    at_once = np.isin(place, (TAKEN_BACK, REVERSAL))
    posted = when + np.where(at_once, 0, posting_lag(rng, channel, world))
    unnamed = np.array([c.unnamed for c in world.channels.values()])[channel]
    forgets = (rng.random(len(at)) < unnamed) & (place <= PART) & ~back[at]
    older = _older_posted(paid, at, place, posted, blocked)
    return Payments(
        bill=paid.bill[at],
        place=place,
        paid=when,
        posted=posted,
        fen=fen,
        channel=channel,
        named=~(forgets & (posted > older[paid.bill[at]])),
        failed=place >= FIRST_DEBIT,
    )


def posting_lag(rng: np.random.Generator, channel: Ints, world: World) -> Ints:
    """Draw the seconds until a payment through each channel is posted."""
    lags = np.array([c.lag for c in world.channels.values()])[channel]
    days = lags[:, 0] + rng.random(len(channel)) * (lags[:, 1] - lags[:, 0])
    return (days * DAY).astype(np.int64)


def _older_posted(paid: _Paid, at: Ints, place: Ints, posted: Ints, blocked: Ints) -> Ints:
    """Return, by flat position, when the last money for any older bill of the person came in."""
    own = blocked.ravel().copy()
    own[paid.bill[paid.settled >= NEVER]] = NEVER
    for kind in (LAST, PART):
        rows = np.flatnonzero(place == kind)
        flat = paid.bill[at[rows]]
        own[flat] = np.maximum(own[flat], posted[rows])
    before = np.zeros(blocked.shape, dtype=np.int64)
    np.maximum.accumulate(own.reshape(blocked.shape)[:-1], axis=0, out=before[1:])
    return before.ravel()
