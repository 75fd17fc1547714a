import csv
import json
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import yaml
from drawn import BILLS, CUSTOMERS, PAYMENTS, drawn, write_rows, write_source
from hypothesis import given, settings
from hypothesis import strategies as st
from samples.make_samples import (
    HERE,
    SG_PAY,
    SG_TYPE,
    WRITERS,
    World,
    build_side_tables,
    build_world,
)

from contract import engine
from contract.checks import check_dataset
from contract.dataset import open_dataset
from contract.errors import ConfigError, DataError
from contract.importing import import_tables
from contract.mapping import load_mapping

CORE = ("customers", "identities", "bills", "payments")
few = settings(max_examples=3)


def tuples(folder: Path, table: str) -> list[tuple[Any, ...]]:
    with engine.connect(threads=1) as connection:
        return connection.execute(
            f"SELECT * FROM {open_dataset(folder).scan(table)} ORDER BY ALL"
        ).fetchall()


def shown(folder: Path, table: str, columns: str) -> list[tuple[Any, ...]]:
    with engine.connect(threads=1) as connection:
        return connection.execute(
            f"SELECT {columns} FROM {open_dataset(folder).scan(table)} ORDER BY ALL"
        ).fetchall()


# --- presets ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Every preset's committed sample, imported."""
    folder = tmp_path_factory.mktemp("imported")
    for preset in WRITERS:
        import_tables(HERE / preset, load_mapping(preset), folder / preset)
    return {preset: folder / preset for preset in WRITERS}


@pytest.mark.parametrize("preset", sorted(set(WRITERS) - {"en"}))
def test_four_dialects_of_one_world_import_to_the_same_rows(
    imported: dict[str, Path], preset: str
) -> None:
    for table in CORE:
        assert tuples(imported[preset], table) == tuples(imported["en"], table)


@pytest.mark.parametrize("table", CORE)
def test_imported_rows_are_those_of_the_world(imported: dict[str, Path], table: str) -> None:
    world = build_world()[table]
    columns = list(world[0])
    expected = sorted(tuple(row[column] for column in columns) for row in world)
    assert shown(imported["en"], table, ", ".join(columns)) == expected


def test_plain_sample_has_all_eight_tables(imported: dict[str, Path]) -> None:
    dataset = open_dataset(imported["en"])
    for table, given_rows in (build_world() | build_side_tables()).items():
        assert len(tuples(imported["en"], table)) == len(given_rows)
        assert dataset.has(table)


def test_imported_samples_pass_every_check(imported: dict[str, Path]) -> None:
    for folder in imported.values():
        assert check_dataset(open_dataset(folder)).breaches == ()


def test_sample_files_are_what_their_script_writes(tmp_path: Path) -> None:
    world = build_world()
    for preset, write in WRITERS.items():
        write(world | (build_side_tables() if preset == "en" else {}), tmp_path / preset)
        names = sorted(path.name for path in (tmp_path / preset).iterdir())
        assert names == sorted(path.name for path in (HERE / preset).iterdir())
        for name in names:
            assert contents(tmp_path / preset / name) == contents(HERE / preset / name)


def contents(path: Path) -> object:
    if path.suffix != ".xlsx":
        return path.read_bytes()
    book = openpyxl.load_workbook(path)
    return [[cell.value for cell in row] for sheet in book for row in sheet.iter_rows()]


def test_accounts_that_are_no_customers_are_dropped_and_counted(tmp_path: Path) -> None:
    report = import_tables(HERE / "sg186", load_mapping("sg186"), tmp_path / "out")
    dropped = {name: table.dropped for name, table in report.tables.items() if table.dropped}
    assert dropped == {
        "customers": {"distributed-generation": 1, "own-meter": 1},
        "identities": {"customer-dropped": 2},
        "bills": {"customer-dropped": 1},
    }


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Small worlds that all four dialects can say."""
    names = st.text("电力用户甲乙丙", min_size=1, max_size=6)
    world: World = {"customers": [], "identities": [], "bills": [], "payments": []}
    for n in range(draw(st.integers(1, 3))):
        customer = f"51{n:08d}"
        segment = draw(st.sampled_from(sorted(SG_TYPE)))
        world["customers"].append(
            {
                "customer_id": customer,
                "segment": segment,
                "voltage": "low" if segment == "residential" else draw(st.sampled_from(VOLTAGES)),
                "pay_arrangement": draw(st.sampled_from(["none", "bank_debit"])),
                "urban_rural": draw(st.sampled_from(["urban", "rural"])),
                "capacity_kva": draw(st.integers(1, 5000).map(float)),
                "billing_mode": draw(st.sampled_from(["postpaid", "prepaid"])),
                "org_id": draw(st.sampled_from(["51401", "51402"])),
                "grid_id": draw(st.sampled_from(["TG1", "TG2"])),
                "opened_on": draw(st.dates(date(1990, 1, 1), date(2020, 1, 1))),
            }
        )
        world["identities"].append(
            {"customer_id": customer, "name": draw(names), "address": draw(names)}
        )
        for k in range(draw(st.integers(1, 3))):
            bill = _bill(draw, f"{n}-{k}", customer)
            world["bills"].append(bill)
            world["payments"] += [
                _payment(draw, f"{n}-{k}-{i}", bill) for i in range(draw(st.integers(0, 3)))
            ]
    if not world["payments"]:
        world["payments"].append(_payment(draw, "0", world["bills"][0]))
    return world


VOLTAGES = ["low", "high"]
CENTS = st.integers(-(10**9), 10**9).map(lambda fen: Decimal(fen) / 100)


def _bill(draw: st.DrawFn, key: str, customer: str) -> dict[str, Any]:
    issued = draw(st.dates(date(2020, 1, 1), date(2026, 1, 1)))
    return {
        "bill_id": key,
        "customer_id": customer,
        "cycle": issued.year * 100 + issued.month,
        "issued_on": issued,
        "due_on": issued + timedelta(days=draw(st.integers(0, 60))),
        "amount": draw(CENTS),
        "kwh": float(draw(st.integers(0, 10**6))),
        "kind": draw(st.sampled_from(["regular", "refund"])),
        "hold": draw(st.sampled_from(["none", "debit_in_transit"])),
    }


def _payment(draw: st.DrawFn, key: str, bill: dict[str, Any]) -> dict[str, Any]:
    paid = draw(st.datetimes(datetime(2020, 1, 1), datetime(2027, 1, 1)))
    failed = draw(st.booleans())
    return {
        "payment_id": key,
        "customer_id": bill["customer_id"],
        "bill_id": bill["bill_id"],
        "paid_at": paid.replace(microsecond=0),
        "amount": draw(CENTS),
        "channel": "bank_debit" if failed else draw(st.sampled_from(sorted(SG_PAY))),
        "outcome": "failed" if failed else "ok",
    }


@few
@pytest.mark.parametrize("preset", sorted(WRITERS))
@given(world=worlds())
def test_any_world_written_in_a_dialect_imports_as_itself(
    tmp_path_factory: pytest.TempPathFactory, preset: str, world: World
) -> None:
    folder = tmp_path_factory.mktemp(preset)
    WRITERS[preset](world, folder / "source")
    import_tables(folder / "source", load_mapping(preset), folder / "out")
    for table in CORE:
        columns = list(world[table][0])
        expected = sorted(tuple(row[column] for column in columns) for row in world[table])
        assert shown(folder / "out", table, ", ".join(columns)) == expected


# --- bad input --------------------------------------------------------------------------------

CODES = "residential, commercial, industrial, agricultural, public, wholesale, other"

BAD: dict[str, tuple[dict[str, str], str]] = {
    "a required column missing": (
        {"bills": BILLS.replace("due_on     ", "pay_until  ")},
        (
            "bills.csv: no column for bills.due_on; looked for due_on or due_date, found "
            "bill_id, customer_id, cycle, issued_on, pay_until, amount. "
            "Correct the mapping (columns, header_row) or the export."
        ),
    ),
    "a key repeated": (
        {"bills": BILLS + "a1 | bob | 202601 | 2026-01-05 | 2026-01-25 | 1.00"},
        (
            "bills.bill_id: 2 of 3 rows repeat the key (bill_id) (first: row 1, bills.csv line 2). "
            "Keep one row for each key."
        ),
    ),
    "a due date before its issue day": (
        {"bills": BILLS + "b2 | bob | 202602 | 2026-02-05 | 2026-01-25 | 1.00"},
        (
            "bills.due_on: 1 of 3 rows falls due before the issue day "
            "(first: row 3, bills.csv line 4). "
            "Check which source columns are mapped onto due_on and issued_on."
        ),
    ),
    "an unparsable date": (
        {"bills": BILLS + "b2 | bob | 202602 | 2026-02-30 | 2026-03-25 | 1.00"},
        (
            "bills.issued_on: 1 of 3 rows cannot be read as a day, such as '2026-02-30' "
            "(first: row 3, bills.csv line 4). Correct them, or name their format in the mapping."
        ),
    ),
    "an unparsable amount": (
        {"bills": BILLS + "b2 | bob | 202602 | 2026-02-05 | 2026-02-25 | 1O2.5元整"},
        (
            "bills.amount: 1 of 3 rows cannot be read as an amount, such as '9x9.9xx' "
            "(first: row 3, bills.csv line 4). Correct them, or name their format in the mapping."
        ),
    ),
    "a bill of an unknown customer": (
        {"bills": BILLS + "x1 | xen | 202602 | 2026-02-05 | 2026-02-25 | 1.00"},
        (
            "bills.customer_id: 1 of 3 rows names a customer that is not in customers "
            "(first: row 3, bills.csv line 4). Add the customers or drop the bills."
        ),
    ),
    "an unknown code": (
        {"customers": CUSTOMERS.replace("commercial ", "shop")},
        (
            f"customers.segment: 1 of 2 rows has an unknown code: shop (1) "
            f"(first: row 2, customers.csv line 3). Map each onto one of {CODES}."
        ),
    ),
    "an empty required value": (
        {"payments": PAYMENTS + "p2 | ann | a1 | | 1.00"},
        (
            "payments.paid_at: 1 of 2 rows is empty (first: row 2, payments.csv line 3). "
            "Fill them or drop the rows."
        ),
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_stops_with_its_message_and_writes_nothing(tmp_path: Path, case: str) -> None:
    tables, message = BAD[case]
    source = write_source(tmp_path / "source", **tables)
    with pytest.raises(DataError) as raised:
        import_tables(source, load_mapping("en"), tmp_path / "out")
    assert str(raised.value) == message
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["source"]


SUSPECT: dict[str, tuple[dict[str, str], str]] = {
    "payments before issue": (
        {"payments": PAYMENTS + "p2 | bob | b1 | 2026-01-04 | 1.00"},
        (
            "payments.paid_at: 1 of 2 rows lies before the named bill's issue day "
            "(first: row 2, payments.csv line 3). "
            "Check which source columns are mapped onto paid_at and issued_on."
        ),
    ),
    "duplicate payments": (
        {"payments": PAYMENTS + "p2 | ann | a1 | 2026-01-10 09:00:59 | 100.00"},
        (
            "payments.payment_id: 1 of 2 rows repeats another payment's bill, amount and minute "
            "(first: row 2, payments.csv line 3). Check whether an export was loaded twice."
        ),
    ),
    "overlapping validity": (
        {
            "customers": """
                customer_id | segment     | grid_id | valid_from | closed_on
                ann         | residential | g1      | 2020-01-01 | 2022-06-30
                ann         | commercial  | g1      | 2022-01-01 |
                bob         | commercial  | g1      | 2020-01-01 |
                """
        },
        (
            "customers.valid_from: 1 of 3 rows ends after the same customer's next row begins "
            "(first: row 1, customers.csv line 2). "
            "Check closed_on, or whether a customer number was given twice."
        ),
    ),
    "amounts finer than a fen": (
        {"payments": PAYMENTS + "p2 | ann | a1 | 2026-01-11 | 1.005"},
        (
            "payments.amount: 1 of 2 rows is written finer than a fen and were rounded "
            "(first: row 2, payments.csv line 3). Check that the column is an amount in yuan."
        ),
    ),
}


@pytest.mark.parametrize("case", SUSPECT)
def test_suspect_input_is_written_and_kept_as_a_warning(tmp_path: Path, case: str) -> None:
    tables, message = SUSPECT[case]
    source = write_source(tmp_path / "source", **tables)
    report = import_tables(source, load_mapping("en"), tmp_path / "out")
    assert [warning.message() for warning in report.warnings] == [message]
    kept = json.loads((tmp_path / "out" / "import.json").read_text(encoding="utf-8"))
    assert kept == json.loads(json.dumps(report.as_dict()))
    assert [warning["message"] for warning in kept["warnings"]] == [message]
    promote = frozenset({report.warnings[0].rule})
    with pytest.raises(DataError) as raised:
        import_tables(source, load_mapping("en"), tmp_path / "again", promote=promote)
    assert str(raised.value) == message
    assert not (tmp_path / "again").exists()


def test_every_fault_of_every_file_is_said_at_once(tmp_path: Path) -> None:
    source = write_source(
        tmp_path / "source",
        customers=CUSTOMERS.replace("grid_id", "area   ").replace("segment ", "class   "),
    )
    (source / "bills.csv").unlink()
    (source / "payments.csv").write_bytes(b"\xff\xff")
    with pytest.raises(DataError) as raised:
        import_tables(source, load_mapping("en"), tmp_path / "out")
    lines = str(raised.value).splitlines()
    assert [line.split(";")[0] for line in lines] == [
        "customers.csv: no column for customers.segment",
        "customers.csv: no column for customers.grid_id",
        (
            "bills: no file in source is called bills.csv, bills.xlsx, bills.parquet, "
            "bills/*.parquet. Add it, or correct files in the mapping."
        ),
        "payments.csv: neither UTF-8 nor GB18030 (first fault in line 1). Save it as CSV UTF-8.",
    ]


def test_lines_that_are_no_rows_stop_the_import(tmp_path: Path) -> None:
    source = write_source(tmp_path / "source")
    with (source / "payments.csv").open("a") as target:
        target.write("p2,bob\np3,ann,a1,2026-01-11,1.00,wechat\n")
    with pytest.raises(DataError) as raised:
        import_tables(source, load_mapping("en"), tmp_path / "out")
    assert str(raised.value) == (
        "payments: 2 lines of payments.csv cannot be parted into fields (too few fields, too many "
        "fields) (first: payments.csv line 3). Correct the quotes and delimiters of these lines."
    )


# --- writing ----------------------------------------------------------------------------------


def test_folder_that_holds_files_is_never_written_over(tmp_path: Path) -> None:
    source = write_source(tmp_path / "source")
    (tmp_path / "out").mkdir()
    import_tables(source, load_mapping("en"), tmp_path / "out")
    before = open_dataset(tmp_path / "out").fingerprint()
    with pytest.raises(ConfigError, match=r"out: holds files already. Give a new or an empty"):
        import_tables(source, load_mapping("en"), tmp_path / "out")
    assert open_dataset(tmp_path / "out").fingerprint() == before


def test_same_source_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        import_tables(HERE / "sg186", load_mapping("sg186"), tmp_path / name)
    assert (
        open_dataset(tmp_path / "one").fingerprint() == open_dataset(tmp_path / "two").fingerprint()
    )


def test_many_rows_are_written_in_their_order_and_the_same_each_time(tmp_path: Path) -> None:
    # Enough rows for several threads and row groups, whose bounds once moved from run to run.
    count = 400_000
    source = write_source(tmp_path / "source")
    with (source / "bills.csv").open("w") as target:
        target.write("bill_id,customer_id,cycle,issued_on,due_on,amount\n")
        target.writelines(f"b{n},ann,202601,2026-01-05,2026-01-25,{n}\n" for n in range(count))
    mapping, prints = load_mapping("en"), set()
    for name in ("one", "two"):
        import_tables(source, mapping, tmp_path / name)
        prints.add(open_dataset(tmp_path / name).fingerprint())
    assert len(prints) == 1
    with engine.connect(threads=1) as connection:
        connection.execute("SET preserve_insertion_order = true")
        rows = connection.execute(
            f"SELECT amount FROM {open_dataset(tmp_path / 'one').scan('bills')}"
        )
        assert [int(row[0]) for row in rows.fetchall()] == list(range(count))


def test_place_that_cannot_be_written_is_a_setting_to_mend(tmp_path: Path) -> None:
    source = write_source(tmp_path / "source")
    with pytest.raises(ConfigError, match=r"cannot be written there \(File exists\)"):
        import_tables(source, load_mapping("en"), source / "bills.csv" / "out")
    with pytest.raises(ConfigError, match=r"bills.csv: holds files already"):
        import_tables(source, load_mapping("en"), source / "bills.csv")


def test_one_file_can_be_the_source(tmp_path: Path) -> None:
    (workbook,) = (HERE / "cn_excel").iterdir()
    report = import_tables(workbook, load_mapping("cn_excel"), tmp_path / "out")
    assert report.source == workbook.name
    assert report.tables["bills"].written == 52


def test_progress_is_told_in_words(tmp_path: Path) -> None:
    told: list[str] = []
    import_tables(
        write_source(tmp_path / "s"), load_mapping("en"), tmp_path / "out", progress=told.append
    )
    assert told[0] == "read customers from customers.csv"
    assert told[-1] == "wrote out"


def test_extra_columns_are_kept_as_numbers_and_words(tmp_path: Path) -> None:
    mapping = custom(
        tmp_path,
        customers={"extra": {"numeric": {"rooms": "rooms"}, "categorical": {"tier": "tier"}}},
    )
    people = """
        customer_id | segment     | grid_id | valid_from | rooms | tier
        ann         | residential | g1      | 2020-01-01 | 1,250 | gold
        bob         | commercial  | g1      | 2020-01-01 |       |
        """
    import_tables(write_source(tmp_path / "s", customers=people), mapping, tmp_path / "out")
    assert shown(tmp_path / "out", "customers", "customer_id, x_rooms, x_tier") == [
        ("ann", 1250.0, "gold"),
        ("bob", None, None),
    ]
    source = write_source(tmp_path / "t", customers=people.replace("1,250", "many "))
    with pytest.raises(DataError, match=r"customers.x_rooms: 1 of 2 rows cannot be read as a num"):
        import_tables(source, mapping, tmp_path / "no")


def custom(folder: Path, **changes: dict[str, Any]) -> Any:
    """Load the plain preset with keys added to some of its tables."""
    preset = load_mapping("en").model_dump(mode="json", exclude={"name"}, exclude_defaults=True)
    for table, keys in changes.items():
        preset["tables"][table][0] |= keys
    path = folder / "custom.yaml"
    path.write_text(yaml.safe_dump(preset, allow_unicode=True), encoding="utf-8")
    return load_mapping(path)


def test_declared_date_forms_and_placeholders_are_followed(tmp_path: Path) -> None:
    mapping = custom(
        tmp_path,
        bills={"dates": {"issued_on": ["%d.%m.%Y"], "due_on": ["excel"]}, "empty": ["31.12.9999"]},
    )
    bills = """
        bill_id | customer_id | cycle   | issued_on  | due_on | amount | cancelled_on
        a1      | ann         | 2026-01 | 05.01.2026 | 46047  | 100    | 31.12.9999
        """
    source = write_source(tmp_path / "s", bills=bills)
    import_tables(source, mapping, tmp_path / "out")
    assert shown(tmp_path / "out", "bills", "issued_on, due_on, cancelled_on") == [
        (date(2026, 1, 5), date(2026, 1, 25), None)
    ]


def test_key_is_composed_where_the_sheet_has_none(tmp_path: Path) -> None:
    (workbook,) = (HERE / "cn_excel").iterdir()
    book = openpyxl.load_workbook(workbook)
    heads = [cell.value for cell in book.active[1]]
    for head in ("收费流水号", "应收标识"):
        book.active.delete_cols(heads.index(head) + 1)
        heads.remove(head)
    book.save(tmp_path / "a.xlsx")
    report = import_tables(tmp_path / "a.xlsx", load_mapping("cn_excel"), tmp_path / "out")
    assert (report.tables["bills"].written, report.tables["payments"].written) == (52, 53)
    assert shown(tmp_path / "out", "bills", "bill_id")[0] == ("5101000001-202606",)
    assert shown(tmp_path / "out", "payments", "payment_id, bill_id")[0] == (
        "5101000001-202606-2026-07-07 09:00:00-122.61",
        "5101000001-202606",
    )


# --- quarantine -------------------------------------------------------------------------------


def quarantined(folder: Path, table: str) -> list[dict[str, str]]:
    with (folder / "quarantine" / f"{table}.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_rows_in_breach_are_set_aside_with_those_that_depend_on_them(tmp_path: Path) -> None:
    source = write_source(
        tmp_path / "source",
        customers=CUSTOMERS + "cat | castle | g1 | 2020-01-01",
        bills=BILLS
        + """
        a2 | ann | 202602 | 2026-02-05 | 2026-02-01 | 30.00
        c1 | cat | 202601 | 2026-01-05 | 2026-01-25 | 40.00
        """,
        payments=PAYMENTS
        + """
        p2 | ann | a2 | 2026-02-07 | 30.00
        p3 |     | c1 | 2026-01-07 | =4+4
        p4 | cat |    | 2026-01-07 | 40.00
        """,
    )
    mapping = load_mapping("en")
    report = import_tables(source, mapping, tmp_path / "out", quarantine=True)
    assert {name: table.quarantined for name, table in report.tables.items()} == {
        "customers": {"unknown-code": 1},
        "bills": {"customer-quarantined": 1, "due-before-issue": 1},
        "payments": {"bill-quarantined": 1, "customer-quarantined": 1, "unreadable": 1},
    }
    assert report.tables["bills"].amount == {
        "read": "420.50",
        "dropped": "0.00",
        "quarantined": "70.00",
        "written": "350.50",
    }
    assert quarantined(tmp_path / "out", "customers") == [
        {
            "reason": "unknown-code",
            "file": "customers.csv",
            "row": "3",
            "line": "4",
            "customer_id": "cat",
            "segment": "castle",
            "grid_id": "g1",
            "valid_from": "2020-01-01",
        }
    ]
    found = quarantined(tmp_path / "out", "payments")
    assert [(row["payment_id"], row["reason"], row["amount"]) for row in found] == [
        ("p2", "bill-quarantined", "30.00"),
        ("p3", "unreadable", "'=4+4"),
        ("p4", "customer-quarantined", "40.00"),
    ]
    assert [row[0] for row in tuples(tmp_path / "out", "payments")] == ["p1"]
    assert check_dataset(open_dataset(tmp_path / "out")).breaches == ()


def test_clean_import_has_no_quarantine_folder(tmp_path: Path) -> None:
    import_tables(write_source(tmp_path / "s"), load_mapping("en"), tmp_path / "o", quarantine=True)
    assert sorted(entry.name for entry in (tmp_path / "o").iterdir()) == [
        "bills.parquet",
        "customers.parquet",
        "import.json",
        "payments.parquet",
    ]


def test_breach_of_a_whole_table_cannot_be_set_aside(tmp_path: Path) -> None:
    months = "\n".join(
        f"c{n}m{m} | ann | 2025{m:02d} | 2025-{m:02d}-05 | 2025-{m:02d}-25 | 1.00"
        for m in range(1, 13)
        for n in range(25 if m != 6 else 3)
    )
    source = write_source(tmp_path / "s", bills=BILLS.split("a1")[0] + months)
    with pytest.raises(DataError, match=r"bills.cycle: 1 of 12 months have far fewer rows"):
        import_tables(
            source,
            load_mapping("en"),
            tmp_path / "out",
            quarantine=True,
            promote=frozenset({"volume-drop"}),
        )


FAULTS: tuple[tuple[str, Callable[[dict[str, str]], object]], ...] = (
    ("customers", lambda row: row.update(segment="castle")),
    ("customers", lambda row: row.update(customer_id="")),
    ("customers", lambda row: row.update(valid_from="soon")),
    ("bills", lambda row: row.update(amount="much")),
    ("bills", lambda row: row.update(due_on="2020-01-01")),
    ("bills", lambda row: row.update(customer_id="nobody")),
    ("bills", lambda row: row.update(bill_id="b0")),
    ("payments", lambda row: row.update(paid_at="")),
    ("payments", lambda row: row.update(channel="owl")),
    ("payments", lambda row: row.update(customer_id="", bill_id="")),
    ("payments", lambda row: row.update(payment_id="1.5E+12")),
)


@few
@given(
    st.lists(st.tuples(st.sampled_from(FAULTS), st.integers(0, 7)), max_size=6),
    st.integers(0, 2),
)
def test_no_row_and_no_fen_is_lost_whatever_is_broken(
    tmp_path_factory: pytest.TempPathFactory,
    faults: list[tuple[tuple[str, Callable[[dict[str, str]], object]], int]],
    broken_lines: int,
) -> None:
    folder = tmp_path_factory.mktemp("lost")
    tables = {
        "customers": drawn(CUSTOMERS)[:1] * 4 + drawn(CUSTOMERS)[1:] * 4,
        "bills": [drawn(BILLS)[n % 2] | {"bill_id": f"b{n}"} for n in range(8)],
        "payments": [
            drawn(PAYMENTS)[0] | {"payment_id": f"p{n}", "bill_id": f"b{n}", "channel": "pos"}
            for n in range(8)
        ],
    }
    tables = {name: [dict(row) for row in rows] for name, rows in tables.items()}
    for n, row in enumerate(tables["customers"]):
        row["valid_from"] = f"20{10 + n}-01-01"
    for (table, breaking), n in faults:
        breaking(tables[table][n])
    for name, given_rows in tables.items():
        write_rows(folder / "source" / f"{name}.csv", given_rows)
    with (folder / "source" / "bills.csv").open("a") as target:
        target.write("only,two\n" * broken_lines)
    report = import_tables(folder / "source", load_mapping("en"), folder / "out", quarantine=True)
    for name, table in report.tables.items():
        aside = sum(table.quarantined.values())
        assert table.read == 8 + (broken_lines if name == "bills" else 0)
        assert table.read == table.written + aside + sum(table.dropped.values())
        assert len(tuples(folder / "out", name)) == table.written
        assert (len(quarantined(folder / "out", name)) if aside else 0) == aside
        if table.amount:
            total = {kind: Decimal(text) for kind, text in table.amount.items()}
            assert total["read"] == sum(total[k] for k in ("dropped", "quarantined", "written"))
    assert check_dataset(open_dataset(folder / "out")).errors == ()


def test_what_a_killed_import_left_goes_with_the_next(tmp_path: Path) -> None:
    left = tmp_path / ".import-killed"
    left.mkdir()
    (left / "identities.shaped.parquet").write_bytes(b"names and phones")
    import_tables(write_source(tmp_path / "s"), load_mapping("en"), tmp_path / "out")
    assert not left.exists()
