"""Verbs of the dunning plan: plan a day, refresh before sending, explain, replay."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.commands.options import AsOf, ConfigFile, Data, Json, as_day, settings_of, tell

app = typer.Typer()

PolicyName = Annotated[
    str, typer.Option("--policy", help="A shipped policy's name, or the path of a policy's YAML.")
]


@app.callback(invoke_without_command=True)
def plan(
    context: typer.Context,
    config: ConfigFile = None,
    data: Data = None,
    as_of: AsOf = None,
    policy: PolicyName = "china",
    dunning_day: Annotated[
        int | None,
        typer.Option(min=1, max=31, help="Day of as_of's month to dun on [default: as_of]."),
    ] = None,
    run: Annotated[
        Path | None, typer.Option(help="Scoring run to go by [default: the day's own].")
    ] = None,
    as_json: Json = False,
) -> None:
    """Plan who is contacted, by what, when and by whom, and who is not and why.

    Writes one row a customer, the rules that fired, and the facts the plan goes by.
    """
    if context.invoked_subcommand:
        return
    from collection.law import load_law
    from collection.policy import load_policy
    from pipeline.planning import dunning_day as day_of
    from pipeline.planning import plan as make
    from pipeline.preparing import prepare

    rules = load_policy(policy)
    load_law(rules.law)  # before the data: a wrong one need not wait
    settings = settings_of(config, data=data, as_of=as_day(as_of))
    prepared = prepare(settings)
    made = make(settings, prepared, rules, day=day_of(prepared.as_of, dunning_day), run=run)
    typer.echo(made.text())
    told = "Wrote" if made.made else "Nothing new: the same inputs already gave"
    tell(f"{told} {made.folder}.", as_json, made.as_dict())


@app.command()
def refresh(
    run: Annotated[Path, typer.Argument(help="Folder of a plan.")],
    config: ConfigFile = None,
    data: Data = None,
    as_of: AsOf = None,
    as_json: Json = False,
) -> None:
    """Take off a plan whoever paid, disputed or declined since, within the hour before sending.

    Writes a new file beside the plan, which stays as it is; the same data twice change nothing.
    """
    from pipeline.preparing import prepare
    from pipeline.refreshing import refresh_plan

    settings = settings_of(config, data=data, as_of=as_day(as_of))
    made = refresh_plan(run, prepare(settings))
    tell(f"{made.text()}\nWrote {made.path}.", as_json, made.as_dict())


@app.command()
def explain(
    run: Annotated[Path, typer.Argument(help="Folder of a plan.")],
    customer: Annotated[str, typer.Argument(help="A customer's id, as on the lists.")],
    config: ConfigFile = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Tell why a customer is contacted, or is not: the rule that decided, and all that fired.

    Where ids are pseudonyms, the dataset finds that of the utility's own number.
    """
    from pipeline.refreshing import explain_customer

    told = explain_customer(run, customer, data=settings_of(config, data=data).data)
    tell("\n".join(told.lines()), as_json, told.row)


@app.command()
def replay(
    policy: Annotated[
        str, typer.Option("--policy", help="The new policy: a shipped one's name, or a path.")
    ],
    config: ConfigFile = None,
    data: Data = None,
    as_of: AsOf = None,
    present: Annotated[str, typer.Option(help="The policy it is held against.")] = "china",
    cycles: Annotated[int, typer.Option(min=1, max=60, help="Months to replay.")] = 12,
    dunning_day: Annotated[
        int, typer.Option(min=1, max=28, help="Day of each month to replay.")
    ] = 20,
    out: Annotated[Path | None, typer.Option(help="New folder to write to.")] = None,
    as_json: Json = False,
) -> None:
    """Try a policy on past months, beside the present one and the largest balances.

    Contacts by method, cost, households touched, late amount covered before due, waits of the law
    that were broken; pilot and other grids where the policy names a pilot.
    """
    from collection.policy import load_policy
    from pipeline.commands.options import refuse_existing
    from pipeline.preparing import prepare
    from pipeline.replaying import planning_days, write_replayed
    from pipeline.replaying import replay as run

    if out:
        refuse_existing(out)
    new, now = load_policy(policy), load_policy(present)
    settings = settings_of(config, data=data, as_of=as_day(as_of))
    prepared = prepare(settings)
    days = planning_days(prepared.as_of, cycles=cycles, day_of_month=dunning_day)
    made = run(settings, prepared, new, now, days=days)
    if out:
        write_replayed(made, out)
    facts = made.as_dict() | ({"output": str(out)} if out else {})
    tell(made.text(), as_json, facts)
