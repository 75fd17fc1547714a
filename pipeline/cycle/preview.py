"""What ``duewatch run --dry-run`` says: what a month would look at, reuse, cost and need.

Nothing is written: the dataset is read for its rows and fingerprint, and folders are looked into.
"""

import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from contract.dataset import Dataset, count_rows, open_dataset, table_files
from contract.errors import ConfigError
from contract.staged_files import ABOUT
from contract.staging import store_place
from contract.tables import TABLES
from pipeline.config import Config
from pipeline.cycle.month import cycle_day
from pipeline.cycle.state import read_states
from pipeline.cycle.steps import steps_of
from pipeline.feeding_back import fed_place, ledger_folder, read_ledger
from pipeline.mlflow_door import Tracking, registry_is_there
from pipeline.preparing import enough_buckets
from pipeline.scoring.workers import count_workers
from pipeline.tracking import load


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What a month would take.

    Attributes:
        rows: Of each table that the dataset has.
        reused: What is there already and is taken as it is, or not, and why.
        seconds: Of each step, as thought.
        measured: Whether those come from a month that this machine has done.
    """

    cycle: str
    as_of: date
    rows: dict[str, int]
    reused: dict[str, str]
    seconds: dict[str, float]
    measured: str
    memory_mb: float
    disk_mb: float
    free_mb: float
    champion: str

    def text(self) -> str:
        """Return it for the terminal."""
        rows = ", ".join(f"{table} {count:,}" for table, count in self.rows.items())
        steps = ", ".join(f"{name} {seconds:,.0f}" for name, seconds in self.seconds.items())
        reused = "\n".join(f"  {name:10} {why}" for name, why in self.reused.items())
        room = "" if self.disk_mb <= self.free_mb else "  THERE IS NOT ENOUGH ROOM."
        return (
            f"Cycle {self.cycle}, as of {self.as_of}. Nothing is written by a dry run.\n"
            f"Rows: {rows}\n"
            f"Model: {self.champion}\n"
            f"What is there:\n{reused}\n"
            f"Seconds, {self.measured}: {steps}; together {sum(self.seconds.values()):,.0f}\n"
            f"Memory: up to {self.memory_mb:,.0f} MB. Disk: about {self.disk_mb:,.0f} MB,"
            f" {self.free_mb:,.0f} MB free.{room}"
        )

    def as_dict(self) -> dict[str, Any]:
        """Return what a machine needs to know of it."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


def preview_month(config: Config, cycle: str) -> Preview:
    """Say what doing a cycle would mean.

    Raises:
        ConfigError: The cycle is no month.
        DataError: The dataset cannot be opened.
    """
    dataset = open_dataset(config.data)
    rows = {table: count_rows(config.data, table) for table in TABLES if dataset.has(table)}
    buckets = config.buckets or enough_buckets(dataset)
    store, why = _store(config, dataset, buckets)
    wanted: list[str] = [one.id for one in steps_of(config)]
    there = {name: _found(config, cycle, name) for name in wanted}
    seconds, measured = _seconds(config, rows["customers"], ["prepare", *wanted])
    size = sum(path.stat().st_size for table in rows for path in table_files(config.data, table))
    rates = config.cycle.rates
    needed = rows["customers"] * rates.output_bytes_per_customer
    needed += 0 if store else size * rates.store_per_byte
    workers = count_workers(config.scoring.workers, buckets)
    return Preview(
        cycle=cycle,
        as_of=config.as_of or cycle_day(config, cycle),
        rows=rows,
        reused={"store": why, **there},
        seconds=seconds | ({"prepare": 0.0} if store and not measured else {}),
        measured=measured or "by the rates of cycle.rates, as no month was done here yet",
        memory_mb=workers * rates.worker_mb,
        disk_mb=needed / 1e6,
        free_mb=shutil.disk_usage(_nearest(config.outputs)).free / 1e6,
        champion=_champion(config.tracked),
    )


def _store(config: Config, dataset: Dataset, buckets: int) -> tuple[Path | None, str]:
    """Return the store that would be reused, if any, and why or why not."""
    if read_ledger(ledger_folder(config.data)).num_rows:
        place = fed_place(dataset, config.stores)
        if not place.exists():
            return None, "to be made: feedback has come that was not laid in yet"
        dataset = open_dataset(place)
    place = store_place(dataset.fingerprint(), config.stores, buckets=buckets)
    if (place / ABOUT).exists():
        return place, f"reused: {place} is of the same data, in {buckets} buckets"
    if any(config.stores.glob("*-v*")):
        return None, "to be made: those that are there are of other data, buckets or layout"
    return None, "to be made: no data were staged yet"


def _found(config: Config, cycle: str, step: str) -> str:
    """Say what is there of a step; whether it can stay is known once the data are staged."""
    told = next((one for one in read_states(config.outputs) if one["cycle"] == cycle), None)
    if told is None or step not in told["steps"]:
        return "to be made: not done in this cycle yet"
    output = told["steps"][step].get("output")
    if output and not Path(output).exists():
        return f"to be made again: {output} is gone"
    return f"stays if data, model and settings have not changed: {output or 'nothing to do'}"


def _seconds(config: Config, customers: int, steps: list[str]) -> tuple[dict[str, float], str]:
    """Return the seconds that each step is thought to take, and by which month if by one."""
    rates = config.cycle.rates.seconds_per_million
    thought = {step: rates.get(step, 0.0) * customers / 1e6 for step in steps}
    months = [one for one in read_states(config.outputs) if one.get("customers")]
    if not months:
        return thought, ""
    newest = months[-1]
    scale = customers / newest["customers"]
    seen = {"prepare": newest.get("prepare_seconds", 0.0)}
    seen |= {step: told["seconds"] for step, told in newest["steps"].items() if told["made"]}
    measured = {step: seconds * scale for step, seconds in seen.items() if step in thought}
    lacking = "".join(f", {step} by cycle.rates" for step in steps if step not in measured)
    return thought | measured, f"as in cycle {newest['cycle']}{lacking}"


def _champion(tracking: Tracking) -> str:
    if not registry_is_there(tracking):
        return "none; run duewatch train, then duewatch promote"
    try:
        found = load(tracking)
    except ConfigError as error:
        return f"none: {error}"
    return f"champion, version {found.version}, trained as of {found.model.card.about['as_of']}"


def _nearest(folder: Path) -> Path:
    """Return the folder itself, or the nearest above it that is there."""
    return next(one for one in (folder, *folder.resolve().parents) if one.exists())
