from datetime import date

import pytest
from worlds import world

from collection.handouts import billing_history

AS_OF = date(2026, 7, 1)


def history(**tables):
    rows = billing_history(world(**tables), AS_OF).to_pylist()
    return {row["customer_id"]: row for row in rows}


def bills(*rows):
    return [
        {
            "customer_id": customer,
            "bill_id": f"{customer}-{number}",
            "issued_on": issued,
            "due_on": due,
            "amount": amount,
            **more,
        }
        for number, (customer, issued, due, amount, more) in enumerate(rows)
    ]


def test_newest_bill_is_held_against_the_mean_of_those_before():
    found = history(
        bills=bills(
            ("c", "2026-04-03", "2026-04-25", "100.00", {"kwh": "200"}),
            ("c", "2026-05-03", "2026-05-25", "100.01", {"kwh": "100"}),
            ("c", "2026-06-03", "2026-06-25", "150.00", {"kwh": "300"}),
        )
    )["c"]
    assert (found["newest_fen"], found["usual_fen"]) == (15_000, 10_001)  # 10,000.5, halves up
    assert (found["newest_kwh"], found["usual_kwh"], found["kwh_change"]) == (300.0, 150.0, 1.0)
    assert found["bill_change"] == pytest.approx(15_000 / 10_000.5 - 1)


def test_only_regular_bills_make_the_usual_one():
    found = history(
        bills=bills(
            ("c", "2026-04-03", "2026-04-25", "100.00", {}),
            ("c", "2026-05-03", "2026-05-25", "900.00", {"kind": "supplement"}),
            ("c", "2026-06-03", "2026-06-25", "110.00", {}),
        )
    )["c"]
    assert (found["newest_fen"], found["usual_fen"]) == (11_000, 10_000)
    assert found["billed_year_fen"] == 111_000


def test_first_bill_has_nothing_to_be_held_against():
    found = history(bills=bills(("c", "2026-06-03", "2026-06-25", "110.00", {})))["c"]
    assert found["newest_fen"] == 11_000
    assert [found[name] for name in ("usual_fen", "bill_change", "kwh_change")] == [None] * 3


def test_six_months_count_by_due_day_and_settled_by_it():
    found = history(
        bills=bills(
            ("c", "2025-12-03", "2025-12-31", "10.00", {}),  # a day too old
            ("c", "2026-01-01", "2026-01-01", "10.00", {}),
            ("c", "2026-05-03", "2026-05-25", "10.00", {}),
            ("c", "2026-06-03", "2026-06-30", "10.00", {}),
            ("c", "2026-06-20", "2026-07-01", "10.00", {}),  # due today: not yet told
        ),
        payments=[
            {
                "customer_id": "c",
                "bill_id": "c-1",
                "paid_at": "2026-01-01 23:59",
                "amount": "10.00",
            },
            {
                "customer_id": "c",
                "bill_id": "c-2",
                "paid_at": "2026-05-26 00:01",
                "amount": "10.00",
            },
        ],
    )["c"]
    assert (found["due_6m"], found["by_due_6m"]) == (3, 1)


def test_what_is_known_later_changes_nothing():
    first = bills(("c", "2026-06-03", "2026-06-25", "110.00", {}))
    later = bills(
        ("c", "2026-06-03", "2026-06-25", "110.00", {}),
        ("c", "2026-07-01", "2026-07-25", "990.00", {}),
    )
    paid = [
        {
            "customer_id": "c",
            "bill_id": "c-0",
            "paid_at": "2026-06-20 10:00",
            "posted_at": "2026-07-01 00:00",
            "amount": "110.00",
        }
    ]
    assert history(bills=first) == history(bills=later, payments=paid)


def test_buckets_make_no_difference():
    drawn = bills(*((f"c{n}", "2026-06-03", "2026-06-25", f"{n + 1}.00", {}) for n in range(9)))
    one = billing_history(world(bills=drawn), AS_OF)
    several = billing_history(world(bills=drawn, buckets=3), AS_OF)
    assert one.equals(several)
