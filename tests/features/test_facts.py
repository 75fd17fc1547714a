from datetime import date

import pandas as pd
import pytest
from worlds import by_customer, world

from features import build

APRIL = date(2024, 4, 1)
OPEN = "2024-03-20 | 2024-04-10 | 10"


def test_a_window_starts_with_its_first_day_and_ends_before_as_of():
    store = world(
        bills=f"""
            customer_id | issued_on  | due_on     | amount
            first_day   | {OPEN}
            day_before  | {OPEN}
            last_day    | {OPEN}
            as_of_day   | {OPEN}
            """,
        payments="""
            customer_id | paid_at                    | amount
            first_day   | 2024-01-01 00:00:00        | 1
            day_before  | 2023-12-31 23:59:59.999999 | 1
            last_day    | 2024-03-31 23:59:59.999999 | 1
            as_of_day   | 2024-04-01 00:00:00        | 1
            """,
    )
    expected = {"first_day": 1, "day_before": 0, "last_day": 1, "as_of_day": 0}
    assert by_customer(build(store, APRIL), "payments_count_3m") == expected


@pytest.mark.parametrize(
    ("as_of", "first_day"),
    [
        (date(2024, 5, 31), "2024-02-29"),  # a month that has no 31st is clamped to its last day
        (date(2024, 5, 29), "2024-02-29"),
        (date(2023, 5, 31), "2023-02-28"),
        (date(2024, 3, 31), "2023-12-31"),
    ],
)
def test_three_months_back_from_a_month_end_are_clamped(as_of, first_day):
    day = pd.Timestamp(first_day)
    before = (day - pd.Timedelta(days=1)).date().isoformat()
    store = world(
        bills="""
            customer_id | issued_on  | due_on     | amount
            inside      | 2022-01-01 | 2022-01-10 | 10
            outside     | 2022-01-01 | 2022-01-10 | 10
            """,
        payments=f"""
            customer_id | paid_at     | amount
            inside      | {first_day} | 1
            outside     | {before}    | 1
            """,
    )
    counted = by_customer(build(store, as_of), "payments_count_3m")
    assert counted == {"inside": 1, "outside": 0}


def test_payment_is_used_from_when_it_was_posted():
    store = world(
        bills=f"""
            customer_id | issued_on  | due_on     | amount
            known       | {OPEN}
            unheard     | {OPEN}
            """,
        payments="""
            customer_id | paid_at    | posted_at           | amount
            known       | 2024-03-25 | 2024-03-31 23:59:59 | 4
            unheard     | 2024-03-25 | 2024-04-01 00:00:00 | 4
            """,
    )
    matrix = build(store, APRIL)
    assert by_customer(matrix, "part_paid_share") == {"known": 0.4, "unheard": 0.0}
    assert by_customer(matrix, "open_cny") == {"known": 6.0, "unheard": 10.0}


def test_history_starts_anew_with_a_new_owner():
    bills = f"""
        customer_id | issued_on  | due_on     | amount
        same        | 2024-01-05 | 2024-01-20 | 10
        new         | 2024-01-05 | 2024-01-20 | 10
        tomorrow    | 2024-01-05 | 2024-01-20 | 10
        same        | {OPEN}
        new         | {OPEN}
        tomorrow    | {OPEN}
        """
    events = """
        customer_id | happened_on | kind
        same        | 2024-03-01  | meter_change
        new         | 2024-03-01  | ownership_transfer
        tomorrow    | 2024-04-01  | ownership_transfer
        """
    matrix = build(world(bills=bills, events=events), APRIL)
    matrix = matrix[matrix["issued_on"] == pd.Timestamp(2024, 3, 20)]
    assert by_customer(matrix, "late_count_12m") == {"same": 1, "new": 0, "tomorrow": 1}
    assert by_customer(matrix, "account_days") == {"same": None, "new": 31, "tomorrow": None}


def test_a_cancelled_bill_exists_until_that_day():
    store = world(
        bills=f"""
            customer_id | issued_on  | due_on     | amount | cancelled_on
            gone        | 2024-01-05 | 2024-01-20 | 10     | 2024-03-31
            still       | 2024-01-05 | 2024-01-20 | 10     | 2024-04-01
            gone        | {OPEN} | -
            still       | {OPEN} | -
            """
    )
    matrix = build(store, APRIL)
    assert sorted(matrix["customer_id"]) == ["gone", "still", "still"]
    behind = dict(zip(matrix["customer_id"], matrix["months_behind"], strict=True))
    assert behind == {"gone": 0, "still": 1}


def test_only_open_bills_with_something_to_pay_are_scored():
    store = world(
        bills="""
            bill_id | customer_id | issued_on  | due_on     | amount | kind
            open    | ann         | 2024-03-20 | 2024-04-10 | 10     | regular
            paid    | ann         | 2024-03-20 | 2024-04-10 | 20     | regular
            credit  | ann         | 2024-03-20 | 2024-04-10 | -10    | refund
            refund  | ann         | 2024-03-20 | 2024-04-10 | 10     | refund
            nothing | ann         | 2024-03-20 | 2024-04-10 | 0      | regular
            later   | ann         | 2024-04-01 | 2024-04-20 | 10     | regular
            """,
        payments="""
            customer_id | bill_id | paid_at    | amount
            ann         | paid    | 2024-03-25 | 19.01
            """,
    )
    assert build(store, APRIL)["bill_id"].tolist() == ["open"]


def test_attributes_are_those_in_force_before_as_of():
    store = world(
        bills=f"""
            customer_id | issued_on  | due_on     | amount
            moved       | {OPEN}
            moving      | {OPEN}
            """,
        customers="""
            customer_id | valid_from | segment
            moved       | 2023-01-01 | residential
            moved       | 2024-03-31 | commercial
            moving      | 2023-01-01 | residential
            moving      | 2024-04-01 | commercial
            """,
    )
    found = by_customer(build(store, APRIL), "segment")
    assert found == {"moved": "commercial", "moving": "residential"}


def test_several_days_come_in_order_with_their_own_rows():
    store = world(bills=f"customer_id | issued_on | due_on | amount\n ann | {OPEN}")
    matrix = build(store, [date(2024, 4, 5), APRIL, date(2024, 3, 20)])
    assert matrix["as_of"].tolist() == [pd.Timestamp(APRIL), pd.Timestamp(2024, 4, 5)]
    assert matrix["age_days"].tolist() == [12, 16]


def test_nothing_open_gives_a_matrix_without_rows():
    store = world(bills=f"customer_id | issued_on | due_on | amount\n ann | {OPEN}")
    matrix = build(store, date(2024, 3, 20))
    assert len(matrix) == 0
    assert "late_count_6b" in matrix
