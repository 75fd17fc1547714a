"""What the verbs share: options, reading settings, telling what came of it."""

import json
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from contract.errors import ConfigError
from pipeline.config import Config, load_config, override
from pipeline.logs import start_logging
from pipeline.privacy import keep_private

ConfigFile = Annotated[
    Path | None, typer.Option("--config", "-c", help="YAML of the run; see docs/config.md.")
]
Data = Annotated[Path | None, typer.Option(help="Dataset folder; overrides the config's data.")]
AsOf = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%d"], help="Use only what was known before this day began."),
]
TargetName = Annotated[
    str | None, typer.Option(help="late, late_30 or cutoff; overrides the config's target.")
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object as the last line.")]


def settings_of(
    path: Path | None,
    *,
    data: Path | None = None,
    as_of: date | None = None,
    target: str | None = None,
    kind: str | None = None,
    logs: bool = True,
) -> Config:
    """Read the config and lay what the command line says over it.

    From here on files are written for whom its ``privacy.group`` says, and what is done is logged
    as its section ``logging`` says, unless ``logs`` is False.
    """
    given: dict[str, Any] = {"data": data, "as_of": as_of, "target.name": target}
    if kind in {None, "trees", "scorecard", "blend"}:
        given["parameters.kind"] = kind
    else:
        given |= {"parameters.kind": "rule", "parameters.rule": kind}
    config = override(load_config(path), {k: v for k, v in given.items() if v is not None})
    keep_private(config.privacy)
    if logs:
        start_logging(config.logging)
    return config


def as_day(moment: datetime | None) -> date | None:
    """Return the day of a moment; typer knows only moments."""
    return moment.date() if moment else None


def refuse_existing(folder: Path) -> None:
    """Refuse to write into a folder that holds something."""
    if folder.exists() and not folder.is_dir():
        raise ConfigError(f"{folder}: is a file. Give a new folder.")
    if folder.exists() and any(folder.iterdir()):
        raise ConfigError(f"{folder}: exists and is not empty. Give a new folder, or remove it.")


def tell(text: str, as_json: bool, facts: dict[str, Any]) -> None:
    """Print what was done, and with ``--json`` the facts as the last line."""
    if text:
        typer.echo(text)
    if as_json:
        typer.echo(json.dumps(facts, ensure_ascii=False, default=str))
