"""The command line: each verb reads settings, calls one step, and prints what came of it.

Results go to standard output, progress to standard error. With ``--json`` the last line of
standard output is one JSON object. Exit codes: 0 done; 2 a setting or argument is wrong; 3 the
data break the contract or cannot answer; 4 a challenger is kept back; 1 a bug, with its traceback.
"""

import json
import sys
from dataclasses import asdict
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from contract.errors import ConfigError, DataError
from pipeline.config import Config, load_config
from pipeline.paths import truth_folder
from pipeline.progress import console, step

app = typer.Typer(
    name="duewatch",
    help="Early warning of electricity bills that will be paid late, with reasons.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

KEPT_BACK = 4

ConfigFile = Annotated[
    Path | None, typer.Option("--config", "-c", help="YAML of the run; see docs/config.md.")
]
Data = Annotated[Path | None, typer.Option(help="Dataset folder; overrides the config's data.")]
AsOf = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%d"], help="Use only what was known before this day began."),
]
TargetName = Annotated[
    str | None, typer.Option(help="late, late_30 or cutoff; overrides the config's target.")
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object as the last line.")]


def main() -> None:
    """Run the command line; a user's error becomes one clear line and its exit code."""
    try:
        app()
    except (ConfigError, DataError) as error:
        console.print(f"duewatch: {error}", style="red", markup=False, soft_wrap=True)
        sys.exit(error.exit_code)


@app.command()
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

    _refuse_existing(out)
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
    _tell(f"Wrote {out}: {rows}.", as_json, {"output": str(out), "rows": dict(made.rows)})


@app.command("import")
def import_(
    source: Annotated[Path, typer.Argument(help="Folder or file of the source system.")],
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
    as_json: Json = False,
) -> None:
    """Read a source's files into a dataset, by a mapping.

    Every check is run first; when one fails nothing is written.
    """
    from pipeline.importing import import_source

    with step(f"Import {source}"):
        report = import_source(
            source, out, mapping=mapping, quarantine=quarantine, promote=frozenset(promote or ())
        )
    _tell(f"Wrote {out}.", as_json, report)


@app.command()
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
            open_dataset(data), as_of=_day(as_of), promote=frozenset(promote or ())
        )
    for breach in found.warnings:
        typer.echo(f"warning: {breach.message()}")
    found.raise_on_errors()
    _tell(f"{data} keeps the contract.", as_json, found.as_dict())


@app.command()
def features(
    out: Annotated[Path, typer.Argument(help="Parquet file to write the matrix to.")],
    config: ConfigFile = None,
    data: Data = None,
    as_of: AsOf = None,
    as_json: Json = False,
) -> None:
    """Build the feature matrix of one day.

    One row a bill open then, one column a feature (docs/features.md).
    """
    from features import build
    from pipeline.preparing import prepare
    from pipeline.storage import write_parquet

    prepared = prepare(_settings(config, data=data, as_of=_day(as_of)))
    with step("Build features") as report:
        matrix = build(prepared.store, prepared.as_of, features=prepared.features, progress=report)
    write_parquet(out, matrix)
    _tell(
        f"Wrote {out}: {len(matrix):,} open bills, {matrix.shape[1]} columns, as of"
        f" {prepared.as_of}.",
        as_json,
        {"output": str(out), "rows": len(matrix), "columns": matrix.shape[1]},
    )


@app.command()
def dictionary(
    out: Annotated[Path, typer.Argument(help="HTML file to write.")],
    config: ConfigFile = None,
    data: Data = None,
    as_of: AsOf = None,
) -> None:
    """Write a searchable page of every feature.

    Formula, window and direction, the share missing and how the values lie in these data, and
    the champion's gain, where there is a champion.
    """
    from pipeline.dictionary import write_dictionary
    from pipeline.storage import write_bytes

    page = write_dictionary(_settings(config, data=data, as_of=_day(as_of)))
    write_bytes(out, page.encode())
    typer.echo(f"Wrote {out}.")


@app.command()
def prove(
    data: Annotated[Path, typer.Argument(help="Dataset folder.")],
    config: ConfigFile = None,
    as_of: AsOf = None,
    one_in: Annotated[int, typer.Option(min=1, help="Try one customer in so many.")] = 1,
    as_json: Json = False,
) -> None:
    """Prove that no feature sees the future.

    Rebuilds the features from copies whose later facts are gone, changed or postponed; the
    user's own features are tried, too, and any guilty one is named.
    """
    from pipeline.proving import prove_features

    proof = prove_features(_settings(config, data=data, as_of=_day(as_of)), one_in=one_in)
    typer.echo(proof.report())
    if not proof.holds:
        raise DataError("features that see the future are named above; mend or remove them.")
    _tell("No feature sees the future.", as_json, asdict(proof))


@app.command()
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

    settings = _settings(config, data=data, as_of=_day(as_of), target=target, kind=kind)
    if from_run:
        again = repeat_training(settings, from_run)
        text = f"Run {from_run} repeated: the same model, digest {again.model.sha256}."
        return _tell(text, as_json, {"model_sha256": again.model.sha256, "same": True})
    training = train_model(settings, prepare(settings))
    typer.echo(show_comparison(training.as_dict()["judged"]))
    return _tell(
        f"Registered {settings.tracked.model_name} version {training.registered.version} as"
        " challenger.",
        as_json,
        training.as_dict(),
    )


@app.command()
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

    settings = _settings(config, data=data, as_of=_day(as_of), target=target, kind=kind)
    made = run(settings, prepare(settings), final=final)
    typer.echo(show_backtest(made.as_dict()))
    _tell(f"Wrote {made.folder}.", as_json, made.as_dict())


@app.command()
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

    settings = _settings(config, data=data, as_of=_day(as_of), target=target)
    made = run(settings, prepare(settings), trials=trials, workers=workers, storage=storage)
    typer.echo(made.report.text())
    _tell(f"Wrote {made.folder}.", as_json, made.as_dict())


@app.command()
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

    settings = _settings(config, data=data, as_of=_day(as_of), target=target)
    made = run(settings, prepare(settings), which=model, forced=force)
    typer.echo(show_comparison(made.as_dict()["judged"]))
    typer.echo("\n".join(made.reasons))
    name = f"{settings.tracked.model_name} version {made.challenger.version}"
    if made.promoted:
        return _tell(f"{name} is the champion now.", as_json, made.as_dict())
    _tell(f"{name} is kept back; use: {made.advice}.", as_json, made.as_dict())
    raise typer.Exit(KEPT_BACK)


@app.command()
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

    settings = _settings(config, target=target)
    write_scorecard(settings, out, which=model, source=source)
    typer.echo(f"Wrote {out}.")


@app.command()
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
        _refuse_existing(out)
    settings = _settings(config, data=data, as_of=_day(as_of))
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
    _tell(text, as_json, facts)


@app.command()
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

    settings = _settings(config, data=data, as_of=_day(as_of))
    report = estimate_uplift(settings, prepare(settings), settings=settings.uplift).report
    if plot:
        report.figure().savefig(plot)
    _tell(report.text(), as_json, report.as_dict())


@app.command()
def score(
    config: ConfigFile = None,
    data: Data = None,
    as_of: AsOf = None,
    model: Annotated[str, typer.Option(help="Alias or version of the model.")] = "champion",
    as_json: Json = False,
) -> None:
    """Score the open bills and write the list.

    Writes all scores, the ranked list with reasons as CSV and workbook, and a manifest.
    """
    from pipeline.preparing import prepare
    from pipeline.scoring import score as run
    from pipeline.tracking import load

    settings = _settings(config, data=data, as_of=_day(as_of))
    registered = load(settings.tracked, model)
    made = run(settings, prepare(settings), registered)
    told = "Wrote" if made.made else "Nothing new: the same inputs already gave"
    _tell(f"{told} {made.folder}.", as_json, made.as_dict())


@app.command()
def report(
    run: Annotated[Path, typer.Argument(help="Folder of a finished run.")],
    rows: Annotated[int, typer.Option(min=1, help="Rows of the list to show.")] = 10,
    as_json: Json = False,
) -> None:
    """Show a finished run and how its model compares."""
    from pipeline.showing import show_run

    text, facts = show_run(run, rows=rows)
    typer.echo(text)
    _tell(f"List: {run / 'list.xlsx'}", as_json, facts)


@app.command()
def demo(config: ConfigFile = None, as_json: Json = False) -> None:
    """Go the whole way on a simulated utility."""
    from pipeline.demo import run_demo

    text, facts = run_demo(_settings(config))
    typer.echo(text)
    _tell("", as_json, facts)


@app.command()
def docs() -> None:
    """Write the generated pages of docs/."""
    from pipeline.docs import write_docs

    for page in write_docs():
        typer.echo(f"Wrote {page}.")


def _settings(
    path: Path | None,
    *,
    data: Path | None = None,
    as_of: date | None = None,
    target: str | None = None,
    kind: str | None = None,
) -> Config:
    from pipeline.config import override

    given: dict[str, Any] = {"data": data, "as_of": as_of, "target.name": target}
    if kind in {None, "trees", "scorecard", "blend"}:
        given["parameters.kind"] = kind
    else:
        given |= {"parameters.kind": "rule", "parameters.rule": kind}
    return override(load_config(path), {k: v for k, v in given.items() if v is not None})


def _day(moment: datetime | None) -> date | None:
    return moment.date() if moment else None


def _refuse_existing(folder: Path) -> None:
    if folder.exists() and any(folder.iterdir()):
        raise ConfigError(f"{folder}: exists and is not empty. Give a new folder, or remove it.")


def _tell(text: str, as_json: bool, facts: dict[str, Any]) -> None:
    if text:
        typer.echo(text)
    if as_json:
        typer.echo(json.dumps(facts, ensure_ascii=False, default=str))
