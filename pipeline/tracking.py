"""The one door to MLflow: runs with their evidence, and the registry of models.

SQLite and a local folder by default; a server through ``MLFLOW_TRACKING_URI``. A model goes in
as LightGBM text and JSON and comes back through models.predictor, which refuses changed bytes;
nothing is unpickled (design 2.5).
"""

import logging
import os
import subprocess
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from pydantic import BaseModel, ConfigDict

from contract.errors import ConfigError, DataError
from models.predictor import Model

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Set before mlflow is first imported: it reports to nobody, and draws no bars of its own.
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
URI = "MLFLOW_TRACKING_URI"

MODEL_FOLDER = "duewatch"
CHAMPION = "champion"


class Tracking(BaseModel):
    """Where runs and models are kept.

    Attributes:
        folder: Database and artefacts, unless ``MLFLOW_TRACKING_URI`` names a server.
        experiment: The MLflow experiment of training runs.
        model_name: The registered model.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())

    folder: Path = Path("mlruns")
    experiment: str = "duewatch"
    model_name: str = "duewatch-late"


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
        example: A few matrix rows as the trees see them, for the signature.
        tables: CSV files by name.
        figures: Plots by file name.
    """

    parameters: Mapping[str, Any]
    metrics: Mapping[str, float]
    tags: Mapping[str, str]
    example: pd.DataFrame
    tables: Mapping[str, pd.DataFrame]
    figures: Mapping[str, "Figure"]


def register(model: Model, evidence: Evidence, tracking: Tracking) -> Registered:
    """Log a training run and register its model as the champion."""
    with _mlflow(tracking) as mlflow:
        with mlflow.start_run() as run:
            mlflow.log_params(dict(evidence.parameters))
            mlflow.log_metrics(dict(evidence.metrics))
            mlflow.set_tags(dict(evidence.tags))
            _log_files(mlflow, model, evidence)
            logged = _log_booster(mlflow, model, evidence.example)
            source = logged.model_uri if logged else f"runs:/{run.info.run_id}/{MODEL_FOLDER}"
        client = mlflow.MlflowClient()
        _ensure_registered(mlflow, client, tracking.model_name)
        made = client.create_model_version(
            tracking.model_name,
            source=source,
            run_id=run.info.run_id,
            model_id=logged.model_id if logged else None,
        )
        client.set_registered_model_alias(tracking.model_name, CHAMPION, made.version)
        return Registered(model=model, version=str(made.version), run_id=run.info.run_id)


def load(tracking: Tracking, which: str = CHAMPION) -> Registered:
    """Load a model by alias or version number.

    Raises:
        ConfigError: The registry has no such model.
        DataError: Its files are missing or not the bytes that were logged.
    """
    with _mlflow(tracking) as mlflow:
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
            files = {file.name: file.read_bytes() for file in Path(path).iterdir()}
    return Registered(
        model=Model.from_files(files), version=str(version.version), run_id=version.run_id
    )


def git_commit() -> str:
    """Return the commit of the code, with ``+`` when files differ from it; empty outside git."""
    here = Path(__file__).parent
    try:
        described = subprocess.run(
            ["git", "describe", "--always", "--abbrev=12", "--exclude=*", "--dirty=+"],  # noqa: S607 - the user's git
            cwd=here,
            capture_output=True,
            text=True,
            check=True,
            timeout=10,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return described.stdout.strip()


@contextmanager
def _mlflow(tracking: Tracking) -> Iterator[Any]:
    """Import and point MLflow; it costs two seconds, so only those who track pay."""
    for noisy in ("alembic", "mlflow"):
        logging.getLogger(noisy).setLevel(logging.ERROR)
    mlflow = _import_mlflow()
    given = os.environ.get(URI, "")
    uri = given
    if not uri:
        tracking.folder.mkdir(parents=True, exist_ok=True)
        uri = f"sqlite:///{(tracking.folder / 'mlflow.db').resolve()}"
    mlflow.set_tracking_uri(uri)
    mlflow.set_registry_uri(uri)
    if mlflow.get_experiment_by_name(tracking.experiment) is None:
        local = (tracking.folder / "artifacts").resolve().as_uri()
        mlflow.create_experiment(
            tracking.experiment, artifact_location=local if uri.startswith("sqlite") else None
        )
    mlflow.set_experiment(tracking.experiment)
    try:
        yield mlflow
    finally:
        # MLflow puts its address into the environment, where it would pass for the user's.
        os.environ[URI] = given


def _import_mlflow() -> Any:
    with warnings.catch_warnings():
        # MLflow 3.17 warns of its own type hints while it is imported; nothing of ours.
        warnings.simplefilter("ignore", UserWarning)
        import mlflow  # noqa: PLC0415, TID251 - this is the door, opened late on purpose
        import mlflow.lightgbm  # noqa: PLC0415, TID251
        import mlflow.pyfunc.model  # noqa: PLC0415, TID251
    return mlflow


def _log_files(mlflow: Any, model: Model, evidence: Evidence) -> None:
    with tempfile.TemporaryDirectory(prefix="duewatch-run-") as folder:
        for name, content in model.to_files().items():
            (Path(folder) / name).write_bytes(content)
        mlflow.log_artifacts(folder, MODEL_FOLDER)
    for name, table in evidence.tables.items():
        mlflow.log_text(table.to_csv(index=False), name)
    for name, figure in evidence.figures.items():
        mlflow.log_figure(figure, name)


def _log_booster(mlflow: Any, model: Model, example: pd.DataFrame) -> Any:
    """Log the booster in MLflow's own flavour too, so that other tools can serve it.

    A model without trees has no flavour of its own; None.
    """
    from mlflow.models import infer_signature  # noqa: PLC0415, TID251

    if model.booster is None:
        return None
    scored = model.booster.predict(example.to_numpy())
    return mlflow.lightgbm.log_model(
        model.booster,
        name="model",
        signature=infer_signature(example, scored),
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
        raise ConfigError(
            f"model {name}: the registry has no {'version' if which.isdigit() else 'alias'}"
            f" {which}. Run duewatch train first."
        ) from error
