"""The list as a sheet that people work from: one row per bill, in rank order, feedback at the end.

Text goes in as text, so that a name that looks like a formula stays a name.
"""

from collections.abc import Callable, Sequence
from datetime import date
from itertools import groupby
from typing import Any

import pandas as pd
from xlsxwriter.utility import xl_range
from xlsxwriter.worksheet import Worksheet

from contract.errors import DataError
from reports.columns import Column, columns_on
from reports.facts import RunFacts
from reports.strip import GLYPHS
from reports.styles import (
    BAND_STYLES,
    ENTRY,
    GROUP_FILLS,
    RULE,
    STRIP_FONT,
    STRIP_INKS,
    Styles,
    display_width,
    lines_needed,
    row_height,
)
from reports.wording import Wording, both

_HEAD_ROWS = 2  # the groups, then the columns
_FROZEN = ("rank", "band", "customer_id", "name")
_MOST_ROWS = 1_048_576 - _HEAD_ROWS  # Excel's limit
_EPOCH = pd.Timestamp("1899-12-30")  # Excel's day 0
_A4 = 9
_NUMBERS = frozenset({"money", "share", "integer", "date", "month"})

# A risk is shaded from 0 to 1 by the same scale in every list, so that two months compare. A data
# bar would need an extension of the format that other readers drop.
_SHADE = {
    "type": "2_color_scale",
    "min_type": "num",
    "min_value": 0,
    "min_color": "#FFFFFF",
    "max_type": "num",
    "max_value": 1,
    "max_color": "#E8874F",
}

Writer = Callable[[int, Any], Any]


def write_list_sheet(
    sheet: Worksheet, listed: pd.DataFrame, facts: RunFacts, *, styles: Styles, wording: Wording
) -> None:
    """Write the list.

    Raises:
        DataError: There are more rows than a sheet can hold.
    """
    if len(listed) > _MOST_ROWS:
        raise DataError(
            f"The list has {len(listed)} bills and a sheet holds {_MOST_ROWS}; list fewer, "
            "or use the CSV."
        )
    columns = sheet_columns(listed)
    values = [_sheet_values(listed, column, wording) for column in columns]
    widths = [_width(column, shown) for column, shown in zip(columns, values, strict=True)]
    _write_heads(sheet, columns, styles=styles, wording=wording)
    for at, width in enumerate(widths):
        sheet.set_column(at, at, width)
    writers = [
        _writer(sheet, at, column, styles=styles, wording=wording)
        for at, column in enumerate(columns)
    ]
    wrapping = [at for at, column in enumerate(columns) if column.kind in {"text", "reasons"}]
    for number, row in enumerate(zip(*values, strict=True), start=_HEAD_ROWS):
        lines = max(lines_needed(row[at] or "", widths[at]) for at in wrapping)
        sheet.set_row(number, row_height(max(lines, 2)))  # 2: a code in both languages
        for write, value in zip(writers, row, strict=True):
            write(number, value)
    _set_up_use(sheet, columns, rows=len(listed), wording=wording)
    _set_up_print(sheet, columns, rows=len(listed), facts=facts, wording=wording)


def sheet_columns(listed: pd.DataFrame) -> tuple[Column, ...]:
    """Return the columns of the sheet, without the optional ones that the list leaves empty."""
    return tuple(
        column
        for column in columns_on("sheet")
        if not column.optional or (column.id in listed and listed[column.id].notna().any())
    )


def _write_heads(
    sheet: Worksheet, columns: Sequence[Column], *, styles: Styles, wording: Wording
) -> None:
    sheet.set_row(0, row_height(1))
    sheet.set_row(1, row_height(3))
    places = list(enumerate(columns))
    for group, members in groupby(places, key=lambda place: place[1].group):
        ats = [at for at, _ in members]
        style = styles.head(bg_color=GROUP_FILLS[group], align="left")
        text = both(wording.groups[group], "  ")
        if len(ats) == 1:
            sheet.write_string(0, ats[0], text, style)
        else:
            sheet.merge_range(0, ats[0], 0, ats[-1], text, style)
    for at, column in places:
        head = styles.head(bg_color=GROUP_FILLS[column.group])
        sheet.write_string(1, at, both(wording.columns[column.id], "\n"), head)


def _sheet_values(listed: pd.DataFrame, column: Column, wording: Wording) -> list[Any]:
    """Return the column's values as they are written; an empty one is None."""
    if column.is_filled_in:
        return [None] * len(listed)
    if column.kind == "reasons":
        language = column.id.removeprefix("why_")
        label = getattr(wording.phrases["relief"], language)
        rows = zip(listed[f"reasons_{language}"], listed[f"relief_{language}"], strict=True)
        return [_told(reasons, relief, label) for reasons, relief in rows]
    series = listed[column.id]
    if column.kind == "code":
        words = wording.section(column.words)
        series = series.map({code: both(text, "\n") for code, text in words.items()})
    elif column.kind == "flag":
        series = series.map({True: both(wording.phrases["flagged"]), False: None})
    elif column.kind == "date":
        series = (series - _EPOCH).dt.days
    plain = series.astype(object)
    return plain.where(plain.notna(), None).tolist()


def _told(reasons: Sequence[str], relief: str, label: str) -> str:
    lines = [f"{number}. {reason}" for number, reason in enumerate(reasons, start=1)]
    return "\n".join([*lines, f"+ {label}: {relief}"] if relief else lines)


def _width(column: Column, values: Sequence[Any]) -> float:
    """Return the declared width, or what the longest value needs.

    A text wraps once it would take twice the declared width; an amount never may, since a
    sheet shows one that does not fit as ####.
    """
    if column.kind == "money":
        return max([column.width, *(len(f"{value:,.2f}") + 2.0 for value in values if value)])
    if column.kind != "text":
        return column.width
    longest = max((display_width(value) for value in values if value), default=0.0)
    return min(max(column.width, longest + 2.5), 2 * column.width)


def _writer(
    sheet: Worksheet, at: int, column: Column, *, styles: Styles, wording: Wording
) -> Writer:
    """Return what writes one value of the column into a row."""
    if column.kind == "strip":
        return _strip_writer(sheet, at, styles)
    base = {
        "align": column.align,
        "indent": int(column.align == "left"),
        "num_format": column.number_format,
        **_look(column),
    }
    plain = styles.cell(**base)
    marked = {
        both(wording.bands[band], "\n"): styles.cell(**(base | look))
        for band, look in BAND_STYLES.items()
        if column.id == "band"
    }
    put = sheet.write_number if column.kind in _NUMBERS else sheet.write_string

    def write(row: int, value: Any) -> None:
        if value is None:
            sheet.write_blank(row, at, None, plain)
        else:
            put(row, at, value, marked.get(value, plain))

    return write


def _strip_writer(sheet: Worksheet, at: int, styles: Styles) -> Writer:
    """Return what writes a strip, each stretch of like glyphs in the colour of its meaning."""
    font = {"font_name": STRIP_FONT, "font_size": 11, "bold": True}
    cell = styles.cell(**font, align="center")
    colours = {
        glyph: styles.get(**font, font_color=STRIP_INKS[meaning])
        for meaning, glyphs in GLYPHS.items()
        for glyph in glyphs
    }

    def write(row: int, strip: str) -> None:
        parts: list[Any] = []
        for colour, stretch in groupby(strip, key=colours.__getitem__):
            parts += [colour, "".join(stretch)]
        if len(parts) > 2:
            sheet.write_rich_string(row, at, *parts, cell)
        else:
            sheet.write_string(row, at, strip, cell)

    return write


def _look(column: Column) -> dict[str, Any]:
    if column.is_filled_in:
        return {"bg_color": ENTRY, "border": 1, "border_color": RULE, "text_wrap": True}
    return {"text_wrap": True} if column.kind in {"text", "code", "flag", "reasons"} else {}


def _set_up_use(
    sheet: Worksheet, columns: Sequence[Column], *, rows: int, wording: Wording
) -> None:
    """Freeze the heads and names, and add filters, band colours and drop-down lists."""
    last = max(_HEAD_ROWS + rows - 1, _HEAD_ROWS)
    sheet.freeze_panes(_HEAD_ROWS, _frozen(columns))
    sheet.autofilter(_HEAD_ROWS - 1, 0, last, len(columns) - 1)
    # Customer numbers are text on purpose; without this each cell carries a green corner.
    sheet.ignore_errors({"number_stored_as_text": xl_range(_HEAD_ROWS, 0, last, len(columns) - 1)})
    for at, column in enumerate(columns):
        if column.is_filled_in and column.kind != "entry":
            rule = _entry_rule(column, wording)
            sheet.data_validation(_HEAD_ROWS, at, last, at, rule)
        elif column.kind == "share":
            sheet.conditional_format(_HEAD_ROWS, at, last, at, _SHADE)


def _entry_rule(column: Column, wording: Wording) -> dict[str, Any]:
    if column.kind == "choice":
        return {
            "validate": "list",
            "source": choices(column, wording),
            "error_message": both(wording.phrases["pick_from_list"]),
        }
    return {
        "validate": "date",
        "criteria": ">=",
        "value": date(2000, 1, 1),
        "error_message": both(wording.phrases["date_wanted"]),
    }


def choices(column: Column, wording: Wording) -> list[str]:
    """Return what a drop-down list offers, in the order of the wording."""
    return [both(text) for text in wording.section(column.words).values()]


def _set_up_print(
    sheet: Worksheet, columns: Sequence[Column], *, rows: int, facts: RunFacts, wording: Wording
) -> None:
    """Print on A4, two sheets side by side: who and what, then why and the feedback.

    The whole width on one sheet would come out in letters of four points. Heads and the columns
    that name the customer stand on every sheet, the run in the footer.
    """
    sheet.set_landscape()
    sheet.set_paper(_A4)
    sheet.set_margins(left=0.3, right=0.3, top=0.4, bottom=0.5)
    sheet.repeat_rows(0, _HEAD_ROWS - 1)
    sheet.repeat_columns(0, _frozen(columns) - 1)
    sheet.print_area(0, 0, _HEAD_ROWS + rows - 1, len(columns) - 1)
    sheet.fit_to_pages(2, 0)
    sheet.print_across()
    page = wording.phrases["page"]
    title = both(wording.phrases["title"])
    run = f"{facts.run_id}  {facts.as_of.isoformat()}".replace("&", "&&")
    sheet.set_footer(f"&L&8 {run}&C&8{title}&R&8{page.zh} {page.en} &P / &N")


def _frozen(columns: Sequence[Column]) -> int:
    return sum(column.id in _FROZEN for column in columns)
