"""The verb that brings back what came of a list."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.commands.options import ConfigFile, Data, Json, settings_of, tell


def feedback(
    form: Annotated[
        Path,
        typer.Argument(
            help="A filled-in list or handout; or CSV, Excel or Parquet: one row a contact,"
            " dispute, override."
        ),
    ],
    config: ConfigFile = None,
    data: Data = None,
    method: Annotated[
        str | None, typer.Option(help="sms, phone, visit ...: how all were contacted, if not told.")
    ] = None,
    recorded_by: Annotated[
        str | None, typer.Option(help="Who recorded all of it, if the form does not say.")
    ] = None,
    sheet: Annotated[str | None, typer.Option(help="Sheet of a workbook with several.")] = None,
    as_json: Json = False,
) -> None:
    """Bring back what came of a list: contacts, promises, disputes, overrides, approvals.

    Every row is checked; when one cannot be taken nothing is. What is new is added to the ledger
    beside the dataset, and counts in everything reckoned from then on. The same form twice adds
    nothing. A list or handout is also compared with what was handed out.
    """
    from contract.dataset import open_dataset
    from pipeline.bringing_back import bring_back, handed_out
    from pipeline.feeding_back import feed_back

    settings = settings_of(config, data=data)
    book = handed_out(form)
    if book is not None:
        brought = bring_back(settings, book, method=method, recorded_by=recorded_by)
        tell(brought.text(), as_json, brought.as_dict())
        return
    dataset = open_dataset(settings.data)
    made = feed_back(dataset, form, method=method, recorded_by=recorded_by, sheet=sheet)
    tell(made.text(), as_json, made.as_dict())
