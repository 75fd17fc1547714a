"""A handout as a workbook of one sheet: printed by a grid worker, or filled in and handed back.

The first row is the title, the second says from what and for whom, the third (hidden) holds the
ids of the columns, by which a sheet that comes back is read; then the heads, then a row a
customer. The same part gives the same bytes: the file carries the as_of day, never the clock.
"""

import math
from collections.abc import Sequence
from datetime import datetime, time
from io import BytesIO
from typing import Any

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_range
from xlsxwriter.worksheet import Worksheet

from reports.handouts.cells import shown
from reports.handouts.columns import COLUMNS, FILLED_IN
from reports.handouts.head import Head, Part
from reports.handouts.words import Dictionary
from reports.seal import PROPERTY, Seal, make_seal
from reports.styles import (
    ENTRY,
    HEAD,
    MUTED,
    Styles,
    display_width,
    row_height,
)

IDS_ROW = 2  # hidden, below title and origin
_HEADS_ROW = 3
FIRST_ROW = 4
KEYS = ("no", "customer_id", "agent_id")  # those of them that a list has tell its rows apart
_FROZEN = ("no", "customer_id", "name")
_NUMBERS = frozenset({"money", "share", "change", "count", "number"})
_A4 = 9
_PADDING = 1.5  # of a cell, in characters
_SHORT_HEAD = 13  # a Chinese head up to this width stands on one line
# Against slips, not against people: there is no password, the seal tells what was changed.
_ALLOWED = {"autofilter": True, "sort": True, "format_columns": True, "format_rows": True}
_OPTIONS = {
    "in_memory": True,
    "constant_memory": False,
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "strings_to_urls": False,
}


def as_workbook(part: Part, head: Head, words: Dictionary) -> bytes:
    """Return the part as the bytes of an XLSX file."""
    content = BytesIO()
    with Workbook(content, _OPTIONS) as workbook:
        workbook.set_properties(
            {
                "title": part.title(words),
                "subject": head.run,
                "created": datetime.combine(head.as_of, time()),
            }
        )
        workbook.set_custom_property("run", head.run)
        workbook.set_custom_property("list", part.handout.id)
        workbook.set_custom_property(PROPERTY, _seal(part, head, words).as_property(), "text")
        sheet = workbook.add_worksheet(words.word("titles", part.handout.id)[:31])
        _write(sheet, part, head, styles=Styles(workbook), words=words)
    return content.getvalue()


def _write(sheet: Worksheet, part: Part, head: Head, *, styles: Styles, words: Dictionary) -> None:
    columns = _columns(part, words)
    values = _values(part, columns, words)
    widths = [
        _width(column, [row[at] for row in values], words) for at, column in enumerate(columns)
    ]
    _write_head(sheet, part, head, styles=styles, words=words)
    for at, column in enumerate(columns):
        sheet.set_column(at, at, widths[at])
        sheet.write_string(IDS_ROW, at, column)
        look = {"bg_color": "#7A5B00"} if _is_entry(column) else {}
        sheet.write_string(_HEADS_ROW, at, words.head(column), styles.head(**look))
    sheet.set_row(IDS_ROW, None, None, {"hidden": True})
    sheet.set_row(_HEADS_ROW, row_height(_head_lines(columns, widths, words)))
    formats = [_style(column, styles) for column in columns]
    for number, row in enumerate(values, start=FIRST_ROW):
        sheet.set_row(number, row_height(_lines(row, widths)))
        for at, value in enumerate(row):
            _put(sheet, number, at, value, formats[at], COLUMNS[columns[at]].kind)
    _set_up(sheet, part, columns, words)


def _seal(part: Part, head: Head, words: Dictionary) -> Seal:
    """Seal what is not filled in."""
    locked = [column for column in _columns(part, words) if not _is_entry(column)]
    return make_seal(
        head.run,
        part.handout.id,
        heads=locked,
        keys=[column for column in KEYS if column in locked],
        rows=_values(part, locked, words),
        key=head.key,
    )


def _values(part: Part, columns: Sequence[str], words: Dictionary) -> list[list[Any]]:
    """Return the cells; a share as finely as any program saves it again, for the seal."""
    return [
        [
            round(value, 6) if isinstance(value, float) else value
            for value in (shown(row, column, words) for column in columns)
        ]
        for row in part.rows
    ]


def _columns(part: Part, words: Dictionary) -> tuple[str, ...]:
    """Return the columns that say something of some row, and those to be filled in."""
    return tuple(
        column
        for column in part.handout.columns
        if _is_entry(column) or any(shown(row, column, words) is not None for row in part.rows)
    )


def _write_head(
    sheet: Worksheet, part: Part, head: Head, *, styles: Styles, words: Dictionary
) -> None:
    sheet.set_row(0, 24)
    sheet.write_string(
        0, 0, part.title(words), styles.get(bold=True, font_size=15, font_color=HEAD)
    )
    told = part.told(head, words)
    purpose = words.word("purposes", part.handout.id)
    sheet.write_string(1, 0, f"{told}   {purpose}", styles.get(font_color=MUTED))


def _put(sheet: Worksheet, row: int, at: int, value: Any, style: Format, kind: str) -> None:
    if value is None or value == "":
        sheet.write_blank(row, at, None, style)
    elif kind == "date":
        sheet.write_datetime(row, at, datetime.combine(value, time()), style)
    elif kind in _NUMBERS:
        sheet.write_number(row, at, value, style)
    else:
        sheet.write_string(row, at, str(value), style)


def _style(column: str, styles: Styles) -> Format:
    kind = COLUMNS[column]
    look: dict[str, Any] = {"align": kind.align, "num_format": kind.number_format, "border": 1}
    look |= {"border_color": "#CBD2D9", "text_wrap": kind.kind not in _NUMBERS}
    return styles.cell(
        **look, **({"bg_color": ENTRY, "locked": False} if _is_entry(column) else {})
    )


def _width(column: str, values: Sequence[Any], words: Dictionary) -> float:
    """Return the declared width, or what the longest value needs: no #### and no split word."""
    kind = COLUMNS[column]
    chinese, latin = words.head(column).split("\n")
    texts = [latin, *(value for value in values if isinstance(value, str))]
    needed = [display_width(word) + 2.5 for text in texts for word in _unsplit(text, column)]
    if display_width(chinese) <= _SHORT_HEAD:
        needed.append(display_width(chinese) + 1)
    least = max(kind.width, min(max(needed, default=0.0), 2 * kind.width))
    if kind.kind == "money":
        return max([least, *(len(f"{value:,.2f}") + 2.5 for value in values if value)])
    return least


def _unsplit(text: str, column: str) -> list[str]:
    """Return what must stay on a line: an id or name, a Latin word; Chinese breaks anywhere."""
    if COLUMNS[column].kind == "text" and column != "address":
        return [text]
    return [word for word in text.split() if word.isascii()]


def _lines(row: Sequence[Any], widths: Sequence[float]) -> int:
    texts = ((one, width) for one, width in zip(row, widths, strict=True) if isinstance(one, str))
    return max((_text_lines(text, width) for text, width in texts), default=1)


def _head_lines(columns: Sequence[str], widths: Sequence[float], words: Dictionary) -> int:
    heads = zip(map(words.head, columns), widths, strict=True)
    return max(_text_lines(head, width) for head, width in heads)


def _text_lines(text: str, width: float) -> int:
    """Return the lines of a text in a cell; Latin breaks at blanks, Chinese anywhere."""
    return sum(_wrapped(line, width - _PADDING) for line in text.split("\n"))


def _wrapped(line: str, width: float) -> int:
    lines, left = 1, width
    for word in line.split():
        needed = display_width(word)
        if needed > left and left < width:
            lines, left = lines + 1, width
        lines += max(0, math.ceil(needed / width) - 1)
        left -= needed + 1
    return lines


def _is_entry(column: str) -> bool:
    return COLUMNS[column].kind in FILLED_IN


def _set_up(sheet: Worksheet, part: Part, columns: Sequence[str], words: Dictionary) -> None:
    """Freeze, filter, offer choices, and print on A4 across one page with the heads on each."""
    last = FIRST_ROW + max(len(part.rows), 1) - 1
    sheet.freeze_panes(FIRST_ROW, sum(column in _FROZEN for column in columns))
    sheet.autofilter(_HEADS_ROW, 0, last, len(columns) - 1)
    sheet.ignore_errors({"number_stored_as_text": xl_range(FIRST_ROW, 0, last, len(columns) - 1)})
    for at, column in enumerate(columns):
        rule = _entry_rule(column, words)
        if rule:
            sheet.data_validation(FIRST_ROW, at, last, at, rule)
    if any(map(_is_entry, columns)):
        sheet.protect("", _ALLOWED)
    sheet.set_landscape()
    sheet.set_paper(_A4)
    sheet.set_margins(left=0.3, right=0.3, top=0.4, bottom=0.5)
    sheet.repeat_rows(_HEADS_ROW)
    sheet.print_area(0, 0, last, len(columns) - 1)
    sheet.fit_to_pages(1, 0)
    sheet.set_footer(f"&L&8{_plain(part.title(words))}&R&8{words.phrase('page')} &P / &N")


def _entry_rule(column: str, words: Dictionary) -> dict[str, Any] | None:
    kind = COLUMNS[column].kind
    if kind == "choice":
        section = COLUMNS[column].words
        return {
            "validate": "list",
            "source": [words.word(section, code) for code in words.codes(section)],
            "error_message": words.phrase("pick_from_list"),
        }
    if kind == "entry_date":
        return {
            "validate": "date",
            "criteria": ">=",
            "value": datetime(2000, 1, 1),
            "error_message": words.phrase("date_wanted"),
        }
    return None


def _plain(text: str) -> str:
    return text.replace("&", "&&")
