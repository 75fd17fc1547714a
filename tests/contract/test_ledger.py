from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from ledger_reference import DAY, Bill, Payment, state_as_of

from contract.ledger import NEVER, Bills, Payments, replay

LAST_DAY = 40
moments = st.integers(0, LAST_DAY * 4).map(lambda quarter: quarter * DAY // 4)
days = st.integers(0, LAST_DAY).map(lambda day: day * DAY)


@st.composite
def accounts(draw):
    bills = []
    for number in range(draw(st.integers(0, 5))):
        issued = draw(days)
        cancelled = draw(st.none() | st.integers(0, 20).map(lambda d: issued + d * DAY))  # noqa: B023
        bills.append(
            Bill(
                bill_id=f"b{number}",
                issued=issued,
                due=issued + draw(st.integers(0, 20)) * DAY,
                amount=draw(st.sampled_from([-500, 0, 50, 1000, 1001, 2500])),
                cancelled=cancelled,
            )
        )
    payments = []
    for number in range(draw(st.integers(0, 7))):
        paid = draw(moments)
        named = draw(st.none() | st.sampled_from([b.bill_id for b in bills])) if bills else None
        undone = draw(st.none() | st.sampled_from(payments)) if payments else None
        amount = draw(st.sampled_from([-2500, -1000, -400, 1, 400, 901, 999, 1000, 2500]))
        payments.append(
            Payment(
                payment_id=f"p{number}",
                posted=paid + draw(st.integers(0, 3)) * DAY,
                paid=paid,
                amount=amount,
                bill_id=named,
                reverses_id=undone.payment_id if undone and amount < 0 else None,
            )
        )
    return bills, payments


def as_arrays(*customers):
    """Lay accounts side by side as the kernel wants them."""
    bill_rows, payment_rows, bill_start, payment_start = [], [], [0], [0]
    for drawn_bills, drawn_payments in customers:
        bills = sorted(drawn_bills, key=lambda b: (b.issued, b.due, b.bill_id))
        payments = sorted(drawn_payments, key=lambda p: (p.posted, p.paid, p.payment_id))
        row = {b.bill_id: len(bill_rows) + n for n, b in enumerate(bills)}
        entry = {p.payment_id: len(payment_rows) + n for n, p in enumerate(payments)}
        bill_rows += [
            (b.issued, b.due, NEVER if b.cancelled is None else b.cancelled, b.amount)
            for b in bills
        ]
        payment_rows += [
            (p.posted, p.paid, p.amount, row.get(p.bill_id, -1), entry.get(p.reverses_id, -1))
            for p in payments
        ]
        bill_start.append(len(bill_rows))
        payment_start.append(len(payment_rows))
    columns = np.array(bill_rows, np.int64).reshape(-1, 4).T
    entries = np.array(payment_rows, np.int64).reshape(-1, 5).T
    return (
        Bills(np.array(bill_start), *np.ascontiguousarray(columns)),
        Payments(np.array(payment_start), *np.ascontiguousarray(entries)),
    )


def in_force(versions, customer_bills, first, as_of):
    """Read the versions as a builder at as_of would."""
    ordered = sorted(customer_bills, key=lambda b: (b.issued, b.due, b.bill_id))
    found = {}
    for row in range(versions.filled[0]):
        bill = versions.bill[row] - first
        if 0 <= bill < len(ordered) and versions.known_from[row] < as_of:
            state = (
                int(versions.paid[row]),
                int(versions.paid_by_due[row]),
                *(
                    None if moment == NEVER else int(moment)
                    for moment in (versions.settled[row], versions.cleared[row])
                ),
            )
            found[ordered[bill].bill_id] = state
    gone = {b.bill_id for b in ordered if b.cancelled is not None and b.cancelled < as_of}
    return {bill_id: state for bill_id, state in found.items() if bill_id not in gone}


@given(accounts(), st.integers(0, LAST_DAY + 25))
def test_every_day_of_the_ledger_agrees_with_the_slow_replay(account, day):
    bills, payments = account
    arrays = as_arrays(account)
    state = in_force(replay(*arrays), bills, 0, day * DAY)
    assert state == state_as_of(bills, payments, day * DAY)


@given(accounts(), accounts())
def test_neighbours_in_the_arrays_do_not_touch_each_other(one, other):
    arrays = as_arrays(one, other)
    versions = replay(*arrays)
    far = 10_000 * DAY
    for (bills, payments), first in ((one, 0), (other, len(one[0]))):
        state = in_force(versions, bills, first, far)
        assert state == state_as_of(*fresh(bills, payments), far)


def fresh(bills, payments):
    """Bills whose replay has not yet begun."""
    return [Bill(b.bill_id, b.issued, b.due, b.amount, b.cancelled) for b in bills], payments


@given(accounts())
def test_versions_of_a_bill_are_written_in_the_order_known(account):
    arrays = as_arrays(account)
    versions = replay(*arrays)
    for bill in range(len(account[0])):
        known = versions.known_from[versions.bill == bill]
        assert all(earlier < later for earlier, later in pairwise(known))


def test_late_posted_part_counts_from_the_day_it_was_paid():
    bill = Bill("b", issued=0, due=10 * DAY, amount=100_00)
    payments = [
        Payment("first", posted=9 * DAY, paid=3 * DAY, amount=60_00, bill_id="b"),
        Payment("second", posted=8 * DAY, paid=4 * DAY, amount=40_00, bill_id="b"),
    ]
    arrays = as_arrays(([bill], payments))
    versions = replay(*arrays)
    assert list(versions.known_from) == [0, 8 * DAY, 9 * DAY]
    assert list(versions.paid) == [0, 40_00, 100_00]
    assert list(versions.settled) == [NEVER, NEVER, 4 * DAY]


def test_many_small_payments_outgrow_the_first_working_arrays():
    bill = Bill("b", issued=0, due=10 * DAY, amount=100_00)
    bills = [bill, *(Bill(f"c{n}", DAY * n, DAY * n, 1_00) for n in range(300))]
    payments = [Payment("all", posted=400 * DAY, paid=400 * DAY, amount=1_000_00)]
    payments += [Payment(f"u{n}", 401 * DAY, 401 * DAY, -1_000_00) for n in range(3)]
    arrays = as_arrays((bills, payments))
    state = in_force(replay(*arrays), bills, 0, 999 * DAY)
    assert state == state_as_of(*fresh(bills, payments), 999 * DAY)
