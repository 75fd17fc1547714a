"""The workbook, read back: heads, filters, colours, lists to pick from, all rows, same bytes."""

from dataclasses import replace
from itertools import pairwise

import openpyxl
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.errors import DataError
from reports import both, columns_on, list_sheet, write_workbook
from reports.list_sheet import sheet_columns
from reports.strip import GLYPHS
from reports.styles import BAND_STYLES, STRIP_INKS, display_width, lines_needed, row_height
from reports.summary import sums_by

HEAD = 2  # the row of column heads; the bills begin below


@pytest.fixture
def written(listed, facts, wording, tmp_path):
    path = tmp_path / "list.xlsx"
    write_workbook(path, listed, facts, wording=wording)
    return openpyxl.load_workbook(path)


@pytest.fixture
def sheet(written):
    return written.worksheets[1]


def column_of(sheet, wording, column_id):
    heads = [cell.value for cell in sheet[HEAD]]
    return heads.index(both(wording.columns[column_id], "\n")) + 1


def cells(sheet, wording, column_id):
    at = column_of(sheet, wording, column_id)
    return [sheet.cell(row, at) for row in range(HEAD + 1, sheet.max_row + 1)]


def test_sheets_and_heads_are_in_both_languages(written, sheet, wording):
    assert written.sheetnames == ["说明 About", "名单 List", "汇总 Summary", "名词解释 Glossary"]
    heads = [cell.value for cell in sheet[HEAD]]
    assert heads == [both(wording.columns[column.id], "\n") for column in columns_on("sheet")]


def test_every_bill_is_written_in_rank_order(sheet, wording, listed):
    assert sheet.max_row == HEAD + len(listed)
    for column in ("rank", "customer_id", "bill_id", "open_cny", "p_late", "strip", "dpd"):
        assert [cell.value for cell in cells(sheet, wording, column)] == listed[column].tolist()
    days = [cell.value.date().isoformat() for cell in cells(sheet, wording, "due_on")]
    assert days == ["2026-10-25"] * len(listed)


def test_heads_and_names_are_frozen_and_filtered(sheet, listed):
    assert sheet.freeze_panes == "E3"
    last = openpyxl.utils.get_column_letter(len(columns_on("sheet")))
    assert sheet.auto_filter.ref == f"A{HEAD}:{last}{HEAD + len(listed)}"


def test_list_prints_pages_that_end_between_groups_with_heads_and_customer(sheet):
    assert sheet.page_setup.orientation == "landscape"
    assert sheet.page_setup.scale >= 50
    breaks = [one.id for one in sheet.col_breaks.brk]
    starts = {span.min_col - 1 for span in sheet.merged_cells.ranges if span.min_row == 1}
    assert breaks
    assert set(breaks) <= starts
    assert sheet.print_title_rows == "$1:$2"
    assert sheet.print_title_cols == "$A:$D"


def test_band_has_colour_symbol_and_word(sheet, wording, listed):
    for cell, band in zip(cells(sheet, wording, "band"), listed["band"], strict=True):
        assert cell.value == both(wording.bands[band], "\n")
        assert cell.fill.fgColor.rgb == "FF" + BAND_STYLES[band]["bg_color"].removeprefix("#")


def luminance(colour):
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return (0.299 * red + 0.587 * green + 0.114 * blue) / 255


def test_bands_differ_in_lightness_for_black_and_white_print():
    shades = sorted(luminance(style["bg_color"]) for style in BAND_STYLES.values())
    assert min(b - a for a, b in pairwise(shades)) > 0.08


def test_symbols_of_bands_differ_without_colour(wording):
    assert len({text.zh[0] for text in wording.bands.values()}) == len(wording.bands)


def test_reasons_are_numbered_with_the_relief_last(sheet, wording, listed):
    for cell, bill in zip(cells(sheet, wording, "why_en"), listed.to_dict("records"), strict=True):
        lines = [f"{n}. {text}" for n, text in enumerate(bill["reasons_en"], start=1)]
        relief = [f"+ In favour: {bill['relief_en']}"] if bill["relief_en"] else []
        assert cell.value.split("\n") == lines + relief


def test_formats_show_money_risk_day_and_month(sheet, wording):
    shown = {name: cells(sheet, wording, name)[0].number_format for name in ("p_late", "cycle")}
    assert shown == {"p_late": "0%", "cycle": r"0000\-00"}
    assert cells(sheet, wording, "open_cny")[0].number_format.startswith("#,##0.00")
    assert cells(sheet, wording, "due_on")[0].number_format == "yyyy-mm-dd"


def test_feedback_is_empty_and_offers_the_codes(sheet, wording, listed):
    lists = {}
    for rule in sheet.data_validations.dataValidation:
        if rule.type == "list":
            lists[str(rule.sqref)] = rule.formula1.strip('"').split(",")
            assert len(rule.formula1) <= 257  # Excel's limit of 255, and the quotes
    last = HEAD + len(listed)
    for column, words in (("outcome", wording.outcomes), ("verdict", wording.verdicts)):
        letter = openpyxl.utils.get_column_letter(column_of(sheet, wording, column))
        assert lists[f"{letter}3:{letter}{last}"] == [both(text) for text in words.values()]
    for column in columns_on("sheet"):
        if column.is_filled_in:
            assert {cell.value for cell in cells(sheet, wording, column.id)} == {None}


def test_large_amounts_get_a_column_that_shows_them(listed, facts, wording, tmp_path):
    rows = listed.assign(open_cny=123_456_789.01)
    write_workbook(tmp_path / "list.xlsx", rows, facts, wording=wording)
    sheet = openpyxl.load_workbook(tmp_path / "list.xlsx").worksheets[1]
    at = openpyxl.utils.get_column_letter(column_of(sheet, wording, "open_cny"))
    assert sheet.column_dimensions[at].width > len("123,456,789.01") + 1


def test_phone_number_typed_in_keeps_its_leading_zero(sheet, wording):
    assert cells(sheet, wording, "new_contact")[0].number_format == "@"


def test_names_that_look_like_formulas_stay_text(listed, facts, wording, tmp_path):
    hostile = ["=1+1", "+1", "-1", "@SUM(1)", "http://x.example", "0012", "{=1}", "=cmd|'/C'!A0"]
    rows = listed.head(len(hostile)).assign(name=hostile)
    write_workbook(tmp_path / "list.xlsx", rows, facts, wording=wording)
    sheet = openpyxl.load_workbook(tmp_path / "list.xlsx").worksheets[1]
    names = cells(sheet, wording, "name")
    assert [cell.value for cell in names] == hostile
    assert {cell.data_type for cell in names} <= {"s", "inlineStr"}
    assert not any(cell.hyperlink for cell in names)


def test_no_cell_of_the_workbook_is_a_formula(written):
    kinds = {cell.data_type for sheet in written for row in sheet for cell in row}
    assert "f" not in kinds


def test_optional_columns_without_values_are_left_off(listed, facts, wording, tmp_path):
    bare = listed.drop(columns=["name"]).assign(manager_id="")
    ids = [column.id for column in sheet_columns(bare)]
    assert {"name", "manager_id"}.isdisjoint(ids)
    assert "org_id" in ids
    write_workbook(tmp_path / "list.xlsx", bare, facts, wording=wording)
    sheet = openpyxl.load_workbook(tmp_path / "list.xlsx").worksheets[1]
    assert sheet.freeze_panes == "D3"


def test_same_list_and_run_give_the_same_bytes(listed, facts, wording, tmp_path):
    for name in ("a.xlsx", "b.xlsx"):
        write_workbook(tmp_path / name, listed, facts, wording=wording)
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()


def test_file_is_dated_by_the_run_and_never_the_clock(written, facts):
    assert written.properties.created.date() == facts.as_of
    assert written.properties.modified.date() == facts.as_of
    assert {p.name: p.value for p in written.custom_doc_props.props}["run_id"] == facts.run_id


def test_cover_tells_run_warnings_comparison_and_legend(written, facts, wording):
    text = "\n".join(
        str(cell.value) for row in written.worksheets[0] for cell in row if cell.value is not None
    )
    for told in (facts.run_id, "2026-10-08", "2026-10", facts.model_version, *facts.warnings):
        assert told in text
    assert "no contacts table" in text
    assert both(wording.metrics["late_amount_caught"], "\n") in text
    for meaning in GLYPHS:
        assert wording.strip[meaning].en in text


def test_glossary_explains_each_head_band_and_word(written, listed, wording):
    told = {cell.value for row in written.worksheets[3] for cell in row}
    for column in sheet_columns(listed):
        assert wording.column_meanings[column.id].zh in told
    for text in (*wording.band_meanings.values(), *(one.meaning for one in wording.glossary)):
        assert {text.zh, text.en} <= told


def test_cover_without_warnings_or_comparison_says_so(listed, facts, wording, tmp_path):
    quiet = replace(facts, warnings=(), comparison=(), notes=())
    write_workbook(tmp_path / "list.xlsx", listed, quiet, wording=wording)
    cover = openpyxl.load_workbook(tmp_path / "list.xlsx").worksheets[0]
    values = {cell.value for row in cover for cell in row}
    assert {both(wording.phrases[p]) for p in ("no_warnings", "no_comparison")} <= values


def test_summary_adds_up_to_the_list(listed):
    for key in ("band", "segment", "grid_id"):
        sums = sums_by(listed, key)
        assert sums["count"].sum() == len(listed)
        assert sums["open_cny"].sum() == pytest.approx(listed["open_cny"].sum(), abs=1e-6)
        # Each bill's expected amount counts as it is shown, in whole fen.
        shown = listed["expected_late_cny"].round(2).sum()
        assert sums["expected_late_cny"].sum() == pytest.approx(shown, abs=1e-6)
        assert sums["share_of_total"].sum() == pytest.approx(1)


def test_cover_and_summary_tell_the_same_total(written):
    cover, _, summary, _ = written.worksheets
    (total,) = {row[3].value for row in summary.iter_rows() if row[0].value == "合计 Total"}
    assert f"{total:,.2f}" in {cell.value for row in cover for cell in row}


def test_summary_puts_the_largest_expected_amount_first():
    rows = pd.DataFrame(
        {
            "grid_id": ["small", "tie-b", "tie-a", "large", "small"],
            "open_cny": [10.0, 20, 20, 90, 10],
            "expected_late_cny": [1.0, 5, 5, 9, 1],
        }
    )
    assert sums_by(rows, "grid_id").index.tolist() == ["large", "tie-a", "tie-b", "small"]


def test_summary_holds_a_table_and_a_chart_for_each_grouping(written, listed):
    summary = written.worksheets[2]
    assert len(summary._charts) == 3
    totals = [row[1].value for row in summary.iter_rows() if row[0].value == "合计 Total"]
    assert totals == [len(listed)] * 3


def test_many_grids_are_gathered_into_others(listed, facts, wording, tmp_path):
    rows = pd.concat([listed, listed], ignore_index=True)
    rows = rows.assign(grid_id=[f"WG{n:02d}" for n in range(len(rows))])
    write_workbook(tmp_path / "list.xlsx", rows, facts, wording=wording)
    summary = openpyxl.load_workbook(tmp_path / "list.xlsx").worksheets[2]
    (others,) = [row for row in summary.iter_rows() if str(row[0].value).startswith("其余 others")]
    assert others[0].value == f"其余 others ({len(rows) - 20})"
    assert others[1].value == len(rows) - 20


def test_empty_list_gives_a_workbook_that_opens(listed, facts, wording, tmp_path):
    write_workbook(tmp_path / "list.xlsx", listed.head(0), facts, wording=wording)
    book = openpyxl.load_workbook(tmp_path / "list.xlsx")
    assert book.worksheets[1].max_row == HEAD


def test_list_longer_than_a_sheet_is_refused(listed, facts, wording, tmp_path, monkeypatch):
    monkeypatch.setattr(list_sheet, "_MOST_ROWS", 10)
    with pytest.raises(DataError, match="24 bills and a sheet holds 10; list fewer"):
        write_workbook(tmp_path / "list.xlsx", listed, facts, wording=wording)
    assert not (tmp_path / "list.xlsx").exists()


def test_rows_are_tall_enough_for_their_longest_text(sheet, wording):
    at = column_of(sheet, wording, "why_en")
    width = sheet.column_dimensions[openpyxl.utils.get_column_letter(at)].width
    for row, cell in enumerate(cells(sheet, wording, "why_en"), start=HEAD + 1):
        assert sheet.row_dimensions[row].height >= row_height(lines_needed(cell.value, width - 1))


def test_strip_keeps_its_text_and_every_glyph_an_ink(sheet, wording, listed):
    assert [c.value for c in cells(sheet, wording, "strip")] == listed["strip"].tolist()
    assert STRIP_INKS.keys() == GLYPHS.keys()


@given(st.text(alphabet="ab 逾期12", max_size=60), st.integers(6, 50))
def test_more_room_never_needs_more_lines(text, width):
    assert lines_needed(text, width + 1) <= lines_needed(text, width)
    assert lines_needed(text, width) >= display_width(text) // (width + 1)
