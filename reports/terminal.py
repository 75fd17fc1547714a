"""What the command line shows: the first rows of the list, and the model beside simple rules."""

import math

import pandas as pd
from rich import box
from rich.table import Table
from rich.text import Text as Line

from reports.facts import METRICS, MODEL, SMALLER_IS_BETTER, RunFacts
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
_FIGURES = ("p_late", "open_cny")


def first_rows(listed: pd.DataFrame, *, wording: Wording, rows: int = 10) -> Table:
    """Return the first rows of the list, one reason each, compact enough for a terminal.

    Names stay out: a terminal is copied into tickets and logs.
    """
    table = Table(box=box.SIMPLE_HEAD, title=both(wording.phrases["first_rows"]))
    for column in ("rank", "customer_id", *_FIGURES, "strip"):
        head = both(wording.columns[column], "\n")
        table.add_column(head, justify="right" if column in _FIGURES else "left", no_wrap=True)
    table.add_column(both(wording.phrases["reason"], "\n"), ratio=1)
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


def comparison_table(facts: RunFacts, *, wording: Wording) -> Table:
    """Return how the model and the simple rules did on past bills whose outcome is known.

    The best value of each figure is bold, whoever has it.
    """
    table = Table(box=box.SIMPLE_HEAD, title=both(wording.phrases["comparison"]))
    table.add_column(both(wording.phrases["ranking"], "\n"))
    for figure in facts.compared_figures:
        table.add_column(both(wording.metrics[figure], "\n"), justify="right")
    best = {figure: _best(facts, figure) for figure in facts.compared_figures}
    for row in facts.comparison:
        cells = [
            Line(_written(figure, value), style="bold" if value == best[figure] else "")
            for figure in facts.compared_figures
            for value in [row.figures.get(figure, math.nan)]
        ]
        table.add_row(Line(both(row.name)), *cells, style="green" if row.id == MODEL else "")
    return table


def _strip(strip: str) -> Line:
    meaning = {glyph: name for name, glyphs in GLYPHS.items() for glyph in glyphs}
    return Line.assemble(*((glyph, _GLYPH_COLOURS[meaning[glyph]]) for glyph in strip))


def _best(facts: RunFacts, figure: str) -> float:
    known = [row.figures[figure] for row in facts.comparison if figure in row.figures]
    known = [value for value in known if not math.isnan(value)]
    if not known:
        return math.nan
    return min(known) if figure in SMALLER_IS_BETTER else max(known)


def _written(figure: str, value: float) -> str:
    if math.isnan(value):
        return "–"
    decimals = len(METRICS[figure].partition(".")[2].rstrip("%"))
    return f"{value:.{decimals}%}" if METRICS[figure].endswith("%") else f"{value:.{decimals}f}"
