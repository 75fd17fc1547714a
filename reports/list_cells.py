"""The cells of the list: what a value becomes on a sheet, how wide it is and how it looks.

Text goes in as text, so that a name that looks like a formula stays a name.
"""

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any

import pandas as pd
from xlsxwriter.worksheet import Worksheet

from reports.columns import Column
from reports.strip import GLYPHS
from reports.styles import (
    BAND_STYLES,
    ENTRY,
    RULE,
    STRIP_FONT,
    STRIP_INKS,
    TIER_STYLES,
    Styles,
    display_width,
)
from reports.wording import Wording, both

_EPOCH = pd.Timestamp("1899-12-30")  # Excel's day 0
# As finely as the list is kept in a file: other programs save fewer digits than pandas has, and
# what they save must have the same seal.
_DECIMALS = {"money": 2, "share": 6}
_NUMBERS = frozenset({"money", "share", "integer", "date", "month"})

# Columns whose codes have a look each.
_LOOKS = {"band": BAND_STYLES, "tier": TIER_STYLES}

Writer = Callable[[int, Any], Any]


def sheet_values(listed: pd.DataFrame, column: Column, wording: Wording) -> list[Any]:
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
    elif column.kind in _DECIMALS:
        series = series.round(_DECIMALS[column.kind])
    plain = series.astype(object)
    return plain.where(plain.notna(), None).tolist()


def _told(reasons: Sequence[str], relief: str, label: str) -> str:
    lines = [f"{number}. {reason}" for number, reason in enumerate(reasons, start=1)]
    return "\n".join([*lines, f"+ {label}: {relief}"] if relief else lines)


def column_width(column: Column, values: Sequence[Any]) -> float:
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


def cell_writer(
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
        both(wording.section(column.words)[code], "\n"): styles.cell(**(base | look))
        for code, look in _LOOKS.get(column.id, {}).items()
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
        look = {"bg_color": ENTRY, "border": 1, "border_color": RULE, "text_wrap": True}
        return {**look, "locked": False}
    return {"text_wrap": True} if column.kind in {"text", "code", "flag", "reasons"} else {}
