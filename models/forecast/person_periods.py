"""Open bills laid out as spells of days: what a discrete-time hazard learns from and speaks of.

A row of a matrix is a bill open at an as_of. A spell is a stretch of days that it stood open within
one bucket of days from its due day; the days of a spell share one hazard, so a bucket is merged
days and nothing has to be interpolated. Days are counted from as_of: day 0 is as_of itself.
Like models.target, `follow` looks past as_of, up to the cut and through that module's outcomes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

# What a spell adds to the features of its bill, each for its first day: days since as_of, days
# past due (negative before), days since issue, weekday (1 is Monday), day of the month.
DAY_INPUTS = ("day_ahead", "day_past_due", "day_age", "day_weekday", "day_of_month")

_FAR = np.iinfo(np.int64).max


@dataclass(frozen=True, kw_only=True)
class Followed:
    """How long each row was seen to stay open; one entry a row of a matrix.

    Attributes:
        days: Whole days seen from as_of on; 0 when none was, or the bill was cancelled. For a
            paid bill the last of them is the day of payment.
        paid: Cleared on the last of the days; else censored after it.
    """

    days: IntArray
    paid: BoolArray

    def until(self, horizon: int) -> "Followed":
        """Return the same, censored after so many days."""
        return Followed(
            days=np.minimum(self.days, horizon), paid=self.paid & (self.days <= horizon)
        )

    def of(self, rows: npt.NDArray[np.bool_] | IntArray) -> "Followed":
        """Return the entries of some rows."""
        return Followed(days=self.days[rows], paid=self.paid[rows])


@dataclass(frozen=True, kw_only=True)
class Spells:
    """Stretches of days within one bucket, sorted by row, then by day.

    Attributes:
        row: Place of the bill in the matrix.
        start: First day, in days since as_of.
        days: How many days.
    """

    row: IntArray
    start: IntArray
    days: IntArray


def follow(matrix: pd.DataFrame, known: pd.DataFrame, *, cut: date, lag_days: int) -> Followed:
    """Say of each row how long its bill was seen open, as known at the cut.

    A payment may reach the books ``lag_days`` after it was made, so the days nearest the cut are
    not whole and count as unseen. A bill paid before as_of but posted after it is paid on day 0.

    Args:
        matrix: One row a bill at an as_of.
        known: What is known at the cut (models.target.outcomes).
        cut: Day before which things are known.
        lag_days: Days a payment may take to reach the books.
    """
    bill = known.reindex(matrix["bill_id"])
    as_of = to_days(matrix["as_of"])
    seen = np.maximum((np.datetime64(cut) - as_of).astype(np.int64) - lag_days, 0)
    seen[bill["due_on"].isna().to_numpy()] = 0
    cleared = to_days(bill["cleared_on"])
    there = ~np.isnat(cleared)
    at = np.full(len(matrix), _FAR)
    at[there] = np.maximum((cleared[there] - as_of[there]).astype(np.int64), 0)
    paid = at < seen
    return Followed(days=np.where(paid, at + 1, seen), paid=paid)


def lay_out(past_due: IntArray, days: IntArray, edges: Sequence[int]) -> Spells:
    """Cut the days of each row into spells.

    Args:
        past_due: Days past due at as_of, negative before, one a row.
        days: How many days to lay out from as_of on, one a row.
        edges: Days past due on which a new bucket begins, ascending.

    >>> spells = lay_out(np.array([-2]), np.array([6]), (0, 1, 8))
    >>> [(int(start), int(days)) for start, days in zip(spells.start, spells.days)]
    [(0, 2), (2, 1), (3, 3)]
    """
    begins = np.asarray(edges, dtype=np.int64)
    last = past_due + days - 1
    first_bucket = np.searchsorted(begins, past_due, side="right")
    last_bucket = np.searchsorted(begins, last, side="right")
    counts = np.where(days > 0, last_bucket - first_bucket + 1, 0)
    row = np.repeat(np.arange(len(days)), counts)
    place = np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts)
    bounds = np.concatenate([[-_FAR], begins, [_FAR]])
    bucket = first_bucket[row] + place
    begin = np.maximum(bounds[bucket], past_due[row])
    end = np.minimum(bounds[bucket + 1] - 1, last[row])
    return Spells(row=row, start=begin - past_due[row], days=end - begin + 1)


def day_inputs(matrix: pd.DataFrame, spells: Spells) -> FloatArray:
    """Return one row a spell, one column each of DAY_INPUTS."""
    day = to_days(matrix["as_of"])[spells.row] + spells.start.astype("timedelta64[D]")
    columns = (
        spells.start,
        (day - to_days(matrix["due_on"])[spells.row]).astype(np.int64),
        (day - to_days(matrix["issued_on"])[spells.row]).astype(np.int64),
        (day.astype(np.int64) + 3) % 7 + 1,  # the first of 1970 was a Thursday
        (day - day.astype("datetime64[M]")).astype(np.int64) + 1,
    )
    return np.column_stack(columns).astype(np.float64)


def days_past_due(matrix: pd.DataFrame) -> IntArray:
    """Return the days past due at as_of, negative before, one a row."""
    return (to_days(matrix["as_of"]) - to_days(matrix["due_on"])).astype(np.int64)


def to_days(moments: pd.Series) -> npt.NDArray[np.datetime64]:
    """Return a column of dates as days."""
    days: npt.NDArray[np.datetime64] = pd.to_datetime(moments).to_numpy().astype("datetime64[D]")
    return days
