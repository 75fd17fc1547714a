"""What customers share: neighbourhoods and bureaus, collecting agents, industries.

Drawn once for the whole utility from the seed, so that every customer block meets the same.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from contract.simulator.calendar import Months
from contract.simulator.world import World

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Shared:
    """The common surroundings; an agent works in one grid, so it bears the grid's number.

    Attributes:
        grid_shift: Log-odds of lateness of a neighbourhood.
        agent_trouble: One row a cycle: whether the agent of a grid is short of money.
        agent_early: One row a cycle: days before the due date on which a solvent agent pays.
        agent_delay: One row a cycle: days after the due date on which one short of money does.
        industry: One row a cycle: stress of an industry's firms.
    """

    org: Ints
    grid_shift: Floats
    issue_day: Ints
    due_day: Ints
    has_agent: NDArray[np.bool_]
    agent_trouble: NDArray[np.bool_]
    agent_early: Ints
    agent_delay: Ints
    industry: Floats


def build_shared(world: World, months: Months, *, customers: int, seed: int) -> Shared:
    """Draw the surroundings of a utility of that many customers."""
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(0,)))
    region, calendar = world.region, world.calendar
    grids = -(-customers // region.customers_per_grid)
    org = np.arange(grids) // region.grids_per_org
    org_due = rng.choice(calendar.due_days, org[-1] + 1, p=calendar.due_day_shares)
    return Shared(
        org=org,
        grid_shift=rng.normal(0, region.grid_spread, grids),
        issue_day=rng.choice(calendar.issue_days, grids),
        due_day=org_due[org],
        has_agent=rng.random(grids) < region.agent_grids,
        agent_trouble=_spells(rng, (len(months), grids), world),
        agent_early=rng.integers(1, 6, (len(months), grids)),  # [I]
        agent_delay=rng.integers(2, 20, (len(months), grids)),  # [I]
        industry=_cycles_of_industries(rng, len(months), world),
    )


def _spells(rng: np.random.Generator, shape: tuple[int, int], world: World) -> NDArray[np.bool_]:
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
