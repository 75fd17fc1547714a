"""Backtest a recipe: at rolling origins and, when asked, on the months held out of choices."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from models.acceptance import Verdict, accept
from models.backtest import Backtest
from models.curves import calibration_curve, gain_curves
from models.judging import MODEL
from models.origins import run_origins
from pipeline.cards import (
    VALIDATION_REPORT,
    explaining_figures,
    proving_figures,
    render_report,
)
from pipeline.code_version import git_commit
from pipeline.config import Config
from pipeline.preparing import Prepared, learning_from
from pipeline.progress import step
from pipeline.storage import new_folder, write_bytes, write_json
from pipeline.tracking import TOUCHED, Evidence, count_touches, log_run
from pipeline.training import (
    build_past,
    hold_out,
    judges_of,
    recipe_of,
    stretch,
)
from pipeline.training_evidence import CALIBRATION, GAINS, as_json, metrics_of
from reports.spreadsheet import inert_frame

RESULT = "backtest.json"


@dataclass(frozen=True, kw_only=True)
class Backtested:
    """A finished backtest.

    Attributes:
        folder: Its tables, plots and ``backtest.json``.
        rolling: The origins before the months held out.
        final: Those months, where they were asked for.
        touched: How many runs had looked at those months before; None when not asked for.
        verdict: Of the acceptance rule over all months judged.
    """

    folder: Path
    rolling: Backtest
    final: Backtest | None
    touched: int | None
    verdict: Verdict
    facts: Mapping[str, Any]

    def as_dict(self) -> dict[str, Any]:
        """Return what a machine needs to know of it."""
        return dict(self.facts)


def backtest(config: Config, prepared: Prepared, *, final: bool = False) -> Backtested:
    """Train as of each of ``snapshots.origins`` months by production's function, and judge.

    Args:
        final: Whether to look at the held-out months, too; that is recorded.

    Raises:
        DataError: The data are too short, or a month has no mature label.
    """
    prepared = learning_from(config, prepared)
    snapshots = config.snapshots
    months = snapshots.months(
        prepared.as_of,
        snapshots.origins,
        skip=snapshots.test_months + config.target.immature_months,
    )
    matrix = build_past(config, prepared, months=snapshots.test_months + snapshots.origins)
    recipe = recipe_of(config, prepared)
    with step(f"Train and judge at {len(months)} origins") as report:
        days = [day for month in months for day in month]
        judges = judges_of(config, prepared, matrix, days)
        folds = run_origins(judges, months, recipe, progress=report)
    rolling = Backtest(folds=folds, capacity=config.bands.call.value, seed=recipe.parameters.seed)
    touched, last = None, None
    if final:
        with step("Judge on the months held out"):
            touched = count_touches(stretch(config, prepared), config.tracked)
            last = hold_out(config, prepared, matrix)
    return _write(config, prepared, rolling, last, touched)


def _write(
    config: Config,
    prepared: Prepared,
    rolling: Backtest,
    final: Backtest | None,
    touched: int | None,
) -> Backtested:
    by_month = pd.concat([one.by_month for one in (rolling, final) if one is not None])
    verdict = accept(by_month, config.acceptance)
    with step("Resample customers for intervals"):
        summary = rolling.summary()
    facts = _facts(config, prepared, rolling, final, touched) | {
        "verdict": verdict.as_dict(),
        "summary": _records(summary),
    }
    name = hashlib.sha256(json.dumps(facts, sort_keys=True, default=str).encode()).hexdigest()[:8]
    place = config.outputs / "backtests" / f"{prepared.as_of}-{config.target.name}-{name}"
    tables = _tables(rolling, final, summary)
    drawn = proving_figures(config, rolling)
    newest = rolling.folds[-1].trained[MODEL].model
    report = render_report(
        config,
        prepared,
        recipe=recipe_of(config, prepared),
        rolling=rolling,
        final=final,
        touched=touched,
        verdict=verdict,
        figures=drawn | explaining_figures(newest, rolling),
    )
    if not place.exists():
        with step("Write tables and plots"), new_folder(place) as beside:
            write_json(beside / RESULT, facts)
            for title, table in tables.items():
                inert_frame(table).to_csv(beside / title, index=False)
            for title, picture in drawn.items():
                write_bytes(beside / title, picture)
            write_bytes(beside / VALIDATION_REPORT, report.encode())
    with step("Log to MLflow"):
        log_run(
            "backtest",
            replace(
                _evidence(config, prepared, rolling, final, tables, drawn),
                texts={VALIDATION_REPORT: report},
            ),
            config.tracked,
        )
    return Backtested(
        folder=place,
        rolling=rolling,
        final=final,
        touched=touched,
        verdict=verdict,
        facts=facts | {"output": str(place)},
    )


def _facts(
    config: Config,
    prepared: Prepared,
    rolling: Backtest,
    final: Backtest | None,
    touched: int | None,
) -> dict[str, Any]:
    return {
        "as_of": prepared.as_of.isoformat(),
        "target": config.target.name,
        "data_fingerprint": prepared.store.fingerprint,
        "git_commit": git_commit(),
        "recipe": recipe_of(config, prepared).as_dict(),
        "capacity": config.bands.call.value,
        "origins": [fold.origin.isoformat() for fold in rolling.folds],
        "judged": as_json(rolling.judged()),
        "out_of_time": None
        if final is None
        else {
            "stretch": stretch(config, prepared),
            "touched_before": touched,
            "judged": as_json(final.judged()),
        },
    }


def _tables(
    rolling: Backtest, final: Backtest | None, summary: pd.DataFrame
) -> dict[str, pd.DataFrame]:
    found = {
        "summary.csv": summary,
        "by_month.csv": rolling.by_month,
        "by_day.csv": rolling.by_day(),
        "by_slice.csv": rolling.by_slice(),
        "attrition.csv": _attrition(rolling),
        GAINS: gain_curves(rolling),
        CALIBRATION: calibration_curve(rolling),
    }
    if final is not None:
        found |= {
            "out_of_time_by_month.csv": final.by_month,
            "out_of_time_by_slice.csv": final.by_slice(),
            "out_of_time_summary.csv": final.summary(),
        }
    return found


def _attrition(rolling: Backtest) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {"origin": fold.origin.isoformat(), **fold.trained[MODEL].attrition.to_dict()}
            for fold in rolling.folds
        ]
    )


def _evidence(
    config: Config,
    prepared: Prepared,
    rolling: Backtest,
    final: Backtest | None,
    tables: Mapping[str, pd.DataFrame],
    drawn: Mapping[str, bytes],
) -> Evidence:
    months = rolling.by_month[rolling.by_month["ranking"] == MODEL].set_index("as_of")
    numbers = months.drop(columns="ranking")
    tags = {"data_fingerprint": prepared.store.fingerprint, "git_commit": git_commit()}
    if final is not None:
        tags[TOUCHED] = stretch(config, prepared)
    return Evidence(
        parameters={
            **config.parameters.model_dump(),
            "target": config.target.name,
            "origins": len(rolling.folds),
            "as_of": prepared.as_of.isoformat(),
        },
        metrics=metrics_of(rolling.judged()),
        tags=tags,
        tables=tables,
        figures=drawn,
        children={
            f"origin {month}": {str(k): float(v) for k, v in row.items() if pd.notna(v)}
            for month, row in numbers.to_dict("index").items()
        },
    )


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        {str(k): None if pd.isna(v) else v for k, v in row.items()}
        for row in table.to_dict("records")
    ]
