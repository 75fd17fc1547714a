"""Train a model on a dataset, prove it on months held out, and register it with its evidence."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from typing import Any

import pandas as pd

from contract.errors import DataError
from features import build, build_prepaid
from features.open_bills import traits
from models.backtest import Backtest
from models.judging import Judged
from models.origins import Judges, run_fold
from models.target import known_outcomes
from models.train import Recipe, Trained, train
from pipeline.cards import (
    MODEL_CARD,
    card_facts,
    explaining_figures,
    proving_figures,
    render_registered,
)
from pipeline.config import Config, parse_config
from pipeline.gates.reference import with_profiles
from pipeline.preparing import Prepared, learning_from, prepare
from pipeline.progress import step
from pipeline.tracking import Registered, count_touches, keep_text, read_text, register
from pipeline.training_evidence import CONFIG_FILE, as_json, training_evidence

EXAMPLE_ROWS = 5


@dataclass(frozen=True, kw_only=True)
class Training:
    """A registered model and how its like did on the months held out.

    Attributes:
        trial: The held-out months, judged by a model trained before them.
        touched: How many runs had looked at these months before.
    """

    registered: Registered
    trained: Trained
    trial: Backtest
    touched: int

    @property
    def judged(self) -> tuple[Judged, ...]:
        """The model first, then the scorecard and every simple rule, on the same rows."""
        return self.trial.judged()

    def as_dict(self) -> dict[str, Any]:
        """Return what a machine needs to know of it."""
        return {
            "model_version": self.registered.version,
            "mlflow_run": self.registered.run_id,
            "kind": self.registered.model.card.kind,
            "model_sha256": self.registered.model.sha256,
            "trees": self.trained.report.best_iteration,
            "attrition": {k: int(v) for k, v in self.trained.attrition.items()},
            "out_of_time_touched_before": self.touched,
            "judged": as_json(self.judged),
        }


def train_model(config: Config, prepared: Prepared) -> Training:
    """Train, prove and register a model as of the prepared day; the registry has a challenger then.

    A twin is trained as of the first held-out day and judged on the held-out months; the model
    that is registered is trained by the same function as of the prepared day.

    Raises:
        DataError: No past day shows an open bill, or too few labels are mature.
    """
    prepared = learning_from(config, prepared)
    recipe = recipe_of(config, prepared)
    matrix = build_past(config, prepared, months=recipe.snapshots.test_months)
    with step(f"Train without the last {config.snapshots.test_months} months and judge on them"):
        trial = hold_out(config, prepared, matrix)
    with step("Train on all months"):
        trained = train_today(config, prepared, matrix, judged=as_json(trial.judged()))
    with step("Draw plots and gather the model card"):
        touched = count_touches(stretch(config, prepared), config.tracked)
        figures = proving_figures(config, trial) | explaining_figures(trained.model, trial)
        facts = card_facts(
            config,
            prepared,
            recipe=recipe,
            trained=trained,
            trial=trial,
            touched=touched,
            figures=figures,
        )
    with step("Log to MLflow and register"):
        evidence = training_evidence(
            config,
            prepared,
            trained,
            trial,
            figures=figures,
            touched=stretch(config, prepared),
        )
        rows = trial.lists[0][1].rows.matrix.head(EXAMPLE_ROWS)
        example = pd.DataFrame(trained.model.encode(rows), columns=trained.model.card.features)
        registered = register(trained.model, example, evidence, config.tracked)
        card = render_registered(facts, registered)
        keep_text(registered.run_id, MODEL_CARD, card, config.tracked)
    return Training(registered=registered, trained=trained, trial=trial, touched=touched)


def repeat_training(config: Config, run_id: str) -> Trained:
    """Train once more what a run trained, from its own settings, and demand the same model.

    Args:
        config: Where runs are tracked; its data and stores folders are used.

    Raises:
        ConfigError: There is no such run.
        DataError: The data are others, or the model comes out different.
    """
    told = json.loads(read_text(run_id, CONFIG_FILE, config.tracked))
    again = parse_config(told["config"], source=f"run {run_id}")
    again = again.model_copy(update={"data": config.data, "stores": config.stores})
    prepared = prepare(again)
    if prepared.store.fingerprint != told["data_fingerprint"]:
        raise DataError(
            f"{config.data}: not the data of run {run_id} (fingerprint"
            f" {prepared.store.fingerprint[:12]}, expected {told['data_fingerprint'][:12]})."
            " Give --data with the dataset of that run."
        )
    prepared = learning_from(again, prepared)
    matrix = build_past(again, prepared, months=again.snapshots.test_months)
    with step("Train on all months"):
        trained = train_today(again, prepared, matrix)
    if trained.model.sha256 != told["model_sha256"]:
        raise DataError(
            f"run {run_id}: trained again, the model is another one (digest"
            f" {trained.model.sha256[:12]}, expected {told['model_sha256'][:12]}). The run was made"
            f" by commit {told['git_commit'] or 'unknown'} with {_versions(told['versions'])}."
        )
    return trained


def recipe_of(config: Config, prepared: Prepared) -> Recipe:
    """Return how the config's model is made on these data."""
    return Recipe(
        target=config.target,
        features=prepared.features_of(config.target.name),
        snapshots=config.snapshots,
        parameters=config.parameters,
    )


def build_past(config: Config, prepared: Prepared, *, months: int, skip: int = 0) -> pd.DataFrame:
    """Build the matrix of the days of so many months, and of those learned from before them.

    Args:
        skip: Newest of these months that nobody is to look at.

    Raises:
        DataError: No bill was open, or no prepaid customer known, on any of them.
    """
    months += config.target.immature_months - skip
    days = config.snapshots.before(
        prepared.as_of, config.snapshots.learn_months + months, skip=skip
    )
    with step(f"Build features on {len(days)} past days") as report:
        if config.target.is_of_bills:
            matrix = build(prepared.store, days, features=prepared.features, progress=report)
        else:
            matrix = build_prepaid(prepared.store, days, progress=report)
    if matrix.empty:
        what = "bill was open" if config.target.is_of_bills else "prepaid customer was known"
        raise DataError(
            f"{config.data}: no {what} on any of {len(days)} past days from {days[0]} to"
            f" {days[-1]}. Give more history, or an as_of after it."
        )
    return matrix


def judges_of(
    config: Config, prepared: Prepared, matrix: pd.DataFrame, days: Sequence[date] = ()
) -> Judges:
    """Return what past days of these data are judged by, up to the prepared day.

    Args:
        days: Those whose slices by attributes that are no features are wanted.
    """

    @lru_cache(maxsize=2)
    def known_at(cut: date) -> pd.DataFrame:
        return known_outcomes(prepared.store, cut, config.target)

    return Judges(
        matrix=matrix,
        known_at=known_at,
        cut=prepared.as_of,
        traits=traits(prepared.store, days) if days and config.target.is_of_bills else None,
    )


def hold_out(config: Config, prepared: Prepared, matrix: pd.DataFrame) -> Backtest:
    """Train a twin without the newest months and judge it on them.

    Raises:
        DataError: No label of one of the months held out is mature.
    """
    days = held_out(config, prepared)
    fold = run_fold(judges_of(config, prepared, matrix, days), days, recipe_of(config, prepared))
    return Backtest(folds=(fold,), capacity=config.bands.call.value, seed=config.parameters.seed)


def train_today(
    config: Config,
    prepared: Prepared,
    matrix: pd.DataFrame,
    *,
    judged: list[dict[str, Any]] | None = None,
) -> Trained:
    """Train as of the prepared day; ``judged`` is kept with the model, for the lists it makes."""
    recipe = recipe_of(config, prepared)
    trained = train(
        matrix,
        known_outcomes(prepared.store, prepared.as_of, config.target),
        cut=prepared.as_of,
        recipe=recipe,
        about={
            "as_of": prepared.as_of.isoformat(),
            "data_fingerprint": prepared.store.fingerprint,
            "recipe": recipe.as_dict(),
            "judged": judged or [],
        },
    )
    return replace(trained, model=with_profiles(trained.model, config, prepared, matrix))


def held_out(config: Config, prepared: Prepared) -> tuple[date, ...]:
    """Return the days of the months held out: the newest whose labels are mature."""
    return config.snapshots.before(
        prepared.as_of, config.snapshots.test_months, skip=config.target.immature_months
    )


def stretch(config: Config, prepared: Prepared) -> str:
    """Name the months held out, for the record of who looked at them."""
    days = held_out(config, prepared)
    months = f"{days[0]:%Y-%m} to {days[-1]:%Y-%m}"
    return f"{config.target.name} {months} of {prepared.store.fingerprint[:12]}"


def _versions(versions: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {version}" for name, version in versions.items())
