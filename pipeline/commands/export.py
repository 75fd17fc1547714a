"""The verb that sends a finished run or plan on: to a database, as files, to another system."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from pipeline.commands.options import ConfigFile, Json, settings_of, tell
from pipeline.config import Config
from pipeline.progress import step


class To(StrEnum):
    """Where a run can go."""

    postgres = "postgres"
    parquet = "parquet"
    csv = "csv"
    handoff = "handoff"


def export(
    run: Annotated[
        Path, typer.Argument(help="Folder of a finished run or plan, or outputs: the newest.")
    ],
    to: Annotated[To, typer.Option(help="postgres, parquet, csv, or handoff (a plan's contacts).")],
    out: Annotated[Path | None, typer.Option(help="Folder for files; on a share, too.")] = None,
    config: ConfigFile = None,
    schema: Annotated[
        str | None, typer.Option(help="Schema in PostgreSQL; overrides postgres.list_schema.")
    ] = None,
    form: Annotated[
        str, typer.Option(help="Form of a hand-off: sap, oracle, or a form's YAML.")
    ] = "sap",
    accounts: Annotated[
        Path | None, typer.Option(help="CSV of customer_id and account, for a hand-off.")
    ] = None,
    refreshed: Annotated[
        Path | None, typer.Option(help="The refreshed plan, for a hand-off.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Send a finished run or plan to a database, into files, or to another system's dunning.

    A run is written whole or not at all, and once: again it changes nothing, and other content
    under its id is refused. Of a folder of runs it is the newest published list. PostgreSQL is
    the one that the environment names (DUEWATCH_POSTGRES); the fields of a hand-off are in
    docs/handoffs.md.
    """
    from pipeline.runs import current_run
    from pipeline.troubles import machine_troubles

    settings = settings_of(config)  # also says who may read what is written
    run = current_run(run) or run
    _check_places(run, out)
    with step(f"Export {run.name} to {to}"), machine_troubles(out or run.parent):
        if to is To.handoff:
            where, facts = _hand_off(run, _given(out, to), form, settings.data, accounts, refreshed)
        elif to is To.postgres:
            where, facts = _to_postgres(run, settings, schema)
        else:
            where, facts = _to_files(run, to, _given(out, to))
    told = "Wrote" if facts["made"] else "Nothing new: already there,"
    tell(f"{told} {where}.", as_json, facts)


def _check_places(run: Path, out: Path | None) -> None:
    from contract.errors import ConfigError, DataError

    if not run.is_dir():
        raise DataError(
            f"{run}: no such folder. Give the folder that duewatch score or plan named."
        )
    for place in (out, *out.parents) if out else ():
        if place.exists() and not place.is_dir():
            raise ConfigError(f"--out: {place} is a file. Give a folder.")


def _given(out: Path | None, to: To) -> Path:
    from contract.errors import ConfigError

    if out is None:
        raise ConfigError(f"--out is missing. Give the folder to write {to} to.")
    return out


def _hand_off(
    run: Path, out: Path, form: str, data: Path, accounts: Path | None, refreshed: Path | None
) -> tuple[str, dict[str, Any]]:
    from pipeline.exporting.handoff import hand_off
    from reports.handoff import load_form

    made = hand_off(run, load_form(form), out, data=data, accounts=accounts, refreshed=refreshed)
    return str(made.folder), made.as_dict()


def _to_postgres(run: Path, settings: Config, schema: str | None) -> tuple[str, dict[str, Any]]:
    from contract.own_folder import own_folder
    from pipeline.config import override
    from pipeline.exporting.postgres import export_postgres
    from pipeline.exporting.tables import read_exported

    if schema is not None:
        settings = override(settings, {"postgres.list_schema": schema})
    place = settings.postgres.list_schema
    with own_folder(run.parent, prefix=".export-") as work:
        exported = read_exported(run, work)
        made = export_postgres(exported, settings.postgres, work)
    return f"{exported.run} in the schema {place}", {
        "run": exported.run,
        "schema": place,
        "made": made,
    }


def _to_files(run: Path, to: To, out: Path) -> tuple[str, dict[str, Any]]:
    from contract.own_folder import own_folder
    from pipeline.exporting.files import export_files
    from pipeline.exporting.tables import read_exported

    with own_folder(run.parent, prefix=".export-") as work:
        exported = read_exported(run, work)
        made = export_files(exported, "csv" if to is To.csv else "parquet", out, work)
    place = out / exported.run
    return str(place), {"run": exported.run, "output": str(place), "made": made}
