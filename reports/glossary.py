"""The glossary: what each head, band, tier and word of a workbook means, in both languages."""

from collections.abc import Iterable, Sequence

from xlsxwriter.worksheet import Worksheet

from features.declare import Text
from reports.columns import Column
from reports.styles import HEAD, Styles, lines_needed, row_height
from reports.wording import Wording, both

_WIDTHS = (20.0, 24.0, 46.0, 62.0)
_A4 = 9

Entry = tuple[Text, Text]


def write_glossary(
    sheet: Worksheet,
    columns: Sequence[Column],
    *,
    styles: Styles,
    wording: Wording,
    whole: bool,
) -> None:
    """Write a line for each head of the list, each band and each word.

    Args:
        whole: Also tiers and the causes of changes, of which only the report speaks.
    """
    sheet.hide_gridlines(2)
    for at, width in enumerate(_WIDTHS):
        sheet.set_column(at, at, width)
    row = 0
    for phrase, entries in _sections(columns, wording, whole=whole):
        row = _write_section(sheet, row, both(wording.phrases[phrase], "  "), entries, styles)
    sheet.set_landscape()
    sheet.set_paper(_A4)
    sheet.fit_to_pages(1, 0)
    sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.5)


def _sections(
    columns: Sequence[Column], wording: Wording, *, whole: bool
) -> Iterable[tuple[str, list[Entry]]]:
    heads = [(wording.columns[one.id], wording.column_meanings[one.id]) for one in columns]
    yield "glossary_heads", heads
    yield "in_bands", [(name, wording.band_meanings[id_]) for id_, name in wording.bands.items()]
    if whole:
        tiers = [(name, wording.tier_meanings[id_]) for id_, name in wording.tiers.items()]
        yield "glossary_tiers", tiers
        causes = [(name, wording.cause_meanings[id_]) for id_, name in wording.causes.items()]
        yield "glossary_causes", causes
    yield "glossary_words", [(entry.term, entry.meaning) for entry in wording.glossary]


def _write_section(
    sheet: Worksheet, row: int, title: str, entries: Sequence[Entry], styles: Styles
) -> int:
    """Write a section and return the row after it."""
    heading = styles.get(bold=True, font_size=12, font_color=HEAD, bottom=2, bottom_color=HEAD)
    sheet.merge_range(row, 0, row, len(_WIDTHS) - 1, title, heading)
    sheet.set_row(row, row_height(2))
    bold, plain = styles.cell(bold=True, text_wrap=True), styles.cell(text_wrap=True)
    for at, (term, meaning) in enumerate(entries, start=row + 1):
        texts = (term.zh, term.en, meaning.zh, meaning.en)
        for column, text in enumerate(texts):
            sheet.write_string(at, column, text, plain if column > 1 else bold)
        lines = [lines_needed(text, width) for text, width in zip(texts, _WIDTHS, strict=True)]
        sheet.set_row(at, row_height(max(lines)))
    return row + len(entries) + 2
