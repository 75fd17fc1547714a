"""What a law file may say: figures with the day from which they hold and where they come from.

Numbers lie in configs/law/*.yaml, rules in this package. A figure whose text nobody here has
read carries that with it, so that a report can name what a person must confirm (domain 2.1).
"""

from datetime import date
from decimal import Decimal
from typing import Annotated, Generic, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from contract.tables import SEGMENTS

# Where a figure comes from: a text that was read (primary), the utility's own papers (document),
# a page that quotes the text (excerpt), nobody's copy (memory), a reading of ours (inference).
Evidence = Literal["primary", "document", "excerpt", "memory", "inference"]
CONFIRMED: tuple[Evidence, ...] = ("primary", "document")

Value = TypeVar("Value")


class LawPart(BaseModel):
    """A part of a law file: frozen, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Figure(LawPart, Generic[Value]):
    """One figure of the law.

    Attributes:
        value: What is applied.
        evidence: How far its text was read; see CONFIRMED.
        source: The text and article, and what is to be confirmed.
    """

    value: Value
    evidence: Evidence
    source: str = Field(min_length=1)


class Title(LawPart):
    """A name in both languages."""

    zh: str = Field(min_length=1)
    en: str = Field(min_length=1)


# A share of the arrears a day, exact to a millionth.
Rate = Annotated[Decimal, Field(ge=0, le=1, decimal_places=6)]
Yuan = Annotated[Decimal, Field(ge=0, decimal_places=2)]
Days = Annotated[int, Field(ge=0)]


class DailyRates(LawPart):
    """The late fee of one day as a share of the arrears.

    Attributes:
        residential: For residents, whatever the year.
        other_this_year: For all others, in the year in which the bill fell due.
        other_carried_over: For all others, from 1 January after that year.
    """

    residential: Figure[Rate]
    other_this_year: Figure[Rate]
    other_carried_over: Figure[Rate]


class LateFee(LawPart):
    """The late fee (违约金) from one day on.

    Attributes:
        effective_from: First day that is charged by it.
        per_day: The daily rates.
        minimum_yuan: A fee that is due but lower is charged as this; 0 for none.
        count_payment_day: Whether the day of payment is charged; the first overdue day is.
    """

    effective_from: date
    per_day: DailyRates
    minimum_yuan: Figure[Yuan]
    count_payment_day: Figure[bool]


class NoticeDays(LawPart):
    """How long before it takes effect a written notice must have been served.

    Attributes:
        at_least: Days that must have passed since.
        at_most: Days after which it must be served anew; null for never.
    """

    at_least: Figure[Days]
    at_most: Figure[Days | None]


class Window(LawPart):
    """A part of every year in which supply is not cut.

    Attributes:
        id: A short name.
        from_day: First day, as month-day.
        to_day: Last day; before from_day it lies in the next year.
        only_protected: Whether it holds for customers marked protected alone.
    """

    id: str
    from_day: Annotated[str, Field(pattern=r"^(0[1-9]|1[0-2])-([0-2]\d|3[01])$")]
    to_day: Annotated[str, Field(pattern=r"^(0[1-9]|1[0-2])-([0-2]\d|3[01])$")]
    only_protected: bool
    evidence: Evidence
    source: str = Field(min_length=1)

    def holds(self, day: date) -> bool:
        """Say whether a day lies in the window.

        >>> winter = Window(id="w", from_day="10-01", to_day="03-31", only_protected=False,
        ...                 evidence="inference", source="-")
        >>> winter.holds(date(2026, 1, 5)), winter.holds(date(2026, 4, 1))
        (True, False)
        """
        today = f"{day:%m-%d}"
        if self.from_day <= self.to_day:
            return self.from_day <= today <= self.to_day
        return today >= self.from_day or today <= self.to_day


class Disconnection(LawPart):
    """What must be so before a person may consider a cut, from one day on.

    Attributes:
        effective_from: First day on which it is judged by.
        overdue_more_than_days: A bill must be overdue by more days than this.
        months_since_issue: Calendar months that must have passed since issue.
        residential_notice: The notice to residents.
        other_notice: The notice to all others.
        second_notice_minutes: How long before it the customer is told again.
        protected_blocks: Whether a customer marked protected is never considered.
        plan_offered_first: Whether a payment plan must have been offered.
        medical_certificate_days: Days for which a medical certificate stops everything; 0 for none.
        holidays: Country whose public holidays are left out; null for none.
        weekends: Whether Saturday and Sunday are left out.
        windows: Parts of the year that are left out.
        colder_than_c: No cut when the day's forecast low is below it; null for no such rule.
        hotter_than_c: No cut when the day's forecast high is above it; null for no such rule.
    """

    effective_from: date
    overdue_more_than_days: Figure[Days]
    months_since_issue: Figure[Annotated[int, Field(ge=0)]]
    residential_notice: NoticeDays
    other_notice: NoticeDays
    second_notice_minutes: Figure[Annotated[int, Field(ge=1)]]
    protected_blocks: Figure[bool]
    plan_offered_first: Figure[bool]
    medical_certificate_days: Figure[Days]
    holidays: Figure[str | None]
    weekends: Figure[bool]
    windows: tuple[Window, ...] = ()
    colder_than_c: Figure[float | None]
    hotter_than_c: Figure[float | None]


class Prepaid(LawPart):
    """When a prepaid customer is warned, and how long it then has (C-20: never at once).

    Attributes:
        effective_from: First day on which it is judged by.
        warn_balance_yuan: Warned below this balance.
        warn_days_left: Warned when the balance lasts no more days than this.
        grace_days: Days that a customer has from the day its balance was first below zero.
        advice_share: Least top-up that is advised, as a share of the mean monthly cost (D5).
    """

    effective_from: date
    warn_balance_yuan: Figure[Yuan]
    warn_days_left: Figure[Days]
    grace_days: Figure[Annotated[int, Field(ge=1)]]
    advice_share: Figure[Rate]


Dated = TypeVar("Dated", LateFee, Disconnection, Prepaid)


def _in_order(versions: tuple[Dated, ...]) -> tuple[Dated, ...]:
    days = [version.effective_from for version in versions]
    if days != sorted(set(days)):
        raise ValueError("effective_from must rise from one version to the next")
    return versions


def _as_segments(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


Segments = Annotated[
    tuple[Literal[SEGMENTS], ...],  # type: ignore[valid-type]  # the contract's codes are a value
    BeforeValidator(_as_segments),
]


class Law(LawPart):
    """The law of one place: dated versions of each part, an absent part for what it leaves out.

    Attributes:
        name: The file's name.
        title: What place and edition it is for.
        residential: Segments that count as residents.
        late_fee: Versions of the late fee, oldest first.
        disconnection: Versions of what a cut takes, oldest first.
        prepaid: Versions of warning and grace, oldest first.
    """

    name: str
    title: Title
    residential: Segments = ("residential",)
    late_fee: Annotated[tuple[LateFee, ...], AfterValidator(_in_order)] = ()
    disconnection: Annotated[tuple[Disconnection, ...], AfterValidator(_in_order)] = ()
    prepaid: Annotated[tuple[Prepaid, ...], AfterValidator(_in_order)] = ()
