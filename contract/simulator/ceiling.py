"""The best that could be said of a bill from the observable history alone: the model's ceiling.

A particle filter over the simulator's own process follows a sample of customers. It is told what
a model can learn from many others anyway (the neighbourhood, the industry's path, the usual use),
and nothing of the person. What remains between it and the oracle nobody can know.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from contract.simulator import columns, likelihood
from contract.simulator.cell import CELL, Cell, build_cell
from contract.simulator.course import assignment_share
from contract.simulator.dunning import may_remind, silence
from contract.simulator.likelihood import Seen
from contract.simulator.particles import Cloud, draw_cloud, move, resample
from contract.simulator.premises import of
from contract.simulator.region import build_setting
from contract.simulator.scene import Scene
from contract.simulator.world import World, read_world

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Ceiling:
    """One entry a bill of the sample; see build_ceiling."""

    flat: Ints
    p_observable: Floats
    p_late: Floats
    late: NDArray[np.bool_]


def write_ceiling(  # noqa: PLR0913 - it takes what simulate takes, and the size of its sample
    truth: Path,
    *,
    customers: int,
    cycles: int,
    seed: int,
    last_cycle: int = 202610,
    world: World | None = None,
    regime: str = "calm",
    holdout: float = 0.0,
    sample: int = 2000,
    particles: int = 800,
) -> Path:
    """Write ceiling.parquet beside the truth of the utility that was simulated with these values.

    One row a bill of the sample: its id and cycle, what could be known at issue, the oracle, and
    the outcome.

    Args:
        sample: Customers followed, of the first cell; their numbers tell nothing about them.
        particles: Guesses a customer.
    """
    setting = build_setting(
        world or read_world(),
        regime,
        customers=customers,
        cycles=cycles,
        last_cycle=last_cycle,
        seed=seed,
        holdout=holdout,
    )
    cell = build_cell(0, customers=customers, setting=setting, seed=seed, cut=0)
    ceiling = build_ceiling(cell, sample=min(sample, CELL), particles=particles, seed=seed)
    scene = Scene(setting=setting, cut=0, seed=seed)
    truth.mkdir(parents=True, exist_ok=True)
    path = truth / "ceiling.parquet"
    pq.write_table(_table(ceiling, cell, scene), path, store_schema=False)
    return path


def build_ceiling(cell: Cell, *, sample: int, particles: int, seed: int) -> Ceiling:
    """Follow the persons of the first customers of a cell from their first bill to their last."""
    accounts = cell.accounts
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(2,)))
    bills = accounts.bills.exists.any(axis=0)
    person = np.flatnonzero((accounts.people.at < sample) & bills)
    seen = likelihood.see(cell, person)
    cloud = draw_cloud(rng, accounts, person, particles)
    known = np.zeros((accounts.shape[0], len(person)))
    for cycle in range(accounts.shape[0]):
        move(rng, cloud, accounts, person, cycle)
        cloud.weight += likelihood.log_use(cloud, cell, seen, person, cycle)
        p = likelihood.p_alone(cloud, cell, seen, person, cycle)
        known[cycle] = cloud.mean(p * _kept(cloud, cell, seen, person, cycle))
        cloud.weight += likelihood.log_outcome(p, cloud, cell, person, cycle)
        cloud.weight += likelihood.log_day_in_time(cloud, cell, seen, person, cycle)
        cloud.weight += likelihood.log_delay(cloud, cell, person, cycle)
        cloud.weight += likelihood.log_conduct(cloud, cell, seen, person, cycle)
        resample(rng, cloud)
    known = _with_agents(known, cell, person)
    row, column = np.nonzero(accounts.bills.exists[:, person])
    flat = row * accounts.shape[1] + person[column]
    return Ceiling(
        flat=flat,
        p_observable=known[row, column],
        p_late=cell.course.p_late.ravel()[flat],
        late=cell.course.late.ravel()[flat],
    )


def _kept(cloud: Cloud, cell: Cell, seen: Seen, person: Ints, cycle: int) -> Floats:
    """Return what the reminders to be expected at issue leave of p, under each particle."""
    accounts = cell.accounts
    policy, payers = accounts.setting.world.contacts, accounts.setting.world.payers
    remind = may_remind(accounts)[person][:, None]
    older, recent = seen.older[cycle][:, None], seen.recent[cycle][:, None]
    worn = policy.habituation**recent
    reached = (1 - policy.wrong_number) * worn
    first = assignment_share(older, recent, accounts) * policy.sms_read
    sms, phone = (of(tuple(payers.values()), name)[cloud.payer] for name in ("sms", "phone"))
    second = policy.second_share * (older | (recent > 0)) * (1 - silence(cloud.stress, policy))
    kept = (1 - remind * first * reached * sms) * (1 - remind * second * reached * phone)
    return np.asarray(kept)


def _with_agents(known: Floats, cell: Cell, person: Ints) -> Floats:
    """The users of an agent are late when it is short of money; last month's state is known."""
    accounts, region = cell.accounts, cell.accounts.setting.world.region
    at = accounts.people.at[person]
    trouble = accounts.setting.shared.agent_trouble[:, accounts.premises.grid[at]]
    enter = region.agent_trouble * (1 - region.agent_trouble_stay) / (1 - region.agent_trouble)
    before = np.vstack([np.zeros_like(trouble[:1]), trouble[:-1]])
    short = np.where(before, region.agent_trouble_stay, enter)
    p = (1 - short) * region.agent_late[0] + short * region.agent_late[1]
    return np.where(accounts.premises.agent[at], p, known)


def _table(ceiling: Ceiling, cell: Cell, scene: Scene) -> pa.Table:
    cycle = scene.setting.months.cycle[ceiling.flat // cell.accounts.shape[1]]
    return pa.table(
        {
            "bill_id": columns.texts(scene.bill_ids(cell, ceiling.flat)),
            "cycle": pa.array(cycle.astype(np.int32)),
            "p_observable": pa.array(ceiling.p_observable),
            "p_late": pa.array(ceiling.p_late),
            "late": pa.array(ceiling.late),
        }
    )
