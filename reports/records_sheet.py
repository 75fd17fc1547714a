"""The sheet for whatever else there is to record: a row for each thing, as the form has it.

Nothing of it is locked or sealed: all of it is filled in. The ids of its columns stand in a hidden
row, by which the sheet is known when it comes back.
"""

from datetime import date
from typing import Any

from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from collection.feedback import FORM
from reports.styles import ENTRY, HEAD, MUTED, RULE, Styles, head_width, lines_needed, row_height
from reports.wording import FORM_HEADS, Wording, both

IDS_ROW = 2  # hidden, below title and note
_HEADS_ROW = 3
FIRST_ROW = 4
MARK = "form:"  # before a column's id in the hidden row
ROWS = 300  # as many can be filled in
CHOICES = {
    "method": "methods",
    "outcome": "outcomes",
    "request": "requests",
    "contact_change": "contact_changes",
    "verified": "answers",
    "verdict": "verdicts",
    "record": "records",
}
_WIDTHS = {"customer_id": 18.0, "bill_id": 20.0, "reason": 32.0, "overridden_to": 16.0}
_DAYS = ("recorded_at", "promised_on", "dispute_until_on")
_A4 = 9


def write_records_sheet(sheet: Worksheet, *, styles: Styles, wording: Wording) -> None:
    """Write title, heads and empty rows with their drop-down lists."""
    sheet.hide_gridlines(2)
    title = styles.get(bold=True, font_size=14, font_color=HEAD)
    sheet.write_string(0, 0, both(wording.phrases["records_title"], "  "), title)
    sheet.set_row(0, row_height(2))
    note = both(wording.phrases["records_note"], "\n")
    widths = [_width(column, wording) for column in FORM_HEADS]
    sheet.merge_range(1, 0, 1, len(widths) - 1, note, styles.get(font_color=MUTED, text_wrap=True))
    sheet.set_row(1, row_height(lines_needed(note, sum(widths))))
    sheet.set_row(IDS_ROW, None, None, {"hidden": True})
    sheet.set_row(_HEADS_ROW, row_height(2))
    for at, column in enumerate(FORM_HEADS):
        sheet.set_column(at, at, widths[at])
        sheet.write_string(IDS_ROW, at, MARK + column)
    for at, column in enumerate(FORM_HEADS):
        head = both(wording.form[column], "\n")
        sheet.write_string(_HEADS_ROW, at, head, styles.head(bg_color="#7A5B00"))
        _add_rule(sheet, at, column, wording)
    bodies = [_body(column, styles) for column in FORM_HEADS]
    for row in range(FIRST_ROW, FIRST_ROW + ROWS):
        for at, body in enumerate(bodies):
            sheet.write_blank(row, at, None, body)
    sheet.freeze_panes(FIRST_ROW, 1)
    sheet.set_landscape()
    sheet.set_paper(_A4)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(_HEADS_ROW)
    sheet.print_area(0, 0, FIRST_ROW + 29, len(FORM_HEADS) - 1)


def _width(column: str, wording: Wording) -> float:
    words = wording.section(CHOICES[column]).values() if column in CHOICES else ()
    head = head_width(both(wording.form[column], "\n"))
    return max([_WIDTHS.get(column, 11.0), head, *(len(both(text)) + 4.0 for text in words)])


def _body(column: str, styles: Styles) -> Format:
    shape = "@"  # text, so that a number keeps its leading zeros
    if column in _DAYS:
        shape = "yyyy-mm-dd"
    elif FORM.column(column).kind == "integer":
        shape = "General"
    look = {"bg_color": ENTRY, "border": 1, "border_color": RULE}
    return styles.get(**look, num_format=shape, text_wrap=True)


def _add_rule(sheet: Worksheet, at: int, column: str, wording: Wording) -> None:
    last = FIRST_ROW + ROWS - 1
    if column in CHOICES:
        options = [both(text) for text in wording.section(CHOICES[column]).values()]
        rule: dict[str, Any] = {
            "validate": "list",
            "source": options,
            "error_message": both(wording.phrases["pick_from_list"]),
        }
        sheet.data_validation(FIRST_ROW, at, last, at, rule)
    elif column in _DAYS:
        rule = {
            "validate": "date",
            "criteria": ">=",
            "value": date(2000, 1, 1),
            "error_message": both(wording.phrases["date_wanted"]),
        }
        sheet.data_validation(FIRST_ROW, at, last, at, rule)
