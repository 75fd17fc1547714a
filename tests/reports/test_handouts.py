"""Lists as people and systems get them: files, names, masks, and what comes back."""

import csv
import hashlib
import io
import json
from datetime import date

import openpyxl
import pyarrow as pa
import pytest
from handout_facts import AS_OF, inputs

from collection.handouts import HANDOUTS, Thresholds, build_handouts, handouts_for
from collection.portraits import PORTRAITS
from collection.scope import SCOPE_LISTS
from contract.errors import ConfigError, DataError
from reports.handouts import (
    INDEX,
    Head,
    identities_of,
    read_dictionary,
    read_screened,
    total,
    write_handouts,
)
from reports.handouts.columns import COLUMNS
from reports.handouts.words import EVERY_LIST
from reports.spreadsheet import inert

HEAD = Head(run="plan-2026-11-20-abc", as_of=AS_OF, policy="2026-11")
EVIL = "=cmd|' /C calc'!A0"
IDENTITIES = pa.table(
    {
        "customer_id": ["firm", "home"],
        "name": [EVIL, "欧阳建国"],
        "phone": ["+8613912345678", "13912345678"],
        "address": ["<b>路</b>9号", "青龙县南大街1号"],
    }
)
ROWS = (
    {
        "customer_id": "firm",
        "segment": "industrial",
        "open_fen": 123_456,
        "labels": "L02",
        "advice": ["late_fee"],
        "high_energy": True,
        "industry": "=steel",
    },
    {"customer_id": "home", "method": "sms", "round": 2, "bills": ["1", "2"], "owner_id": "desk"},
    {"customer_id": "first", "method": "sms", "round": 1, "grid_id": "祖山/网格"},
    {"customer_id": "user", "agent_id": "a", "outcome": "none", "bills": []},
)


def written(folder, *, language="zh", mask=False, rows=ROWS, identities=IDENTITIES, **more):
    thresholds = Thresholds(**more)
    tables = build_handouts(inputs(*rows), thresholds)
    lists = {one.id: (one, tables[one.id]) for one in handouts_for(thresholds)}
    folder.mkdir(exist_ok=True)
    people = (
        identities_of(identities, identities["customer_id"].to_pylist(), mask=mask)
        if identities
        else {}
    )
    words = read_dictionary(language=language)
    return write_handouts(folder, lists, HEAD, words=words, identities=people)


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    folder = tmp_path_factory.mktemp("handouts")
    written(folder)
    return folder


def sheet(path):
    return openpyxl.load_workbook(path).worksheets[0]


def by_column(path, row=5):
    cells = sheet(path)
    return {cell.value: cells.cell(row, cell.column).value for cell in cells[3]}


def read_csv(path):
    return list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"))))


def test_files_are_named_by_role_recipient_and_list(out):
    names = {path.name for path in out.iterdir()}
    assert {
        "collector-collector-calls.xlsx",
        "message_desk-desk-messages.csv",
        "account_manager-collector-manager_scope.html",
        "agent_desk-agents.xlsx",
        INDEX,
    } <= names


def test_recipient_that_is_no_file_name_stays_in_the_folder(out):
    (name,) = [path.name for path in out.iterdir() if path.name.endswith("screening.xlsx")]
    digest = hashlib.sha256("祖山/网格".encode()).hexdigest()[:8]
    assert name == f"collector-祖山_网格~{digest}-screening.xlsx"


def test_recipients_that_differ_in_capitals_alone_get_a_file_each(tmp_path):
    rows = [{"customer_id": who, "owner_id": who} for who in ("Ab", "aB")]
    index = written(tmp_path, rows=rows)
    names = [one["file"] for one in index if one["list"] == "calls"]
    assert len({name.casefold() for name in names}) == 2


def test_index_vouches_for_every_file_and_its_origin(out):
    index = json.loads((out / INDEX).read_text("utf-8"))
    assert (index["run"], index["as_of"], index["policy"]) == (HEAD.run, "2026-11-20", "2026-11")
    assert {one["file"] for one in index["files"]} == {p.name for p in out.iterdir()} - {INDEX}
    for one in index["files"]:
        assert hashlib.sha256((out / one["file"]).read_bytes()).hexdigest() == one["sha256"]
    (calls,) = [one for one in index["files"] if one["list"] == "calls"]
    assert (calls["rows"], calls["open_cny"]) == (1, "1234.56")


def test_total_counts_a_list_once_however_many_forms_it_has(out):
    index = json.loads((out / INDEX).read_text("utf-8"))["files"]
    assert sum(one["list"] == "agents" for one in index) == 2
    assert total(index)["agents"] == 1


def test_same_lists_give_the_same_bytes(out, tmp_path):
    written(tmp_path)
    assert {path.name: path.read_bytes() for path in out.iterdir()} == {
        path.name: path.read_bytes() for path in tmp_path.iterdir()
    }


def test_sheet_says_where_it_is_from_and_what_to_do(out):
    cells = sheet(out / "collector-collector-calls.xlsx")
    assert cells["A1"].value == "电话催费清单"
    origin = cells["A2"].value
    assert all(part in origin for part in (HEAD.run, "2026-11-20", "2026-11", "1,234.56", "填写"))
    assert cells.row_dimensions[3].hidden
    assert cells["A4"].value == "序号\nNo."
    assert cells.freeze_panes == "D5"
    assert cells.page_setup.orientation == "landscape"


def test_sheet_holds_yuan_days_words_and_the_filled_template(out):
    row = by_column(out / "collector-collector-calls.xlsx")
    assert row["open_fen"] == 1234.56
    assert row["latest_on"].date() == date(2026, 11, 24)
    assert row["labels"] == "L02 多次欠费"
    assert "1,234.56元" in row["say"]
    assert "2026-11-25" in row["say"]
    assert row["advice"] == "提示逾期将产生违约金"
    assert row["outcome"] is None


def test_sheet_takes_a_name_like_a_formula_for_a_name(out):
    workbook = openpyxl.load_workbook(out / "collector-collector-calls.xlsx")
    cells = [cell for row in workbook.worksheets[0] for cell in row if cell.value == EVIL]
    assert [cell.data_type for cell in cells] == ["s"]


def test_sheet_offers_the_outcomes_of_the_wording(out):
    rules = sheet(out / "collector-collector-calls.xlsx").data_validations.dataValidation
    assert any("接通" in (rule.formula1 or "") for rule in rules)


def test_column_that_says_nothing_of_anybody_is_left_off(out, tmp_path):
    assert "tasks" not in by_column(out / "collector-collector-calls.xlsx")
    written(tmp_path, identities=None)
    assert "phone" not in by_column(tmp_path / "collector-collector-calls.xlsx")


def test_csv_carries_its_origin_and_cannot_run(out):
    (row,) = read_csv(out / "message_desk-desk-messages.csv")
    assert (row["run"], row["as_of"], row["policy"]) == (HEAD.run, "2026-11-20", "2026-11")
    assert (row["customer_id"], row["phone"], row["open_cny"]) == ("home", "13912345678", "100.00")
    assert (row["template"], row["bills"]) == ("r2_sms", "2")
    assert row["say"].startswith("您有电费100.00元")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("=1", "'=1"),
        ("+86", "'+86"),
        ("-1", "'-1"),
        ("@a", "'@a"),
        ("\t=1", "'\t=1"),
        (" =1", "' =1"),
        ("\nx", "\nx"),
        ("李", "李"),
        ("", ""),
    ],
)
def test_text_that_a_spreadsheet_would_run_is_made_inert(text, expected):
    assert inert(text) == expected


def test_negative_amount_in_a_csv_stays_a_number(tmp_path):
    rows = [{"customer_id": "u", "agent_id": "a", "open_fen": -500, "outcome": "none", "bills": []}]
    written(tmp_path, rows=rows)
    (row,) = read_csv(tmp_path / "agent_desk-agents.csv")
    assert row["open_cny"] == "-5.00"


def test_push_of_a_grid_names_nobody(out):
    (path,) = [p for p in out.iterdir() if p.name == "grid_worker-grid-grid_push.json"]
    push = json.loads(path.read_text("utf-8"))
    assert (push["list"], push["recipient"], push["run"]) == ("grid_push", "grid", HEAD.run)
    assert [(row["customer_id"], row["open_cny"]) for row in push["rows"]] == [
        ("firm", "1234.56"),
        ("home", "100.00"),
    ]
    assert not {"name", "phone", "address"} & set(push["rows"][0])


def test_page_has_one_customer_a_page_and_runs_nothing(out):
    page = (out / "account_manager-collector-manager_scope.html").read_text("utf-8")
    assert page.count("<article>") == 1
    assert "一户一策" in page
    assert "1,234.56" in page
    assert "智能交费" in page
    assert EVIL not in page  # its apostrophe is escaped
    assert "=cmd|&#x27; /C calc&#x27;!A0" in page
    assert "http" not in page
    assert "<script" not in page


def test_masks_leave_nothing_to_be_looked_up(tmp_path):
    written(tmp_path, mask=True)
    (row,) = read_csv(tmp_path / "message_desk-desk-messages.csv")
    assert row["phone"] == "139****5678"
    page = (tmp_path / "account_manager-collector-manager_scope.html").read_text("utf-8")
    assert "calc" not in page


def test_visits_of_a_route_go_by_address_inside_the_grid(tmp_path):
    rows = [
        {"customer_id": who, "method": "visit", "grid_id": grid}
        for who, grid in (("far", "b"), ("late", "a"), ("unknown", "a"), ("early", "a"))
    ]
    known = {"late": "南街 9", "early": "南街 1", "far": "北街 1"}
    identities = pa.Table.from_pylist(
        [{"customer_id": w, "name": w, "phone": "1", "address": a} for w, a in known.items()]
    )
    written(tmp_path, rows=rows, identities=identities)
    cells = sheet(tmp_path / "collector-collector-visits.xlsx")
    assert [(row[0].value, row[1].value) for row in cells.iter_rows(min_row=5)] == [
        (1, "early"),
        (2, "late"),
        (3, "unknown"),
        (4, "far"),
    ]


def test_visits_by_rank_ignore_addresses(tmp_path):
    rows = [{"customer_id": who, "method": "visit"} for who in ("home", "firm")]
    written(tmp_path, rows=rows, visit_order="rank")
    cells = sheet(tmp_path / "collector-collector-visits.xlsx")
    assert [row[1].value for row in cells.iter_rows(min_row=5)] == ["home", "firm"]


@pytest.mark.parametrize("language", ["zh", "en", "both"])
def test_decisions_of_a_screening_sheet_come_back(tmp_path, language):
    first = {"method": "sms", "round": 1}
    rows = [{"customer_id": who, **first} for who in ("sent", "kept", "open")]
    written(tmp_path, rows=rows, language=language)
    words = read_dictionary(language=language)
    path = tmp_path / "collector-grid-screening.xlsx"
    fill(path, {"sent": words.word("decisions", "send"), "kept": "hold"}, why="老人独居")
    found = read_screened([path], run=HEAD.run, words=words).to_pylist()
    assert {row["customer_id"]: row["decision"] for row in found} == {
        "sent": "send",
        "kept": "hold",
        "open": None,
    }
    assert found[0]["reason_given"] == "老人独居"


def fill(path, decisions, *, why=""):
    workbook = openpyxl.load_workbook(path)
    cells = workbook.worksheets[0]
    at = {cell.value: cell.column for cell in cells[3]}
    for row in range(5, cells.max_row + 1):
        customer = cells.cell(row, at["customer_id"]).value
        cells.cell(row, at["decision"]).value = decisions.get(customer)
        cells.cell(row, at["reason_given"]).value = why
    workbook.save(path)


def test_screening_sheet_of_another_plan_is_refused(tmp_path):
    written(tmp_path, rows=[{"customer_id": "c", "method": "sms", "round": 1}])
    words = read_dictionary()
    with pytest.raises(DataError, match=r"not a screening sheet of plan other .*plan plan-2026"):
        read_screened([tmp_path / "collector-grid-screening.xlsx"], run="other", words=words)


def test_decision_outside_the_list_is_named_by_its_row(tmp_path):
    rows = [{"customer_id": c, "method": "sms", "round": 1} for c in "ab"]
    written(tmp_path, rows=rows)
    path = tmp_path / "collector-grid-screening.xlsx"
    fill(path, {"b": "maybe"})
    with pytest.raises(DataError, match=r"1 decisions are not of the list \(first: row 6\)"):
        read_screened([path], run=HEAD.run, words=read_dictionary())


def test_file_that_is_no_workbook_is_refused(tmp_path):
    path = tmp_path / "sheet.xlsx"
    path.write_text("customer_id,decision\n", "utf-8")
    with pytest.raises(DataError, match=r"sheet.xlsx: not a readable .xlsx workbook"):
        read_screened([path], run=HEAD.run, words=read_dictionary())


def test_every_column_of_a_list_is_declared_and_worded():
    assert {column for one in EVERY_LIST for column in one.columns} <= set(COLUMNS)
    assert [one.id for one in EVERY_LIST] == [one.id for one in (*HANDOUTS, *SCOPE_LISTS)]


def test_every_code_that_lists_make_has_words():
    words = read_dictionary(language="en")
    codes = {
        "standings": ("good", "fair", "poor", "unknown"),
        "stages": ("grace", "low", "few_days"),
        "hardships": ("bill_shock", "arrears"),
        "flags": Thresholds().proposals.smart_payment + Thresholds().proposals.prepayment,
        "proposals": ("smart_payment", "prepay_often", "acceptance_pledge", "guarantee"),
        "channel_advice": ("mend_debit", "app_autopay", "bank_debit"),
        "tasks": ("verify_contact", "find_contact"),
        "assumptions": ("saving",),
        "chosen_by": ("amount", "label", "flag"),
        "labels": tuple(portrait.id for portrait in PORTRAITS),
    }
    for section, wanted in codes.items():
        assert [code for code in wanted if code not in words.codes(section)] == [], section


def test_missing_language_is_refused_with_its_place(tmp_path):
    path = tmp_path / "own.yaml"
    path.write_text("wording: {titles: {calls: {zh: 电话}}}\n", "utf-8")
    with pytest.raises(ConfigError, match=r"own.yaml: .*titles.calls: no text in en"):
        read_dictionary(path)
