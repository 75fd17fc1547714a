import json
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pyarrow as pa
import pytest
from drawn import drawn, write_dataset, write_rows
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from collection.facts import gather
from collection.feedback import (
    ENTRY_SCHEMA,
    KNOWN_SCHEMA,
    overrides_of,
    read_entries,
    records_of,
)
from collection.law import RECORD_SCHEMA
from collection.plan import Inputs, make_plan
from collection.policy import load_policy
from contract.checks import check_dataset
from contract.dataset import Dataset, open_dataset
from contract.engine import connect
from contract.errors import DataError
from contract.staging import stage
from pipeline.cli import app
from pipeline.feeding_back import feed_back, ledger_folder, read_ledger, with_feedback

BILLS = """
    bill_id | customer_id | cycle  | issued_on  | due_on     | amount | hold             | hold_from_on
    a1      | ann         | 202601 | 2026-01-05 | 2026-01-25 | 100.00 | none             |
    b1      | bob         | 202601 | 2026-01-05 | 2026-01-25 | 250.50 | debit_in_transit | 2026-02-01
    """  # noqa: E501 - a drawn table
PAYMENTS = """
    payment_id | customer_id | bill_id | paid_at          | amount
    p1         | ann         |         | 2026-02-02 09:00 | 10.00
    """
CONTACTS = """
    contact_id | customer_id | bill_id | contacted_at     | method | outcome
    k1         | bob         | b1      | 2026-01-20 10:00 | sms    | delivered
    """
ANSWERED = """
    customer_id | bill_id | recorded_at      | recorded_by | method | outcome
    ann         | a1      | 2026-02-01 10:00 | m1          | phone  | answered
    """


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    return write_dataset(tmp_path / "data", bills=BILLS, payments=PAYMENTS, contacts=CONTACTS)


def form(folder: Path, text: str, name: str = "back.csv") -> Path:
    write_rows(folder / name, drawn(text))
    return folder / name


def rows_of(dataset: Dataset, table: str, columns: str) -> list[tuple]:
    with connect() as connection:
        query = f"SELECT {columns} FROM {dataset.scan(table)} ORDER BY ALL"
        return connection.execute(query).fetchall()


def test_contact_joins_those_of_the_dataset(tmp_path: Path, dataset: Dataset) -> None:
    made = feed_back(dataset, form(tmp_path, ANSWERED))
    assert (made.as_dict()["added"], made.as_dict()["contacts"]) == (1, 1)
    fed = with_feedback(dataset, tmp_path / "stores")
    told = rows_of(fed, "contacts", "customer_id, contacted_at, method, outcome, assigned")
    assert told == [
        ("ann", datetime(2026, 2, 1, 10), "phone", "answered", "manual"),
        ("bob", datetime(2026, 1, 20, 10), "sms", "delivered", None),
    ]
    assert check_dataset(fed).errors == ()


def test_dataset_as_imported_is_left_alone(tmp_path: Path, dataset: Dataset) -> None:
    before = dataset.fingerprint()
    assert with_feedback(dataset, tmp_path / "stores") is dataset
    feed_back(dataset, form(tmp_path, ANSWERED))
    assert open_dataset(dataset.folder).fingerprint() == before
    assert with_feedback(dataset, tmp_path / "stores").fingerprint() != before


def test_same_form_twice_adds_nothing(tmp_path: Path, dataset: Dataset) -> None:
    feed_back(dataset, form(tmp_path, ANSWERED))
    parts = {p.name: p.read_bytes() for p in ledger_folder(dataset.folder).iterdir()}
    again = feed_back(dataset, form(tmp_path, ANSWERED, "again.csv"))
    assert (again.as_dict()["added"], again.as_dict()["repeated"]) == (0, 1)
    assert {p.name: p.read_bytes() for p in ledger_folder(dataset.folder).iterdir()} == parts


def test_form_that_overlaps_adds_what_is_new(tmp_path: Path, dataset: Dataset) -> None:
    feed_back(dataset, form(tmp_path, ANSWERED))
    more = ANSWERED + "    bob | b1 | 2026-02-01 11:00 | m1 | phone | no_answer\n" * 2
    made = feed_back(dataset, form(tmp_path, more)).as_dict()
    assert (made["rows"], made["added"], made["repeated"]) == (3, 1, 2)
    assert read_ledger(ledger_folder(dataset.folder)).num_rows == 2


def test_contact_that_the_source_exports_too_counts_once(tmp_path: Path, dataset: Dataset) -> None:
    feed_back(dataset, form(tmp_path, ANSWERED))
    exported = CONTACTS + "    k2 | ann | a1 | 2026-02-01 10:00 | phone | promised\n"
    later = write_dataset(tmp_path / "data", bills=BILLS, contacts=exported)
    fed = with_feedback(later, tmp_path / "stores")
    assert rows_of(fed, "contacts", "contact_id") == [("k1",), ("k2",)]


def test_dispute_holds_its_bill_from_the_day_until_the_newest_end(
    tmp_path: Path, dataset: Dataset
) -> None:
    disputes = """
        customer_id | bill_id | recorded_at      | recorded_by | method | outcome  | dispute_until_on
        ann         | a1      | 2026-02-01 10:00 | m1          | phone  | disputed | 2026-02-10
        ann         | a1      | 2026-02-09 10:00 | m1          | phone  | disputed | 2026-02-20
        bob         | b1      | 2026-01-30 10:00 | m1          | phone  | disputed | 2026-02-20
        """  # noqa: E501 - a drawn table
    made = feed_back(dataset, form(tmp_path, disputes)).as_dict()
    assert (made["contacts"], made["disputes"]) == (3, 2)
    fed = with_feedback(dataset, tmp_path / "stores")
    assert rows_of(fed, "bills", "bill_id, hold, hold_from_on, hold_to_on") == [
        ("a1", "disputed", date(2026, 2, 1), date(2026, 2, 20)),
        ("b1", "debit_in_transit", date(2026, 2, 1), None),  # begun later than the dispute
    ]


def test_overrides_and_records_are_kept_with_who_and_when(tmp_path: Path, dataset: Dataset) -> None:
    told = """
        customer_id | bill_id | recorded_at | recorded_by | run | verdict    | overridden_from | overridden_to | reason     | record
        ann         | a1      | 2026-02-01  | m1          | r7  | overridden | visit           | phone         | known sick |
        bob         | b1      | 2026-02-02  | head        |     |            |                 |               |            | approval
        """  # noqa: E501 - a drawn table
    made = feed_back(dataset, form(tmp_path, told)).as_dict()
    assert (made["contacts"], made["overrides"], made["records"]) == (0, 1, 1)
    ledger = read_ledger(ledger_folder(dataset.folder))
    (override,) = overrides_of(ledger).to_pylist()
    assert override.pop("entry_id").startswith("fb-")
    assert list(override.values()) == [
        "ann", "a1", "r7", "visit", "phone", "known sick", "m1", datetime(2026, 2, 1)
    ]  # fmt: skip
    records = records_of(ledger)
    assert records.schema.equals(RECORD_SCHEMA)
    assert records["record"].to_pylist() == ["approval"]


@pytest.mark.parametrize(
    ("cells", "assigned"),
    [({}, "manual"), ({"run": "r7"}, "policy"), ({"assigned": "holdout", "run": "r7"}, "holdout")],
)
def test_who_assigned_the_contact_is_kept(
    tmp_path: Path, dataset: Dataset, cells: dict, assigned: str
) -> None:
    write_rows(tmp_path / "back.csv", [drawn(ANSWERED)[0] | cells])
    feed_back(dataset, tmp_path / "back.csv")
    fed = with_feedback(dataset, tmp_path / "stores")
    assert (assigned,) in rows_of(fed, "contacts", "assigned")


def test_list_in_chinese_with_rows_left_blank_is_read(tmp_path: Path, dataset: Dataset) -> None:
    book = openpyxl.Workbook()
    for row in (
        (
            "户号",
            "应收标识",
            "风险等级",
            "联系日期",
            "联系结果",
            "承诺日期",
            "是否采纳",
            "改判理由",
        ),
        ("ann", "a1", "电话", date(2026, 2, 1), "承诺交费", date(2026, 2, 5), "采纳", None),
        ("bob", "b1", "电话", None, None, None, None, None),
    ):
        book.active.append(row)
    book.save(tmp_path / "back.xlsx")
    made = feed_back(dataset, tmp_path / "back.xlsx", method="phone", recorded_by="m1")
    assert {k: made.as_dict()[k] for k in ("rows", "added", "silent", "contacts")} == {
        "rows": 2, "added": 1, "silent": 1, "contacts": 1,
    }  # fmt: skip
    assert made.ignored == ("风险等级",)
    (entry,) = read_ledger(made.ledger).to_pylist()
    assert (entry["outcome"], entry["promised_on"]) == ("promised", date(2026, 2, 5))


GOOD = drawn(ANSWERED)[0]


UNREADABLE = (
    ({"customer_id": ""}, "customer_id: empty; a value is needed. Fill it in"),
    ({"recorded_at": "soon"}, "recorded_at: 'soon' cannot be taken. Write a moment such as"),
    ({"method": "fax"}, "method: 'fax' cannot be taken. Write one of sms, phone"),
)
# What a rule of the form refuses, some together so that each is named with its own line.
REFUSED = (
    ({"customer_id": "zoe"}, "customer_id: 'zoe' is no customer of the dataset. Correct"),
    ({"bill_id": "z9"}, "bill_id: 'z9' is no bill of the dataset"),
    ({"bill_id": "b1"}, "bill_id: 'b1' is a bill of another customer"),
    ({"recorded_at": ""}, "recorded_at: empty. Say when it happened"),
    ({"recorded_at": "2026-01-04 10:00"}, "2026-01-04 10:00:00 is before the bill was issued"),
    ({"recorded_by": ""}, "recorded_by: empty. Say who"),
    ({"round": "5"}, "round: 5 is no round. Write 1, 2, 3 or 4"),
    ({"method": ""}, "method: empty for a contact. Say how"),
    ({"outcome": "", "request": "no_phone"}, "outcome: empty for a contact"),
    ({"outcome": "promised"}, "promised_on: empty for a promise. Give the day"),
    ({"promised_on": "2026-02-03"}, "promised_on: 2026-02-03 without a promise"),
    (
        {"outcome": "promised", "promised_on": "2026-01-31"},
        "promised_on: 2026-01-31 is before the contact",
    ),
    ({"verified": "yes"}, "verified: true without a change of contact"),
    (
        {"outcome": "disputed", "dispute_until_on": "2026-02-09", "bill_id": ""},
        "bill_id: empty for a dispute",
    ),
    ({"outcome": "disputed"}, "dispute_until_on: empty for a dispute. Give the day until"),
    ({"dispute_until_on": "2026-02-09"}, "dispute_until_on: 2026-02-09 without a dispute"),
    (
        {"outcome": "disputed", "dispute_until_on": "2026-01-09"},
        "dispute_until_on: 2026-01-09 is before the row was recorded",
    ),
    ({"verdict": "overridden"}, "reason: empty for an override. Say why"),
    ({"overridden_to": "visit"}, "reason: empty for an override"),
    ({"verdict": "adopted", "overridden_to": "x", "reason": "y"}, "Keep one of the two"),
    ({"reason": "why"}, "reason: given without an override or record"),
)


def bad_form(folder: Path, cases: tuple[tuple[dict, str], ...]) -> Path:
    """Write a good row, then one bad row a case, each at a minute of its own."""
    rows = [{"customer_id": "bob", "bill_id": "b1", "recorded_at": "2026-02-01 12:00",
             "recorded_by": "m1", "method": "sms", "outcome": "delivered"}]  # fmt: skip
    for minute, (cells, _) in enumerate(cases):
        rows.append(GOOD | {"recorded_at": f"2026-02-01 10:{minute:02}"} | cells)
    heads = dict.fromkeys(key for row in rows for key in row)
    write_rows(folder / "back.csv", [{h: row.get(h, "") for h in heads} for row in rows])
    return folder / "back.csv"


@pytest.mark.parametrize("cases", [UNREADABLE, REFUSED[:11], REFUSED[11:]])
def test_row_that_cannot_be_taken_is_named_and_nothing_is_added(
    tmp_path: Path, dataset: Dataset, cases: tuple
) -> None:
    with pytest.raises(DataError, match=r"back\.csv line 3, ") as refused:
        feed_back(dataset, bad_form(tmp_path, cases))
    told = str(refused.value).splitlines()
    for line, (_, says) in enumerate(cases, start=3):
        assert [t for t in told if t.startswith(f"back.csv line {line}, ") and says in t], says
    assert len(told) <= len(cases) + 1
    assert not ledger_folder(dataset.folder).exists()


def test_told_otherwise_of_the_same_contact_is_refused(tmp_path: Path, dataset: Dataset) -> None:
    changed = ANSWERED.replace("answered", "refused ")
    both = ANSWERED + changed.splitlines()[2]
    with pytest.raises(DataError, match=r"line 3, recorded_at: .* is told already, and otherwise"):
        feed_back(dataset, form(tmp_path, both))
    feed_back(dataset, form(tmp_path, ANSWERED))
    with pytest.raises(DataError, match=r"line 2, .*give the time of the later contact"):
        feed_back(dataset, form(tmp_path, changed))


def test_every_fault_of_a_form_is_named_at_once(tmp_path: Path, dataset: Dataset) -> None:
    text = """
        customer_id | bill_id | recorded_at      | recorded_by | method | outcome
        zoe         |         | 2026-02-01 10:00 | m1          | phone  | answered
        ann         | a1      | 2026-02-01 10:00 |             | phone  | answered
        """
    with pytest.raises(DataError) as refused:
        feed_back(dataset, form(tmp_path, text))
    first, second = str(refused.value).splitlines()
    assert "line 2, customer_id" in first
    assert "line 3, recorded_by" in second


# After feedback the facts are others.


def facts(dataset: Dataset, folder: Path, as_of: date) -> dict[str, dict]:
    store = stage(with_feedback(dataset, folder), folder, buckets=1)
    gathered = gather(store, as_of)
    bills = {row["bill_id"]: row for row in gathered.open_bill.to_pylist()}
    return {row["customer_id"]: row for row in gathered.account.to_pylist()} | bills


# One customer a label: what is said of it, on 2026-02-01 unless told otherwise.
SAID = {
    "L07": {},  # paid within 48 hours of the call
    "L08": {"recorded_at": "2026-01-28 10:00"},
    "L10": {"request": "no_dunning"},
    "L11": {"request": "no_phone"},
    "L12": {"request": "not_this_cycle"},
    "L13": {"contact_change": "updated", "verified": "yes", "outcome": "wrong_number"},
    "L14": {"contact_change": "added", "verified": "yes"},
}


def test_what_comes_back_changes_the_portraits(tmp_path: Path) -> None:
    tables: dict[str, str] = {
        "customers": "customer_id | segment | grid_id | valid_from\n",
        "bills": "bill_id | customer_id | cycle | issued_on | due_on | amount\n",
        "payments": "payment_id | customer_id | bill_id | paid_at | amount\n",
    }
    for label in SAID:
        tables["customers"] += f"{label} | residential | g1 | 2020-01-01\n"
        tables["bills"] += f"{label}b | {label} | 202601 | 2026-01-05 | 2026-02-25 | 100.00\n"
        tables["payments"] += f"{label}p | {label} | | 2026-02-02 09:00 | 10.00\n"
    dataset = write_dataset(tmp_path / "labelled", **tables)
    before = facts(dataset, tmp_path / "stores", date(2026, 2, 5))
    rows = [
        GOOD | {"customer_id": label, "bill_id": f"{label}b"} | cells
        for label, cells in SAID.items()
    ]
    heads = dict.fromkeys(key for row in rows for key in row)
    write_rows(tmp_path / "back.csv", [{h: row.get(h, "") for h in heads} for row in rows])
    feed_back(dataset, tmp_path / "back.csv")
    after = facts(dataset, tmp_path / "stores", date(2026, 2, 5))
    assert [label for label in SAID if before[label][label]] == []
    assert [label for label in SAID if after[label][label]] == list(SAID)


def test_dispute_that_comes_back_holds_the_bill_and_stops_its_clock(
    tmp_path: Path, dataset: Dataset
) -> None:
    as_of = date(2026, 2, 5)
    before = facts(dataset, tmp_path / "stores", as_of)["a1"]
    cells = {"outcome": "disputed", "dispute_until_on": "2026-02-20"}
    write_rows(tmp_path / "back.csv", [GOOD | cells])
    feed_back(dataset, tmp_path / "back.csv")
    after = facts(dataset, tmp_path / "stores", as_of)["a1"]
    assert (before["hold"], after["hold"]) == ("none", "disputed")
    assert after["aged_days"] < before["aged_days"] == before["dpd"] == after["dpd"]


def planned(dataset: Dataset, folder: Path, as_of: date) -> dict[str, tuple]:
    store = stage(with_feedback(dataset, folder), folder, buckets=1)
    gathered = gather(store, as_of)
    inputs = Inputs(account=gathered.account, open_bill=gathered.open_bill)
    rows = make_plan(inputs, load_policy(), as_of=as_of).table.to_pylist()
    return {r["customer_id"]: (r["outcome"], r["method"], r["why_not"]) for r in rows}


def test_what_comes_back_changes_the_next_plan(tmp_path: Path) -> None:
    said = {
        "quarrels": {"outcome": "disputed", "dispute_until_on": "2026-02-20"},
        "promises": {"outcome": "promised", "promised_on": "2026-02-12"},
        "says nothing": None,
    }
    tables = {"customers": "customer_id | segment | grid_id | valid_from\n"}
    tables["bills"] = "bill_id | customer_id | cycle | issued_on | due_on | amount\n"
    for customer in said:
        tables["customers"] += f"{customer} | residential | g1 | 2020-01-01\n"
        tables["bills"] += f"b {customer} | {customer} | 202601 | 2026-01-05 | 2026-01-25 | 90.00\n"
    tables["payments"] = "payment_id | customer_id | paid_at | amount\n"
    tables["payments"] += "p1 | promises | 2025-12-01 09:00 | 1.00\n"
    dataset = write_dataset(tmp_path / "planned", **tables)
    before = planned(dataset, tmp_path / "stores", date(2026, 2, 9))
    rows = [
        GOOD | {"customer_id": customer, "bill_id": f"b {customer}"} | cells
        for customer, cells in said.items()
        if cells
    ]
    heads = dict.fromkeys(key for row in rows for key in row)
    write_rows(tmp_path / "back.csv", [{h: row.get(h, "") for h in heads} for row in rows])
    feed_back(dataset, tmp_path / "back.csv")
    after = planned(dataset, tmp_path / "stores", date(2026, 2, 9))
    assert {outcome for outcome, _, _ in before.values()} == {"contact"}
    assert after == before | {
        "quarrels": ("none", None, "disputed"),
        "promises": ("none", None, "promised"),
    }


def test_command_feeds_back_and_says_so(tmp_path: Path, dataset: Dataset) -> None:
    path = form(tmp_path, ANSWERED)
    command = ["feedback", str(path), "--data", str(dataset.folder), "--json"]
    first, again = (CliRunner().invoke(app, command) for _ in range(2))
    assert (first.exit_code, again.exit_code) == (0, 0)
    assert "1 rows: 1 added to" in first.stdout
    assert json.loads(again.stdout.splitlines()[-1])["repeated"] == 1


# Rows that differ in few ways, so that many are alike.
moments = st.sampled_from([datetime(2026, 2, day, 10) for day in (1, 2)])
contacts = st.fixed_dictionaries(
    {
        "customer_id": st.sampled_from(("ann", "bob")),
        "recorded_at": moments,
        "recorded_by": st.sampled_from(("m1", "m2")),
        "method": st.sampled_from(("phone", "sms")),
        "outcome": st.none() | st.just("answered"),
        "record": st.none() | st.just("approval"),
    }
)


def brought(rows: list[dict], ledger=None):
    columns = [name for name in ENTRY_SCHEMA.names if name != "entry_id"]
    schema = pa.schema([("row", pa.int64()), *(ENTRY_SCHEMA.field(c) for c in columns)])
    filled = [dict.fromkeys(columns) | row | {"row": n} for n, row in enumerate(rows, start=1)]
    return read_entries(
        pa.Table.from_pylist(filled, schema),
        customers=pa.table({"customer_id": ["ann", "bob"]}),
        bills=KNOWN_SCHEMA.empty_table(),
        ledger=ENTRY_SCHEMA.empty_table() if ledger is None else ledger,
    )


@settings(max_examples=15, deadline=None)
@given(rows=st.lists(contacts, max_size=10), order=st.randoms(use_true_random=False))
def test_every_row_is_new_repeated_silent_or_at_fault(rows: list[dict], order) -> None:
    made = brought(rows)
    if made.faults:
        assert made.entries.num_rows == 0
        return
    assert made.entries.num_rows + made.repeated + made.silent == len(rows)
    silent = [row for row in rows if row["outcome"] is None and row["record"] is None]
    assert made.silent == len(silent)
    again = brought(rows, made.entries)
    assert (again.entries.num_rows, again.faults) == (0, ())
    order.shuffle(rows)
    assert brought(rows).entries.equals(made.entries)
