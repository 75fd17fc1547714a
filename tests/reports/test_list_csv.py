"""The CSV list: stable, re-readable, and inert in a spreadsheet."""

import csv
import os
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports import build_export, columns_on, write_list_csv
from reports.spreadsheet import inert

GOLDEN = Path(__file__).parent / "golden_list.csv"


def read(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_small_list_equals_its_golden_file(listed, facts, tmp_path):
    path = tmp_path / "list.csv"
    write_list_csv(path, listed.head(8), facts)
    if os.environ.get("DUEWATCH_GOLDEN") == "write":
        GOLDEN.write_bytes(path.read_bytes())
    assert path.read_bytes() == GOLDEN.read_bytes()


def test_file_begins_with_the_mark_that_excel_needs(listed, facts, tmp_path):
    write_list_csv(tmp_path / "list.csv", listed, facts)
    assert (tmp_path / "list.csv").read_bytes()[:3] == b"\xef\xbb\xbf"


def test_rows_are_keyed_by_run_cycle_and_customer(listed, facts, tmp_path):
    write_list_csv(tmp_path / "list.csv", listed, facts)
    rows = read(tmp_path / "list.csv")
    keys = {(row["run_id"], row["cycle"], row["customer_id"], row["bill_id"]) for row in rows}
    assert len(keys) == len(rows) == len(listed)
    assert {row["run_id"] for row in rows} == {facts.run_id}


def test_heads_are_the_declared_ids_even_without_names(listed, facts):
    ids = [column.id for column in columns_on("export")]
    bare = listed.drop(columns=["name", "org_id", "manager_id"])
    heads = list(build_export(listed, facts))
    assert heads == ["format", "run_id", "as_of", "model_version", *ids]
    assert list(build_export(bare, facts)) == heads
    assert set(build_export(bare, facts)["name"]) == {""}


def test_reasons_fill_three_columns_in_order(listed, facts):
    rows = build_export(listed, facts)
    for bill, row in zip(listed.to_dict("records"), rows.to_dict("records"), strict=True):
        told = [row[f"reason_{n}_zh"] for n in (1, 2, 3)]
        assert told == [*bill["reasons_zh"], "", ""][:3]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_text_that_looks_like_a_formula_gets_an_apostrophe(listed, facts, tmp_path, text):
    one = listed.head(1).assign(name=text, relief_zh=text, grid_id=text)
    write_list_csv(tmp_path / "list.csv", one, facts)
    (row,) = read(tmp_path / "list.csv")
    assert [row["name"], row["relief_zh"], row["grid_id"]] == [f"'{text}"] * 3


def test_negative_amount_stays_a_number(listed, facts):
    assert (
        build_export(listed.head(1).assign(overdue_cny=-12.3), facts)["overdue_cny"][0] == "-12.30"
    )


@given(st.text())
def test_dropping_one_apostrophe_gives_the_text_back(text):
    written = inert(text)
    assert not written.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert text in {written, written[1:]}


def test_unknown_values_are_empty_cells(listed, facts, tmp_path):
    gaps = listed.head(2).assign(name=[None, "赵*"], manager_id=None, due_on=pd.NaT)
    write_list_csv(tmp_path / "list.csv", gaps, facts)
    rows = read(tmp_path / "list.csv")
    assert [row["name"] for row in rows] == ["", "赵*"]
    assert {row["manager_id"] + row["due_on"] for row in rows} == {""}


def test_empty_list_still_has_its_heads(listed, facts, tmp_path):
    write_list_csv(tmp_path / "list.csv", listed.head(0), facts)
    assert (tmp_path / "list.csv").read_text(encoding="utf-8-sig").count("\n") == 1


def test_writing_leaves_the_list_untouched(listed, facts):
    before = listed.copy(deep=True)
    build_export(listed, facts)
    pd.testing.assert_frame_equal(listed, before)
