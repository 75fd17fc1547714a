from datetime import date

import pytest
from worlds import by_customer, world

from features import build

JUNE = date(2024, 6, 10)


@pytest.fixture(scope="module")
def matrix():
    """Due on the 20th: early pays ever later, steady five days ahead, open not at all."""
    months = (1, 2, 3, 4, 5)
    bills = [
        {
            "bill_id": f"{customer}{month}",
            "customer_id": customer,
            "issued_on": f"2024-0{month}-05",
            "due_on": f"2024-0{month}-20",
            "amount": "100",
        }
        for customer in ("early", "steady", "open")
        for month in (*months, 6)
    ]
    paid = {"early": (8, 11, 14, 17, 20), "steady": (15, 15, 15, 15, 15), "open": ()}
    payments = [
        {
            "customer_id": customer,
            "bill_id": f"{customer}{month}",
            "paid_at": f"2024-0{month}-{day:02d}",
            "amount": "100",
        }
        for customer, days in paid.items()
        for month, day in zip(months, days, strict=False)
    ]
    store = world(bills=bills, payments=payments)
    found = build(store, JUNE)
    return found[found["bill_id"].str.endswith("6")]


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        ("slack_last", {"early": 0, "steady": 5, "open": -21}),
        ("slack_mean_12m", {"early": 6, "steady": 5, "open": -81.4}),
        ("slack_min_6m", {"early": 0, "steady": 5, "open": -142}),
        ("slack_median_12m", {"early": 6, "steady": 5, "open": -82}),
        ("slack_slope_6b", {"early": -3, "steady": 0, "open": 30.2}),
        ("slack_last_minus_mean", {"early": -6, "steady": 0, "open": 60.4}),
        ("settle_days_last", {"early": 15, "steady": 10, "open": 36}),
        ("settle_days_mean_12m", {"early": 9, "steady": 10, "open": 96.4}),
        ("near_due_share_3b", {"early": 1 / 3, "steady": 0, "open": 1}),
    ],
)
def test_days_between_issue_settlement_and_due(matrix, column, expected):
    assert by_customer(matrix, column) == pytest.approx(expected)


def test_spread_is_the_sample_standard_deviation(matrix):
    spread = by_customer(matrix, "slack_spread_6b")
    assert spread["early"] == pytest.approx((90 / 4) ** 0.5)
    assert spread["steady"] == 0


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        ("slack_previous", {"early": 3, "steady": 5, "open": -51}),
        ("slack_change", {"early": -3, "steady": 0, "open": 30}),
        ("slack_mad_12m", {"early": 3, "steady": 0, "open": 31}),
        ("slack_quarter_minus_year", {"early": -3, "steady": 0, "open": 30.066667}),
    ],
)
def test_change_against_before_and_usual(matrix, column, expected):
    assert by_customer(matrix, column) == pytest.approx(expected)
