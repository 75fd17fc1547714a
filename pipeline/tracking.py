"""Runs with their evidence, and the registry of models, in MLflow.

A model goes in as LightGBM text and JSON and comes back through models.predictor, which refuses
changed bytes; nothing is unpickled (design 2.5).
"""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from contract.errors import ConfigError, DataError
from models.predictor import Model, digest_in
from pipeline.mlflow_door import Tracking, open_mlflow
from pipeline.model_marks import check_marks, marks_of
from pipeline.sealing import key_from
from reports.spreadsheet import inert_frame

MODEL_FOLDER = "duewatch"
CHAMPION, CHALLENGER = "champion", "challenger"
# On a run that looked at a stretch of months held out of every choice: which stretch.
TOUCHED = "duewatch.out_of_time"


@dataclass(frozen=True, kw_only=True)
class Registered:
    """A model of the registry: its version, as text, and the run that made it."""

    model: Model
    version: str
    run_id: str


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What a training run leaves beside its model.

    Attributes:
        texts: Text files by name.
        tables: CSV files by name.
        figures: Pictures as PNG, by file name.
        children: Metrics of runs inside this one, by name, such as a backtest's origins.
    """

    parameters: Mapping[str, Any]
    metrics: Mapping[str, float]
    tags: Mapping[str, str]
    texts: Mapping[str, str] = field(default_factory=dict)
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    figures: Mapping[str, bytes] = field(default_factory=dict)
    children: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


def register(
    model: Model, example: pd.DataFrame, evidence: Evidence, tracking: Tracking
) -> Registered:
    """Log a training run and register its model as the challenger; promoting is another step.

    Args:
        example: A few rows as the trees see them, for the signature.

    Raises:
        ConfigError: The key of models is short enough to be guessed.
    """
    key = _key(tracking)
    with open_mlflow(tracking) as mlflow:
        with mlflow.start_run() as run:
            log_evidence(mlflow, evidence)
            _log_files(mlflow, model.to_files(), MODEL_FOLDER)
            logged = _log_booster(mlflow, model, example)
            source = logged.model_uri if logged else f"runs:/{run.info.run_id}/{MODEL_FOLDER}"
        client = mlflow.MlflowClient()
        _ensure_registered(mlflow, client, tracking.model_name)
        made = client.create_model_version(
            tracking.model_name,
            source=source,
            run_id=run.info.run_id,
            model_id=logged.model_id if logged else None,
        )
        for name, mark in marks_of(tracking.model_name, model.sha256, key).items():
            client.set_model_version_tag(tracking.model_name, made.version, name, mark)
        client.set_registered_model_alias(tracking.model_name, CHALLENGER, made.version)
        return Registered(model=model, version=str(made.version), run_id=run.info.run_id)


def log_run(name: str, evidence: Evidence, tracking: Tracking) -> str:
    """Log a run without a model, such as a backtest, and return its id."""
    with open_mlflow(tracking) as mlflow, mlflow.start_run(run_name=name) as run:
        log_evidence(mlflow, evidence)
        return str(run.info.run_id)


def keep_text(run_id: str, name: str, text: str, tracking: Tracking) -> None:
    """Add a text file to a run, such as a page that tells of the run itself."""
    with open_mlflow(tracking) as mlflow:
        mlflow.MlflowClient().log_text(run_id, text, name)


def crown(registered: Registered, verdict: Mapping[str, str], tracking: Tracking) -> None:
    """Make a version the champion; the verdict is kept on it."""
    with open_mlflow(tracking) as mlflow:
        client = mlflow.MlflowClient()
        note(registered, verdict, tracking)
        client.set_registered_model_alias(tracking.model_name, CHAMPION, registered.version)


def note(registered: Registered, verdict: Mapping[str, str], tracking: Tracking) -> None:
    """Keep a verdict on a version."""
    with open_mlflow(tracking) as mlflow:
        client = mlflow.MlflowClient()
        for key, value in verdict.items():
            client.set_model_version_tag(tracking.model_name, registered.version, key, value)


def count_touches(stretch: str, tracking: Tracking) -> int:
    """Return how many runs have looked at a stretch of months held out."""
    with open_mlflow(tracking) as mlflow:
        experiment = mlflow.get_experiment_by_name(tracking.experiment)
        found = mlflow.MlflowClient().search_runs(
            [experiment.experiment_id], f"tags.`{TOUCHED}` = '{stretch}'", max_results=1000
        )
        return len(found)


def read_text(run_id: str, name: str, tracking: Tracking) -> str:
    """Return a text file of a run.

    Raises:
        ConfigError: There is no such run, or it has no such file.
    """
    with open_mlflow(tracking) as mlflow, tempfile.TemporaryDirectory() as folder:
        try:
            path = mlflow.MlflowClient().download_artifacts(run_id, name, folder)
        except (mlflow.exceptions.MlflowException, OSError) as error:
            raise ConfigError(
                f"run {run_id}: {name} is not to be had; give the id of a run of duewatch train."
            ) from error
        return Path(path).read_text("utf-8")


def load(tracking: Tracking, which: str = CHAMPION) -> Registered:
    """Load a model by alias or version number.

    Raises:
        ConfigError: The registry has no such model, or the key of models can be guessed.
        DataError: Its files are missing or not the bytes that were logged, or there is a key and
            it did not sign them.
    """
    key = _key(tracking)
    with open_mlflow(tracking) as mlflow:
        client = mlflow.MlflowClient()
        version = _find(mlflow, client, tracking.model_name, which)
        with tempfile.TemporaryDirectory(prefix="duewatch-model-") as folder:
            try:
                path = client.download_artifacts(version.run_id, MODEL_FOLDER, folder)
            except (mlflow.exceptions.MlflowException, OSError) as error:
                raise DataError(
                    f"model {tracking.model_name} {which}: its files are gone from run"
                    f" {version.run_id}. Train again, or restore the artefacts."
                ) from error
            files = _plain_files(Path(path))
    label = f"model {tracking.model_name} {which} (version {version.version})"
    check_marks(version.tags, tracking.model_name, digest_in(files), key=key, label=label)
    model = Model.from_files(files)
    return Registered(model=model, version=str(version.version), run_id=version.run_id)


def _key(tracking: Tracking) -> bytes | None:
    return key_from(tracking.key_env, setting="tracking.key_env")


def _plain_files(folder: Path) -> dict[str, bytes]:
    """Return the bytes of a model's files; they are looked at by `Model.from_files` alone.

    Raises:
        DataError: Something else lies among them, such as a link to a file elsewhere.
    """
    for path in sorted(folder.iterdir()):
        if path.is_symlink() or not path.is_file():
            raise DataError(f"model: {path.name} is no plain file; fetch the model again.")
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def log_evidence(mlflow: Any, evidence: Evidence) -> None:
    """Log into the run that is active."""
    mlflow.log_params(dict(evidence.parameters))
    mlflow.log_metrics(dict(evidence.metrics))
    mlflow.set_tags(dict(evidence.tags))
    for name, text in evidence.texts.items():
        mlflow.log_text(text, name)
    for name, table in evidence.tables.items():
        mlflow.log_text(inert_frame(table).to_csv(index=False), name)
    _log_files(mlflow, evidence.figures)
    for name, metrics in evidence.children.items():
        with mlflow.start_run(run_name=name, nested=True):
            mlflow.log_metrics(dict(metrics))


def _log_files(mlflow: Any, files: Mapping[str, bytes], place: str | None = None) -> None:
    if not files:
        return
    with tempfile.TemporaryDirectory(prefix="duewatch-run-") as folder:
        for name, content in files.items():
            (Path(folder) / name).write_bytes(content)
        mlflow.log_artifacts(folder, place)


def _log_booster(mlflow: Any, model: Model, example: pd.DataFrame) -> Any:
    """Log the booster in MLflow's own flavour too, so that other tools can serve it.

    A model without trees has no flavour of its own; None.
    """
    if model.booster is None:
        return None
    scored = model.booster.predict(example.to_numpy())
    return mlflow.lightgbm.log_model(
        model.booster,
        name="model",
        signature=mlflow.models.infer_signature(example, scored),
        pip_requirements=[f"lightgbm=={model.card.versions['lightgbm']}"],
    )


def _ensure_registered(mlflow: Any, client: Any, name: str) -> None:
    """Register by the client: ``mlflow.register_model`` does the same and prints about it."""
    try:
        client.create_registered_model(name)
    except mlflow.exceptions.MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise


def _find(mlflow: Any, client: Any, name: str, which: str) -> Any:
    try:
        if which.isdigit():
            return client.get_model_version(name, which)
        return client.get_model_version_by_alias(name, which)
    except mlflow.exceptions.MlflowException as error:
        if error.error_code == "TEMPORARILY_UNAVAILABLE":  # what MLflow says of any broken database
            raise ConfigError(
                f"model {name}: the registry of models cannot be read. Restore it, or name another"
                " (tracking.folder)."
            ) from error
        raise ConfigError(
            f"model {name}: the registry has no {'version' if which.isdigit() else 'alias'}"
            f" {which}. Run duewatch train, then duewatch promote."
        ) from error
