"""The one door to MLflow: where it keeps runs and models, and the module, opened late.

SQLite and a local folder by default; a server, or a PostgreSQL database with artefacts in the
local folder, through ``MLFLOW_TRACKING_URI``. What is kept there is `pipeline.tracking`'s.
"""

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

from contract.errors import ConfigError

# Set before mlflow is first imported: it reports to nobody, and draws no bars of its own.
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
URI = "MLFLOW_TRACKING_URI"


class Tracking(BaseModel):
    """Where runs and models are kept.

    Attributes:
        folder: Database and artefacts, unless ``MLFLOW_TRACKING_URI`` names a server.
        experiment: The MLflow experiment of training runs.
        model_name: The registered models' first name; the target is the second.
        key_env: The environment variable that holds the key of models. Where it is set, a model is
            signed with HMAC-SHA256 when it is registered, and one without a signature by this key
            is not loaded; where it is not, digests find what was changed by mistake, and not a
            forger who can write both registry and artefacts.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())

    folder: Path = Path("mlruns")
    experiment: str = "duewatch"
    model_name: str = "duewatch"
    key_env: str = Field(default="DUEWATCH_MODEL_KEY", pattern=r"^[A-Z][A-Z0-9_]*$")

    @field_validator("folder", mode="before")
    @classmethod
    def _is_a_folder(cls, value: object) -> object:
        if isinstance(value, str) and "://" in value:
            raise ValueError(f"name a server by {URI} in the environment; this is a folder")
        return value


def registry_is_there(tracking: Tracking) -> bool:
    """Say whether a registry was made yet, without making one."""
    return bool(os.environ.get(URI)) or (tracking.folder / "mlflow.db").exists()


@contextmanager
def open_mlflow(tracking: Tracking) -> Iterator[Any]:
    """Import and point MLflow; it costs two seconds, so only those who track pay."""
    mlflow = _import_mlflow()
    # MLflow sets its own level while it is imported, and logs the trace of what it raises.
    for noisy in ("alembic", "mlflow", "mlflow.store.db.utils"):
        logging.getLogger(noisy).setLevel(logging.CRITICAL if "." in noisy else logging.ERROR)
    given = os.environ.get(URI, "")
    uri = given
    if not uri:
        tracking.folder.mkdir(parents=True, exist_ok=True)
        uri = f"sqlite:///{(tracking.folder / 'mlflow.db').resolve()}"
    try:
        _choose_experiment(mlflow, tracking, uri)
        yield mlflow
    finally:
        # MLflow puts its address into the environment, where it would pass for the user's.
        os.environ[URI] = given


def _choose_experiment(mlflow: Any, tracking: Tracking, uri: str) -> None:
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415 - as late as MLflow, which brings it

    mlflow.set_tracking_uri(uri)
    mlflow.set_registry_uri(uri)
    try:
        known = mlflow.get_experiment_by_name(tracking.experiment)
    except (mlflow.exceptions.MlflowException, SQLAlchemyError) as error:
        where = tracking.folder / "mlflow.db" if uri.startswith("sqlite:") else URI
        raise ConfigError(
            f"{where}: no registry of models can be read there. Restore it, or name another folder"
            " (tracking.folder) or server."
        ) from error
    if known is None:
        local = (tracking.folder / "artifacts").resolve().as_uri()
        mlflow.create_experiment(
            # A server keeps artefacts itself; a database alone, SQLite or PostgreSQL, does not.
            tracking.experiment,
            artifact_location=None if uri.startswith("http") else local,
        )
    mlflow.set_experiment(tracking.experiment)


def _import_mlflow() -> Any:
    with warnings.catch_warnings():
        # MLflow 3.17 warns of its own type hints while it is imported; nothing of ours.
        warnings.simplefilter("ignore", UserWarning)
        import mlflow  # noqa: PLC0415, TID251 - this is the door, opened late on purpose
        import mlflow.lightgbm  # noqa: PLC0415, TID251
        import mlflow.pyfunc.model  # noqa: PLC0415, TID251
    return mlflow
