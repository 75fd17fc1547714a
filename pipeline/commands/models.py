"""Verbs of the models: train, judge, search, promote, write out."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.commands.options import (
    AsOf,
    ConfigFile,
    Data,
    Json,
    TargetName,
    as_day,
    settings_of,
    tell,
)

KEPT_BACK = 4


def train(
    config: ConfigFile = None,
    data: Data = None,
    as_of: AsOf = None,
    target: TargetName = None,
    kind: Annotated[
        str | None, typer.Option(help="trees, scorecard, blend, or the id of a simple rule.")
    ] = None,
    from_run: Annotated[
        str | None, typer.Option(help="Repeat this MLflow run and demand the same model.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Train a model, prove it on months held out, and register it as the challenger.

    It is judged beside the scorecard and the simple rules. Nothing is promoted by itself:
    duewatch promote does that.
    """
    from pipeline.preparing import prepare
    from pipeline.showing import show_comparison
    from pipeline.training import repeat_training, train_model

    settings = settings_of(config, data=data, as_of=as_day(as_of), target=target, kind=kind)
    if from_run:
        again = repeat_training(settings, from_run)
        text = f"Run {from_run} repeated: the same model, digest {again.model.sha256}."
        return tell(text, as_json, {"model_sha256": again.model.sha256, "same": True})
    training = train_model(settings, prepare(settings))
    typer.echo(show_comparison(training.as_dict()["judged"]))
    return tell(
        f"Registered {settings.tracked.model_name} version {training.registered.version} as"
        " challenger.",
        as_json,
        training.as_dict(),
    )


def backtest(
    config: ConfigFile = None,
    data: Data = None,
    as_of: AsOf = None,
    target: TargetName = None,
    kind: Annotated[
        str | None, typer.Option(help="trees, scorecard, blend, or the id of a simple rule.")
    ] = None,
    final: Annotated[
        bool, typer.Option("--final", help="Look at the months held out, too; it is recorded.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Train as of each of several past months and judge on that month.

    Writes tables, plots and backtest.json, and says whether the model is worth having.
    """
    from pipeline.backtesting import backtest as run
    from pipeline.preparing import prepare
    from pipeline.showing import show_backtest

    settings = settings_of(config, data=data, as_of=as_day(as_of), target=target, kind=kind)
    made = run(settings, prepare(settings), final=final)
    typer.echo(show_backtest(made.as_dict()))
    tell(f"Wrote {made.folder}.", as_json, made.as_dict())


def tune(
    config: ConfigFile = None,
    data: Data = None,
    as_of: AsOf = None,
    target: TargetName = None,
    trials: Annotated[
        int | None, typer.Option(min=1, help="Trials the study is to have; overrides the config.")
    ] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes that fit.")] = None,
    storage: Annotated[
        str | None, typer.Option(help="postgresql:// URL of the study [default: SQLite].")
    ] = None,
    as_json: Json = False,
) -> None:
    """Search for parameters and show what the search bought.

    The default is kept unless the best trial catches more on months that no trial saw. Run again
    after an interruption, or with more trials, it goes on where it was.
    """
    from pipeline.preparing import prepare
    from pipeline.tuning import tune as run

    settings = settings_of(config, data=data, as_of=as_day(as_of), target=target)
    made = run(settings, prepare(settings), trials=trials, workers=workers, storage=storage)
    typer.echo(made.report.text())
    tell(f"Wrote {made.folder}.", as_json, made.as_dict())


def promote(
    config: ConfigFile = None,
    data: Data = None,
    as_of: AsOf = None,
    target: TargetName = None,
    model: Annotated[str, typer.Option(help="Alias or version of the challenger.")] = "challenger",
    force: Annotated[
        str, typer.Option(help="Promote against the verdict, for this reason; it is recorded.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Compare challenger and champion on the same rows; promote, or say why not.

    Exit code 4 when the challenger is kept back.
    """
    from pipeline.preparing import prepare
    from pipeline.promoting import promote as run
    from pipeline.showing import show_comparison

    settings = settings_of(config, data=data, as_of=as_day(as_of), target=target)
    made = run(settings, prepare(settings), which=model, forced=force)
    if made.judged:
        typer.echo(show_comparison(made.as_dict()["judged"]))
    typer.echo("\n".join(said.en for said in made.reasons))
    name = f"{settings.tracked.model_name} version {made.challenger.version}"
    if made.promoted:
        return tell(f"{name} is the champion now.", as_json, made.as_dict())
    tell(f"{name} is kept back; use: {made.advice}.", as_json, made.as_dict())
    raise typer.Exit(KEPT_BACK)


def recalibrate(
    config: ConfigFile = None,
    data: Data = None,
    as_of: AsOf = None,
    target: TargetName = None,
    model: Annotated[str, typer.Option(help="Alias or version of the model.")] = "champion",
    as_json: Json = False,
) -> None:
    """Let a model follow the level of the months since it was trained.

    Trees and order stay, the intercept moves. It is registered as the challenger where that
    lowered the log loss of the months that came after; exit code 4 where it did not.
    """
    from pipeline.preparing import prepare
    from pipeline.recalibrating import recalibrate as run
    from pipeline.showing import show_followed

    settings = settings_of(config, data=data, as_of=as_day(as_of), target=target)
    made = run(settings, prepare(settings), which=model)
    typer.echo(show_followed(made.followed.months))
    if made.registered:
        text = f"Registered {settings.tracked.model_name} version {made.registered.version}."
        return tell(text, as_json, made.as_dict())
    tell(
        f"Version {made.model.version} is kept as it is: following the level would not have helped"
        " in the months since.",
        as_json,
        made.as_dict(),
    )
    raise typer.Exit(KEPT_BACK)


def scorecard(
    out: Annotated[Path, typer.Argument(help="File to write: .csv of the points, or .sql.")],
    config: ConfigFile = None,
    target: TargetName = None,
    model: Annotated[
        str, typer.Option(help="Alias or version of a scorecard or blend.")
    ] = "champion",
    source: Annotated[str, typer.Option(help="Table that the SQL reads.")] = "features",
) -> None:
    """Write a registered scorecard as a table of points, or as SQL.

    duewatch train --kind scorecard makes one.
    """
    from pipeline.scorecards import write_scorecard

    settings = settings_of(config, target=target)
    write_scorecard(settings, out, which=model, source=source)
    typer.echo(f"Wrote {out}.")
