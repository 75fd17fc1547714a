"""Tiers by the day of the month on which bills are settled (R000-12, R000-13, C-02, C-05, C-06).

A bill is Q (settled early, as quality customers do), D, C, B, A (later and later in the month),
O (overdue or settled in a later month than it was due in) or N (none of these). A is the last
to pay within the month and so the riskiest of the four that the source names; O is above it.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from collection.exclusion import Quality

TIERS = ("Q", "N", "D", "C", "B", "A", "O")  # from the least risk to the most
_AFTER_THE_MONTH = 32


class TierDays(BaseModel):
    """The first day of the month of each tier, and which bills speak for a customer.

    Attributes:
        d_from: R000-13: D is from the 16th to the 19th,
        c_from: C from the 20th to the 23rd,
        b_from: B from the 24th to the 27th,
        a_from: A from the 28th to the end of the month, however long (C-05).
        overdue: What makes a settled bill O: a ``later_month`` than it was due in, or
            ``past_due``, any day after the due day.
        customer: Which settled bill speaks (C-06): the ``median`` by settle day, ties going to
            the later; the ``last``; or the ``worst``.
        cycles: Of so many last settled bills.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    d_from: int = Field(default=16, ge=2, le=31)
    c_from: int = Field(default=20, ge=2, le=31)
    b_from: int = Field(default=24, ge=2, le=31)
    a_from: int = Field(default=28, ge=2, le=31)
    overdue: Literal["later_month", "past_due"] = "later_month"
    customer: Literal["median", "last", "worst"] = "median"
    cycles: int = Field(default=6, ge=1, le=24)

    @model_validator(mode="after")
    def _days_rise(self) -> "TierDays":
        days = (self.d_from, self.c_from, self.b_from, self.a_from)
        if list(days) != sorted(set(days)):
            raise ValueError("the days must rise from d_from to a_from")
        return self


def is_overdue(tiers: TierDays) -> str:
    """Return the SQL condition under which a settled bill is O."""
    if tiers.overdue == "past_due":
        return "cleared_on > due_on"
    return "date_trunc('month', cleared_on) > date_trunc('month', due_on)"


def settle_position(tiers: TierDays) -> str:
    """Return the SQL of the place in the month at which a bill was settled; 32 is after it."""
    return f"CASE WHEN {is_overdue(tiers)} THEN {_AFTER_THE_MONTH} ELSE day(cleared_on) END"


def bill_tier(tiers: TierDays, quality: Quality) -> str:
    """Return the SQL of a bill's tier; null while it is neither settled nor overdue."""
    return f"""CASE WHEN cleared_on IS NULL THEN CASE WHEN due_on < $as_of THEN 'O' END
        WHEN {is_overdue(tiers)} THEN 'O' WHEN {quality.meets()} THEN 'Q'
        ELSE {_tier_at(settle_position(tiers), tiers)} END"""


def customer_tier(tiers: TierDays) -> str:
    """Return the SQL of a customer's tier over what `account` counts of its bills.

    A customer who never settled a bill is O while one is overdue, else N.
    """
    position = {
        "median": "median_position",
        "last": "last_position",
        "worst": "worst_position",
    }[tiers.customer]
    return f"""CASE WHEN {position} IS NULL
            THEN CASE WHEN coalesce(overdue_fen, 0) > 0 THEN 'O' ELSE 'N' END
        WHEN quality AND {position} < {tiers.d_from} THEN 'Q'
        ELSE {_tier_at(position, tiers)} END"""


def _tier_at(position: str, tiers: TierDays) -> str:
    return f"""CASE WHEN {position} >= {_AFTER_THE_MONTH} THEN 'O'
            WHEN {position} >= {tiers.a_from} THEN 'A'
            WHEN {position} >= {tiers.b_from} THEN 'B'
            WHEN {position} >= {tiers.c_from} THEN 'C'
            WHEN {position} >= {tiers.d_from} THEN 'D'
            ELSE 'N' END"""
