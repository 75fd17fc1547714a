from datetime import date

import pytest
from pydantic import ValidationError

from collection.exclusion import Exclusion, Quality
from collection.facts import gather

JULY = date(2026, 7, 1)
EARLY = [f"2026-{month:02}-15" for month in range(1, 7)]
DEBIT = """
    customer_id | pay_arrangement
    steady      | bank_debit
    failing     | bank_debit
    """


def rows_of(store, as_of=JULY, **rules):
    rows = gather(store, as_of, **rules).account.to_pylist()
    return {row["customer_id"]: row for row in rows}


def why(store, as_of=JULY, **rules):
    return {name: row["excluded_why"] for name, row in rows_of(store, as_of, **rules).items()}


def test_six_of_six_early_cycles_exclude_and_five_do_not(settling):
    late_once = [*EARLY[:5], "2026-06-16"]  # T3
    rows = rows_of(settling({"six": EARLY, "five": late_once}))
    assert (rows["six"]["quality"], rows["six"]["excluded_why"]) == (True, "quality")
    assert (rows["five"]["quality"], rows["five"]["excluded_why"]) == (False, "")
    assert why(settling({"five": late_once}), exclusion=Exclusion(quality=Quality(least=5))) == {
        "five": "quality"
    }


def test_payment_before_issue_day_is_no_proof_of_quality(settling):
    ahead = ["2026-01-15", *EARLY[1:5], "2026-05-30"]
    store = settling({"ann": ahead})  # the sixth counts from its issue in June, when it settled
    assert rows_of(store)["ann"]["settled_6"] == 6
    assert why(store) == {"ann": "quality"}


def test_customer_with_five_known_cycles_is_not_yet_quality(settling):
    assert why(settling({"ann": EARLY[:5]})) == {"ann": ""}


def failing_debit(settling, *, failed_on="2026-06-20", as_of=JULY, **rules):
    """Two customers of bank debits; the newest bill of one failed and is unpaid."""
    paid = [f"2026-{month:02}-20" for month in range(1, 6)]
    store = settling(
        {"steady": [*paid, "2026-06-20"], "failing": [*paid, None]},
        customers=DEBIT,
        payments=f"""
            customer_id | bill_id         | paid_at          | amount | channel    | outcome
            failing     | failing-2026-06 | {failed_on} 08:00 | 100    | bank_debit | failed
            """,
    )
    return rows_of(store, as_of, **rules)


def test_failed_debit_brings_an_excluded_customer_back(settling):
    rows = failing_debit(settling)  # T4
    assert rows["failing"]["excluded_why"] == ""
    assert rows["failing"]["failed_debit"]
    assert rows["failing"]["candidate"]
    assert rows["steady"]["excluded_why"] == "debit"
    assert not rows["steady"]["candidate"]


@pytest.mark.parametrize(
    ("failed_on", "why_excluded"), [("2026-05-03", ""), ("2026-05-02", "debit")]
)
def test_failed_debit_counts_from_the_issue_of_the_second_last_bill(
    settling, failed_on, why_excluded
):
    rows = failing_debit(settling, failed_on=failed_on)
    assert rows["failing"]["excluded_why"] == why_excluded


def test_literal_reading_excludes_debit_customers_whatever_fails(settling):
    rows = failing_debit(settling, exclusion=Exclusion(failed_debit_cycles=0))
    assert rows["failing"]["excluded_why"] == "debit"


def test_excluded_customer_still_has_all_its_facts(settling):
    row = rows_of(settling({"six": EARLY}))["six"]
    assert (row["excluded"], row["settled_6"], row["tier"]) == (True, 6, "Q")


def test_candidate_settles_late_in_the_month_repeatedly(settling):
    def days(late):
        return [f"2026-{month:02}-{16 if month <= late else 14}" for month in range(1, 7)]

    rows = rows_of(settling({"three": days(3), "two": days(2)}))
    assert {name: row["settle_after_15"] for name, row in rows.items()} == {"three": 3, "two": 2}
    assert {name for name, row in rows.items() if row["candidate"]} == {"three"}


def test_one_overdue_bill_makes_a_candidate(settling):
    store = settling({"ann": [*EARLY[:4], "2026-05-26", EARLY[5]]})
    assert rows_of(store)["ann"]["candidate"]


def test_quality_that_can_never_be_met_is_refused():
    with pytest.raises(ValidationError, match="least cannot exceed window"):
        Quality(window=6, least=7)
