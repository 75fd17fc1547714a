from datetime import date, datetime

from worlds import rows_of, world

from collection.facts import gather

BILL = """
    bill_id | customer_id | issued_on  | due_on     | amount | hold   | hold_from_on | hold_to_on
    b1      | ann         | 2026-06-03 | 2026-06-25 | 100    | {hold} | {begins}     | {ends}
    """
JULY_11 = date(2026, 7, 11)  # 16 days past due


def bill_of(as_of=JULY_11, *, hold="none", begins="-", ends="-", **tables):
    bills = BILL.format(hold=hold, begins=begins, ends=ends)
    (bill,) = gather(world(bills=bills, **tables), as_of).open_bill.to_pylist()
    return bill


def ages(bill):
    return bill["hold"], bill["dpd"], bill["aged_days"]


def test_hold_stops_the_clock_for_its_days_alone():
    held = rows_of(
        """
        bill_id   | hold_from_on | hold_to_on
        early     | 2026-06-10   | -
        later     | 2026-07-01   | -
        over      | 2026-06-28   | 2026-06-30
        over_soon | 2026-06-10   | 2026-06-25
        to_come   | 2026-07-11   | -
        undated   | -            | -
        """
    )
    due = {"customer_id": "ann", "issued_on": "2026-06-03", "due_on": "2026-06-25"}
    store = world(bills=[due | {"amount": "1", "hold": "disputed"} | row for row in held])
    bills = gather(store, JULY_11).open_bill.to_pylist()
    assert {bill["bill_id"]: ages(bill) for bill in bills} == {
        "early": ("disputed", 16, 0),  # since before due: no day counts
        "later": ("disputed", 16, 5),  # from 26 to 30 June
        "over": ("none", 16, 13),  # three days left out
        "over_soon": ("none", 16, 16),  # over by the due day
        "to_come": ("none", 16, 16),  # begins today: not known yet
        "undated": ("disputed", 16, 0),  # since it was issued
    }


def test_end_of_a_hold_is_not_known_before_it_comes():
    bill = bill_of(hold="debit_in_transit", begins="2026-07-01", ends="2026-07-11")
    assert (bill["hold"], bill["hold_from_on"], bill["hold_to_on"]) == (
        "debit_in_transit",
        date(2026, 7, 1),
        None,
    )


def test_partial_payment_resets_nothing():
    payments = """
        customer_id | bill_id | paid_at          | amount
        ann         | b1      | 2026-07-05 10:00 | 40
        """
    bill = bill_of(payments=payments)
    assert ages(bill) == ("none", 16, 16)
    assert (bill["paid_fen"], bill["open_fen"], bill["tier"]) == (4000, 6000, "O")


def test_account_ages_from_the_oldest_due_day_and_the_longest_not_held():
    store = world(
        bills="""
            bill_id | customer_id | issued_on  | due_on     | amount | hold     | hold_from_on
            b1      | ann         | 2026-05-03 | 2026-05-25 | 100    | disputed | 2026-05-10
            b2      | ann         | 2026-06-03 | 2026-06-25 | 50     | none     | -
            b3      | ann         | 2026-07-03 | 2026-07-25 | 25     | none     | -
            """
    )
    (row,) = gather(store, JULY_11).account.to_pylist()
    assert (row["bills_open"], row["open_fen"], row["overdue_fen"]) == (3, 17_500, 15_000)
    assert (row["oldest_due_on"], row["dpd"], row["aged_days"]) == (date(2026, 5, 25), 47, 16)
    assert row["bills_disputed"] == 1


def test_rounds_and_notices_of_a_bill_are_told_by_what_was_served():
    contacts = """
        customer_id | bill_id | contacted_at     | round | method | outcome      | promised_on
        ann         | b1      | 2026-06-04 09:00 | 1     | sms    | wrong_number | -
        ann         | -       | 2026-06-20 09:00 | 2     | phone  | promised     | 2026-06-24
        ann         | other   | 2026-06-21 09:00 | 3     | visit  | answered     | -
        ann         | b1      | 2026-06-27 09:00 | 3     | phone  | promised     | 2026-07-11
        ann         | b1      | 2026-06-29 09:00 | 3     | phone  | no_answer    | -
        ann         | b1      | 2026-07-02 09:00 | 4     | notice | no_answer    | -
        ann         | b1      | 2026-07-04 09:00 | 4     | letter | delivered    | -
        ann         | b1      | 2026-07-08 09:00 | 4     | notice | delivered    | -
        ann         | b1      | 2026-07-11 00:00 | 4     | notice | delivered    | -
        """
    bill = bill_of(contacts=contacts)
    assert (bill["last_round"], bill["last_round_at"]) == (4, datetime(2026, 7, 8, 9))
    firsts = [bill[f"round{number}_at"].day for number in (1, 2, 3, 4)]
    assert firsts == [4, 20, 27, 2]
    assert bill["reached_at"] == datetime(2026, 6, 20, 9)
    assert (bill["notice_at"].day, bill["last_notice_at"].day) == (4, 8)
    assert (bill["promised_on"], bill["promise_broken"]) == (date(2026, 7, 11), False)
    later = bill_of(date(2026, 7, 12), contacts=contacts)
    assert (later["promise_broken"], later["last_notice_at"].day) == (True, 11)


def test_contact_without_a_bill_is_about_bills_issued_by_then():
    contacts = """
        customer_id | contacted_at     | round | method | outcome
        ann         | 2026-06-02 09:00 | 3     | sms    | delivered
        """
    assert bill_of(contacts=contacts)["last_round"] is None


def test_only_open_bills_that_ask_for_money_are_listed():
    store = world(
        bills="""
            bill_id | customer_id | issued_on  | due_on     | amount | kind   | cancelled_on
            owed    | ann         | 2026-06-03 | 2026-06-25 | 100    | final  | -
            nothing | ann         | 2026-06-03 | 2026-06-25 | 0      | -      | -
            back    | ann         | 2026-06-03 | 2026-06-25 | 10     | refund | -
            undone  | ann         | 2026-06-03 | 2026-06-25 | 10     | -      | 2026-07-01
            paid    | ann         | 2026-06-03 | 2026-06-25 | 10     | -      | -
            """,
        payments="""
            bill_id | customer_id | paid_at          | amount
            paid    | ann         | 2026-06-10 10:00 | 9.01
            """,
    )
    assert gather(store, JULY_11).open_bill["bill_id"].to_pylist() == ["owed"]
