"""How likely what was seen of a bill is under each particle: the densities of the simulator.

Each function returns logarithms, one row a person and one column a particle, 0 where nothing
was seen. Only what a utility sees is used: use, the outcome, days, parts, channels, debits,
answers to calls.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_ndtr, ndtr

from contract.simulator.bills import Accounts, seasons
from contract.simulator.calendar import DAY
from contract.simulator.cell import Cell
from contract.simulator.constants import Habits
from contract.simulator.course import MATERIAL_FEN
from contract.simulator.dunning import ANSWERED, NO_ANSWER, silence
from contract.simulator.habits import (
    ANYWHERE,
    DEADLINE,
    PAYDAY,
    PAYDAY_DAYS,
    RIGHT_AWAY,
    debits_of,
    first_debit_fails,
    hurry,
)
from contract.simulator.particles import Cloud
from contract.simulator.payments import LAST, LEAST_FEN_IN_PARTS, PART
from contract.simulator.premises import of
from contract.simulator.settling import closing_shift

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

_LEAST = 1e-9  # of a probability, so that one odd day kills no particle for good
_SPIKE_LOG, _SPIKE_SPREAD = 0.74, 0.20  # of log(uniform(1.5, 2.8)), the spike of configs/world
_ROUNDING = 0.3  # log spread of the few whole kWh of an empty flat


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What is seen of the bills of the persons followed; one row a cycle, one column a person.

    Attributes:
        in_parts: Whether the bill was paid in parts.
        usual_channel: Whether it was paid through the person's usual channel.
        older: Whether an older bill was open at issue.
        recent: Late bills among the last six.
        expected: log kWh of the season against the usual.
        shift: Log-odds of lateness from the calendar, moves and open bills.
        first_debit: Whether the first run of debits settled it.
    """

    in_parts: Bools
    usual_channel: Bools
    older: Bools
    recent: Ints
    expected: Floats
    shift: Floats
    first_debit: Bools


def see(cell: Cell, person: Ints) -> Seen:
    """Gather what a utility sees of some persons."""
    accounts, shape = cell.accounts, cell.accounts.shape
    older, recent = _past(cell)
    in_parts, usual = np.zeros(shape, bool), np.zeros(shape, bool)
    paid = cell.payments
    in_parts.ravel()[paid.bill[paid.place == PART]] = True
    last = paid.place == LAST
    own = paid.channel[last] == accounts.people.channel[paid.bill[last] % shape[1]]
    usual.ravel()[paid.bill[last]] = own
    segment = accounts.premises.segment[accounts.people.at]
    return Seen(
        in_parts=in_parts[:, person],
        usual_channel=usual[:, person],
        older=older[:, person],
        recent=recent[:, person],
        expected=seasons(accounts.setting, segment)[:, person],
        shift=_known_shift(accounts, older)[:, person],
        first_debit=(cell.course.settled == debits_of(accounts)[0])[:, person],
    )


def log_use(cloud: Cloud, cell: Cell, seen: Seen, person: Ints, cycle: int) -> Floats:
    """Weigh kWh, and let the level within each particle follow them."""
    accounts, use = cell.accounts, cell.accounts.setting.world.consumption
    people, premises = accounts.people, accounts.premises
    at = people.at[person]
    usual = premises.base_kwh[at] * people.level[person]
    kwh = np.maximum(accounts.bills.kwh[cycle, person], 0.5)
    known = (accounts.bills.exists[cycle, person] & ~premises.bimonthly[at])[:, None]
    saving = np.where(premises.business[at], use.stress_business, use.stress_residential)
    gap = (np.log(kwh / usual) - seen.expected[cycle])[:, None]
    gap = gap - saving[:, None] * np.clip(cloud.stress, 0, 6) - cloud.level
    gap = gap - np.log(use.vacant_level) * cloud.vacant
    variance = cloud.level_variance + use.noise**2 + _ROUNDING**2 * cloud.vacant
    plain = _log_normal(gap, variance) + np.log(1 - use.spike_rate)
    spike = _log_normal(gap - _SPIKE_LOG, variance + _SPIKE_SPREAD**2) + np.log(use.spike_rate)
    gain = np.where(known & (np.abs(gap) < 0.5), cloud.level_variance / variance, 0.0)
    cloud.level = cloud.level + gain * gap
    cloud.level_variance = cloud.level_variance * (1 - gain)
    return np.where(known, np.logaddexp(plain, spike), 0.0)


def p_alone(cloud: Cloud, cell: Cell, seen: Seen, person: Ints, cycle: int) -> Floats:
    """Return the probability of lateness without reminders under each particle."""
    accounts = cell.accounts
    world, bills = accounts.setting.world, accounts.bills
    payers = tuple(world.payers.values())
    debit = (accounts.people.arrangement[person] > 0)[:, None]
    loading = of(payers, "loading")[cloud.payer]
    loading = loading * np.where(debit, world.arrangements.loading, 1.0)
    surprise = bills.surprise[cycle, person][:, None]
    odds = cloud.intercept + loading * cloud.shortage + of(payers, "amount")[cloud.payer] * surprise
    p = 1 / (1 + np.exp(-odds - seen.shift[cycle][:, None]))
    owed = bills.exists[cycle, person] & (bills.fen[cycle, person] >= MATERIAL_FEN)
    return np.where(owed[:, None], p, 0.0)


def log_outcome(p: Floats, cloud: Cloud, cell: Cell, person: Ints, cycle: int) -> Floats:
    """Weigh lateness, under the reminders that were made."""
    course, draws = cell.course, cell.draws
    late = course.late[cycle, person][:, None]
    kept = np.ones_like(p)
    for stage, name in ((0, "sms"), (1, "phone")):
        made = course.contacted[stage, cycle, person] & (draws.outcome[stage, cycle, person] < 2)
        turns = of(tuple(cell.accounts.setting.world.payers.values()), name)[cloud.payer]
        kept = kept * (1 - made[:, None] * turns)
    p = np.clip(p * kept, _LEAST, 1 - _LEAST)
    known = cell.accounts.bills.exists[cycle, person][:, None]
    return np.where(known, np.where(late, np.log(p), np.log1p(-p)), 0.0)


def log_day_in_time(cloud: Cloud, cell: Cell, seen: Seen, person: Ints, cycle: int) -> Floats:
    """Weigh the day of a settlement in time by oneself, and whether the first debit failed."""
    accounts, course = cell.accounts, cell.course
    bills, people = accounts.bills, accounts.people
    at = people.at[person]
    fine = bills.exists[cycle, person] & ~course.late[cycle, person]
    fine &= ~bills.disputed[cycle, person] & ~accounts.premises.agent[at]
    fine &= bills.fen[cycle, person] > 0
    debit = people.arrangement[person] > 0
    fails = first_debit_fails(cloud.stress, accounts.setting)
    first = seen.first_debit[cycle][:, None]
    by_debit = np.log(np.clip(np.where(first, 1 - fails, fails), _LEAST, 1))
    free = fine & ~debit & ~course.contacted[:2, cycle, person].any(axis=0)
    by_hand = np.log(_day_share(cloud, cell, person, cycle) + _LEAST)
    return np.where((fine & debit)[:, None], by_debit, np.where(free[:, None], by_hand, 0.0))


def log_delay(cloud: Cloud, cell: Cell, person: Ints, cycle: int) -> Floats:
    """Weigh the days after the due date, up to the first contact of round 3."""
    accounts, course = cell.accounts, cell.course
    payers = tuple(accounts.setting.world.payers.values())
    due = accounts.bills.due[cycle, person]
    asked = course.contacted[2, cycle, person]
    moment = np.where(asked, cell.draws.at[2, cycle, person], course.settled[cycle, person])
    day = np.clip(moment // DAY - due - 1, 0, 700).astype(float)[:, None]
    delay = np.array([p.delay for p in payers])[cloud.payer]
    middle = np.log(delay[..., 0]) + 0.12 * np.clip(cloud.shortage, 0, 5)
    above = (np.log(np.maximum(day, 0.05)) - middle) / delay[..., 1]
    below = (np.log(day + 1) - middle) / delay[..., 1]
    waits = log_ndtr(-above)
    settles = np.log(np.maximum(ndtr(below) - np.where(day > 0, ndtr(above), 0.0), _LEAST))
    late = course.late[cycle, person] & ~accounts.premises.agent[accounts.people.at[person]]
    late = late & ~accounts.bills.disputed[cycle, person]
    # Those who wait for payday follow another clock half of the time.
    plain = (cloud.habit != PAYDAY) & late[:, None]
    return np.where(plain, np.where(asked[:, None], waits, settles), 0.0)


def log_conduct(cloud: Cloud, cell: Cell, seen: Seen, person: Ints, cycle: int) -> Floats:
    """Weigh parts, the channel, and who answered calls and knocks."""
    accounts, course, draws = cell.accounts, cell.course, cell.draws
    world, people = accounts.setting.world, accounts.people
    ways, at = world.payments, people.at[person]
    by_hand = accounts.bills.exists[cycle, person] & ~accounts.premises.agent[at]
    by_hand &= (people.arrangement[person] == 0) | course.late[cycle, person]
    by_hand &= accounts.bills.fen[cycle, person] >= LEAST_FEN_IN_PARTS
    base = np.where(accounts.premises.business[at], ways.partial[1], ways.partial[0])[:, None]
    leaning = of(tuple(world.payers.values()), "partial")[cloud.payer]
    parts = base * leaning * np.exp(ways.partial_stress * np.clip(cloud.stress, -2, 4))
    total = _log_flag(seen.in_parts[cycle], parts)
    same = (people.channel == people.other_channel)[person][:, None]
    loyal = ways.loyal - ways.stress_switch * np.clip(cloud.stress, 0, 5)
    total = total + _log_flag(seen.usual_channel[cycle], loyal + (1 - loyal) * same)
    total = np.where(by_hand[:, None], total, 0.0)
    quiet = silence(cloud.stress, world.contacts)
    for stage in (1, 2):
        outcome = draws.outcome[stage, cycle, person]
        heard = course.contacted[stage, cycle, person] & np.isin(outcome, (ANSWERED, NO_ANSWER))
        answer = _log_flag(outcome == NO_ANSWER, quiet)
        total = total + np.where(heard[:, None], answer, 0.0)
    return total


def _day_share(cloud: Cloud, cell: Cell, person: Ints, cycle: int) -> Floats:
    """Return the chance of the day of settlement: the habit's clock, hurried by stress."""
    bills, setting = cell.accounts.bills, cell.accounts.setting
    window = (bills.due - bills.issued)[cycle, person].astype(float)[:, None]
    day = cell.course.settled[cycle, person] // DAY - bills.issued[cycle, person]
    day = np.clip(day.astype(float)[:, None], 0, window)
    left = hurry(cloud.stress, setting)
    low = window + 1 - (window + 1 - day) / left
    high = np.where(day >= window, np.inf, window + 1 - (window - day) / left)
    first = setting.months.first[cycle] - bills.issued[cycle, person]
    payday = np.clip(first[:, None] + cloud.payday - 1, 0, window)
    mine = _by_habit(cloud.habit, high, window, payday, setting.world.habits)
    mine = mine - np.where(
        low > 0, _by_habit(cloud.habit, low, window, payday, setting.world.habits), 0
    )
    free = np.clip(high / (window + 1), 0, 1) - np.clip(low / (window + 1), 0, 1)
    wander = setting.world.habits.wander
    return np.where(high > 0, (1 - wander) * mine + wander * free, 0.0)


def _by_habit(habit: Ints, days: Floats, window: Floats, payday: Ints, habits: Habits) -> Floats:
    """Return the chance that a habit's clock strikes before so many days after issue."""
    clocks = {
        RIGHT_AWAY: 1 - np.exp(-np.maximum(days, 0) / habits.issue_days),
        PAYDAY: np.sqrt(np.clip((days - payday) / PAYDAY_DAYS, 0, 1)),
        DEADLINE: np.exp(-np.maximum(window + 0.99 - days, 0) / habits.deadline_days),
        ANYWHERE: np.clip(days / (window + 1), 0, 1),
    }
    return np.select([habit == name for name in clocks], list(clocks.values()))


def _known_shift(accounts: Accounts, older: Bools) -> Floats:
    """Return the log-odds that the calendar, a move and an open bill add; all of it is seen."""
    world, months = accounts.setting.world, accounts.setting.months
    calendar, people, premises = world.calendar, accounts.people, accounts.premises
    season = calendar.absence_shift * months.absence
    season = season + calendar.summer_shift * np.isin(months.month, calendar.summer_months)
    year_end = calendar.year_end_shift * (months.month == 12)
    new = (people.owner > 0) | (premises.first[people.at] > 0)
    fresh = new & (accounts.bills.age < world.liquidity.newcomer_bills)
    return (
        season[:, None]
        + year_end[:, None] * premises.business[people.at]
        + world.liquidity.newcomer_shift * fresh
        + world.liquidity.arrears_shift * older
        + closing_shift(accounts)
    )


def _past(cell: Cell) -> tuple[Bools, Ints]:
    """Return whether an older bill was open at each issue, and the late ones of the last six."""
    accounts, course = cell.accounts, cell.course
    older, recent = np.zeros(accounts.shape, bool), np.zeros(accounts.shape, np.int64)
    until, last = np.zeros(accounts.shape[1], np.int64), np.zeros((6, accounts.shape[1]), bool)
    for cycle in range(accounts.shape[0]):
        exists = accounts.bills.exists[cycle]
        older[cycle] = until > accounts.bills.issued[cycle] * DAY
        recent[cycle] = last.sum(axis=0)
        until = np.where(exists, np.maximum(until, course.settled[cycle]), until)
        last = np.where(exists, np.vstack([last[1:], course.late[cycle]]), last)
    return older, recent


def _log_flag(seen: Bools, chance: Floats) -> Floats:
    chance = np.clip(chance, _LEAST, 1 - 1e-6)
    return np.where(seen[:, None], np.log(chance), np.log1p(-chance))


def _log_normal(gap: Floats, variance: Floats) -> Floats:
    return -0.5 * (gap**2 / variance + np.log(2 * np.pi * variance))
