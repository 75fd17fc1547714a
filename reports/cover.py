"""The first sheet: which run this is, how far to trust it, and how to read the list."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from features.declare import Text
from reports.facts import METRICS, MODEL, RunFacts, compared_figures
from reports.seal import Seal
from reports.strip import GLYPHS
from reports.styles import (
    BAND_STYLES,
    HEAD,
    MUTED,
    STRIP_FONT,
    STRIP_INKS,
    Styles,
    lines_needed,
    row_height,
)
from reports.wording import Wording, both

_FIRST_WIDTH = 30.0
_WIDTH = 13.0
_LAST = len(METRICS)  # the last of the columns: a ranking, then one for each figure
_HALVES = ((0, 3), (4, _LAST))  # a Chinese text and, beside it, the English one
_BESIDE_A_LABEL = ((1, 4), (5, _LAST))
_BESIDE_A_COUNT = ((2, 4), (5, _LAST))
_A4 = 9

Span = tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class Contents:
    """What a report's workbook holds beside the list.

    Attributes:
        plan: The plan that it tells of.
        previous: The run that it is held against.
        lines: A sheet's name and what is on it.
    """

    plan: str
    previous: str
    lines: tuple[tuple[str, Text], ...]


class _Page:
    """A sheet filled from top to bottom, one row at a time."""

    def __init__(self, sheet: Worksheet, styles: Styles, wording: Wording) -> None:
        self.sheet, self.styles, self.wording, self.row = sheet, styles, wording, 0

    def put(self, at: int, value: str | float, style: Format) -> None:
        """Write one cell of the row: a text as a text, never as a formula."""
        write = self.sheet.write_string if isinstance(value, str) else self.sheet.write_number
        write(self.row, at, value, style)

    def spread(self, span: Span, text: str, style: Format) -> int:
        """Write a text over several columns and return the lines it takes."""
        self.sheet.merge_range(self.row, span[0], self.row, span[1], "", style)
        self.put(span[0], text, style)
        columns = range(span[0], span[1] + 1)
        return lines_needed(text, sum(_WIDTH if at else _FIRST_WIDTH for at in columns))

    def end_row(self, lines: int = 1) -> None:
        """Give the row its height and go to the next."""
        self.sheet.set_row(self.row, row_height(lines))
        self.row += 1

    def heading(self, phrase: str) -> None:
        """Write a section's heading, set off from what stands above."""
        style = self.styles.get(
            bold=True, font_size=12, font_color=HEAD, bottom=2, bottom_color=HEAD, valign="bottom"
        )
        self.spread((0, _LAST), both(self.wording.phrases[phrase], "  "), style)
        self.end_row(3)

    def side_by_side(self, text: Text, spans: tuple[Span, Span], *, lines: int = 1) -> None:
        """Write a text in Chinese and, beside it, in English, and end the row."""
        wrapped = self.styles.get(text_wrap=True)
        zh = self.spread(spans[0], text.zh, wrapped)
        en = self.spread(spans[1], text.en, wrapped)
        self.end_row(max(zh, en, lines))

    def line(self, text: str) -> None:
        """Write a text over the whole width."""
        self.end_row(self.spread((0, _LAST), text, self.styles.get(text_wrap=True)))


def write_cover(
    sheet: Worksheet,
    listed: pd.DataFrame,
    facts: RunFacts,
    *,
    seal: Seal,
    styles: Styles,
    wording: Wording,
    contents: Contents | None = None,
) -> None:
    """Write the cover: the run, its checks, the comparison, how to read, and legend."""
    sheet.hide_gridlines(2)
    sheet.set_column(0, 0, _FIRST_WIDTH)
    sheet.set_column(1, _LAST, _WIDTH)
    page = _Page(sheet, styles, wording)
    _write_title(page)
    _write_run(page, facts, listed["expected_late_cny"].round(2).sum())
    if contents:
        _write_around(page, contents)
    _write_seal(page, seal)
    if contents:
        _write_contents(page, contents)
    _write_sentences(page, "warnings", facts.warnings, empty="no_warnings")
    if facts.notes:
        _write_sentences(page, "notes", facts.notes)
    _write_bands(page, listed["band"])
    _write_comparison(page, facts)
    _write_reading(page)
    _write_legend(page)
    sheet.set_paper(_A4)
    sheet.fit_to_pages(1, 0)
    sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.5)


def _write_title(page: _Page) -> None:
    title, subtitle = page.wording.phrases["title"], page.wording.phrases["subtitle"]
    large = page.styles.get(bold=True, font_size=16, font_color=HEAD)
    page.spread((0, _LAST), both(title, "  "), large)
    page.end_row(2)
    muted = page.styles.get(font_color=MUTED, text_wrap=True)
    page.end_row(page.spread((0, _LAST), both(subtitle, "\n"), muted))


def _write_run(page: _Page, facts: RunFacts, expected_late_cny: float) -> None:
    """Write two facts a row: what the run is, and how much it covers."""
    run = {
        "run_id": facts.run_id,
        "as_of": facts.as_of.isoformat(),
        "cycle": f"{facts.cycle // 100}-{facts.cycle % 100:02}",
        "model_version": facts.model_version,
        "data_fingerprint": facts.data_fingerprint,
    }
    sizes = {
        "customers_scored": f"{facts.customers_scored:,}",
        "bills_scored": f"{facts.bills_scored:,}",
        "listed": f"{facts.listed:,}",
        "capacity": f"{facts.capacity:,}",
        "expected_late": f"{expected_late_cny:,.2f}",
    }
    page.row += 1
    label, value = page.styles.cell(bold=True), page.styles.cell(text_wrap=True)
    for left, right in zip(run, sizes, strict=True):
        page.put(0, both(page.wording.phrases[left], "  "), label)
        lines = page.spread((1, 3), run[left], value)
        page.spread((5, 7), both(page.wording.phrases[right], "  "), label)
        page.spread((8, _LAST), sizes[right], page.styles.cell(align="right"))
        page.end_row(lines)


def _write_around(page: _Page, contents: Contents) -> None:
    label, value = page.styles.cell(bold=True), page.styles.cell(text_wrap=True)
    page.put(0, both(page.wording.phrases["part_of_plan"], "  "), label)
    lines = page.spread((1, 3), contents.plan, value)
    page.spread((5, 7), both(page.wording.phrases["previous_run"], "  "), label)
    right = page.styles.cell(align="right", text_wrap=True)
    page.end_row(max(lines, page.spread((8, _LAST), contents.previous, right)))


def _write_contents(page: _Page, contents: Contents) -> None:
    page.heading("contents")
    bold = page.styles.get(bold=True, text_wrap=True)
    for name, text in contents.lines:
        page.put(0, name, bold)
        page.side_by_side(text, _BESIDE_A_LABEL, lines=lines_needed(name, _FIRST_WIDTH))


def _write_seal(page: _Page, seal: Seal) -> None:
    label, value = page.styles.cell(bold=True), page.styles.cell()
    said = "signed" if seal.method == "hmac-sha256" else "unsigned"
    page.put(0, both(page.wording.phrases["list_id"], "  "), label)
    page.spread((1, 3), seal.id, value)
    muted = page.styles.cell(font_color=MUTED, text_wrap=True)
    page.end_row(page.spread((5, _LAST), both(page.wording.phrases[said], "\n"), muted))


def _write_bands(page: _Page, bands: pd.Series) -> None:
    page.heading("in_bands")
    count = page.styles.get(num_format="#,##0", align="center", bold=True)
    for band, name in page.wording.bands.items():
        page.put(0, both(name), page.styles.get(align="center", **BAND_STYLES[band]))
        page.put(1, int((bands == band).sum()), count)
        page.side_by_side(page.wording.band_meanings[band], _BESIDE_A_COUNT)


def _write_sentences(
    page: _Page, phrase: str, sentences: Sequence[str], *, empty: str = ""
) -> None:
    page.heading(phrase)
    for sentence in sentences:
        page.line(f"• {sentence}")
    if not sentences:
        page.line(both(page.wording.phrases[empty]))


def _write_comparison(page: _Page, facts: RunFacts) -> None:
    page.heading("comparison")
    if not facts.comparison:
        page.line(both(page.wording.phrases["no_comparison"]))
        return
    page.line(both(page.wording.phrases["comparison_note"], "\n"))
    figures = compared_figures(facts.comparison)
    page.put(0, both(page.wording.phrases["ranking"]), page.styles.head(align="left"))
    for at, figure in enumerate(figures, start=1):
        page.put(at, both(page.wording.metrics[figure], "\n"), page.styles.head())
    page.end_row(3)
    for row in facts.comparison:
        look: dict[str, Any] = {"bold": True, "bg_color": "#EAF2F8"} if row.id == MODEL else {}
        page.put(0, both(row.name, "\n"), page.styles.cell(text_wrap=True, **look))
        for at, figure in enumerate(figures, start=1):
            value = row.figures.get(figure, math.nan)
            style = page.styles.cell(align="right", num_format=METRICS[figure], **look)
            page.put(at, "–" if math.isnan(value) else float(value), style)
        page.end_row(lines_needed(both(row.name, "\n"), _FIRST_WIDTH))


def _write_reading(page: _Page) -> None:
    page.heading("reading")
    for place, text in enumerate(page.wording.reading, start=1):
        page.side_by_side(Text(zh=f"{place}. {text.zh}", en=f"{place}. {text.en}"), _HALVES)


def _write_legend(page: _Page) -> None:
    page.heading("legend")
    look = {"font_name": STRIP_FONT, "font_size": 12, "bold": True, "align": "center"}
    for meaning, glyphs in GLYPHS.items():
        shown = glyphs if len(glyphs) == 1 else f"{glyphs[0]} … {glyphs[-1]}"
        page.put(0, shown, page.styles.get(**look, font_color=STRIP_INKS[meaning]))
        page.side_by_side(page.wording.strip[meaning], _BESIDE_A_LABEL)
