"""The unit of amounts: what a month's usual amount is held against."""

import math
from datetime import date, timedelta
from types import SimpleNamespace

import pytest

from pipeline.gates import Gates
from pipeline.gates.amount_gates import AMOUNT_GATES
from pipeline.gates.facts import Earlier, Facts

AS_OF = date(2026, 10, 6)
BILLS, _ = AMOUNT_GATES


def months(rows=1000, **yuan):
    """Months of so many rows, all of one amount."""
    return {
        month.removeprefix("m"): {
            "rows": rows,
            "repeats": 0,
            "logs": rows * round(1000 * math.log(100 * amount)),
        }
        for month, amount in yuan.items()
    }


def judge(now, *earlier, gates=None):
    runs = tuple(
        Earlier(as_of=AS_OF - timedelta(days=30), profile={"months": {"bills": then}})
        for then in earlier
    )
    facts = Facts(
        as_of=AS_OF,
        profile={"months": {"bills": now}},
        model=SimpleNamespace(),
        features=(),
        target="late",
        earlier=runs,
    )
    return BILLS.judge(facts, gates or Gates())


CALM = {"m202607": 90, "m202608": 140, "m202609": 80}


@pytest.mark.parametrize(
    ("now", "earlier", "passed"),
    [
        (CALM, (), True),
        (CALM, (CALM,), True),
        (CALM | {"m202609": 9000}, (), False),
        (CALM | {"m202610": 9000}, (CALM,), False),
        (CALM | {"m202610": 0.9}, (CALM,), False),
        (CALM | {"m202610": 9000}, (CALM | {"m202610": 9100},), True),  # let through before
        ({month: 100 * yuan for month, yuan in CALM.items()}, (CALM,), False),
        ({month: 100 * yuan for month, yuan in CALM.items()}, (), True),  # nothing tells
        ({"m202609": 9000}, (), True),
    ],
)
def test_usual_amount_is_held_against_the_same_month_or_the_others(now, earlier, passed):
    told = judge(months(**now), *(months(**one) for one in earlier))
    assert told.passed is passed


def test_amounts_in_another_unit_are_told_with_month_and_factor():
    told = judge(months(**CALM | {"m202609": 8000}), months(**CALM))
    assert told.found.en == (
        "the usual bill of 2026-09 (geometric mean) differs by a factor of 100.0 from what it was,"
        " 3 is usual at most"
    )
    assert told.figure == pytest.approx(100, rel=0.01)
    assert "2026年09月账单金额" in told.found.zh


def test_a_month_of_few_rows_has_no_usual_amount():
    calm = months(**CALM)
    assert judge(calm | months(rows=49, m202610=9000), calm).passed
    assert not judge(calm | months(rows=50, m202610=9000), calm).passed


def test_limit_is_the_setting():
    new = months(**CALM | {"m202610": 250})
    assert judge(new, months(**CALM)).passed
    assert not judge(new, months(**CALM), gates=Gates(amount_factor=2)).passed
