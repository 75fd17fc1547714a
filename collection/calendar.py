"""Working days: which days staff work, by the holidays library, exchanged days included.

In China some weekend days are worked in exchange for a longer holiday (调休). They are published
late in the year before; until then a year is known by its weekends and statutory holidays alone.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from itertools import count, islice
from typing import Any

import holidays
import pyarrow as pa

_DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Calendar:
    """The working days of a country.

    Attributes:
        country: Its ISO code of two letters.
    """

    country: str = "CN"

    def is_working_day(self, day: date) -> bool:
        """Say whether people work on a day.

        >>> Calendar().is_working_day(date(2026, 2, 17)), Calendar().is_working_day(
        ...     date(2026, 2, 14)
        ... )
        (False, True)
        """
        return bool(_holidays(self.country, day.year).is_working_day(day))

    def working_days(self, first: date, count_: int) -> tuple[date, ...]:
        """Return so many working days, the first on or after a day."""
        days = (first + number * _DAY for number in count())
        return tuple(islice((day for day in days if self.is_working_day(day)), count_))

    def next_working_day(self, day: date) -> date:
        """Return the day, or the first working day after it.

        >>> Calendar().next_working_day(date(2026, 10, 1))
        datetime.date(2026, 10, 8)
        """
        return self.working_days(day, 1)[0]

    def places(self, first: date, days: int) -> pa.Table:
        """Return for each day from a working day on the place of the last working day until it.

        Returns:
            One row a day: day; place, 0 for ``first``; worked_on, that working day.
        """
        place, worked_on = -1, first
        rows = []
        for day in (first + number * _DAY for number in range(days)):
            if self.is_working_day(day):
                place, worked_on = place + 1, day
            rows.append({"day": day, "place": place, "worked_on": worked_on})
        return pa.Table.from_pylist(rows, schema=_PLACES)

    def is_published(self, year: int) -> bool:
        """Say whether the exchanged days of a year are known; True where a country has none."""
        if self.country != "CN":
            return True
        days = (date(year, 1, 1) + number * _DAY for number in range(366))
        return any(self.is_working_day(day) for day in days if day.weekday() >= 5)


_PLACES = pa.schema([("day", pa.date32()), ("place", pa.int32()), ("worked_on", pa.date32())])


@cache
def _holidays(country: str, year: int) -> Any:
    # The years around it are named, too: a day off may be exchanged over a year end.
    return holidays.country_holidays(country, years=(year - 1, year, year + 1))
