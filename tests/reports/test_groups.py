"""Sheets of grids and managers: names that Excel takes, and every bill on one of them or named."""

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from reports.groups import group_by, sheet_name


@given(st.lists(st.text(max_size=40), max_size=12))
def test_sheet_names_are_short_plain_and_differ(texts):
    taken = set()
    for text in texts:
        name = sheet_name(text, taken)
        assert 1 <= len(name) <= 31
        assert not set(name) & set("[]:*?/\\")
        assert not name.startswith("'")
        assert not name.endswith("'")
        assert name.casefold() not in {*taken, "history"}
        taken.add(name.casefold())


@given(st.integers(0, 8), st.sampled_from(["grid", "manager"]))
def test_every_bill_is_in_one_group_and_sums_add_up(most, by):
    listed = make_rows(30)
    kept, left = group_by(listed, by, most=most)
    assert len(kept) <= most
    places = sorted(at for group in (*kept, *left) for at in group.rows)
    assert places == list(range(len(listed)))
    whole = sum(group.open_cny for group in (*kept, *left))
    assert round(whole, 2) == round(listed["open_cny"].sum(), 2)
    lowest = min((one.expected_late_cny for one in kept), default=float("inf"))
    assert all(one.expected_late_cny <= lowest for one in left) or not kept


def test_list_without_managers_has_no_groups_by_them():
    assert group_by(make_rows(4).drop(columns="manager_id"), "manager") == ([], [])


def make_rows(rows):
    """Bills with a grid and a manager; one grid is not known."""
    return pd.DataFrame(
        {
            "grid_id": [None if n % 7 == 0 else f"G{n % 5}" for n in range(rows)],
            "manager_id": [f"M{n % 3}" for n in range(rows)],
            "open_cny": [n * 1.37 for n in range(rows)],
            "expected_late_cny": [n * 0.61 for n in range(rows)],
        }
    )
