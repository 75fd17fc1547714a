"""Write a registered scorecard so that others can read it and compute it."""

from pathlib import Path

from contract.errors import ConfigError
from models.cores import Blend, Points
from models.scorecard_sql import scorecard_sql
from pipeline.config import Config
from pipeline.storage import write_bytes
from pipeline.tracking import load
from reports.spreadsheet import inert_frame


def write_scorecard(config: Config, out: Path, *, which: str, source: str) -> None:
    """Write the points of a registered scorecard, or of a blend's, as CSV or SQL.

    Raises:
        ConfigError: The model has no scorecard, or the file's ending is neither.
    """
    core = load(config.tracked, which).model.core
    points = core.points if isinstance(core, Blend) else core
    if not isinstance(points, Points):
        raise ConfigError(
            f"model {config.tracked.model_name} {which}: its kind is {core.kind}, which has no"
            " scorecard. Train one with --kind scorecard, and name it with --model."
        )
    written = {
        ".csv": lambda: "\ufeff" + inert_frame(points.scorecard.points_table()).to_csv(index=False),
        ".sql": lambda: scorecard_sql(points.scorecard, source=source) + ";\n",
    }
    if out.suffix not in written:
        raise ConfigError(f"{out}: ends in {out.suffix or 'nothing'}; expected .csv or .sql.")
    write_bytes(out, written[out.suffix]().encode())
