"""What became of a customer of a frozen scope by a later day."""

from datetime import date

import pyarrow as pa
import pytest
from worlds import world

from collection.handouts.history import SCHEMA as HISTORY
from collection.scope import ScopeRule, paid_between, track
from collection.scope.tracking import PAID

RISK = pa.schema(
    [
        *((n, pa.string()) for n in ("customer_id", "org_id", "grid_id", "manager_id", "segment")),
        *((n, pa.string()) for n in ("industry", "band", "facts")),
        ("bills", pa.list_(pa.string())),
        *((n, pa.int64()) for n in ("open_fen", "overdue_fen", "expected_fen")),
        ("p_late", pa.float64()),
    ]
)
FROZEN = RISK.append(pa.field("chosen_by", pa.list_(pa.string())))
THEN = {
    "customer_id": "c",
    "manager_id": "m",
    "bills": ["b1", "b2"],
    "open_fen": 20_000,
    "expected_fen": 8_000,
    "p_late": 0.4,
    "band": "message",
    "facts": "old",
    "chosen_by": ["amount"],
}


def table(rows, schema):
    full = [{name: row.get(name) for name in schema.names} for row in rows]
    return pa.Table.from_pylist(full, schema=schema)


def tracked(now, *, then=None, paid=(), history=(), in_now=()):
    (row,) = track(
        table([{**THEN, **(then or {})}], FROZEN),
        table([] if now is None else [{**THEN, **now}], RISK),
        paid=table(paid, PAID),
        history=table(history, HISTORY),
        in_now=in_now,
        rule=ScopeRule(still=0.05),
    ).to_pylist()
    return row


def test_bills_and_amounts_then_and_now_stand_side_by_side():
    row = tracked(
        {"bills": ["b2", "b3"], "open_fen": 15_000, "facts": "new"},
        paid=[{"customer_id": "c", "paid_fen": 12_000}],
    )
    assert (row["bills_then"], row["bills_now"], row["settled"]) == (2, 2, 1)
    assert (row["open_then_fen"], row["open_now_fen"], row["paid_fen"]) == (20_000, 15_000, 12_000)
    assert row["facts_changed"]


def test_customer_who_is_gone_keeps_a_row():
    row = tracked(None)
    assert (row["bills_now"], row["settled"], row["paid_fen"], row["still_in"]) == (0, 2, 0, False)
    assert row["risk_move"] == "settled"


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ({}, "same"),
        ({"p_late": 0.44}, "same"),
        ({"p_late": 0.46}, "up"),
        ({"p_late": 0.34}, "down"),
        ({"band": "call"}, "up"),
        ({"band": "overdue", "p_late": 1.0}, "up"),
        ({"band": "watch", "p_late": 0.6}, "down"),
        ({"band": "none", "p_late": None}, "none"),
        ({"open_fen": 0, "bills": []}, "settled"),
    ],
)
def test_risk_moves_by_band_and_then_by_probability(now, expected):
    assert tracked(now)["risk_move"] == expected


def test_nothing_owed_then_and_now_is_not_settled_by_anybody():
    nothing = {"open_fen": 0, "bills": [], "band": "none", "p_late": None}
    assert tracked(nothing, then=nothing)["risk_move"] == "none"


def test_use_of_power_and_standing_in_todays_scope_are_told():
    history = [{"customer_id": "c", "newest_kwh": 60.0, "usual_kwh": 100.0, "kwh_change": -0.4}]
    row = tracked({}, history=history, in_now=["c"])
    assert (row["kwh_change"], row["still_in"]) == (-0.4, True)


def test_later_day_changes_nothing_of_what_was_frozen():
    frozen = table([THEN], FROZEN)
    before = frozen.to_pylist()
    tracked({"open_fen": 1, "facts": "new"})
    assert frozen.to_pylist() == before


def test_money_counts_from_the_day_it_is_known_net_of_reversals():
    store = world(
        bills="""
            customer_id | bill_id | issued_on  | due_on     | amount
            c           | b1      | 2026-05-03 | 2026-05-25 | 100.00
            d           | b2      | 2026-05-03 | 2026-05-25 | 100.00
            """,
        payments="""
            customer_id | bill_id | paid_at          | posted_at        | amount | outcome
            c           | b1      | 2026-06-01 10:00 | 2026-06-01 10:00 | 5.00   | ok
            c           | b1      | 2026-06-06 10:00 | 2026-06-07 00:00 | 10.00  | ok
            c           | -       | 2026-06-09 10:00 | 2026-06-09 10:00 | 30.00  | ok
            c           | -       | 2026-06-10 10:00 | 2026-06-10 10:00 | -30.00 | ok
            c           | b1      | 2026-06-11 10:00 | 2026-06-11 10:00 | 70.00  | failed
            c           | b1      | 2026-06-12 10:00 | 2026-06-14 00:00 | 20.00  | ok
            d           | b2      | 2026-06-13 23:59 | 2026-06-13 23:59 | 40.00  | ok
            """,
        buckets=2,
    )
    found = paid_between(store, date(2026, 6, 7), date(2026, 6, 14)).to_pylist()
    assert found == [
        {"customer_id": "c", "paid_fen": 1_000},
        {"customer_id": "d", "paid_fen": 4_000},
    ]
