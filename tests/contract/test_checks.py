from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from drawn import BILLS, CUSTOMERS, PAYMENTS, write_dataset

from contract.checks import RULES, check_dataset
from contract.dataset import open_dataset
from contract.errors import ConfigError, DataError
from contract.simulator import simulate

Row = dict[str, Any]


def messages(folder: Path, *, as_of: date | None = None, **tables: Any) -> list[str]:
    report = check_dataset(write_dataset(folder, **tables), as_of=as_of)
    return [f"{breach.severity} {breach.message()}" for breach in report.breaches]


def test_clean_dataset_has_no_breach(tmp_path: Path) -> None:
    assert messages(tmp_path) == []


CHANNELS = (
    "wangshang_guowang, wechat, alipay, bank_counter, bank_online, bank_debit, "
    "third_party_debit, entrusted_collection, agent, kiosk, counter, pos, collector, "
    "phone_95598, other"
)

DRAWN: dict[str, tuple[dict[str, str], str]] = {
    "empty": (
        {"bills": BILLS + "b2 | bob | 202602 | 2026-02-05 | | 1.00"},
        (
            "error bills.due_on: 1 of 3 rows is empty (first: row 3, bills.parquet). "
            "Fill them or drop the rows."
        ),
    ),
    "unknown-code": (
        {
            "payments": """
                payment_id | customer_id | bill_id | paid_at    | amount | channel
                p1         | ann         | a1      | 2026-01-10 | 50.00  | cash
                p2         | ann         | a1      | 2026-01-11 | 25.00  | cheque
                p3         | ann         | a1      | 2026-01-12 | 25.00  | cash
                """
        },
        (
            "error payments.channel: 3 of 3 rows have an unknown code: cash (2), cheque (1) "
            f"(first: row 1, payments.parquet). Map each onto one of {CHANNELS}."
        ),
    ),
    "repeated-key": (
        {"bills": BILLS + "b1 | bob | 202601 | 2026-01-05 | 2026-01-25 | 99.00"},
        (
            "error bills.bill_id: 2 of 3 rows repeat the key (bill_id) (first: row 2, "
            "bills.parquet). Keep one row for each key."
        ),
    ),
    "repeated-key, the rows alike": (
        {"bills": BILLS + "b1 | bob | 202601 | 2026-01-05 | 2026-01-25 | 250.50"},
        (
            "error bills.bill_id: 1 of 3 rows repeats the key (bill_id) (first: row 3, "
            "bills.parquet). Keep one row for each key."
        ),
    ),
    "repeated-key, two columns": (
        {"customers": CUSTOMERS + "ann | commercial | g2 | 2020-01-01"},
        (
            "error customers.customer_id: 2 of 3 rows repeat the key (customer_id, valid_from) "
            "(first: row 1, customers.parquet). Keep one row for each key."
        ),
    ),
    "mangled-id": (
        {"payments": PAYMENTS + "5.1E+11 | ann | a1 | 2026-01-11 | 1.00"},
        (
            "error payments.payment_id: 1 of 2 rows was changed by a spreadsheet (such as 5.1E+11 "
            "or #N/A) (first: row 2, payments.parquet). Export the column as text."
        ),
    ),
    "due-before-issue": (
        {"bills": BILLS + "b2 | bob | 202602 | 2026-02-05 | 2026-02-04 | 1.00"},
        (
            "error bills.due_on: 1 of 3 rows falls due before the issue day (first: row 3, "
            "bills.parquet). Check which source columns are mapped onto due_on and issued_on."
        ),
    ),
    "unknown-customer": (
        {"bills": BILLS + "x1 | xen | 202602 | 2026-02-05 | 2026-02-25 | 1.00"},
        (
            "error bills.customer_id: 1 of 3 rows names a customer that is not in customers "
            "(first: row 3, bills.parquet). Add the customers or drop the bills."
        ),
    ),
    "unattached": (
        {"payments": PAYMENTS + "p2 | | | 2026-01-10 | 1.00"},
        (
            "error payments.customer_id: 1 of 2 rows names neither a customer nor a bill "
            "(first: row 2, payments.parquet). Fill one of the two or drop the rows."
        ),
    ),
    "out-of-range": (
        {
            "customers": """
                customer_id | segment     | grid_id | valid_from | billing_months
                ann         | residential | g1      | 2020-01-01 | 1
                bob         | commercial  | g1      | 2020-01-01 | 3
                """
        },
        (
            "error customers.billing_months: 1 of 2 rows is not 1 or 2 (first: row 2, "
            "customers.parquet). Give the months between two bills."
        ),
    ),
    "no-start": (
        {"customers": CUSTOMERS + "cat | commercial | g1 |"},
        (
            "warning customers.valid_from: 1 of 3 rows lacks a start (no opened_on, no bill) "
            "and would never be used (first: row 3, customers.parquet). "
            "Fill valid_from or opened_on."
        ),
    ),
    "overlapping-validity": (
        {
            "customers": """
                customer_id | segment     | grid_id | valid_from | closed_on
                ann         | residential | g1      | 2020-01-01 | 2022-06-30
                ann         | commercial  | g1      | 2022-01-01 |
                bob         | commercial  | g1      | 2020-01-01 | 2021-01-01
                bob         | commercial  | g1      | 2021-01-01 |
                """
        },
        (
            "warning customers.valid_from: 1 of 4 rows ends after the same customer's next row "
            "begins (first: row 1, customers.parquet). Check closed_on, or whether a customer "
            "number was given twice."
        ),
    ),
    "stray-customer": (
        {"payments": PAYMENTS + "p2 | xen | | 2026-01-10 | 1.00"},
        (
            "warning payments.customer_id: 1 of 2 rows names a customer that is not in customers "
            "(first: row 2, payments.parquet). Add the customers or drop the rows."
        ),
    ),
    "stray-bill": (
        {"payments": PAYMENTS + "p2 | ann | a0 | 2026-01-10 | 1.00"},
        (
            "warning payments.bill_id: 1 of 2 rows names a bill that is not in bills "
            "(first: row 2, payments.parquet). Add the bills or drop the rows."
        ),
    ),
    "payment-before-issue": (
        {"payments": PAYMENTS + "p2 | bob | b1 | 2026-01-04 | 1.00"},
        (
            "warning payments.paid_at: 1 of 2 rows lies before the named bill's issue day "
            "(first: row 2, payments.parquet). Check which source columns are mapped onto paid_at "
            "and issued_on."
        ),
    ),
    "duplicate-payment": (
        {"payments": PAYMENTS + "p2 | ann | a1 | 2026-01-10 09:00:40 | 100.00"},
        (
            "warning payments.payment_id: 1 of 2 rows repeats another payment's bill, amount and "
            "minute (first: row 2, payments.parquet). Check whether an export was loaded twice."
        ),
    ),
    "future-date": (
        {
            "events": """
                customer_id | happened_on | kind
                ann         | 2106-01-10  | closed
                """
        },
        (
            "warning events.happened_on: 1 of 1 rows lies in the future of this data "
            "(first: row 1, events.parquet). Correct the dates, or map the placeholder onto empty."
        ),
    ),
}


@pytest.mark.parametrize("case", DRAWN)
def test_breach_is_said_with_table_count_place_and_remedy(tmp_path: Path, case: str) -> None:
    tables, message = DRAWN[case]
    assert messages(tmp_path, **tables) == [message]


def history(
    cycles: int = 12, *, customers: int = 30, every: int = 1, skip: dict[int, int] | None = None
) -> dict[str, list[Row]]:
    """A quiet utility: all bills paid five days before they are due.

    Args:
        cycles: Months of history, from January 2025.
        customers: How many bills a month, before skip.
        every: Bill each customer in every so many-th month, all in the same one.
        skip: For a month's number, how many of its bills are missing.
    """
    bills, payments = [], []
    for month in range(0, cycles, every):
        year, number = 2025 + month // 12, month % 12 + 1
        for who in range(customers - (skip or {}).get(month, 0)):
            key = f"c{who}-{month}"
            due = date(year, number, 25)
            bills.append(
                {
                    "bill_id": key,
                    "customer_id": f"c{who}",
                    "cycle": year * 100 + number,
                    "issued_on": date(year, number, 3 + who % 3),
                    "due_on": due,
                    "amount": Decimal(10),
                }
            )
            payments.append(
                {
                    "payment_id": key,
                    "customer_id": f"c{who}",
                    "bill_id": key,
                    "paid_at": datetime(year, number, 20 - who % 9, 9),
                    "amount": Decimal(10),
                }
            )
    people = [
        {
            "customer_id": f"c{who}",
            "segment": "residential",
            "grid_id": "g",
            "valid_from": date(2020, 1, 1),
        }
        for who in range(customers)
    ]
    return {"customers": people, "bills": bills, "payments": payments}


@pytest.mark.parametrize("every", [1, 2])
def test_steady_and_bimonthly_utilities_give_no_warning(tmp_path: Path, every: int) -> None:
    assert messages(tmp_path, as_of=date(2026, 1, 5), **history(13, every=every)) == []


def test_growing_and_shrinking_utilities_give_no_warning(tmp_path: Path) -> None:
    for name, skip in (
        ("growing", {month: 58 - 5 * month for month in range(12)}),
        ("shrinking", {month: 3 * month for month in range(12)}),
    ):
        assert messages(tmp_path / name, **history(12, customers=60, skip=skip)) == []


FEWER = "1 of 12 months have far fewer rows than their neighbours (first: {},"


@pytest.mark.parametrize(
    ("skip", "found"),
    [
        (
            {5: 20},
            FEWER.format("202506 with 10"),
        ),
        ({5: 30}, FEWER.format("202506 with 0")),
        ({5: 30, 6: 30, 7: 30}, "3 of 12 months have"),
        (
            {11: 20},
            FEWER.format("202512 with 10"),
        ),
    ],
)
def test_month_with_far_fewer_rows_is_a_warning(
    tmp_path: Path, skip: dict[int, int], found: str
) -> None:
    bills, payments = messages(tmp_path, **history(12, skip=skip))
    assert bills.startswith(f"warning bills.cycle: {found}")
    assert bills.endswith("where about 30 are usual). Look for a part that was not exported.")
    assert payments.startswith("warning payments.paid_at: ")


def test_month_still_being_issued_is_no_drop(tmp_path: Path) -> None:
    tables = history(12)
    last = date(2025, 12, 4)
    tables["bills"] = [bill for bill in tables["bills"] if bill["issued_on"] < last]
    tables["payments"] = [paid for paid in tables["payments"] if paid["paid_at"].date() < last]
    assert messages(tmp_path, as_of=last, **tables) == []


def test_payments_that_stop_before_as_of_are_a_warning(tmp_path: Path) -> None:
    tables = history(12)
    assert messages(tmp_path / "long", as_of=date(2026, 2, 10), **tables) == [
        (
            "warning payments.posted_at: nothing is posted in the last 51 days before as_of "
            "(last: 2025-12-20). Export the payments through as_of."
        )
    ]
    assert messages(tmp_path / "usual", as_of=date(2026, 1, 12), **tables) == []


def test_extract_of_open_bills_alone_is_a_warning(tmp_path: Path) -> None:
    tables = history(12)
    # Old months hold only the few bills that nobody paid; settled ones lie in an archive.
    kept = {bill["bill_id"] for bill in tables["bills"][::9]}
    recent = {bill["bill_id"] for bill in tables["bills"] if bill["cycle"] >= 202510}
    tables["bills"] = [b for b in tables["bills"] if b["bill_id"] in kept | recent]
    tables["payments"] = [p for p in tables["payments"] if p["bill_id"] in recent]
    (found,) = (m for m in messages(tmp_path, **tables) if "settled" in m)
    assert found == (
        "warning bills.bill_id: in 9 of 9 past months nearly no bill is settled "
        "(first: 202501, 0 %). Export settled bills and their payments too "
        "(archive tables such as *_ARC)."
    )


def test_payments_without_bill_ids_settle_their_customers_bills(tmp_path: Path) -> None:
    tables = history(12)
    for payment in tables["payments"]:
        payment["bill_id"] = None
    assert messages(tmp_path, **tables) == []


def test_future_is_counted_from_the_bulk_of_the_data(tmp_path: Path) -> None:
    tables = history(12)
    odd = tables["payments"][0]
    odd["posted_at"] = datetime(2106, 1, 1)
    (found,) = messages(tmp_path / "far", **tables)
    assert found.startswith("warning payments.posted_at: 1 of 360 rows lies in the future")
    odd["posted_at"] = datetime(2026, 1, 20)
    assert messages(tmp_path / "near", **tables) == []


@pytest.mark.parametrize("seed", [3, 4])
def test_clean_simulated_utility_gives_no_warning(tmp_path: Path, seed: int) -> None:
    simulate(tmp_path / "data", tmp_path / "truth", customers=1500, cycles=16, seed=seed)
    dataset = open_dataset(tmp_path / "data")
    for as_of in (None, date(2026, 10, 6), date(2026, 6, 20)):
        assert check_dataset(dataset, as_of=as_of).breaches == ()


def test_errors_are_raised_once_and_together(tmp_path: Path) -> None:
    dataset = write_dataset(
        tmp_path,
        bills=BILLS + "x1 | xen | 202602 | 2026-02-05 | 2026-02-04 | 1.00",
        payments=PAYMENTS + "p2 | | | 2026-01-10 | 1.00",
    )
    report = check_dataset(dataset)
    with pytest.raises(DataError) as raised:
        report.raise_on_errors()
    assert [line.split(":")[0] for line in str(raised.value).splitlines()] == [
        "bills.customer_id",
        "bills.due_on",
        "payments.customer_id",
    ]
    assert len(report.errors) == 3
    assert report.warnings == ()
    assert check_dataset(write_dataset(tmp_path / "clean")).raise_on_errors() is None


def test_report_is_json_with_the_message_beside_the_counts(tmp_path: Path) -> None:
    dataset = write_dataset(tmp_path, payments=PAYMENTS + "p2 | ann | a0 | 2026-01-10 | 1.00")
    assert check_dataset(dataset).as_dict() == {
        "errors": [],
        "warnings": [
            {
                "table": "payments",
                "column": "bill_id",
                "rule": "stray-bill",
                "severity": "warning",
                "count": 1,
                "total": 2,
                "found": "1 of 2 rows names a bill that is not in bills",
                "remedy": "Add the bills or drop the rows.",
                "first": {"file": "payments.parquet", "row": 2, "line": None},
                "message": DRAWN["stray-bill"][1].removeprefix("warning "),
            }
        ],
    }


def test_promoted_warning_is_an_error(tmp_path: Path) -> None:
    dataset = write_dataset(tmp_path, payments=PAYMENTS + "p2 | ann | a0 | 2026-01-10 | 1.00")
    report = check_dataset(dataset, promote=frozenset({"stray-bill"}))
    assert [breach.rule for breach in report.errors] == ["stray-bill"]


def test_unknown_warning_cannot_be_promoted(tmp_path: Path) -> None:
    dataset = write_dataset(tmp_path)
    with pytest.raises(ConfigError) as raised:
        check_dataset(dataset, promote=frozenset({"volume-drops"}))
    assert str(raised.value) == (
        "promote: no warning is called 'volume-drops'; did you mean volume-drop? "
        "duplicate-payment, future-date, live-only, no-start, overlapping-validity, "
        "payment-before-issue, rounded-amount, stale-payments, stray-bill, stray-customer, "
        "volume-drop."
    )
    with pytest.raises(ConfigError, match="no warning is called 'empty'"):
        check_dataset(dataset, promote=frozenset({"empty"}))


def test_many_unknown_codes_are_not_listed_since_they_may_be_names(tmp_path: Path) -> None:
    rows = [f"c{i} | name{i} | g1 | 2020-01-01" for i in range(9)]
    (found,) = messages(tmp_path, customers=CUSTOMERS + "\n".join(rows))
    assert "unknown code (over 8 different ones: is it the right source column?) (first" in found
    assert "name" not in found.split(". ")[0]


def test_row_is_placed_in_its_part_of_a_table(tmp_path: Path) -> None:
    write_dataset(tmp_path, bills=BILLS + "b2 | bob | 202602 | 2026-02-05 | 2026-02-04 | 1.00")
    bills = pq.read_table(tmp_path / "bills.parquet")
    (tmp_path / "bills.parquet").unlink()
    (tmp_path / "bills").mkdir()
    pq.write_table(bills.slice(0, 1), tmp_path / "bills" / "1.parquet")
    pq.write_table(bills.slice(1), tmp_path / "bills" / "2.parquet")
    (breach,) = check_dataset(open_dataset(tmp_path)).breaches
    assert "(first: row 2, bills/2.parquet)" in breach.message()


def test_rules_have_one_id_for_each_column_and_say_what_to_do() -> None:
    keys = [(rule.table, rule.column, rule.id) for rule in RULES]
    assert len(keys) == len(set(keys))
    for rule in RULES:
        assert rule.remedy.endswith(".")
        assert bool(rule.what) == (rule.scope != "table")
