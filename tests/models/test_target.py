from datetime import date

import pandas as pd
import pytest
from worlds import world

from features import build, build_prepaid
from models.target import Target, known_outcomes, label, outcomes

CUT = date(2026, 10, 6)
AS_OF = date(2026, 9, 6)

# One case a customer: how its bill, issued 3 September and due on the 28th, came to be paid.
BILLS = """
    customer_id | issued_on  | due_on     | amount | kind    | hold     | cancelled_on
    on_time     | 2026-09-03 | 2026-09-28 | 100    | regular | none     | -
    next_day    | 2026-09-03 | 2026-09-28 | 100    | regular | none     | -
    never       | 2026-09-03 | 2026-09-28 | 100    | regular | none     | -
    small_rest  | 2026-09-03 | 2026-09-28 | 100    | regular | none     | -
    one_yuan    | 2026-09-03 | 2026-09-28 | 100    | regular | none     | -
    bounced     | 2026-09-03 | 2026-09-28 | 100    | regular | none     | -
    slow_post   | 2026-09-03 | 2026-09-28 | 100    | regular | none     | -
    immature    | 2026-09-03 | 2026-10-03 | 100    | regular | none     | -
    gone        | 2026-09-03 | 2026-09-28 | 100    | regular | none     | 2026-09-20
    moved_out   | 2026-09-03 | 2026-09-28 | 100    | final   | none     | -
    disputed    | 2026-09-03 | 2026-09-28 | 100    | regular | disputed | -
    overdue     | 2026-08-03 | 2026-08-28 | 100    | regular | none     | -
"""
PAYMENTS = """
    customer_id | paid_at          | posted_at        | amount
    on_time     | 2026-09-28 23:59 | 2026-09-28 23:59 | 100
    next_day    | 2026-09-29 00:00 | 2026-09-29 00:00 | 100
    small_rest  | 2026-09-20 10:00 | 2026-09-20 10:00 | 99.01
    one_yuan    | 2026-09-20 10:00 | 2026-09-20 10:00 | 99.00
    bounced     | 2026-09-20 10:00 | 2026-09-20 10:00 | 100
    bounced     | 2026-10-01 10:00 | 2026-10-01 10:00 | -100
    slow_post   | 2026-09-28 10:00 | 2026-10-01 10:00 | 100
    immature    | 2026-09-10 10:00 | 2026-09-10 10:00 | 100
"""


@pytest.fixture(scope="module")
def store():
    return world(bills=BILLS, payments=PAYMENTS)


@pytest.fixture(scope="module")
def matrix(store):
    return build(store, AS_OF)


def labels(store, matrix, cut=CUT, **target):
    found = label(matrix, outcomes(store, cut), cut=cut, target=Target(**target))
    return dict(zip(found.matrix["customer_id"], found.late.tolist(), strict=True)), found


def test_late_is_a_residual_of_one_yuan_after_the_due_day(store, matrix):
    late, _ = labels(store, matrix)
    assert late == {
        "on_time": 0,
        "next_day": 1,
        "never": 1,
        "small_rest": 0,
        "one_yuan": 1,
        "bounced": 1,
        "slow_post": 0,
    }


def test_grace_days_forgive_a_late_payment(store, matrix):
    late, _ = labels(store, matrix, grace_days=1)
    assert (late["next_day"], late["never"]) == (0, 1)


def test_every_row_left_out_is_counted_with_its_reason(store, matrix):
    _, found = labels(store, matrix)
    counts = found.attrition[found.attrition > 0].to_dict()
    assert counts == {
        "already_overdue": 1,
        "cancelled_later": 1,
        "final_bill": 1,
        "on_hold": 1,
        "label_not_mature": 1,
        "kept": 7,
    }
    assert found.attrition.sum() == len(matrix)


@pytest.mark.parametrize(("cut", "mature"), [(date(2026, 10, 1), False), (date(2026, 10, 2), True)])
def test_label_is_mature_once_due_day_and_posting_lag_have_passed(store, matrix, cut, mature):
    late, _ = labels(store, matrix, cut=cut)
    assert ("never" in late) is mature


def test_payment_posted_after_the_cut_does_not_reach_the_label(store, matrix):
    late, _ = labels(store, matrix, cut=date(2026, 10, 1), posting_lag_days=0)
    assert late["slow_post"] == 1  # which is why maturity waits for the posting lag


def test_rows_seen_at_or_after_the_cut_are_never_learned(store, matrix):
    found = label(matrix, outcomes(store, CUT), cut=AS_OF, target=Target())
    assert found.attrition["seen_at_or_after_cut"] == len(matrix)
    assert isinstance(found.matrix, pd.DataFrame)


LONG_AGO = """
    customer_id | issued_on  | due_on     | amount
    within_30   | 2026-06-03 | 2026-06-28 | 100
    after_30    | 2026-06-03 | 2026-06-28 | 100
    never       | 2026-06-03 | 2026-06-28 | 100
"""
LONG_AGO_PAID = """
    customer_id | paid_at          | posted_at        | amount
    within_30   | 2026-07-28 23:00 | 2026-07-29 10:00 | 100
    after_30    | 2026-07-29 01:00 | 2026-07-29 10:00 | 100
"""


@pytest.mark.parametrize(
    "as_of", [date(2026, 6, 6), date(2026, 7, 6)], ids=["when issued", "when overdue"]
)
def test_late_30_asks_whether_the_bill_is_open_30_days_past_due(as_of):
    store = world(bills=LONG_AGO, payments=LONG_AGO_PAID)
    late, _ = labels(store, build(store, as_of), name="late_30")
    assert late == {"within_30": 0, "after_30": 1, "never": 1}


def test_late_30_matures_30_days_after_late():
    store = world(bills=LONG_AGO, payments=LONG_AGO_PAID)
    matrix = build(store, date(2026, 6, 6))
    for cut, mature in ((date(2026, 7, 31), 0), (date(2026, 8, 1), 3)):
        _, found = labels(store, matrix, cut=cut, name="late_30")
        assert found.attrition["kept"] == mature


# One case a customer: what became of its supply in the 30 days from 1 August.
CUTS = """
    customer_id | disconnected_at  | reconnected_at   | reason
    last_day    | 2026-08-30 23:00 | 2026-08-31 08:00 | low_balance
    too_late    | 2026-08-31 00:00 | -                | low_balance
    for_arrears | 2026-08-10 10:00 | -                | arrears
    off_before  | 2026-07-20 10:00 | 2026-08-01 09:00 | low_balance
    on_again    | 2026-07-20 10:00 | 2026-07-31 09:00 | low_balance
    moved       | 2026-08-10 10:00 | -                | low_balance
"""
PREPAID = ("last_day", "too_late", "for_arrears", "off_before", "on_again", "moved", "quiet")


@pytest.fixture(scope="module")
def prepaid():
    return world(
        customers=[{"customer_id": each, "billing_mode": "prepaid"} for each in PREPAID],
        bills=[],
        balances=[
            {"customer_id": each, "on": "2026-07-29", "balance": "9.00", "cost": "2.00"}
            for each in PREPAID
        ],
        disconnections=CUTS,
        events="""
            customer_id | happened_on | kind
            moved       | 2026-08-05  | ownership_transfer
        """,
    )


def cutoff(prepaid, cut):
    matrix = build_prepaid(prepaid, date(2026, 8, 1))
    target = Target(name="cutoff")
    return label(matrix, known_outcomes(prepaid, cut, target), cut=cut, target=target)


def test_cutoff_asks_whether_supply_is_cut_for_balance_within_30_days(prepaid):
    found = cutoff(prepaid, date(2026, 10, 1))
    labelled = dict(zip(found.matrix["customer_id"], found.late.tolist(), strict=True))
    assert labelled == {"last_day": 1, "too_late": 0, "for_arrears": 0, "on_again": 0, "quiet": 0}
    counts = found.attrition[found.attrition > 0].to_dict()
    assert counts == {"already_off": 1, "left": 1, "kept": 5}
    assert set(found.matrix["cycle"]) == {2026 * 12 + 7}


@pytest.mark.parametrize(("cut", "mature"), [(date(2026, 9, 2), False), (date(2026, 9, 3), True)])
def test_cutoff_matures_when_30_days_and_the_lag_have_passed(prepaid, cut, mature):
    assert bool(cutoff(prepaid, cut).attrition["kept"]) is mature
