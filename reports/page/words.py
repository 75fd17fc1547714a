"""The texts of the page, read from configs/page.yaml and joined with those of the list."""

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict

from features.declare import Text
from reports.page.glance import AGING, GROUPS, TILES
from reports.strip import GLYPHS
from reports.wording import Wording, Words, read_words, wording_of

PAGE_WORDS = Path(__file__).parents[2] / "configs" / "page.yaml"

EVENTS = ("bill", "payment", "contact")
# One phrase a line would hide the module behind its list.
# fmt: off
PHRASES = (
    "title", "skip", "as_of", "run", "model", "language", "glance", "list", "how_good",
    "how_good_note", "gates", "gates_none", "gate", "gate_found", "gate_passed", "gate_failed",
    "gate_accepted", "warnings", "probability_note", "search", "any", "reset", "sort",
    "ascending", "descending", "found", "page_of", "previous", "next", "page_size", "print",
    "print_note", "nothing", "details", "close", "reasons", "no_reasons", "relief", "facts",
    "strip_text", "times", "timeline", "plan", "why_not", "group", "bills", "customers", "open",
    "overdue", "expected", "others", "unknown", "yes", "no", "too_old", "damaged",
)
# fmt: on
_OF_THE_LIST = (
    "columns",
    "bands",
    "segments",
    "pay_arrangements",
    "histories",
    "channels",
    "outcomes",
    "metrics",
)  # fmt: skip


class PageWords(BaseModel):
    """The wording of the page alone, section by section; each section is keyed by code."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    phrases: Annotated[dict[str, Words], wording_of(*PHRASES)]
    tiles: Annotated[dict[str, Words], wording_of(*TILES)]
    groups: Annotated[dict[str, Words], wording_of(*GROUPS)]
    aging: Annotated[dict[str, Words], wording_of(*AGING)]
    events: Annotated[dict[str, Words], wording_of(*EVENTS)]


def read_page_words(path: Path = PAGE_WORDS) -> PageWords:
    """Read the page's wording.

    Raises:
        ConfigError: A text is missing in a language, or a key is missing or unknown.
    """
    return read_words(path, PageWords)


def texts_of(words: PageWords, wording: Wording) -> dict[str, dict[str, dict[str, str]]]:
    """Return every text the page may show, by language, section and code.

    The strip's section is keyed by the glyph itself.
    """
    own = {name: getattr(words, name) for name in PageWords.model_fields}
    listed = {name: wording.section(name) for name in _OF_THE_LIST}
    glyphs = {glyph: wording.strip[code] for code, many in GLYPHS.items() for glyph in many}
    sections: dict[str, dict[str, Text]] = own | listed | {"strip": glyphs}
    return {
        language: {
            name: {code: getattr(text, language) for code, text in section.items()}
            for name, section in sections.items()
        }
        for language in ("zh", "en")
    }
