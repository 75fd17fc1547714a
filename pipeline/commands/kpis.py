"""The verb that reckons the KPIs of collection."""

from pathlib import Path
from typing import Annotated

import typer

from contract.errors import ConfigError
from pipeline.commands.options import (
    AsOf,
    ConfigFile,
    Data,
    Json,
    as_day,
    refuse_existing,
    settings_of,
    tell,
)

By = Annotated[str, typer.Option(help="total, org, grid or manager: the places shown.")]


def kpis(
    config: ConfigFile = None,
    data: Data = None,
    as_of: AsOf = None,
    by: By = "total",
    out: Annotated[
        Path | None,
        typer.Option(help="New folder for kpis.csv and kpis.json, every place in them."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Reckon the KPIs of collection as of a day.

    Collection rates, arrears, ageing, roll and cure rates, DSO, dunning; in all and by bureau,
    grid and account manager (docs/kpis.md).
    """
    from collection.kpis import LEVELS
    from pipeline.preparing import prepare
    from pipeline.reckoning import reckon, write_reckoned

    level = next((known for known in LEVELS if known == by), None)
    if level is None:
        raise ConfigError(f"--by {by}: no such place. Give one of {', '.join(LEVELS)}.")
    if out:
        refuse_existing(out)
    made = reckon(prepare(settings_of(config, data=data, as_of=as_day(as_of))))
    if out:
        write_reckoned(made, out)
    facts = made.as_dict() | ({"output": str(out)} if out else {})
    tell(made.text(level), as_json, facts)
