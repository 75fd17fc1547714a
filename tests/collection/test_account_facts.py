from datetime import date

from worlds import world

from collection.facts import gather

JULY = date(2026, 7, 1)


def accounts(store, as_of=JULY):
    return {row["customer_id"]: row for row in gather(store, as_of).account.to_pylist()}


def test_attributes_in_force_before_as_of_are_used():
    store = world(
        customers="""
            customer_id | valid_from | segment     | grid_id | protected | pay_arrangement
            ann         | 2020-01-01 | residential | g1      | true      | none
            ann         | 2026-06-30 | commercial  | g2      | -         | bank_debit
            ann         | 2026-07-01 | industrial  | g3      | -         | none
            """,
        bills=[],
    )
    row = accounts(store)["ann"]
    assert (row["segment"], row["grid_id"], row["protected"]) == ("commercial", "g2", False)
    assert (row["debit"], row["excluded_why"]) == (True, "debit")


def test_closed_account_stays_while_it_owes():
    store = world(
        customers="""
            customer_id | closed_on
            owing       | 2026-06-01
            gone        | 2026-06-01
            going       | 2026-07-01
            back        | 2026-05-01
            taken_over  | -
            shut        | -
            """,
        bills="""
            customer_id | issued_on  | due_on     | amount
            owing       | 2026-05-03 | 2026-05-25 | 5
            """,
        events="""
            customer_id | happened_on | kind
            back        | 2026-05-20  | reopened
            taken_over  | 2026-05-20  | closed
            taken_over  | 2026-06-20  | ownership_transfer
            shut        | 2026-06-20  | closed
            """,
    )
    found = accounts(store)
    assert {name: row["closed_on"] for name, row in found.items()} == {
        "owing": date(2026, 6, 1),
        "going": None,
        "back": None,
        "taken_over": None,
    }


def test_money_paid_ahead_is_credit_until_a_bill_takes_it():
    store = world(
        bills="""
            bill_id | customer_id | issued_on  | due_on     | amount
            b1      | ann         | 2026-05-03 | 2026-05-25 | 30
            b2      | ann         | 2026-07-03 | 2026-07-25 | 50
            """,
        payments="""
            customer_id | paid_at          | amount
            ann         | 2026-05-10 10:00 | 100
            """,
    )
    assert accounts(store)["ann"]["credit_fen"] == 7_000
    assert accounts(store, date(2026, 7, 4))["ann"]["credit_fen"] == 2_000


def test_prepaid_days_left_follow_the_last_seven_known_days():
    store = world(
        customers="""
            customer_id | billing_mode
            ann         | prepaid
            """,
        bills=[],
        balances=[
            {"customer_id": "ann", "on": date(2026, 6, day), "balance": balance, "cost": cost}
            for day, balance, cost in (
                *((day, "90", "99") for day in range(1, 23)),
                *((day, "50", "4") for day in range(23, 29)),
                (29, "12", "1"),
                (30, "1", "99"),
            )
        ],
        disconnections="""
            customer_id | disconnected_at  | reconnected_at
            ann         | 2026-06-30 10:00 | 2026-07-01 09:00
            """,
    )
    row = accounts(store)["ann"]  # what the 30th cost is known on 1 July, when it has begun
    assert (row["balance_fen"], row["daily_cost_fen"], row["is_off"]) == (1200, 357, True)
    assert row["days_left"] == 1200 * 7 / 2500
    assert accounts(store, date(2026, 7, 2))["ann"]["is_off"] is False


def test_balance_is_below_zero_since_the_day_after_it_last_held():
    store = world(
        customers="""
            customer_id | billing_mode
            ann         | prepaid
            bob         | prepaid
            eve         | prepaid
            """,
        bills=[],
        balances=[
            {"customer_id": who, "on": date(2026, 6, day), "balance": balance, "cost": "9"}
            for who, balances in (
                ("ann", {25: "-3", 26: "0", 27: "-9", 28: "-18"}),
                ("bob", {27: "-9", 28: "5"}),
                ("eve", {27: "-1", 28: "-2"}),
            )
            for day, balance in balances.items()
        ],
    )
    since = {who: row["below_zero_on"] for who, row in accounts(store).items()}
    assert since == {"ann": date(2026, 6, 28), "bob": None, "eve": date(2026, 6, 28)}


def test_wrong_number_is_marked_until_a_change_is_verified():
    store = world(
        bills="""
            customer_id | issued_on  | due_on     | amount
            lost        | 2026-06-03 | 2026-06-25 | 5
            mended      | 2026-06-03 | 2026-06-25 | 5
            claimed     | 2026-06-03 | 2026-06-25 | 5
            reached     | 2026-06-03 | 2026-06-25 | 5
            """,
        contacts="""
            customer_id | contacted_at     | method | outcome      | contact_change | verified
            lost        | 2026-06-10 09:00 | phone  | wrong_number | -              | -
            lost        | 2026-06-11 09:00 | visit  | answered     | -              | -
            mended      | 2026-06-10 09:00 | phone  | wrong_number | -              | -
            mended      | 2026-06-11 09:00 | visit  | answered     | updated        | true
            claimed     | 2026-06-10 09:00 | phone  | wrong_number | -              | -
            claimed     | 2026-06-11 09:00 | visit  | answered     | updated        | false
            reached     | 2026-06-10 09:00 | phone  | wrong_number | -              | -
            reached     | 2026-06-11 09:00 | sms    | delivered    | -              | -
            """,
    )
    wrong = {name for name, row in accounts(store).items() if row["phone_wrong"]}
    assert wrong == {"lost", "claimed"}
