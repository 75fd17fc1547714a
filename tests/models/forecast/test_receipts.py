from datetime import date

import numpy as np
import pandas as pd
import pytest
from worlds import world

from features import build
from models.forecast.receipts import receipts, received

AS_OF, CUT = date(2026, 9, 6), date(2026, 10, 6)

# One case a customer: how the money of its bill of 100 yuan came in.
BILLS = """
    customer_id | bill_id  | issued_on  | due_on     | amount | cancelled_on
    at_once     | at_once  | 2026-09-03 | 2026-09-28 | 100    | -
    in_parts    | in_parts | 2026-09-03 | 2026-09-28 | 100    | -
    unnamed     | unnamed  | 2026-09-03 | 2026-09-28 | 100    | -
    before      | before   | 2026-09-03 | 2026-09-28 | 100    | -
    known       | known    | 2026-09-03 | 2026-09-28 | 100    | -
    bounced     | bounced  | 2026-09-03 | 2026-09-28 | 100    | -
    too_much    | too_much | 2026-09-03 | 2026-09-28 | 100    | -
    cancelled   | gone     | 2026-09-03 | 2026-09-28 | 100    | 2026-09-20
    nothing     | nothing  | 2026-09-03 | 2026-09-28 | 100    | -
"""
PAYMENTS = """
    customer_id | bill_id  | paid_at          | posted_at        | amount
    at_once     | at_once  | 2026-09-08 23:59 | 2026-09-08 23:59 | 100
    in_parts    | in_parts | 2026-09-07 10:00 | 2026-09-07 10:00 | 30
    in_parts    | in_parts | 2026-09-10 10:00 | 2026-09-12 10:00 | 70
    unnamed     | -        | 2026-09-09 10:00 | 2026-09-11 10:00 | 40
    before      | before   | 2026-09-05 10:00 | 2026-09-07 10:00 | 100
    known       | known    | 2026-09-04 10:00 | 2026-09-04 10:00 | 25
    known       | known    | 2026-09-06 10:00 | 2026-09-06 10:00 | 75
    bounced     | bounced  | 2026-09-07 10:00 | 2026-09-07 10:00 | 100
    bounced     | bounced  | 2026-09-09 10:00 | 2026-09-09 10:00 | -100
    too_much    | too_much | 2026-09-07 10:00 | 2026-09-07 10:00 | 250
    cancelled   | gone     | 2026-09-08 10:00 | 2026-09-08 10:00 | 60
"""


@pytest.fixture(scope="module")
def store():
    return world(bills=BILLS, payments=PAYMENTS)


@pytest.fixture(scope="module")
def came(store):
    matrix = build(store, AS_OF)
    money = receipts(store, CUT, since=AS_OF)
    return dict(zip(matrix["customer_id"], received(matrix, money, 6).tolist(), strict=True))


@pytest.mark.parametrize(
    ("case", "by_day"),
    [
        ("at_once", [0, 0, 100, 100, 100, 100]),
        ("in_parts", [0, 30, 30, 30, 100, 100]),
        ("unnamed", [0, 0, 0, 40, 40, 40]),
        ("before", [100, 100, 100, 100, 100, 100]),
        ("known", [75, 75, 75, 75, 75, 75]),
        ("bounced", [0, 100, 100, 0, 0, 0]),
        ("too_much", [0, 100, 100, 100, 100, 100]),
        ("cancelled", [0, 0, 0, 0, 0, 0]),
        ("nothing", [0, 0, 0, 0, 0, 0]),
    ],
)
def test_money_counts_on_the_day_it_was_paid(came, case, by_day) -> None:
    assert came[case] == pytest.approx(by_day)


def test_money_posted_at_or_after_the_cut_is_unknown(store) -> None:
    matrix = build(store, AS_OF)
    early = receipts(store, date(2026, 9, 11), since=AS_OF)
    by = dict(zip(matrix["customer_id"], received(matrix, early, 9)[:, -1], strict=True))
    assert by["unnamed"] == 0
    assert by["in_parts"] == pytest.approx(30)
    assert by["at_once"] == pytest.approx(100)


def test_each_look_counts_what_came_after_it(store) -> None:
    money = receipts(store, CUT, since=AS_OF)
    later = build(store, date(2026, 9, 9))
    found = pd.Series(received(later, money, 3)[:, -1], later["customer_id"])
    assert found["in_parts"] == pytest.approx(70)
    assert np.isclose(found["unnamed"], 40)
    assert "at_once" not in found.index
