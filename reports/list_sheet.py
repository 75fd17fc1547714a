"""The list as a sheet that people work from: one row per bill, in rank order, feedback last."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

import pandas as pd
from xlsxwriter.utility import xl_range
from xlsxwriter.worksheet import Worksheet

from contract.errors import DataError
from reports.columns import LISTING, Column
from reports.facts import RunFacts
from reports.list_cells import cell_writer, column_width, sheet_values
from reports.paper import Paper, lay_out
from reports.seal import Seal, make_seal
from reports.styles import GROUP_FILLS, Styles, head_width, lines_needed, row_height
from reports.wording import Wording, both

_HEAD_ROWS = 2  # the groups, then the columns
# The kinds of workbook that a seal names: the list of a run, and its report with the same rows.
LIST, REPORT = "list", "report"
_FROZEN = ("rank", "band", "customer_id", "name")
_MOST_ROWS = 1_048_576 - _HEAD_ROWS  # Excel's limit
_A4 = 9
KEYS = ("bill_id", "rank")
# Against slips, not against people: there is no password, the seal tells what was changed.
_ALLOWED = {
    "autofilter": True,
    "sort": True,
    "format_columns": True,
    "format_rows": True,
}

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


def check_fits_sheet(listed: pd.DataFrame) -> None:
    """Refuse a list of more rows than a sheet can hold, before anything is written."""
    if len(listed) > _MOST_ROWS:
        raise DataError(
            f"The list has {len(listed)} bills and a sheet holds {_MOST_ROWS}; list fewer, "
            "or use the CSV."
        )


@dataclass(frozen=True, kw_only=True)
class ListTable:
    """The list as it is written: each column and its cells, in rank order."""

    columns: tuple[Column, ...]
    cells: list[list[Any]]

    @property
    def rows(self) -> int:
        """How many bills there are."""
        return len(self.cells[0])

    def select(self, ids: Sequence[str], rows: Sequence[int]) -> "ListTable":
        """Return some of its columns and rows."""
        kept = [at for at, column in enumerate(self.columns) if column.id in ids]
        return ListTable(
            columns=tuple(self.columns[at] for at in kept),
            cells=[[self.cells[at][row] for row in rows] for at in kept],
        )

    def seal(self, run: str, key: bytes | None, *, kind: str = LIST) -> Seal:
        """Seal what is not filled in."""
        locked = [at for at, column in enumerate(self.columns) if not column.is_filled_in]
        return make_seal(
            run,
            kind,
            heads=[self.columns[at].id for at in locked],
            keys=KEYS,
            rows=zip(*(self.cells[at] for at in locked), strict=True),
            key=key,
        )


def list_table(listed: pd.DataFrame, wording: Wording) -> ListTable:
    """Return the cells of the sheet."""
    columns = sheet_columns(listed)
    return ListTable(
        columns=columns, cells=[sheet_values(listed, column, wording) for column in columns]
    )


def write_list_sheet(
    sheet: Worksheet,
    table: ListTable,
    facts: RunFacts,
    *,
    styles: Styles,
    wording: Wording,
    title: str = "",
) -> None:
    """Write heads and bills, lock all but the feedback, and set the sheet up for work and print.

    Args:
        title: Stands above each printed page.
    """
    columns, values = table.columns, table.cells
    heads = [both(wording.columns[column.id], "\n") for column in columns]
    widths = [
        max(column_width(column, shown), head_width(head))
        for column, shown, head in zip(columns, values, heads, strict=True)
    ]
    paper = lay_out(widths, _starts(columns), _frozen(columns))
    _write_heads(sheet, columns, heads, widths, styles=styles, wording=wording)
    for at, width in enumerate(widths):
        sheet.set_column(at, at, width)
    heights = _row_heights(columns, values, widths)
    writers = [
        cell_writer(sheet, at, column, styles=styles, wording=wording)
        for at, column in enumerate(columns)
    ]
    for number, row in enumerate(zip(*values, strict=True), start=_HEAD_ROWS):
        sheet.set_row(number, heights[number - _HEAD_ROWS])
        for write, value in zip(writers, row, strict=True):
            write(number, value)
    _set_up_use(sheet, columns, rows=table.rows, wording=wording)
    _set_up_print(sheet, columns, paper, rows=table.rows, facts=facts, wording=wording)
    if title:
        sheet.set_margins(left=0.3, right=0.3, top=0.6, bottom=0.5)
        sheet.set_header(f"&C&10 {_plain(title)}", {"margin": 0.25})
    sheet.protect("", _ALLOWED)


def sheet_columns(listed: pd.DataFrame) -> tuple[Column, ...]:
    """Return the columns of the sheet, without the optional ones that the list leaves empty."""
    return tuple(
        column
        for column in LISTING
        if not column.optional
        or (column.id in listed and listed[column.id].astype(object).fillna("").ne("").any())
    )


def _row_heights(
    columns: Sequence[Column], values: Sequence[Sequence[Any]], widths: Sequence[float]
) -> list[float]:
    """Return the points that each row needs to show its texts whole."""
    wrapping = [
        [lines_needed(text or "", width) for text in shown]
        for column, shown, width in zip(columns, values, widths, strict=True)
        if column.kind in {"text", "reasons"}
    ]
    # At least two lines: a code stands in both languages, one under the other.
    return [row_height(max(2, *lines)) for lines in zip(*wrapping, strict=True)]


def _starts(columns: Sequence[Column]) -> list[int]:
    """Return where groups start: a page that ends within one would cut its head."""
    return [at for at in range(1, len(columns)) if columns[at].group != columns[at - 1].group]


def _write_heads(
    sheet: Worksheet,
    columns: Sequence[Column],
    heads: Sequence[str],
    widths: Sequence[float],
    *,
    styles: Styles,
    wording: Wording,
) -> None:
    lines = [lines_needed(head, width) for head, width in zip(heads, widths, strict=True)]
    sheet.set_row(0, row_height(1))
    sheet.set_row(1, row_height(max(3, *lines)))
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
        sheet.write_string(1, at, heads[at], styles.head(bg_color=GROUP_FILLS[column.group]))


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
    sheet: Worksheet,
    columns: Sequence[Column],
    paper: Paper,
    *,
    rows: int,
    facts: RunFacts,
    wording: Wording,
) -> None:
    """Print on A4, sheets side by side: who and what, then why, then the feedback.

    The whole width on one sheet would come out in letters of four points. Heads and the columns
    that name the customer stand on every sheet, the run in the footer.
    """
    sheet.set_landscape()
    sheet.set_paper(_A4)
    sheet.set_margins(left=0.3, right=0.3, top=0.4, bottom=0.5)
    sheet.repeat_rows(0, _HEAD_ROWS - 1)
    sheet.repeat_columns(0, _frozen(columns) - 1)
    sheet.print_area(0, 0, _HEAD_ROWS + rows - 1, len(columns) - 1)
    sheet.set_print_scale(paper.scale)
    sheet.set_v_pagebreaks(paper.breaks)
    sheet.print_across()
    page = wording.phrases["page"]
    title = both(wording.phrases["title"])
    run = _plain(f"{facts.run_id}  {facts.as_of.isoformat()}")
    sheet.set_footer(f"&L&8 {run}&C&8{title}&R&8{page.zh} {page.en} &P / &N")


def _frozen(columns: Sequence[Column]) -> int:
    """Return how many columns stand still, and on every printed page: up to the last that names."""
    return 1 + max(at for at, column in enumerate(columns) if column.id in _FROZEN)


def _plain(text: str) -> str:
    return text.replace("&", "&&")
