from datetime import date

import numpy as np
import pandas as pd
import pytest
from worlds import world

from contract.errors import DataError
from features import build
from features.catalogue import FEATURES
from models.target import Target, outcomes
from models.uplift.holdout import FEWEST_IN_AN_ARM, first_reminders, randomised
from pipeline.planned_days import build_planned

CUT = date(2026, 10, 6)

# One case a customer; each has one bill, b0, b1, ... in this order.
CUSTOMERS = """
    customer_id | valid_from | protected | agent_id
    reminded    | 2020-01-01 | false     | -
    held        | 2020-01-01 | false     | -
    by_hand     | 2020-01-01 | false     | -
    unsaid      | 2020-01-01 | false     | -
    shielded    | 2020-01-01 | true      | -
    was_free    | 2020-01-01 | false     | -
    was_free    | 2026-09-05 | true      | -
    rolled_up   | 2020-01-01 | false     | a1
    crossed     | 2020-01-01 | false     | -
    second      | 2020-01-01 | false     | -
"""
BILLS = """
    customer_id | issued_on  | due_on     | amount
    reminded    | 2026-09-03 | 2026-09-28 | 100
    held        | 2026-09-03 | 2026-09-28 | 100
    by_hand     | 2026-09-03 | 2026-09-28 | 100
    unsaid      | 2026-09-03 | 2026-09-28 | 100
    shielded    | 2026-09-03 | 2026-09-28 | 100
    was_free    | 2026-09-03 | 2026-09-28 | 100
    rolled_up   | 2026-09-03 | 2026-09-28 | 100
    crossed     | 2026-09-03 | 2026-09-28 | 100
    second      | 2026-09-03 | 2026-09-28 | 100
"""
CONTACTS = """
    customer_id | bill_id | contacted_at     | round | method | assigned | outcome
    reminded    | b0      | 2026-09-04 10:00 | 1     | sms    | policy   | delivered
    held        | b1      | 2026-09-05 10:00 | 1     | sms    | holdout  | delivered
    by_hand     | b2      | 2026-09-04 10:00 | 1     | sms    | manual   | delivered
    unsaid      | b3      | 2026-09-04 10:00 | 1     | sms    | -        | delivered
    shielded    | b4      | 2026-09-04 10:00 | 1     | sms    | policy   | delivered
    was_free    | b5      | 2026-09-04 10:00 | 1     | sms    | policy   | delivered
    rolled_up   | b6      | 2026-09-04 10:00 | 1     | sms    | policy   | delivered
    crossed     | b7      | 2026-09-04 10:00 | 1     | sms    | policy   | delivered
    crossed     | b7      | 2026-09-06 10:00 | 1     | sms    | holdout  | delivered
    second      | b8      | 2026-09-20 10:00 | 2     | phone  | policy   | delivered
    held        | -       | 2026-09-04 10:00 | 1     | sms    | policy   | delivered
    held        | b1      | 2026-10-06 10:00 | 1     | sms    | policy   | delivered
"""


@pytest.fixture(scope="module")
def store():
    return world(customers=CUSTOMERS, bills=BILLS, contacts=CONTACTS, buckets=2)


@pytest.fixture
def any_arm(monkeypatch):
    """A drawn cycle holds one bill an arm, which would be left out as too few."""
    monkeypatch.setattr("models.uplift.holdout.FEWEST_IN_AN_ARM", 1)


def experiment(store):
    return randomised(first_reminders(store, CUT), outcomes(store, CUT), cut=CUT, target=Target())


@pytest.mark.usefixtures("any_arm")
def test_only_what_chance_decided_is_compared(store) -> None:
    found = experiment(store)
    arms = dict(zip(found.rows["customer_id"], found.rows["sent"], strict=True))
    assert arms == {"reminded": 1, "was_free": 1, "held": 0, "crossed": 0}
    assert (found.held_out, found.crossed) == (2, 1)
    left_out = found.attrition[found.attrition > 0].to_dict()
    assert left_out == {
        "names_no_bill": 1,
        "assigned_otherwise": 2,
        "protected": 1,
        "collected_by_agent": 1,
        "kept": 4,
    }


@pytest.mark.usefixtures("any_arm")
def test_planned_day_is_that_of_the_held_out_row(store) -> None:
    rows = experiment(store).rows.set_index("customer_id")
    assert rows.loc["crossed", "as_of"] == pd.Timestamp("2026-09-06")
    assert rows.loc["held", "as_of"] == pd.Timestamp("2026-09-05")


@pytest.mark.usefixtures("any_arm")
def test_chance_is_that_of_the_cycle(store) -> None:
    assert experiment(store).rows["chance"].tolist() == [0.5] * 4


def test_cycle_with_hardly_anybody_in_one_arm_is_left_out(store) -> None:
    assert FEWEST_IN_AN_ARM > 2
    found = experiment(store)
    assert len(found.rows) == 0
    assert found.attrition["cycle_without_both_arms"] == 4
    assert found.late_rate == 1.0


def test_dataset_without_contacts_has_an_empty_experiment() -> None:
    found = experiment(world(bills=BILLS))
    assert len(found.rows) == 0
    assert np.isnan(found.late_rate)


@pytest.mark.usefixtures("any_arm")
def test_share_by_design_replaces_that_of_each_cycle(store) -> None:
    reminders, known = first_reminders(store, CUT), outcomes(store, CUT)
    found = randomised(reminders, known, cut=CUT, target=Target(), share=0.4)
    assert found.rows["chance"].tolist() == [0.6] * 4


@pytest.mark.usefixtures("any_arm")
def test_share_far_from_what_was_held_out_is_refused(store) -> None:
    reminders, known = first_reminders(store, CUT), outcomes(store, CUT)
    with pytest.raises(DataError, match=r"2 of 4 bills are held out \(50\.0%\), but .* 0\.1%"):
        randomised(reminders, known, cut=CUT, target=Target(), share=0.001)


def test_planned_bills_get_the_features_of_their_own_day(store) -> None:
    planned = first_reminders(store, CUT).dropna(subset=["bill_id", "cycle"])
    features = tuple(f for f in FEATURES if f.family in {"contact", "neighbourhood", "amount"})
    found = build_planned(store, planned, features=features)
    assert dict(zip(found["customer_id"], found["as_of"], strict=True)) == dict(
        zip(planned["customer_id"], planned["as_of"], strict=True)
    )
    days = [day.date() for day in sorted(planned["as_of"].unique())]
    whole = build(store, days, features=features).merge(planned[["bill_id", "as_of"]])
    whole = whole.sort_values(["as_of", "bill_id"], ignore_index=True)
    pd.testing.assert_frame_equal(found, whole, check_exact=True)
    # A reminder is no feature of its own bill, and one that was held out is nobody's.
    contacts = found.set_index("customer_id")["contacts_count_3m"]
    assert contacts.drop(["held", "crossed"]).eq(0).all()
    # Each had another reminder on an earlier day, which was sent.
    assert contacts[["held", "crossed"]].tolist() == [1, 1]
