"""How good the list is on a simulated utility whose true probabilities are known.

    python -m benchmarks.quality [--customers N] [--cycles N] [--seed N] [--json]

The model is trained by the function that production calls, without the newest months, and
compared on those months' planning days with every simple rule, the scorecard and the oracle: the
simulator's own probability, given all that is latent when a bill is issued. All figures are of
simulated data.
"""

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from rich.console import Console
from rich.table import Table

from contract.simulator import simulate
from models import evaluate, fit_scorecard
from models.target import label, outcomes
from models.train import clean_history
from pipeline.config import Config
from pipeline.paths import truth_folder
from pipeline.preparing import Prepared, prepare
from pipeline.training import Trial, build_past, judged_table, try_out

CAPACITY = 0.05
SHOWN = ("auc", "clean_auc", "late_amount_caught", "late_caught", "ks", "brier", "ece")


def measure(folder: Path, *, customers: int, cycles: int, seed: int) -> pd.DataFrame:
    """Simulate a utility below a folder, train, and return one row a ranking."""
    data = folder / "data"
    simulate(data, truth_folder(data), customers=customers, cycles=cycles, seed=seed)
    config = Config(data=data, stores=folder / "stores")
    prepared = prepare(config)
    matrix = build_past(config, prepared)
    trial = try_out(config, prepared, matrix)
    table = judged_table(trial.judged)
    table.loc["scorecard"] = _figures(
        trial, _scorecard(config, prepared, matrix, trial), is_probability=True
    )
    table.loc["oracle"] = _figures(
        trial, _oracle(truth_folder(data), trial.rows.matrix), is_probability=True
    )
    return table


def _scorecard(
    config: Config,
    prepared: Prepared,
    matrix: pd.DataFrame,
    trial: Trial,
) -> np.ndarray:
    cut = config.snapshots.before(prepared.as_of, config.snapshots.test_months)[0]
    known = outcomes(prepared.store, cut)
    learned = label(matrix, known, cut=cut, target=config.target)
    card = fit_scorecard(learned.matrix, learned.late, features=prepared.features)
    return card.predict(trial.rows.matrix)


def _oracle(truth: Path, matrix: pd.DataFrame) -> np.ndarray:
    known = pq.read_table(truth / "bill_truth.parquet", columns=["bill_id", "p_late"]).to_pandas()
    return known.set_index("bill_id").loc[matrix["bill_id"], "p_late"].to_numpy()


def _figures(trial: Trial, p: np.ndarray, *, is_probability: bool) -> dict[str, float]:
    matrix, late = trial.rows.matrix, trial.rows.late
    amount = matrix["open_cny"].to_numpy()
    clean = clean_history(matrix)
    found = evaluate(late, p, amount=amount, capacity=CAPACITY, is_probability=is_probability)
    listed = evaluate(late, p * amount, amount=amount, capacity=CAPACITY)
    return found | {
        "late_amount_caught": listed["late_amount_caught"],
        "late_caught": listed["late_caught"],
        "clean_auc": evaluate(late[clean], p[clean])["auc"],
    }


def as_json(table: pd.DataFrame) -> dict[str, Any]:
    """Return the figures under flat names, such as ``lightgbm_auc``."""
    found: dict[str, Any] = {}
    for ranking, figures in table.to_dict("index").items():
        name = "lightgbm" if ranking == "model" else str(ranking)
        found[f"{name}_auc"] = round(float(figures["auc"]), 4)
        found[f"clean_{name}_auc"] = round(float(figures["clean_auc"]), 4)
        caught = round(float(figures["late_amount_caught"]), 4)
        found[f"{name}_late_amount_caught_at_5pct"] = caught
    model = table.to_dict("index")["model"]
    return found | {
        "rows": int(model["rows"]),
        "ece": round(float(model["ece"]), 4),
        "late_amount_caught_at_5pct": found["lightgbm_late_amount_caught_at_5pct"],
    }


def _show(table: pd.DataFrame) -> None:
    shown = Table(title="Simulated bills of the last three months, not seen in training")
    shown.add_column("ranking")
    for figure in SHOWN:
        shown.add_column(figure, justify="right")
    for ranking, row in table.iterrows():
        cells = ["-" if np.isnan(row[figure]) else f"{row[figure]:.4f}" for figure in SHOWN]
        shown.add_row(str(ranking), *cells)
    Console().print(shown)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=20_000)
    parser.add_argument("--cycles", type=int, default=30)
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="duewatch-quality-") as folder:
        table = measure(
            Path(folder), customers=given.customers, cycles=given.cycles, seed=given.seed
        )
    _show(table)
    if given.json:
        print(json.dumps(as_json(table)))


if __name__ == "__main__":
    main()
