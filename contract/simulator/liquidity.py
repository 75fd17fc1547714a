"""The pressure a person is under, month by month: what lateness and its forewarnings share.

One unit of stress is what a payer's loading turns into log-odds of lateness. It rises before
it peaks, because a trouble is felt bit by bit: that is what gives an early warning its chance.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from contract.simulator.population import People, Premises
from contract.simulator.region import Shared
from contract.simulator.world import World

Floats = NDArray[np.float64]
WARM_UP = 18  # months before the history, after which the start no longer shows


@dataclass(frozen=True, kw_only=True)
class Pressure:
    """One row a cycle, one column a person."""

    stress: Floats
    vacant: NDArray[np.bool_]


def build_pressure(
    rng: np.random.Generator,
    people: People,
    *,
    premises: Premises,
    shared: Shared,
    world: World,
) -> Pressure:
    """Let money and trouble run, from some time before the history begins."""
    cycles, n = len(shared.industry), len(people)
    vacant = _vacancies(rng, people, cycles=cycles, world=world)
    stress = _own_stress(rng, (cycles, n), world)
    stress += world.liquidity.vacancy_stress * vacant
    industry = premises.industry[people.at]
    stress += np.where(industry >= 0, shared.industry[:, industry], 0.0)
    return Pressure(stress=stress, vacant=vacant)


def _own_stress(rng: np.random.Generator, shape: tuple[int, int], world: World) -> Floats:
    """Slow lack of money (AR(1)) plus sudden troubles that build up, last and fade."""
    money = world.liquidity
    wealth = rng.normal(0, 1, shape[1])
    source, felt = np.zeros(shape[1]), np.zeros(shape[1])
    fresh = np.sqrt(1 - money.memory**2)
    stress = np.empty(shape)
    for cycle in range(-WARM_UP, shape[0]):
        draw = rng.random(shape[1])
        source = np.where(draw < money.shock_end, 0.0, source)
        hit = draw > 1 - money.shock_rate
        source[hit] = rng.gamma(8, money.shock_size / 8, int(hit.sum()))
        felt = felt + money.onset * (source - felt)
        if cycle >= 0:
            wealth = money.memory * wealth + fresh * rng.normal(0, 1, shape[1])
            stress[cycle] = felt - money.weight * wealth
    return stress


def _vacancies(
    rng: np.random.Generator, people: People, *, cycles: int, world: World
) -> NDArray[np.bool_]:
    """Months in which a let flat stands empty; only for tenants."""
    money = world.liquidity
    tenants = np.flatnonzero(people.payer == list(world.payers).index("tenant"))
    vacant = np.zeros((cycles, len(people)), dtype=bool)
    share = money.vacancy_enter / (money.vacancy_enter + money.vacancy_leave)
    now = rng.random(len(tenants)) < share
    for row in vacant:
        draw = rng.random(len(tenants))
        now = np.where(now, draw >= money.vacancy_leave, draw < money.vacancy_enter)
        row[tenants] = now
    return vacant
