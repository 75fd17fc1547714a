from datetime import date, datetime

import pyarrow as pa
import pytest
from plan_facts import AS_OF, drawn

from collection.facts import Facts
from collection.plan.replay import CONTACTS, largest_balances, measure, simple_scores
from collection.policy import load_policy

POLICY = load_policy()
DUE = date(2026, 11, 25)
PEOPLE = [
    {"customer_id": "big", "open_fen": 90_000, "labels": "L12", "overdue_6m": 0, "grid_id": "g1"},
    {"customer_id": "late", "open_fen": 20_000, "overdue_6m": 5},
    {"customer_id": "mid", "open_fen": 30_000, "overdue_6m": 1, "labels": "L11"},
    {"customer_id": "old", "open_fen": 5_000, "overdue_6m": 6, "due_on": date(2026, 11, 1)},
    {"customer_id": "held", "open_fen": 40_000, "overdue_6m": 0, "hold": "disputed"},
]
TURNED_LATE = pa.table({"bill_id": ["big-1", "late-1", "mid-1", "old-1"], "late": [1, 1, 0, 1]})


def facts():
    inputs = drawn(*({**person, "reached_at": datetime(2026, 11, 2)} for person in PEOPLE))
    counts = [person["overdue_6m"] for person in PEOPLE]
    account = inputs.account.append_column("overdue_6m", pa.array(counts, pa.int32()))
    account = account.append_column("bills_known", pa.array([12] * len(PEOPLE), pa.int32()))
    # The ledger's account has the sum of its open bills, too.
    account = account.append_column("open_fen", pa.array([0] * len(PEOPLE), pa.int64()))
    return Facts(as_of=AS_OF, account=account, open_bill=inputs.open_bill, labels=pa.table({}))


def contacts(**methods):
    rows = [
        {"customer_id": one, "bill_id": f"{one}-1", "round": 1, "method": method}
        for one, method in methods.items()
    ]
    return pa.Table.from_pylist([{**row, "bills": [row["bill_id"]]} for row in rows], CONTACTS)


def test_simple_scores_know_the_past_late_rate_alone():
    scores = {
        row["bill_id"]: row
        for row in simple_scores(facts(), call_share=0.4, message_share=0.3).to_pylist()
    }
    assert scores.keys() == {"big-1", "late-1", "mid-1"}  # neither overdue nor disputed
    mean = 12 / 30
    assert scores["late-1"]["p_late"] == pytest.approx((5 + 3 * mean) / 9)
    assert scores["big-1"]["p_late"] == pytest.approx(3 * mean / 9)
    assert [scores[one]["band"] for one in ("late-1", "big-1", "mid-1")] == [
        "call",
        "message",
        "watch",
    ]


def test_largest_balances_fill_the_same_capacity_from_the_top():
    like = contacts(late="visit", old="phone", mid="sms")
    made = {
        row["customer_id"]: row["method"] for row in largest_balances(facts(), like).to_pylist()
    }
    assert made == {"big": "visit", "held": "phone", "mid": "sms"}


def test_replay_counts_what_was_reached_before_due_and_turned_out_late():
    made = contacts(late="phone", mid="sms", old="visit")
    one = measure("new", made, facts(), TURNED_LATE, policy=POLICY)[0]
    assert one.late_fen == 110_000
    assert one.covered_fen == one.in_person_fen == 20_000
    assert one.overdue_fen == 5_000
    assert one.contacts == {"phone": 1, "sms": 1, "visit": 1}
    assert one.cost_cny == pytest.approx(2 + 0.05 + 20)
    assert one.broken == 0


def test_contact_against_wish_hold_or_wait_counts_as_broken():
    made = contacts(big="sms", mid="phone", held="sms", old="notice")
    broken = measure("new", made, facts(), TURNED_LATE, policy=POLICY)[0].broken
    assert broken == 4


def test_pilot_and_other_grids_are_told_apart():
    pilot = POLICY.model_copy(update={"pilot": type(POLICY.pilot)(grids=("g1",))})
    made = contacts(big="sms", late="sms")
    found = {one.group: one for one in measure("new", made, facts(), TURNED_LATE, policy=pilot)}
    assert {group: one.covered_fen for group, one in found.items()} == {
        "all": 110_000,
        "pilot": 90_000,
        "others": 20_000,
    }
