"""The sheet that says why the list changed: the sums, the causes, and those who moved."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from reports.changes import Changes
from reports.styles import BAND_STYLES, FONT, HEAD, MUTED, Styles, lines_needed, row_height
from reports.wording import Wording, both

MOST = 2_000  # customers told one by one
_WIDTHS = (20.0, 26.0, 15.0, 16.0, 20.0, *(11.0,) * 6, *(13.0,) * 5)
_COUNTED = ("came", "left", "up", "down", "same")
# They differ in lightness too, for a printer without colours.
_FILLS = {"came": "#A63D00", "left": "#123F5F", "up": "#FFD27A", "down": "#8FB8D4"}
_A4 = 9
_COUNT, _MONEY, _SIGNED, _RISK = "#,##0", "#,##0.00", "+#,##0.00;-#,##0.00;0.00", "0%"


def write_changes(
    sheet: Worksheet,
    changes: Changes,
    people: pd.DataFrame,
    workbook: Workbook,
    *,
    styles: Styles,
    wording: Wording,
) -> None:
    """Write the balance of both lists, the causes with a chart, and whoever moved much.

    Args:
        people: By the customer's id in the changes: customer_id (as people know it), name,
            grid_id.
    """
    sheet.hide_gridlines(2)
    for at, width in enumerate(_WIDTHS):
        sheet.set_column(at, at, width)
    words = wording.phrases
    title = styles.get(bold=True, font_size=14, font_color=HEAD)
    sheet.write_string(0, 0, both(words["changes_title"], "  "), title)
    sheet.set_row(0, row_height(2))
    filled = words["changes_note"]
    told = both(filled, "\n").format(run=changes.run, day=changes.since.isoformat())
    muted = styles.get(font_color=MUTED, text_wrap=True)
    sheet.merge_range(1, 0, 1, 9, told, muted)
    sheet.set_row(1, row_height(lines_needed(told, sum(_WIDTHS[:10]))))
    row = _write_balance(sheet, 3, changes, styles=styles, wording=wording)
    row = _write_causes(sheet, row + 1, changes, workbook, styles=styles, wording=wording)
    _write_rows(sheet, row + 1, changes, people, styles=styles, wording=wording)
    sheet.set_landscape()
    sheet.set_paper(_A4)
    sheet.fit_to_pages(1, 0)
    sheet.set_margins(left=0.3, right=0.3, top=0.4, bottom=0.4)


def _heading(sheet: Worksheet, row: int, text: str, styles: Styles) -> None:
    sheet.write_string(row, 0, text, styles.get(bold=True, font_size=12, font_color=HEAD))
    sheet.set_row(row, row_height(2))


def _heads(sheet: Worksheet, row: int, texts: Sequence[str], styles: Styles) -> None:
    for at, text in enumerate(texts):
        sheet.write_string(row, at, text, styles.head())
    lines = [lines_needed(text, width) for text, width in zip(texts, _WIDTHS, strict=False)]
    sheet.set_row(row, row_height(max(2, *lines)))


def _write_balance(
    sheet: Worksheet, row: int, changes: Changes, *, styles: Styles, wording: Wording
) -> int:
    """Write how the last list becomes this one, in customers and money; return the row after."""
    words, stays = wording.phrases, ("up", "down", "same")
    then = ("left", *stays)
    lines = [
        (both(words["changes_then"]), changes.count(*then), changes.fen("then", *then)),
        (f"+ {both(wording.moves['came'])}", changes.count("came"), changes.fen("now", "came")),
        (f"− {both(wording.moves['left'])}", -changes.count("left"), -changes.fen("then", "left")),
        (
            f"± {both(words['changes_stayed'])}",
            0,
            changes.fen("now", *stays) - changes.fen("then", *stays),
        ),
        (f"= {both(words['changes_now'])}", changes.count("came", *stays), changes.fen("now")),
    ]
    _heading(sheet, row, both(words["changes_balance"], "  "), styles)
    money = wording.columns["expected_late_cny"]
    heads = [both(words["changes_customers"], "\n"), both(money, "\n")]
    sheet.merge_range(row + 1, 0, row + 1, 1, "", styles.head())
    for at, head in enumerate(heads, start=2):
        sheet.write_string(row + 1, at, head, styles.head())
    sheet.set_row(row + 1, row_height(3))
    for place, (name, count, fen) in enumerate(lines, start=row + 2):
        is_end = place in {row + 2, row + 1 + len(lines)}
        look = {"bold": True} if is_end else {}
        sheet.merge_range(place, 0, place, 1, name, styles.cell(**look))
        sheet.write_number(place, 2, count, styles.cell(num_format=_COUNT, **look))
        sheet.write_number(place, 3, fen / 100, styles.cell(num_format=_MONEY, **look))
        sheet.set_row(place, row_height(1))
    return row + 2 + len(lines)


def _write_causes(
    sheet: Worksheet,
    row: int,
    changes: Changes,
    workbook: Workbook,
    *,
    styles: Styles,
    wording: Wording,
) -> int:
    """Write customers by cause and move, with a chart of them; return the row after."""
    causes = changes.by_cause()
    words = wording.phrases
    _heading(sheet, row, both(words["changes_by_cause"], "  "), styles)
    moves = [both(wording.moves[move], "\n") for move in _COUNTED]
    heads = [both(words["cause"], "\n"), "", *moves, both(words["total"], "\n")]
    _heads(sheet, row + 1, [*heads, both(words["changes_amount"], "\n")], styles)
    for place, (cause, values) in enumerate(causes.iterrows(), start=row + 2):
        meaning = wording.cause_meanings[str(cause)]
        name = both(wording.causes[str(cause)], "\n")
        sheet.write_string(place, 0, name, styles.cell(bold=True, text_wrap=True))
        text = both(meaning, "\n")
        sheet.write_string(place, 1, text, styles.cell(text_wrap=True, font_size=8))
        _write_counts(sheet, place, values, styles)
        sheet.set_row(place, row_height(lines_needed(text, _WIDTHS[1] * 1.25)) * 0.85)
    last = row + 2 + len(causes)
    sheet.write_string(last, 0, both(words["total"]), styles.cell(bold=True, top=1))
    sheet.write_blank(last, 1, None, styles.cell(top=1))
    _write_counts(sheet, last, causes.sum(), styles, bold=True, top=1)
    if len(causes):
        _add_chart(sheet, row, len(causes), workbook=workbook, wording=wording)
    return max(last + 1, row + 18)


def _write_counts(
    sheet: Worksheet, row: int, values: pd.Series, styles: Styles, **look: Any
) -> None:
    count = styles.cell(num_format='#,##0;-#,##0;"–"', align="center", **look)
    for at, move in enumerate(_COUNTED, start=2):
        sheet.write_number(row, at, int(values[move]), count)
    whole = int(values[list(_COUNTED)].sum())
    sheet.write_number(row, 7, whole, styles.cell(num_format=_COUNT, align="center", **look))
    grown = int(values["fen"]) / 100
    sheet.write_number(row, 8, grown, styles.cell(num_format=_SIGNED, align="right", **look))


def _add_chart(
    sheet: Worksheet, row: int, causes: int, *, workbook: Workbook, wording: Wording
) -> None:
    font = {"name": FONT, "size": 9, "color": MUTED}
    chart = workbook.add_chart({"type": "bar", "subtype": "stacked"})
    name, first, last = sheet.get_name(), row + 2, row + 1 + causes
    for move, fill in _FILLS.items():
        at = 2 + _COUNTED.index(move)
        chart.add_series(
            {
                "name": both(wording.moves[move]),
                "categories": [name, first, 0, last, 0],
                "values": [name, first, at, last, at],
                "fill": {"color": fill},
                "border": {"color": "#FFFFFF", "width": 0.75},
                "gap": 40,
            }
        )
    title = both(wording.phrases["changes_by_cause"])
    chart.set_title({"name": title, "name_font": font | {"size": 10, "bold": True}})
    chart.set_legend({"position": "bottom", "font": font})
    chart.set_y_axis(
        {"reverse": True, "interval_unit": 1, "num_font": font, "line": {"none": True}}
    )
    chart.set_x_axis({"num_font": font, "num_format": "#,##0"})
    chart.set_size({"width": 520, "height": 150 + 42 * causes})
    sheet.insert_chart(row, 9, chart, {"description": title})


def _write_rows(
    sheet: Worksheet,
    row: int,
    changes: Changes,
    people: pd.DataFrame,
    *,
    styles: Styles,
    wording: Wording,
) -> None:
    rows, words = changes.notable(), wording.phrases
    _heading(sheet, row, both(words["changes_rows"], "  "), styles)
    row += 1
    if len(rows) > MOST:
        told = both(words["changes_capped"], " ").format(
            shown=f"{MOST:,}", left=f"{len(rows) - MOST:,}"
        )
        sheet.write_string(row, 0, told, styles.get(font_color=MUTED))
        row += 1
    _heads(sheet, row, _row_heads(wording), styles)
    shown = rows.head(MOST).join(people.add_suffix("_shown"), on="customer_id")
    for place, values in enumerate(shown.to_dict("records"), start=row + 1):
        for at, (value, look) in enumerate(_cells(values, wording)):
            _put(sheet, place, at, value, styles.cell(**look))
        sheet.set_row(place, row_height(2))
    last = max(row + 1, row + len(shown))
    sheet.autofilter(row, 0, last, len(_row_heads(wording)) - 1)
    sheet.repeat_rows(row)


def _row_heads(wording: Wording) -> list[str]:
    words, columns = wording.phrases, wording.columns
    ends = [words["then"], words["now"]]
    pairs = [
        f"{columns[one].zh}·{end.zh}\n{columns[one].en}, {end.en}"
        for one in ("rank", "band", "p_late", "open_cny", "expected_late_cny")
        for end in ends
    ]
    names = [both(columns[one], "\n") for one in ("customer_id", "name", "grid_id")]
    moves = [both(words[one], "\n") for one in ("move", "cause")]
    return [*names, *moves, *pairs[:-2], *pairs[-2:], both(words["listed_bill"], "\n")]


def _cells(values: dict[Any, Any], wording: Wording) -> list[tuple[Any, dict[str, Any]]]:
    text: dict[str, Any] = {"text_wrap": True}
    middle = {"align": "center"}
    settled = values["settled_then"]
    bill = None if settled is None else "bill_settled" if settled else "bill_open"
    told: list[tuple[Any, dict[str, Any]]] = [
        (values.get("customer_id_shown") or values["customer_id"], text),
        (values.get("name_shown"), text),
        (values.get("grid_id_shown"), text),
        (both(wording.moves[values["move"]], "\n"), {**middle, **text, "bold": True}),
        (both(wording.causes[values["cause"]], "\n"), text),
    ]
    ends = ("then", "now")
    told += [(values[f"rank_{end}"], middle | {"num_format": _COUNT}) for end in ends]
    for end in ends:
        band = values[f"band_{end}"]
        look = BAND_STYLES.get(band, {})
        told.append((both(wording.bands[band], "\n") if band else None, {**middle, **text, **look}))
    told += [(values[f"p_late_{end}"], middle | {"num_format": _RISK}) for end in ends]
    for name in ("open_fen", "listed_fen"):
        told += [(values[f"{name}_{end}"] / 100, {"num_format": _MONEY}) for end in ends]
    return [*told, (both(wording.phrases[bill], "\n") if bill else None, {**middle, **text})]


def _put(sheet: Worksheet, row: int, at: int, value: Any, style: Any) -> None:
    if value is None or (isinstance(value, float | np.floating) and np.isnan(value)):
        sheet.write_blank(row, at, None, style)
    elif isinstance(value, str):
        sheet.write_string(row, at, value, style)
    else:
        sheet.write_number(row, at, value, style)
