"""Cycles as rows of days: issue and due days, seasons, the lunar new year.

Days are counted since 1970-01-01 and moments in seconds since then, local time.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from contract.simulator.constants import Calendar, Regime

DAY = 86_400
HOUR = 3_600


@dataclass(frozen=True, kw_only=True)
class Months:
    """The cycles of a simulated history, oldest first; a bill's cycle is its month of issue.

    Attributes:
        cycle: Such as 202610.
        first: Day number of the first of the month, with one entry more for the month after.
        absence: Share of the payment window that the Spring Festival absence takes, 0 to 1.
    """

    cycle: NDArray[np.int64]
    first: NDArray[np.int64]
    month: NDArray[np.int64]
    absence: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.cycle)

    def due(self, due_day: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the due day numbers, one row a cycle; day 31 means the end of the month."""
        length = np.diff(self.first)[:, None]
        return self.first[:-1, None] + np.minimum(due_day[None, :], length) - 1


def day_number(day: date) -> int:
    """Count days since 1970-01-01.

    >>> day_number(date(1970, 1, 2))
    1
    """
    return day.toordinal() - date(1970, 1, 1).toordinal()


def build_months(
    calendar: Calendar, *, cycles: int, last_cycle: int, regime: Regime | None = None
) -> Months:
    """Lay out the cycles that end with ``last_cycle``, with the regime's festivals at the end."""
    last = last_cycle // 100 * 12 + last_cycle % 100 - 1
    serial = np.arange(last - cycles + 1, last + 2)
    first = np.array([day_number(date(int(s) // 12, int(s) % 12 + 1, 1)) for s in serial])
    serial = serial[:-1]
    absence = _absence(calendar, first[:-1], 0)
    if regime and regime.starts:
        moved = regime.festival_factor * _absence(calendar, first[:-1], regime.festival_days)
        absence = np.where(np.arange(cycles) >= cycles - regime.starts, moved, absence)
    return Months(
        cycle=serial // 12 * 100 + serial % 12 + 1,
        first=first,
        month=serial % 12 + 1,
        absence=absence,
    )


def _absence(calendar: Calendar, first: NDArray[np.int64], moved: int) -> NDArray[np.float64]:
    """Overlap of each month's window (days 3 to 25) with the days around the lunar new year."""
    share = np.zeros(len(first))
    for new_year in calendar.lunar_new_year:
        begin = day_number(new_year) + moved - calendar.absence_days // 3
        end = begin + calendar.absence_days
        overlap = np.minimum(first + 25, end) - np.maximum(first + 2, begin)
        share += np.clip(overlap / calendar.absence_days, 0, 1)
    return share
