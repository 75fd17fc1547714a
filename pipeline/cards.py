"""Gather the facts of a model card from a training, and of a validation report from a backtest."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from models import plots
from models.acceptance import Verdict, accept
from models.backtest import Backtest
from models.judging import MODEL
from models.origins import Day
from models.predictor import Model
from models.probability import calibration_by_group
from models.shap_plots import (
    explain_sample,
    pick_rows,
    shap_dependence,
    shap_summary,
    shap_waterfall,
)
from models.train import Recipe, Trained
from pipeline.code_version import git_commit
from pipeline.config import Config
from pipeline.preparing import Prepared
from pipeline.retelling import hold_reasons
from pipeline.tracking import Registered
from reports.card_facts import CardFacts, Checked, DataFacts, Stretch
from reports.model_card import render_card
from reports.plots.slide import to_png

MODEL_CARD, VALIDATION_REPORT = "model_card.html", "validation_report.html"
# Resamples behind the page's intervals: their ends move by a tenth of their width.
_DRAWS = 100
# Of pictures that stand in a page and in MLflow.
DPI = 110
_HEADLINES = ("late_amount_caught", "auc", "clean_auc")


@dataclass(frozen=True, kw_only=True)
class Proof:
    """What is known when a page is written, whichever of the two it is.

    Attributes:
        recipe: How the model, or each of a backtest's, is made.
        trained: The model told of; of a backtest, the newest.
        cut: The day as of which it was trained.
        attrition: One column a training.
        trials: Months judged, by ``rolling`` and ``held_out``, the headline first.
        touched: How many runs had looked at the months held out before this one.
        figures: Every picture drawn, as PNG by file name.
    """

    recipe: Recipe
    trained: Trained
    cut: date
    attrition: pd.DataFrame
    trials: Mapping[Any, Backtest]
    touched: int | None
    verdict: Verdict
    figures: Mapping[str, bytes]


def gather(config: Config, prepared: Prepared, proof: Proof, *, digest: str = "") -> CardFacts:
    """Return the facts of a page: of one model with its digest, or of a recipe without."""
    model = proof.trained.model
    return CardFacts(
        page="card" if digest else "report",
        identity={
            "model": config.tracked.model_name,
            "kind": model.card.kind,
            "as_of": prepared.as_of.isoformat(),
            "digest": digest,
            "fingerprint": prepared.store.fingerprint,
            "commit": git_commit(),
            "versions": ", ".join(f"{k} {v}" for k, v in model.card.versions.items()),
        },
        as_of=prepared.as_of,
        target=proof.recipe.target,
        snapshots=proof.recipe.snapshots,
        parameters=proof.recipe.parameters,
        acceptance=config.acceptance,
        capacity=config.bands.call.value,
        data=_data(prepared, proof),
        features=proof.recipe.features,
        importance=proof.trained.report.importance,
        calibration=model.calibration.kind,
        calibrations=proof.trained.report.calibrations,
        rule_for_new=model.card.cold_start is not None,
        stretches=tuple(
            _stretch(id_, trial, proof.touched if id_ == "held_out" else None)
            for id_, trial in proof.trials.items()
        ),
        stability=hold_reasons(config, prepared, model, _newest(proof)),
        verdict=proof.verdict,
        figures={name.removesuffix(".png"): drawn for name, drawn in proof.figures.items()},
        commands=(),
    )


def card_facts(
    config: Config,
    prepared: Prepared,
    *,
    recipe: Recipe,
    trained: Trained,
    trial: Backtest,
    touched: int,
    figures: Mapping[str, bytes],
) -> CardFacts:
    """Return the facts of a trained model that is not registered yet."""
    proof = Proof(
        recipe=recipe,
        trained=trained,
        cut=prepared.as_of,
        attrition=_attrition({prepared.as_of.isoformat(): trained}),
        trials={"held_out": trial},
        touched=touched,
        verdict=accept(trial.by_month, config.acceptance),
        figures=figures,
    )
    return gather(config, prepared, proof, digest=trained.model.sha256)


def render_registered(facts: CardFacts, registered: Registered) -> str:
    """Return the card with version and run, which are known once the model is registered."""
    told = {"version": registered.version, "run": registered.run_id}
    commands = (f"duewatch train --from-run {registered.run_id} --data DATASET",)
    return render_card(replace(facts, identity=dict(facts.identity) | told, commands=commands))


def render_report(
    config: Config,
    prepared: Prepared,
    *,
    recipe: Recipe,
    rolling: Backtest,
    final: Backtest | None,
    touched: int | None,
    verdict: Verdict,
    figures: Mapping[str, bytes],
) -> str:
    """Return the validation report of a backtest; the model told of is the newest origin's."""
    newest = rolling.folds[-1]
    proof = Proof(
        recipe=recipe,
        trained=newest.trained[MODEL],
        cut=newest.origin,
        attrition=_attrition(
            {fold.origin.isoformat(): fold.trained[MODEL] for fold in rolling.folds}
        ),
        trials={"rolling": rolling} | ({} if final is None else {"held_out": final}),
        touched=touched,
        verdict=verdict,
        figures=figures,
    )
    facts = gather(config, prepared, proof)
    again = f"duewatch backtest --data DATASET --as-of {prepared.as_of}"
    asked = f" --target {config.target.name}{' --final' if final else ''} --config CONFIG"
    return render_card(replace(facts, commands=(again + asked,)))


def explaining_figures(model: Model, trial: Backtest) -> dict[str, bytes]:
    """Return shap's pictures of the months judged as PNG, by file name; none of a rule."""
    if model.card.kind == "rule":
        return {}
    rows = pd.concat([day.rows.matrix for _, day in trial.lists], ignore_index=True)
    sample = explain_sample(model, rows)
    drawn = {
        "shap_summary.png": shap_summary(sample),
        "shap_dependence.png": shap_dependence(sample),
        **{
            f"shap_{kind}.png": shap_waterfall(sample, row)
            for kind, row in pick_rows(model, sample).items()
        },
    }
    return {name: to_png(figure, DPI) for name, figure in drawn.items()}


def proving_figures(config: Config, trial: Backtest) -> dict[str, bytes]:
    """Return the pictures of what a trial found as PNG, by file name."""
    late, p, amount, orders = trial.pooled()
    share = config.bands.call.size(len(late)) / len(late)
    drawn = {
        "months.png": plots.months_plot(trial.by_month),
        "calibration.png": plots.calibration_plot(late, p),
        "gains.png": plots.gains_plot(late, orders, amount=amount, capacity=share),
    }
    return {name: to_png(figure, DPI) for name, figure in drawn.items()}


def _newest(proof: Proof) -> Day:
    return list(proof.trials.values())[-1].lists[-1][1]


def _data(prepared: Prepared, proof: Proof) -> DataFacts:
    days = proof.recipe.snapshots.before(proof.cut, proof.recipe.snapshots.learn_months)
    return DataFacts(
        rows=int(proof.attrition.iloc[:, -1].sum()),
        customers=len(proof.trained.customers),
        days=(days[0], days[-1]),
        parts=proof.trained.report.parts,
        absent=prepared.absent,
        checks=tuple(
            Checked(
                subject=f"{one.table}.{one.column}" if one.column else one.table,
                rule=one.rule,
                count=one.count,
                total=one.total,
            )
            for one in prepared.checks.warnings
        ),
        attrition=proof.attrition,
    )


def _attrition(trainings: Mapping[str, Trained]) -> pd.DataFrame:
    """Return a column a training; rows of later days were never there to be left out."""
    found = pd.DataFrame({day: trained.attrition for day, trained in trainings.items()})
    return found.drop(index="seen_at_or_after_cut")


def _stretch(id_: Any, trial: Backtest, touched: int | None) -> Stretch:
    return Stretch(
        id=id_,
        months=tuple(f"{day.as_of:%Y-%m}" for _, day in trial.lists),
        looked=touched,
        judged=trial.judged(),
        summary=trial.summary(draws=_DRAWS, figures=_HEADLINES),
        by_month=trial.by_month,
        by_slice=trial.by_slice(),
        by_group=_by_group(trial),
    )


def _by_group(trial: Backtest) -> pd.DataFrame:
    """Return told and seen by month and, where bills have one, by segment."""
    days = [day for _, day in trial.lists]
    late = np.concatenate([day.rows.late for day in days])
    p = np.concatenate([day.ranked(MODEL).score for day in days])
    customers = np.concatenate([day.rows.matrix["customer_id"] for day in days])
    groups = {"month": np.concatenate([[f"{d.as_of:%Y-%m}"] * len(d.rows.late) for d in days])}
    if all("segment" in day.rows.matrix for day in days):
        groups["segment"] = np.concatenate([day.rows.matrix["segment"] for day in days])
    told = [
        calibration_by_group(late, p, group, customers, trial.seed, draws=_DRAWS).assign(of=name)
        for name, group in groups.items()
    ]
    return pd.concat(told, ignore_index=True)
