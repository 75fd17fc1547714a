"""The other families, one drawn world each: what a column counts and what it leaves out."""

from datetime import date

import pytest
from worlds import by_customer, world

from features import build, build_prepaid
from features.calendar import spring_festival

JUNE = date(2024, 6, 1)
OPEN = "2024-05-20 | 2024-06-10"


def test_arrears_are_what_stands_open_past_due():
    store = world(
        bills=f"""
            bill_id | customer_id | issued_on  | due_on     | amount
            c1      | clean       | 2024-04-20 | 2024-05-10 | 100
            o1      | owing       | 2024-03-20 | 2024-04-10 | 100
            o2      | owing       | 2024-04-20 | 2024-05-10 | 100
            c2      | clean       | {OPEN} | 100
            o3      | owing       | {OPEN} | 100
            """,
        payments="""
            customer_id | bill_id | paid_at    | amount
            clean       | c1      | 2024-05-10 | 100
            owing       | o1      | 2024-04-10 | 60
            """,
    )
    matrix = build(store, JUNE)
    matrix = matrix[matrix["bill_id"].isin(["c2", "o3"])]
    assert by_customer(matrix, "months_behind") == {"clean": 0, "owing": 2}
    assert by_customer(matrix, "overdue_open_cny") == {"clean": 0, "owing": 140}
    assert by_customer(matrix, "overdue_days_max") == {"clean": 0, "owing": 52}
    assert by_customer(matrix, "open_bills") == {"clean": 1, "owing": 3}
    assert by_customer(matrix, "overdue_to_usual_ratio") == {"clean": 0, "owing": 1.4}
    assert by_customer(matrix, "short_at_due_share_12m") == {"clean": 0, "owing": 0.7}


def test_amounts_are_held_against_the_other_bills():
    store = world(
        bills=f"""
            bill_id | customer_id | cycle  | issued_on  | due_on     | amount
            old     | ann         | 202305 | 2023-05-20 | 2023-06-10 | 50
            before  | ann         | 202404 | 2024-04-20 | 2024-05-10 | 80
            this    | ann         | 202405 | {OPEN} | 120
            first   | bob         | 202405 | {OPEN} | 120
            """
    )
    matrix = build(store, JUNE).set_index("bill_id")
    assert matrix.loc["this", "amount_shock_3m"] == 1.5
    assert matrix.loc["this", "amount_over_last_year"] == 2.4
    assert matrix.loc["this", "amount_mean_3m"] == 100
    # The bill of a year ago is older than the three months, and is not taken out of them.
    assert matrix.loc["old", "amount_others_mean_3m"] == 100
    assert matrix.loc["first", ["amount_shock_3m", "amount_over_last_year"]].isna().all()


def test_payments_failed_debits_and_reversals_are_told_apart():
    store = world(
        bills=f"""
            customer_id | issued_on  | due_on     | amount
            ann         | {OPEN} | 500
            """,
        payments="""
            payment_id | customer_id | paid_at    | amount | channel | outcome | reverses_id
            p1         | ann         | 2024-05-01 | 10     | wechat  | ok      | -
            p2         | ann         | 2024-05-02 | 20     | counter | ok      | -
            p3         | ann         | 2024-05-03 | 20     | bank_debit | failed | -
            p4         | ann         | 2024-05-04 | 40     | wechat  | ok      | -
            p5         | ann         | 2024-05-05 | -40    | wechat  | ok      | p4
            p6         | ann         | 2024-05-06 | 80     | bank_debit | ok   | -
            """,
    )
    row = build(store, JUNE).iloc[0]
    assert row["paid_amount_3m"] == 110
    assert row["payments_count_3m"] == 3
    assert row["failed_debits_3m"] == 1
    assert row["reversals_12m"] == 1
    assert row["days_since_payment"] == 26
    assert row["channels_used_6m"] == 3
    assert row["channel_switches_12m"] == 2
    assert row["by_hand_share_12m"] == row["debited_share_6m"] == pytest.approx(1 / 3)


def test_settlement_days_fall_into_thirds_of_the_month():
    days = {"a": 10, "b": 11, "c": 20, "d": 21}
    bills = [
        {"bill_id": b, "customer_id": "ann", "issued_on": "2024-05-01", "due_on": "2024-05-25"}
        for b in days
    ]
    bills.append(
        {"bill_id": "x", "customer_id": "ann", "issued_on": "2024-05-28", "due_on": "2024-06-22"}
    )
    payments = [
        {"customer_id": "ann", "bill_id": b, "paid_at": f"2024-05-{day}", "amount": "9"}
        for b, day in days.items()
    ]
    row = build(world(bills=[b | {"amount": "9"} for b in bills], payments=payments), JUNE).iloc[0]
    assert row["month_start_share_6b"] == 0.25
    assert row["month_middle_share_6b"] == 0.5
    assert row["month_end_share_6b"] == 0.25
    assert row["days_past_usual"] == 4 - (25 - 5)  # issued 4 days ago; usually 5 days early


def test_answers_within_48_hours_and_kept_promises():
    """L07, L08, T8, T9: at 48 hours sharp it is an answer; before they are over, neither."""
    store = world(
        bills=f"""
            customer_id | issued_on  | due_on     | amount
            sharp       | {OPEN} | 500
            missed      | {OPEN} | 500
            waiting     | {OPEN} | 500
            unreached   | {OPEN} | 500
            kept        | {OPEN} | 500
            broken      | {OPEN} | 500
            """,
        contacts="""
            customer_id | contacted_at        | method | outcome   | promised_on
            sharp       | 2024-05-21 10:00:00 | sms    | delivered | -
            missed      | 2024-05-21 10:00:00 | sms    | delivered | -
            waiting     | 2024-05-31 10:00:00 | sms    | delivered | -
            unreached   | 2024-05-21 10:00:00 | phone  | no_answer | -
            kept        | 2024-05-21 10:00:00 | phone  | promised  | 2024-05-25
            broken      | 2024-05-21 10:00:00 | phone  | promised  | 2024-05-25
            """,
        payments="""
            customer_id | paid_at             | amount
            sharp       | 2024-05-23 10:00:00 | 1
            missed      | 2024-05-23 10:01:00 | 1
            kept        | 2024-05-25 23:59:59 | 1
            broken      | 2024-05-26 00:00:00 | 1
            """,
    )
    matrix = build(store, JUNE)
    answered = by_customer(matrix, "answered_share_12m")
    assert {c: answered[c] for c in ("sharp", "missed", "waiting", "unreached")} == {
        "sharp": 1,
        "missed": 0,
        "waiting": None,
        "unreached": None,
    }
    kept = by_customer(matrix, "promises_kept_share_12m")
    assert (kept["kept"], kept["broken"], kept["sharp"]) == (1, 0, None)
    assert by_customer(matrix, "reached_share_12m")["unreached"] == 0


def test_contact_that_was_held_out_never_happened():
    store = world(
        bills=f"""
            customer_id | issued_on  | due_on     | amount
            called      | {OPEN} | 500
            held_out    | {OPEN} | 500
            """,
        contacts="""
            customer_id | contacted_at        | method | outcome   | assigned
            called      | 2024-05-21 10:00:00 | sms    | no_answer | policy
            held_out    | 2024-05-21 10:00:00 | sms    | no_answer | holdout
            """,
    )
    counts = by_customer(build(store, JUNE), "contacts_count_12m")
    assert counts == {"called": 1, "held_out": 0}


def test_use_is_held_against_its_median():
    store = world(
        bills=f"""
            bill_id | customer_id | issued_on  | due_on     | amount | kwh
            a       | ann         | 2024-02-20 | 2024-03-10 | 1      | 100
            b       | ann         | 2024-03-20 | 2024-04-10 | 1      | 10
            c       | ann         | 2024-04-20 | 2024-05-10 | 1      | 300
            d       | ann         | {OPEN} | 1 | 25
            """
    )
    row = build(store, JUNE).set_index("bill_id").loc["d"]
    assert row["kwh_median_12m"] == 25  # the lower of the two in the middle
    assert row["kwh_ratio"] == 1
    assert row["near_zero_count_12m"] == 1


@pytest.mark.parametrize(
    ("due_on", "distance"), [("2024-02-01", -9), ("2024-02-10", 0), ("2024-03-01", 20)]
)
def test_distance_from_spring_festival_is_signed(due_on, distance):
    store = world(
        bills=f"""
            customer_id | issued_on  | due_on   | amount
            ann         | 2024-01-20 | {due_on} | 1
            """
    )
    row = build(store, date(2024, 1, 25)).iloc[0]
    assert row["festival_days"] == distance
    assert row["due_weekday"] == date.fromisoformat(due_on).isoweekday()
    assert row["age_days"] == 5


def test_spring_festival_follows_the_lunar_year():
    days = [spring_festival(year) for year in (2023, 2024, 2025, 2026)]
    assert days == [date(2023, 1, 22), date(2024, 2, 10), date(2025, 1, 29), date(2026, 2, 17)]


def test_grid_rate_leaves_the_customer_out_and_waits_for_mature_outcomes():
    store = world(
        bills=f"""
            bill_id | customer_id | issued_on  | due_on     | amount
            a1      | ann         | 2024-04-20 | 2024-05-10 | 9
            b1      | bob         | 2024-04-20 | 2024-05-10 | 9
            c1      | cat         | 2024-04-20 | 2024-05-10 | 9
            a2      | ann         | {OPEN} | 9
            b2      | bob         | {OPEN} | 9
            c2      | cat         | {OPEN} | 9
            young   | cat         | 2024-05-20 | 2024-05-29 | 9
            """,
        payments="""
            customer_id | bill_id | paid_at    | amount
            ann         | a1      | 2024-05-10 | 9
            bob         | b2      | 2024-05-21 | 9
            """,
    )
    matrix = build(store, JUNE).set_index("bill_id")
    assert matrix.loc["a2", "grid_late_rate"] == 1.0  # bob and cat
    assert matrix.loc["c2", "grid_late_rate"] == 0.5  # ann and bob
    assert matrix.loc["a2", "segment_rate"] == pytest.approx(2 / 3)


def test_a_customer_alone_in_its_grid_has_no_grid_rate():
    store = world(
        bills=f"""
            bill_id | customer_id | issued_on  | due_on     | amount
            a1      | ann         | 2024-04-20 | 2024-05-10 | 9
            a2      | ann         | {OPEN} | 9
            """
    )
    assert build(store, JUNE)["grid_late_rate"].isna().all()


def test_extra_columns_of_the_source_become_features():
    store = world(
        bills=f"""
            bill_id | customer_id | issued_on  | due_on     | amount | x_meter
            a1      | ann         | 2024-04-20 | 2024-05-10 | 9      | 3
            a2      | ann         | {OPEN} | 9 | 5
            """,
        customers="""
            customer_id | x_limit | x_branch
            ann         | 200     | north
            """,
    )
    row = build(store, JUNE).set_index("bill_id").loc["a2"]
    assert (row["x_meter_at_1b"], row["x_meter_at_2b"], row["x_meter_mean_3b"]) == (5, 3, 4)
    assert (row["x_limit"], row["x_branch"]) == (200, "north")


def test_aging_bucket_rolls_from_month_to_month():
    store = world(
        bills=f"""
            bill_id | customer_id | issued_on  | due_on     | amount
            w1      | worse       | 2024-03-10 | 2024-03-28 | 9
            s1      | steady      | 2024-04-20 | 2024-05-31 | 9
            c1      | cured       | 2024-03-10 | 2024-03-28 | 9
            w2      | worse       | {OPEN} | 9
            s2      | steady      | {OPEN} | 9
            c2      | cured       | {OPEN} | 9
            """,
        payments="""
            customer_id | bill_id | paid_at    | amount
            cured       | c1      | 2024-05-15 | 9
            """,
    )
    matrix = build(store, JUNE)
    matrix = matrix[matrix["bill_id"].str.endswith("2")]
    assert by_customer(matrix, "arrears_bucket") == {"worse": 3, "steady": 1, "cured": 0}
    assert by_customer(matrix, "arrears_bucket_before") == {"worse": 2, "steady": 0, "cured": 2}
    assert by_customer(matrix, "arrears_roll") == {"worse": 1, "steady": 1, "cured": -2}


def test_arrears_of_last_year_are_told_apart():
    store = world(
        bills=f"""
            bill_id | customer_id | issued_on  | due_on     | amount
            old     | ann         | 2023-12-01 | 2023-12-31 | 5
            new     | ann         | 2023-12-20 | 2024-01-01 | 7
            this    | ann         | {OPEN} | 9
            """
    )
    row = build(store, JUNE).set_index("bill_id").loc["this"]
    assert (row["old_arrears_cny"], row["overdue_open_cny"], row["open_total_cny"]) == (5, 12, 21)


def test_a_bill_is_ranked_among_its_own_and_its_segments():
    amounts = {"small": 10, "middle": 20, "large": 30, "largest": 40}
    bills = [
        {"customer_id": c, "issued_on": "2024-05-20", "due_on": "2024-06-10", "amount": str(a)}
        for c, a in amounts.items()
    ]
    before = [
        b | {"issued_on": "2024-04-20", "due_on": "2024-05-10", "amount": "25"} for b in bills
    ]
    payments = [
        {"customer_id": c, "bill_id": f"b{n + 4}", "paid_at": "2024-04-21", "amount": "25"}
        for n, c in enumerate(amounts)
    ]
    matrix = build(world(bills=bills + before, payments=payments), JUNE)
    assert by_customer(matrix, "amount_rank_in_month") == {
        "small": 0.125,
        "middle": 0.375,
        "large": 0.625,
        "largest": 0.875,
    }
    assert by_customer(matrix, "amount_rank_12m") == {
        "small": 0,
        "middle": 0,
        "large": 1,
        "largest": 1,
    }
    assert by_customer(matrix, "amount_over_previous")["large"] == 1.2
    assert by_customer(matrix, "amount_over_segment")["middle"] == 0.8


@pytest.mark.parametrize(
    ("due_on", "rests", "after_payday"),
    [
        ("2024-02-04", 0, 25),  # a Sunday that is worked in exchange for a holiday
        ("2024-02-10", 1, 0),  # Spring Festival, a Saturday
        ("2024-02-15", 1, 5),  # the Thursday given for it
        ("2024-02-20", 0, 10),
        ("2024-02-24", 1, 14),
    ],
)
def test_due_day_knows_rest_days_and_payday(due_on, rests, after_payday):
    store = world(
        bills=f"""
            customer_id | issued_on  | due_on   | amount
            ann         | 2024-01-20 | {due_on} | 1
            """
    )
    row = build(store, date(2024, 1, 25)).iloc[0]
    assert (row["due_on_rest_day"], row["days_after_payday"]) == (rests, after_payday)


def test_prepaid_customers_are_scored_by_their_balance():
    """A day's balance is known at its end: that of 30 May on the 31st, seen by 1 June."""
    days = [f"2024-05-{day:02d}" for day in range(2, 32)]
    balances = [
        {"customer_id": c, "on": day, "balance": str(start - 2 * n), "cost": "2"}
        for c, start in (("near", 64), ("far", 500), ("postpaid", 500))
        for n, day in enumerate(days)
    ]
    store = world(
        bills=f"""
            customer_id | issued_on  | due_on     | amount
            near        | {OPEN} | 60
            """,
        customers="""
            customer_id | valid_from | billing_mode
            near        | 2020-01-01 | prepaid
            far         | 2020-01-01 | prepaid
            silent      | 2020-01-01 | prepaid
            postpaid    | 2020-01-01 | postpaid
            """,
        balances=balances,
        payments="""
            customer_id | paid_at    | amount
            near        | 2024-04-01 | 20
            near        | 2024-05-01 | 40
            """,
        disconnections="""
            customer_id | disconnected_at     | reconnected_at      | reason
            near        | 2024-05-20 10:00:00 | 2024-05-20 12:00:00 | low_balance
            near        | 2024-05-31 18:00:00 | 2024-06-01 00:00:00 | low_balance
            """,
    )
    matrix = build_prepaid(store, JUNE)
    assert matrix["customer_id"].tolist() == ["far", "near"]
    near = matrix.set_index("customer_id").loc["near"]
    assert (near["balance_cny"], near["balance_age_days"], near["cost_mean_7d"]) == (8, 2, 2)
    assert (near["balance_days_left"], near["low_days_30d"], near["negative_days_30d"]) == (
        4,
        11,
        0,
    )
    assert (near["topup_days"], near["topup_gap_mean_12m"]) == (15, 30)
    assert near["issued_to_topup_ratio"] == 2
    assert (near["cuts_count_3m"], near["hours_off_mean_12m"], near["is_cut_off"]) == (2, 4, 1)
