"""The words of handouts, from configs/handouts.yaml, and those that lists and plans have."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict

from collection.handouts import DECISIONS, HANDOUTS, HANDOUTS_FILE, Handout
from collection.policy import PlanWording, read_plan_wording
from collection.portraits import PORTRAITS
from collection.scope import BANDS, CAUSES, MOVES, RISK_MOVES, SCOPE_LISTS
from features.declare import Text
from reports.handouts.columns import COLUMNS
from reports.wording import Wording, Words, read_wording, read_words, wording_of

Language = Literal["zh", "en", "both"]

EVERY_LIST: tuple[Handout, ...] = (*HANDOUTS, *SCOPE_LISTS)
_IDS = tuple(handout.id for handout in EVERY_LIST)
_RECIPIENTS = tuple(dict.fromkeys(handout.recipient for handout in EVERY_LIST))
# fmt: off
PHRASES = (
    "run", "as_of", "policy", "recipient", "unassigned", "rows", "open_total", "flagged", "page",
    "pick_from_list", "date_wanted", "one_customer", "exposure", "plan", "agreed", "signature",
    "empty",
)
# fmt: on


class HandoutWording(BaseModel):
    """The words that only handouts have, section by section, each keyed by code."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    titles: Annotated[dict[str, Words], wording_of(*_IDS)]
    purposes: Annotated[dict[str, Words], wording_of(*_IDS)]
    columns: Annotated[dict[str, Words], wording_of(*COLUMNS)]
    recipients: Annotated[dict[str, Words], wording_of(*_RECIPIENTS)]
    decisions: Annotated[dict[str, Words], wording_of(*DECISIONS)]
    standings: dict[str, Words]
    stages: dict[str, Words]
    hardships: dict[str, Words]
    flags: dict[str, Words]
    proposals: dict[str, Words]
    channel_advice: dict[str, Words]
    assumptions: dict[str, Words]
    chosen_by: dict[str, Words]
    risk_bands: Annotated[dict[str, Words], wording_of(*BANDS)]
    risk_moves: Annotated[dict[str, Words], wording_of(*RISK_MOVES)]
    moves: Annotated[dict[str, Words], wording_of(*MOVES)]
    causes: Annotated[dict[str, Words], wording_of(*CAUSES)]
    phrases: Annotated[dict[str, Words], wording_of(*PHRASES)]


class _File(BaseModel):
    """The whole file; the other sections are read by the rooms that they configure."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    wording: HandoutWording


class Dictionary:
    """Every word that a handout may need, by section and code, in one language or in both."""

    def __init__(
        self, own: HandoutWording, lists: Wording, plans: PlanWording, language: Language
    ) -> None:
        self.own, self.language = own, language
        self.templates = plans.templates
        portraits = {portrait.id: portrait.text for portrait in PORTRAITS}
        self._sections: dict[str, Mapping[str, Text]] = {
            **{name: getattr(own, name) for name in HandoutWording.model_fields},
            "segments": lists.segments,
            "pay_arrangements": lists.pay_arrangements,
            "outcomes": lists.outcomes,
            "methods": plans.methods,
            "reasons": plans.reasons,
            "roles": {**own.recipients, **plans.roles},
            "advice": plans.advice,
            "tasks": plans.tasks,
            "labels": portraits,
        }

    def say(self, text: Text, separator: str = " ") -> str:
        """Return a text in the language asked for; one that is alike in both, once."""
        if self.language != "both":
            return str(getattr(text, self.language))
        return text.zh if text.zh == text.en else f"{text.zh}{separator}{text.en}"

    def word(self, section: str, code: str, separator: str = " ") -> str:
        """Return the word of a code; a code without a word stands as it is."""
        text = self._sections.get(section, {}).get(code)
        return code if text is None else self.say(text, separator)

    def phrase(self, code: str, separator: str = " ") -> str:
        """Return a phrase of a list's frame."""
        return self.say(self.own.phrases[code], separator)

    def head(self, column: str) -> str:
        """Return a column's head, in both languages whatever the body is in (domain 5.3)."""
        text = self.own.columns[column]
        return f"{text.zh}\n{text.en}"

    def codes(self, section: str) -> tuple[str, ...]:
        """Return the codes of a section, in order."""
        return tuple(self._sections[section])


def read_dictionary(path: Path = HANDOUTS_FILE, *, language: Language = "zh") -> Dictionary:
    """Read every word that handouts need.

    Raises:
        ConfigError: A file cannot be read, or a text is missing in a language.
    """
    own = read_words(path, _File).wording
    return Dictionary(own, read_wording(), read_plan_wording(), language)
