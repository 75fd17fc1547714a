"""Write a simulated utility: a dataset as its systems would hold it, and the truth beside it."""

import multiprocessing
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from contract.errors import ConfigError
from contract.simulator.account_tables import build_customers, build_events, build_identities
from contract.simulator.calendar import day_number
from contract.simulator.cell import CELL, Cell, build_cell
from contract.simulator.files import Files, Tables, clear
from contract.simulator.money_tables import build_bills_table, build_payments_table
from contract.simulator.region import build_setting
from contract.simulator.scene import Scene
from contract.simulator.service_tables import (
    build_balances,
    build_contacts,
    build_disconnections,
)
from contract.simulator.truth import TRUTH_TABLES, build_truth
from contract.simulator.world import World, read_world
from contract.tables import TABLES

CUT_DAY = 6  # of the last cycle's month: its bills are out, and few are paid
Progress = Callable[[int, int], None]


@dataclass(frozen=True, kw_only=True)
class SimulationReport:
    """What was written.

    Attributes:
        rows: Rows by table, the truth's tables included.
        cut_on: The first day of which nothing is known; ISO date.
        seconds: Wall time.
    """

    customers: int
    cycles: int
    last_cycle: int
    seed: int
    regime: str
    cut_on: str
    rows: dict[str, int]
    seconds: float

    def json(self) -> dict[str, Any]:
        """Return the report as plain values."""
        return asdict(self)


def simulate(  # noqa: PLR0913 - what one may choose about a world is independent
    out: Path,
    truth: Path,
    *,
    customers: int,
    cycles: int,
    seed: int,
    last_cycle: int = 202610,
    cut_on: date | None = None,
    world: World | None = None,
    regime: str = "calm",
    holdout: float = 0.0,
    progress: Progress | None = None,
    block: int = 4 * CELL,
    workers: int = 1,
) -> SimulationReport:
    """Simulate a utility and write its dataset to ``out`` and the truth to ``truth``.

    Args:
        cycles: Months of bills, ending with ``last_cycle``.
        cut_on: The day the extract is made: what becomes known on or after it is absent.
            Default: the 6th of the last cycle's month.
        world: The constants; default: those of configs/world.yaml.
        regime: The named scenario that ends the history.
        holdout: Share of the reminders of round 1 that are left out at random.
        progress: Called with customers done and customers in all, after each block.
        block: Customers held in memory at a time; it changes neither customers nor rows.
        workers: Processes; with more than one, a table is a folder with a part a block.
    """
    begun = time.perf_counter()
    _check(customers, cycles, last_cycle)
    cut = cut_on or date(last_cycle // 100, last_cycle % 100, CUT_DAY)
    scene = Scene(
        setting=build_setting(
            world or read_world(),
            regime,
            customers=customers,
            cycles=cycles,
            last_cycle=last_cycle,
            seed=seed,
            holdout=holdout,
        ),
        cut=day_number(cut),
        seed=seed,
    )
    clear(out, tuple(TABLES))
    clear(truth, TRUTH_TABLES)
    job = _Job(scene, customers, out, truth)
    blocks = tuple(_blocks(customers, block))
    done = _in_parallel(job, blocks, workers) if workers > 1 else _in_turn(job, blocks)
    rows: dict[str, int] = {}
    for number, written in done:
        for name, count in written.items():
            rows[name] = rows.get(name, 0) + count
        if progress:
            progress(number, customers)
    return SimulationReport(
        customers=customers,
        cycles=cycles,
        last_cycle=last_cycle,
        seed=seed,
        regime=regime,
        cut_on=cut.isoformat(),
        rows=rows,
        seconds=time.perf_counter() - begun,
    )


class _Job(NamedTuple):
    """What a block is simulated from and where it is written."""

    scene: Scene
    customers: int
    out: Path
    truth: Path

    def upto(self, block: range) -> int:
        """Return how many customers there are up to the end of a block."""
        return min((block[-1] + 1) * CELL, self.customers)


def _in_turn(job: _Job, blocks: tuple[range, ...]) -> Iterator[tuple[int, dict[str, int]]]:
    """Write one file a table, block after block; yield customers so far and rows written."""
    with Files(job.out) as dataset, Files(job.truth) as beside:
        for block in blocks:
            before = dataset.rows | beside.rows
            _write_block(job, block, dataset, beside)
            after = dataset.rows | beside.rows
            yield job.upto(block), {name: after[name] - before.get(name, 0) for name in after}


def _in_parallel(
    job: _Job, blocks: tuple[range, ...], workers: int
) -> Iterator[tuple[int, dict[str, int]]]:
    """Write one part a table and block, several blocks at a time."""
    # Threads of the caller (DuckDB's, Arrow's) would not survive a fork.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context) as pool:
        written = pool.map(_write_part, [job] * len(blocks), range(len(blocks)), blocks)
        for block, rows in zip(blocks, written, strict=True):
            yield job.upto(block), rows


def _write_part(job: _Job, part: int, block: range) -> dict[str, int]:
    with Files(job.out, part) as dataset, Files(job.truth, part) as beside:
        _write_block(job, block, dataset, beside)
        return dataset.rows | beside.rows


def _write_block(job: _Job, block: range, dataset: Files, beside: Files) -> None:
    parts = [_simulate_cell(number, job.customers, job.scene) for number in block]
    dataset.write([part[0] for part in parts])
    beside.write([part[1] for part in parts])


def _check(customers: int, cycles: int, last_cycle: int) -> None:
    """Refuse sizes that make no history, and a last cycle that is not a month.

    Raises:
        ConfigError: Naming the argument and what it may be.
    """
    if customers < 1 or not 2 <= cycles <= 240:
        raise ConfigError(
            f"simulate: customers={customers}, cycles={cycles}; give at least 1 customer and "
            "2 to 240 cycles."
        )
    if not (1 <= last_cycle % 100 <= 12 and 1990 <= last_cycle // 100 <= 2100):
        raise ConfigError(f"simulate: last_cycle={last_cycle} is not a month such as 202610.")


def _blocks(customers: int, block: int) -> Iterator[range]:
    """Group the cells into blocks of about that many customers."""
    cells, step = -(-customers // CELL), max(block // CELL, 1)
    for first in range(0, cells, step):
        yield range(first, min(first + step, cells))


def _simulate_cell(number: int, customers: int, scene: Scene) -> tuple[Tables, Tables]:
    cell = build_cell(
        number, customers=customers, setting=scene.setting, seed=scene.seed, cut=scene.cut
    )
    return _dataset(cell, scene), build_truth(cell, scene)


def _dataset(cell: Cell, scene: Scene) -> Tables:
    return {
        "customers": build_customers(cell, scene),
        "identities": build_identities(cell, scene),
        "bills": build_bills_table(cell, scene),
        "payments": build_payments_table(cell, scene),
        "contacts": build_contacts(cell, scene),
        "events": build_events(cell, scene),
        "balances": build_balances(cell, scene),
        "disconnections": build_disconnections(cell, scene),
    }
