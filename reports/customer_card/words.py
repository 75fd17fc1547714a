"""The texts of a customer's card, read from configs/customer_card.yaml."""

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from reports.wording import Words, read_words, wording_of

CARD_WORDS = Path(__file__).parents[2] / "configs" / "customer_card.yaml"

# One phrase a line would hide the module behind its list.
# fmt: off
PHRASES = (
    "title", "customer", "name", "as_of", "listed", "not_listed", "nothing_open",
    "open_not_listed", "bill", "issued", "due", "amount", "open", "cleared", "still_open",
    "how_often", "not_certain", "reasons", "no_reasons", "behind", "in_favour", "meaning",
    "can_do", "records", "records_note", "bills", "payments", "contacts", "paid_on", "paid",
    "paid_by", "failed", "reversal", "ok", "state", "none", "reference",
)
# fmt: on


class CardWords(BaseModel):
    """The texts of a card.

    Attributes:
        meanings: What being on the list means, a sentence each.
        can_do: What the customer can do, and whom to ask.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    phrases: Annotated[dict[str, Words], wording_of(*PHRASES)]
    meanings: Annotated[tuple[Words, ...], Field(min_length=1)]
    can_do: Annotated[tuple[Words, ...], Field(min_length=1)]


def read_card_words(path: Path = CARD_WORDS) -> CardWords:
    """Read the texts.

    Raises:
        ConfigError: A text is missing in a language, or a key is missing or unknown.
    """
    return read_words(path, CardWords)
