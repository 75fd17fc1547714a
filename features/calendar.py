"""Where the bill stands in its term and in the year. Rows: the scored bill.

The day of Spring Festival comes from the holidays library.
"""

from datetime import date, timedelta
from functools import cache

import holidays

from features.declare import Feature, Reason, Text


@cache
def spring_festival(year: int) -> date:
    """Return the first day of the lunar year that begins in a calendar year.

    >>> spring_festival(2026)
    datetime.date(2026, 2, 17)
    """
    china = holidays.country_holidays("CN", years=year, language="en_US")
    return min(day for day, label in china.items() if label == "Chinese New Year (Spring Festival)")


def festival_distance(as_of: date) -> str:
    """Return the SQL for the days from the nearest Spring Festival to ``due_on``."""
    last, this, following = (f"DATE '{spring_festival(as_of.year + step)}'" for step in (-1, 0, 1))
    return f"""CASE
        WHEN abs(due_on - {last}) <= abs(due_on - {this}) THEN due_on - {last}
        WHEN abs(due_on - {this}) <= abs(due_on - {following}) THEN due_on - {this}
        ELSE due_on - {following} END"""


@cache
def rest_days(year: int) -> tuple[str, str]:
    """Return, as SQL lists, the year's holidays and its weekend days on which people work."""
    china = holidays.country_holidays("CN", years=year)
    days = [date(year, 1, 1) + timedelta(days=number) for number in range(366)]
    worked = [day for day in days if day.weekday() >= 5 and china.is_working_day(day)]
    return _days(sorted(china)), _days(worked)


def _days(days: list[date]) -> str:
    return ", ".join(f"DATE '{day}'" for day in days) or "NULL"


def rest_day(as_of: date) -> str:
    """Return the SQL for whether ``due_on`` is a day off: holiday, or weekend that is not worked.

    Exchanged working days are those of the holidays library, known for published years; bills
    due more than a year before as_of go by the weekend alone.
    """
    years = [rest_days(as_of.year + step) for step in (-1, 0, 1)]
    off, worked = (", ".join(part) for part in zip(*years, strict=True))
    return f"""CASE WHEN due_on IN ({off}) THEN 1 WHEN due_on IN ({worked}) THEN 0
        ELSE CAST(isodow(due_on) >= 6 AS INTEGER) END"""


CALENDAR: tuple[Feature, ...] = (
    Feature(
        stem="age_days",
        family="calendar",
        over="row",
        unit="days",
        sql="age_days",
        description=Text(zh="本期发行至今天数", en="days since this bill was issued"),
        risk=Reason(
            when=">= 10",
            text=Text(
                zh="本期发行已{age_days}天仍未交清", en="still open {age_days} days after issue"
            ),
        ),
    ),
    Feature(
        stem="days_to_due",
        family="calendar",
        over="row",
        unit="days",
        sql="days_to_due",
        description=Text(zh="距截止日天数", en="days until this bill is due"),
        risk=Reason(
            when="in 0..5",
            text=Text(
                zh="离截止日只剩{days_to_due}天仍未交清",
                en="still open with {days_to_due} days left before it is due",
            ),
            at_zero=Text(zh="今天就是截止日，仍未交清", en="due this very day and still open"),
        ),
        relief=Reason(
            when=">= 8",
            text=Text(zh="离截止日还有{days_to_due}天", en="{days_to_due} days left before due"),
        ),
    ),
    Feature(
        stem="term_days",
        family="calendar",
        over="row",
        unit="days",
        sql="term_days",
        description=Text(zh="交费期天数", en="days from issue to due"),
    ),
    Feature(
        stem="due_month",
        family="calendar",
        over="row",
        unit="number",
        sql="month(due_on)",
        description=Text(zh="截止日所在月份", en="month of the due day"),
    ),
    Feature(
        stem="due_weekday",
        family="calendar",
        over="row",
        unit="number",
        sql="isodow(due_on)",
        description=Text(zh="截止日星期几(1为周一)", en="weekday of the due day (1 = Monday)"),
    ),
    Feature(
        stem="festival_days",
        family="calendar",
        over="row",
        unit="days",
        sql="festival_days",
        description=Text(
            zh="截止日距最近春节天数(负为节前)",
            en="days from the nearest Spring Festival to the due day (negative: before it)",
        ),
        risk=Reason(
            when="in -10..20",
            text=Text(zh="截止日临近春节", en="the due day falls around Spring Festival"),
        ),
    ),
    Feature(
        stem="due_on_rest_day",
        family="calendar",
        over="row",
        unit="flag",
        sql="due_on_rest_day",
        description=Text(zh="截止日是否休息日", en="the due day is a weekend or holiday"),
        risk=Reason(
            when="> 0", text=Text(zh="截止日是周末或节假日", en="due on a weekend or holiday")
        ),
    ),
    Feature(
        stem="days_after_payday",
        family="calendar",
        over="row",
        unit="days",
        # The common payday is taken as the 10th [I]; what matters is the distance (domain 3.4).
        sql="CASE WHEN day(due_on) >= 10 THEN day(due_on) - 10 ELSE due_on"
        " - CAST(date_trunc('month', due_on) - INTERVAL 1 MONTH + INTERVAL 9 DAY AS DATE) END",
        description=Text(
            zh="截止日距上一个发薪日(10日)天数",
            en="days from the payday before (the 10th) to the due day",
        ),
    ),
    Feature(
        stem="days_to_month_end",
        family="calendar",
        over="row",
        unit="days",
        sql="last_day(due_on) - due_on",
        description=Text(zh="截止日距月末天数", en="days from the due day to the month's end"),
    ),
)
