"""The verb that watches a model."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.commands.options import (
    AsOf,
    ConfigFile,
    Data,
    Json,
    TargetName,
    as_day,
    refuse_existing,
    settings_of,
    tell,
)

RINGS = 4


def monitor(
    config: ConfigFile = None,
    data: Data = None,
    as_of: AsOf = None,
    target: TargetName = None,
    months: Annotated[int, typer.Option(min=1, help="Newest months to look at.")] = 6,
    model: Annotated[str, typer.Option(help="Alias or version of the model.")] = "champion",
    out: Annotated[Path | None, typer.Option(help="New folder [default: below outputs].")] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="End with exit code 4 when a limit was breached.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Watch a model month by month since it was trained: drift, calibration, what lists caught.

    Where labels are not mature yet, performance is estimated. Alarms say what they cost; after
    two breaches in a row retraining is recommended, never done.
    """
    from pipeline.monitored import show_monitored
    from pipeline.monitoring import monitor as run
    from pipeline.preparing import prepare

    if out is not None:
        refuse_existing(out)
    settings = settings_of(config, data=data, as_of=as_day(as_of), target=target)
    made = run(settings, prepare(settings), which=model, months=months, out=out)
    typer.echo(show_monitored(made))
    tell(f"Wrote {made.folder}.", as_json, made.as_dict())
    if strict and made.rings:
        raise typer.Exit(RINGS)
