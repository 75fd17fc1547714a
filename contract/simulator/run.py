"""Write a simulated utility: a dataset as its systems would hold it, and the truth beside it."""

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

from contract.errors import ConfigError
from contract.simulator.account_tables import build_customers, build_events, build_identities
from contract.simulator.calendar import build_months, day_number
from contract.simulator.cell import CELL, Cell, build_cell
from contract.simulator.money_tables import build_bills_table, build_payments_table
from contract.simulator.region import Setting, build_shared
from contract.simulator.scene import Scene
from contract.simulator.service_tables import (
    build_balances,
    build_contacts,
    build_disconnections,
)
from contract.simulator.truth import build_truth
from contract.simulator.world import World, read_world

CUT_DAY = 6  # of the last cycle's month: its bills are out, and few are paid
Tables = dict[str, pa.Table]
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
    """
    begun = time.perf_counter()
    _check(customers, cycles, last_cycle)
    world = world or read_world()
    cut = cut_on or date(last_cycle // 100, last_cycle % 100, CUT_DAY)
    scene = Scene(
        setting=_setting(
            world,
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
    with _Files(out) as dataset, _Files(truth) as beside:
        for numbers in _blocks(customers, block):
            parts = [_simulate_cell(number, customers, scene) for number in numbers]
            dataset.write([part[0] for part in parts])
            beside.write([part[1] for part in parts])
            if progress:
                progress(min((numbers[-1] + 1) * CELL, customers), customers)
    return SimulationReport(
        customers=customers,
        cycles=cycles,
        last_cycle=last_cycle,
        seed=seed,
        cut_on=cut.isoformat(),
        rows=dataset.rows | beside.rows,
        seconds=time.perf_counter() - begun,
    )


def _setting(
    world: World,
    regime: str,
    *,
    customers: int,
    cycles: int,
    last_cycle: int,
    seed: int,
    holdout: float,
) -> Setting:
    """Draw what all customers share."""
    ending = world.regime(regime)
    months = build_months(world.calendar, cycles=cycles, last_cycle=last_cycle, regime=ending)
    shared = build_shared(world, months, customers=customers, seed=seed, regime=ending)
    return Setting(
        world=world,
        months=months,
        shared=shared,
        regime=ending,
        begins=max(cycles - ending.starts, 0),
        holdout=holdout,
    )


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


class _Files:
    """The Parquet files of one folder, one a table, grown by row groups."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.rows: dict[str, int] = {}
        self._writers: dict[str, pq.ParquetWriter] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for writer in self._writers.values():
            writer.close()

    def write(self, parts: list[Tables]) -> None:
        """Append one row group to each table."""
        for name in parts[0]:
            table = pa.concat_tables([part[name] for part in parts]).unify_dictionaries()
            if name not in self._writers:
                self._writers[name] = self._open(name, table.schema)
                self.rows[name] = 0
            self._writers[name].write_table(table, row_group_size=max(len(table), 1))
            self.rows[name] += len(table)

    def _open(self, name: str, schema: pa.Schema) -> pq.ParquetWriter:
        coded = [field.name for field in schema if pa.types.is_dictionary(field.type)]
        return pq.ParquetWriter(
            self.folder / f"{name}.parquet",
            schema,
            compression="zstd",
            compression_level=1,
            use_dictionary=coded,
            # Codes come back as plain text and money as whole fen, whoever reads.
            store_schema=False,
            store_decimal_as_integer=True,
        )
