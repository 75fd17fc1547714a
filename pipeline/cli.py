"""The command line: each verb reads settings, calls one step, and prints what came of it.

Results go to standard output, progress to standard error. With ``--json`` the last line of
standard output is one JSON object. Exit codes: 0 done; 2 a setting or argument is wrong; 3 the
data break the contract or cannot answer; 4 a challenger is kept back, or a limit was breached
(monitor --strict); 5 the machine refuses, such as a full disk; 6 another process is at the same
run; 7 the list is made but a gate keeps it from being published; 1 a bug, with its traceback.
"""

import sys

import typer

from contract.errors import ConfigError, DataError, GateError, MachineError
from pipeline.commands import (
    cards,
    data,
    docs,
    export,
    features,
    feedback,
    handouts,
    kpis,
    lists,
    models,
    money,
    monitor,
    plan,
    portraits,
    reconcile,
    run,
    scope,
)
from pipeline.logs import log_failure
from pipeline.privacy import keep_private
from pipeline.progress import console
from pipeline.redaction import redacted, traceback_told
from pipeline.troubles import path_troubles

app = typer.Typer(
    name="duewatch",
    help="Early warning of electricity bills that will be paid late, with reasons.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
# In the order of a utility's work, which is the order of `duewatch --help`.
app.command()(data.simulate)
app.command("import")(data.import_)
app.command()(data.check)
app.command()(features.features)
app.command()(features.dictionary)
app.command()(features.prove)
app.command()(models.train)
app.command()(models.backtest)
app.command()(models.tune)
app.command()(models.promote)
app.command()(models.recalibrate)
app.command()(models.scorecard)
app.command()(money.forecast)
app.command()(money.uplift)
app.command()(lists.score)
app.command()(lists.report)
app.command()(cards.card)
app.command()(lists.demo)
app.command()(monitor.monitor)
app.command()(portraits.portraits)
app.add_typer(plan.app, name="plan")
app.command()(feedback.feedback)
app.command()(kpis.kpis)
app.command()(reconcile.reconcile)
app.command()(handouts.handouts)
app.add_typer(scope.app, name="scope")
app.command()(export.export)
app.command()(run.run)
app.command()(run.health)
app.command()(docs.docs)


def main() -> None:
    """Run the command line; a user's error becomes one clear line and its exit code.

    What it writes is for its user alone; a config may let the group in (privacy.group). No secret
    of the environment is printed, not even in the traceback of a bug.
    """
    keep_private()
    try:
        with path_troubles():
            app()
    except (ConfigError, DataError, GateError, MachineError) as error:
        log_failure(error, error.exit_code)
        told = redacted(f"duewatch: {error}")
        console.print(told, style="red", markup=False, soft_wrap=True)
        sys.exit(error.exit_code)
    except Exception as error:  # noqa: BLE001 - a bug: told whole, but for secrets
        log_failure(error, 1)
        sys.stderr.write(traceback_told())
        sys.exit(1)
