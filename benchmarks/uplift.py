"""How well the hold-out tells what a reminder changes, against the simulator's own effects.

    python -m benchmarks.uplift [--customers N] [--cycles N] [--seed N] [--holdout SHARE]
        [--worlds N] [--json]

The estimate is made by the function that the command line calls. What is true of each reminder
that was sent is the simulator's change in P(late); rankings are judged by it as well, and the
best one possible ranks by it. With ``--worlds`` the average alone is estimated in further, small
utilities, to see how often its interval covers the true effect. All figures are of simulated data.
"""

import argparse
import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from rich.console import Console
from rich.table import Table

from contract.simulator import simulate
from models.resampling import Interval
from models.target import Target, outcomes
from models.uplift.effect import difference_in_means
from models.uplift.holdout import first_reminders, randomised
from models.uplift.learners import Uplift
from models.uplift.qini import effect_at, places, qini
from pipeline.config import Config
from pipeline.paths import truth_folder
from pipeline.preparing import Prepared, prepare
from pipeline.uplift import Estimated, estimate_uplift

SMALL_CUSTOMERS, SMALL_CYCLES = 5_000, 14
_RANKED_BY = ("uplift", "risk", "risk_amount")


@dataclass(frozen=True, kw_only=True)
class World:
    """A simulated utility on disk, and the true effect of each first reminder sent, by bill."""

    config: Config
    prepared: Prepared
    true: pd.Series


def make_world(folder: Path, *, customers: int, cycles: int, seed: int, holdout: float) -> World:
    """Simulate a utility that holds out a share of its first reminders."""
    data = folder / "data"
    simulate(
        data, truth_folder(data), customers=customers, cycles=cycles, seed=seed, holdout=holdout
    )
    config = Config(data=data, stores=folder / "stores")
    contacts = pq.read_table(truth_folder(data) / "contact_truth.parquet").to_pandas()
    true = contacts[contacts["round"] == 1].set_index("bill_id")["effect_late"]
    return World(config=config, prepared=prepare(config), true=true)


def compare(world: World, found: Estimated) -> dict[str, Any]:
    """Return the estimates beside what is true, under flat names; an effect is in points."""
    report, true = found.report, _true_mean(world, found.experiment)
    told: dict[str, Any] = {
        "held_out": report.held_out,
        "sent": report.sent,
        "needed": report.needed,
        "true_effect": round(100 * true, 3),
        "naive_no_effect": round(100 * report.naive.difference, 3),
    }
    for name in ("average", "seen", "adjusted"):
        told |= _estimate(name, getattr(report, name), true)
    told["rankings"] = _rankings(world, found)
    told["verdict"] = report.verdict
    return told


def cover(folder: Path, seeds: Sequence[int], *, holdout: float) -> dict[str, Any]:
    """Estimate the average in small utilities; return how often its interval covers the truth."""
    found = []
    for seed in seeds:
        with tempfile.TemporaryDirectory(dir=folder) as place:
            found.append(_average_alone(Path(place), seed, holdout))
    covered = [not interval.excludes(true) for interval, true in found]
    errors = [interval.value - true for interval, true in found]
    return {
        "worlds": len(found),
        "covered": int(sum(covered)),
        "mean_error_points": round(100 * float(np.mean(errors)), 3),
        "mean_true_points": round(100 * float(np.mean([true for _, true in found])), 3),
    }


def _average_alone(folder: Path, seed: int, holdout: float) -> tuple[Interval, float]:
    world = make_world(
        folder, customers=SMALL_CUSTOMERS, cycles=SMALL_CYCLES, seed=seed, holdout=holdout
    )
    store, cut = world.prepared.store, world.prepared.as_of
    rows = randomised(
        first_reminders(store, cut), outcomes(store, cut), cut=cut, target=Target()
    ).rows
    return difference_in_means(rows), _true_mean(world, rows)


def _true_mean(world: World, rows: pd.DataFrame) -> float:
    """Return the mean true effect among the bills that were reminded, a random share of all."""
    return float(world.true.loc[rows.loc[rows["sent"] == 1, "bill_id"]].mean())


def _estimate(name: str, found: Interval, true: float) -> dict[str, Any]:
    return {
        name: round(100 * found.value, 3),
        f"{name}_low": round(100 * found.low, 3),
        f"{name}_high": round(100 * found.high, 3),
        f"{name}_covers": not found.excludes(true),
    }


def _rankings(world: World, found: Estimated) -> dict[str, dict[str, float]]:
    """Return each ranking's Qini per 1,000 bills and effect at the first tenth, told and true."""
    sent = found.bills[found.bills["sent"] == 1]
    true = world.true.loc[sent["bill_id"]].to_numpy()
    share = min(found.report.ranked[0].effect_at)
    judged = {one.id: one for one in found.report.ranked}
    told = {}
    for name in _RANKED_BY:
        place = places(sent[name], sent["cycle"])
        told[name] = {
            "qini": round(1000 * judged[name].qini.value, 3),
            "qini_low": round(1000 * judged[name].qini.low, 3),
            "qini_high": round(1000 * judged[name].qini.high, 3),
            "true_qini": round(1000 * qini(true, place), 3),
            "effect_first": round(100 * judged[name].effect_at[share].value, 3),
            "true_effect_first": round(100 * effect_at(true, place, share), 3),
        }
    best = places(-true, sent["cycle"])
    told["oracle"] = {
        "true_qini": round(1000 * qini(true, best), 3),
        "true_effect_first": round(100 * effect_at(true, best, share), 3),
    }
    return told


def _show(told: dict[str, Any]) -> None:
    table = Table(title="What round 1 changes in P(late), points; simulated utility")
    for head in ("estimate", "found", "low", "high", "covers the true effect"):
        table.add_column(head, justify="left" if head == "estimate" else "right")
    table.add_row("true", f"{told['true_effect']:+.2f}", "", "", "")
    for name in ("average", "seen", "adjusted"):
        figures = [f"{told[f'{name}{end}']:+.2f}" for end in ("", "_low", "_high")]
        table.add_row(name, *figures, "yes" if told[f"{name}_covers"] else "no")
    table.add_row("naive, no effect", f"{told['naive_no_effect']:+.2f}", "", "", "no")
    Console().print(table)
    Console().print(pd.DataFrame(told["rankings"]).T.to_string(na_rep="-"))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=20_000)
    parser.add_argument("--cycles", type=int, default=24)
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--holdout", type=float, default=0.3)
    parser.add_argument("--worlds", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="duewatch-uplift-") as name:
        folder = Path(name)
        world = make_world(
            folder,
            customers=given.customers,
            cycles=given.cycles,
            seed=given.seed,
            holdout=given.holdout,
        )
        told = compare(world, estimate_uplift(world.config, world.prepared, settings=Uplift()))
        if given.worlds:
            seeds = range(given.seed + 1, given.seed + 1 + given.worlds)
            told["coverage"] = cover(folder, seeds, holdout=given.holdout)
    _show(told)
    if given.json:
        print(json.dumps(told))


if __name__ == "__main__":
    main()
