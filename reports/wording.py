"""Every word that a reader of lists sees, in Chinese and in English, read from one YAML file.

A section of codes must word each code of its declaration and no other: a text that is missing in
either language is an error when the file is read, not an empty cell a month later.
"""

from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, ValidationError

from collection.bands import BANDS
from collection.law import RECORDS
from collection.tiers import TIERS
from contract.errors import ConfigError
from contract.tables import CHANNELS, CONTACTS, PAY_ARRANGEMENTS, SEGMENTS
from contract.yaml_file import read_settings
from features.declare import Text
from reports.changes import CAUSES, MOVES
from reports.columns import COLUMNS, LISTING
from reports.facts import METRICS
from reports.strip import GLYPHS

WORDING = Path(__file__).parent.parent / "configs" / "wording.yaml"

Worded = TypeVar("Worded", bound=BaseModel)

GROUPS = ("do", "who", "what", "why", "plan", "feedback")
HISTORIES = ("sufficient", "insufficient")
OUTCOMES = (
    *("answered", "no_answer", "wrong_number", "delivered", "promised"),
    *("disputed", "refused", "paid"),
)
VERDICTS = ("adopted", "overridden")
SHEETS = ("about", "list", "summary", "changes", "records", "glossary")
# What the sheet for records asks for, of collection.feedback's form.
FORM_HEADS = (
    *("customer_id", "bill_id", "recorded_at", "recorded_by", "round", "method", "outcome"),
    *("promised_on", "request", "contact_change", "verified", "dispute_until_on", "verdict"),
    *("overridden_from", "overridden_to", "reason", "record"),
)
# One phrase a line would hide the module behind its list.
# fmt: off
PHRASES = (
    "title", "subtitle", "run_id", "as_of", "cycle", "model_version", "data_fingerprint",
    "customers_scored", "bills_scored", "listed", "capacity", "expected_late", "in_bands",
    "warnings", "no_warnings", "notes", "comparison", "comparison_note", "no_comparison",
    "reading", "legend", "glossary", "ranking", "relief", "flagged", "total", "count",
    "share_of_total", "by_segment", "by_grid", "by_band", "other_grids", "first_rows", "reason",
    "page", "pick_from_list", "date_wanted", "backtest", "mean_interval", "worst_month", "lead",
    "list_id", "signed", "unsigned", "contents", "contents_list", "contents_group",
    "contents_left_out", "contents_changes", "contents_no_changes", "contents_summary",
    "contents_records", "contents_glossary", "by_grid_word", "by_manager_word", "and_more",
    "group_title", "part_of_plan", "no_plan", "previous_run", "no_previous", "changes_title",
    "changes_note", "changes_then", "changes_now", "changes_balance", "changes_stayed",
    "changes_by_cause", "changes_amount", "changes_customers", "changes_rows", "changes_capped",
    "move", "cause", "then", "now", "listed_bill", "bill_settled", "bill_open", "portfolio_note",
    "by_org", "by_aging", "customers", "records_title", "records_note", "glossary_heads",
    "glossary_tiers", "glossary_causes", "glossary_words", "moved_new", "moved_same",
)
# fmt: on


def _in_both_languages(value: Any) -> Any:
    for language in ("zh", "en"):
        given = value.get(language) if isinstance(value, dict) else None
        if not isinstance(given, str) or not given.strip():
            raise ValueError(f"no text in {language}; give both zh and en")
    if len(value) > 2:
        raise ValueError(f"only zh and en are read, found {', '.join(map(str, value))}")
    return Text(**value)


Words = Annotated[Text, BeforeValidator(_in_both_languages)]


def wording_of(*codes: str) -> AfterValidator:
    """Return the check that a section words each of these codes and no other."""

    def check(section: dict[str, Text]) -> dict[str, Text]:
        missing = [code for code in codes if code not in section]
        unknown = [code for code in section if code not in codes]
        if missing:
            raise ValueError(f"missing {', '.join(missing)}")
        if unknown:
            raise ValueError(f"unknown {', '.join(unknown)}")
        return section

    return AfterValidator(check)


class Term(BaseModel):
    """One entry of the glossary."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    term: Words
    meaning: Words


class Wording(BaseModel):
    """The wording of lists, section by section; each section is keyed by code."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sheets: Annotated[dict[str, Words], wording_of(*SHEETS)]
    groups: Annotated[dict[str, Words], wording_of(*GROUPS)]
    columns: Annotated[dict[str, Words], wording_of(*(column.id for column in COLUMNS))]
    column_meanings: Annotated[dict[str, Words], wording_of(*(column.id for column in LISTING))]
    bands: Annotated[dict[str, Words], wording_of(*BANDS)]
    band_meanings: Annotated[dict[str, Words], wording_of(*BANDS)]
    tiers: Annotated[dict[str, Words], wording_of(*TIERS)]
    tier_meanings: Annotated[dict[str, Words], wording_of(*TIERS)]
    segments: Annotated[dict[str, Words], wording_of(*SEGMENTS)]
    histories: Annotated[dict[str, Words], wording_of(*HISTORIES)]
    pay_arrangements: Annotated[dict[str, Words], wording_of(*PAY_ARRANGEMENTS)]
    channels: Annotated[dict[str, Words], wording_of(*CHANNELS)]
    outcomes: Annotated[dict[str, Words], wording_of(*OUTCOMES)]
    verdicts: Annotated[dict[str, Words], wording_of(*VERDICTS)]
    methods: Annotated[dict[str, Words], wording_of(*CONTACTS.column("method").codes)]
    requests: Annotated[dict[str, Words], wording_of(*CONTACTS.column("request").codes)]
    contact_changes: Annotated[
        dict[str, Words], wording_of(*CONTACTS.column("contact_change").codes)
    ]
    records: Annotated[dict[str, Words], wording_of(*RECORDS)]
    answers: Annotated[dict[str, Words], wording_of("true", "false")]
    form: Annotated[dict[str, Words], wording_of(*FORM_HEADS)]
    moves: Annotated[dict[str, Words], wording_of(*MOVES)]
    causes: Annotated[dict[str, Words], wording_of(*CAUSES)]
    cause_meanings: Annotated[dict[str, Words], wording_of(*CAUSES)]
    strip: Annotated[dict[str, Words], wording_of(*GLYPHS)]
    metrics: Annotated[dict[str, Words], wording_of(*METRICS)]
    phrases: Annotated[dict[str, Words], wording_of(*PHRASES)]
    reading: tuple[Words, ...]
    glossary: tuple[Term, ...]

    def section(self, name: str) -> dict[str, Text]:
        """Return the section of that name, as a column's declaration refers to it."""
        words: dict[str, Text] = getattr(self, name)
        return words


def read_wording(path: Path = WORDING) -> Wording:
    """Read the wording.

    Raises:
        ConfigError: The file is no YAML, or a text is missing in a language, or a key is
            missing or unknown; the message gives the path of each.
    """
    return read_words(path, Wording)


def read_words(path: Path, kind: type[Worded]) -> Worded:
    """Read a file of wording; see `read_wording` for what is refused."""
    try:
        return kind.model_validate(read_settings(path, label=path.name))
    except ValidationError as error:
        found = "; ".join(_breach(detail["loc"], detail["msg"]) for detail in error.errors())
        raise ConfigError(f"{path.name}: {found}") from error


def both(text: Text, separator: str = " ") -> str:
    """Return the Chinese, then the English; a word that is the same in both, once.

    >>> both(Text(zh="户号", en="Customer no."), " / "), both(Text(zh="KS", en="KS"))
    ('户号 / Customer no.', 'KS')
    """
    return text.zh if text.zh == text.en else f"{text.zh}{separator}{text.en}"


def _breach(path: tuple[int | str, ...], message: str) -> str:
    return f"{'.'.join(map(str, path)) or 'file'}: {message.removeprefix('Value error, ')}"
