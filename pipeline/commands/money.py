"""Verbs that ask about money and reminders: when it comes, whom a reminder changes."""

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


def forecast(
    config: ConfigFile = None,
    data: Data = None,
    as_of: AsOf = None,
    out: Annotated[Path | None, typer.Option(help="New folder to write to.")] = None,
    backtest: Annotated[
        bool, typer.Option("--backtest", help="Hold it against rolling forward on past months.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Forecast when the open bills are paid, and the collection rate by day.

    To month end, with an interval.
    """
    from pipeline.forecast_backtest import backtest_forecast, write_backtest
    from pipeline.forecasting import forecast as run
    from pipeline.forecasting import write_forecast
    from pipeline.preparing import prepare

    if out:
        refuse_existing(out)
    settings = settings_of(config, data=data, as_of=as_day(as_of))
    prepared = prepare(settings)
    made = run(settings, prepared, settings.forecast)
    facts, text = made.as_dict(), made.headline()
    if out:
        write_forecast(made, out)
    if backtest:
        proof = backtest_forecast(settings, prepared, settings.forecast)
        facts["backtest"] = proof.as_dict()
        text = f"{text}\n{proof.verdict()}"
        if out:
            write_backtest(proof, out / "backtest")
    tell(text, as_json, facts)


def uplift(
    config: ConfigFile = None,
    data: Data = None,
    as_of: AsOf = None,
    plot: Annotated[Path | None, typer.Option(help="PNG to draw the Qini curves to.")] = None,
    as_json: Json = False,
) -> None:
    """Tell whom a reminder changes.

    Needs first reminders held out at random (contacts.assigned = holdout); else no number is
    given.
    """
    from pipeline.preparing import prepare
    from pipeline.uplift import estimate_uplift

    settings = settings_of(config, data=data, as_of=as_day(as_of))
    report = estimate_uplift(settings, prepare(settings), settings=settings.uplift).report
    if plot:
        report.figure().savefig(plot)
    tell(report.text(), as_json, report.as_dict())
