from datetime import date

import pytest
from worlds import by_customer, world

from features import build

JULY = date(2024, 7, 1)


@pytest.fixture(scope="module")
def matrix():
    """Due on the 20th of each month; the day of each month's payment, - for never."""
    courses = {
        #            Jan Feb Mar Apr May Jun
        "steady": (19, 20, 20, 1, 12, 20),
        "worsening": (20, 20, 20, 22, 25, 28),
        "cured": (29, 28, 20, 20, 20, 20),
        "stuck": (20, 20, 20, 20, None, None),
    }
    bills, payments = [], []
    for customer, days in courses.items():
        for month, day in enumerate((*days, None), start=1):
            bill = {
                "bill_id": f"{customer}{month}",
                "customer_id": customer,
                "issued_on": f"2024-0{month}-01" if month < 7 else "2024-06-30",
                "due_on": f"2024-0{month}-20",
                "amount": "100",
            }
            bills.append(bill)
            if day:
                paid = f"2024-0{month}-{day:02d} 23:59:59"
                payments.append(bill | {"paid_at": paid, "amount": "100"})
    keep = ("customer_id", "bill_id", "paid_at", "amount")
    payments = [{column: row[column] for column in keep} for row in payments]
    found = build(world(bills=bills, payments=payments), JULY)
    return found[found["bill_id"].str.endswith("7")]


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        ("late_count_6b", {"steady": 0, "worsening": 3, "cured": 2, "stuck": 2}),
        ("late_count_3b", {"steady": 0, "worsening": 3, "cured": 0, "stuck": 2}),
        ("late_count_1m", {"steady": 0, "worsening": 1, "cured": 0, "stuck": 1}),
        ("late_last", {"steady": 0, "worsening": 1, "cured": 0, "stuck": 1}),
        ("days_late_last", {"steady": 0, "worsening": 8, "cured": 0, "stuck": 11}),
        ("days_late_mean_6b", {"steady": None, "worsening": 5, "cured": 8.5, "stuck": 26.5}),
        ("days_late_max_12m", {"steady": 0, "worsening": 8, "cured": 9, "stuck": 42}),
        ("late30_count_12m", {"steady": 0, "worsening": 0, "cured": 0, "stuck": 1}),
        ("late_streak", {"steady": 0, "worsening": 3, "cured": 0, "stuck": 2}),
        ("on_time_streak", {"steady": 6, "worsening": 0, "cured": 4, "stuck": 0}),
        ("days_since_late", {"steady": None, "worsening": 11, "cured": 132, "stuck": 11}),
        ("late_share_12m", {"steady": 0, "worsening": 0.5, "cured": 1 / 3, "stuck": 1 / 3}),
    ],
)
def test_late_bills_are_counted_and_dated(matrix, column, expected):
    assert by_customer(matrix, column) == expected


def test_recent_lateness_weighs_more_than_old(matrix):
    ewma = by_customer(matrix, "late_ewma")
    weights = [0.8**number for number in range(6)]
    assert ewma["worsening"] == pytest.approx(sum(weights[:3]) / sum(weights), abs=1e-6)
    assert ewma["cured"] == pytest.approx(sum(weights[4:]) / sum(weights), abs=1e-6)


def test_smoothed_rate_leans_on_the_segment(matrix):
    segment = by_customer(matrix, "segment_rate")["steady"]
    assert segment == pytest.approx(7 / 24)
    smoothed = by_customer(matrix, "smoothed_late_rate")
    assert smoothed["steady"] == pytest.approx((0 + 4 * segment) / 10)
