"""The texts of the pictures for slides, read from configs/plots.yaml."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict

from features.declare import Text
from reports.wording import Words, read_words, wording_of

PLOT_WORDS = Path(__file__).parents[2] / "configs" / "plots.yaml"
Language = Literal["zh", "en"]
# In the order in which they are numbered.
SLIDES = (
    *("bands", "aging", "bureaus", "grids", "caught", "calibration", "spread"),
    *("movement", "forecast", "months"),
)
TITLES = (
    *("bands", "aging", "aging_none", "bureaus", "grids"),
    *("caught_ahead", "caught_level", "caught_alone"),
    *("calibrated", "told_too_low", "told_too_high"),
    *("spread", "movement", "forecast", "months_hold", "months_part"),
)
LABELS = (
    *("foot", "bills", "customers", "others", "unknown"),
    *("current", "to_30", "to_90", "to_365", "over"),
    *("contacted", "caught", "random", "capacity", "told", "seen", "perfect", "risk", "number"),
    *("came", "stayed", "left", "all", "collected", "expected", "interval"),
    *("late", "month_told", "month_seen"),
)
MAY_BE_ABSENT = (
    *("grids", "bureaus", "caught", "calibration", "movement", "forecast", "months", "font"),
)


class PlotWords(BaseModel):
    """The wording of the pictures, section by section; each section is keyed by code."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    titles: Annotated[dict[str, Words], wording_of(*TITLES)]
    notes: Annotated[dict[str, Words], wording_of(*SLIDES, "caught_bars")]
    labels: Annotated[dict[str, Words], wording_of(*LABELS)]
    absent: Annotated[dict[str, Words], wording_of(*MAY_BE_ABSENT)]


class Speaker:
    """Says the texts of the pictures in one language."""

    def __init__(self, words: PlotWords, language: Language) -> None:
        """Take the words and the language to say them in."""
        self.words, self.language = words, language

    def of(self, text: Text) -> str:
        """Return a text in the language."""
        return text.zh if self.language == "zh" else text.en

    def title(self, code: str, **filled: Any) -> str:
        """Return a title with its figures."""
        return self.of(self.words.titles[code]).format(**filled)

    def note(self, code: str, **filled: Any) -> str:
        """Return the note of a picture."""
        return self.of(self.words.notes[code]).format(**filled)

    def label(self, code: str, **filled: Any) -> str:
        """Return a label."""
        return self.of(self.words.labels[code]).format(**filled)

    def money(self, fen: float) -> str:
        """Return an amount as people say it: 万元 in Chinese, thousands or millions in English.

        >>> words = read_plot_words()
        >>> Speaker(words, "zh").money(123_456_700), Speaker(words, "en").money(123_456_700)
        ('123.5万元', '1.23 million CNY')
        """
        yuan = fen / 100
        if self.language == "zh":
            return f"{yuan / 1e4:,.1f}万元"
        return f"{yuan / 1e6:,.2f} million CNY" if yuan >= 1e6 else f"{yuan:,.0f} CNY"

    def share(self, value: float, digits: int | None = None) -> str:
        """Return a share as a percentage, of as many digits as a slide needs unless they are told.

        >>> say = Speaker(read_plot_words(), "zh")
        >>> [say.share(value) for value in (0.5941, 0.0456, 0.05, 0.9993)]
        ['59%', '4.6%', '5%', '99.9%']
        """
        fine = int(value < 0.1 or 0.99 < value < 1)
        told = f"{100 * value:.{fine if digits is None else digits}f}"
        # English has a space there, one at which no line breaks.
        sign = "%" if self.language == "zh" else "\N{NO-BREAK SPACE}%"
        return (told.removesuffix(".0") if digits is None else told) + sign


def read_plot_words(path: Path = PLOT_WORDS) -> PlotWords:
    """Read the wording of the pictures.

    Raises:
        ConfigError: A text is missing in a language, or a key is missing or unknown.
    """
    return read_words(path, PlotWords)
