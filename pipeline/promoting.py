"""Compare challenger and champion on the same rows held out by time; promote, or say why not."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from contract.errors import ConfigError, DataError
from features.declare import Text
from models.acceptance import Verdict, accept, may_replace
from models.backtest import Backtest
from models.judging import Judged
from models.origins import run_fold
from models.predictor import Model
from models.train import Recipe, train
from pipeline.config import Config
from pipeline.preparing import Prepared, learning_from
from pipeline.progress import step
from pipeline.recalibrating import RECALIBRATED
from pipeline.storage import write_json
from pipeline.tracking import (
    CHALLENGER,
    CHAMPION,
    TOUCHED,
    Evidence,
    Registered,
    crown,
    load,
    log_run,
    note,
)
from pipeline.training import (
    build_past,
    held_out,
    judges_of,
    stretch,
)
from pipeline.training_evidence import as_json, metrics_of

CHAMPION_ID = "champion"


@dataclass(frozen=True, kw_only=True)
class Promotion:
    """What became of a challenger.

    Attributes:
        promoted: Whether it is the champion now.
        advice: The ranking to use, in words of the acceptance rule.
        reasons: One sentence a test.
        forced: The reason a person gave for overruling the verdict, if any.
        judged: All rankings on the months held out, the challenger's twin first.
    """

    challenger: Registered
    champion: Registered | None
    promoted: bool
    advice: str
    reasons: tuple[Text, ...]
    forced: str
    judged: tuple[Judged, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return what a machine needs to know of it."""
        return {
            "challenger": self.challenger.version,
            "champion": None if self.champion is None else self.champion.version,
            "promoted": self.promoted,
            "advice": self.advice,
            "reasons": [{"zh": said.zh, "en": said.en} for said in self.reasons],
            "forced": self.forced,
            "judged": as_json(self.judged),
        }


def promote(
    config: Config,
    prepared: Prepared,
    *,
    which: str = CHALLENGER,
    trial: Backtest | None = None,
    forced: str = "",
) -> Promotion:
    """Compare on the months held out, and make the challenger the champion if it has earned it.

    The challenger is judged by a twin, trained by its own recipe as of the first month held out.
    The champion is judged as it stands when it was trained before those months, else by a twin,
    too, so that neither has seen what it is judged on.

    Args:
        which: Alias or version of the challenger.
        trial: The challenger's months held out, when training has just judged them.
        forced: A person's reason to promote against the verdict; it is recorded.

    Raises:
        ConfigError: There is no challenger, or it was trained on other data or for another day.
    """
    challenger = load(config.tracked, which)
    champion = _champion(config, challenger)
    if champion is not None and _is_champion_recalibrated(challenger.model, champion):
        made = _by_its_months(challenger, champion)
        _record(config, prepared, made)
        return made
    _check(challenger, prepared)
    if trial is None or champion is not None:
        trial = _judge(config, prepared, challenger, champion)
    verdict = accept(trial.by_month, config.acceptance)
    if challenger.model.card.kind in {"rule", "scorecard"}:
        # A simple ranking need not beat itself; it stands for the advice to use it.
        verdict = Verdict(accepted=True, advice=verdict.advice, reasons=verdict.reasons)
    if champion is not None:
        lead = trial.lead(CHAMPION_ID, "late_amount_caught")
        against = may_replace(lead, config.acceptance)
        verdict = Verdict(
            accepted=verdict.accepted and against.accepted,
            advice=verdict.advice if against.accepted else against.advice,
            reasons=verdict.reasons + against.reasons,
        )
    made = Promotion(
        challenger=challenger,
        champion=champion,
        promoted=verdict.accepted or bool(forced),
        advice=verdict.advice,
        reasons=verdict.reasons,
        forced=forced,
        judged=trial.judged(),
    )
    _record(config, prepared, made)
    return made


def _is_champion_recalibrated(model: Model, champion: Registered) -> bool:
    return bool(
        model.card.about.get(RECALIBRATED) == champion.version
        and model.card.sha256 == champion.model.card.sha256
    )


def _by_its_months(challenger: Registered, champion: Registered) -> Promotion:
    """Accept the champion with its level moved: it ranks alike and is registered only if better."""
    about = challenger.model.card.about
    moved, months = about["recalibration_shift"], len(about["recalibration"])
    said = Text(
        zh=f"现用模型，只把对数几率整体移动{moved:+.3f}：账单排序不变，其后{months}个月的对数损失更低",
        en=f"the champion with its level moved by {moved:+.3f} in log-odds: the same order of"
        f" bills, and a lower log loss on {months} months that came after",
    )
    return Promotion(
        challenger=challenger,
        champion=champion,
        promoted=True,
        advice="challenger",
        reasons=(said,),
        forced="",
        judged=(),
    )


def _champion(config: Config, challenger: Registered) -> Registered | None:
    try:
        found = load(config.tracked, CHAMPION)
    except ConfigError:
        return None
    if found.version == challenger.version:
        raise ConfigError(
            f"model {config.tracked.model_name}: version {found.version} is the champion already."
            " Train another, or name one with --model."
        )
    return found


def _check(challenger: Registered, prepared: Prepared) -> None:
    about = challenger.model.card.about
    if about.get("data_fingerprint") != prepared.store.fingerprint:
        raise ConfigError(
            f"model version {challenger.version}: trained on other data than {prepared.data}."
            " Give the dataset it was trained on, or train again."
        )
    if about.get("as_of") != prepared.as_of.isoformat():
        raise ConfigError(
            f"model version {challenger.version}: trained as of {about.get('as_of')}, not"
            f" {prepared.as_of}. Give --as-of {about.get('as_of')}, or train again."
        )


def _judge(
    config: Config, prepared: Prepared, challenger: Registered, champion: Registered | None
) -> Backtest:
    recipe = recipe_from(challenger.model, prepared)
    chosen = config.model_copy(
        update={"parameters": recipe.parameters, "snapshots": recipe.snapshots}
    )
    prepared = learning_from(chosen, prepared)
    months = recipe.snapshots.test_months
    matrix = build_past(chosen, prepared, months=months)
    days = held_out(chosen, prepared)
    judges = judges_of(chosen, prepared, matrix, days)
    with step(f"Judge on the last {months} months"):
        others = {}
        if champion is not None:
            others[CHAMPION_ID] = _as_it_stood(champion.model, prepared, days[0], judges)
        fold = run_fold(judges, days, recipe, others=others)
    return Backtest(folds=(fold,), capacity=config.bands.call.value, seed=recipe.parameters.seed)


def recipe_from(model: Model, prepared: Prepared) -> Recipe:
    """Return how a model was made, from its card.

    Raises:
        DataError: The data lack a feature that it was made with.
    """
    told = model.card.about["recipe"]
    given = {feature.name: feature for feature in prepared.features_of(told["target"]["name"])}
    lacking = [name for name in told["features"] if name not in given]
    if lacking:
        raise DataError(
            f"model: its recipe has {len(lacking)} features that these data do not give (first:"
            f" {lacking[0]}). Bring the columns they come from, or train on these data."
        )
    return Recipe.from_dict(told, features=given)


def _as_it_stood(model: Model, prepared: Prepared, first: date, judges: Any) -> Model:
    if date.fromisoformat(model.card.about["as_of"]) <= first:
        return model
    return train(
        judges.matrix, judges.known_at(first), cut=first, recipe=recipe_from(model, prepared)
    ).model


def _record(config: Config, prepared: Prepared, made: Promotion) -> None:
    tags = {
        "verdict": "promoted" if made.promoted else "kept back",
        "reasons": "; ".join(said.en for said in made.reasons),
        "advice": made.advice,
        "forced": made.forced,
    }
    keep = crown if made.promoted else note
    with step("Record the verdict in MLflow"):
        log_run(
            f"promote {made.challenger.version}",
            Evidence(
                parameters={
                    "challenger": made.challenger.version,
                    "champion": made.champion.version if made.champion else "",
                },
                metrics=metrics_of(made.judged),
                tags={**tags, TOUCHED: stretch(config, prepared)},
            ),
            config.tracked,
        )
        keep(made.challenger, tags, config.tracked)
    place = config.outputs / "promotions" / f"{config.tracked.model_name}-{made.challenger.version}"
    write_json(place.with_suffix(".json"), made.as_dict() | {"as_of": prepared.as_of.isoformat()})
