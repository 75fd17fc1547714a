"""What is said of a workbook that cannot be taken, in both languages (configs/feedback.yaml)."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict

from collection.feedback import RULES, TOLD_OTHERWISE
from contract.errors import DataError
from features.declare import Text
from reports.wording import WORDING, Words, read_words, wording_of

FEEDBACK_WORDING = WORDING.with_name("feedback.yaml")

MARKS = (
    *("no_day", "no_choice", "no_number", "before_list", "far_off", "half_filled"),
    *("no_customer", "told_twice"),
)
REFUSALS = (
    *("not_ours", "no_sheet", "two_alike", "column_gone", "no_feedback", "of_other_run"),
    *("no_key", "unsigned", "forged", "rows_changed", "cells_changed"),
)
_MOST_NAMED = 20  # marks of one file; one with more is broken throughout
_MOST_TOLD = 60  # characters of what stands in a cell


class ReturnedWords(BaseModel):
    """The words, section by section, each keyed by code."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    faults: Annotated[dict[str, Words], wording_of(*(rule.id for rule in RULES), TOLD_OTHERWISE)]
    marks: Annotated[dict[str, Words], wording_of(*MARKS)]
    refusals: Annotated[dict[str, Words], wording_of(*REFUSALS)]
    phrases: Annotated[dict[str, Words], wording_of("nothing_taken", "more", "row")]


@dataclass(frozen=True, kw_only=True)
class Mark:
    """One cell that cannot be taken.

    Attributes:
        head: The column's head as people know it; empty for the row as a whole.
        code: Of the words' marks or faults.
        sheet: The sheet that it is on.
    """

    row: int
    head: str
    code: str
    value: str = ""
    sheet: str = ""


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """How one workbook is refused: its name, and the words."""

    label: str
    words: ReturnedWords

    def whole(self, code: str, value: str = "") -> DataError:
        """Return the error that refuses the file as a whole."""
        return DataError(f"{self.label}: {_said(self.words.refusals[code], value)}")

    def marked(self, marks: Sequence[Mark]) -> None:
        """Raise one DataError that names each mark by sheet, row and column; none, none.

        Raises:
            DataError: There are marks.
        """
        if not marks:
            return
        sheets = list(dict.fromkeys(mark.sheet for mark in marks))
        ordered = sorted(marks, key=lambda mark: (sheets.index(mark.sheet), mark.row))
        lines = [self._line(mark) for mark in ordered[:_MOST_NAMED]]
        if more := len(marks) - len(lines):
            lines.append(_said(self.words.phrases["more"], f"{more:,}"))
        lines.append(_said(self.words.phrases["nothing_taken"]))
        raise DataError("\n".join(lines))

    def _line(self, mark: Mark) -> str:
        where = _said(self.words.phrases["row"], f"{mark.row:,}")
        text = self.words.faults.get(mark.code) or self.words.marks[mark.code]
        place = f"{self.label} {mark.sheet} {where}{f', {mark.head}' if mark.head else ''}"
        return f"{place}: {_said(text, mark.value)}"


def _said(text: Text, value: str = "") -> str:
    short = value if len(value) <= _MOST_TOLD else f"{value[:_MOST_TOLD]}…"
    return f"{text.zh.format(value=short)} {text.en.format(value=short)}"


def read_returned_words(path: Path = FEEDBACK_WORDING) -> ReturnedWords:
    """Read the words.

    Raises:
        ConfigError: The file cannot be read, or a text is missing in a language.
    """
    return read_words(path, ReturnedWords)
