"""Which reading is used for each contradiction of the sources, told for the report of a run."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from collection.exclusion import Exclusion
from collection.portraits.readings import Readings
from collection.tiers import TierDays
from contract.errors import ConfigError
from contract.yaml_file import read_settings
from features.declare import Text

READINGS_WORDING = Path(__file__).parent.parent.parent / "configs" / "readings_wording.yaml"


@dataclass(frozen=True, kw_only=True)
class Question:
    """One thing that the sources leave open.

    Attributes:
        section: Where a policy answers it.
        cases: Every answer that there is.
        case: Which of them the section gives.
    """

    id: str
    section: str
    cases: tuple[str, ...]
    case: Callable[[Any], str]


@dataclass(frozen=True, kw_only=True)
class Told:
    """The reading used for one question; ``by_default`` while the section is untouched."""

    id: str
    section: str
    case: str
    by_default: bool
    text: Text


def _only(case: str) -> dict[str, Any]:
    return {"cases": (case,), "case": lambda _: case}


QUESTIONS = (
    Question(
        id="C-01",
        section="portraits.small_topup",
        cases=("above", "below"),
        case=lambda small: small.direction,
    ),
    Question(
        id="C-02",
        section="exclusion.quality",
        cases=("inclusive", "exclusive"),
        case=lambda quality: "inclusive" if quality.inclusive else "exclusive",
    ),
    Question(
        id="C-03",
        section="exclusion.quality",
        cases=("all", "some"),
        case=lambda quality: "all" if quality.least == quality.window else "some",
    ),
    Question(
        id="C-04",
        section="exclusion",
        cases=("brought_back", "never"),
        case=lambda exclusion: "brought_back" if exclusion.failed_debit_cycles else "never",
    ),
    Question(
        id="C-05",
        section="tiers",
        cases=("later_month", "past_due"),
        case=lambda tiers: tiers.overdue,
    ),
    Question(
        id="C-06",
        section="tiers",
        cases=("median", "last", "worst"),
        case=lambda tiers: tiers.customer,
    ),
    Question(
        id="C-12",
        section="portraits.repeat_arrears",
        cases=("months", "cycles"),
        case=lambda repeat: repeat.bimonthly,
    ),
    Question(id="C-14", section="portraits.habit", **_only("both")),
    Question(id="C-15", section="portraits.habit", **_only("literal")),
    Question(
        id="C-16",
        section="portraits.response",
        cases=("latest", "majority"),
        case=lambda response: response.reference,
    ),
    Question(id="C-17", section="portraits.response", **_only("descriptive")),
    Question(id="R000-03", section="exclusion", **_only("counted")),
    Question(id="L01", section="portraits.abnormal", **_only("counted")),
    Question(
        id="L13",
        section="portraits",
        cases=("days", "forever"),
        case=lambda readings: "days" if readings.contact_change_days else "forever",
    ),
)


def readings_used(
    readings: Readings, tiers: TierDays, exclusion: Exclusion, *, path: Path = READINGS_WORDING
) -> tuple[Told, ...]:
    """Tell, question by question, which reading is used, in Chinese and in English.

    Raises:
        ConfigError: The wording cannot be read, or an answer has no words in a language.
    """
    sections = {"portraits": readings, "tiers": tiers, "exclusion": exclusion}
    words = _words(path)
    return tuple(
        _told(question, _section(sections, question.section), words) for question in QUESTIONS
    )


def _section(sections: dict[str, BaseModel], path: str) -> BaseModel:
    first, *rest = path.split(".")
    section = sections[first]
    for name in rest:
        section = getattr(section, name)
    return section


def _told(question: Question, section: BaseModel, words: dict[tuple[str, str], Text]) -> Told:
    case = question.case(section)
    values = {name: _shown(value) for name, value in section.model_dump().items()}
    return Told(
        id=question.id,
        section=question.section,
        case=case,
        by_default=section == type(section)(),
        text=words[question.id, case].fill(**values),
    )


def _shown(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _words(path: Path) -> dict[tuple[str, str], Text]:
    """Read the wording of every answer; each must be there in both languages."""
    given = read_settings(path, label=path.name)
    words = {}
    for question in QUESTIONS:
        for case in question.cases:
            said = (given.get(question.id) or {}).get(case) or {}
            missing = [language for language in ("zh", "en") if not said.get(language)]
            if missing:
                raise ConfigError(
                    f"{path.name}: {question.id}.{case} has no text in {missing[0]};"
                    " give both zh and en."
                )
            words[question.id, case] = Text(zh=said["zh"], en=said["en"])
    return words
