from datetime import date, datetime

from worlds import days_after, rows_of, world

from collection.facts import gather
from collection.portraits import PORTRAITS, Readings

JULY = date(2026, 7, 1)
CONTACT_AT = "2026-06-10 09:00"
BILL = """
    bill_id | customer_id | issued_on  | due_on     | amount
    b1      | ann         | 2026-06-03 | 2026-06-25 | 100
    """


def read(**sections):
    return Readings.model_validate(sections)


def labels_of(store, as_of=JULY, readings=None):
    """Return what is on for each customer, and see that both tables say the same."""
    facts = gather(store, as_of, readings=readings or Readings())
    told = {row["customer_id"]: set() for row in facts.account.to_pylist()}
    for row in facts.labels.to_pylist():
        told[row["customer_id"]].add(row["label"])
    for row in facts.account.to_pylist():
        assert told[row["customer_id"]] == {p.id for p in PORTRAITS if row[p.id]}
    return told


def having(label, store, as_of=JULY, readings=None):
    told = labels_of(store, as_of, readings)
    return {customer for customer, labels in told.items() if label in labels}


def ann(store, as_of=JULY, readings=None):
    return labels_of(store, as_of, readings)["ann"]


def grounds(store, label, as_of=JULY, readings=None):
    rows = gather(store, as_of, readings=readings or Readings()).labels.to_pylist()
    (row,) = (row for row in rows if row["label"] == label)
    return row


# L01


def test_transfer_in_this_month_is_abnormal_and_starts_history_anew(settling):
    events = """
        customer_id | happened_on | kind
        ann         | 2026-06-15  | ownership_transfer
        """
    late = [f"2026-{month:02}-28" for month in range(1, 6)]
    store = settling({"ann": late}, events=events)  # T25
    before, after = (gather(store, day).account.to_pylist()[0] for day in _june(15, 16))
    assert (before["L01"], before["L02"], before["bills_known"]) == (False, True, 5)
    assert (after["L01"], after["L02"], after["bills_known"]) == (True, False, 0)
    assert after["since_on"] == date(2026, 6, 15)
    assert "L01" not in ann(store, JULY)


def _june(*days):
    return [date(2026, 6, day) for day in days]


def test_each_abnormal_kind_of_bill_marks_its_month():
    kinds = ("regular", "refund", "rebill", "small", "supplement", "final")
    bills = [
        {
            "customer_id": kind,
            "issued_on": "2026-06-03",
            "due_on": "2026-06-25",
            "amount": "-5" if kind == "refund" else "5",
            "kind": kind,
        }
        for kind in kinds
    ]
    store = world(bills=bills)
    june = labels_of(store, date(2026, 6, 30))
    assert {kind for kind in kinds if "L01" in june[kind]} == set(kinds) - {"regular", "final"}
    assert all("L01" not in told for told in labels_of(store, JULY).values())
    only = read(abnormal={"bill_kinds": ["final"]})
    told = labels_of(store, date(2026, 6, 30), only)
    assert {kind for kind in kinds if "L01" in told[kind]} == {"final"}


def test_small_quantity_is_small_against_the_usual():
    usual_and_last = {"tenth": (100, 10), "above": (200, 10.5), "near": (99, 10), "alike": (11, 10)}
    bills = [
        {
            "customer_id": customer,
            "issued_on": f"2026-{month:02}-03",
            "due_on": f"2026-{month:02}-25",
            "amount": "5",
            "kwh": str(usual if month < 6 else last),
        }
        for customer, (usual, last) in usual_and_last.items()
        for month in range(1, 7)
    ]
    store, june = world(bills=bills), date(2026, 6, 30)
    assert having("L01", store, june) == {"tenth"}
    alone = read(abnormal={"small_share": 1})
    assert having("L01", store, june, alone) == {"tenth", "near", "alike"}


# L02


def test_three_overdue_within_six_months_are_repeated_arrears():
    bills = [
        {
            "customer_id": customer,
            "issued_on": days_after(due, -20),
            "due_on": due,
            "amount": "5",
        }
        for customer, oldest in (("within", "2026-01-02"), ("a_day_more", "2025-12-31"))
        for due in (oldest, "2026-03-25", "2026-05-25")
    ]
    assert having("L02", world(bills=bills)) == {"within"}  # T5


def test_bill_is_overdue_from_the_day_after_it_was_due():
    store = world(bills=BILL)  # T6
    rows = [gather(store, day).account.to_pylist()[0] for day in _june(25, 26)]
    assert [(row["overdue_6m"], row["dpd"], row["overdue_fen"]) for row in rows] == [
        (0, 0, 0),
        (1, 1, 10000),
    ]


def test_bimonthly_customer_needs_three_of_three_unless_read_by_cycles(settling):
    bimonthly = """
        customer_id | billing_months
        ann         | 2
        """
    # Due in January, March, May (on time), July, September, November: late but for one.
    days = ["2026-01-28", "2026-03-28", "2026-05-20", "2026-07-28", "2026-09-28", "2026-11-28"]
    store = settling({"ann": days}, months=2, customers=bimonthly)
    december = date(2026, 12, 1)
    assert "L02" in ann(store, december)
    assert "L02" not in ann(store, date(2026, 10, 1))
    by_cycles = read(repeat_arrears={"bimonthly": "cycles"})
    assert "L02" in ann(store, date(2026, 10, 1), by_cycles)


def test_repeated_arrears_tell_when_they_end_without_new_ones(settling):
    late = [f"2026-{month:02}-28" for month in range(1, 5)]
    store = settling({"ann": late})
    row = grounds(store, "L02", date(2026, 5, 1))
    assert row["since"] == datetime(2026, 3, 26)
    assert row["source"] == "ann-2026-03"
    assert row["evidence"] == "overdue=4"
    assert row["expires_on"] == date(2026, 8, 24)
    days = (date(2026, 8, 24), date(2026, 8, 25))
    assert ["L02" in ann(store, day) for day in days] == [True, False]


# L03


def test_reversed_payment_adds_no_channel(settling):
    payments = """
        payment_id | customer_id | bill_id     | paid_at          | amount  | channel | reverses_id
        p1         | ann         | ann-2026-01 | 2026-01-20 10:00 | 100.00  | wechat  | -
        p2         | ann         | ann-2026-02 | 2026-02-20 10:00 | 100.00  | alipay  | -
        p3         | ann         | ann-2026-03 | 2026-03-20 10:00 | 100.00  | counter | -
        {}
        p5         | ann         | ann-2026-03 | 2026-03-22 10:00 | 100.00  | wechat  | -
        """
    reversal = "p4 | ann | ann-2026-03 | 2026-03-21 10:00 | -100.00 | counter |"
    unpaid = {"ann": [None, None, None]}
    told = {
        name: labels_of(settling(unpaid, payments=payments.format(row)), date(2026, 4, 1))["ann"]
        for name, row in (("kept", ""), ("named", f"{reversal} p3"), ("plain", f"{reversal} -"))
    }
    assert "L03" in told["kept"]
    assert "L03" not in told["named"]  # T19
    assert "L03" not in told["plain"]


def test_channels_of_unnamed_payments_count_where_the_money_went(settling):
    payments = """
        customer_id | paid_at          | amount | channel
        ann         | 2025-12-20 10:00 | 100.00 | agent
        ann         | 2026-02-20 10:00 | 100.00 | alipay
        ann         | 2026-03-20 10:00 | 100.00 | counter
        ann         | 2026-03-21 10:00 | 100.00 | kiosk
        """
    store = settling({"ann": [None, None, None, None]}, payments=payments)
    rows = gather(store, date(2026, 4, 1)).account.to_pylist()
    assert rows[0]["channels_6"] == 3  # what the kiosk took waits for a bill
    assert grounds(store, "L03", date(2026, 4, 1))["since"] == datetime(2026, 3, 20, 10)
    assert gather(store, date(2026, 4, 26)).account["channels_6"].to_pylist() == [4]


# L04-L06


def test_two_habits_can_stand_and_the_newest_cycle_says_which_leads(settling):
    days = ["01-10", "02-21", "03-10", "04-21", "05-10", "06-21"]
    store = settling({"ann": [f"2026-{day}" for day in days]})  # T7
    assert {"L04", "L06"} <= ann(store)
    assert gather(store, JULY).account["primary_habit"].to_pylist() == ["late"]
    row = grounds(store, "L04")
    assert (row["since"], row["source"]) == (datetime(2026, 5, 10), "ann-2026-05")


def test_days_ten_and_twenty_end_their_part_of_the_month(settling):
    labels = {10: "L04", 11: "L05", 20: "L05", 21: "L06", 25: "L06"}
    store = settling(
        {f"d{day}": [f"2026-{month:02}-{day}" for month in (1, 2, 3)] for day in labels}
    )
    assert labels_of(store, date(2026, 4, 1)) == {f"d{day}": {on} for day, on in labels.items()}


def test_two_settlements_in_each_part_are_no_habit(settling):
    days = ["01-05", "02-05", "03-15", "04-15", "05-25", "06-25"]
    store = settling({"ann": [f"2026-{day}" for day in days]})
    assert not {"L04", "L05", "L06"} & ann(store)
    assert gather(store, JULY).account["primary_habit"].to_pylist() == [None]


# L07, L08


def answering(*cases, contacts=""):
    """Customers contacted at one moment, each with (name, method, outcome, paid at or None)."""
    bills = [
        {"customer_id": name, "issued_on": "2026-06-03", "due_on": "2026-06-25", "amount": "100"}
        for name, *_ in cases
    ]
    made = [
        {
            "customer_id": name,
            "contacted_at": CONTACT_AT,
            "method": method,
            "outcome": outcome,
        }
        for name, method, outcome, _ in cases
    ]
    payments = [
        {"customer_id": name, "paid_at": paid_at, "amount": "100"}
        for name, _, _, paid_at in cases
        if paid_at
    ]
    return world(
        bills=bills, contacts=made + (rows_of(contacts) if contacts else []), payments=payments
    )


def test_payment_up_to_48_hours_after_contact_answers_it():
    store = answering(
        ("at_48h", "sms", "delivered", "2026-06-12 09:00"),  # T8
        ("after_48h", "sms", "delivered", "2026-06-12 09:01"),
        ("with_it", "phone", "answered", "2026-06-10 09:00"),
        ("never", "phone", "promised", None),
    )
    told = labels_of(store)
    assert {name: labels & {"L07", "L08"} for name, labels in told.items()} == {
        "at_48h": {"L07"},
        "after_48h": {"L08"},
        "with_it": {"L08"},
        "never": {"L08"},
    }
    undecided = labels_of(store, date(2026, 6, 12))  # at 39 hours
    assert not {"L07", "L08"} & set().union(*undecided.values())


def test_contact_that_did_not_succeed_says_nothing():
    on = "2026-06-11 09:00"
    store = answering(  # T9
        ("wrong", "sms", "wrong_number", on),
        ("silent", "phone", "no_answer", on),
        ("refused", "phone", "refused", None),
        ("visited", "visit", "answered", on),
    )
    assert not {"L07", "L08"} & set().union(*labels_of(store).values())


def test_majority_of_contacts_may_speak_instead_of_the_latest():
    later = """
        customer_id | contacted_at     | method | outcome
        ann         | 2026-06-20 09:00 | sms    | delivered
        ann         | 2026-06-10 10:00 | phone  | answered
        """
    store = answering(("ann", "sms", "delivered", "2026-06-11 09:00"), contacts=later)
    assert ann(store) & {"L07", "L08"} == {"L08"}
    majority = read(response={"reference": "majority"})
    assert ann(store, readings=majority) & {"L07", "L08"} == {"L07"}
    row = gather(store, JULY, readings=majority).account.to_pylist()[0]
    assert row["reference_contact_at"] == datetime(2026, 6, 10, 10)


def test_contact_older_than_six_cycles_says_nothing(settling):
    contacts = """
        customer_id | contacted_at     | method | outcome
        ann         | 2026-01-10 10:00 | sms    | delivered
        """
    store = settling({"ann": [None] * 7}, contacts=contacts)
    assert "L08" in ann(store, date(2026, 7, 3))
    assert "L08" not in ann(store, date(2026, 7, 4))  # the seventh bill is known


def test_held_out_contact_is_no_contact():
    store = world(
        bills=BILL,
        contacts=f"""
            customer_id | contacted_at | method | outcome   | assigned | round | request
            ann         | {CONTACT_AT} | sms    | delivered | holdout  | 1     | no_phone
            """,
    )
    facts = gather(store, JULY)
    (row,) = facts.account.to_pylist()
    (bill,) = facts.open_bill.to_pylist()
    assert not {"L07", "L08", "L11"} & ann(store)
    assert row["last_contacted_at"] is None
    assert (bill["held_out"], bill["last_round"], bill["round1_at"]) == (True, None, None)


# L09


def prepaying(**topups):
    """Prepaid customers with one bill of 100 and top-ups in June."""
    customers = [{"customer_id": name, "billing_mode": "prepaid"} for name in topups]
    bills = [
        {"customer_id": name, "issued_on": "2026-06-03", "due_on": "2026-06-25", "amount": "100"}
        for name in topups
    ]
    payments = [
        {"customer_id": name, "paid_at": f"2026-06-{day:02} 10:00", "amount": amount}
        for name, amounts in topups.items()
        for day, amount in enumerate(amounts, 4)
    ]
    return world(customers=customers, bills=bills, payments=payments)


def test_small_topups_are_below_what_is_advised():
    store = prepaying(
        t16=("50", "50", "50"),  # 100 / 50 = 2.0, three a cycle
        t17=("80", "80"),  # 1.25
        t18=("62.50", "62.50"),  # exactly 1.6
        under=("62.49", "62.49"),
        over=("62.51", "62.51"),
        once=("50",),  # once a cycle is not often
        never=(),
    )
    assert having("L09", store) == {"t16", "under"}
    as_printed = read(small_topup={"direction": "below", "per_cycle": 0})
    assert having("L09", store, readings=as_printed) == {"t17", "over"}
    alone = read(small_topup={"per_cycle": 0})
    assert having("L09", store, readings=alone) == {"t16", "under", "once"}


def test_mean_month_is_what_advice_is_taken_of():
    store = prepaying(ann=("50", "50", "50"))
    (row,) = gather(store, JULY).account.to_pylist()
    assert (row["mean_monthly_cost_fen"], row["mean_topup_fen"]) == (10_000, 5_000)
    assert grounds(store, "L09")["evidence"] == "topups=3 ratio=2.0"


def test_postpaid_customer_never_tops_up_little_and_often(settling):
    payments = "customer_id | paid_at | amount\n" + "\n".join(
        f"ann | 2026-06-{day:02} 10:00 | 10" for day in range(4, 20)
    )
    assert "L09" not in ann(settling({"ann": [None] * 6}, payments=payments))


# L10-L12


def wishing(*said):
    """What ann says, as (moment, request), and when the bills of June and July are due."""
    return world(
        bills="""
            bill_id | customer_id | issued_on  | due_on     | amount
            b1      | ann         | 2026-06-03 | 2026-06-25 | 100
            b2      | ann         | 2026-07-03 | 2026-07-25 | 100
            """,
        contacts=[
            {
                "customer_id": "ann",
                "contacted_at": f"{moment} 09:00",
                "method": "phone",
                "outcome": "answered",
                "request": request,
                "recorded_by": "desk 1",
            }
            for moment, request in said
        ],
    )


WISHES = {"L10", "L11", "L12"}


def test_wishes_of_every_kind_persist_until_lifted():
    store = wishing(
        ("2026-06-10", "no_dunning"), ("2026-06-11", "no_phone"), ("2026-06-20", "lift")
    )
    told = [ann(store, day) & WISHES for day in _june(10, 20, 21)]
    assert told == [set(), {"L10", "L11"}, set()]


def test_wish_stated_again_after_lifting_holds_from_then():
    store = wishing(("2026-06-10", "no_phone"), ("2026-06-11", "lift"), ("2026-06-12", "no_phone"))
    row = grounds(store, "L11")
    assert row["since"] == datetime(2026, 6, 12, 9)
    assert (row["recorded_by"], row["evidence"]) == ("desk 1", "method=phone")
    assert row["expires_on"] is None


def test_wish_for_this_cycle_ends_with_the_due_day():
    store = wishing(("2026-06-10", "not_this_cycle"))
    assert ["L12" in ann(store, day) for day in _june(25, 26)] == [True, False]  # T13
    facts = gather(store, date(2026, 6, 11))
    assert facts.labels["expires_on"].to_pylist() == [date(2026, 6, 25)]
    assert facts.account["not_this_cycle_until"].to_pylist() == [date(2026, 6, 25)]


def test_new_owner_inherits_no_wish():
    store = world(
        bills=BILL,
        contacts=f"""
            customer_id | contacted_at | method | outcome  | request
            ann         | {CONTACT_AT} | phone  | answered | no_dunning
            """,
        events="""
            customer_id | happened_on | kind
            ann         | 2026-06-20  | ownership_transfer
            """,
    )
    assert ["L10" in ann(store, day) for day in _june(20, 21)] == [True, False]


# L13, L14


def test_verified_change_of_contact_is_marked_for_a_month():
    store = world(
        bills="""
            customer_id | issued_on  | due_on     | amount
            ann         | 2026-06-03 | 2026-06-25 | 100
            added       | 2026-06-03 | 2026-06-25 | 100
            """,
        contacts=f"""
            customer_id | contacted_at | method | outcome  | contact_change | verified
            ann         | {CONTACT_AT} | phone  | answered | updated        | true
            ann         | {CONTACT_AT} | phone  | answered | added          | false
            added       | {CONTACT_AT} | phone  | answered | added          | true
            """,
    )
    marked = {"ann": {"L13"}, "added": {"L14"}}
    marks = {"L13", "L14"}

    def told(day, readings=None):
        return {name: on & marks for name, on in labels_of(store, day, readings).items()}

    assert told(date(2026, 7, 11)) == marked
    assert told(date(2026, 7, 12)) == {"ann": set(), "added": set()}
    forever = read(contact_change_days=None)
    assert told(date(2026, 7, 12), forever) == marked
