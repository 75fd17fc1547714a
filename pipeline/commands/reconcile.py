"""The verb that holds the books against a statement."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.commands.options import (
    ConfigFile,
    Data,
    Json,
    refuse_existing,
    settings_of,
    tell,
)


def reconcile(
    statement: Annotated[
        Path, typer.Argument(help="CSV, Excel or Parquet: channel, posted_on, reference, amount.")
    ],
    config: ConfigFile = None,
    data: Data = None,
    channel: Annotated[
        str | None, typer.Option(help="Channel of every row, if the statement does not say.")
    ] = None,
    sheet: Annotated[str | None, typer.Option(help="Sheet of a workbook with several.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="New folder for the lists and the daily report.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Hold the payments against a statement of a bank or outside collector.

    Matches by reference, else by day, channel and amount; lists what stands on one side only,
    with totals a day and channel, and a daily report by channel, outlet and cashier. Changes
    nothing.
    """
    from contract.dataset import open_dataset
    from pipeline.reconciling import reconcile_statement, write_reconciled

    if out:
        refuse_existing(out)
    dataset = open_dataset(settings_of(config, data=data).data)
    made = reconcile_statement(dataset, statement, channel=channel, sheet=sheet)
    if out:
        write_reconciled(made, out)
    facts = made.as_dict() | ({"output": str(out)} if out else {})
    tell(made.text(), as_json, facts)
