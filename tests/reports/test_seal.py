"""The seal of a list: what a save changes does not break it, and what a person changes does."""

from datetime import date, timedelta

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.errors import DataError
from reports import columns_on, write_workbook
from reports.seal import PROPERTY, canonical, make_seal, read_seal

KEY = b"0123456789abcdef0123456789abcdef"
ROWS = [("B1", 1, 100.25, "晚交"), ("B2", 2, 80.0, None), ("B3", 3, None, "a\nb")]
HEADS = ("bill_id", "rank", "open_cny", "why")


def seal_of(rows=ROWS, key=KEY, run="run-1"):
    return make_seal(run, "list", heads=HEADS, keys=("bill_id", "rank"), rows=rows, key=key)


def test_order_of_rows_does_not_count():
    assert seal_of(ROWS[::-1]) == seal_of()


@pytest.mark.parametrize(
    "changed",
    [
        [("B1", 1, 100.26, "晚交"), *ROWS[1:]],
        [("B9", 1, 100.25, "晚交"), *ROWS[1:]],
        ROWS[:2],
        [*ROWS, ROWS[0]],
        [("B1", 2, 100.25, "晚交"), ("B2", 1, 80.0, None), ROWS[2]],
    ],
)
def test_any_change_of_a_locked_cell_breaks_it(changed):
    assert seal_of(changed).cells != seal_of().cells


@given(st.floats(-1e9, 1e9), st.dates(date(1950, 1, 1), date(2200, 1, 1)))
def test_amounts_and_days_survive_a_save_as_text_or_number(amount, day):
    amount = round(amount, 2)
    assert canonical(f"{amount:.15g}") == canonical(amount) == canonical(float(f"{amount:.15g}"))
    serial = (day - date(1899, 12, 30)) / timedelta(days=1)
    assert canonical(day) == canonical(serial) == canonical(day.isoformat())


def test_signature_needs_the_same_key_and_run():
    seal = seal_of()
    assert seal.is_whole(KEY)
    assert not seal.is_whole(None)
    assert not seal.is_whole(b"another key of the same length..")
    assert seal_of(key=None).is_whole(KEY)
    moved = read_seal("run-2", seal.as_property(), "list.xlsx")
    assert not moved.is_whole(KEY)


def test_seal_is_read_as_it_was_written_and_fits_a_property():
    seal = seal_of()
    assert read_seal("run-1", seal.as_property(), "list.xlsx") == seal
    assert len(seal.as_property()) <= 255
    with pytest.raises(DataError, match=r"list.xlsx: 名单编号已损坏.* Its list id is broken"):
        read_seal("run-1", "1;list;many", "list.xlsx")


def test_only_feedback_cells_of_the_list_are_unlocked(listed, facts, wording, tmp_path):
    write_workbook(tmp_path / "list.xlsx", listed, facts, wording=wording)
    sheet = openpyxl.load_workbook(tmp_path / "list.xlsx").worksheets[1]
    told = sheet.protection
    assert (told.sheet, told.autoFilter, told.sort, told.formatColumns) == (1, 0, 0, 0)
    for at, column in enumerate(columns_on("sheet"), start=1):
        locked = {sheet.cell(row, at).protection.locked for row in range(3, sheet.max_row + 1)}
        assert locked == {not column.is_filled_in}


@pytest.mark.parametrize("key", [None, KEY])
def test_list_id_stands_on_the_cover_and_in_the_file(key, listed, facts, wording, tmp_path):
    for name in ("a.xlsx", "b.xlsx"):
        write_workbook(tmp_path / name, listed, facts, wording=wording, key=key)
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    own = {one.name: one.value for one in book.custom_doc_props.props}
    seal = read_seal(own["run_id"], own[PROPERTY], "a.xlsx")
    assert seal.is_whole(key)
    assert (seal.rows, seal.run) == (len(listed), facts.run_id)
    assert seal.id in {cell.value for row in book.worksheets[0] for cell in row}
