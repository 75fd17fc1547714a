"""The simulated utility: reproducible, true to the contract, and true to its own probabilities."""

from collections import defaultdict
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import NamedTuple

import holidays
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from scipy.stats import binom

from contract.errors import ConfigError
from contract.simulator import SimulationReport, read_world, simulate
from contract.simulator.cell import CELL
from contract.tables import STORED_AS, TABLES

ARROW = {
    "VARCHAR": pa.string(),
    "DATE": pa.date32(),
    "TIMESTAMP": pa.timestamp("us"),
    "INTEGER": pa.int32(),
    "DECIMAL(18,2)": pa.decimal128(18, 2),
    "DOUBLE": pa.float64(),
    "BOOLEAN": pa.bool_(),
}
CUT = date(2026, 10, 6)


class Utility(NamedTuple):
    """A simulated utility: its dataset, its truth, and the report."""

    out: Path
    truth: Path
    report: SimulationReport


def _simulate(folder: Path, **sizes: object) -> Utility:
    sizes = {"customers": 3000, "cycles": 18, "seed": 7} | sizes
    report = simulate(folder / "data", folder / "truth", **sizes)
    return Utility(folder / "data", folder / "truth", report)


@pytest.fixture(scope="module")
def utility(tmp_path_factory: pytest.TempPathFactory) -> Utility:
    return _simulate(tmp_path_factory.mktemp("utility"))


@pytest.fixture(scope="module")
def tables(utility: Utility) -> dict[str, list[dict]]:
    return {path.stem: pq.read_table(path).to_pylist() for path in utility.out.glob("*.parquet")}


@pytest.fixture(scope="module")
def truth(utility: Utility) -> dict[str, dict]:
    rows = pq.read_table(utility.truth / "bill_truth.parquet").to_pylist()
    return {row["bill_id"]: row for row in rows}


def test_same_seed_writes_the_same_bytes(tmp_path: Path) -> None:
    one, two = (_simulate(tmp_path / name, customers=600) for name in ("one", "two"))
    for folder in ("data", "truth"):
        for path in sorted((tmp_path / "one" / folder).iterdir()):
            other = tmp_path / "two" / folder / path.name
            assert path.read_bytes() == other.read_bytes(), path.name
    assert one.report.rows == two.report.rows


def test_another_seed_makes_other_customers(tmp_path: Path, utility: Utility) -> None:
    other = _simulate(tmp_path, seed=8)
    ids = [
        set(pq.read_table(u.out / "bills.parquet")["bill_id"].to_pylist()) for u in (utility, other)
    ]
    assert len(ids[0] & ids[1]) < 0.001 * len(ids[0])


def test_block_size_changes_no_row(tmp_path: Path) -> None:
    sizes = {"customers": 2 * CELL + 400, "cycles": 4}
    narrow = _simulate(tmp_path / "narrow", block=CELL, **sizes)
    wide = _simulate(tmp_path / "wide", block=10 * CELL, **sizes)
    for path in narrow.out.iterdir():
        assert pq.read_table(path).equals(pq.read_table(wide.out / path.name)), path.name


def test_every_table_has_the_stored_types_and_codes(utility: Utility) -> None:
    for path in utility.out.glob("*.parquet"):
        table, declared = pq.read_table(path), TABLES[path.stem]
        assert table.column_names == list(declared.names())
        for column in declared.columns:
            assert table.schema.field(column.name).type == ARROW[STORED_AS[column.kind]]
            if column.required:
                assert table[column.name].null_count == 0, (path.stem, column.name)
            if column.codes:
                found = set(table[column.name].drop_null().unique().to_pylist())
                assert found <= set(column.codes), (path.stem, column.name)


def test_keys_are_unique_and_references_resolve(tables: dict[str, list[dict]]) -> None:
    for name, rows in tables.items():
        keys = [tuple(row[column] for column in TABLES[name].key) for row in rows]
        assert len(keys) == len(set(keys)), name
    customers = {row["customer_id"] for row in tables["customers"]}
    bills = {row["bill_id"] for row in tables["bills"]}
    for name, rows in tables.items():
        assert {row["customer_id"] for row in rows} <= customers, name
        assert {row["bill_id"] for row in rows if row.get("bill_id")} <= bills, name


def test_nothing_known_on_or_after_the_cut_is_written(tables: dict[str, list[dict]]) -> None:
    for name, rows in tables.items():
        known_at = TABLES[name].known_at
        if known_at and rows:
            latest = max(row[known_at] for row in rows)
            day = latest.date() if isinstance(latest, datetime) else latest
            assert CUT - timedelta(days=130) < day < CUT, name


def test_last_cycle_is_mostly_open_at_the_cut(tables: dict[str, list[dict]]) -> None:
    paid = {row["bill_id"] for row in tables["payments"] if row["outcome"] == "ok"}
    last = [row for row in tables["bills"] if row["cycle"] == 202610]
    assert len(last) > 2500
    assert all(date(2026, 10, 1) <= row["issued_on"] < CUT for row in last)
    assert 0.02 < sum(row["bill_id"] in paid for row in last) / len(last) < 0.35


def test_drawn_lateness_agrees_with_p_late_by_decile(truth: dict[str, dict]) -> None:
    rows = sorted(truth.values(), key=lambda row: row["p_late"])
    for tenth in range(10):
        part = rows[tenth * len(rows) // 10 : (tenth + 1) * len(rows) // 10]
        mean = sum(row["p_late"] for row in part) / len(part)
        low, high = binom.interval(0.9999, len(part), mean)
        assert low <= sum(row["late"] for row in part) <= high, (tenth, mean)


class _Open(NamedTuple):
    due: date
    bill_id: str


def _plain_ledger(bills: list[dict], payments: list[dict]) -> dict[str, list]:
    """Replay one customer in the order of posting; money without a bill pays the oldest due.

    Returns, by bill, the moments and amounts that count for it in the end.
    """
    owed = {row["bill_id"]: row["amount"] for row in bills if not row["cancelled_on"]}
    due = {row["bill_id"]: row["due_on"] for row in bills}
    issued = {row["bill_id"]: row["issued_on"] for row in bills}
    lines: dict[str, list] = defaultdict(list)
    parts: dict[str, list] = {}
    for payment in sorted(payments, key=lambda row: (row["posted_at"], row["paid_at"])):
        if payment["outcome"] == "failed":
            continue
        if payment["amount"] < 0:
            for bill, line in parts[payment["reverses_id"]]:
                lines[bill].remove(line)
                owed[bill] += line[1]
            continue
        left, parts[payment["payment_id"]] = payment["amount"], []
        order = (
            [payment["bill_id"]]
            if payment["bill_id"]
            else sorted(
                (b for b in owed if owed[b] > 0 and issued[b] <= payment["posted_at"].date()),
                key=lambda b: (due[b], b),
            )
        )
        for bill in order:
            taken = min(left, owed[bill])
            if taken > 0:
                line = (payment["paid_at"], taken)
                lines[bill].append(line)
                parts[payment["payment_id"]].append((bill, line))
                owed[bill] -= taken
                left -= taken
        assert left == 0, payment["payment_id"]
    return lines


def test_plain_ledger_of_the_rows_gives_the_drawn_lateness(
    tables: dict[str, list[dict]], truth: dict[str, dict]
) -> None:
    bills, payments = defaultdict(list), defaultdict(list)
    for row in tables["bills"]:
        bills[row["customer_id"]].append(row)
    for row in tables["payments"]:
        payments[row["customer_id"]].append(row)
    unnamed = late = 0
    for customer, rows in bills.items():
        lines = _plain_ledger(rows, payments[customer])
        unnamed += sum(not row["bill_id"] for row in payments[customer])
        for bill in rows:
            if bill["due_on"] + timedelta(days=4) >= CUT or bill["cancelled_on"]:
                continue  # not mature, or replaced by another bill
            end = datetime.combine(bill["due_on"] + timedelta(days=1), time())
            paid = sum(amount for at, amount in lines[bill["bill_id"]] if at < end)
            assert (bill["amount"] - paid >= 1) == truth[bill["bill_id"]]["late"], bill
            late += truth[bill["bill_id"]]["late"]
    assert late > 1000
    assert unnamed > 0.03 * len(tables["payments"])


def test_parts_reversals_and_failed_debits_have_their_shares(
    tables: dict[str, list[dict]],
) -> None:
    rows = tables["payments"]
    of_bill: dict[str, int] = defaultdict(int)
    for row in rows:
        if row["bill_id"] and row["outcome"] == "ok" and row["amount"] > 0:
            of_bill[row["bill_id"]] += 1
    parts = sum(count > 1 for count in of_bill.values()) / len(of_bill)
    reversals = sum(row["amount"] < 0 for row in rows) / len(rows)
    failed = sum(row["outcome"] == "failed" for row in rows)
    debits = sum(row["channel"].endswith("_debit") for row in rows)
    assert 0.008 < parts < 0.05  # homes 1-3 %, business 5-10 % (domain 4.1)
    assert 0.0005 < reversals < 0.004  # 0.1-0.3 %
    assert 0.01 < failed / debits < 0.20


def test_contacts_go_to_bills_that_are_still_open(tables: dict[str, list[dict]]) -> None:
    owed = {row["bill_id"]: row["amount"] for row in tables["bills"]}
    settled: dict[str, datetime] = {}
    for row in sorted(tables["payments"], key=lambda row: row["paid_at"]):
        if row["bill_id"] and row["outcome"] == "ok":
            owed[row["bill_id"]] -= row["amount"]
            settled[row["bill_id"]] = row["paid_at"]
    checked = 0
    for row in tables["contacts"]:
        if row["bill_id"] and owed[row["bill_id"]] == 0:
            assert row["contacted_at"] < settled[row["bill_id"]]
            checked += 1
    assert checked > 1000


def test_transfers_start_a_new_person(tables: dict[str, list[dict]]) -> None:
    spans = defaultdict(list)
    for row in tables["customers"]:
        spans[row["customer_id"]].append(row["valid_from"])
    moves = {
        (row["customer_id"], row["happened_on"])
        for row in tables["events"]
        if row["kind"] == "ownership_transfer"
    }
    again = {(customer, day) for customer, days in spans.items() for day in sorted(days)[1:]}
    assert again == moves
    assert 0.05 < len(moves) / len(spans) / 1.5 < 0.11  # 6-10 % a year (domain 4.1)


def test_lunar_new_year_agrees_with_the_holidays_package() -> None:
    for day in read_world().calendar.lunar_new_year:
        names = holidays.country_holidays("CN", years=day.year, language="en_US")
        assert "Spring Festival" in names[day]
        assert "Spring Festival" not in names.get(day - timedelta(days=1), "").replace("Eve", "")


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ({"customers": 0}, "at least 1 customer"),
        ({"cycles": 1}, "2 to 240 cycles"),
        ({"last_cycle": 202613}, "not a month such as 202610"),
    ],
)
def test_impossible_sizes_are_refused(tmp_path: Path, sizes: dict[str, int], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        _simulate(tmp_path, **sizes)


def test_unknown_key_of_a_world_file_names_its_path(tmp_path: Path) -> None:
    text = Path("configs/world.yaml").read_text(encoding="utf-8")
    path = tmp_path / "world.yaml"
    path.write_text(text.replace("  issue_days: [2", "  isue_days: [2"), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"world.yaml: calendar.issue_days: Field required; "):
        read_world(path)
