"""What the command line shows: the first rows of the list, and the model beside simple rules."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from rich import box
from rich.console import JustifyMethod
from rich.table import Table
from rich.text import Text as Line

from features.declare import Text
from reports.facts import METRICS, MODEL, SMALLER_IS_BETTER, Compared, compared_figures
from reports.strip import GLYPHS
from reports.wording import Wording, both

_GLYPH_COLOURS = {
    "no_bill": "bright_black",
    "early": "green",
    "on_time": "green",
    "late": "yellow",
    "late_10": "yellow",
    "late_30": "red",
    "partial": "cyan",
    "open": "cyan",
    "overdue": "red",
}
# The columns shown, each with the least width at which its head and values can be read; a
# customer number and an amount are never cut.
_WIDTHS = {"rank": 4, "customer_id": None, "p_late": 8, "open_cny": None, "strip": 12}
_FIGURES = ("p_late", "open_cny")
_MOST_FIGURES = 5  # of a comparison, the headline first, so that it fits 80 characters


def first_rows(listed: pd.DataFrame, *, wording: Wording, rows: int = 10) -> Table:
    """Return the first rows of the list, one reason each, compact enough for a terminal.

    Names stay out: a terminal is copied into tickets and logs.
    """
    table = Table(
        box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), title=both(wording.phrases["first_rows"])
    )
    for column, width in _WIDTHS.items():
        head = both(wording.columns[column], "\n")
        side: JustifyMethod = "right" if column in _FIGURES else "left"
        table.add_column(head, justify=side, width=width, no_wrap=width is None)
    # Chinese has no spaces to break at: fold it, or rich cuts the sentence short.
    table.add_column(both(wording.phrases["reason"], "\n"), ratio=1, overflow="fold")
    for bill in listed.head(rows).to_dict("records"):
        table.add_row(
            str(bill["rank"]),
            Line(bill["customer_id"]),
            f"{bill['p_late']:.0%}",
            f"{bill['open_cny']:,.2f}",
            _strip(bill["strip"]),
            Line("\n".join([*bill["reasons_zh"][:1], *bill["reasons_en"][:1]])),
        )
    return table


def comparison_table(comparison: Sequence[Compared], *, wording: Wording) -> Table:
    """Return how the model and the simple rules did on past bills whose outcome is known.

    The best value of each figure is bold, whoever has it. A terminal has room for the first five
    figures; the workbook's cover shows all.
    """
    figures = compared_figures(comparison)[:_MOST_FIGURES]
    table = Table(
        box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), title=both(wording.phrases["comparison"])
    )
    table.add_column(both(wording.phrases["ranking"], "\n"), min_width=16, overflow="fold")
    for figure in figures:
        head = both(wording.metrics[figure], "\n")
        table.add_column(head, justify="right", width=9, overflow="fold")
    best = {figure: _best(comparison, figure) for figure in figures}
    for row in comparison:
        cells = [
            Line(_written(figure, value), style="bold" if value == best[figure] else "")
            for figure in figures
            for value in [row.figures.get(figure, math.nan)]
        ]
        table.add_row(Line(both(row.name, "\n")), *cells, style="green" if row.id == MODEL else "")
    return table


def backtest_table(
    summary: Sequence[Mapping[str, Any]], names: Mapping[str, Text], *, wording: Wording
) -> Table:
    """Return each ranking's mean over months with its interval, worst month, and the model's lead.

    Args:
        summary: One row a ranking and figure (models.backtest.Backtest.summary).
        names: The rankings by id.
    """
    table = Table(
        box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), title=both(wording.phrases["backtest"])
    )
    table.add_column(both(wording.phrases["ranking"], "\n"), min_width=16, overflow="fold")
    for figure in _HEADLINES:
        for told in ("mean_interval", "worst_month", "lead"):
            head = (
                f"{both(wording.metrics[figure], chr(10))}\n{both(wording.phrases[told], chr(10))}"
            )
            table.add_column(head, justify="right", overflow="fold")
    for id_, name in names.items():
        rows = {row["figure"]: row for row in summary if row["ranking"] == id_}
        cells = [cell for figure in _HEADLINES for cell in _told(figure, rows[figure])]
        table.add_row(Line(both(name, "\n")), *cells, style="green" if id_ == MODEL else "")
    return table


_HEADLINES = ("late_amount_caught", "clean_auc")


def _told(figure: str, row: Mapping[str, Any]) -> tuple[str, str, str]:
    def written(value: float | None, sign: str = "") -> str:
        text = _written(figure, math.nan if value is None else value)
        return f"+{text}" if sign and value is not None and value >= 0 else text

    mean = f"{written(row['mean'])} [{written(row['low'])}, {written(row['high'])}]"
    if row["ranking"] == MODEL:
        return mean, written(row["worst"]), ""
    ends = f"[{written(row['lead_low'], '+')}, {written(row['lead_high'], '+')}]"
    return mean, written(row["worst"]), f"{written(row['lead'], '+')} {ends}"


def _strip(strip: str) -> Line:
    meaning = {glyph: name for name, glyphs in GLYPHS.items() for glyph in glyphs}
    return Line.assemble(*((glyph, _GLYPH_COLOURS[meaning[glyph]]) for glyph in strip))


def _best(comparison: Sequence[Compared], figure: str) -> float:
    known = [row.figures[figure] for row in comparison if figure in row.figures]
    known = [value for value in known if not math.isnan(value)]
    if not known:
        return math.nan
    return min(known) if figure in SMALLER_IS_BETTER else max(known)


def _written(figure: str, value: float) -> str:
    if math.isnan(value):
        return "–"
    decimals = len(METRICS[figure].partition(".")[2].rstrip("%"))
    return f"{value:.{decimals}%}" if METRICS[figure].endswith("%") else f"{value:.{decimals}f}"
