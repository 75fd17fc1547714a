"""Facts over again in slow, plain Python, one customer at a time, and what must not change them.

What is known of a customer comes from the reference of the features; what is counted of it is
written from requirements.md 1.2.1 and 1.6 alone.
"""

import random
from collections import Counter
from datetime import date, datetime, timedelta
from statistics import median_low

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from feature_reference import (
    fen,
    is_paid,
    micros,
    months_back,
    payments_of,
    posted_at,
    see,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from later import with_other_later, without_later
from ledger_reference import Bill, Payment, account_as_of
from lives import AS_OFS, as_ofs, lives, seeds, tables_of
from worlds import world

from collection.facts import gather
from contract.tables import CONTACTS

REACHED = ("delivered", "answered", "promised")
ORDER = "QNDCBAO"


def lived(life_seeds):
    """Lives whose contacts say all that contacts can say, and accounts that close and reopen."""
    rows = tables_of(life_seeds)
    bills = {}
    for bill in rows["bills"]:
        bills.setdefault(bill["customer_id"], []).append(bill)
    for number, contact in enumerate(rows["contacts"]):
        rng = random.Random(f"{life_seeds} {number}")  # noqa: S311 - draws a test
        about = [
            bill["bill_id"]
            for bill in bills.get(contact["customer_id"], [])
            if bill["issued_on"] <= contact["contacted_at"].date()
        ][-3:]
        contact |= {
            "bill_id": rng.choice([None, *about]),
            "round": rng.choice((None, 1, 2, 3, 4, 4)),
            "method": rng.choice(("sms", "phone", "phone", "visit", "notice", "letter")),
            "outcome": rng.choice((contact["outcome"], "delivered", "answered", "wrong_number")),
            "request": rng.choice((None, *CONTACTS.column("request").codes)),
            "contact_change": rng.choice((None, None, "updated", "added")),
            "verified": rng.choice((None, True, True, False)),
            "assigned": rng.choice((None, "policy", "holdout")),
        }
    for event in list(rows["events"]):
        rng = random.Random(str(event))  # noqa: S311 - draws a test
        later = event["happened_on"] + timedelta(days=rng.choice((0, 30, 200)))
        kind = rng.choice(("closed", "reopened"))
        rows["events"].append(event | {"kind": kind, "happened_on": later})
    once = {(e["customer_id"], e["happened_on"], e["kind"]): e for e in rows["events"]}
    return rows | {"events": list(once.values())}


def accounts(rows, as_of):
    """Return, a customer in force, its row of the account table."""
    found = {}
    for customer in sorted({row["customer_id"] for row in rows["customers"]}):
        known = see(customer, rows, as_of)
        bills = [bill for bill in known.bills if bill.is_open and bill.row.get("kind") != "refund"]
        if known.person and (bills or closed_on(customer, rows, known) is None):
            found[customer] = account(customer, rows, known)
    return found


def account(customer, rows, known):
    said = contacts_of(customer, rows, known, held_out=False)
    paid = standing_payments(customer, rows, known)
    wishes = wishes_of(said, known)
    response = answer_of(said, paid, known)
    counts = bills_counted(known)
    told = counts | {
        "channels_6": len(channels(customer, rows, known, paid)),
        "reference_contact_at": response and response[0],
        "responded": response and response[1],
        "last_contacted_at": max((c["contacted_at"] for c in said), default=None),
        "no_dunning": "no_dunning" in wishes,
        "no_phone": "no_phone" in wishes,
        "not_this_cycle_until": wishes.get("not_this_cycle"),
        "phone_wrong": phone_wrong(said),
        "closed_on": closed_on(customer, rows, known),
        "is_off": bool(known.cuts) and is_off(known),
        **prepaid(known, paid),
    }
    if all(payment["amount"] > 0 for payment in payments_of(customer, rows)):
        told["credit_fen"] = credit(customer, rows, known)
    return told | excluded(known, told, rows) | labels(known, told, said, rows)


def bills_counted(known):
    six = known.outcomes[:6]
    settled = [bill for bill in six if bill.cleared]
    parts = Counter(part_of(bill.cleared.day) for bill in settled)
    owed = [bill for bill in known.bills if bill.is_open and bill.row.get("kind") != "refund"]
    aged = [age(bill, known.as_of) for bill in owed]
    half_year = months_back(known.as_of, 6)
    all_settled = [bill for bill in known.bills if bill.cleared]
    habits = [
        (parts[part], max(bill.key for bill in settled if part_of(bill.cleared.day) == part), part)
        for part in parts
        if parts[part] >= 3
    ]
    quality = sum(is_early(bill) for bill in six) == 6
    return {
        "bills_known": len(known.bills),
        "bills_open": len(owed),
        "open_fen": sum(bill.open_fen for bill in owed),
        "overdue_fen": sum(bill.open_fen for bill in owed if bill.is_overdue),
        "oldest_due_on": min((bill.due_on for bill in owed), default=None),
        "dpd": max((one["dpd"] for one in aged), default=0),
        "aged_days": max((one["aged_days"] for one in aged), default=0),
        "settled_6": len(settled),
        "settle_day_early": parts["early"],
        "settle_day_mid": parts["mid"],
        "settle_day_late": parts["late"],
        "settle_after_15": sum(bill.cleared.day > 15 for bill in settled),
        "late_6": sum(bill.late for bill in six),
        "overdue_6m": sum(bill.late for bill in known.outcomes if bill.due_on > half_year),
        "primary_habit": max(habits)[2] if habits else None,
        "last_settle_tier": tier(all_settled[0]) if all_settled else None,
        "quality": quality,
        "tier": customer_tier(all_settled[:6], owed, quality=quality),
    }


def part_of(day):
    return "early" if day <= 10 else "mid" if day <= 20 else "late"


def is_early(bill):
    on = bill.cleared
    return bool(on) and on >= bill.issued_on and on.day <= 15 and month(on) == month(bill.issued_on)


def month(day):
    return day.year, day.month


def tier(bill):
    if not bill.cleared:
        return "O" if bill.is_overdue else None
    if month(bill.cleared) > month(bill.due_on):
        return "O"
    return "Q" if is_early(bill) else tier_of_day(bill.cleared.day)


def tier_of_day(day):
    return "NDCBA"[sum(day >= first for first in (16, 20, 24, 28))]


def customer_tier(settled, owed, *, quality):
    if not settled:
        return "O" if any(bill.is_overdue for bill in owed) else "N"
    places = [32 if tier(bill) == "O" else bill.cleared.day for bill in settled]
    middle = -median_low(-place for place in places)
    if middle == 32:
        return "O"
    return "Q" if quality and middle < 16 else tier_of_day(middle)


def age(bill, as_of):
    """The hold in force, and days past due less those on hold."""
    kind = bill.row.get("hold") or "none"
    begins = bill.row.get("hold_from_on") or bill.issued_on
    ends = bill.row.get("hold_to_on")
    ends = ends if ends and ends < as_of else None
    began = kind != "none" and begins < as_of
    past_due = [bill.due_on + timedelta(days=n + 1) for n in range((as_of - bill.due_on).days)]
    held = [day for day in past_due if began and begins <= day and (not ends or day <= ends)]
    return {
        "hold": kind if began and not ends else "none",
        "hold_from_on": begins if began else None,
        "hold_to_on": ends if began else None,
        "dpd": len(past_due),
        "aged_days": len(past_due) - len(held),
    }


def closed_on(customer, rows, known):
    changes = sorted(
        (event["happened_on"], event["kind"])
        for event in rows["events"]
        if event["customer_id"] == customer
        and (known.transferred or date.min) <= event["happened_on"] < known.as_of
        and event["kind"] in ("closed", "reopened", "ownership_transfer")
    )
    newest = changes[-1] if changes else (date.min, "reopened")
    if newest[1] == "closed":
        return newest[0]
    ended = known.person.get("closed_on")
    return ended if ended and newest[0] < ended < known.as_of else None


def is_off(known):
    cut = max(known.cuts, key=lambda row: row["disconnected_at"])
    back = cut["reconnected_at"]
    return back is None or back >= datetime.combine(known.as_of, datetime.min.time())


# Payments.


def standing_payments(customer, rows, known):
    """Payments that came in and were not undone; a reversal without a name undoes its like."""
    since = datetime.combine(known.transferred or date.min, datetime.min.time())
    posted = sorted(
        (
            payment
            for payment in payments_of(customer, rows)
            if posted_at(payment).date() < known.as_of and payment["paid_at"] >= since
        ),
        key=lambda payment: (payment["paid_at"], payment["payment_id"]),
    )
    undone = {payment.get("reverses_id") for payment in posted}
    for place, payment in enumerate(posted):
        if payment["amount"] < 0 and payment.get("reverses_id") is None:
            likes = [p for p in posted[:place] if is_paid(p) and p["amount"] == -payment["amount"]]
            undone |= {p["payment_id"] for p in likes[-1:]}
    return [p for p in posted if is_paid(p) and p["payment_id"] not in undone]


def channels(customer, rows, known, paid):
    """Whoever paid the last six bills by name, at once without a name, or by money that waited."""
    six = {bill.bill_id: bill for bill in known.outcomes[:6]}
    named = [payment for payment in paid if payment["bill_id"] in six]
    unnamed = sorted(
        (payment for payment in paid if payment["bill_id"] is None),
        key=lambda payment: (posted_at(payment), payment["paid_at"], payment["payment_id"]),
    )
    used = named + [
        payment
        for payment in unnamed
        if six.keys() & filled(customer, rows, micros(posted_at(payment)))
    ]
    for bill in six.values():
        issued = datetime.combine(bill.issued_on, datetime.min.time())
        waited = [p for p in named if p["bill_id"] == bill.bill_id and posted_at(p) < issued]
        before = [payment for payment in unnamed if posted_at(payment) < issued]
        if bill.bill_id in filled(customer, rows, micros(issued)) and not waited:
            used += before[-1:]
    return {payment["channel"] for payment in used}


def filled(customer, rows, moment):
    """The bills with money on them to which some came, or was taken from, at a moment."""
    before, after = (ledger(customer, rows, at).bills for at in (moment, moment + 1))
    return {
        name
        for name, bill in after.items()
        if sum(amount for _, amount in bill.entries) > 0
        and bill.status == "open"
        and bill.entries != before[name].entries
    }


def ledger(customer, rows, moment):
    bills = [bill for bill in rows["bills"] if bill["customer_id"] == customer]
    money = [p for p in payments_of(customer, rows) if p["outcome"] == "ok" and p["amount"] != 0]
    ids = {p["payment_id"] for p in money}
    return account_as_of(
        [
            Bill(
                bill["bill_id"],
                micros(bill["issued_on"]),
                micros(bill["due_on"]),
                fen(bill["amount"]),
                micros(bill["cancelled_on"]) if bill.get("cancelled_on") else None,
            )
            for bill in bills
        ],
        [
            Payment(
                p["payment_id"],
                micros(posted_at(p)),
                micros(p["paid_at"]),
                fen(p["amount"]),
                p["bill_id"],
                p.get("reverses_id") if p["amount"] < 0 else None,
            )
            for p in money
            if p["amount"] > 0 or p.get("reverses_id") is None or p["reverses_id"] in ids
        ],
        moment,
    )


def credit(customer, rows, known):
    """Money that waits, for a customer who is not prepaid and never had money taken back."""
    if known.person.get("billing_mode") == "prepaid":
        return 0
    money = ledger(customer, rows, micros(known.as_of)).money
    return sum(m.left for m in money if m.bill is None or m.bill.status == "pending")


def prepaid(known, paid):
    names = ("balance_fen", "daily_cost_fen", "topups_3m", "mean_topup_fen")
    if known.person.get("billing_mode") != "prepaid":
        return dict.fromkeys((*names, "mean_monthly_cost_fen"))
    begin = months_back(known.as_of, 3)
    week = known.balances[:7]
    topups = [fen(p["amount"]) for p in paid if p["paid_at"].date() >= begin]
    issued = [bill.amount for bill in known.bills if bill.issued_on >= begin]
    costs = [fen(row["cost"]) for row in known.balances if row["on"] >= begin]
    month_cost = mean(issued) if issued else mean([365 * c for c in costs], 12 * len(costs))
    return {
        "balance_fen": fen(week[0]["balance"]) if week else None,
        "daily_cost_fen": mean([fen(row["cost"]) for row in week]),
        "topups_3m": len(topups),
        "mean_topup_fen": mean(topups),
        "mean_monthly_cost_fen": month_cost,
    }


def mean(values, count=None):
    count = len(values) if count is None else count
    return (2 * sum(values) + count) // (2 * count) if count else None


# Contacts.


def contacts_of(customer, rows, known, *, held_out):
    start = datetime.combine(known.transferred or date.min, datetime.min.time())
    return sorted(
        (
            contact
            for contact in rows["contacts"]
            if contact["customer_id"] == customer
            and start <= contact["contacted_at"]
            and contact["contacted_at"].date() < known.as_of
            and (contact["assigned"] == "holdout") == held_out
        ),
        key=lambda contact: (contact["contacted_at"], contact["contact_id"]),
    )


def answer_of(said, paid, known):
    if not known.bills:
        begin = months_back(known.as_of, 6)
    else:
        begin = known.bills[5].issued_on if len(known.bills) > 5 else date.min
    made = [
        contact["contacted_at"]
        for contact in said
        if contact["method"] in ("sms", "phone")
        and contact["outcome"] in REACHED
        and contact["contacted_at"].date() >= begin
    ]
    if not made:
        return None
    end = made[-1] + timedelta(hours=48)
    if any(made[-1] < payment["paid_at"] <= end for payment in paid):
        return made[-1], True
    over = end <= datetime.combine(known.as_of, datetime.min.time())
    return made[-1], False if over else None


def wishes_of(said, known):
    wishes = {}
    for contact in said:
        if contact["request"] == "lift":
            wishes = {}
        elif contact["request"] == "not_this_cycle":
            until = period_of(contact, known)
            wishes["not_this_cycle"] = max(until, wishes.get("not_this_cycle", until))
        elif contact["request"]:
            wishes[contact["request"]] = None
    if wishes.get("not_this_cycle", known.as_of) < known.as_of:
        del wishes["not_this_cycle"]
    return wishes


def period_of(contact, known):
    day = contact["contacted_at"].date()
    issued = [bill for bill in known.bills if bill.issued_on <= day]
    named = [bill for bill in issued if bill.bill_id == contact["bill_id"]]
    if named or issued:
        return (named or issued)[0].due_on
    return months_back(day.replace(day=1) + timedelta(days=62), 1).replace(day=1) - timedelta(1)


def phone_wrong(said):
    wrong = False
    for contact in said:
        if contact["method"] in ("sms", "phone"):
            wrong = contact["outcome"] == "wrong_number"
        if contact["contact_change"] and contact["verified"]:
            wrong = False
    return wrong


def changed(said, kind, as_of):
    return any(
        contact["contact_change"] == kind
        and contact["verified"]
        and contact["contacted_at"].date() + timedelta(days=31) >= as_of
        for contact in said
    )


# What is derived.


def excluded(known, told, rows):
    debit = known.person["pay_arrangement"] != "none"
    if not known.bills:
        begin = months_back(known.as_of, 2)
    else:
        begin = known.bills[1].issued_on if len(known.bills) > 1 else date.min
    begin = max(begin, known.transferred or begin)
    failed = any(
        payment["outcome"] == "failed"
        and payment["paid_at"].date() >= begin
        and posted_at(payment).date() < known.as_of
        for payment in payments_of(known.person["customer_id"], rows)
    )
    why = "quality" if told["quality"] else "debit" if debit else ""
    if debit and failed:
        why = ""
    late = told["late_6"] or told["overdue_fen"] or told["settle_after_15"] >= 3
    return {
        "debit": debit,
        "failed_debit": failed,
        "excluded_why": why,
        "excluded": why != "",
        "candidate": not why and bool(late),
    }


def labels(known, told, said, rows):
    return {
        "L01": abnormal(known, rows),
        "L02": told["overdue_6m"] >= 3,
        "L03": told["channels_6"] >= 3,
        "L04": told["settle_day_early"] >= 3,
        "L05": told["settle_day_mid"] >= 3,
        "L06": told["settle_day_late"] >= 3,
        "L07": told["responded"] is True,
        "L08": told["responded"] is False,
        "L10": told["no_dunning"],
        "L11": told["no_phone"],
        "L12": told["not_this_cycle_until"] is not None,
        "L13": changed(said, "updated", known.as_of),
        "L14": changed(said, "added", known.as_of),
    }


def abnormal(known, rows):
    this_month = month(known.as_of)
    if known.transferred and month(known.transferred) == this_month:
        return True
    customer = known.person["customer_id"]
    for bill in rows["bills"]:
        if (
            bill["customer_id"] == customer
            and bill.get("kind") in ("refund", "rebill", "small", "supplement")
            and month(bill["issued_on"]) == this_month
            and (known.transferred or date.min) <= bill["issued_on"] < known.as_of
            and not (bill.get("cancelled_on") and bill["cancelled_on"] < known.as_of)
        ):
            return True
    return any(small(place, known) for place in range(len(known.bills)))


def small(place, known):
    bill = known.bills[place]
    before = [b.kwh for b in known.bills[place + 1 : place + 13] if b.kwh is not None]
    return bool(
        month(bill.issued_on) == month(known.as_of)
        and bill.row.get("kind", "regular") == "regular"
        and bill.kwh is not None
        and bill.kwh <= 10
        and before
        and bill.kwh <= 0.1 * median_low(before)
    )


def open_bills(rows, as_of):
    found = {}
    for customer in accounts(rows, as_of):
        known = see(customer, rows, as_of)
        said = contacts_of(customer, rows, known, held_out=False)
        left_out = contacts_of(customer, rows, known, held_out=True)
        for bill in known.bills:
            if bill.is_open and bill.row.get("kind") != "refund":
                found[bill.bill_id] = open_bill(bill, known, said, left_out)
    return found


def open_bill(bill, known, said, left_out):
    def about(contact):
        on = contact["contacted_at"].date()
        return contact["bill_id"] == bill.bill_id or (
            contact["bill_id"] is None and on >= bill.issued_on
        )

    mine = [contact for contact in said if about(contact)]
    served = [
        c["contacted_at"]
        for c in mine
        if c["round"] == 4 and c["method"] in ("notice", "letter") and c["outcome"] == "delivered"
    ]
    promises = [c["promised_on"] for c in mine if c["promised_on"]]
    rounds = {
        f"round{n}_at": min((c["contacted_at"] for c in mine if c["round"] == n), default=None)
        for n in (1, 2, 3, 4)
    }
    return age(bill, known.as_of) | {
        "tier": tier(bill),
        "open_fen": bill.open_fen,
        "paid_fen": bill.paid,
        "last_round": max((c["round"] for c in mine if c["round"]), default=None),
        "last_round_at": max((c["contacted_at"] for c in mine if c["round"]), default=None),
        **rounds,
        "reached_at": min(
            (c["contacted_at"] for c in mine if c["outcome"] in REACHED), default=None
        ),
        "notice_at": min(served, default=None),
        "last_notice_at": max(served, default=None),
        "promised_on": promises[-1] if promises else None,
        "promise_broken": bool(promises) and promises[-1] < known.as_of,
        "held_out": any(about(contact) for contact in left_out),
    }


def differences(found: pa.Table, expected, key):
    rows = {row[key]: row for row in found.to_pylist()}
    if rows.keys() != expected.keys():
        return [f"rows {sorted(rows.keys() ^ expected.keys())}"]
    return [
        f"{name} {column}: {rows[name][column]} is not {value}"
        for name, values in expected.items()
        for column, value in values.items()
        if rows[name][column] != value
    ]


def all_differences(life_seeds, as_of):
    rows = lived(life_seeds)
    facts = gather(world(**rows), as_of)
    return differences(facts.account, accounts(rows, as_of), "customer_id") + differences(
        facts.open_bill, open_bills(rows, as_of), "bill_id"
    )


def as_bytes(facts):
    """What would be written of facts, to the last bit."""
    written = []
    for rows in (facts.account, facts.open_bill, facts.labels):
        sink = pa.BufferOutputStream()
        pq.write_table(rows, sink)
        written.append(sink.getvalue().to_pybytes())
    return written


@settings(max_examples=3, deadline=None)
@given(lives, as_ofs)
def test_facts_equal_the_slow_reference_exactly(life_seeds, as_of):
    assert all_differences(life_seeds, as_of) == []


@pytest.mark.parametrize("as_of", AS_OFS[1:5:3])
def test_a_crowd_of_lives_agrees_with_the_reference(as_of):
    assert all_differences(list(range(80)), as_of) == []


@settings(max_examples=2, deadline=None)
@given(lives, as_ofs, seeds)
def test_nothing_known_at_as_of_or_later_changes_a_fact(life_seeds, as_of, seed):
    rows = lived(life_seeds)
    facts = as_bytes(gather(world(**rows), as_of))
    for others in (without_later(rows, as_of), with_other_later(rows, as_of, seed)):
        if others["bills"]:
            assert as_bytes(gather(world(**others), as_of)) == facts


@settings(max_examples=2, deadline=None)
@given(lives, as_ofs, st.randoms(use_true_random=False), st.integers(2, 4))
def test_order_and_number_of_buckets_change_no_byte(life_seeds, as_of, rng, buckets):
    rows = lived(life_seeds)
    shuffled = {
        table: rng.sample(lived_rows, len(lived_rows)) for table, lived_rows in rows.items()
    }
    facts = gather(world(**rows), as_of)
    assert as_bytes(gather(world(**shuffled, buckets=buckets), as_of)) == as_bytes(facts)


def test_another_past_is_noticed_by_the_same_comparison():
    rows = lived(list(range(20)))
    others = rows | {"contacts": rows["contacts"][::2]}
    facts, other = (gather(world(**r), AS_OFS[-1]) for r in (rows, others))
    assert as_bytes(facts) != as_bytes(other)
