from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.forecast.person_periods import (
    DAY_INPUTS,
    Spells,
    day_inputs,
    days_past_due,
    follow,
    lay_out,
)

CUT = date(2026, 3, 1)


def looks(*rows: tuple[str, str, str]) -> pd.DataFrame:
    """Bills looked at: bill_id, as_of, due_on; each was issued 20 days before it is due."""
    bill, as_of, due = zip(*rows, strict=True)
    due_on = pd.to_datetime(list(due))
    return pd.DataFrame(
        {
            "bill_id": bill,
            "as_of": pd.to_datetime(list(as_of)),
            "due_on": due_on,
            "issued_on": due_on - pd.Timedelta(days=20),
        }
    )


def known(**cleared: str | None) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "due_on": pd.Timestamp("2026-02-25"),
            "cleared_on": pd.to_datetime(list(cleared.values())),
        },
        index=pd.Index(cleared, name="bill_id"),
    )


@pytest.mark.parametrize(
    ("case", "cleared", "as_of", "days", "paid"),
    [
        ("paid on the day itself", "2026-02-06", "2026-02-06", 1, True),
        ("paid on the third day", "2026-02-08", "2026-02-06", 3, True),
        ("paid before, posted after", "2026-02-04", "2026-02-06", 1, True),
        ("open: whole days are 6 to 25", None, "2026-02-06", 20, False),
        ("paid on the last whole day", "2026-02-25", "2026-02-06", 20, True),
        ("paid within the posting lag", "2026-02-26", "2026-02-06", 20, False),
        ("looked at within the lag", None, "2026-02-27", 0, False),
        ("looked at after the cut", "2026-03-07", "2026-03-06", 0, False),
    ],
)
def test_bill_is_followed_to_payment_or_last_whole_day(case, cleared, as_of, days, paid) -> None:
    seen = follow(looks(("a", as_of, "2026-02-25")), known(a=cleared), cut=CUT, lag_days=3)
    assert (int(seen.days[0]), bool(seen.paid[0])) == (days, paid), case


def test_bill_cancelled_since_is_not_followed() -> None:
    seen = follow(looks(("gone", "2026-02-06", "2026-02-25")), known(a=None), cut=CUT, lag_days=3)
    assert seen.days.tolist() == [0]
    assert not seen.paid.any()


def test_following_to_a_horizon_censors_later_payments() -> None:
    rows = looks(("a", "2026-02-06", "2026-02-25"), ("b", "2026-02-06", "2026-02-25"))
    seen = follow(rows, known(a="2026-02-08", b="2026-02-20"), cut=CUT, lag_days=3).until(5)
    assert seen.days.tolist() == [3, 5]
    assert seen.paid.tolist() == [True, False]


@given(
    st.lists(st.tuples(st.integers(-40, 80), st.integers(0, 50)), max_size=6),
    st.lists(st.integers(-30, 70), min_size=1, max_size=6, unique=True).map(sorted),
)
def test_spells_cover_each_day_once_in_its_own_bucket(rows, edges) -> None:
    past_due = np.array([at for at, _ in rows], np.int64)
    days = np.array([count for _, count in rows], np.int64)
    spells = lay_out(past_due, days, edges)
    covered = [
        (row, start + day)
        for row, start, count in zip(spells.row, spells.start, spells.days, strict=True)
        for day in range(count)
    ]
    assert covered == [(row, day) for row, count in enumerate(days) for day in range(count)]

    def bucket(row, day):
        return sum(past_due[row] + day >= edge for edge in edges)

    for row, start, count in zip(spells.row, spells.start, spells.days, strict=True):
        assert len({bucket(row, start + day) for day in range(count)}) == 1
    assert len(
        {(row, bucket(row, at)) for row, at in zip(spells.row, spells.start, strict=True)}
    ) == len(spells.row)


def test_day_inputs_are_of_each_spells_first_day() -> None:
    rows = looks(("a", "2026-02-26", "2026-02-25"))
    spells = Spells(row=np.array([0, 0]), start=np.array([0, 4]), days=np.array([4, 1]))
    assert days_past_due(rows).tolist() == [1]
    told = [dict(zip(DAY_INPUTS, row, strict=True)) for row in day_inputs(rows, spells)]
    for day, found in zip((date(2026, 2, 26), date(2026, 3, 2)), told, strict=True):
        assert found == {
            "day_ahead": (day - date(2026, 2, 26)) / timedelta(days=1),
            "day_past_due": (day - date(2026, 2, 25)).days,
            "day_age": (day - date(2026, 2, 5)).days,
            "day_weekday": day.isoweekday(),
            "day_of_month": day.day,
        }
