"""The days on which supply is never cut: public holidays, weekends, seasons, extreme weather."""

from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache
from typing import Any

import holidays
import pyarrow as pa

from collection.law.model import Disconnection

_DAY = timedelta(days=1)
_LONGEST_SEASON_DAYS = 400  # a season may last most of a year; a free day comes within this


def is_no_cut_day(rule: Disconnection, day: date, *, protected: bool) -> bool:
    """Say whether the law keeps supply on for the whole of a day, whatever the weather.

    Args:
        rule: The version of the law.
        day: The day.
        protected: Whether the customer is marked protected.
    """
    if rule.weekends.value and day.weekday() >= 5:
        return True
    if rule.holidays.value and day in _holidays(rule.holidays.value, day.year):
        return True
    return any(w.holds(day) for w in rule.windows if protected or not w.only_protected)


def free_days(rule: Disconnection, first: date, last: date) -> pa.Table:
    """Return for each day of a span the first day from it on that is no no-cut day.

    Returns:
        One row a day and value of protected: day, protected, free_on (null when none comes).
    """
    return pa.Table.from_pylist(
        [
            row
            for protected in (False, True)
            for row in _free_days(rule, first, last, protected=protected)
        ],
        schema=pa.schema(
            [("day", pa.date32()), ("protected", pa.bool_()), ("free_on", pa.date32())]
        ),
    )


def _free_days(
    rule: Disconnection, first: date, last: date, *, protected: bool
) -> Iterator[dict[str, Any]]:
    free_on: date | None = None
    day = last + timedelta(days=_LONGEST_SEASON_DAYS)
    while day >= first:
        if not is_no_cut_day(rule, day, protected=protected):
            free_on = day
        if day <= last:
            yield {"day": day, "protected": protected, "free_on": free_on}
        day -= _DAY


@cache
def _holidays(country: str, year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays(country, years=year))
