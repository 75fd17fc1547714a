"""How often the gates stop a list: on calm months, under damage, and under the regimes.

    python -m benchmarks.gates [--customers N] [--cycles N] [--learn-months N] [--seeds N]
        [--first N] [--calm] [--json]

For each seed a utility is simulated and a model trained once, seven cycles before the end. The six
months since are scored one after the other as `duewatch score` does, so that each is held against
the lists published before it; and each once more as a first run, which has only what the model
keeps of its training. In one of these months, another one each seed, the data are spoiled in every
way of `benchmarks.gate_damage`, and judged both ways. The regimes that share their past with the
calm world are watched over the same months with the same model. Rates are told with their 95 %
interval (Wilson 1927), months of one seed counted as if they were independent. All figures are of
simulated data.
"""

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
from rich.console import Console
from rich.table import Table
from scipy.stats import binomtest

from benchmarks.gate_damage import DAMAGE, spoil
from contract.errors import GateError
from contract.simulator import simulate
from models.parameters import Parameters
from models.snapshots import Snapshots
from pipeline.config import Config
from pipeline.gates.catalogue import GATES
from pipeline.gates.facts import VERDICTS
from pipeline.paths import truth_folder
from pipeline.preparing import Prepared, prepare
from pipeline.runs import run_id
from pipeline.scoring.job import score
from pipeline.tracking import Registered
from pipeline.training import build_past, train_today

TRAINED = date(2026, 4, 6)
MONTHS = tuple(date(2026, month, 6) for month in range(5, 11))
REGIMES = ("downturn", "price_rise", "channel_closed")
LATER, FIRST = "after lists", "first run"


@dataclass(frozen=True, kw_only=True)
class World:
    """A simulated utility, and the model that was trained on its past."""

    config: Config
    prepared: Prepared
    registered: Registered


def measure(arguments: argparse.Namespace) -> pd.DataFrame:
    """Return one row a judged month.

    Columns: seed, trouble ("calm", a kind of damage, a regime), way (after lists, first run),
    as_of, failed (ids of the gates that stopped it, parted by blanks), seconds (of one processor).
    """
    rows = []
    for seed in range(arguments.first, arguments.first + arguments.seeds):
        with tempfile.TemporaryDirectory(prefix="duewatch-gates-") as folder:
            for row in _run(Path(folder), arguments, seed):
                rows.append({"seed": seed, **row})
                # Told at once: whoever stops a long run keeps what was measured.
                print(json.dumps(rows[-1]), file=sys.stderr, flush=True)
    return pd.DataFrame(rows)


def _run(folder: Path, arguments: argparse.Namespace, seed: int) -> Iterator[dict[str, Any]]:
    begun = time.process_time()
    calm = _train(folder, arguments, seed)
    yield {"trouble": "training", "seconds": time.process_time() - begun}
    for as_of in MONTHS:
        yield _judge(calm, as_of, trouble="calm", way=LATER)
        yield _judge(_without_lists(calm), as_of, trouble="calm", way=FIRST)
    if not arguments.calm:
        yield from _trouble(folder, arguments, calm, seed)


def _trouble(
    folder: Path, arguments: argparse.Namespace, calm: World, seed: int
) -> Iterator[dict[str, Any]]:
    """Judge the model's lists of spoiled data, and of the regimes."""
    day = MONTHS[seed % len(MONTHS)]
    for damage in DAMAGE:
        data = spoil(calm.config.data, folder / damage.name, damage, day)
        spoiled = _on(calm, data, outputs=_lists_so_far(calm, folder / f"{damage.name}-outputs"))
        yield _judge(spoiled, day, trouble=damage.name, way=LATER)
        yield _judge(_without_lists(spoiled), day, trouble=damage.name, way=FIRST)
    for regime in REGIMES:
        data = _simulate(folder / regime, arguments, seed=seed, regime=regime)
        world = _on(calm, data, outputs=folder / f"{regime}-outputs")
        for as_of in MONTHS:
            yield _judge(world, as_of, trouble=regime, way=LATER)


def _train(folder: Path, arguments: argparse.Namespace, seed: int) -> World:
    """Simulate a calm utility and train before its last six months, without the registry."""
    snapshots = Snapshots(days_of_month=(6,), learn_months=arguments.learn_months, test_months=1)
    config = Config(
        data=_simulate(folder / "calm", arguments, seed=seed, regime="calm"),
        stores=folder / "stores",
        outputs=folder / "outputs",
        snapshots=snapshots,
        parameters=Parameters(rounds=80, learning_rate=0.1, min_data_in_leaf=20, threads=1),
    )
    past = prepare(config.model_copy(update={"as_of": TRAINED}))
    model = train_today(config, past, build_past(config, past, months=1)).model
    registered = Registered(model=model, version="1", run_id="benchmark")
    return World(config=config, prepared=past, registered=registered)


def _simulate(data: Path, arguments: argparse.Namespace, *, seed: int, regime: str) -> Path:
    customers, cycles = arguments.customers, arguments.cycles
    simulate(data, truth_folder(data), customers=customers, cycles=cycles, seed=seed, regime=regime)
    return data


def _on(world: World, data: Path, *, outputs: Path) -> World:
    """Return the world with other data and places of lists, and the same model."""
    config = world.config.model_copy(update={"data": data, "outputs": outputs})
    return replace(world, config=config, prepared=prepare(config))


def _without_lists(world: World) -> World:
    outputs = world.config.outputs.with_name(f"{world.config.outputs.name}-first")
    shutil.rmtree(outputs, ignore_errors=True)
    return replace(world, config=world.config.model_copy(update={"outputs": outputs}))


def _lists_so_far(world: World, outputs: Path) -> Path:
    """Return a copy of what was published, in which a spoiled list harms no other's past."""
    return Path(shutil.copytree(world.config.outputs, outputs, symlinks=True))


def _judge(world: World, as_of: date, *, trouble: str, way: str) -> dict[str, Any]:
    """Score a month and tell which gates stop it."""
    begun = time.process_time()
    prepared, config = replace(world.prepared, as_of=as_of), world.config
    try:
        place = score(config, prepared, world.registered).folder
    except GateError:
        name = run_id(
            config, as_of, fingerprint=prepared.store.fingerprint, registered=world.registered
        )
        place = config.outputs / f".{name}-work"
    verdicts = json.loads((place / VERDICTS).read_text("utf-8"))
    return {
        "trouble": trouble,
        "way": way,
        "as_of": as_of.isoformat(),
        "failed": " ".join(verdicts["failed"]),
        "seconds": time.process_time() - begun,
    }


def summarise(judged: pd.DataFrame) -> dict[str, Any]:
    """Return the rates of each trouble and way, and on calm months those of each gate."""
    told: dict[str, Any] = {}
    months = judged.dropna(subset=["way"])
    stopped = months["failed"] != ""
    for trouble, way in dict.fromkeys(zip(months["trouble"], months["way"], strict=True)):
        rows = months[(months["trouble"] == trouble) & (months["way"] == way)]
        by = rows["failed"].str.split().explode().value_counts().to_dict()
        told[f"{trouble}, {way}"] = {"stopped": rate(stopped[rows.index]), "by": by}
    for way in (LATER, FIRST):
        rows = months[(months["trouble"] == "calm") & (months["way"] == way)]
        told[f"false alarms, {way}"] = {
            gate.id: rate(rows["failed"].str.split().map(lambda ids, gate=gate: gate.id in ids))
            for gate in GATES
        }
    for regime, rows in months[months["trouble"].isin(REGIMES)].groupby("trouble"):
        told[f"{regime}, ever"] = rate((rows["failed"] != "").groupby(rows["seed"]).any())
    return told


def rate(happened: pd.Series) -> list[float]:
    """Return how often something happened, of how many, and the share's 95 % interval.

    >>> [round(figure, 2) for figure in rate(pd.Series([True, False, False, False]))]
    [1, 4, 0.05, 0.7]
    """
    ends = binomtest(int(happened.sum()), len(happened)).proportion_ci(method="wilson")
    return [int(happened.sum()), len(happened), float(ends.low), float(ends.high)]


def _table(told: dict[str, Any]) -> Table:
    table = Table("trouble", "stopped", "of", "95 % interval", "by")
    for what, found in told.items():
        rates = found if isinstance(found, dict) and "stopped" in found else {}
        if rates:
            count, of, low, high = rates["stopped"]
            by = ", ".join(f"{gate} {n}" for gate, n in rates["by"].items())
            table.add_row(what, str(count), str(of), f"{low:.0%} to {high:.0%}", by)
    return table


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m benchmarks.gates")
    parser.add_argument("--customers", type=int, default=2_000)
    parser.add_argument("--cycles", type=int, default=26)
    parser.add_argument("--learn-months", type=int, default=12)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    parser.add_argument("--calm", action="store_true", help="judge calm months alone")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    judged = measure(arguments)
    told = {"processor_seconds": time.process_time(), **summarise(judged)}
    if arguments.json:
        print(json.dumps(told | {"months": judged.to_dict("records")}))
    else:
        Console(width=140).print(_table(told))
        print(
            json.dumps({key: rates for key, rates in told.items() if "stopped" not in str(rates)})
        )


if __name__ == "__main__":
    main()
