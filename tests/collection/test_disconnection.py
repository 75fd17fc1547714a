from datetime import date, datetime, time, timedelta

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collection import law
from collection.law import (
    CONDITIONS,
    RECORD_SCHEMA,
    STEPS,
    WEATHER_SCHEMA,
    Law,
    eligibility,
    in_force,
    is_no_cut_day,
    load_law,
    notices_to_prepare,
)

CHINA, GB, US = load_law("china"), load_law("gb"), load_law("us_cold_weather")
DAY = timedelta(days=1)

ACCOUNT = {
    "customer_id": "c", "segment": "residential", "billing_mode": "postpaid", "protected": False,
    "agent_id": None, "org_id": "o", "grid_id": "g", "manager_id": "m",
}  # fmt: skip
ACCOUNT_SCHEMA = pa.schema(
    [(name, pa.bool_() if name == "protected" else pa.string()) for name in ACCOUNT]
)
# T20: issued Jan 3, due Jan 31, dunned after it, notice served seven days before March 3.
BILL = {
    "customer_id": "c", "bill_id": "b", "issued_on": date(2026, 1, 3), "due_on": date(2026, 1, 31),
    "open_fen": 12_600, "hold": "none", "hold_to_on": None,
    "reached_at": datetime(2026, 2, 5, 10), "notice_at": datetime(2026, 2, 24, 9),
    "last_notice_at": datetime(2026, 2, 24, 9),
}  # fmt: skip
BILL_SCHEMA = pa.schema(
    [
        (name, {"_on": pa.date32(), "_at": pa.timestamp("us")}.get(name[-3:], pa.string()))
        for name in BILL
        if name != "open_fen"
    ]
    + [("open_fen", pa.int64())]
)
MARCH_3 = date(2026, 3, 3)


def table(
    as_of: date, *, law: Law = CHINA, account: dict | None = None, bill: dict | None = None,
    records: list[dict] = (), weather: list[dict] = (),
) -> pa.Table:  # fmt: skip
    return eligibility(
        pa.Table.from_pylist([ACCOUNT | (account or {})], ACCOUNT_SCHEMA),
        pa.Table.from_pylist([BILL | (bill or {})], BILL_SCHEMA),
        law=law,
        as_of=as_of,
        records=pa.Table.from_pylist(list(records), RECORD_SCHEMA),
        weather=pa.Table.from_pylist(list(weather), WEATHER_SCHEMA),
    )


def judged(as_of: date, **given: object) -> dict:
    return table(as_of, **given).to_pylist()[0]


def record(what: str, on: date, bill: str | None = "b") -> dict:
    return {"customer_id": "c", "bill_id": bill, "record": what, "recorded_by": "m",
            "recorded_at": datetime.combine(on, time(15))}  # fmt: skip


def test_two_months_after_issue_with_proof_a_person_may_review() -> None:
    row = judged(MARCH_3)
    assert row["for_review"] is True
    assert row["first_eligible_on"] == MARCH_3
    assert row["lacking"] == list(STEPS)
    assert (row["overdue_on"], row["waited_on"]) == (MARCH_3, MARCH_3)
    assert (row["dunned_on"], row["notice_on"]) == (date(2026, 2, 5), MARCH_3)


def test_a_day_before_two_months_it_is_not_yet_reviewed() -> None:
    row = judged(date(2026, 3, 2))
    assert row["for_review"] is False
    assert row["lacking"] == ["overdue", "waited", "notice", *STEPS]
    assert row["first_eligible_on"] == MARCH_3


def test_without_a_served_notice_it_is_never_reviewed() -> None:
    row = judged(date(2027, 3, 3), bill={"notice_at": None, "last_notice_at": None})
    assert row["lacking"] == ["notice", *STEPS]
    assert row["first_eligible_on"] is None


def test_both_waits_are_kept_the_later_one_counts() -> None:
    # C-19: issued two months ago, but due only 20 days ago; and overdue long, but just issued.
    late_due = judged(MARCH_3, bill={"due_on": date(2026, 2, 11)})
    assert "overdue" in late_due["lacking"]
    assert late_due["overdue_on"] == date(2026, 3, 14)
    late_issue = judged(MARCH_3, bill={"issued_on": date(2026, 1, 10)})
    assert "waited" in late_issue["lacking"]


def test_bill_that_nobody_was_reached_about_lacks_dunning() -> None:
    row = judged(MARCH_3, bill={"reached_at": None, "notice_at": None, "last_notice_at": None})
    assert row["lacking"] == ["dunned", "notice", *STEPS]


@pytest.mark.parametrize(
    ("segment", "days_before", "open_window"),
    [
        ("residential", 6, False), ("residential", 7, True), ("residential", 8, False),
        ("commercial", 2, False), ("commercial", 3, True), ("commercial", 7, True),
        ("commercial", 8, False),
    ],
)  # fmt: skip
def test_notice_counts_within_its_window_alone(
    *, segment: str, days_before: int, open_window: bool
) -> None:
    served = datetime.combine(MARCH_3 - days_before * DAY, time(17))
    bill = {"notice_at": served, "last_notice_at": served}
    assert judged(MARCH_3, account={"segment": segment}, bill=bill)["notice"] is open_window


def test_newer_notice_counts_once_the_first_has_expired() -> None:
    bill = {"notice_at": datetime(2026, 2, 10), "last_notice_at": datetime(2026, 2, 24, 9)}
    assert judged(MARCH_3, bill=bill)["for_review"] is True


def test_notice_served_before_the_due_day_is_no_notice() -> None:
    served = datetime(2026, 1, 30, 9)
    row = judged(MARCH_3, bill={"notice_at": served, "last_notice_at": served})
    assert row["notice_on"] is None
    assert row["first_eligible_on"] is None


@pytest.mark.parametrize(
    ("lacking", "account", "bill"),
    [
        ("unprotected", {"protected": True}, {}),
        ("no_agent", {"agent_id": "a1"}, {}),
        ("unheld", {}, {"hold": "disputed"}),
        ("unheld", {}, {"hold": "debit_in_transit"}),
    ],
)
def test_what_time_cannot_mend_gives_no_day(lacking: str, account: dict, bill: dict) -> None:
    row = judged(MARCH_3, account=account, bill=bill)
    assert row["lacking"] == [lacking, *STEPS]
    assert row["first_eligible_on"] is None


def test_hold_with_an_end_moves_the_day_behind_it() -> None:
    bill = {"hold": "disputed", "hold_to_on": date(2026, 3, 5)}
    served = datetime(2026, 3, 1, 9)
    row = judged(MARCH_3, bill=bill | {"notice_at": served, "last_notice_at": served})
    assert row["unheld_on"] == date(2026, 3, 6)
    assert row["first_eligible_on"] == date(2026, 3, 8)


def test_public_holiday_keeps_supply_on() -> None:
    # Labour Day 2026; the notice of a business is good for five days.
    bill = {"issued_on": date(2026, 2, 1), "due_on": date(2026, 3, 1)}
    bill |= {"notice_at": datetime(2026, 4, 28), "last_notice_at": datetime(2026, 4, 28)}
    row = judged(date(2026, 5, 1), account={"segment": "commercial"}, bill=bill)
    assert row["lacking"] == ["free_day", *STEPS]
    assert row["free_day_on"] == row["first_eligible_on"] > date(2026, 5, 1)


def test_steps_of_a_person_are_shown_when_recorded() -> None:
    told = [record("second_notice", date(2026, 3, 2)), record("approval", date(2026, 3, 2), None)]
    row = judged(MARCH_3, records=told)
    assert row["lacking"] == []
    assert row["approval_on"] == date(2026, 3, 2)


def test_record_of_as_of_itself_or_before_due_day_does_not_count() -> None:
    told = [record("approval", MARCH_3), record("second_notice", date(2026, 1, 31))]
    assert judged(MARCH_3, records=told)["lacking"] == list(STEPS)


def test_prepaid_paid_and_undue_bills_are_not_told_of() -> None:
    assert table(MARCH_3, account={"billing_mode": "prepaid"}).num_rows == 0
    assert table(MARCH_3, bill={"open_fen": 0}).num_rows == 0
    assert table(date(2026, 1, 31)).num_rows == 0


def test_gb_winter_keeps_the_protected_on_and_lets_others_be_reviewed() -> None:
    plan = [record("plan_offered", date(2026, 2, 10))]
    kept = judged(MARCH_3, law=GB, account={"protected": True}, records=plan)
    assert kept["lacking"] == ["free_day", *STEPS]
    assert kept["first_eligible_on"] == date(2026, 4, 1)
    assert judged(MARCH_3, law=GB, records=plan)["for_review"] is True


def test_gb_wants_a_payment_plan_offered_first() -> None:
    row = judged(MARCH_3, law=GB)
    assert row["lacking"] == ["plan_offered", *STEPS]
    assert row["first_eligible_on"] is None


def april(law: Law, **given: object) -> dict:
    """A bill that a US rule would let be reviewed on 14 April 2026, a Tuesday."""
    bill = {"due_on": date(2026, 2, 20), "notice_at": datetime(2026, 4, 1),
            "last_notice_at": datetime(2026, 4, 1)}  # fmt: skip
    given = {"records": [record("plan_offered", date(2026, 3, 1))]} | given
    return judged(date(2026, 4, 14), law=law, bill=bill, **given)


@pytest.mark.parametrize(
    ("low", "high", "kept_on"),
    [(5.0, 20.0, False), (0.0, 35.0, False), (-0.5, 10.0, True), (20.0, 35.5, True)],
)
def test_us_weather_beyond_its_limits_keeps_supply_on(
    *, low: float, high: float, kept_on: bool
) -> None:
    forecast = [{"grid_id": "g", "on": date(2026, 4, 14), "low_c": low, "high_c": high}]
    assert ("free_day" in april(US, weather=forecast)["lacking"]) is kept_on


def test_us_grid_without_a_forecast_keeps_its_supply() -> None:
    elsewhere = [{"grid_id": "h", "on": date(2026, 4, 14), "low_c": 9.0, "high_c": 20.0}]
    assert april(US, weather=elsewhere)["lacking"] == ["free_day", *STEPS]


def test_us_cold_season_keeps_everybody_on() -> None:
    forecast = [{"grid_id": "g", "on": MARCH_3, "low_c": 9.0, "high_c": 20.0}]
    plan = [record("plan_offered", date(2026, 2, 10))]
    bill = {"notice_at": datetime(2026, 2, 10), "last_notice_at": datetime(2026, 2, 10)}
    row = judged(MARCH_3, law=US, weather=forecast, records=plan, bill=bill)
    assert row["lacking"] == ["free_day", *STEPS]
    assert row["first_eligible_on"] == date(2026, 4, 1)


def test_us_medical_certificate_stops_everything_while_it_is_in_force() -> None:
    mild = [{"grid_id": "g", "on": date(2026, 4, 14), "low_c": 9.0, "high_c": 20.0}]
    plan = record("plan_offered", date(2026, 3, 1))
    for on, stops in ((date(2026, 3, 20), True), (date(2026, 3, 10), False)):
        told = [plan, record("medical_certificate", on, None)]
        row = april(US, weather=mild, records=told)
        assert ("no_certificate" in row["lacking"]) is stops


def test_notice_list_holds_those_that_lack_a_notice_alone() -> None:
    def listed(as_of: date, **given: object) -> list[dict]:
        return notices_to_prepare(table(as_of, **given), law=CHINA, as_of=as_of).to_pylist()

    unserved = {"notice_at": None, "last_notice_at": None}
    (row,) = listed(date(2026, 2, 24), bill=unserved)
    assert (row["serve_by_on"], row["waits_end_on"]) == (date(2026, 2, 24), MARCH_3)
    assert listed(date(2026, 2, 23), bill=unserved) == []  # served now it would expire
    assert listed(date(2026, 2, 25)) == []  # a notice is running
    assert listed(date(2026, 3, 10))[0]["serve_by_on"] == date(2026, 3, 10)  # it ran out
    assert listed(MARCH_3, bill=unserved, account={"protected": True}) == []
    assert listed(MARCH_3, bill=unserved | {"hold": "disputed"}) == []
    assert listed(MARCH_3, bill=unserved | {"reached_at": None}) == []


def test_no_name_in_the_package_speaks_of_doing_a_cut() -> None:
    eligible = table(MARCH_3)
    prepared = notices_to_prepare(eligible, law=CHINA, as_of=MARCH_3)
    names = [*eligible.column_names, *prepared.column_names, *law.__all__]
    forbidden = ("schedule", "recommend", "execute", "perform", "cut_on", "cut_at")
    assert [n for n in names if any(word in n for word in forbidden)] == []


days = st.integers(0, 120).map(lambda n: date(2026, 1, 1) + n * DAY)
moments = st.none() | days.map(lambda d: datetime.combine(d, time(12)))


def slow(law: Law, as_of: date, account: dict, bill: dict) -> tuple[bool, date | None]:
    """Each condition tried day by day with what is known at as_of."""
    rule = in_force(law.disconnection, as_of, what="-")
    resident = account["segment"] in law.residential
    term = rule.residential_notice if resident else rule.other_notice
    least, most = term.at_least.value, term.at_most.value
    served = sorted({at.date() for at in (bill["notice_at"], bill["last_notice_at"]) if at})
    served = [on for on in served if on > bill["due_on"]]
    live = [on for on in served if most is None or on + most * DAY >= as_of]
    proofs = [at.date() for at in (bill["reached_at"], bill["notice_at"]) if at]
    month = bill["issued_on"].month + rule.months_since_issue.value
    waited = bill["issued_on"].replace(month=month, day=min(bill["issued_on"].day, 28))

    def holds(day: date) -> bool:
        held = bill["hold"] != "none" and not (bill["hold_to_on"] and bill["hold_to_on"] < day)
        return (
            (day - bill["due_on"]).days > rule.overdue_more_than_days.value
            and day >= waited
            and any(on < day for on in proofs)
            and bool(live)
            and (day - live[0]).days >= least
            and (most is None or (day - live[0]).days <= most)
            and not (account["protected"] and rule.protected_blocks.value)
            and not held
            and not rule.plan_offered_first.value
            and not is_no_cut_day(rule, day, protected=account["protected"])
        )

    first = bill["due_on"]
    eligible = next((d for d in (first + n * DAY for n in range(400)) if holds(d)), None)
    return holds(as_of), eligible


def fits(bill: dict, as_of: date) -> dict:
    """Leave out of a drawn bill what is not known, or no longer in force, at as_of."""
    known = [datetime.combine(on, time(9)) for on in bill["notices"] if on < as_of]
    reached = bill["reached_at"]
    held = bill["hold"] != "none" and not (bill["hold_to_on"] and bill["hold_to_on"] < as_of)
    return BILL | {
        "issued_on": bill["issued_on"],
        "due_on": bill["issued_on"] + bill["term"] * DAY,
        "reached_at": reached if reached and reached.date() < as_of else None,
        "notice_at": known[0] if known else None,
        "last_notice_at": known[-1] if known else None,
        "hold": bill["hold"] if held else "none",
        "hold_to_on": bill["hold_to_on"] if held else None,
    }


drawn_bills = st.fixed_dictionaries(
    {
        "issued_on": days.map(lambda d: d.replace(day=min(d.day, 28))),
        "term": st.integers(0, 40),
        "reached_at": moments,
        "notices": st.lists(days, max_size=2).map(sorted),
        "hold": st.sampled_from(("none", "none", "disputed")),
        "hold_to_on": st.none() | days,
        "segment": st.sampled_from(("residential", "commercial")),
        "protected": st.sampled_from((False, False, True)),
    }
)


@settings(max_examples=25, deadline=None)
@given(
    drawn=st.lists(drawn_bills, min_size=1, max_size=8),
    as_of=st.integers(30, 240).map(lambda n: date(2026, 1, 1) + n * DAY),
    which=st.integers(0, 1),
)
def test_eligibility_equals_conditions_tried_day_by_day(
    drawn: list[dict], as_of: date, which: int
) -> None:
    law = (CHINA, GB)[which]
    account, bills = [], []
    for number, one in enumerate(drawn):
        name = {"customer_id": f"c{number}", "bill_id": f"b{number}"}
        account.append(ACCOUNT | name | {"segment": one["segment"], "protected": one["protected"]})
        bills.append(fits(one, as_of) | name)
    made = eligibility(
        pa.Table.from_pylist(account, ACCOUNT_SCHEMA),
        pa.Table.from_pylist(bills, BILL_SCHEMA),
        law=law,
        as_of=as_of,
    )
    told = {row["bill_id"]: row for row in made.to_pylist()}
    assert set(told) == {bill["bill_id"] for bill in bills if bill["due_on"] < as_of}
    for customer, bill in zip(account, bills, strict=True):
        if row := told.get(bill["bill_id"]):
            for_review, eligible = slow(law, as_of, customer, bill)
            assert row["for_review"] is for_review
            assert row["first_eligible_on"] == eligible
            assert row["for_review"] == (not set(row["lacking"]) & set(CONDITIONS))
