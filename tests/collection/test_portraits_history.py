from datetime import date
from itertools import pairwise

import pytest
from worlds import world

from collection.exclusion import Exclusion
from collection.facts import gather
from collection.portraits import PORTRAITS, Readings, compare, readings_used
from collection.portraits.told import QUESTIONS
from collection.tiers import TierDays
from contract.errors import ConfigError, DataError

JUNE, JULY = date(2026, 6, 20), date(2026, 7, 20)
LATE = [f"2026-{month:02}-28" for month in range(1, 7)]


def changes(earlier, later):
    """Return {(customer, label): (change, reason)} between the facts of two days."""
    rows = compare(earlier.labels, later.labels, accounts=later.account).to_pylist()
    return {(row["customer_id"], row["label"]): (row["change"], row["reason"]) for row in rows}


def test_each_end_of_a_label_tells_its_reason():
    customers = ("transferred", "closed", "lifted", "over", "kept")
    said = {"transferred": "no_phone", "closed": "no_phone", "lifted": "no_phone"}
    store = world(
        bills=[
            {
                "customer_id": customer,
                "issued_on": "2026-06-03",
                "due_on": "2026-06-25",
                "amount": "5",
            }
            for customer in customers
        ],
        payments=[
            {"customer_id": customer, "paid_at": "2026-06-04 10:00", "amount": "5"}
            for customer in customers
        ],
        contacts=[
            *(
                {
                    "customer_id": customer,
                    "contacted_at": "2026-06-10 10:00",
                    "method": "visit",
                    "outcome": "answered",
                    "request": said.get(customer, "not_this_cycle"),
                }
                for customer in customers
                if customer != "kept"
            ),
            {
                "customer_id": "lifted",
                "contacted_at": "2026-07-10 10:00",
                "method": "visit",
                "outcome": "answered",
                "request": "lift",
            },
        ],
        events="""
            customer_id | happened_on | kind
            transferred | 2026-07-02  | ownership_transfer
            closed      | 2026-07-02  | closed
            """,
    )
    assert changes(gather(store, JUNE), gather(store, JULY)) == {
        ("closed", "L11"): ("lost", "closed"),
        ("lifted", "L11"): ("lost", "revoked"),
        ("over", "L12"): ("lost", "expired"),
        ("transferred", "L01"): ("gained", "new_fact"),
        ("transferred", "L11"): ("lost", "new_owner"),
    }


def test_new_facts_gain_and_change_labels_until_they_expire(settling):
    store = settling({"ann": LATE[:4]})
    days = [date(2026, 3, 20), date(2026, 4, 1), date(2026, 5, 1), date(2026, 9, 26)]
    facts = [gather(store, day) for day in days]
    told = [changes(*pair)["ann", "L02"] for pair in pairwise(facts)]
    assert told == [("gained", "new_fact"), ("changed", "new_fact"), ("lost", "expired")]


def test_another_reading_of_the_same_facts_is_told_as_such(settling):
    store, day = settling({"ann": LATE}), date(2026, 5, 20)
    usual = gather(store, day)
    strict = gather(store, day, readings=Readings.model_validate({"repeat_arrears": {"count": 5}}))
    assert changes(usual, strict) == {("ann", "L02"): ("lost", "another_reading")}
    assert changes(strict, usual) == {("ann", "L02"): ("gained", "another_reading")}
    assert changes(usual, usual) == {}


def test_earlier_day_must_come_first(settling):
    store = settling({"ann": LATE})
    june, july = gather(store, JUNE), gather(store, JULY)
    with pytest.raises(DataError, match="Give the earlier day first"):
        changes(july, june)


def test_labels_without_their_day_are_refused(settling):
    facts = gather(settling({"ann": LATE}), JUNE)
    with pytest.raises(DataError, match=r"Take labels\.parquet of a run of duewatch portraits"):
        compare(facts.labels.replace_schema_metadata(None), facts.labels, accounts=facts.account)


def test_fourteen_portraits_are_declared_in_both_languages():
    assert [portrait.id for portrait in PORTRAITS] == [f"L{n:02}" for n in range(1, 15)]
    assert all(portrait.text.zh and portrait.text.en for portrait in PORTRAITS)
    sections = set(Readings.model_fields)
    assert all(sections.issuperset(portrait.settings) for portrait in PORTRAITS)


def test_every_reading_is_told_with_its_numbers():
    told = readings_used(Readings(), TierDays(), Exclusion())
    assert [one.id for one in told] == [question.id for question in QUESTIONS]
    assert all(one.by_default for one in told)
    assert not any("<" in one.text.zh + one.text.en for one in told)


def test_refused_reading_is_told_when_it_is_chosen():
    readings = Readings.model_validate({"small_topup": {"direction": "below", "ratio": 1.5}})
    told = {one.id: one for one in readings_used(readings, TierDays(), Exclusion())}
    assert (told["C-01"].case, told["C-01"].by_default) == ("below", False)
    assert "below 1.5" in told["C-01"].text.en
    assert told["C-16"].by_default


def test_every_refused_reading_has_its_words():
    readings = Readings.model_validate(
        {
            "small_topup": {"direction": "below"},
            "repeat_arrears": {"bimonthly": "cycles"},
            "response": {"reference": "majority"},
            "contact_change_days": None,
        }
    )
    quality = {"least": 5, "inclusive": False}
    exclusion = Exclusion.model_validate({"quality": quality, "failed_debit_cycles": 0})
    tiers = TierDays(customer="worst", overdue="past_due")
    told = readings_used(readings, tiers, exclusion)
    assert {one.id: one.case for one in told} == {
        question.id: question.cases[-1] for question in QUESTIONS
    }


def test_wording_that_lacks_a_language_is_refused(tmp_path):
    path = tmp_path / "words.yaml"
    path.write_text("C-01: {above: {zh: 高于}}\n", "utf-8")
    with pytest.raises(ConfigError, match=r"C-01.above has no text in en; give both"):
        readings_used(Readings(), TierDays(), Exclusion(), path=path)
