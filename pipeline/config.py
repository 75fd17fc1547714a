"""One YAML a run, read once into a frozen model; each section lives beside what it configures."""

import difflib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from collection.bands import Bands
from contract.errors import ConfigError
from contract.postgres import Postgres
from contract.yaml_file import read_settings, shown
from features.user import UserFeatures
from models.acceptance import Acceptance
from models.forecast.forecaster import Forecasting
from models.monitoring.alarms import Monitoring
from models.parameters import Parameters
from models.search import Tuning
from models.snapshots import Snapshots
from models.target import Target
from models.uplift.learners import Uplift
from pipeline.cycle.settings import Cycle
from pipeline.gates.settings import Gates
from pipeline.logs import Logs
from pipeline.mlflow_door import Tracking
from pipeline.privacy import Privacy
from pipeline.redaction import passwords_in
from pipeline.sealing import Sealing
from pipeline.spark.settings import SECRETS, Spark


class Simulation(BaseModel):
    """The utility that ``duewatch demo`` makes up.

    Attributes:
        customers: How many there are.
        cycles: Billing months, the last of which is open.
        seed: Another one is another utility.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    customers: int = Field(default=20_000, ge=10)
    cycles: int = Field(default=30, ge=3, le=240)
    seed: int = Field(default=2026, ge=0)


class Scoring(BaseModel):
    """How the open bills of a day are scored and listed.

    Attributes:
        engine: ``local`` works on this machine; ``spark`` stages, samples and scores on the
            cluster of the section ``spark``, from and to a disk that all machines share.
        workers: Processes side by side; the default is one a core, as far as memory allows.
        explain: ``listed`` explains the bills that are listed; ``all`` also gives every scored
            bill the codes of its reasons, in ``scores.parquet``.
        workbook_rows: Most bills of ``list.xlsx``, the first in rank; ``list.csv`` has them all.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    engine: Literal["local", "spark"] = "local"
    workers: int | None = Field(default=None, ge=1, le=256)
    explain: Literal["listed", "all"] = "listed"
    workbook_rows: int = Field(default=50_000, ge=1, le=1_000_000)


class Config(BaseModel):
    """Everything that a run may be told; what is left out keeps its default.

    Attributes:
        data: The dataset: a folder with one Parquet file, or a folder of them, per table.
        stores: Where staged datasets are kept for reuse.
        outputs: Where runs are written, a folder each.
        as_of: The day a run looks from; the default is the day after the data end.
        buckets: Parts that customers are hashed into; the default follows their number.
        promote_warnings: Check warnings that are to stop a run, by rule id.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    data: Path = Path("data/demo")
    stores: Path = Path("data/stores")
    outputs: Path = Path("outputs")
    as_of: date | None = None
    buckets: int | None = Field(default=None, ge=1, le=4096)
    promote_warnings: tuple[str, ...] = ()
    simulation: Simulation = Simulation()
    target: Target = Target()
    snapshots: Snapshots = Snapshots()
    parameters: Parameters = Parameters()
    features: UserFeatures = UserFeatures()
    bands: Bands = Bands()
    scoring: Scoring = Scoring()
    spark: Spark = Spark()
    acceptance: Acceptance = Acceptance()
    uplift: Uplift = Uplift()
    forecast: Forecasting = Forecasting()
    tuning: Tuning = Tuning()
    monitoring: Monitoring = Monitoring()
    gates: Gates = Gates()
    tracking: Tracking = Tracking()
    postgres: Postgres = Postgres()
    privacy: Privacy = Privacy()
    sealing: Sealing = Sealing()
    cycle: Cycle = Cycle()
    logging: Logs = Logs()

    @property
    def tracked(self) -> Tracking:
        """Where this target's models are kept: each target has a registered model of its own."""
        name = f"{self.tracking.model_name}-{self.target.name}"
        return self.tracking.model_copy(update={"model_name": name})


def load_config(path: Path | None) -> Config:
    """Read a run's YAML; None gives the defaults.

    Raises:
        ConfigError: The file is missing or no YAML, or a key or value is wrong; each fault is
            named with its path in the file.
    """
    if path is None:
        return Config()
    return parse_config(read_settings(path), source=str(path))


def parse_config(values: dict[str, Any], *, source: str) -> Config:
    """Check values as read from a file; ``source`` is named in errors."""
    if found := passwords_in(values):
        raise ConfigError(
            f"{source}: {found[0]} holds an address with a password, and settings are kept with"
            " runs. Leave it to the environment: MLFLOW_TRACKING_URI (with"
            " MLFLOW_TRACKING_PASSWORD), PGPASSWORD or ~/.pgpass."
        )
    try:
        return Config.model_validate(values)
    except ValidationError as error:
        raise ConfigError("\n".join(_fault(source, fault) for fault in error.errors())) from error


def override(config: Config, given: Mapping[str, Any]) -> Config:
    """Return the config with some settings changed, by their path in the file.

    Raises:
        ConfigError: A value is wrong.
    """
    values = config.model_dump()
    for path, value in given.items():
        *sections, name = path.split(".")
        at = values
        for section in sections:
            at = at[section]
        at[name] = value
    return parse_config(values, source="command line")


def _fault(source: str, fault: Any) -> str:
    place = ".".join(str(part) for part in fault["loc"])
    if fault["type"] == "extra_forbidden":
        near = difflib.get_close_matches(str(fault["loc"][-1]), _settings_beside(fault["loc"]), n=1)
        hint = f"did you mean {near[0]}?" if near else "see docs/config.md for those there are."
        return f"{source}: {place} is not a setting; {hint}"
    return f"{source}: {place} is {_shown(fault['input'])}; {fault['msg']}."


def _settings_beside(place: tuple[Any, ...]) -> list[str]:
    """Return the settings that there are where one that is none was found."""
    section: Any = Config
    for part in place[:-1]:
        field = getattr(section, "model_fields", {}).get(part)
        section = field.annotation if field else None
    return list(getattr(section, "model_fields", ()))


def _shown(value: Any) -> str:
    """Return a value for an error, unless it looks like what may hold a secret."""
    told = shown(value)
    if any(word in told.lower() for word in SECRETS):
        return "not shown, for it may hold a secret, which belongs into the environment"
    return "an address, which belongs into the environment" if "://" in told else told
