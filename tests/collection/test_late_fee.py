from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collection.law import Law, late_fees, load_law
from contract.errors import ConfigError

CHINA = load_law("china")
COUNTY = load_law("china_county")
DAY = timedelta(days=1)


def fee_rows(bills: list[dict], law: Law, as_of: date) -> list[dict]:
    account = pa.Table.from_pylist(
        [{"customer_id": b["customer_id"], "segment": b["segment"]} for b in bills]
    )
    columns = ("customer_id", "bill_id", "due_on", "open_fen")
    open_bill = pa.Table.from_pylist([{c: b[c] for c in columns} for b in bills])
    return late_fees(account, open_bill, law=law, as_of=as_of).to_pylist()


def fee(law: Law, as_of: date, *, due_on: date, yuan: float, segment: str = "residential") -> dict:
    bill = {"customer_id": "c", "bill_id": "b", "segment": segment, "due_on": due_on}
    return fee_rows([bill | {"open_fen": round(yuan * 100)}], law, as_of)[0]


def slow_fee(law: Law, as_of: date, bill: dict) -> int:
    """The fee day by day in plain fractions, as the article reads."""
    today = [v for v in law.late_fee if v.effective_from <= as_of][-1]
    total, day = Fraction(0), bill["due_on"] + DAY
    last = as_of if today.count_payment_day.value else as_of - DAY
    while day <= last:
        versions = [v for v in law.late_fee if v.effective_from <= day]
        if versions:
            rates = versions[-1].per_day
            rate = rates.residential
            if bill["segment"] not in law.residential:
                carried = day.year > bill["due_on"].year
                rate = rates.other_carried_over if carried else rates.other_this_year
            total += bill["open_fen"] * Fraction(str(rate.value))
        day += DAY
    if total <= 0:
        return 0
    rounded = int(total + Fraction(1, 2))
    return max(rounded, int(today.minimum_yuan.value * 100))


def test_first_overdue_day_is_the_day_after_due() -> None:
    due = date(2026, 3, 31)
    assert fee(CHINA, due, due_on=due, yuan=1000)["late_fee_fen"] == 0
    first = fee(CHINA, due + DAY, due_on=due, yuan=1000)
    assert (first["fee_days"], first["late_fee_fen"]) == (1, 100)
    assert first["first_overdue_on"] == date(2026, 4, 1)


def test_others_pay_two_then_three_per_mille_after_the_year_end() -> None:
    # 10,000 yuan due on 21 December: ten days at 2 per mille, five in January at 3 per mille.
    made = fee(
        CHINA, date(2026, 1, 5), due_on=date(2025, 12, 21), yuan=10_000, segment="commercial"
    )
    assert (made["fee_days"], made["carried_days"]) == (15, 5)
    assert made["late_fee_fen"] == 100 * (10 * 20 + 5 * 30)


def test_residents_pay_one_per_mille_across_the_year_end() -> None:
    made = fee(CHINA, date(2026, 1, 5), due_on=date(2025, 12, 21), yuan=1000)
    assert made["late_fee_fen"] == 15 * 100


def test_bill_due_on_the_last_day_of_a_year_is_carried_over_at_once() -> None:
    made = fee(CHINA, date(2026, 1, 1), due_on=date(2025, 12, 31), yuan=1000, segment="industrial")
    assert made["late_fee_fen"] == 300


def test_minimum_of_one_yuan_ends_with_the_edition_of_2024() -> None:
    old = fee(CHINA, date(2024, 5, 31), due_on=date(2024, 5, 20), yuan=10)
    new = fee(CHINA, date(2024, 6, 1), due_on=date(2024, 5, 20), yuan=10)
    assert (old["late_fee_fen"], old["minimum_charged"]) == (100, True)
    assert (new["late_fee_fen"], new["minimum_charged"]) == (12, False)


def test_county_charges_a_day_less_and_no_step_at_the_year_end() -> None:
    made = fee(
        COUNTY, date(2026, 1, 5), due_on=date(2025, 12, 21), yuan=10_000, segment="commercial"
    )
    assert made["late_fee_fen"] == 14 * 2000


def test_half_a_fen_is_rounded_up_once_a_bill() -> None:
    # 5.00 yuan at 1 per mille is half a fen a day: three days are 1.5 fen, not three times one.
    made = fee(CHINA, date(2026, 4, 3), due_on=date(2026, 3, 31), yuan=5)
    assert made["late_fee_fen"] == 2


def test_law_without_a_late_fee_is_refused_with_the_day() -> None:
    with pytest.raises(ConfigError, match="no late fee is in force on 2026-01-01"):
        fee(load_law("gb"), date(2026, 1, 1), due_on=date(2025, 12, 1), yuan=1)


bills = st.lists(
    st.fixed_dictionaries(
        {
            "segment": st.sampled_from(("residential", "commercial", "industrial", "public")),
            "due_on": st.dates(date(2023, 1, 1), date(2025, 12, 31)),
            "open_fen": st.integers(0, 10**12),
        }
    ),
    min_size=1,
    max_size=8,
)


@pytest.fixture(scope="module")
def changing(tmp_path_factory: pytest.TempPathFactory) -> Law:
    """A law whose rates, minimum and counting change in the middle of a year, and again."""
    place: Path = tmp_path_factory.mktemp("law") / "changing.yaml"
    version = """
  - effective_from: {day}
    per_day:
      residential: {{value: {one}, evidence: primary, source: drawn}}
      other_this_year: {{value: {two}, evidence: primary, source: drawn}}
      other_carried_over: {{value: {three}, evidence: primary, source: drawn}}
    minimum_yuan: {{value: {least}, evidence: primary, source: drawn}}
    count_payment_day: {{value: {counts}, evidence: primary, source: drawn}}"""
    versions = (
        {
            "day": "2023-03-01",
            "one": 0.001,
            "two": 0.002,
            "three": 0.003,
            "least": 1,
            "counts": "true",
        },
        {
            "day": "2024-06-01",
            "one": 0.000333,
            "two": 0.0015,
            "three": 0.004,
            "least": 0.5,
            "counts": "false",
        },
        {
            "day": "2025-01-15",
            "one": 0,
            "two": 0.002,
            "three": 0.0025,
            "least": 0,
            "counts": "true",
        },
    )
    text = "".join(version.format(**v) for v in versions)
    place.write_text(f"title: {{zh: 变, en: changing}}\nlate_fee:{text}\n", "utf-8")
    return load_law(place)


@settings(max_examples=40, deadline=None)
@given(bills=bills, as_of=st.dates(date(2023, 4, 1), date(2027, 6, 30)), which=st.integers(0, 2))
def test_set_based_fee_equals_the_fee_counted_day_by_day(
    changing: Law, bills: list[dict], as_of: date, which: int
) -> None:
    law = (CHINA, COUNTY, changing)[which]
    bills = [b | {"customer_id": f"c{n}", "bill_id": f"b{n}"} for n, b in enumerate(bills)]
    made = {row["bill_id"]: row["late_fee_fen"] for row in fee_rows(bills, law, as_of)}
    assert made == {b["bill_id"]: slow_fee(law, as_of, b) for b in bills}


@settings(max_examples=15, deadline=None)
@given(bills=bills, as_of=st.dates(date(2024, 1, 1), date(2027, 1, 1)))
def test_waiting_a_day_never_lowers_the_fee_by_the_same_law(bills: list[dict], as_of: date) -> None:
    bills = [b | {"customer_id": f"c{n}", "bill_id": f"b{n}"} for n, b in enumerate(bills)]
    today, tomorrow = (fee_rows(bills, COUNTY, on) for on in (as_of, as_of + DAY))
    for now, later in zip(today, tomorrow, strict=True):
        assert now["late_fee_fen"] <= later["late_fee_fen"]
