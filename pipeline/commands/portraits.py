"""The verb that portrays customers: labels, tiers, who is excluded, and what changed."""

from pathlib import Path
from typing import Annotated

import typer

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


def portraits(
    out: Annotated[Path, typer.Argument(help="New folder to write to.")],
    config: ConfigFile = None,
    data: Data = None,
    as_of: AsOf = None,
    policy: Annotated[
        str, typer.Option(help="Name of a shipped policy, or path of a policy file.")
    ] = "china",
    against: Annotated[
        Path | None, typer.Option(help="Folder of an earlier day, to tell what changed since.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Portray every customer as of a day.

    Writes account.parquet, open_bill.parquet and labels.parquet (each label with since when, on
    what grounds and until when), and changes.parquet if there is a day to compare with; prints
    the counts and how the papers were read.
    """
    from collection.policy import load_policy
    from pipeline.portraying import portray, write_portrayed
    from pipeline.preparing import prepare

    refuse_existing(out)
    chosen = load_policy(policy)
    prepared = prepare(settings_of(config, data=data, as_of=as_day(as_of)))
    made = portray(prepared, chosen, against=against)
    write_portrayed(made, out)
    tell(f"{made.text()}\nWrote {out}.", as_json, made.as_dict() | {"output": str(out)})
