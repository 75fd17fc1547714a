"""What is told of a training run: figures under flat names, tables, settings, texts."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from models.backtest import Backtest
from models.curves import calibration_curve, gain_curves
from models.judging import Judged
from models.train import Trained
from pipeline.code_version import git_commit
from pipeline.config import Config
from pipeline.preparing import Prepared
from pipeline.tracking import TOUCHED, Evidence

CONFIG_FILE = "config.json"
# The curves of the months held out, which the pictures of a run's list are drawn from.
GAINS, CALIBRATION = "gains.csv", "calibration.csv"


def as_json(judged: tuple[Judged, ...]) -> list[dict[str, Any]]:
    """Return rankings and their figures as JSON values."""
    return [
        {
            "id": one.id,
            "zh": one.name.zh,
            "en": one.name.en,
            "figures": {k: None if np.isnan(v) else v for k, v in one.figures.items()},
        }
        for one in judged
    ]


def judged_table(judged: tuple[Judged, ...]) -> pd.DataFrame:
    """Return one row a ranking, one column a figure."""
    return pd.DataFrame({one.id: dict(one.figures) for one in judged}).T


def training_evidence(
    config: Config,
    prepared: Prepared,
    trained: Trained,
    trial: Backtest,
    *,
    figures: Mapping[str, bytes],
    touched: str,
) -> Evidence:
    """Return what a training run leaves beside its model.

    Args:
        touched: The months held out that it looked at (pipeline.training.stretch).
    """
    settled = config.model_copy(update={"as_of": prepared.as_of, "buckets": prepared.store.buckets})
    facts = {
        "data_fingerprint": prepared.store.fingerprint,
        "git_commit": git_commit(),
        "model_sha256": trained.model.sha256,
    }
    told = {
        **facts,
        "config": settled.model_dump(
            mode="json", exclude={"data", "stores", "outputs", "tracking"}
        ),
        "versions": trained.model.card.versions,
    }
    return Evidence(
        parameters=_parameters(config, prepared, trained),
        metrics=metrics_of(trial.judged()),
        tags={**facts, TOUCHED: touched},
        texts={CONFIG_FILE: json.dumps(told, ensure_ascii=False, indent=1, sort_keys=True)},
        tables={
            "judged.csv": judged_table(trial.judged()).reset_index(names="ranking"),
            "by_month.csv": trial.by_month,
            "by_slice.csv": trial.by_slice(),
            "attrition.csv": trained.attrition.rename_axis("reason").reset_index(),
            "importance.csv": trained.report.importance,
            GAINS: gain_curves(trial),
            CALIBRATION: calibration_curve(trial),
        },
        figures=figures,
    )


def _parameters(config: Config, prepared: Prepared, trained: Trained) -> dict[str, Any]:
    return {
        **config.parameters.model_dump(),
        **{f"target.{key}": value for key, value in config.target.model_dump().items()},
        **{f"snapshots.{key}": value for key, value in config.snapshots.model_dump().items()},
        "trees": trained.report.best_iteration,
        "features": len(trained.model.card.features),
        "as_of": prepared.as_of.isoformat(),
    }


def metrics_of(judged: tuple[Judged, ...]) -> Mapping[str, float]:
    """Return every ranking's figures under flat names, those that are known."""
    return {
        f"{one.id}.{figure}": value
        for one in judged
        for figure, value in one.figures.items()
        if not np.isnan(value)
    }
