"""Verbs of the list: score, show, go the whole way."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.commands.options import AsOf, ConfigFile, Data, Json, as_day, settings_of, tell


def score(
    config: ConfigFile = None,
    data: Data = None,
    as_of: AsOf = None,
    model: Annotated[str, typer.Option(help="Alias or version of the model.")] = "champion",
    accept: Annotated[
        list[str] | None,
        typer.Option(help="Gate that does not hold and is let through; may be repeated."),
    ] = None,
    reason: Annotated[
        list[str] | None, typer.Option(help="Why, one for each --accept, in order.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Score the open bills and write the list.

    Writes all scores, the ranked list with reasons as CSV and workbook, and a manifest. A gate
    that does not hold keeps the run from being published (exit code 7); what was made is kept, and
    the same command with --accept GATE --reason publishes it. Who accepted what, and why, is in
    the manifest and on the list's cover.
    """
    from pipeline.gates.judging import pair_acceptances
    from pipeline.preparing import prepare
    from pipeline.scoring import score as run
    from pipeline.sealing import sealing_key
    from pipeline.tracking import load

    accepted = pair_acceptances(accept or (), reason or ())
    settings = settings_of(config, data=data, as_of=as_day(as_of))
    sealing_key(settings.sealing)  # a key that will not do is told before the data are read
    registered = load(settings.tracked, model)
    made = run(settings, prepare(settings), registered, accepted=accepted)
    told = "Wrote" if made.made else "Nothing new: the same inputs already gave"
    tell(f"{told} {made.folder}.", as_json, made.as_dict())


def report(
    run: Annotated[Path, typer.Argument(help="Folder of a finished run.")],
    rows: Annotated[int, typer.Option(min=1, help="Rows of the list to show.")] = 10,
    page: Annotated[
        Path | None, typer.Option(help="Also write the run as a page of HTML to this file.")
    ] = None,
    plan: Annotated[
        Path | None,
        typer.Option(help="Plan made for the run [default: the newest one beside it]."),
    ] = None,
    previous: Annotated[
        Path | None,
        typer.Option(help="Run to hold it against [default: the last one before its day]."),
    ] = None,
    workbook: Annotated[
        Path | None, typer.Option(help="Also write the run as a workbook to this .xlsx file.")
    ] = None,
    by: Annotated[
        str, typer.Option(help="grid or manager: what each sheet of the workbook is of.")
    ] = "grid",
    plots: Annotated[
        Path | None, typer.Option(help="Also write pictures for slides, as PNG, to this folder.")
    ] = None,
    language: Annotated[str, typer.Option(help="zh or en, of the pictures.")] = "zh",
    config: ConfigFile = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Show a finished run and how its model compares.

    With --page also writes one file of HTML that opens from disk without a network: the portfolio,
    the list with search, filters and each customer's card, in Chinese and in English. With
    --config or --data it also tells what came of the last list, each customer's bills, payments
    and contacts, and how each risk came about; forecast and monitoring that lie beside the run
    are shown.

    With --workbook also writes one workbook: the list with its plan, a sheet for each grid or
    manager, sums with charts, why the list changed, and a glossary. It is sealed, and duewatch
    feedback takes it back filled in.

    With --plots also writes pictures for slides. Those of the model's months held out need its
    registry, which --config names.
    """
    from pipeline.planning import plan_of
    from pipeline.runs import previous_run
    from pipeline.showing import show_run

    text, facts = show_run(run, rows=rows)
    typer.echo(text)
    plan = plan or plan_of(run, facts["run"])
    previous = previous or previous_run(run)
    facts |= {"plan": plan and str(plan), "previous": previous and str(previous)}
    if page is not None:
        from pipeline.page_extras import Around
        from pipeline.paging import write_page

        settings = settings_of(config, data=data) if config or data else None
        around = Around(plan=plan, previous=previous, config=settings)
        facts |= {"page": str(page), "page_bytes": write_page(run, page, around)}
        tell(f"Page: {page}", False, {})
    if workbook is not None:
        from pipeline.reporting import Beside, groups_named, write_workbook_of
        from pipeline.sealing import sealing_key

        key = sealing_key(settings_of(config, data=data).sealing)
        beside = Beside(plan=plan, previous=previous, by=groups_named(by), key=key)
        facts |= {"workbook": str(workbook), **write_workbook_of(run, workbook, beside)}
        tell(f"Workbook: {workbook}", False, {})
    if plots is not None:
        from pipeline.plotting import plot_language, write_plots

        tracking = settings_of(config, data=data).tracking
        drawn, absent = write_plots(run, plots, previous, tracking, plot_language(language))
        facts |= {"plots": [str(path) for path in drawn], "not_drawn": absent}
        tell("\n".join([f"Pictures: {len(drawn)} in {plots}", *absent]), False, {})
    tell(f"List: {run / 'list.xlsx'}", as_json, facts)


def demo(config: ConfigFile = None, as_json: Json = False) -> None:
    """Go the whole way on a simulated utility."""
    from pipeline.demo import run_demo

    text, facts = run_demo(settings_of(config))
    typer.echo(text)
    tell("", as_json, facts)
