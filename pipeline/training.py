"""Train a model on a dataset, judge it on held-out months, and register it with its evidence."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from contract.errors import DataError
from features import build
from models import plots
from models.baselines import available, score_baseline
from models.predictor import Model
from models.target import Labelled, label, outcomes
from models.train import MODEL, Judged, Trained, judge, train
from pipeline.config import Config
from pipeline.preparing import Prepared
from pipeline.progress import step
from pipeline.tracking import Evidence, Registered, git_commit, register

EXAMPLE_ROWS = 5


@dataclass(frozen=True, kw_only=True)
class Training:
    """A registered model and how its like did on the months held out.

    Attributes:
        judged: The model first, then every simple rule, on the same rows.
    """

    registered: Registered
    trained: Trained
    judged: tuple[Judged, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return what a machine needs to know of it."""
        return {
            "model_version": self.registered.version,
            "mlflow_run": self.registered.run_id,
            "trees": self.trained.report.best_iteration,
            "attrition": {k: int(v) for k, v in self.trained.attrition.items()},
            "judged": [_as_json(one) for one in self.judged],
        }


@dataclass(frozen=True, kw_only=True)
class Trial:
    """The candidate trained before the held-out months, and those months' rows."""

    model: Model
    rows: Labelled
    judged: tuple[Judged, ...]


def train_model(config: Config, prepared: Prepared) -> Training:
    """Train, judge and register a model as of the prepared day.

    A candidate is trained as of the first held-out day and judged on the held-out months'
    planning days; the model that is registered is trained by the same function as of the
    prepared day.

    Raises:
        DataError: No past day shows an open bill, or too few labels are mature.
    """
    matrix = build_past(config, prepared)
    with step(f"Train without the last {config.snapshots.test_months} months and judge on them"):
        trial = try_out(config, prepared, matrix)
    with step("Train on all months"):
        trained = _train(config, prepared, matrix, trial.judged)
    with step("Log to MLflow and register"):
        evidence = _evidence(config, prepared, trained, trial)
        registered = register(trained.model, evidence, config.tracking)
    return Training(registered=registered, trained=trained, judged=trial.judged)


def build_past(config: Config, prepared: Prepared) -> pd.DataFrame:
    """Build the matrix of all past days that training and its trial look at.

    Raises:
        DataError: No bill was open on any of them.
    """
    months = config.snapshots.learn_months + config.snapshots.test_months
    days = config.snapshots.before(prepared.as_of, months)
    with step("Build features on past days") as report:
        matrix = build(prepared.store, days, features=prepared.features, progress=report)
    if matrix.empty:
        raise DataError(
            f"{config.data}: no bill was open on any of {len(days)} past days from {days[0]} to"
            f" {days[-1]}. Give more history, or an as_of after it."
        )
    return matrix


def try_out(config: Config, prepared: Prepared, matrix: pd.DataFrame) -> Trial:
    """Train a candidate without the newest months and judge it on their planning days.

    Raises:
        DataError: No label of the months held out is mature.
    """
    snapshots = config.snapshots
    held_out = snapshots.before(prepared.as_of, snapshots.test_months)
    planning = pd.to_datetime(list(held_out[:: len(snapshots.days_of_month)]))
    known = outcomes(prepared.store, prepared.as_of)
    rows = label(
        matrix[pd.to_datetime(matrix["as_of"]).isin(planning)],
        known,
        cut=prepared.as_of,
        target=config.target,
    )
    if len(rows.matrix) == 0:
        raise DataError(
            f"{config.data}: no label of the months held out ({held_out[0]} to {held_out[-1]}) is"
            f" mature at {prepared.as_of}. Give a later as_of or more snapshots.test_months."
        )
    candidate = train(
        matrix,
        outcomes(prepared.store, held_out[0]),
        cut=held_out[0],
        target=config.target,
        features=prepared.features,
        parameters=config.parameters,
    )
    judged = judge(candidate.model, rows, capacity=config.bands.call.value)
    return Trial(model=candidate.model, rows=rows, judged=judged)


def _train(
    config: Config,
    prepared: Prepared,
    matrix: pd.DataFrame,
    judged: tuple[Judged, ...],
) -> Trained:
    newest = config.snapshots.before(prepared.as_of, config.snapshots.learn_months)[0]
    recent = matrix[pd.to_datetime(matrix["as_of"]) >= pd.Timestamp(newest)]
    return train(
        recent.reset_index(drop=True),
        outcomes(prepared.store, prepared.as_of),
        cut=prepared.as_of,
        target=config.target,
        features=prepared.features,
        parameters=config.parameters,
        about={
            "as_of": prepared.as_of.isoformat(),
            "data_fingerprint": prepared.store.fingerprint,
            "judged": [_as_json(one) for one in judged],
        },
    )


def _as_json(judged: Judged) -> dict[str, Any]:
    figures = {k: None if np.isnan(v) else v for k, v in judged.figures.items()}
    return {"id": judged.id, "zh": judged.name.zh, "en": judged.name.en, "figures": figures}


def _evidence(
    config: Config,
    prepared: Prepared,
    trained: Trained,
    trial: Trial,
) -> Evidence:
    example = pd.DataFrame(
        trained.model.encode(trial.rows.matrix.head(EXAMPLE_ROWS)),
        columns=trained.model.card.features,
    )
    parameters = {
        **config.parameters.model_dump(),
        **{f"target.{key}": value for key, value in config.target.model_dump().items()},
        **{f"snapshots.{key}": value for key, value in config.snapshots.model_dump().items()},
        "trees": trained.report.best_iteration,
        "features": len(prepared.features),
        "as_of": prepared.as_of.isoformat(),
    }
    tags = {
        "data_fingerprint": prepared.store.fingerprint,
        "git_commit": git_commit(),
        "model_sha256": trained.model.sha256,
    }
    return Evidence(
        parameters=parameters,
        metrics=_metrics(trial.judged),
        tags=tags,
        example=example,
        tables={
            "judged.csv": judged_table(trial.judged).reset_index(names="ranking"),
            "attrition.csv": trained.attrition.rename_axis("reason").reset_index(),
            "importance.csv": trained.report.importance,
        },
        figures=_figures(config, trial),
    )


def judged_table(judged: tuple[Judged, ...]) -> pd.DataFrame:
    """Return one row a ranking, one column a figure."""
    return pd.DataFrame({one.id: dict(one.figures) for one in judged}).T


def _metrics(judged: tuple[Judged, ...]) -> Mapping[str, float]:
    return {
        f"{one.id}.{figure}": value
        for one in judged
        for figure, value in one.figures.items()
        if not np.isnan(value)
    }


def _figures(config: Config, trial: Trial) -> dict[str, Any]:
    matrix, late = trial.rows.matrix, trial.rows.late
    amount = matrix["open_cny"].to_numpy()
    p = trial.model.predict(matrix)
    scores = {MODEL: p * amount}
    for baseline in available(matrix):
        scores[baseline.id] = score_baseline(baseline, matrix)
    share = config.bands.call.size(len(matrix)) / len(matrix)
    return {
        "calibration.png": plots.calibration_plot(late, p),
        "gains.png": plots.gains_plot(late, scores, amount=amount, capacity=share),
        "shap_summary.png": plots.shap_summary(trial.model, matrix),
    }
