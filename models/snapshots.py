"""At which past days training looks at bills: several ages of each cycle's bills.

Monthly planning scores bills just issued, weekly tracking the same bills later; one model learns
both, because it sees each cycle on several days and the age of the bill is a feature (design 3).
"""

from datetime import date

from pydantic import BaseModel, ConfigDict, Field, field_validator


class Snapshots(BaseModel):
    """The days on which past months are looked at.

    Attributes:
        days_of_month: Calendar days, the planning day first; the latest should lie before
            bills fall due.
        learn_months: Months that a model learns from.
        test_months: Newest months, held out of every comparison that may choose anything; the
            model that is registered is proven on them.
        origins: Months before those, at each of which a backtest trains and judges.
        customers_share: Share of the customers that training, tuning and comparing look at,
            drawn once by a hash of the customer's id; the features of those who are drawn, the
            facts of their neighbours included, are what they are without drawing.
        customers_seed: Another one draws other customers.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    days_of_month: tuple[int, ...] = (6, 16)
    learn_months: int = Field(default=12, ge=1, le=120)
    test_months: int = Field(default=3, ge=1, le=24)
    origins: int = Field(default=6, ge=1, le=60)
    customers_share: float = Field(default=1.0, gt=0, le=1)
    customers_seed: int = Field(default=0, ge=0)

    @field_validator("days_of_month")
    @classmethod
    def _are_days(cls, days: tuple[int, ...]) -> tuple[int, ...]:
        # Up to 28, so that a day exists in every month.
        if not days or any(not 1 <= day <= 28 for day in days) or list(days) != sorted(set(days)):
            raise ValueError("give at least one day from 1 to 28, ascending, none twice")
        return days

    def of_month(self, year: int, month: int) -> tuple[date, ...]:
        """Return the days of one month."""
        return tuple(date(year, month, day) for day in self.days_of_month)

    def before(self, cut: date, months: int, *, skip: int = 0) -> tuple[date, ...]:
        """Return the days of the months before the cut's month, oldest first.

        Args:
            skip: Newest months to leave out.

        >>> [str(day) for day in Snapshots(days_of_month=(6,)).before(date(2026, 2, 6), 2)]
        ['2025-12-06', '2026-01-06']
        """
        newest = cut.year * 12 + cut.month - 1 - skip
        return tuple(
            day
            for index in range(newest - months, newest)
            for day in self.of_month(index // 12, index % 12 + 1)
        )

    def months(self, cut: date, months: int, *, skip: int = 0) -> tuple[tuple[date, ...], ...]:
        """Return the days of the months before the cut's month, a tuple a month."""
        days = self.before(cut, months, skip=skip)
        each = len(self.days_of_month)
        return tuple(days[at : at + each] for at in range(0, len(days), each))
