"""The declared columns: unique, worded, and feedback where people look for it."""

from itertools import groupby

from reports import COLUMNS, columns_on
from reports.columns import LISTING
from reports.wording import GROUPS, Wording


def test_column_ids_are_unique():
    ids = [column.id for column in COLUMNS]
    assert len(ids) == len(set(ids))


def test_each_group_stands_together_on_the_sheet():
    runs = [group for group, _ in groupby(LISTING, key=lambda column: column.group)]
    assert runs == list(GROUPS)


def test_feedback_is_asked_only_on_the_sheet_and_last():
    sheet = columns_on("sheet")
    filled = [column.id for column in sheet if column.is_filled_in]
    assert filled == [column.id for column in sheet[-len(filled) :]]
    assert not any(column.is_filled_in for column in columns_on("export"))


def test_codes_and_choices_name_a_section_of_the_wording():
    named = {column.words for column in COLUMNS if column.kind in {"code", "choice"}}
    assert named <= set(Wording.model_fields)
