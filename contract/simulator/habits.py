"""When a bill is settled, given that it is settled in time, and given that it is not.

Moments are seconds since 1970-01-01. Stress uses up the time that is left, so people under
pressure settle ever closer to the due date before they are late.
"""

import numpy as np
from numpy.typing import NDArray

from contract.simulator.bills import Bills
from contract.simulator.calendar import DAY, HOUR, Months
from contract.simulator.liquidity import Pressure
from contract.simulator.population import People, Premises
from contract.simulator.region import Shared
from contract.simulator.world import World

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

RIGHT_AWAY, PAYDAY, DEADLINE = 0, 1, 2


def on_time_moments(
    rng: np.random.Generator,
    people: People,
    *,
    premises: Premises,
    bills: Bills,
    pressure: Pressure,
    shared: Shared,
    months: Months,
    world: World,
) -> Ints:
    """Draw the settlement of every bill that is paid by the end of its due date."""
    habits, shape = world.habits, bills.fen.shape
    window = (bills.due - bills.issued).astype(float)
    payday = months.first[:-1, None] + people.payday - 1 - bills.issued
    payday = np.where(payday > window, window, np.maximum(payday, 0))
    choices = (
        rng.exponential(habits.issue_days, shape),
        payday + 3 * rng.random(shape) ** 2,  # on the day or within the next two
        window + 0.99 - rng.exponential(habits.deadline_days, shape),
        rng.random(shape) * window,
    )
    habit = np.where(rng.random(shape) < habits.wander, len(choices) - 1, people.habit)
    days = np.choose(habit, choices)
    left = np.clip(1 - days / (window + 1), 0, 1)
    left *= np.exp(-habits.stress_shift * np.clip(pressure.stress, 0, 6))
    days = np.clip(np.floor((1 - left) * (window + 1)), 0, window)
    moments = (bills.issued + days.astype(np.int64)) * DAY + _hour(rng, shape)
    by_agent = (bills.due - shared.agent_early[:, premises.grid[people.at]]) * DAY + 10 * HOUR
    debits = debit_moments(bills, months, world)
    again = rng.random(shape) < first_debit_fails(pressure.stress, world)
    by_debit = np.where(again, debits[1], debits[0])
    moments = np.where(people.arrangement > 0, by_debit, moments)
    return np.where(premises.agent[people.at], by_agent, moments)


def first_debit_fails(stress: Floats, world: World) -> Floats:
    """Return the probability that a bill settled in time needed a second debit."""
    level, slope = world.arrangements.fail
    return 1 / (1 + np.exp(-level - slope * stress))


def late_moments(
    rng: np.random.Generator,
    people: People,
    *,
    premises: Premises,
    bills: Bills,
    pressure: Pressure,
    shared: Shared,
    months: Months,
    world: World,
) -> Ints:
    """Draw the settlement of every bill that is late, as it would be without a reminder."""
    shape = bills.fen.shape
    median = np.array([p.delay[0] for p in world.payers.values()])[people.payer]
    spread = np.array([p.delay[1] for p in world.payers.values()])[people.payer]
    stretch = 0.12 * np.clip(pressure.stress, 0, 5)  # [I] the poorer, the later
    delay = median * np.exp(spread * rng.normal(0, 1, shape) + stretch)
    day = bills.due + 1 + np.minimum(delay, 700).astype(np.int64)
    day = np.where(
        (people.habit == PAYDAY) & (rng.random(shape) < 0.5),  # [I]
        _next_payday(people, bills, months),
        day,
    )
    agents = bills.due + shared.agent_delay[:, premises.grid[people.at]]
    return np.where(premises.agent[people.at], agents, day) * DAY + _hour(rng, shape)


def debit_moments(bills: Bills, months: Months, world: World) -> tuple[Ints, Ints]:
    """Return the moments of the two runs of debits, at night, both before the due date ends."""
    first = np.maximum(months.first[:-1, None] + world.arrangements.debit_day - 1, bills.issued + 1)
    return first * DAY + 3 * HOUR, (bills.due - 2) * DAY + 3 * HOUR


def _next_payday(people: People, bills: Bills, months: Months) -> Ints:
    this_month = months.first[:-1, None] + people.payday - 1
    return np.where(this_month > bills.due, this_month, months.first[1:, None] + people.payday - 1)


def _hour(rng: np.random.Generator, shape: tuple[int, ...]) -> Ints:
    """Draw a second of the waking day: 8:00 to 22:00, most around the middle."""
    return (8 * HOUR + 7 * HOUR * (rng.random(shape) + rng.random(shape))).astype(np.int64)
