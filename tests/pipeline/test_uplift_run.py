"""A simulated utility with a hold-out: what is estimated must cover what is true."""

import json
from dataclasses import replace

import pandas as pd
import pyarrow.parquet as pq
import pytest

from contract.errors import DataError
from contract.simulator import simulate
from models.uplift.learners import Uplift
from pipeline.config import Config
from pipeline.preparing import prepare
from pipeline.uplift import estimate_uplift

SETTINGS = Uplift(
    smallest_effect=0.07, min_data_in_leaf=100, rounds=60, effect_rounds=40, draws=40, threads=1
)

FEW = {
    "late_count_6m",
    "late_share_12m",
    "bills_known_12m",
    "months_behind",
    "days_to_due",
    "segment",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A utility of 3,000 customers and 6 cycles, half of the first reminders held out."""
    folder = tmp_path_factory.mktemp("held")
    simulate(folder / "data", folder / "judging", customers=3_000, cycles=6, seed=3, holdout=0.5)
    return folder


@pytest.fixture(scope="module")
def prepared(folder):
    """The store, with a few features: what is tested here is not how they are built."""
    whole = prepare(_config(folder))
    return replace(whole, features=tuple(f for f in whole.features if f.name in FEW))


@pytest.fixture(scope="module")
def estimated(folder, prepared):
    return estimate_uplift(_config(folder), prepared, settings=SETTINGS)


def _config(folder):
    return Config(data=folder / "data", stores=folder / "stores", buckets=1)


def test_intervals_cover_the_true_effect(folder, estimated):
    contacts = pq.read_table(folder / "judging" / "contact_truth.parquet").to_pandas()
    first = contacts[contacts["round"] == 1].set_index("bill_id")["effect_late"]
    rows = estimated.experiment
    true = first.loc[rows.loc[rows["sent"] == 1, "bill_id"]].mean()
    report = estimated.report
    for found in (report.average, report.seen, report.adjusted):
        assert not found.excludes(true)
    assert true < 0
    assert report.naive.difference > 0.05


def test_only_bills_known_the_day_before_are_ranked(estimated):
    report, bills = estimated.report, estimated.bills
    assert (bills["issued_on"] < bills["as_of"]).all()
    assert report.known_before < report.held_out + report.sent
    assert report.judged == len(bills)
    assert report.learned + report.judged <= report.known_before


def test_report_says_itself_in_words_and_as_json(estimated):
    told = json.loads(json.dumps(estimated.report.as_dict()))
    assert told["effects"]["adjusted"]["value"] == estimated.report.adjusted.value
    assert set(told["rankings"]) == {"uplift", "risk", "risk_amount", "random"}
    text = estimated.report.text()
    assert "NO EFFECT" in text
    assert estimated.report.verdict[:40] in text


def test_same_data_and_seed_give_the_same_estimate(folder, prepared, estimated):
    again = estimate_uplift(_config(folder), prepared, settings=SETTINGS)
    assert again.report.as_dict() == estimated.report.as_dict()
    pd.testing.assert_frame_equal(again.bills, estimated.bills)


def test_estimate_is_refused_where_too_little_is_held_out(folder, prepared):
    with pytest.raises(DataError, match=r"are held out at random .* about [\d,]+ are needed"):
        estimate_uplift(_config(folder), prepared, settings=Uplift(smallest_effect=0.01))


def test_wrong_share_given_is_noticed(folder, prepared):
    wrong = SETTINGS.model_copy(update={"holdout_share": 0.1})
    with pytest.raises(DataError, match=r"the share given is 10\.0%\. Give the true share"):
        estimate_uplift(_config(folder), prepared, settings=wrong)


def test_history_without_hold_out_is_refused(town):
    with pytest.raises(DataError, match="0 bills of round 1 are held out at random"):
        estimate_uplift(town.config, town.prepared)
