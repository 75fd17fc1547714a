"""How the portraits' definitions are read where the sources leave room or contradict each other.

Every literal reading that was refused stays here as a setting; portraits/told.py says for the run
report which was used. Numbers come from requirements.md 1.2.1 unless noted.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Abnormal(BaseModel):
    """L01: what of the current calendar month counts as an abnormal issue.

    Attributes:
        events: Kinds of account events that count.
        bill_kinds: Kinds of bills that count; ``small`` also where only the quantity tells.
        small_kwh: A bill of at most so many kWh is small, if it also is
        small_share: at most this share of the median of the twelve bills before it; 1 drops
            that condition. The source gives no number.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    events: tuple[Literal["ownership_transfer", "closed", "reopened", "meter_change"], ...] = (
        "ownership_transfer",
    )
    bill_kinds: tuple[Literal["rebill", "refund", "supplement", "final", "small"], ...] = (
        "refund",
        "rebill",
        "small",
        "supplement",
    )
    small_kwh: float = Field(default=10, ge=0)
    small_share: float = Field(default=0.10, ge=0, le=1)


class RepeatArrears(BaseModel):
    """L02: bills overdue, by due day in the months up to as_of.

    Attributes:
        count: So many or more.
        months: Calendar months looked back on.
        bimonthly: How customers billed every other month are read (C-12): ``months`` is the
            letter, so that they need three of three; ``cycles`` looks back on as many bills.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    count: int = Field(default=3, ge=1)
    months: int = Field(default=6, ge=1, le=24)
    bimonthly: Literal["months", "cycles"] = "months"


class Channels(BaseModel):
    """L03: ``count`` or more channels paid the bills of the last ``cycles`` cycles."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    count: int = Field(default=3, ge=2)
    cycles: int = Field(default=6, ge=1, le=24)


class Habit(BaseModel):
    """L04-L06: on which days of the month bills are settled.

    Attributes:
        count: Settlements in one part of the month, of those in
        cycles: the last bills whose outcome is known.
        early_to: Last day of the early part; 10 itself is early.
        mid_to: Last day of the middle part; 20 itself is in the middle.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    count: int = Field(default=3, ge=1)
    cycles: int = Field(default=6, ge=1, le=24)
    early_to: int = Field(default=10, ge=1, le=31)
    mid_to: int = Field(default=20, ge=1, le=31)

    @model_validator(mode="after")
    def _parts_follow_each_other(self) -> "Habit":
        if self.early_to >= self.mid_to:
            raise ValueError("early_to must be before mid_to")
        return self


class Response(BaseModel):
    """L07, L08: whether a payment follows a successful contact in time.

    Attributes:
        hours: A payment later than the contact and at most so many hours after it answers it.
        cycles: Contacts since the issue of the bill so many bills back; without bills, months.
        methods: Contacts that count; they succeed when delivered, answered or promised.
        reference: Which contact speaks (C-16): the ``latest`` successful one is the letter;
            ``majority`` lets all of them vote, a tie going to the latest.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    hours: int = Field(default=48, ge=1)
    cycles: int = Field(default=6, ge=1, le=24)
    methods: tuple[Literal["sms", "phone", "app", "notice", "visit", "letter"], ...] = (
        "phone",
        "sms",
    )
    reference: Literal["latest", "majority"] = "latest"


class SmallTopup(BaseModel):
    """L09: prepaid customers who top up little and often (C-01).

    Attributes:
        direction: On which side of ``ratio`` the label is; ``below`` is as printed.
        ratio: Mean amount issued a cycle over mean top-up; at the ratio itself there is no label.
        per_cycle: Mean top-ups a cycle that "often" takes; 0 drops the condition, as printed.
        months: Months looked back on.
        advice_share: D5's advice, as a share of a mean month; whoever reaches it needs none.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    direction: Literal["above", "below"] = "above"
    ratio: float = Field(default=1.6, gt=0)
    per_cycle: float = Field(default=2, ge=0)
    months: int = Field(default=3, ge=1, le=24)
    advice_share: float = Field(default=0.60, gt=0, le=1)


class Readings(BaseModel):
    """How the fourteen portraits are read.

    Attributes:
        contact_change_days: L13 and L14 hold for so many days after the change, time enough to
            mend the customer's file once (D4); None lets them hold for ever.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    abnormal: Abnormal = Abnormal()
    repeat_arrears: RepeatArrears = RepeatArrears()
    channels: Channels = Channels()
    habit: Habit = Habit()
    response: Response = Response()
    small_topup: SmallTopup = SmallTopup()
    contact_change_days: int | None = Field(default=31, ge=1)
