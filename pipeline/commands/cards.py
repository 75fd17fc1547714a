"""The verb that tells a customer who asks why."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.commands.options import ConfigFile, Data, Json, settings_of, tell


def card(
    run: Annotated[Path, typer.Argument(help="Folder of a finished run.")],
    customer: Annotated[str, typer.Argument(help="The customer's number, as on the lists.")],
    out: Annotated[Path, typer.Option(help="Folder to write to.")] = Path("cards"),
    config: ConfigFile = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Write what may be given to a customer who asks why (PIPL art. 24).

    One page of HTML and the same as JSON: whether a bill is on the list, the reasons in plain
    words with the bills behind them, what that means and does not, what the customer can do, and
    the customer's own records that it is from. The data and the model are those of the run.
    """
    from pipeline.customer_cards import write_card

    made, places = write_card(run, customer, out, settings_of(config, data=data))
    found = f"{len(made.listed)} of the customer's bills on the list"
    facts = {"files": [str(place) for place in places], "listed_bills": len(made.listed)}
    tell(f"Wrote {', '.join(map(str, places))}: {found}.", as_json, facts)
