"""Lists and handouts that come back filled in: taken as they were meant, or refused whole."""

import json
import shutil
import subprocess
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

import openpyxl
import pytest
from drawn import write_dataset
from handout_facts import AS_OF, inputs
from typer.testing import CliRunner

from collection.handouts import Thresholds, build_handouts, handouts_for
from contract.dataset import open_dataset
from contract.errors import ConfigError, DataError
from pipeline.bringing_back import bring_back, handed_out
from pipeline.cli import app
from pipeline.config import Config
from pipeline.feeding_back import ledger_folder, read_ledger
from pipeline.runs import Manifest, write_manifest
from reports import both, write_workbook
from reports.handouts import Head, read_dictionary, write_handouts
from reports.returned.words import FEEDBACK_WORDING, read_returned_words
from reports.seal import PROPERTY

WHO = {"segment": "residential", "grid_id": "g1", "valid_from": date(2020, 1, 1)}
RUN = "2026-10-08-3f9a2c11"
KEY = "0123456789abcdef0123456789abcdef"
SPOKEN = {"contacted_on": date(2026, 10, 9), "outcome": "承诺交费 promised"}
PROMISED = SPOKEN | {"promised_on": date(2026, 10, 20)}
ANSWERS = {
    3: PROMISED,
    4: {"contacted_on": date(2026, 10, 9), "verdict": "改判", "verdict_reason": "已交"},
    5: {"contacted_on": date(2026, 10, 10), "outcome": "wrong number", "new_contact": "0123456"},
    6: SPOKEN | {"outcome": "有争议 disputed", "dispute_until_on": date(2026, 11, 1)},
}


@pytest.fixture(autouse=True)
def no_key(monkeypatch):
    monkeypatch.delenv("DUEWATCH_LIST_KEY", raising=False)


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


@pytest.fixture
def sent(tmp_path, listed, facts, wording, config):
    """The list as it lies in its run's folder, and as it was sent."""
    folder = config.outputs / RUN
    folder.mkdir(parents=True)
    about = replace(facts, run_id=RUN)
    write_workbook(folder / "list.xlsx", listed, about, wording=wording)
    write_manifest(folder, manifest_of(about))
    shutil.copy(folder / "list.xlsx", tmp_path / "back.xlsx")
    return tmp_path / "back.xlsx"


def manifest_of(facts):
    return Manifest(
        run=facts.run_id, as_of=facts.as_of.isoformat(), cycle=facts.cycle, model_name="m",
        model_version="1", model_sha256="0", data_fingerprint="0", code_commit="0", config={},
        counts={"customers": 24, "bills_scored": 24, "listed": 24}, call_capacity=5,
        comparison=[], warnings=[], absent_tables=[], versions={},
    )  # fmt: skip


def fill(path, answers, wording, *, change=None):
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[1]
    heads = [cell.value for cell in sheet[2]]
    for row, cells in answers.items():
        for column, value in cells.items():
            sheet.cell(row, heads.index(both(wording.columns[column], "\n")) + 1, value)
    if change:
        change(book)
    book.save(path)


def take(config, path, **more):
    return bring_back(config, handed_out(path), **more)


def ledger_of(config):
    return read_ledger(ledger_folder(config.data)).to_pylist()


def test_filled_list_becomes_contacts_disputes_and_overrides(config, sent, wording, listed):
    fill(sent, ANSWERS, wording)
    made = take(config, sent)
    told = made.as_dict()
    wanted = {"rows": 24, "added": 4, "silent": 20, "contacts": 3, "disputes": 1, "overrides": 1}
    assert {name: told[name] for name in wanted} == wanted
    assert (told["checked_by"], told["run"], told["new_contacts"]) == ("run", RUN, 1)
    entries = {entry["bill_id"]: entry for entry in ledger_of(config)}
    first = entries[listed["bill_id"][0]]
    assert (first["outcome"], first["promised_on"]) == ("promised", date(2026, 10, 20))
    assert (first["method"], first["recorded_at"]) == ("phone", datetime(2026, 10, 9))
    assert (first["recorded_by"], first["run"]) == (listed["manager_id"][0], RUN)
    second = entries[listed["bill_id"][1]]
    assert (second["overridden_from"], second["reason"]) == (listed["band"][1], "已交")
    assert entries[listed["bill_id"][2]]["contact_change"] == "updated"
    assert "0123456" not in str(entries)


def test_same_workbook_twice_adds_nothing(config, sent, wording):
    fill(sent, ANSWERS, wording)
    take(config, sent)
    before = ledger_of(config)
    again = take(config, sent).as_dict()
    assert (again["added"], again["repeated"], ledger_of(config)) == (0, 4, before)


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not here")
def test_workbook_that_libreoffice_saved_is_taken(config, sent, wording, tmp_path):
    fill(sent, ANSWERS, wording)
    home = f"-env:UserInstallation={(tmp_path / 'office').as_uri()}"
    command = ["soffice", home, "--headless", "--convert-to", "xlsx", "--outdir"]
    subprocess.run(
        [*command, str(tmp_path / "saved"), str(sent)], check=True, capture_output=True, timeout=120
    )
    assert take(config, tmp_path / "saved" / "back.xlsx").as_dict()["added"] == 4


def retype(book):
    """Save days as numbers or text, ids as numbers, and the rows in another order."""
    sheet = book.worksheets[1]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=3)]
    for number, row in enumerate(reversed(rows), start=3):
        for at, value in enumerate(row, start=1):
            cell = sheet.cell(number, at)
            cell.value = retyped(value, number)
            if isinstance(cell.value, int | float):
                cell.number_format = "General"
            elif isinstance(cell.value, str):
                cell.data_type = "s"  # a name that looks like a formula is none


def retyped(value, number):
    if isinstance(value, datetime):
        serial = (value - datetime(1899, 12, 30)).days
        return serial if number % 2 else value.strftime("%Y-%m-%d")
    if isinstance(value, str) and value.isdigit() and not value.startswith("0"):
        return float(value)
    return str(value) if isinstance(value, int | float) and number % 3 == 0 else value


def test_retyped_and_sorted_cells_are_taken(config, sent, wording):
    fill(sent, ANSWERS, wording, change=retype)
    assert take(config, sent).as_dict()["added"] == 4


def put(place, value):
    def change(book):
        book.worksheets[1][place] = value

    return change


def without_property(book):
    del book.custom_doc_props["duewatch_seal"]


def of_another_run(book):
    told = book.custom_doc_props[PROPERTY].value
    book.custom_doc_props[PROPERTY].value = told[:-4] + "0000"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (put("C3", "0310009999"), "黄色单元格以外.*名单 List 3 户号 Customer no"),
        (put("A3", 99), "行与发出时不同：名单 List 3"),
        (lambda book: book.worksheets[1].delete_rows(4), "23 ≠ 24.* add or remove no row"),
        (lambda book: book.worksheets[1].delete_cols(4), "户名 Name.* Restore it"),
        (put("A2", "?"), "表头.* The heads of the list are gone"),
        (put("D2", "户号\nCustomer no."), "Two columns have the same head: 户号"),
        (without_property, "It has no list id"),
        (of_another_run, f"not that of the list that run {RUN} handed out"),
    ],
)
def test_tampered_workbook_changes_nothing(change, message, config, sent, wording):
    fill(sent, ANSWERS, wording, change=change)
    with pytest.raises(DataError, match=rf"(?s)back\.xlsx: .*{message}"):
        take(config, sent)
    assert ledger_of(config) == []


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ({"contacted_on": date(2026, 10, 9)}, "第 5 行 row 5: 只填写了一部分.* Complete it"),
        ({"new_contact": "139"}, "row 5: .*Filled in by half"),
        (SPOKEN, "row 5, 承诺日期 Promised for: .*Fill in the day that was promised"),
        ({"outcome": "接通"}, "row 5, 联系日期 Contacted on: .*day is missing"),
        (PROMISED | {"contacted_on": "soon"}, "联系日期 Contacted on: “soon”不是日期"),
        (PROMISED | {"contacted_on": date(2025, 10, 9)}, "is before the list was made"),
        (PROMISED | {"contacted_on": date(2029, 10, 9)}, "Correct the year"),
        (PROMISED | {"outcome": "maybe"}, "联系结果 Outcome: “maybe”不在下拉列表中"),
        (PROMISED | {"promised_on": date(2026, 10, 8)}, "早于联系日期.* before the contact"),
        (SPOKEN | {"outcome": "有争议"}, "row 5, 争议截止日 Disputed until: .*停止催费至哪一天"),
        ({"contacted_on": 46305, "verdict": "改判"}, "改判理由 Reason to override: 改判没有理由"),
        ({"contacted_on": 46305, "verdict": "采纳", "verdict_reason": "x"}, "empty the reason"),
    ],
)
def test_half_filled_row_is_named_in_both_languages(cells, message, config, sent, wording):
    fill(sent, {3: PROMISED, 5: cells}, wording)
    with pytest.raises(
        DataError, match=rf"(?s)back\.xlsx 名单 List .*{message}.*Nothing was taken"
    ):
        take(config, sent)
    assert ledger_of(config) == []


def test_feedback_below_the_list_is_refused(config, sent, wording):
    fill(sent, {40: PROMISED}, wording)
    with pytest.raises(DataError, match="row 40: 这一行没有客户"):
        take(config, sent)


def test_list_of_customers_unknown_here_is_refused(config, sent, wording, tmp_path):
    fill(sent, ANSWERS, wording)
    write_dataset(tmp_path / "other")
    other = config.model_copy(update={"data": tmp_path / "other"})
    with pytest.raises(DataError, match=r"row 3, 户号 Customer no.: 数据中没有户号"):
        take(other, sent)


@pytest.fixture
def away(listed, facts, wording, tmp_path):
    """Write and fill in a list whose run is not here."""

    def write(key):
        path, about = tmp_path / "away.xlsx", replace(facts, run_id=RUN)
        write_workbook(path, listed, about, wording=wording, key=key and key.encode())
        fill(path, ANSWERS, wording)
        return path

    return write


@pytest.mark.parametrize(
    ("made_with", "set_here", "message"),
    [
        (KEY, "another key of 32 characters ...", "signature of its list id is not right"),
        (KEY, None, "there is neither the key nor the folder"),
        (None, KEY, "The list is not signed, a key is set here"),
    ],
)
def test_list_of_elsewhere_needs_its_signature(
    made_with, set_here, message, config, away, monkeypatch
):
    path = away(made_with)
    if set_here:
        monkeypatch.setenv("DUEWATCH_LIST_KEY", set_here)
    with pytest.raises(DataError, match=message):
        take(config, path)
    assert ledger_of(config) == []


@pytest.mark.parametrize(("key", "by"), [(KEY, "signature"), (None, "checksum")])
def test_list_of_elsewhere_is_taken_by_its_seal(key, by, config, away, monkeypatch):
    path = away(key)
    if key:
        monkeypatch.setenv("DUEWATCH_LIST_KEY", key)
    assert take(config, path).as_dict()["checked_by"] == by


def test_short_key_is_refused(config, sent, monkeypatch):
    monkeypatch.setenv("DUEWATCH_LIST_KEY", "short")
    with pytest.raises(ConfigError, match="fewer than 32 characters"):
        take(config, sent)


@pytest.mark.parametrize(
    ("key", "more", "message"),
    [("short", "", "fewer than 32"), ("", "sealing: {required: true}", "holds no key")],
)
def test_key_that_will_not_do_is_told_before_data_are_read(
    key, more, message, tmp_path, monkeypatch
):
    monkeypatch.setenv("DUEWATCH_LIST_KEY", key)
    (tmp_path / "run.yaml").write_text(f"data: {tmp_path / 'nowhere'}\n{more}\n")
    made = CliRunner().invoke(app, ["score", "--config", str(tmp_path / "run.yaml")])
    assert isinstance(made.exception, ConfigError)
    assert message in str(made.exception)


CALL = {"customer_id": "home", "method": "phone", "round": 2, "owner_id": "desk", "bills": ["1"]}


def handout(folder, list_id, **row):
    tables = build_handouts(inputs(CALL | row), Thresholds())
    lists = {one.id: (one, tables[one.id]) for one in handouts_for(Thresholds())}
    head = Head(run=f"plan-{AS_OF}-abc", as_of=AS_OF, policy="2026-11")
    folder.mkdir()
    write_handouts(folder, lists, head, words=read_dictionary(), identities={})
    (path,) = folder.glob(f"*-{list_id}.xlsx")
    return path


def write_down(path, cells):
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    ids = [cell.value for cell in sheet[3]]
    for column, value in cells.items():
        sheet.cell(5, ids.index(column) + 1, value)
    book.save(path)


@pytest.fixture
def at_home(tmp_path):
    bills = [
        {
            "bill_id": "b1", "customer_id": "home", "cycle": 202609, "amount": Decimal(10),
            "issued_on": date(2026, 9, 3), "due_on": date(2026, 9, 25),
        }
    ]  # fmt: skip
    write_dataset(tmp_path / "data", customers=[WHO | {"customer_id": "home"}], bills=bills)
    return Config(data=tmp_path / "data", outputs=tmp_path / "outputs")


@pytest.mark.parametrize(("list_id", "method"), [("calls", "phone"), ("visits", "visit")])
def test_handout_brings_contacts_by_its_own_method(list_id, method, at_home, tmp_path):
    path = handout(tmp_path / "lists", list_id, method=method)
    write_down(path, {"contacted_on": AS_OF, "outcome": "接通", "new_contact": "1391"})
    made = take(at_home, path, recorded_by="m1").as_dict()
    assert (made["contacts"], made["checked_by"]) == (1, "checksum")
    (entry,) = ledger_of(at_home)
    assert (entry["customer_id"], entry["method"], entry["recorded_by"]) == ("home", method, "m1")


def test_dispute_of_a_handout_names_its_bill_in_the_note(at_home, tmp_path):
    path = handout(tmp_path / "lists", "calls")
    told = {"contacted_on": AS_OF, "outcome": "有争议", "dispute_until_on": date(2026, 12, 31)}
    write_down(path, told)
    with pytest.raises(DataError, match=r"row 5.*Write the number of the disputed bill"):
        take(at_home, path, recorded_by="m1")
    write_down(path, {"note": "b1"})
    assert take(at_home, path, recorded_by="m1").as_dict()["disputes"] == 1


def test_measures_agreed_come_back_as_a_record_and_settle_no_condition(at_home, tmp_path):
    path = handout(tmp_path / "lists", "manager_scope", segment="commercial", manager_id="m7")
    write_down(path, {"measures": "分三期，每月15日", "agreed_on": AS_OF})
    assert take(at_home, path, recorded_by="m7").as_dict()["records"] == 1
    (entry,) = ledger_of(at_home)
    assert (entry["record"], entry["reason"]) == ("measures_agreed", "分三期，每月15日")
    assert (entry["recorded_by"], entry["recorded_at"].date()) == ("m7", AS_OF)
    assert entry["record"] not in {"approval", "plan_offered"}


def test_notice_approved_and_served_are_a_record_and_a_contact(at_home, tmp_path):
    path = handout(tmp_path / "lists", "notices", method="notice", round=4)
    write_down(path, {"approved_by": "boss", "approved_on": AS_OF, "served_on": AS_OF})
    made = take(at_home, path, recorded_by="m1").as_dict()
    assert (made["records"], made["contacts"], made["silent"]) == (1, 1, 0)
    told = {(one["record"], one["method"], one["recorded_by"]) for one in ledger_of(at_home)}
    assert told == {("notice_approval", None, "boss"), (None, "notice", "m1")}


def test_notice_without_its_day_is_refused_by_its_own_head(at_home, tmp_path):
    path = handout(tmp_path / "lists", "notices", method="notice", round=4)
    write_down(path, {"approved_by": "boss"})
    with pytest.raises(DataError, match=r"row 5, 审批日期 .*The day is missing"):
        take(at_home, path)


def test_handout_with_a_changed_amount_is_refused(at_home, tmp_path):
    path = handout(tmp_path / "lists", "calls")
    write_down(path, {"contacted_on": AS_OF, "outcome": "接通", "open_fen": 1})
    with pytest.raises(DataError, match="黄色单元格以外的内容被改动"):
        take(at_home, path, recorded_by="m1")


def test_screening_sheet_is_sent_to_its_own_verb(at_home, tmp_path):
    path = handout(tmp_path / "lists", "screening", method="sms", round=1, grid_id="g")
    with pytest.raises(DataError, match=r"不收联系结果.* --screened"):
        take(at_home, path)


def test_command_takes_a_filled_list_and_says_which(config, sent, wording, tmp_path):
    fill(sent, ANSWERS, wording)
    (tmp_path / "run.yaml").write_text(f"data: {config.data}\noutputs: {config.outputs}\n")
    command = ["feedback", str(sent), "--config", str(tmp_path / "run.yaml"), "--json"]
    made = CliRunner().invoke(app, command)
    assert made.exit_code == 0, made.output
    assert "compared with its run. 24 rows: 4 added" in made.stdout
    assert json.loads(made.stdout.splitlines()[-1])["added"] == 4
    assert open_dataset(config.data).fingerprint()


def test_form_that_nobody_handed_out_is_none_of_ours(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["customer_id", "recorded_at"])
    book.save(tmp_path / "form.xlsx")
    assert handed_out(tmp_path / "form.xlsx") is None
    assert handed_out(tmp_path / "form.csv") is None


def test_text_missing_in_a_language_is_refused(tmp_path):
    text = FEEDBACK_WORDING.read_text("utf-8").replace("    en: A promise", "    fr: A promise")
    (tmp_path / "feedback.yaml").write_text(text, "utf-8")
    with pytest.raises(ConfigError, match=r"faults.promise_without_day: no text in en"):
        read_returned_words(tmp_path / "feedback.yaml")
