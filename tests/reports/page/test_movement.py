"""How the list moved, against plain Python over drawn lists."""

from datetime import date

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from reports.page import how_it_moved
from reports.page.movement import ROLL

ENDS = (0, 30, 90, 365)


def place(dpd):
    return next((at for at, end in enumerate(ENDS) if dpd <= end), len(ENDS))


@st.composite
def days(draw):
    """The open bills of a day, some of them listed: customer, grid, days past due."""
    names = draw(st.lists(st.integers(0, 30), max_size=25))
    return pd.DataFrame(
        {
            "customer_id": [f"c{n}" for n in names],
            "grid_id": [f"g{n % 17}" for n in names],
            "org_id": "one",
            "dpd": [draw(st.integers(0, 500)) for _ in names],
            "listed": [draw(st.booleans()) for _ in names],
        }
    ).astype({"customer_id": "str", "grid_id": "str"})


def moved(then, now):
    return how_it_moved(
        now[now["listed"].astype(bool)],
        then[then["listed"].astype(bool)],
        scores=now,
        scores_before=then,
        since=date(2026, 9, 6),
        run="before",
    )


@settings(max_examples=60)
@given(days(), days())
def test_who_came_stayed_and_left_are_sets(then, now):
    groups = moved(then, now).groups
    before, after = (set(one.loc[one["listed"].astype(bool), "customer_id"]) for one in (then, now))
    for group in groups.values():
        told = group[["now", "came", "stayed", "left"]].sum().tolist()
        expected = [after, after - before, after & before, before - after]
        assert told == [len(one) for one in expected]
        assert (group["now"] == group["came"] + group["stayed"]).all()
        assert len(group) <= 13


@settings(max_examples=60)
@given(days(), days())
def test_roll_counts_each_customer_once_by_then_and_now(then, now):
    def standing(scores):
        worst = {}
        for customer, dpd in zip(scores["customer_id"], scores["dpd"], strict=True):
            worst[customer] = max(worst.get(customer, 0), place(dpd))
        return worst

    before, after, none = standing(then), standing(now), len(ROLL) - 1
    expected = np.zeros((len(ROLL), len(ROLL)), dtype=int)
    for customer in {*before, *after}:
        expected[before.get(customer, none), after.get(customer, none)] += 1
    assert (moved(then, now).roll == expected).all()
