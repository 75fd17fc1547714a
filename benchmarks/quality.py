"""How good the list is on a simulated utility whose true probabilities are known.

    python -m benchmarks.quality [--customers N] [--cycles N] [--seed N] [--origins N]
        [--learn-months N] [--days DAY ...] [--variants] [--json]

The model is trained by the function that production calls, without the newest months, and
compared on those months' planning days with every simple rule, the scorecard and the oracle: the
simulator's own probability, given all that is latent when a bill is issued. The ceiling is the
best that the observable history allows, of a sample of customers (contract.simulator.ceiling);
the model and the oracle are read on the same bills. By segment, the mean of p is held against the
late rate. With --origins the months before are judged, too; --variants adds a blend with the
scorecard, trees that no direction binds, and a far larger model (255 leaves, no limit of depth,
grown slowly). All figures are of simulated data.
"""

import argparse
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from rich.console import Console
from rich.table import Table

from contract.simulator import simulate
from contract.simulator.ceiling import write_ceiling
from models import auc, gini
from models.backtest import Backtest
from models.judging import MODEL, Ranked
from models.origins import Day, run_origins
from models.resampling import rate_interval
from models.train import train
from pipeline.config import Config
from pipeline.paths import truth_folder
from pipeline.preparing import Prepared, prepare
from pipeline.training import build_past, hold_out, judges_of, recipe_of
from pipeline.training_evidence import judged_table

CAPACITY = 0.05
SHOWN = ("auc", "clean_auc", "late_amount_caught", "late_caught", "ks", "brier", "ece")
MEANS = ("told", "oracle")
VARIANTS: dict[str, dict[str, Any]] = {
    "blend": {"kind": "blend"},
    "free": {"monotone": False},
    "larger": {
        "num_leaves": 255,
        "max_depth": 32,
        "learning_rate": 0.02,
        "max_bin": 255,
        "min_data_in_leaf": 50,
        "patience": 100,
        "rounds": 3000,
    },
}


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One row a ranking in ``table``; ``sample`` is of the bills whose ceiling is known."""

    table: pd.DataFrame
    sample: dict[str, float]
    by_month: pd.DataFrame
    by_segment: pd.DataFrame


def measure(folder: Path, arguments: argparse.Namespace) -> Measured:
    """Simulate a utility below a folder, train, and judge."""
    data = folder / "data"
    world = {key: getattr(arguments, key) for key in ("customers", "cycles", "seed")}
    simulate(data, truth_folder(data), **world)
    write_ceiling(truth_folder(data), **world)
    config = Config(data=data, stores=folder / "stores")
    months = {
        "learn_months": arguments.learn_months,
        "origins": arguments.origins or 1,
        "days_of_month": tuple(arguments.days),
    }
    config = config.model_copy(update={"snapshots": config.snapshots.model_copy(update=months)})
    prepared = prepare(config)
    snapshots = config.snapshots
    matrix = build_past(config, prepared, months=snapshots.test_months + arguments.origins)
    trial = hold_out(config, prepared, matrix)
    table = judged_table(trial.judged())
    oracle = [_oracle(truth_folder(data), day) for _, day in trial.lists]
    table.loc["oracle"] = _of_months(trial, oracle)
    for name in VARIANTS if arguments.variants else ():
        table.loc[name] = _of_months(trial, _variant(name, config, prepared, matrix, trial))
    by_month = trial.by_month
    if arguments.origins:
        held = snapshots.months(prepared.as_of, arguments.origins, skip=snapshots.test_months)
        days = [day for month in held for day in month]
        judges = judges_of(config, prepared, matrix, days)
        folds = run_origins(judges, held, recipe_of(config, prepared))
        rolling = Backtest(folds=folds, capacity=CAPACITY, seed=arguments.seed)
        by_month = pd.concat([rolling.by_month, by_month], ignore_index=True)
    return Measured(
        table=table,
        sample=_of_the_sample(truth_folder(data), trial),
        by_month=by_month,
        by_segment=_of_segments(trial, oracle),
    )


def _oracle(truth: Path, day: Day) -> Ranked:
    known = pq.read_table(truth / "bill_truth.parquet", columns=["bill_id", "p_late"]).to_pandas()
    p = known.set_index("bill_id").loc[day.rows.matrix["bill_id"], "p_late"].to_numpy()
    return _ranked("oracle", p, day)


def _ranked(id_: str, p: np.ndarray, day: Day) -> Ranked:
    order = p * day.rows.matrix["open_cny"].to_numpy()
    name = day.rankings[0].name
    return Ranked(id=id_, name=name, score=p, order=order, is_probability=True)


def _variant(
    name: str, config: Config, prepared: Prepared, matrix: pd.DataFrame, trial: Backtest
) -> list[Ranked]:
    """Train another way as of the same day, and rank the same bills."""
    cut = trial.folds[0].origin
    judges = judges_of(config, prepared, matrix, [cut])
    recipe = recipe_of(config, prepared).changed(**VARIANTS[name])
    model = train(matrix, judges.known_at(cut), cut=cut, recipe=recipe).model
    return [_ranked(name, model.predict(day.rows.matrix), day) for _, day in trial.lists]


def _of_months(trial: Backtest, ranked: list[Ranked]) -> dict[str, float]:
    """Return figures as the table has them: lists a month, AUC and calibration of all rows."""
    days = [
        Day(as_of=day.as_of, rows=day.rows, rankings=(one,), traits=day.traits)
        for (_, day), one in zip(trial.lists, ranked, strict=True)
    ]
    fold = trial.folds[0]
    alone = type(fold)(origin=fold.origin, trained=fold.trained, planned=tuple(days), tracked=())
    judged = Backtest(folds=(alone,), capacity=CAPACITY, seed=trial.seed).judged()
    return dict(judged[0].figures)


def _of_the_sample(truth: Path, trial: Backtest) -> dict[str, float]:
    """Compare model, ceiling and oracle on the held-out bills of the customers followed."""
    told = pq.read_table(truth / "ceiling.parquet").to_pandas().set_index("bill_id")
    rows = pd.concat(
        [
            pd.DataFrame(
                {
                    "bill_id": day.rows.matrix["bill_id"],
                    "late": day.rows.late,
                    "p": day.ranked(MODEL).score,
                }
            )
            for _, day in trial.lists
        ]
    )
    both = rows.join(told[["p_observable", "p_late"]], on="bill_id", how="inner")
    late = both["late"].to_numpy()
    scores = {"lightgbm": "p", "ceiling": "p_observable", "oracle": "p_late"}
    found = {f"sample_{name}_auc": auc(late, both[column]) for name, column in scores.items()}
    own, best, all_known = (gini(late, both[column]) for column in scores.values())
    return found | {
        "sample_rows": float(len(both)),
        "ceiling_auc": found["sample_ceiling_auc"],
        "gini_over_ceiling": own / best,
        "gini_over_oracle": own / all_known,
        "ceiling_over_oracle": best / all_known,
    }


def _of_segments(trial: Backtest, oracle: list[Ranked]) -> pd.DataFrame:
    """Return one row a segment: is the mean of p inside the interval of the late rate?"""
    rows = pd.concat(
        [
            day.rows.matrix[["customer_id", "segment"]].assign(
                late=day.rows.late, told=day.ranked(MODEL).score, oracle=known.score
            )
            for (_, day), known in zip(trial.lists, oracle, strict=True)
        ]
    )
    return pd.DataFrame([_segment(str(name), part) for name, part in rows.groupby("segment")])


def _segment(name: str, part: pd.DataFrame) -> dict[str, Any]:
    rate = rate_interval(part["late"].to_numpy(), part["customer_id"].to_numpy())
    told = {"segment": name, "rows": len(part), "late_rate": rate.value}
    told |= {"low": rate.low, "high": rate.high}
    for who in MEANS:
        mean = float(part[who].mean())
        told |= {who: mean, f"{who}_inside": not rate.excludes(mean)}
    return told


def as_json(found: Measured) -> dict[str, Any]:
    """Return the figures under flat names, such as ``lightgbm_auc``."""
    told: dict[str, Any] = {}
    for ranking, figures in found.table.to_dict("index").items():
        name = "lightgbm" if ranking == MODEL else str(ranking)
        told[f"{name}_auc"] = figures["auc"]
        told[f"clean_{name}_auc"] = figures["clean_auc"]
        told[f"{name}_late_amount_caught_at_5pct"] = figures["late_amount_caught"]
    model = found.table.to_dict("index")[MODEL]
    told |= {
        "rows": model["rows"],
        "ece": model["ece"],
        "late_amount_caught_at_5pct": told["lightgbm_late_amount_caught_at_5pct"],
        **found.sample,
        **_months_ahead(found.by_month),
        "segments": len(found.by_segment),
        "segments_inside": found.by_segment["told_inside"].sum(),
        "segments_inside_oracle": found.by_segment["oracle_inside"].sum(),
    }
    return {name: round(float(value), 4) for name, value in told.items()}


def _months_ahead(by_month: pd.DataFrame) -> dict[str, float]:
    """Return in how many months the model's AUC is ahead of the smoothed rate and the scorecard."""
    wide = by_month.pivot_table(index="as_of", columns="ranking", values="auc")
    return {
        "months": len(wide),
        "months_ahead_of_smoothed_rate": int((wide[MODEL] > wide["smoothed_rate"]).sum()),
        "months_ahead_of_scorecard": int((wide[MODEL] > wide["scorecard"]).sum()),
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


def _show_segments(by_segment: pd.DataFrame) -> None:
    shown = Table(title="Late rate with its interval over customers, and the mean of p")
    for head in ("segment", "rows", "late", "interval", "told", "oracle"):
        shown.add_column(head, justify="left" if head == "segment" else "right")
    for row in by_segment.to_dict("records"):
        ends = f"[{row['low']:.3f}, {row['high']:.3f}]"
        means = [f"{row[who]:.3f}{'' if row[f'{who}_inside'] else ' *'}" for who in MEANS]
        shown.add_row(row["segment"], f"{row['rows']:,}", f"{row['late_rate']:.3f}", ends, *means)
    Console().print(shown)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=20_000)
    parser.add_argument("--cycles", type=int, default=30)
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--learn-months", type=int, default=24, help="as configs/runs/monthly.yaml")
    parser.add_argument("--days", type=int, nargs="+", default=[6, 16], help="of the month")
    parser.add_argument("--origins", type=int, default=0)
    parser.add_argument("--variants", action="store_true")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="duewatch-quality-") as folder:
        found = measure(Path(folder), given)
    _show(found.table)
    _show_segments(found.by_segment)
    if given.json:
        print(json.dumps(as_json(found)))


if __name__ == "__main__":
    main()
