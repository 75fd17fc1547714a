"""A cloud of guesses about each person's hidden state, moved by the simulator's own process.

Arrays have one row a person and one column a particle. What cannot be learned from a history
alone is drawn from the world's shares and lives on in the particles that explain the history.
"""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from contract.simulator.bills import Accounts
from contract.simulator.liquidity import SHOCK_SHAPE, WARM_UP, common_stress, step_trouble
from contract.simulator.people import pick
from contract.simulator.premises import of

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(kw_only=True)
class Cloud:
    """The particles, their logarithmic weights and the month's pressure.

    Attributes:
        intercept: Log-odds of lateness when nothing presses.
        level, level_variance: Mean and variance of the slow drift of use (a Kalman filter within
            each particle).
    """

    payer: Ints
    intercept: Floats
    habit: Ints
    payday: Ints
    wealth: Floats
    source: Floats
    felt: Floats
    vacant: Bools
    level: Floats
    level_variance: Floats
    stress: Floats
    shortage: Floats
    weight: Floats

    def shares(self) -> Floats:
        """Return the weights of each person's particles, summing to one."""
        weight = np.exp(self.weight - self.weight.max(axis=1, keepdims=True))
        return weight / weight.sum(axis=1, keepdims=True)

    def mean(self, values: Floats) -> Floats:
        """Return the weighted mean of each person."""
        return (self.shares() * values).sum(axis=1)


def draw_cloud(rng: np.random.Generator, accounts: Accounts, person: Ints, particles: int) -> Cloud:
    """Draw the particles of some persons as the world draws people, warmed up."""
    shape = (len(person), particles)
    payer = _payers(rng, accounts, person, particles)
    habit, payday = _habits(rng, accounts, person, particles)
    cloud = Cloud(
        payer=payer,
        intercept=_intercepts(rng, accounts, person, payer, payday),
        habit=habit,
        payday=payday,
        wealth=rng.normal(0, 1, shape),
        source=np.zeros(shape),
        felt=np.zeros(shape),
        vacant=_first_vacancies(rng, accounts, payer),
        level=np.zeros(shape),
        level_variance=np.zeros(shape),
        stress=np.zeros(shape),
        shortage=np.zeros(shape),
        weight=np.zeros(shape),
    )
    for _ in range(WARM_UP):
        _trouble(rng, cloud, accounts)
    return cloud


def move(
    rng: np.random.Generator, cloud: Cloud, accounts: Accounts, person: Ints, cycle: int
) -> None:
    """Move every particle to a cycle by the process of liquidity.py."""
    money, shape = accounts.setting.world.liquidity, cloud.wealth.shape
    _trouble(rng, cloud, accounts)
    fresh = np.sqrt(1 - money.memory**2)
    cloud.wealth = money.memory * cloud.wealth + fresh * rng.normal(0, 1, shape)
    draw = rng.random(shape)
    stays = np.where(cloud.vacant, draw >= money.vacancy_leave, draw < money.vacancy_enter)
    cloud.vacant = stays & (cloud.payer == _tenant(accounts))
    cloud.level_variance = cloud.level_variance + accounts.setting.world.consumption.drift**2
    known = common_stress(accounts.people, accounts.premises, accounts.setting)[cycle, person]
    common = known[:, None] + money.vacancy_stress * cloud.vacant
    cloud.stress = money.show * cloud.source - money.weight * cloud.wealth + common
    cloud.shortage = cloud.felt - money.weight * cloud.wealth + common


def resample(rng: np.random.Generator, cloud: Cloud) -> None:
    """Copy the particles that explain a history well where few of them carry the weight."""
    shares = cloud.shares()
    particles = shares.shape[1]
    poor = np.flatnonzero(1 / (shares**2).sum(axis=1) < particles / 2)
    if not len(poor):
        return
    edges = np.cumsum(shares[poor], axis=1)
    edges[:, -1] = 1.0
    rows = np.arange(len(poor))[:, None]
    wanted = (rng.random((len(poor), 1)) + np.arange(particles)) / particles
    # One sorted axis for all rows: row r lives between r and r + 1.
    found = np.searchsorted((edges + rows).ravel(), (wanted + rows).ravel())
    chosen = np.minimum(found.reshape(wanted.shape) - rows * particles, particles - 1)
    for field in fields(cloud):
        values = getattr(cloud, field.name)
        values[poor] = values[poor[:, None], chosen]
    cloud.weight[poor] = 0.0


def _trouble(rng: np.random.Generator, cloud: Cloud, accounts: Accounts) -> None:
    shape, mean = cloud.source.shape, accounts.setting.world.liquidity.shock_size
    size = rng.gamma(SHOCK_SHAPE, mean / SHOCK_SHAPE, shape)
    cloud.source, cloud.felt = step_trouble(
        cloud.source, cloud.felt, rng.random(shape), size, accounts.setting
    )


def _payers(rng: np.random.Generator, accounts: Accounts, person: Ints, particles: int) -> Ints:
    """Draw types given what is seen from outside: business or not, debit or not."""
    world, people = accounts.setting.world, accounts.people
    business = accounts.premises.business[people.at[person]].astype(int)
    shares = np.array([p.share for p in world.payers.values()]).T[business]
    signs = world.arrangements
    none = np.array([signs.residential[0], signs.business[0]])[business][:, None]
    willing = np.array([name in signs.only_types for name in world.payers])
    by_hand = np.where(willing, none, 1.0)
    by_debit = np.where(willing, 1 - none, 0.0)
    shares = shares * np.where((people.arrangement[person] > 0)[:, None], by_debit, by_hand)
    return pick(rng, np.repeat(shares, particles, axis=0)).reshape(-1, particles)


def _habits(
    rng: np.random.Generator, accounts: Accounts, person: Ints, particles: int
) -> tuple[Ints, Ints]:
    habits, shape = accounts.setting.world.habits, (len(person), particles)
    business = accounts.premises.business[accounts.people.at[person]].astype(int)
    shares = np.array([habits.residential, habits.business])[business]
    habit = pick(rng, np.repeat(shares, particles, axis=0)).reshape(shape)
    return habit, rng.choice(habits.paydays, shape, p=habits.payday_shares)


def _intercepts(
    rng: np.random.Generator, accounts: Accounts, person: Ints, payer: Ints, payday: Ints
) -> Floats:
    """Log-odds by type and payday around what is known of class, place and arrangement."""
    world, people, premises = accounts.setting.world, accounts.people, accounts.premises
    payers, at = tuple(world.payers.values()), people.at[person]
    debit = people.arrangement[person] > 0
    due_day = accounts.setting.shared.due_day[premises.grid[at]]
    known = (
        of(tuple(world.segments.values()), "shift")[premises.segment[at]]
        + accounts.setting.shared.grid_shift[premises.grid[at]]
        + world.liquidity.high_voltage_shift * premises.high[at]
        + world.arrangements.shift * debit
    )
    mismatch = (payday > due_day[:, None]) & ~premises.business[at][:, None]
    return (
        known[:, None]
        + of(payers, "intercept")[payer]
        + of(payers, "spread")[payer] * rng.normal(0, 1, payer.shape)
        + world.habits.payday_mismatch * mismatch
    )


def _first_vacancies(rng: np.random.Generator, accounts: Accounts, payer: Ints) -> Bools:
    money = accounts.setting.world.liquidity
    share = money.vacancy_enter / (money.vacancy_enter + money.vacancy_leave)
    return (payer == _tenant(accounts)) & (rng.random(payer.shape) < share)


def _tenant(accounts: Accounts) -> int:
    return list(accounts.setting.world.payers).index("tenant")
