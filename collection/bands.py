"""Risk bands: who is called, who gets a message, who is watched, by the staff there is.

A row is one bill that is open at as_of. Bands are filled from the top of the ranking down to
each band's capacity (domain 5.3), never cut at a fixed probability: a probability does not know
how many calls can be made.
"""

import math
from fractions import Fraction

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, model_validator

from contract.errors import DataError

# In the order in which they are filled; the last takes whoever is left.
BANDS = ("call", "message", "watch")

# What is sorted by, and whether small comes first. Priority is the expected amount unless the
# model says otherwise. bill_id is unique, so that the order is total
# and the list never depends on the order in which bills arrive. A priority class that must
# precede the amount (R001's dunning rules) becomes the first entry.
ORDER = (("priority", False), ("expected_late_cny", False), ("p_late", False), ("bill_id", True))


class Capacity(BaseModel):
    """How many bills a band can hold: a share of the bills ranked, or a count of them.

    Attributes:
        share: From 0 to 1, of the bills ranked; or else
        count: Bills.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    share: float | None = Field(default=None, ge=0, le=1)
    count: int | None = Field(default=None, ge=0)

    @model_validator(mode="after")
    def _states_one_of_the_two(self) -> "Capacity":
        if (self.share is None) == (self.count is None):
            raise ValueError("give either share (0 to 1) or count, not both")
        return self

    @property
    def value(self) -> float | int:
        """The share (a float) or the count (an int) that was stated."""
        if self.count is not None:
            return self.count
        assert self.share is not None  # noqa: S101 - one of the two is stated, checked above
        return self.share

    def size(self, ranked: int) -> int:
        """Return how many of the ranked bills fit, rounded down: capacity is never exceeded.

        >>> Capacity(share=0.29).size(100), Capacity(count=30).size(20)
        (29, 20)
        """
        if self.count is not None:
            return min(self.count, ranked)
        # The decimal that was written, not its binary neighbour: 0.29 * 100 is 28.999...
        return math.floor(Fraction(str(self.share)) * ranked)


class Bands(BaseModel):
    """The capacity of the bands for one list; whoever fits in neither is watched.

    Attributes:
        call: Bills that staff can phone or visit within the round (R000-16).
        message: The next bills, which get a message.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    call: Capacity = Capacity(share=0.05)
    message: Capacity = Capacity(share=0.20)


def rank_and_band(bills: pd.DataFrame, bands: Bands) -> pd.DataFrame:
    """Rank open bills by the amount that is expected to come late, and band them by capacity.

    Args:
        bills: One row per bill with bill_id (unique), p_late (0 to 1) and open_cny (yuan); a
            column ``priority``, larger first, goes before the expected amount where it is given,
            as by a model that is a plain sort.
        bands: The capacities.

    Returns:
        One row per bill, on the index of bills: rank (1 is the first to call) and band.

    Raises:
        DataError: A bill is listed twice, or has no probability or open amount.
    """
    _check_rankable(bills)
    expected = bills["p_late"] * bills["open_cny"]
    keys = bills[["bill_id", "p_late"]].assign(
        expected_late_cny=expected, priority=bills.get("priority", expected)
    )
    keys = keys.reset_index(drop=True).sort_values(
        [key for key, _ in ORDER], ascending=[small_first for _, small_first in ORDER]
    )
    rank = np.empty(len(bills), dtype=np.int64)
    rank[keys.index] = np.arange(1, len(bills) + 1)
    return pd.DataFrame({"rank": rank, "band": _band_of(rank, bands)}, index=bills.index)


def _check_rankable(bills: pd.DataFrame) -> None:
    breaches = []
    twice = bills["bill_id"].duplicated()
    if twice.any():
        first = bills.loc[twice, "bill_id"].iloc[0]
        breaches.append(
            f"bill_id: {twice.sum()} of {len(bills)} rows repeat a bill (first {first})"
        )
    for column in ("p_late", "open_cny"):
        empty = bills[column].isna()
        if empty.any():
            first = bills.loc[empty, "bill_id"].iloc[0]
            breaches.append(
                f"{column}: {empty.sum()} of {len(bills)} rows are empty (first bill {first})"
            )
    if breaches:
        raise DataError(f"Bills cannot be ranked. {'; '.join(breaches)}. Score each bill once.")


def _band_of(rank: np.ndarray, bands: Bands) -> np.ndarray:
    called = bands.call.size(len(rank))
    messaged = called + bands.message.size(len(rank))
    return np.select([rank <= called, rank <= messaged], BANDS[:2], default=BANDS[2]).astype(object)
