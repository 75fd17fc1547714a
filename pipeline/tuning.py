"""Search for parameters, and show what the search bought on months that it has not seen.

The months from old to new: those learned from, those searched on, fresh ones on which the best
trial and the default are held against each other, and the months held out, which nothing here
builds or reads.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from contract.errors import ConfigError
from models.backtest import Backtest
from models.origins import Judges, run_fold
from models.search import Tried, best_of, decide, space
from models.train import Recipe
from pipeline.code_version import git_commit
from pipeline.config import Config, override
from pipeline.preparing import Prepared, learning_from
from pipeline.progress import step
from pipeline.searching import importance_of, run_search
from pipeline.sharing import Search
from pipeline.study_runs import StudyRun, study_run
from pipeline.training import build_past, judges_of, recipe_of, stretch
from pipeline.tuning_report import DEFAULT, Compared, TuningReport, evidence, write_report

STUDIES = "studies.db"


@dataclass(frozen=True, kw_only=True)
class Tuned:
    """A finished search.

    Attributes:
        folder: Its tables, plots, ``tuning.json`` and ``parameters.yaml``.
        run_id: Of MLflow.
    """

    folder: Path
    report: TuningReport
    run_id: str

    def as_dict(self) -> dict[str, Any]:
        """Return what a machine needs to know of it."""
        return self.report.as_dict() | {"output": str(self.folder), "mlflow_run": self.run_id}


@dataclass(frozen=True, kw_only=True)
class Months:
    """The planning days that a search judges on, a tuple a month.

    Attributes:
        searched: Those that trials see.
        fresh: Those kept from the search, between it and the months held out.
    """

    searched: tuple[date, ...]
    fresh: tuple[date, ...]


def tune(
    config: Config,
    prepared: Prepared,
    *,
    trials: int | None = None,
    workers: int | None = None,
    storage: str | None = None,
) -> Tuned:
    """Bring a study to so many trials, and hold its best against the default parameters.

    Args:
        trials: In place of ``tuning.trials``; likewise the others.

    Raises:
        ConfigError: A setting is wrong, or the study's database cannot be reached.
        DataError: The data are too short, or a month has nothing to learn from or judge on.
    """
    given = {"tuning.trials": trials, "tuning.workers": workers, "tuning.storage": storage}
    config = override(config, {path: one for path, one in given.items() if one is not None})
    if config.parameters.kind != "trees":
        raise ConfigError(
            f"parameters.kind is {config.parameters.kind}; only trees are tuned. Leave it out, or"
            " set it to trees."
        )
    prepared = learning_from(config, prepared)
    months = months_of(config, prepared)
    held_out = config.snapshots.test_months
    matrix = build_past(
        config,
        prepared,
        months=held_out + config.tuning.origins + config.tuning.fresh_months,
        skip=held_out + config.target.immature_months,
    )
    judges = judges_of(config, prepared, matrix)
    search = search_of(config, prepared, months)
    with study_run(search.study, config.tracked) as run:
        tried = _search(config, search, judges, run)
        report = _report(config, prepared, search=search, judges=judges, tried=tried)
        folder = write_report(report, config.outputs)
        run.finish(evidence(report))
    return Tuned(folder=folder, report=report, run_id=run.run_id)


def months_of(config: Config, prepared: Prepared) -> Months:
    """Return the planning days of the months searched on and of the fresh ones."""
    settings, snapshots = config.tuning, config.snapshots
    months = snapshots.months(
        prepared.as_of,
        settings.origins + settings.fresh_months,
        skip=snapshots.test_months + config.target.immature_months,
    )
    days = tuple(month[0] for month in months)
    return Months(searched=days[: settings.origins], fresh=days[settings.origins :])


def search_of(config: Config, prepared: Prepared, months: Months) -> Search:
    """Return what is searched, named so that a study never mixes data, recipes or measures."""
    # One thread a trial, so that a trial's figures do not depend on how many workers there are.
    recipe = recipe_of(config, prepared).changed(threads=1)
    capacity = config.bands.call.value
    compared = {
        "recipe": recipe.as_dict(),
        "as_of": prepared.as_of.isoformat(),
        "origins": [day.isoformat() for day in months.searched],
        "capacity": capacity,
        "steadiness": config.tuning.steadiness.model_dump(),
        "space": space(recipe.parameters),
        "seed": config.tuning.seed,
    }
    digest = hashlib.sha256(json.dumps(compared, sort_keys=True).encode()).hexdigest()
    return Search(
        study=f"{config.target.name}-{prepared.store.fingerprint[:12]}-{digest[:12]}",
        url=config.tuning.storage or _beside_runs(config),
        recipe=recipe,
        origins=months.searched,
        cut=prepared.as_of,
        capacity=capacity,
        steadiness=config.tuning.steadiness,
        seed=config.tuning.seed,
    )


def _beside_runs(config: Config) -> str:
    config.tracking.folder.mkdir(parents=True, exist_ok=True)
    return f"sqlite:///{(config.tracking.folder / STUDIES).resolve()}"


def _search(config: Config, search: Search, judges: Judges, run: StudyRun) -> tuple[Tried, ...]:
    trials, finished = config.tuning.trials, 0
    with step(f"Search {trials} trials at {len(search.origins)} origins") as progress:

        def told(one: Tried) -> None:
            nonlocal finished
            finished += 1
            progress("trials", finished, trials)
            metrics = {
                f"caught.{day}": share
                for day, share in zip(search.origins, one.caught, strict=False)
            }
            worth = {} if one.value is None else {"worth": one.value}
            run.log_trial(f"trial {one.number}", one.changes, metrics | worth)

        return run_search(search, judges, trials=trials, workers=config.tuning.workers, told=told)


def _report(
    config: Config, prepared: Prepared, *, search: Search, judges: Judges, tried: tuple[Tried, ...]
) -> TuningReport:
    best, default = best_of(tried), search.of_default(tried)
    months, recipe = months_of(config, prepared), recipe_of(config, prepared)
    changed = recipe.changed(**best.changes)
    searched = fresh = None
    if best != default:
        with step("Hold the best trial against the default, also on months it has not seen"):
            searched = Compared.of(compare(config, judges, months.searched, (recipe, changed)))
            fresh = Compared.of(compare(config, judges, months.fresh, (recipe, changed)))
    decision, reason = decide(None if fresh is None else fresh.lead, config.tuning.least_gain)
    return TuningReport(
        search=search,
        facts=_facts(config, prepared, months),
        tried=tried,
        default=default,
        best=best,
        searched=searched,
        fresh=fresh,
        importance=importance_of(search),
        decision=decision,
        reason=reason,
        parameters=(changed if decision == "best" else recipe).parameters,
    )


def _facts(config: Config, prepared: Prepared, months: Months) -> dict[str, Any]:
    return {
        "as_of": prepared.as_of.isoformat(),
        "target": config.target.name,
        "data_fingerprint": prepared.store.fingerprint,
        "git_commit": git_commit(),
        "recipe": recipe_of(config, prepared).as_dict(),
        "capacity": config.bands.call.value,
        "settings": config.tuning.model_dump(mode="json", exclude={"storage", "workers"}),
        "searched_months": [day.isoformat() for day in months.searched],
        "fresh_months": [day.isoformat() for day in months.fresh],
        "held_out": stretch(config, prepared),
    }


def compare(
    config: Config, judges: Judges, days: Sequence[date], recipes: tuple[Recipe, Recipe]
) -> Backtest:
    """Judge two recipes on the same rows of each day: the second as model, the first beside it."""
    default, changed = recipes
    folds = []
    for day in days:
        known = judges.known_at(day)
        beside = judges.train(judges.matrix, known, cut=day, recipe=default).model
        folds.append(run_fold(judges, (day,), changed, others={DEFAULT: beside}, scorecard=False))
    return Backtest(
        folds=tuple(folds), capacity=config.bands.call.value, seed=default.parameters.seed
    )
