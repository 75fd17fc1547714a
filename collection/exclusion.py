"""Who is left off the lists, and who is watched at all (R000-02, R000-03, C-02, C-03, C-04).

Quality customers and those with a debit arrangement are excluded from lists but still scored; a
debit that failed of late brings its customer back.
"""

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Quality(BaseModel):
    """Who always pays early (R000-02).

    Attributes:
        window: Of so many last bills whose outcome is known,
        least: so many were settled in their month of issue, by
        day: this day of the month,
        inclusive: that day itself counting (C-02). C-03: six of six is the default.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    window: int = Field(default=6, ge=1, le=24)
    least: int = Field(default=6, ge=1, le=24)
    day: int = Field(default=15, ge=1, le=31)
    inclusive: bool = True

    @model_validator(mode="after")
    def _can_be_met(self) -> "Quality":
        if self.least > self.window:
            raise ValueError("least cannot exceed window")
        return self

    def meets(self) -> str:
        """Return the SQL condition that a settled bill meets."""
        last = self.day if self.inclusive else self.day - 1
        return f"""cleared_on >= issued_on AND day(cleared_on) <= {last}
            AND date_trunc('month', cleared_on) = date_trunc('month', issued_on)"""


class Exclusion(BaseModel):
    """Who is excluded from lists, who comes back, and who is a candidate for them.

    Attributes:
        quality: Who always pays early.
        quality_excluded: Whether they are left off.
        debit_excluded: Whether customers with any debit arrangement are left off.
        failed_debit_cycles: A debit that failed since the issue of the bill so many bills back
            brings its customer back (C-04); 0 never does.
        candidate_after_day: R000-03: a settlement after this day of the month is late in it;
        candidate_count: so many of them among
        candidate_cycles: the last bills whose outcome is known make a candidate, as does any
            bill that was or is overdue. The source says "repeatedly", without a number.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    quality: Quality = Quality()
    quality_excluded: bool = True
    debit_excluded: bool = True
    failed_debit_cycles: int = Field(default=2, ge=0, le=24)
    candidate_after_day: int = Field(default=15, ge=1, le=31)
    candidate_count: int = Field(default=3, ge=1, le=24)
    candidate_cycles: int = Field(default=6, ge=1, le=24)


def excluded_why(exclusion: Exclusion) -> str:
    """Return the SQL of why a customer is left off lists; an empty text when it is not."""
    quality = "quality" if exclusion.quality_excluded else "false"
    debit = "debit" if exclusion.debit_excluded else "false"
    return f"""CASE WHEN debit AND failed_debit THEN ''
        WHEN {quality} THEN 'quality' WHEN {debit} THEN 'debit' ELSE '' END"""


def candidate(exclusion: Exclusion) -> str:
    """Return the SQL condition of a candidate, over ``excluded`` and what was counted."""
    return f"""NOT excluded AND (late_6 > 0 OR overdue_fen > 0
        OR settle_after_15 >= {exclusion.candidate_count})"""
