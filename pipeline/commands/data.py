"""Verbs of the data: make them up, read them in, check them."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from pipeline.commands.options import (
    AsOf,
    ConfigFile,
    Json,
    as_day,
    refuse_existing,
    settings_of,
    tell,
)
from pipeline.paths import truth_folder
from pipeline.progress import step


def simulate(
    out: Annotated[Path, typer.Argument(help="Folder to write the dataset to.")],
    truth: Annotated[
        Path | None, typer.Option(help="Folder for the true probabilities [default: OUT-truth].")
    ] = None,
    customers: Annotated[int, typer.Option(min=10)] = 20_000,
    cycles: Annotated[int, typer.Option(min=3, max=240, help="Billing months.")] = 30,
    seed: Annotated[int, typer.Option(min=0, help="Another one is another utility.")] = 2026,
    regime: Annotated[str, typer.Option(help="What the last months bring.")] = "calm",
    holdout: Annotated[
        float, typer.Option(min=0, max=1, help="Share of first reminders left out at random.")
    ] = 0.0,
    workers: Annotated[int, typer.Option(min=1, help="Processes.")] = 1,
    dirt: Annotated[
        list[str] | None,
        typer.Option(help="Write OUT-dirty too, spoiled in this way; may be repeated."),
    ] = None,
    plots: Annotated[
        bool, typer.Option("--plots", help="Draw OUT.html, a page that shows the utility.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Make up a utility, and the truth beside it.

    Writes customers, bills, payments, contacts and balances as the contract has them, and the
    true probabilities into a folder of their own.
    """
    from contract.simulator import simulate as run
    from contract.simulator.dirt import find_kinds, spoil

    refuse_existing(out)
    find_kinds(dirt or ())
    with step(f"Simulate {customers:,} customers over {cycles} cycles") as report:
        made = run(
            out,
            truth or truth_folder(out),
            customers=customers,
            cycles=cycles,
            seed=seed,
            regime=regime,
            holdout=holdout,
            workers=workers,
            progress=partial(report, "customers"),
        )
    if plots:
        from contract.simulator.plots import write_plots

        with step("Draw the page"):
            write_plots(out, truth or truth_folder(out), out.with_name(f"{out.name}.html"))
    if dirt:
        spoil(out, out.with_name(f"{out.name}-dirty"), dirt, seed=seed)
    rows = ", ".join(f"{table} {count:,}" for table, count in made.rows.items())
    tell(f"Wrote {out}: {rows}.", as_json, {"output": str(out), "rows": dict(made.rows)})


def import_(
    source: Annotated[
        str, typer.Argument(help="Folder or file of the source system, or postgres: a database.")
    ],
    out: Annotated[Path, typer.Argument(help="Folder to write the dataset to.")],
    mapping: Annotated[
        str, typer.Option(help="sg186, mkt2, cn_excel, en, uci_credit, or a mapping's YAML.")
    ] = "en",
    quarantine: Annotated[
        bool, typer.Option("--quarantine", help="Set rows that break a rule aside, with reasons.")
    ] = False,
    promote: Annotated[
        list[str] | None, typer.Option(help="Warning to treat as an error; may be repeated.")
    ] = None,
    config: ConfigFile = None,
    as_json: Json = False,
) -> None:
    """Read a source into a dataset, by a mapping.

    Every check is run first; when one fails nothing is written. The source postgres is the
    database that the environment names (DUEWATCH_POSTGRES; settings in the config's postgres); a
    folder of that name is ./postgres.
    """
    from contract.postgres import POSTGRES
    from pipeline.importing import import_source

    settings = settings_of(config)
    given = settings.postgres if source == POSTGRES else Path(source)
    with step(f"Import {source}"):
        report = import_source(
            given,
            out,
            mapping=mapping,
            quarantine=quarantine,
            promote=frozenset(promote or ()),
            privacy=settings.privacy,
        )
    tell(f"Wrote {out}.", as_json, report)


def check(
    data: Annotated[Path, typer.Argument(help="Dataset folder.")],
    as_of: AsOf = None,
    promote: Annotated[
        list[str] | None, typer.Option(help="Warning to treat as an error; may be repeated.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Check a dataset; name every breach and its remedy."""
    from contract.checks import check_dataset
    from contract.dataset import open_dataset

    with step(f"Check {data}"):
        found = check_dataset(
            open_dataset(data), as_of=as_day(as_of), promote=frozenset(promote or ())
        )
    for breach in found.warnings:
        typer.echo(f"warning: {breach.message()}")
    found.raise_on_errors()
    tell(f"{data} keeps the contract.", as_json, found.as_dict())
