"""How often `duewatch monitor` rings: on each regime of the simulator, and on calm.

    python -m benchmarks.monitor [--customers N] [--cycles N] [--seeds N] [--regime NAME ...]
        [--json]

A model is trained on simulated data as of some months before the end, before or as the regime
begins, and watched over the months since. A run rings when a month breached a limit (level
``act``); retraining is recommended after two in a row. All figures are of simulated data, small
samples included: an interval of the rates (Wilson 1927) is told with them.
"""

import argparse
import json
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
from scipy.stats import binomtest

from contract.simulator import simulate
from models.parameters import Parameters
from models.snapshots import Snapshots
from pipeline.config import Config
from pipeline.monitored import Monitored
from pipeline.monitoring import monitor
from pipeline.paths import truth_folder
from pipeline.preparing import Prepared, prepare
from pipeline.tracking import CHALLENGER, Evidence, Tracking, register
from pipeline.training import build_past, hold_out, train_today
from pipeline.training_evidence import as_json

LEARN_MONTHS, TEST_MONTHS = 6, 2
REGIMES = ("calm", "downturn", "price_rise", "channel_closed", "new_town", "festival_shift")


def watch(folder: Path, arguments: argparse.Namespace, *, regime: str, seed: int) -> Monitored:
    """Simulate a utility below a folder, train before its last months, and watch them."""
    world = {"customers": arguments.customers, "cycles": arguments.cycles, "seed": seed}
    data = folder / "data"
    simulate(data, truth_folder(data), **world, regime=regime)
    snapshots = {"days_of_month": (6,), "learn_months": LEARN_MONTHS, "test_months": TEST_MONTHS}
    config = Config(
        data=data,
        stores=folder / "stores",
        outputs=folder / "outputs",
        snapshots=Snapshots.model_validate(snapshots),
        parameters=Parameters(rounds=80, learning_rate=0.1, min_data_in_leaf=20, threads=1),
        tracking=Tracking(folder=folder / "mlruns"),
    )
    now = prepare(config)
    index = now.as_of.year * 12 + now.as_of.month - 1 - arguments.months
    then = config.model_copy(update={"as_of": date(index // 12, index % 12 + 1, 6)})
    _train(then, prepare(then))
    return monitor(config, now, which=CHALLENGER, months=arguments.months + 1)


def _train(config: Config, prepared: Prepared) -> None:
    """Train and register as `duewatch train` does, without its plots and model card."""
    matrix = build_past(config, prepared, months=TEST_MONTHS)
    trial = hold_out(config, prepared, matrix)
    model = train_today(config, prepared, matrix, judged=as_json(trial.judged())).model
    example = pd.DataFrame(model.encode(matrix.head(5)), columns=model.card.features)
    register(model, example, Evidence(parameters={}, metrics={}, tags={}), config.tracked)


def measure(arguments: argparse.Namespace) -> pd.DataFrame:
    """Return one row a regime and seed: whether it rang and by what, and what retraining rests on.

    Columns: regime, seed, rings, retrain, kinds (of breaches), breached_months, watched (sketches),
    gap_caught and gap_auc (mean of expected less realised), gap_rate (mean of told less late
    rate), seconds (of one processor).
    """
    rows = []
    for seed in range(1, arguments.seeds + 1):
        for regime in arguments.regime:
            rows.append(_run(arguments, regime, seed))
            # Told as soon as it is known: whoever stops a long run keeps what was measured.
            print(json.dumps(rows[-1]), file=sys.stderr, flush=True)
    return pd.DataFrame(rows)


def _run(arguments: argparse.Namespace, regime: str, seed: int) -> dict[str, Any]:
    begun = time.process_time()
    with tempfile.TemporaryDirectory(prefix="duewatch-monitor-") as folder:
        made = watch(Path(folder), arguments, regime=regime, seed=seed)
    acts = [alarm for alarm in made.alarms if alarm.level == "act"]
    months = made.months
    return {
        "regime": regime,
        "seed": seed,
        "rings": made.rings,
        "retrain": bool(made.retrain),
        "kinds": " ".join(sorted({alarm.kind for alarm in acts})),
        "breached_months": len({alarm.month for alarm in acts}),
        "watched": len({alarm.what for alarm in made.alarms if alarm.level == "watch"}),
        "gap_caught": float((months["expected_caught"] - months["caught"]).mean()),
        "gap_rate": float((months["told"] - months["late_rate"]).mean()),
        "gap_auc": float((months["expected_auc"] - months["auc"]).mean()),
        "seconds": time.process_time() - begun,
    }


def summarise(runs: pd.DataFrame) -> dict[str, Any]:
    """Return each regime's rates of ringing and of recommending to retrain, with 95 % intervals."""
    told: dict[str, Any] = {"processor_seconds": float(runs["seconds"].sum())}
    for regime, found in runs.groupby("regime", sort=False):
        for what in ("rings", "retrain"):
            test = binomtest(int(found[what].sum()), len(found))
            ends = test.proportion_ci(method="wilson")
            told[f"{regime}_{what}"] = float(found[what].mean())
            told[f"{regime}_{what}_interval"] = [float(ends.low), float(ends.high)]
    return told


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m benchmarks.monitor")
    parser.add_argument("--customers", type=int, default=2_000)
    parser.add_argument("--cycles", type=int, default=20)
    parser.add_argument("--months", type=int, default=6, help="watched since the training")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--regime", nargs="+", choices=REGIMES, default=list(REGIMES))
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
