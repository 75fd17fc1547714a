from datetime import date

import pytest
from pydantic import ValidationError
from worlds import world

from collection.exclusion import Exclusion, Quality
from collection.facts import gather
from collection.tiers import TierDays

MARCH = date(2026, 3, 20)


def tiers_of(store, as_of=MARCH, column="tier", **rules):
    account = gather(store, as_of, **rules).account
    return dict(zip(account["customer_id"].to_pylist(), account[column].to_pylist(), strict=True))


def test_bill_tier_follows_the_settle_day_of_the_month(settling):
    days = (15, 16, 19, 20, 23, 24, 27, 28, 31)  # T1
    store = settling({f"d{day}": [f"2026-01-{day}"] for day in days}, due_day=31)
    assert tiers_of(store, column="last_settle_tier") == {
        "d15": "Q",
        "d16": "D",
        "d19": "D",
        "d20": "C",
        "d23": "C",
        "d24": "B",
        "d27": "B",
        "d28": "A",
        "d31": "A",
    }


def test_february_ends_in_a_and_march_is_overdue():
    store = world(  # T2
        bills="""
            bill_id | customer_id | issued_on  | due_on     | amount
            b1      | end         | 2026-02-03 | 2026-02-28 | 10
            b2      | next        | 2026-02-03 | 2026-02-28 | 10
            """,
        payments="""
            bill_id | customer_id | paid_at          | amount
            b1      | end         | 2026-02-28 23:00 | 10
            b2      | next        | 2026-03-01 00:00 | 10
            """,
    )
    assert tiers_of(store, column="last_settle_tier") == {"end": "A", "next": "O"}


def test_late_settlement_within_the_month_keeps_its_tier_unless_read_otherwise(settling):
    store = settling({"late": ["2026-01-29"]}, due_day=25)
    assert tiers_of(store)["late"] == "A"
    assert tiers_of(store, tiers=TierDays(overdue="past_due"))["late"] == "O"


def test_early_settlement_of_a_bill_of_another_month_is_none_of_the_tiers():
    store = world(
        bills="""
            bill_id | customer_id | issued_on  | due_on     | amount
            b1      | ann         | 2026-01-28 | 2026-02-20 | 10
            """,
        payments="""
            bill_id | customer_id | paid_at          | amount
            b1      | ann         | 2026-02-05 10:00 | 10
            """,
    )
    assert tiers_of(store, column="last_settle_tier") == {"ann": "N"}


@pytest.mark.parametrize(("inclusive", "tier"), [(True, "Q"), (False, "N")])
def test_day_fifteen_is_early_only_when_it_is_included(settling, inclusive, tier):
    store = settling({"ann": ["2026-01-15"]})
    exclusion = Exclusion(quality=Quality(inclusive=inclusive))
    assert tiers_of(store, column="last_settle_tier", exclusion=exclusion) == {"ann": tier}


def test_customer_tier_is_that_of_the_later_median(settling):
    # Sorted: 5, 17, 21, 25, 29, 30; of the two in the middle, 21 (C) and 25 (B), the later.
    days = ("01-05", "02-17", "03-30", "04-21", "05-29", "06-25")
    store = settling({"ann": [f"2026-{day}" for day in days]}, due_day=28)
    july = date(2026, 7, 20)
    assert tiers_of(store, july) == {"ann": "B"}
    assert tiers_of(store, july, tiers=TierDays(customer="last")) == {"ann": "B"}
    assert tiers_of(store, july, tiers=TierDays(customer="worst")) == {"ann": "A"}
    assert tiers_of(store, july, tiers=TierDays(cycles=3)) == {"ann": "B"}


def test_one_holiday_does_not_move_the_median(settling):
    steady = [f"2026-{month:02}-17" for month in range(1, 6)]
    store = settling({"ann": [*steady, "2026-07-04"]})
    july = date(2026, 7, 20)
    assert tiers_of(store, july) == {"ann": "D"}
    assert tiers_of(store, july, column="last_settle_tier") == {"ann": "O"}


def test_customer_who_never_settled_is_overdue_or_none(settling):
    store = settling({"ann": [None]}, due_day=19)
    assert tiers_of(store, date(2026, 1, 20)) == {"ann": "O"}
    assert tiers_of(store, date(2026, 1, 19)) == {"ann": "N"}


def test_customer_settling_early_is_none_of_the_tiers_until_proven_quality(settling):
    early = [f"2026-{month:02}-10" for month in range(1, 7)]
    store = settling({"six": early, "five": early[:5]})
    assert tiers_of(store, date(2026, 7, 1)) == {"six": "Q", "five": "N"}


def test_tier_days_out_of_order_are_refused():
    with pytest.raises(ValidationError, match="must rise from d_from to a_from"):
        TierDays(b_from=18)
