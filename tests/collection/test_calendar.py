from datetime import date

import holidays
import pytest

from collection.calendar import Calendar

CHINA = Calendar()


@pytest.mark.parametrize(
    ("day", "worked"),
    [
        (date(2026, 2, 14), True),  # a Saturday worked for the long Spring Festival
        (date(2026, 2, 17), False),  # Spring Festival
        (date(2026, 2, 23), False),  # a Monday exchanged for it
        (date(2026, 2, 24), True),
        (date(2026, 10, 10), True),  # a Saturday worked for the National Day week
        (date(2026, 11, 21), False),  # an ordinary Saturday
    ],
)
def test_exchanged_working_days_and_spring_festival_are_known(day, worked):
    assert CHINA.is_working_day(day) is worked


def test_next_working_day_after_spring_festival_eve():
    assert CHINA.next_working_day(date(2026, 2, 16)) == date(2026, 2, 24)


def test_working_days_follow_the_library_for_years():
    library = holidays.country_holidays("CN", years=range(2024, 2027))
    days = CHINA.working_days(date(2025, 1, 1), 240)
    assert list(days) == sorted(set(days))
    assert all(library.is_working_day(day) for day in days)


def test_places_count_the_working_days_and_name_the_last_one():
    rows = CHINA.places(date(2026, 9, 30), 10).to_pylist()
    assert [(row["day"].day, row["place"], row["worked_on"].day) for row in rows] == [
        (30, 0, 30),
        *((day, 0, 30) for day in range(1, 8)),
        (8, 1, 8),
        (9, 2, 9),
    ]


def test_year_without_published_exchanges_is_told_apart():
    assert CHINA.is_published(2026)
    assert not CHINA.is_published(2040)
    assert Calendar(country="GB").is_published(2040)
