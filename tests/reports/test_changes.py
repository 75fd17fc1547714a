"""Why the list changed: each customer once, one cause each, and sums that lead to this list."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reports.changes import CAUSES, MOVES, Scoring, why_changed

DAYS = {"then": date(2026, 9, 6), "now": date(2026, 10, 6)}
STAYED = ("up", "down", "same")


def bill(customer, bill_id, expected, **more):
    """One open bill: scored unless why_not says otherwise."""
    told = {"p_late": 0.5, "open_cny": expected / 0.5, "overdue_cny": 0.0, "dpd": 0}
    told |= {"overdue_bills": 0, "why_not": "", "expected_late_cny": expected}
    return {"customer_id": customer, "bill_id": bill_id, **told, **more}


def run(when, bills, *, listed, model="m"):
    """A run of these bills that lists the first so many by expected late amount."""
    frame = pd.DataFrame(bills, columns=list(bill("", "", 1.0)))
    frame = frame.sort_values(["expected_late_cny", "bill_id"], ascending=[False, True])
    scored = (frame["why_not"] == "").to_numpy()
    rank = np.where(scored, np.cumsum(scored), np.nan)
    band = np.select(
        [~scored, rank <= listed / 2, rank <= listed], ["", "call", "message"], "watch"
    )
    ranked = frame.assign(rank=rank, band=np.where(scored, band, None))
    return Scoring(run=when, as_of=DAYS[when], model=model, bills=ranked)


def one_cause(before, after, customer="a"):
    changes = why_changed(after, before)
    row = changes.rows.loc[customer]
    return row["move"], row["cause"]


OTHERS = [bill(f"o{n}", f"b{n}", 100.0 - n) for n in range(4)]
HIGH, LOW = 500.0, 1.0


@pytest.mark.parametrize(
    ("then", "now", "sizes", "models", "wanted"),
    [
        ([], [bill("a", "2", HIGH)], (2, 2), "mm", ("came", "new_bill")),
        ([bill("a", "1", HIGH)], [], (2, 2), "mm", ("left", "settled")),
        (
            [bill("a", "1", HIGH)],
            [bill("a", "1", HIGH, why_not="overdue")],
            *((2, 2), "mm", ("left", "past_due")),
        ),
        (
            [bill("a", "1", HIGH)],
            [bill("a", "1", HIGH, why_not="on_hold")],
            *((2, 2), "mm", ("left", "set_aside")),
        ),
        ([bill("a", "1", LOW)], [bill("a", "2", LOW)], (2, 5), "mm", ("came", "list_size")),
        ([bill("a", "1", LOW)], [bill("a", "2", LOW)], (5, 2), "mm", ("left", "list_size")),
        ([bill("a", "1", LOW)], [bill("a", "2", HIGH)], (2, 2), "mm", ("came", "amount")),
        (
            [bill("a", "1", LOW, p_late=0.01, open_cny=100.0)],
            [bill("a", "2", 99.9, p_late=0.999, open_cny=100.0)],
            *((2, 2), "mm", ("came", "facts")),
        ),
        (
            [bill("a", "1", LOW, p_late=0.01, open_cny=100.0)],
            [bill("a", "2", 99.9, p_late=0.999, open_cny=100.0)],
            *((2, 2), "mn", ("came", "model")),
        ),
        (
            [bill("a", "1", LOW, p_late=0.01, open_cny=100.0)],
            [bill("a", "2", 99.9, p_late=0.999, open_cny=100.0, overdue_bills=1)],
            *((2, 2), "mn", ("came", "facts")),
        ),
        ([bill("a", "1", HIGH)], [bill("a", "2", HIGH)], (2, 2), "mm", ("same", "none")),
    ],
)
def test_each_move_has_the_cause_that_explains_it(then, now, sizes, models, wanted):
    before = run("then", [*OTHERS, *then], listed=sizes[0], model=models[0])
    after = run("now", [*OTHERS, *now], listed=sizes[1], model=models[1])
    assert one_cause(before, after) == wanted


def test_customer_who_did_not_change_came_because_others_left():
    before = run("then", [*OTHERS, bill("a", "1", LOW)], listed=2)
    after = run("now", [*OTHERS[:1], bill("a", "1", LOW)], listed=2)
    assert one_cause(before, after) == ("came", "others")


customers = st.sampled_from("abcdefgh")
bills = st.lists(
    st.tuples(
        customers,
        st.floats(0.01, 500).map(lambda yuan: round(yuan, 2)),
        st.sampled_from(["", "", "", "overdue", "on_hold"]),
        st.integers(0, 2),
    ),
    max_size=14,
)


def drawn(when, rows, listed, model):
    made = [
        bill(who, f"{when}{n}", yuan, why_not=why, overdue_bills=old)
        for n, (who, yuan, why, old) in enumerate(rows)
    ]
    return run(when, made, listed=listed, model=model)


def on_list(scoring):
    listed = scoring.bills[scoring.bills["band"].isin(["call", "message"])]
    return set(listed["customer_id"]), int((listed["expected_late_cny"] * 100).round().sum())


@settings(max_examples=30, deadline=None)
@given(bills, bills, st.integers(0, 10), st.integers(0, 10), st.booleans())
def test_every_customer_is_told_once_and_all_adds_up(then, now, size_then, size_now, same):
    before = drawn("then", then, size_then, "m")
    after = drawn("now", now, size_now, "m" if same else "n")
    changes = why_changed(after, before)
    (past, fen_then), (present, fen_now) = on_list(before), on_list(after)
    assert set(changes.rows.index) == past | present
    assert changes.rows.index.is_unique
    moves = {move: set(changes.rows.index[changes.rows["move"] == move]) for move in MOVES}
    assert moves["came"] == present - past
    assert moves["left"] == past - present
    assert set().union(*(moves[move] for move in STAYED)) == past & present
    assert (changes.fen("then"), changes.fen("now")) == (fen_then, fen_now)
    causes = changes.by_cause()
    assert int(causes[list(MOVES)].to_numpy().sum()) == len(past | present)
    assert int(causes["fen"].sum()) == fen_now - fen_then
    assert set(changes.rows["cause"]) <= set(CAUSES)
    assert len(changes.notable()) == len(past | present) - len(moves["same"])
    if same:
        assert "model" not in set(changes.rows["cause"])
