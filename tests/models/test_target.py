from datetime import date

import pandas as pd
import pytest
from worlds import world

from features import build
from models.target import Target, label, outcomes

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
