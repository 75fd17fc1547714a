"""Verbs of the high-risk scope: freeze a month, track it each week."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.commands.handouts import LanguageName, Mask, NoNames, Out, language_of
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

app = typer.Typer(help="The high-risk scope of a month: freeze it, track it each week.")

Trend = Annotated[
    Path | None,
    typer.Option(help="CSV with industry and factor; multiplies what is expected late."),
]
PolicyName = Annotated[
    str, typer.Option("--policy", help="A shipped policy's name, or the path of a policy's YAML.")
]
ModelName = Annotated[str, typer.Option("--model", help="Alias or version of the model.")]


@app.command()
def freeze(
    config: ConfigFile = None,
    data: Data = None,
    as_of: AsOf = None,
    month: Annotated[int | None, typer.Option(help="As 202611 [default: as_of's].")] = None,
    trend: Trend = None,
    policy: PolicyName = "china",
    model: ModelName = "champion",
    again: Annotated[
        str, typer.Option(help="Why the month is frozen once more, as another version.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Freeze the customers who are watched this month.

    By expected late amount, labels and flags as configs/handouts.yaml says. A frozen scope is
    never changed.
    """
    from collection.policy import load_policy
    from collection.scope import load_scope_rule
    from pipeline.preparing import prepare
    from pipeline.scoping import Basis
    from pipeline.scoping import freeze as run
    from pipeline.trend import read_trend

    settings = settings_of(config, data=data, as_of=as_day(as_of))
    basis = Basis(
        rule=load_scope_rule(), trend=read_trend(trend), policy=load_policy(policy), model=model
    )
    made = run(settings, prepare(settings), basis, month=month, again=again)
    tell(made.text(), as_json, made.as_dict())


@app.command()
def track(
    scope: Annotated[Path, typer.Argument(help="Folder of a frozen scope.")],
    out: Out,
    config: ConfigFile = None,
    data: Data = None,
    as_of: AsOf = None,
    trend: Annotated[
        Path | None, typer.Option(help="Today's trend factors [default: the scope's].")
    ] = None,
    policy: PolicyName = "china",
    model: ModelName = "champion",
    language: LanguageName = "zh",
    mask: Mask = False,
    no_identities: NoNames = False,
    as_json: Json = False,
) -> None:
    """Tell what became of a frozen scope: paid, used, risk moved, who left or entered and why.

    Why is found by making the scope again with the old model and threshold on the new facts.
    """
    from collection.policy import load_policy
    from collection.scope import load_scope_rule
    from pipeline.frozen_scopes import read_scope
    from pipeline.handing_out import Asked
    from pipeline.preparing import prepare
    from pipeline.scoping import Basis, track_scope
    from pipeline.trend import read_trend

    refuse_existing(out)
    settings = settings_of(config, data=data, as_of=as_day(as_of))
    frozen = read_scope(scope)
    basis = Basis(
        rule=load_scope_rule(),
        trend=read_trend(trend) if trend else frozen.threshold.trend,
        policy=load_policy(policy),
        model=model,
    )
    asked = Asked(language=language_of(language), identities=not no_identities, mask=mask)
    made = track_scope(settings, prepare(settings), frozen, basis=basis, out=out, asked=asked)
    tell(made.text(), as_json, made.as_dict())
