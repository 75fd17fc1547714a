"""Backtest, promotion and repetition on a small town, with a registry of their own."""

import json
from html import unescape
from types import SimpleNamespace

import pandas as pd
import pytest

import models.origins
import models.train
import pipeline.training
from contract.errors import ConfigError, DataError
from contract.simulator import simulate
from models.judging import MODEL
from pipeline.backtesting import RESULT, backtest
from pipeline.cards import VALIDATION_REPORT
from pipeline.mlflow_door import Tracking
from pipeline.preparing import prepare
from pipeline.promoting import promote
from pipeline.scorecards import write_scorecard
from pipeline.showing import show_backtest
from pipeline.tracking import count_touches, load
from pipeline.training import repeat_training, stretch, train_model


@pytest.fixture(scope="module")
def place(town, tmp_path_factory):
    """The town with a registry of its own, which its champion enters first."""
    tracking = Tracking(folder=tmp_path_factory.mktemp("mlruns"))
    config = town.config.model_copy(update={"tracking": tracking, "buckets": 1})
    prepared = prepare(config)
    training = train_model(config, prepared)
    first = promote(config, prepared, trial=training.trial, forced="somebody must be first")
    return SimpleNamespace(config=config, prepared=prepared, training=training, first=first)


@pytest.fixture(scope="module")
def tested(place):
    return backtest(place.config, place.prepared, final=True)


def test_every_origin_trains_by_the_function_that_production_calls():
    assert models.origins.Judges.__dataclass_fields__["train"].default is models.train.train
    assert pipeline.training.train is models.train.train


def test_backtest_writes_tables_plots_and_one_result(tested):
    names = {path.name for path in tested.folder.iterdir()}
    assert {
        RESULT,
        "summary.csv",
        "by_month.csv",
        "by_day.csv",
        "by_slice.csv",
        "attrition.csv",
        "out_of_time_summary.csv",
        "months.png",
        "calibration.png",
        "gains.png",
        VALIDATION_REPORT,
    } <= names
    report = (tested.folder / VALIDATION_REPORT).read_text("utf-8")
    for reason in tested.verdict.reasons:
        assert reason.zh in unescape(report)
        assert reason.en in unescape(report)
    assert "Rolling origins" in report
    assert f"{tested.touched} runs had looked" in report
    facts = json.loads((tested.folder / RESULT).read_text("utf-8"))
    assert len(facts["origins"]) == 2
    assert {one["id"] for one in facts["judged"]} >= {MODEL, "scorecard", "months_behind"}
    months = pd.read_csv(tested.folder / "by_month.csv")["as_of"].unique()
    assert len(months) == 2
    held = pd.read_csv(tested.folder / "out_of_time_by_slice.csv")
    assert {"urban_rural", "protected", "tariff", "history"} <= set(held["slice"])


def test_rolling_origins_end_before_the_months_held_out(tested, place):
    days = place.config.snapshots.before(place.prepared.as_of, place.config.snapshots.test_months)
    latest = max(day.as_of for fold in tested.rolling.folds for day in fold.tracked)
    assert latest < days[0]
    assert tested.final.folds[0].origin == days[0]


def test_looking_at_the_months_held_out_is_recorded(tested, place):
    assert tested.touched == 2  # training and the first promotion
    seen = count_touches(stretch(place.config, place.prepared), place.config.tracked)
    assert seen >= 3


def test_backtest_is_told_with_intervals_and_the_verdict(tested):
    text = show_backtest(tested.as_dict())
    assert "Months held out" in text
    assert "By the acceptance rule the model is" in text
    assert all(reason.en in text for reason in tested.verdict.reasons)


def test_a_second_model_of_the_same_recipe_may_replace_the_first(place):
    train_model(place.config, place.prepared)
    again = promote(place.config, place.prepared, forced="same recipe")
    assert again.champion.version == place.first.challenger.version
    figures = {one.id: one.figures for one in again.judged}
    assert figures[MODEL] == figures["champion"]  # the same recipe, trained before the same months
    assert any(
        "no less than the margin of 1.0% allows: +0.00% [+0.00%, +0.00%]" in said.en
        for said in again.reasons
    )
    assert load(place.config.tracked).version == again.challenger.version
    with pytest.raises(ConfigError, match="is the champion already"):
        promote(place.config, place.prepared)


def test_a_worse_challenger_is_kept_back_and_the_reason_is_recorded(place):
    config = place.config.model_copy(
        update={
            "parameters": place.config.parameters.model_copy(
                update={"kind": "rule", "rule": "random"}
            )
        }
    )
    champion = load(place.config.tracked).version
    train_model(config, place.prepared)
    made = promote(place.config, place.prepared)
    assert not made.promoted
    assert made.advice == "champion"
    assert load(place.config.tracked).version == champion != made.challenger.version
    folder = place.config.outputs / "promotions"
    told = json.loads((folder / f"duewatch-late-{made.challenger.version}.json").read_text("utf-8"))
    assert told["promoted"] is False
    assert told["reasons"] == made.as_dict()["reasons"]
    assert place.first.challenger.version != made.challenger.version


def test_a_scorecard_is_trained_and_written_as_points_and_sql(place, tmp_path):
    config = place.config.model_copy(
        update={
            "parameters": place.config.parameters.model_copy(update={"kind": "scorecard"}),
            "snapshots": place.config.snapshots.model_copy(update={"test_months": 1}),
        }
    )
    version = train_model(config, place.prepared).registered.version
    write_scorecard(config, tmp_path / "points.csv", which=version, source="x")
    points = pd.read_csv(tmp_path / "points.csv", encoding="utf-8-sig")
    assert points["bin"].iloc[0] == "every bill"
    write_scorecard(config, tmp_path / "score.sql", which=version, source="my features")
    assert 'FROM "my features"' in (tmp_path / "score.sql").read_text("utf-8")
    with pytest.raises(ConfigError, match="its kind is trees, which has no scorecard"):
        write_scorecard(config, tmp_path / "p.csv", which="champion", source="x")
    with pytest.raises(ConfigError, match=r"ends in \.txt; expected \.csv or \.sql"):
        write_scorecard(config, tmp_path / "p.txt", which=version, source="x")


def test_a_run_repeated_gives_the_same_model(place):
    again = repeat_training(place.config, place.training.registered.run_id)
    assert again.model.to_files().keys() == place.training.registered.model.to_files().keys()
    assert again.model.sha256 == place.training.registered.model.sha256


def test_a_run_cannot_be_repeated_on_other_data(place, tmp_path):
    simulate(tmp_path / "data", tmp_path / "truth", customers=300, cycles=20, seed=8)
    config = place.config.model_copy(update={"data": tmp_path / "data"})
    with pytest.raises(DataError, match=r"not the data of run .*Give --data with the dataset"):
        repeat_training(config, place.training.registered.run_id)
    with pytest.raises(ConfigError, match=r"run nowhere: config\.json is not to be had"):
        repeat_training(config, "nowhere")


@pytest.mark.parametrize("target", [pytest.param("late_30", marks=pytest.mark.slow), "cutoff"])
def test_other_targets_are_trained_and_registered_by_their_own_name(place, target):
    config = place.config.model_copy(
        update={
            "target": place.config.target.model_copy(update={"name": target}),
            "parameters": place.config.parameters.model_copy(update={"calibration": "platt"}),
        }
    )
    training = train_model(config, place.prepared)
    assert load(config.tracked, "challenger").model.card.target == target
    assert config.tracked.model_name == f"duewatch-{target}"
    figures = {one.id: one.figures for one in training.judged}
    assert figures[MODEL]["auc"] > max(0.6, figures["random"]["auc"] if "random" in figures else 0)
