"""How often `duewatch monitor` rings: on each regime of the simulator, and on calm.

    python -m benchmarks.monitor [--customers N] [--cycles N] [--learn-months N] [--seeds N]
        [--first N] [--keep FOLDER] [--json]

A model is trained on simulated data as of the day before a regime begins (two months before, where
it begins in the sixth), and watched over the months since. A run rings when a month breached a
limit (level ``act``); retraining is recommended after two in a row. Each regime is held against the
calm world of the same seed and months. The calm world, the downturn, the rise in price and the
closed channel share a past, but for a payment in a hundred that the simulator balances, and so one
training. All figures are of simulated data, small samples included: an interval of the rates
(Wilson 1927) is told with them.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
from scipy.stats import binomtest

from contract.simulator import simulate
from models.parameters import Parameters
from models.snapshots import Snapshots
from pipeline.config import Config
from pipeline.mlflow_door import Tracking
from pipeline.monitored import Monitored
from pipeline.monitoring import monitor
from pipeline.paths import truth_folder
from pipeline.preparing import prepare
from pipeline.tracking import CHALLENGER, Evidence, register
from pipeline.training import build_past, hold_out, train_today
from pipeline.training_evidence import as_json

TEST_MONTHS = 2


@dataclass(frozen=True, kw_only=True)
class Case:
    """A regime and when it is watched.

    Attributes:
        last_cycle: The history's last month, so that what the regime changes falls into it.
        months: Watched since the training.
        trains: Whether a model is trained on this world; else that of the case before is watched.
    """

    name: str
    regime: str
    last_cycle: int = 202610
    months: int = 6
    trains: bool = True


CASES = (
    Case(name="calm", regime="calm"),
    Case(name="downturn", regime="downturn", trains=False),
    Case(name="price_rise", regime="price_rise", trains=False),
    Case(name="channel_closed", regime="channel_closed", trains=False),
    Case(name="new_town", regime="new_town", months=8),
    Case(name="calm_winter", regime="calm", last_cycle=202604),
    Case(name="festival_shift", regime="festival_shift", last_cycle=202604),
)


def watch(folder: Path, arguments: argparse.Namespace, case: Case, *, seed: int) -> Monitored:
    """Simulate a utility below a folder, train before its last months, and watch them."""
    data = folder / case.name / "data"
    simulate(
        data,
        truth_folder(data),
        customers=arguments.customers,
        cycles=arguments.cycles,
        seed=seed,
        last_cycle=case.last_cycle,
        regime=case.regime,
    )
    snapshots = Snapshots(
        days_of_month=(6,), learn_months=arguments.learn_months, test_months=TEST_MONTHS
    )
    config = Config(
        data=data,
        stores=folder / case.name / "stores",
        outputs=folder / case.name / "outputs",
        snapshots=snapshots,
        parameters=Parameters(rounds=80, learning_rate=0.1, min_data_in_leaf=20, threads=1),
        tracking=Tracking(folder=folder / "mlruns"),
    )
    now = prepare(config)
    if case.trains:
        index = now.as_of.year * 12 + now.as_of.month - 1 - case.months
        _train(config.model_copy(update={"as_of": date(index // 12, index % 12 + 1, 6)}))
    return monitor(config, now, which=CHALLENGER, months=case.months + 1)


def _train(config: Config) -> None:
    """Train and register as `duewatch train` does, without its plots and model card."""
    prepared = prepare(config)
    matrix = build_past(config, prepared, months=TEST_MONTHS)
    trial = hold_out(config, prepared, matrix)
    model = train_today(config, prepared, matrix, judged=as_json(trial.judged())).model
    example = pd.DataFrame(model.encode(matrix.head(5)), columns=model.card.features)
    register(model, example, Evidence(parameters={}, metrics={}, tags={}), config.tracked)


def measure(arguments: argparse.Namespace) -> pd.DataFrame:
    """Return one row a case and seed: whether it rang and by what, and what retraining rests on.

    Columns: case, seed, rings, retrain, kinds (of breaches), breached_months, known_months,
    watched (sketches), gap_caught and gap_auc (mean of estimated less realised), gap_rate (mean of
    told less late rate), auc, caught and margin (means), seconds (of one processor).
    """
    rows = []
    for seed in range(arguments.first, arguments.first + arguments.seeds):
        for row in _run(arguments, seed):
            rows.append(row)
            # Told as soon as it is known: whoever stops a long run keeps what was measured.
            print(json.dumps(row), file=sys.stderr, flush=True)
    return pd.DataFrame(rows)


def _run(arguments: argparse.Namespace, seed: int) -> Iterator[dict[str, Any]]:
    with tempfile.TemporaryDirectory(prefix="duewatch-monitor-") as folder:
        for case in CASES:
            begun = time.process_time()
            made = watch(Path(folder), arguments, case, seed=seed)
            if arguments.keep:
                made.months.to_csv(arguments.keep / f"{case.name}-{seed}.csv", index=False)
            told = {"case": case.name, "seed": seed} | _told(made)
            yield told | {"seconds": time.process_time() - begun}


def _told(made: Monitored) -> dict[str, Any]:
    acts = [alarm for alarm in made.alarms if alarm.level == "act"]
    months = made.months
    return {
        "rings": made.rings,
        "retrain": bool(made.retrain),
        "kinds": " ".join(sorted({alarm.kind for alarm in acts})),
        "breached_months": len({alarm.month for alarm in acts}),
        "known_months": int(months["labelled"].notna().sum()),
        "watched": len({alarm.what for alarm in made.alarms if alarm.level == "watch"}),
        "gap_caught": float((months["expected_caught"] - months["caught"]).mean()),
        "gap_auc": float((months["expected_auc"] - months["auc"]).mean()),
        "gap_rate": float((months["told"] - months["late_rate"]).mean()),
        **{name: float(months[name].mean()) for name in ("auc", "caught", "margin")},
    }


def summarise(runs: pd.DataFrame) -> dict[str, Any]:
    """Return each case's rates with 95 % intervals: runs that ring, that retrain, and months."""
    told: dict[str, Any] = {"processor_seconds": float(runs["seconds"].sum())}
    for case, found in runs.groupby("case", sort=False):
        counts = {
            "rings": (int(found["rings"].sum()), len(found)),
            "retrain": (int(found["retrain"].sum()), len(found)),
            "months": (int(found["breached_months"].sum()), int(found["known_months"].sum())),
        }
        for what, (rang, of) in counts.items():
            ends = binomtest(rang, of).proportion_ci(method="wilson")
            told[f"{case}_{what}"] = [rang, of, float(ends.low), float(ends.high)]
    return told


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m benchmarks.monitor")
    parser.add_argument("--customers", type=int, default=2_500)
    parser.add_argument("--cycles", type=int, default=26)
    parser.add_argument("--learn-months", type=int, default=12)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    parser.add_argument("--keep", type=Path, help="folder for the months of each run as CSV")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    runs = measure(arguments)
    if arguments.json:
        print(json.dumps(summarise(runs) | {"runs": runs.to_dict("records")}))
    else:
        print(runs.round(3).to_string(index=False))
        print(json.dumps(summarise(runs), indent=1))


if __name__ == "__main__":
    main()
