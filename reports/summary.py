"""The summary sheet: how many bills and how much money is at risk, by band, grid and the like."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from features.declare import Text
from reports.styles import FONT, HEAD, MUTED, Styles, lines_needed, row_height
from reports.wording import Wording, both

_GRIDS = 20  # the largest are shown each, the others together
_FORMATS = {
    "count": "#,##0",
    "customers": "#,##0",
    "open_cny": "#,##0.00",
    "overdue_cny": "#,##0.00",
    "expected_late_cny": "#,##0.00",
    "share_of_total": "0.0%",
}
_NAME_WIDTH = 26.0
_CHART_AT = 6  # column G, beside the tables
_ROWS_OF_A_CHART = 14
_BAR = "#C65A11"
_GRIDLINES = {"visible": True, "line": {"color": "#E4E7EB", "width": 0.75}}


@dataclass(frozen=True, kw_only=True)
class Sums:
    """A table of the sheet and the chart beside it.

    Attributes:
        phrase: Its title, of the wording's phrases.
        rows: A row a group, by its name; a column a figure, in the order of the table.
        drawn: The figure that the chart shows.
    """

    phrase: str
    rows: pd.DataFrame
    drawn: str = "expected_late_cny"


def write_summary(
    sheet: Worksheet,
    bills: pd.DataFrame,
    workbook: Workbook,
    *,
    styles: Styles,
    wording: Wording,
    more: Sequence[Sums] = (),
    note: str = "",
) -> None:
    """Write tables, one under the other, with a chart of each beside it.

    Args:
        bills: band, segment, grid_id, open_cny and expected_late_cny of each bill.
        more: Tables to put after the first.
        note: What is counted, if that is to be said.
    """
    sheet.hide_gridlines(2)
    sheet.set_column(0, 0, _NAME_WIDTH)
    sheet.set_column(1, 4, 18)
    row = 0
    if note:
        sheet.write_string(0, 0, note, styles.get(font_color=MUTED))
        row = 2
    bands = _named(sums_by(bills, "band", tuple(wording.bands)), wording.bands)
    segments = _named(sums_by(bills, "segment"), wording.segments)
    grids = largest(sums_by(bills, "grid_id"), both(wording.phrases["other_grids"]))
    for table in (
        Sums(phrase="by_band", rows=bands),
        *more,
        Sums(phrase="by_segment", rows=segments),
        Sums(phrase="by_grid", rows=grids),
    ):
        _write_table(sheet, row, table, styles=styles, wording=wording)
        if len(table.rows):
            _add_chart(sheet, row, table, workbook=workbook, wording=wording)
        row += max(len(table.rows) + 4, _ROWS_OF_A_CHART)
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 1)


def sums_by(listed: pd.DataFrame, key: str, order: Sequence[str] = ()) -> pd.DataFrame:
    """Add up the list by a key.

    Returns:
        One row per value of the key, in the order given, else the largest expected late amount
        first: count, open_cny, expected_late_cny and share_of_total (of the expected late).
    """
    # Whole fen, as the list shows them: the groups add up to the total whatever the grouping.
    fen = (listed[["open_cny", "expected_late_cny"]] * 100).round()
    groups = fen.groupby(listed[key], observed=True)
    sums = groups.sum() / 100
    sums.insert(0, "count", groups.size())
    whole = sums["expected_late_cny"].sum()
    sums["share_of_total"] = sums["expected_late_cny"] / whole if whole else 0.0
    if order:
        return sums.reindex([value for value in order if value in sums.index])
    return sums.sort_index().sort_values("expected_late_cny", ascending=False, kind="stable")


def largest(sums: pd.DataFrame, others: str) -> pd.DataFrame:
    """Return the largest groups each and the others together."""
    if len(sums) <= _GRIDS + 1:
        return sums
    rest = sums.iloc[_GRIDS:].sum().to_frame(f"{others} ({len(sums) - _GRIDS})").T
    return pd.concat([sums.iloc[:_GRIDS], rest])


def _named(sums: pd.DataFrame, names: Mapping[str, Text]) -> pd.DataFrame:
    return sums.rename(index={code: both(text) for code, text in names.items()})


def _write_table(
    sheet: Worksheet, row: int, table: Sums, *, styles: Styles, wording: Wording
) -> None:
    """Write title, heads, one row per group and the total, from this row down."""
    title = both(wording.phrases[table.phrase], "  ")
    sheet.write_string(row, 0, title, styles.get(bold=True, font_size=12, font_color=HEAD))
    sheet.set_row(row, row_height(2))
    sheet.write_string(row + 1, 0, "", styles.head())
    words = wording.columns | wording.phrases
    for at, head in enumerate(table.rows.columns, start=1):
        sheet.write_string(row + 1, at, both(words[head], "\n"), styles.head())
    sheet.set_row(row + 1, row_height(3))
    for place, (name, values) in enumerate(table.rows.iterrows(), start=row + 2):
        _write_row(sheet, place, str(name), values=values, styles=styles)
    last = row + 2 + len(table.rows)
    name = both(wording.phrases["total"])
    _write_row(sheet, last, name, values=table.rows.sum(), styles=styles, bold=True)


def _write_row(
    sheet: Worksheet, row: int, name: str, *, values: pd.Series, styles: Styles, bold: bool = False
) -> None:
    look = {"bold": bold, "top": 1} if bold else {}
    sheet.write_string(row, 0, name, styles.cell(text_wrap=True, **look))
    for at, (figure, value) in enumerate(values.items(), start=1):
        sheet.write_number(row, at, value, styles.cell(num_format=_FORMATS[str(figure)], **look))
    sheet.set_row(row, row_height(lines_needed(name, _NAME_WIDTH)))


def _add_chart(
    sheet: Worksheet, row: int, table: Sums, *, workbook: Workbook, wording: Wording
) -> None:
    """Draw a figure of each group, in the order of the table."""
    groups = len(table.rows)
    first, last = row + 2, row + 1 + groups
    at = list(table.rows.columns).index(table.drawn) + 1
    title = both(wording.columns[table.drawn])
    font = {"name": FONT, "size": 9, "color": MUTED}
    chart = workbook.add_chart({"type": "bar"})
    chart.add_series(
        {
            "name": title,
            "categories": [sheet.get_name(), first, 0, last, 0],
            "values": [sheet.get_name(), first, at, last, at],
            "fill": {"color": _BAR},
            "gap": 40,
        }
    )
    chart.set_title({"name": title, "name_font": font | {"size": 10, "bold": True}})
    chart.set_legend({"none": True})
    chart.set_y_axis(
        {"reverse": True, "interval_unit": 1, "num_font": font, "line": {"none": True}}
    )
    chart.set_x_axis({"num_font": font, "num_format": "#,##0", "major_gridlines": _GRIDLINES})
    chart.set_size({"width": 640, "height": 110 + 22 * groups})
    sheet.insert_chart(row, _CHART_AT, chart, {"description": title})
