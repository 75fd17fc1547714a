"""The pressure a person is under, month by month: what lateness and its forewarnings share.

Trouble is met in two stages. *Stress* comes at once and shows in conduct: payments move towards
the due date, calls go unanswered, debits fail, use is cut. *Shortage* follows while reserves are
used up, and it is what makes bills late. That lag gives an early warning its chance.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from contract.simulator.people import People
from contract.simulator.premises import Premises
from contract.simulator.region import Setting

Floats = NDArray[np.float64]
WARM_UP = 18  # months before the history, after which the start no longer shows
SHOCK_SHAPE = 8  # of the gamma distribution: troubles differ, but not without limit


@dataclass(frozen=True, kw_only=True)
class Pressure:
    """One row a cycle, one column a person.

    Attributes:
        stress: What shows in conduct at once.
        shortage: What is missing when the bill is due.
        vacant: Whether a let flat stands empty.
    """

    stress: Floats
    shortage: Floats
    vacant: NDArray[np.bool_]


def build_pressure(
    rng: np.random.Generator, people: People, premises: Premises, setting: Setting
) -> Pressure:
    """Let money and trouble run, from some time before the history begins."""
    vacant = _vacancies(rng, people, setting)
    stress, shortage = _own_pressure(rng, len(people), setting)
    common = setting.world.liquidity.vacancy_stress * vacant + common_stress(
        people, premises, setting
    )
    return Pressure(stress=stress + common, shortage=shortage + common, vacant=vacant)


def step_trouble(
    source: Floats, felt: Floats, draw: Floats, size: Floats, setting: Setting
) -> tuple[Floats, Floats]:
    """Move sudden troubles and what is felt of them one month on; one draw decides a month."""
    money = setting.world.liquidity
    felt = felt + money.onset * (source - felt)  # of last month's trouble: reserves come first
    source = np.where(draw < money.shock_end, 0.0, source)
    return np.where(draw > 1 - money.shock_rate, size, source), felt


def _own_pressure(rng: np.random.Generator, n: int, setting: Setting) -> tuple[Floats, Floats]:
    """Slow lack of money (AR(1)) plus sudden troubles that come, last and end."""
    money, cycles = setting.world.liquidity, len(setting.months)
    wealth = rng.normal(0, 1, n)
    source, felt = np.zeros(n), np.zeros(n)
    fresh = np.sqrt(1 - money.memory**2)
    stress, shortage = np.empty((cycles, n)), np.empty((cycles, n))
    for cycle in range(-WARM_UP, cycles):
        size = rng.gamma(SHOCK_SHAPE, money.shock_size / SHOCK_SHAPE, n)
        source, felt = step_trouble(source, felt, rng.random(n), size, setting)
        if cycle >= 0:
            wealth = money.memory * wealth + fresh * rng.normal(0, 1, n)
            stress[cycle] = money.show * source - money.weight * wealth
            shortage[cycle] = felt - money.weight * wealth
    return stress, shortage


def common_stress(people: People, premises: Premises, setting: Setting) -> Floats:
    """Industries in a bad year, and the regime's pressure on firms and homes."""
    industry, regime = premises.industry[people.at], setting.regime
    stress = np.where(industry >= 0, setting.shared.industry[:, industry], 0.0)
    extra = np.where(premises.business[people.at], regime.business_stress, regime.stress)
    return stress + setting.ramp()[:, None] * extra


def _vacancies(rng: np.random.Generator, people: People, setting: Setting) -> NDArray[np.bool_]:
    """Months in which a let flat stands empty; only for tenants."""
    money = setting.world.liquidity
    tenants = np.flatnonzero(people.payer == list(setting.world.payers).index("tenant"))
    vacant = np.zeros((len(setting.months), len(people)), dtype=bool)
    share = money.vacancy_enter / (money.vacancy_enter + money.vacancy_leave)
    now = rng.random(len(tenants)) < share
    for row in vacant:
        draw = rng.random(len(tenants))
        now = np.where(now, draw >= money.vacancy_leave, draw < money.vacancy_enter)
        row[tenants] = now
    return vacant
