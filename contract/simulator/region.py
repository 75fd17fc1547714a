"""What customers share: neighbourhoods and bureaus, collecting agents, industries, the regime.

Drawn once for the whole utility from the seed, so that every customer block meets the same.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from contract.simulator.calendar import Months, build_months
from contract.simulator.constants import Regime
from contract.simulator.world import World

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Shared:
    """The common surroundings; an agent works in one grid, so it bears the grid's number.

    Attributes:
        grid_shift: Log-odds of lateness of a neighbourhood.
        new_grid: Quarters that stand empty until a new town is built.
        agent_trouble: One row a cycle: whether the agent of a grid is short of money.
        agent_early: One row a cycle: days before the due date on which a solvent agent pays.
        agent_delay: One row a cycle: days after the due date on which one short of money does.
        industry: One row a cycle: stress of an industry's firms.
    """

    org: Ints
    grid_shift: Floats
    new_grid: Bools
    issue_day: Ints
    due_day: Ints
    has_agent: Bools
    agent_trouble: Bools
    agent_early: Ints
    agent_delay: Ints
    industry: Floats


@dataclass(frozen=True, kw_only=True)
class Setting:
    """Everything that a cell of customers is drawn from, besides its random stream.

    Attributes:
        begins: The first cycle in which the regime rules.
        holdout: Share of the reminders of round 1 that are left out at random.
    """

    world: World
    months: Months
    shared: Shared
    regime: Regime
    begins: int
    holdout: float = 0.0

    def ramp(self) -> Floats:
        """Return, by cycle, how far the regime has come: 0 before it, then up to 1."""
        into = np.arange(len(self.months)) - self.begins + 1
        return np.clip(into / self.regime.ramp, 0, 1)


def build_setting(
    world: World,
    regime: str,
    *,
    customers: int,
    cycles: int,
    last_cycle: int,
    seed: int,
    holdout: float = 0.0,
) -> Setting:
    """Lay out the months and draw what all customers share.

    Raises:
        ConfigError: There is no regime of that name.
    """
    ending = world.regime(regime)
    months = build_months(world.calendar, cycles=cycles, last_cycle=last_cycle, regime=ending)
    return Setting(
        world=world,
        months=months,
        shared=build_shared(world, months, customers=customers, seed=seed, regime=ending),
        regime=ending,
        begins=max(cycles - ending.starts, 0),
        holdout=holdout,
    )


def build_shared(
    world: World, months: Months, *, customers: int, seed: int, regime: Regime
) -> Shared:
    """Draw the surroundings of a utility of that many customers."""
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(0,)))
    region, calendar = world.region, world.calendar
    grids = -(-customers // region.customers_per_grid)
    org = np.arange(grids) // region.grids_per_org
    org_due = rng.choice(calendar.due_days, org[-1] + 1, p=calendar.due_day_shares)
    shape = (len(months), grids)
    early, delay = region.agent_early, region.agent_delay
    return Shared(
        org=org,
        grid_shift=rng.normal(0, region.grid_spread, grids),
        issue_day=rng.choice(calendar.issue_days, grids),
        due_day=org_due[org],
        has_agent=rng.random(grids) < region.agent_grids,
        agent_trouble=_spells(rng, shape, world),
        agent_early=rng.integers(early[0], early[1] + 1, shape),
        agent_delay=rng.integers(delay[0], delay[1] + 1, shape),
        industry=_cycles_of_industries(rng, len(months), world),
        new_grid=np.arange(grids) >= round(grids * (1 - regime.newcomers)),
    )


def _spells(rng: np.random.Generator, shape: tuple[int, int], world: World) -> Bools:
    """Two-state chains whose share of trouble and its persistence are those of agents."""
    stay, share = world.region.agent_trouble_stay, world.region.agent_trouble
    enter = share * (1 - stay) / (1 - share)
    trouble = np.empty(shape, dtype=bool)
    now = rng.random(shape[1]) < share
    for row, draw in zip(trouble, rng.random(shape), strict=True):
        now = draw < np.where(now, stay, enter)
        row[:] = now
    return trouble


def _cycles_of_industries(rng: np.random.Generator, months: int, world: World) -> Floats:
    """One AR(1) path an industry, in units of stress."""
    memory, spread = world.region.industry_memory, world.region.industry_spread
    level = rng.normal(0, spread, len(world.region.industries))
    path = np.empty((months, len(level)))
    for row in path:
        row[:] = level
        level = memory * level + np.sqrt(1 - memory**2) * rng.normal(0, spread, len(level))
    return path
