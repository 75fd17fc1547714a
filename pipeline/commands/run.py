"""Verbs of the unattended month: do it, and say how it is."""

from typing import Annotated

import typer

from pipeline.commands.options import AsOf, ConfigFile, Data, Json, as_day, settings_of, tell


def run(
    cycle: Annotated[str, typer.Option(help="The billing month, such as 2026-10.")],
    config: ConfigFile = None,
    data: Data = None,
    as_of: AsOf = None,
    accept: Annotated[
        list[str] | None,
        typer.Option(help="Gate that does not hold and is let through; may be repeated."),
    ] = None,
    reason: Annotated[
        list[str] | None, typer.Option(help="Why, one for each --accept, in order.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done, and write nothing.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Do a month in order: check, stage, score, portray, plan, hand out, watch the model.

    The steps are those of the config's section cycle. Safe to run again: what is done from the
    same data, model and settings stays, and a month that was killed goes on where it was.
    """
    from pipeline.cycle.month import do_month
    from pipeline.cycle.preview import preview_month
    from pipeline.gates.judging import pair_acceptances

    accepted = pair_acceptances(accept or (), reason or ())
    settings = settings_of(config, data=data, as_of=as_day(as_of), logs=not dry_run)
    if dry_run:
        seen = preview_month(settings, cycle)
        tell(seen.text(), as_json, seen.as_dict())
    else:
        done = do_month(settings, cycle, accepted=accepted)
        tell(done.text(), as_json, done.as_dict())


def health(config: ConfigFile = None, as_json: Json = False) -> None:
    """Say whether the newest list is fresh and the last month went well.

    Ends with the codes of monitoring plug-ins: 0 well, 1 the newest list is old, 2 the last month
    failed or a running one is silent, 3 nothing is known.
    """
    from pipeline.cycle.health import judge_health

    judged = judge_health(settings_of(config, logs=False))
    tell(judged.text, as_json, judged.as_dict())
    raise typer.Exit(judged.code)
