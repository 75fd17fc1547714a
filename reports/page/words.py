"""The texts of the page, read from configs/page.yaml and joined with those of the list."""

from pathlib import Path
from typing import Annotated, get_args

from pydantic import BaseModel, ConfigDict

from collection.policy.wording import PlanWording
from collection.portraits import PORTRAITS
from features.declare import Family, Text
from reports.outcome import FATES
from reports.page.glance import AGING, GROUPS, TILES
from reports.page.history import PAYMENTS
from reports.strip import GLYPHS
from reports.wording import Wording, Words, read_words, wording_of

PAGE_WORDS = Path(__file__).parents[2] / "configs" / "page.yaml"

# What a contact came to, as the source tells (contract.tables.CONTACTS).
ANSWERS = ("delivered", "answered", "no_answer", "wrong_number", "refused", "promised")
METHODS = ("sms", "phone", "app", "notice", "visit", "letter")
# One phrase a line would hide the module behind its list.
# fmt: off
PHRASES = (
    "title", "skip", "as_of", "run", "model", "language", "glance", "list", "how_good",
    "how_good_note", "gates", "gates_none", "gate", "gate_found", "gate_verdict", "gate_passed",
    "gate_failed", "gate_accepted", "warnings", "probability_note", "search", "any", "reset",
    "sort", "ascending", "descending", "found", "page_of", "previous", "next", "page_size",
    "print", "print_note", "nothing", "close", "reasons", "no_reasons", "relief",
    "facts", "strip_text", "times", "timeline", "plan", "why_not", "group", "bills", "customers",
    "open", "overdue", "expected", "others", "unknown", "yes", "no", "too_old", "damaged",
    "left_out", "sections", "ranking",
    # the forecast
    "forecast", "forecast_none", "forecast_note", "forecast_now", "forecast_then",
    "forecast_interval", "forecast_receivable", "forecast_collected", "forecast_money",
    "forecast_picture", "drawn_interval", "drawn_expected", "drawn_rate",
    # movement
    "moves", "moves_none", "moves_note", "now", "came", "stayed", "left", "roll", "roll_note",
    "roll_then", "roll_nothing", "causes", "cause", "grown",
    # what became of the last list
    "became", "became_none", "became_note", "became_fate", "became_in_time", "became_late",
    "became_all", "caught", "missed", "caught_share", "became_amount",
    # the model
    "health", "months", "months_none", "months_note", "months_picture", "month", "drawn_told",
    "drawn_seen", "drawn_late", "month_told", "month_seen", "month_caught", "month_margin",
    "month_ece", "month_psi", "alarms", "none",
    # the card
    "waterfall", "waterfall_none", "waterfall_note", "waterfall_base", "waterfall_rest",
    "waterfall_calibration", "waterfall_end", "up", "down", "behind", "behind_none", "tells",
    "when", "what", "amount", "how", "portraits", "no_portraits", "no_plan", "no_history",
    "history_note", "paid_by", "cleared", "late_by", "still_open", "for_bill", "promised", "bill",
    "contacted",
    "plan_contact", "plan_next", "plan_rule", "planned_none",
)
# fmt: on
_OF_THE_LIST = (
    "columns",
    "bands",
    "segments",
    "pay_arrangements",
    "histories",
    "channels",
    "metrics",
    "moves",
    "causes",
)  # fmt: skip


class PageWords(BaseModel):
    """The wording of the page alone, section by section; each section is keyed by code."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    phrases: Annotated[dict[str, Words], wording_of(*PHRASES)]
    tiles: Annotated[dict[str, Words], wording_of(*TILES)]
    groups: Annotated[dict[str, Words], wording_of(*GROUPS)]
    aging: Annotated[dict[str, Words], wording_of(*AGING)]
    payments: Annotated[dict[str, Words], wording_of(*PAYMENTS)]
    answers: Annotated[dict[str, Words], wording_of(*ANSWERS)]
    methods: Annotated[dict[str, Words], wording_of(*METHODS)]
    fates: Annotated[dict[str, Words], wording_of(*FATES)]
    families: Annotated[dict[str, Words], wording_of(*get_args(Family))]


def read_page_words(path: Path = PAGE_WORDS) -> PageWords:
    """Read the page's wording.

    Raises:
        ConfigError: A text is missing in a language, or a key is missing or unknown.
    """
    return read_words(path, PageWords)


def texts_of(
    words: PageWords, wording: Wording, plan_words: PlanWording
) -> dict[str, dict[str, dict[str, str]]]:
    """Return every text the page may show, by language, section and code.

    The strip's section is keyed by the glyph itself.
    """
    own = {name: getattr(words, name) for name in PageWords.model_fields}
    listed = {name: wording.section(name) for name in _OF_THE_LIST}
    glyphs = {glyph: wording.strip[code] for code, many in GLYPHS.items() for glyph in many}
    portraits = {one.id: one.text for one in PORTRAITS}
    planned = plan_words.methods | {"none": words.phrases["planned_none"]}
    sections: dict[str, dict[str, Text]] = own | listed
    sections |= {"strip": glyphs, "portraits": portraits, "planned": planned}
    return {
        language: {
            name: {code: getattr(text, language) for code, text in section.items()}
            for name, section in sections.items()
        }
        for language in ("zh", "en")
    }
