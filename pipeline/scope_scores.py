"""The scores that a scope goes by, and which model they are of."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from contract.engine import connect, text, to_arrow
from contract.errors import ConfigError, DataError
from pipeline.config import Config
from pipeline.preparing import Prepared
from pipeline.progress import console
from pipeline.scoring import score
from pipeline.tracking import Registered, load

_NONE = pa.schema([("bill_id", pa.string()), ("p_late", pa.float64()), ("band", pa.string())])


@dataclass(frozen=True, kw_only=True)
class ScopeScores:
    """Scores of the open bills of a day.

    Attributes:
        table: bill_id, p_late, band; empty when no bill is open and not yet due.
        name: Of the registered model.
    """

    table: pa.Table
    name: str
    version: str
    sha256: str

    def about(self) -> dict[str, str]:
        """Return which model it was."""
        return {"name": self.name, "version": self.version, "sha256": self.sha256}


def scope_scores(config: Config, prepared: Prepared, model: str) -> ScopeScores:
    """Score the day with a model of the registry, as ``duewatch score`` would.

    Raises:
        ConfigError: The registry has no such model.
    """
    registered = load(config.tracked, model)
    return _of(config, registered, _scored(config, prepared, registered))


def same_model(
    config: Config, prepared: Prepared, then: dict[str, str], now: ScopeScores
) -> ScopeScores:
    """Return the day's scores by the model that a scope was frozen with.

    Its list is nobody's, so the run is not kept.

    Raises:
        ConfigError: That model is not in the registry any more, or is another one.
    """
    if then["sha256"] == now.sha256:
        return now
    registered = load(config.tracked, then["version"])
    if registered.model.sha256 != then["sha256"]:
        raise ConfigError(
            f"model {then['name']} version {then['version']} is not the one that the scope was"
            " frozen with. Restore that registry, or freeze the month again."
        )
    with tempfile.TemporaryDirectory(prefix="duewatch-scope-") as folder:
        beside = config.model_copy(update={"outputs": Path(folder)})
        return _of(config, registered, _scored(beside, prepared, registered))


def _of(config: Config, registered: Registered, table: pa.Table) -> ScopeScores:
    return ScopeScores(
        table=table,
        name=config.tracked.model_name,
        version=registered.version,
        sha256=registered.model.sha256,
    )


def _scored(config: Config, prepared: Prepared, registered: Registered) -> pa.Table:
    try:
        made = score(config, prepared, registered)
    except DataError as error:
        # After the last due day of a month all that is open is overdue, which counts whole.
        console.print(f"  no scores: {error}", markup=False, soft_wrap=True)
        return _NONE.empty_table()
    rows = f"read_parquet({text(made.folder / 'scores.parquet')})"
    with connect(ordered=True) as connection:
        return to_arrow(connection, f"SELECT bill_id, p_late, band FROM {rows} ORDER BY bill_id")
