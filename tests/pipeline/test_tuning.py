"""A search can be stopped, resumed and shared out, and its verdict rests on months it never saw."""

import json
import pickle
from types import SimpleNamespace

import numpy as np
import optuna  # noqa: TID251 - trials are read back as Optuna keeps them
import pandas as pd
import pytest
import yaml
from typer.testing import CliRunner

import pipeline.tuning
from contract.errors import ConfigError, DataError
from models.backtest import Backtest
from models.judging import MODEL
from models.metrics import Ranking
from models.parameters import Parameters
from models.search import Tuning, defaults
from models.snapshots import Snapshots
from models.train import gather, train_on
from pipeline.cli import app
from pipeline.config import Config, parse_config
from pipeline.mlflow_door import Tracking, open_mlflow
from pipeline.preparing import prepare
from pipeline.searching import _BelowMedian, importance_of, run_search
from pipeline.training import build_past, held_out, judges_of, recipe_of
from pipeline.tuning import compare, months_of, search_of, tune
from pipeline.tuning_report import DEFAULT, FIGURE, FRAGMENT, RESULT


@pytest.fixture(scope="module")
def place(town, tmp_path_factory):
    """The town seen once a month, and its matrix, built once for all searches."""
    config = town.config.model_copy(
        update={
            "buckets": 1,
            "snapshots": Snapshots(days_of_month=(6,), learn_months=4, test_months=2),
            "parameters": Parameters(rounds=15, min_data_in_leaf=20, patience=5),
            "tuning": Tuning(trials=3, origins=2, fresh_months=1),
            "outputs": tmp_path_factory.mktemp("outputs"),
        }
    )
    prepared = prepare(config)
    matrix = build_past(config, prepared, months=5, skip=2)
    asked = []

    def built(*_, **parts):
        asked.append(parts)
        return matrix

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipeline.tuning, "build_past", built)
        yield SimpleNamespace(
            config=config,
            prepared=prepared,
            matrix=matrix,
            judges=judges_of(config, prepared, matrix),
            months=months_of(config, prepared),
        )
    assert all(parts == {"months": 5, "skip": 2} for parts in asked)


@pytest.fixture
def config(place, tmp_path) -> Config:
    """The town's settings with runs and studies of this test's own."""
    return place.config.model_copy(update={"tracking": Tracking(folder=tmp_path / "mlruns")})


def run(config, place, trials, *, workers=1):
    search = search_of(config, place.prepared, place.months)
    return run_search(search, place.judges, trials=trials, workers=workers)


def test_nothing_of_the_months_held_out_is_built(place):
    first = pd.Timestamp(held_out(place.config, place.prepared)[0])
    assert place.matrix["as_of"].max() < first
    days = [*place.months.searched, *place.months.fresh]
    assert days == sorted(set(days))
    assert pd.Timestamp(place.months.fresh[-1]) == place.matrix["as_of"].max()
    assert len(days) == 3


def test_a_trial_fits_the_model_that_production_trains(place):
    recipe, day = recipe_of(place.config, place.prepared), place.months.searched[0]
    known = place.judges.known_at(day)
    gathered = gather(place.judges.matrix, known, cut=day, recipe=recipe)
    gathered.rows.keep_bins(recipe.parameters)
    for changes in ({"num_leaves": 5, "lambda_l2": 0.2}, {}):
        changed = recipe.changed(**changes)
        made = place.judges.train(place.judges.matrix, known, cut=day, recipe=changed)
        assert train_on(gathered, changed).model.to_files() == made.model.to_files()


def test_default_is_first_and_judged_as_a_backtest_judges(config, place):
    first = run(config, place, 1)[0]
    recipe = search_of(config, place.prepared, place.months).recipe
    assert first.changes == defaults(recipe.parameters)
    rolling = compare(config, place.judges, place.months.searched, (recipe, recipe))
    months = rolling.by_month[rolling.by_month["ranking"] == MODEL][FIGURE]
    assert first.caught == pytest.approx(months.tolist(), abs=1e-12)
    lead = rolling.lead(DEFAULT, FIGURE, draws=20)
    assert (lead.value, lead.low, lead.high) == (0, 0, 0)


def test_an_interrupted_search_ends_as_one_that_was_not(config, place, tmp_path):
    begun = run(config, place, 2)
    resumed = run(config, place, 3)
    assert resumed[:2] == begun
    elsewhere = config.model_copy(update={"tracking": Tracking(folder=tmp_path / "other")})
    assert run(elsewhere, place, 3) == resumed
    points = {json.dumps(one.changes, sort_keys=True) for one in resumed}
    assert len(points) == 3
    assert run(config, place, 1) == resumed  # nothing to add


def test_a_trial_whose_process_died_is_made_again(config, place):
    whole = run(config, place, 2)
    search = search_of(config, place.prepared, place.months)
    killed = optuna.load_study(study_name=search.study, storage=search.url)
    killed.ask()
    done = run(config, place, 3)
    assert done[:2] == whole
    assert [one.number for one in done] == [0, 1, 3]
    states = [trial.state.name for trial in killed.get_trials()]
    assert states == ["COMPLETE", "COMPLETE", "FAIL", "COMPLETE"]


def test_a_default_that_was_killed_is_made_again(config, place):
    search = search_of(config, place.prepared, place.months)
    optuna.create_study(study_name=search.study, storage=search.url, direction="maximize").ask()
    done = run(config, place, 2)
    assert search.of_default(done).number == 1
    assert [one.number for one in done] == [1, 2]


@pytest.mark.slow  # two workers share a study in PostgreSQL below, too
def test_two_workers_give_as_many_trials_from_the_same_rows(config, place):
    done = run(config, place, 3, workers=2)
    assert len(done) == 3
    alone = search_of(config, place.prepared, place.months)
    again = run_search(
        alone.__class__(**{**vars(alone), "study": "again"}), place.judges, trials=1, workers=1
    )
    assert alone.of_default(done).caught == again[0].caught


def test_a_study_never_mixes_data_recipes_or_measures(config, place):
    def name(**tuning_or_parts):
        tuning = config.tuning.model_copy(update=tuning_or_parts.pop("tuning", {}))
        changed = config.model_copy(update={"tuning": tuning, **tuning_or_parts})
        return search_of(changed, place.prepared, months_of(changed, place.prepared)).study

    usual = name()
    assert usual.startswith(f"late-{place.prepared.store.fingerprint[:12]}-")
    for changes in ({"trials": 9}, {"workers": 2}, {"least_gain": 0.1}):
        assert name(tuning=changes) == usual
    threads = config.parameters.model_copy(update={"threads": 1})
    assert name(parameters=threads) == usual
    others = [
        name(tuning={"origins": 1}),
        name(tuning={"fresh_months": 2}),
        name(tuning={"seed": 1}),
        name(parameters=config.parameters.model_copy(update={"max_bin": 31})),
        name(snapshots=config.snapshots.model_copy(update={"learn_months": 3})),
        name(bands=config.bands.model_copy(update={"call": config.bands.message})),
    ]
    assert len({usual, *others}) == 7


@pytest.fixture(scope="module")
def tuned(place, tmp_path_factory):
    tracking = Tracking(folder=tmp_path_factory.mktemp("mlruns"))
    config = place.config.model_copy(update={"tracking": tracking})
    return SimpleNamespace(config=config, made=tune(config, place.prepared, trials=4))


def test_tune_writes_what_can_be_pasted(tuned):
    tuned = tuned.made
    names = {path.name for path in tuned.folder.iterdir()}
    assert {RESULT, FRAGMENT, "trials.csv", "history.png", "importance.png"} <= names
    facts = json.loads((tuned.folder / RESULT).read_text("utf-8"))
    assert facts["reason"] in tuned.report.text()
    assert facts["decision"] in {"best", "default"}
    pasted = parse_config(yaml.safe_load((tuned.folder / FRAGMENT).read_text("utf-8")), source="x")
    assert pasted.parameters == tuned.report.parameters
    assert importance_of(tuned.report.search) == facts["importance"]


def test_every_trial_is_logged_once_in_the_run_of_its_study(tuned, place):
    config, run_id = tuned.config, tuned.made.run_id
    assert trial_names(config, run_id) == [f"trial {n}" for n in range(4)]
    more = tune(config, place.prepared, trials=5)
    assert more.run_id == run_id
    assert trial_names(config, run_id) == [f"trial {n}" for n in range(5)]
    assert len(pd.read_csv(more.folder / "trials.csv")) == 5
    with open_mlflow(config.tracked) as mlflow:
        assert mlflow.MlflowClient().get_run(run_id).data.metrics["trials"] == 5


def trial_names(config, run_id) -> list[str]:
    with open_mlflow(config.tracked) as mlflow:
        client = mlflow.MlflowClient()
        experiment = client.get_run(run_id).info.experiment_id
        found = client.search_runs([experiment], f"tags.`mlflow.parentRunId` = '{run_id}'")
        return sorted(one.info.run_name for one in found)


def test_verdict_rests_on_a_paired_interval_of_fresh_months(tuned, place):
    report = tuned.made.report
    if report.fresh is None:
        assert report.best == report.default
        return
    assert [day[:7] for day in report.fresh.as_dict()["months"]] == [
        day.isoformat()[:7] for day in place.months.fresh
    ]
    by_hand = [caught(report.fresh.stretch, id_) for id_ in (MODEL, DEFAULT)]
    assert report.fresh.lead.value == pytest.approx(by_hand[0] - by_hand[1])
    assert (report.decision == "best") is (
        report.fresh.lead.low > 0 and report.fresh.lead.value >= 0.005
    )


def caught(stretch: Backtest, id_: str) -> float:
    """The mean share over days, from the ranked rows themselves."""
    shares = []
    for _, day in stretch.lists:
        listed = Ranking(day.rows.late, day.ranked(id_).order, day.rows.matrix["open_cny"])
        shares.append(listed.late_amount_caught(capacity=stretch.capacity))
    return float(np.mean(shares))


@pytest.mark.usefixtures("place")
def test_command_tunes_and_says_so_in_one_line(config, tmp_path):
    path = tmp_path / "run.yaml"
    values = config.model_dump(mode="json", exclude_defaults=True)
    path.write_text(yaml.safe_dump(values), "utf-8")
    ended = CliRunner().invoke(app, ["tune", "--config", str(path), "--trials", "1", "--json"])
    assert ended.exit_code == 0, ended.output
    facts = json.loads(ended.stdout.splitlines()[-1])
    assert facts["decision"] == "default"
    assert "Keep the default: no trial was worth more." in ended.stdout
    assert facts["held_out"].startswith("late 2")


def test_only_trees_are_tuned(config, place):
    card = config.model_copy(
        update={"parameters": config.parameters.model_copy(update={"kind": "scorecard"})}
    )
    with pytest.raises(ConfigError, match="scorecard; only trees are tuned"):
        tune(card, place.prepared)
    with pytest.raises(ConfigError, match=r"tuning\.trials is 0"):
        tune(config, place.prepared, trials=0)


def test_a_database_that_cannot_be_reached_is_named(config, place):
    tuning = config.tuning.model_copy(update={"storage": "postgresql://me@127.0.0.1:1/none"})
    with pytest.raises(ConfigError, match=r"tuning\.storage: .* cannot be used .* Start the data"):
        run(config.model_copy(update={"tuning": tuning}), place, 1)


def test_an_origin_without_late_bills_is_named(config, place):
    dull = place.judges.known_at(place.prepared.as_of).assign(cleared_on=pd.Timestamp("2020-01-01"))
    known = {place.prepared.as_of: dull}

    def known_at(day):
        return known.get(day, place.judges.known_at(day))

    calm = SimpleNamespace(matrix=place.matrix, known_at=known_at, cut=place.prepared.as_of)
    search = search_of(config, place.prepared, place.months)
    with pytest.raises(DataError, match=r"turned out late, so no list .* tuning\.origins") as error:
        run_search(search, calm, trials=1, workers=1)
    again = pickle.loads(pickle.dumps(error.value))  # noqa: S301 - as it comes out of a worker
    assert str(again) == str(error.value)


def test_a_trial_below_the_median_so_far_is_cut_short_from_the_second_origin():
    study = optuna.create_study(direction="maximize", pruner=_BelowMedian())

    def ask(*means):
        trial = study.ask()
        pruned = []
        for step, mean in enumerate(means, start=1):
            trial.report(mean, step)
            pruned.append(trial.should_prune())
        study.tell(trial, means[-1])
        return pruned

    for level in (0.50, 0.51, 0.52, 0.53):
        assert ask(level + 0.2, level) == [False, False]
    assert ask(0.10, 0.10) == [False, False]  # five must be whole first
    # The first month is easier: it must not hide that the second is poor.
    assert ask(0.90, 0.50) == [False, True]
    assert ask(0.10, 0.52) == [False, False]


@pytest.mark.postgres
def test_a_study_in_postgresql_is_resumed_by_two_workers(config, place, postgres):
    tuning = config.tuning.model_copy(update={"storage": postgres("study")})
    there = config.model_copy(update={"tuning": tuning})
    begun = run(there, place, 2)
    assert begun == run(config, place, 2)  # the same as in SQLite
    done = run(there, place, 4, workers=2)
    assert done[:2] == begun
    assert len(done) == 4
    assert "postgresql+psycopg" not in search_of(there, place.prepared, place.months).url
