from datetime import date
from types import SimpleNamespace

import pandas as pd
import pytest

from contract.errors import DataError
from models.calibration.levels import Followed
from pipeline import recalibrating
from pipeline.mlflow_door import Tracking
from pipeline.preparing import prepare
from pipeline.promoting import promote
from pipeline.recalibrating import recalibrate
from pipeline.tracking import load
from pipeline.training import train_model


@pytest.fixture(scope="module")
def earlier(town):
    """A champion trained four months before the town's day, in a registry of its own."""
    as_of = town.prepared.as_of
    then = date(as_of.year, as_of.month, 6) - pd.DateOffset(months=4)
    config = town.config.model_copy(
        update={
            "as_of": then.date(),
            "tracking": Tracking(folder=town.folder / "earlier"),
            "snapshots": town.config.snapshots.model_copy(update={"learn_months": 3}),
        }
    )
    prepared = prepare(config)
    training = train_model(config, prepared)
    promote(config, prepared, trial=training.trial, forced="the tests need a champion")
    return SimpleNamespace(config=config.model_copy(update={"as_of": None}), training=training)


def moved(followed, *, better):
    gain = 0.1 if better else -0.1
    months = followed.months.assign(loss=followed.months["loss_followed"] + gain)
    return Followed(calibration=followed.calibration, months=months)


@pytest.fixture
def judged_as(monkeypatch):
    """Whether following helps is the data's answer; both answers are to be seen acted upon."""

    def decide(better):
        real = recalibrating.follow
        monkeypatch.setattr(
            recalibrating, "follow", lambda *given: moved(real(*given), better=better)
        )

    return decide


def test_a_level_that_helped_becomes_a_challenger_that_only_moved(earlier, town, judged_as):
    judged_as(better=True)
    made = recalibrate(earlier.config, town.prepared, which="champion")
    assert made.registered is not None
    new = load(earlier.config.tracked, "challenger").model
    old = earlier.training.registered.model
    assert new.card.sha256 == old.card.sha256
    assert new.calibration.shift == pytest.approx(made.followed.calibration.shift)
    assert new.card.about["recalibrated_from"] == made.model.version
    verdict = promote(earlier.config, town.prepared)
    assert verdict.promoted
    assert "the same order of bills" in verdict.reasons[0].en
    assert load(earlier.config.tracked, "champion").version == made.registered.version


def test_a_level_that_did_not_help_registers_nothing(earlier, town, judged_as):
    judged_as(better=False)
    before = load(earlier.config.tracked, "challenger").version
    made = recalibrate(earlier.config, town.prepared, which="champion")
    assert made.registered is None
    assert not made.as_dict()["better"]
    assert load(earlier.config.tracked, "challenger").version == before


def test_months_are_those_since_training_whose_labels_are_mature(earlier, town):
    made = recalibrate(earlier.config, town.prepared, which="1")
    newest = town.prepared.as_of.year * 12 + town.prepared.as_of.month - 1
    cycles = made.followed.months["cycle"]
    assert 1 <= len(cycles) <= 3
    assert cycles.max() < newest


@pytest.mark.usefixtures("promoted")
def test_a_fresh_model_cannot_be_recalibrated_yet(town):
    with pytest.raises(DataError, match="0 months have mature labels since it was trained"):
        recalibrate(town.config, town.prepared, which="champion")
