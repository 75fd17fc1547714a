"""The report's workbook: its sheets, and what comes back filled in on any of them."""

import shutil
import subprocess
from datetime import date
from decimal import Decimal

import openpyxl
import pandas as pd
import pytest
from drawn import write_dataset

from contract.errors import DataError
from features.declare import Text
from pipeline.bringing_back import bring_back, handed_out
from pipeline.config import Config
from pipeline.feeding_back import ledger_folder, read_ledger
from reports import both, report_book, write_workbook
from reports.changes import Scoring, why_changed
from reports.page.words import read_page_words
from reports.records_sheet import MARK
from reports.report_book import Report, aging, moved_words, write_report_book

DAY = date(2026, 10, 9)
WHO = {"segment": "residential", "grid_id": "g1", "valid_from": date(2020, 1, 1)}


@pytest.fixture(autouse=True)
def no_key(monkeypatch):
    monkeypatch.delenv("DUEWATCH_LIST_KEY", raising=False)


@pytest.fixture
def report(listed, facts):
    """A report with a plan and a last list of which the first bill was not open."""
    scored = listed.assign(why_not="")
    then = scored.iloc[1:].assign(bill_id=lambda rows: "old" + rows["bill_id"])
    then["rank"] = range(1, len(then) + 1)
    changes = why_changed(
        Scoring(run="now", as_of=facts.as_of, model="a", bills=scored),
        Scoring(run="2026-09-08-aa", as_of=date(2026, 9, 8), model="b", bills=then),
    )
    plan = {
        "tier": "A",
        "method": "电话\ncall",
        "round": 2,
        "earliest_on": pd.Timestamp("2026-10-10"),
        "why_not": None,
        "late_fee_cny": 1.25,
    }
    people = listed.set_index("customer_id", drop=False)[["customer_id", "name", "grid_id"]]
    return Report(
        facts=facts, listed=listed.assign(**plan), scored=scored, changes=changes, people=people,
        plan="plan-1",
    )  # fmt: skip


def write(path, report, wording, key=None):
    write_report_book(path, report, wording=wording, ages=read_page_words().aging, key=key)
    return path


@pytest.fixture
def path(report, wording, tmp_path):
    return write(tmp_path / "report.xlsx", report, wording)


@pytest.fixture
def book(path):
    return openpyxl.load_workbook(path)


def texts_of(sheet):
    return "\n".join(str(c.value) for row in sheet for c in row if c.value is not None)


def test_workbook_has_a_sheet_for_each_purpose_and_grid(book, listed):
    assert book.sheetnames == [
        *("说明 About", "名单 List"),
        *sorted(listed["grid_id"].unique()),
        *("汇总 Summary", "名单变化 Changes", "补充记录 Records", "名词解释 Glossary"),
    ]
    assert "f" not in {cell.data_type for sheet in book for row in sheet for cell in row}


def test_cover_names_plan_last_list_and_what_is_in_it(book, wording):
    told = texts_of(book.worksheets[0])
    assert "plan-1" in told
    assert "2026-09-08-aa" in told
    assert "5 sheets, one for each grid" in told
    for name in ("list", "summary", "changes", "records", "glossary"):
        assert both(wording.sheets[name]) in told


def test_list_has_tier_and_plan_where_there_is_one(book, wording):
    heads = [cell.value for cell in book.worksheets[1][2]]
    for column in ("tier", "method", "round", "earliest_on", "late_fee_cny"):
        assert both(wording.columns[column], "\n") in heads
    for column in ("why_not", "advice", "moved"):  # nothing stands there
        assert both(wording.columns[column], "\n") not in heads


def test_sheets_of_grids_hold_each_bill_of_the_list_once(book, wording, listed):
    bills = []
    for grid in listed["grid_id"].unique():
        sheet = book[grid]
        at = [cell.value for cell in sheet[2]].index(both(wording.columns["bill_id"], "\n"))
        bills += [row[at].value for row in sheet.iter_rows(min_row=3)]
        assert sheet.protection.sheet
        assert sheet.data_validations.count >= 3
    assert sorted(bills) == sorted(listed["bill_id"])


def test_grids_beyond_the_cap_are_named_on_the_cover(report, wording, tmp_path, monkeypatch):
    monkeypatch.setattr(report_book, "group_by", lambda listed, by: GROUP_BY(listed, by, most=2))
    book = openpyxl.load_workbook(write(tmp_path / "few.xlsx", report, wording))
    assert len(book.sheetnames) == 8
    left = [f"WG{n:03d}" for n in range(5) if f"WG{n:03d}" not in book.sheetnames]
    told = texts_of(book.worksheets[0])
    assert "3 more have no sheet of their own" in told
    assert ", ".join(left) in told


GROUP_BY = report_book.group_by


def test_without_plan_and_last_list_there_is_a_workbook_all_the_same(
    report, listed, wording, tmp_path
):
    bare = Report(facts=report.facts, listed=listed, scored=report.scored, by="manager")
    book = openpyxl.load_workbook(write(tmp_path / "bare.xlsx", bare, wording))
    assert "名单变化 Changes" not in book.sheetnames
    assert {*listed["manager_id"]} < {*book.sheetnames}
    assert "no earlier list to compare with" in texts_of(book.worksheets[0])


def test_changes_sheet_leads_from_the_last_list_to_this_one(book, report):
    rows = [[cell.value for cell in row] for row in book["名单变化 Changes"].iter_rows()]
    at = {str(row[0]): row for row in rows if row[0]}
    customers = [at[name][2] for name in ("上一份名单 Last list", "+ 新进 came", "− 退出 left")]
    assert sum(customers) == at["= 本名单 This list"][2]
    names = ("上一份名单 Last list", "+ 新进 came", "− 退出 left")
    stayed = next(row for name, row in at.items() if name.startswith("± "))
    whole = sum(at[name][3] for name in names) + stayed[3]
    assert whole == pytest.approx(at["= 本名单 This list"][3], abs=1e-6)
    assert at["合计 Total"][7] == len(report.changes.rows)


def test_glossary_has_every_head_band_tier_and_cause(book, wording):
    told = {cell.value for row in book["名词解释 Glossary"] for cell in row}
    for section in ("column_meanings", "band_meanings", "tier_meanings", "cause_meanings"):
        for text in wording.section(section).values():
            assert {text.zh, text.en} <= told


def test_same_report_gives_the_same_bytes(path, report, wording, tmp_path):
    assert write(tmp_path / "again.xlsx", report, wording).read_bytes() == path.read_bytes()


def test_arrears_by_age_count_each_customer_once(listed):
    twice = pd.concat([listed, listed], ignore_index=True)
    ages = {age: Text(zh=age, en=f"{age}.") for age in read_page_words().aging}
    told = aging(twice, ages)
    assert told["customers"].sum() == len(listed)
    assert told["overdue_cny"].sum() == pytest.approx(listed["overdue_cny"].sum())


def test_places_are_told_as_arrows_and_new_customers_as_new(wording):
    told = moved_words(pd.Series([3.0, -12, 0, float("nan")]), wording).tolist()
    assert told == ["↑ 3", "↓ 12", "未动\nsame", "新进\nnew"]


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not here")
def test_libreoffice_opens_and_prints_every_sheet(path, tmp_path):
    home = f"-env:UserInstallation={(tmp_path / 'office').as_uri()}"
    command = ["soffice", home, "--headless", "--convert-to", "pdf", "--outdir", str(tmp_path)]
    subprocess.run([*command, str(path)], check=True, capture_output=True, timeout=120)
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF")


# What comes back


@pytest.fixture
def config(tmp_path, listed):
    bills = [
        {
            "bill_id": row["bill_id"],
            "customer_id": row["customer_id"],
            "cycle": 202610,
            "issued_on": date(2026, 10, 3),
            "due_on": date(2026, 10, 25),
            "amount": Decimal(f"{row['amount_cny']:.2f}"),
        }
        for row in listed.to_dict("records")
    ]
    customers = [WHO | {"customer_id": bill["customer_id"]} for bill in bills]
    write_dataset(tmp_path / "data", customers=customers, bills=bills)
    return Config(data=tmp_path / "data", outputs=tmp_path / "outputs")


ANSWERED = {"contacted_on": DAY, "outcome": "接通 answered"}


def fill(book, wording, title, bill_id, cells):
    sheet = book[title]
    heads = {cell.value: cell.column for cell in sheet[2]}
    at = {name: heads[both(wording.columns[name], "\n")] for name in (*cells, "bill_id")}
    (number,) = [
        row
        for row in range(3, sheet.max_row + 1)
        if sheet.cell(row, at["bill_id"]).value == bill_id
    ]
    for name, value in cells.items():
        sheet.cell(number, at[name], value)
    return number


def record(book, cells):
    sheet = book["补充记录 Records"]
    at = {str(cell.value).removeprefix(MARK): cell.column for cell in sheet[3]}
    for name, value in cells.items():
        sheet.cell(5, at[name], value)


def entries_of(config):
    return read_ledger(ledger_folder(config.data)).to_pylist()


def test_answers_on_list_grids_and_records_are_all_taken(config, path, book, wording, listed):
    first, second, third = listed["bill_id"][:3]
    fill(book, wording, "名单 List", first, ANSWERED)
    fill(book, wording, listed["grid_id"][1], second, ANSWERED | {"contacted_by": "visit"})
    wish = {"request": "不要打电话 no calls"}
    fill(book, wording, "名单 List", third, ANSWERED | wish)
    fill(book, wording, listed["grid_id"][2], third, ANSWERED | wish)  # the same once more
    agreed = {"record": "商定措施 measures agreed", "reason": "分三期", "recorded_by": "M9"}
    record(book, {"customer_id": listed["customer_id"][4], "recorded_at": DAY, **agreed})
    book.save(path)
    made = bring_back(config, handed_out(path)).as_dict()
    wanted = {"rows": 25, "added": 4, "silent": 21, "contacts": 3, "records": 1}
    assert {name: made[name] for name in wanted} == wanted
    assert made["checked_by"] == "checksum"
    told = {entry["bill_id"]: entry for entry in entries_of(config)}
    assert told[first]["method"] == "phone"  # as planned
    assert told[second]["method"] == "visit"
    assert told[third]["request"] == "no_phone"
    assert (told[None]["record"], told[None]["reason"]) == ("measures_agreed", "分三期")


def test_two_answers_for_one_bill_are_refused_by_sheet_and_row(config, path, book, wording, listed):
    grid, bill_id = listed["grid_id"][0], listed["bill_id"][0]
    on_list = fill(book, wording, "名单 List", bill_id, ANSWERED)
    on_grid = fill(book, wording, grid, bill_id, ANSWERED | {"outcome": "拒绝 refused"})
    book.save(path)
    with pytest.raises(DataError, match=rf"{grid} .*row {on_grid}: .*名单 List {on_list}") as told:
        bring_back(config, handed_out(path))
    assert "Nothing was taken" in str(told.value)
    assert entries_of(config) == []


@pytest.mark.parametrize(("column", "value"), [("open_cny", 0.01), ("customer_id", "0310999")])
def test_grid_sheet_with_a_changed_cell_is_refused(
    column, value, config, path, book, wording, listed
):
    grid, bill_id = listed["grid_id"][0], listed["bill_id"][0]
    number = fill(book, wording, grid, bill_id, {column: value})
    book.save(path)
    with pytest.raises(DataError, match=rf"黄色单元格以外的内容被改动：{grid} {number}"):
        bring_back(config, handed_out(path))


def test_row_of_a_grid_that_the_list_has_not_is_refused(config, path, book, wording, listed):
    grid, bill_id = listed["grid_id"][0], listed["bill_id"][0]
    number = fill(book, wording, grid, bill_id, {"rank": 999})
    book.save(path)
    with pytest.raises(DataError, match=rf"Its rows are not those .*: {grid} {number}"):
        bring_back(config, handed_out(path))


def test_tier_changed_on_the_list_is_refused(config, path, book, wording, listed):
    fill(book, wording, "名单 List", listed["bill_id"][0], {"tier": "Q"})
    book.save(path)
    with pytest.raises(DataError, match="黄色单元格以外的内容被改动"):
        bring_back(config, handed_out(path))


def test_record_by_half_names_its_sheet_row_and_head(config, path, book, listed):
    record(book, {"customer_id": listed["customer_id"][0], "outcome": "接通", "round": "two"})
    book.save(path)
    with pytest.raises(DataError, match=r"补充记录 Records .*row 5, 轮次 Round: .*whole number"):
        bring_back(config, handed_out(path))
    record(book, {"round": 2, "recorded_by": "M1", "recorded_at": DAY})
    book.save(path)
    with pytest.raises(DataError, match=r"Records .*row 5, 联系方式 Contacted by: .*--method"):
        bring_back(config, handed_out(path))


def test_signed_report_needs_its_key(report, wording, config, tmp_path, monkeypatch):
    key = "0123456789abcdef0123456789abcdef"
    path = write(tmp_path / "signed.xlsx", report, wording, key.encode())
    with pytest.raises(DataError, match="there is neither the key nor the folder"):
        bring_back(config, handed_out(path))
    monkeypatch.setenv("DUEWATCH_LIST_KEY", key)
    assert bring_back(config, handed_out(path)).as_dict()["checked_by"] == "signature"


def test_list_and_report_of_a_run_have_seals_of_their_own(listed, facts, path, wording, tmp_path):
    write_workbook(tmp_path / "list.xlsx", listed, facts, wording=wording)
    kinds = set()
    for one in (path, tmp_path / "list.xlsx"):
        kinds.add(handed_out(one).properties["duewatch_seal"].split(";")[1])
    assert kinds == {"list", "report"}
