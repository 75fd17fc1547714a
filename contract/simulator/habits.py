"""When a bill is settled, given that it is settled in time, and given that it is not.

Moments are seconds since 1970-01-01. Stress uses up the time that is left, so people under
pressure settle ever closer to the due date before they are late.
"""

import numpy as np
from numpy.typing import NDArray

from contract.simulator.bills import Accounts, Bills
from contract.simulator.calendar import DAY, HOUR, Months
from contract.simulator.region import Setting

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

RIGHT_AWAY, PAYDAY, DEADLINE, ANYWHERE = range(4)
PAYDAY_DAYS = 3  # [I] after payday, most on the day itself


def on_time_moments(rng: np.random.Generator, accounts: Accounts) -> Ints:
    """Draw the settlement of every bill that is paid by the end of its due date."""
    bills, people, setting = accounts.bills, accounts.people, accounts.setting
    habits, shape = setting.world.habits, accounts.shape
    window = (bills.due - bills.issued).astype(float)
    choices = (
        rng.exponential(habits.issue_days, shape),
        payday_offsets(accounts) + PAYDAY_DAYS * rng.random(shape) ** 2,
        window + 0.99 - rng.exponential(habits.deadline_days, shape),
        rng.random(shape) * (window + 1),
    )
    habit = np.where(rng.random(shape) < habits.wander, ANYWHERE, people.habit)
    left = np.clip(1 - np.choose(habit, choices) / (window + 1), 0, 1)
    left *= hurry(accounts.pressure.stress, setting)
    days = np.clip(np.floor((1 - left) * (window + 1)), 0, window).astype(np.int64)
    # Who objects does not pay before saying so.
    days = np.where(bills.disputed, np.maximum(days, bills.dispute_from - bills.issued), days)
    moments = (bills.issued + days) * DAY + _hour(rng, shape)
    return _by_others(rng, accounts, moments)


def late_moments(rng: np.random.Generator, accounts: Accounts) -> Ints:
    """Draw the settlement of every bill that is late, as it would be without a reminder."""
    bills, people, setting = accounts.bills, accounts.people, accounts.setting
    shape, payers = accounts.shape, tuple(setting.world.payers.values())
    median = np.array([p.delay[0] for p in payers])[people.payer]
    spread = np.array([p.delay[1] for p in payers])[people.payer]
    stretch = 0.12 * np.clip(accounts.pressure.shortage, 0, 5)  # [I] the poorer, the later
    delay = median * np.exp(spread * rng.normal(0, 1, shape) + stretch)
    day = bills.due + 1 + np.minimum(delay, 700).astype(np.int64)
    at_payday = (people.habit == PAYDAY) & (rng.random(shape) < 0.5)  # [I]
    day = np.where(at_payday, _next_payday(accounts), day)
    day = np.where(bills.disputed, np.maximum(day, bills.dispute_to), day)
    agents = bills.due + setting.shared.agent_delay[:, accounts.premises.grid[people.at]]
    day = np.where(accounts.premises.agent[people.at], agents, day)
    return day * DAY + _hour(rng, shape)


def hurry(stress: Floats, setting: Setting) -> Floats:
    """Return the share of the time left that stress leaves."""
    return np.exp(-setting.world.habits.stress_shift * np.clip(stress, 0, 6))


def payday_offsets(accounts: Accounts) -> Ints:
    """Return days from issue to the payday of that month, within the payment window."""
    bills, first = accounts.bills, accounts.setting.months.first[:-1, None]
    window = bills.due - bills.issued
    return np.clip(first + accounts.people.payday - 1 - bills.issued, 0, window)


def first_debit_fails(stress: Floats, setting: Setting) -> Floats:
    """Return the probability that a bill settled in time needed a second debit."""
    level, slope = setting.world.arrangements.fail
    return 1 / (1 + np.exp(-level - slope * stress))


def debit_moments(bills: Bills, months: Months, debit_day: int) -> tuple[Ints, Ints]:
    """Return the moments of the two runs of debits, at night, both before the due date ends."""
    first = np.maximum(months.first[:-1, None] + debit_day - 1, bills.issued + 1)
    return first * DAY + 3 * HOUR, (bills.due - 2) * DAY + 3 * HOUR


def debits_of(accounts: Accounts) -> tuple[Ints, Ints]:
    """Return the moments of both debits of every bill."""
    setting = accounts.setting
    return debit_moments(accounts.bills, setting.months, setting.world.arrangements.debit_day)


def _by_others(rng: np.random.Generator, accounts: Accounts, moments: Ints) -> Ints:
    """Replace the customer's own moment where a bank or an agent pays."""
    people, bills = accounts.people, accounts.bills
    debits = debits_of(accounts)
    fails = first_debit_fails(accounts.pressure.stress, accounts.setting)
    again = rng.random(accounts.shape) < fails
    moments = np.where(people.arrangement > 0, np.where(again, debits[1], debits[0]), moments)
    early = accounts.setting.shared.agent_early[:, accounts.premises.grid[people.at]]
    by_agent = (bills.due - early) * DAY + 10 * HOUR
    return np.where(accounts.premises.agent[people.at], by_agent, moments)


def _next_payday(accounts: Accounts) -> Ints:
    first, payday = accounts.setting.months.first, accounts.people.payday - 1
    this_month = first[:-1, None] + payday
    return np.where(this_month > accounts.bills.due, this_month, first[1:, None] + payday)


def _hour(rng: np.random.Generator, shape: tuple[int, ...]) -> Ints:
    """Draw a second of the waking day: 8:00 to 22:00, most around the middle."""
    return (8 * HOUR + 7 * HOUR * (rng.random(shape) + rng.random(shape))).astype(np.int64)
