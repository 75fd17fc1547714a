from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from models.snapshots import Snapshots


@given(st.dates(date(2000, 1, 1), date(2050, 12, 31)), st.integers(1, 40))
def test_snapshots_are_ascending_and_before_the_months_of_the_cut(cut, months):
    days = Snapshots().before(cut, months)
    assert len(days) == months * 2
    assert list(days) == sorted(days)
    assert all((day.year, day.month) < (cut.year, cut.month) for day in days)


@pytest.mark.parametrize("days", [(), (0,), (29,), (13, 6), (6, 6)])
def test_days_that_some_month_lacks_are_refused(days):
    with pytest.raises(ValidationError, match="from 1 to 28, ascending"):
        Snapshots(days_of_month=days)
