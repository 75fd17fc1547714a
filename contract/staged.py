"""One file of a source after reading: every cell as text, every row with its place.

Each kind of source (delimited text, workbook, Parquet) gives its files in this one form, so
mapping and checking never know where rows came from. A new kind of source is one more function
that returns these, entered in contract.source.READERS.
"""

import unicodedata
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Literal

from contract.errors import DataError

Encoding = Literal["auto", "utf-8", "gb18030", "utf-16"]


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How rows lie in a file.

    Attributes:
        header_row: The line of the column heads, counted from 1; rows begin below it.
        sheet: The sheet of a workbook; None takes its only sheet.
        delimiter: What parts the fields of a line; None takes it from the heads.
    """

    header_row: int = 1
    sheet: str | None = None
    encoding: Encoding = "auto"
    delimiter: str | None = None


@dataclass(frozen=True, kw_only=True)
class Reject:
    """A line that is no row of its file, such as one with too few fields."""

    line: int
    why: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Staged:
    """One file as a relation of text columns ``c0``, ``c1``, ... and ``file_row_number`` from 0.

    Attributes:
        label: The file's name for people, below the source folder, with its sheet.
        heads: The column heads; ``heads[i]`` is of column ``c<i>``. An empty one is unnamed.
        relation: A SQL FROM-expression.
        lines: Finds the line of each row (from 1) in the file; empty where rows have no lines.
    """

    label: str
    heads: tuple[str, ...]
    relation: str
    lines: Callable[[Collection[int]], dict[int, int]]
    rejects: tuple[Reject, ...] = field(default=())

    def head(self, heads: tuple[str, ...]) -> str | None:
        """Return the first of these heads that the file has, or None.

        Capitals and full-width forms make no difference: CONS_NO is cons_no, （元） is (元).

        Raises:
            DataError: The file has that head twice.
        """
        plain = [_plain(head) for head in self.heads]
        for head in heads:
            if plain.count(_plain(head)) > 1:
                raise DataError(f"{self.label}: two columns are called {head}. Rename one.")
            if _plain(head) in plain:
                return head
        return None

    def column(self, heads: tuple[str, ...]) -> str | None:
        """Return the name of the column under the first of these heads that the file has."""
        head = self.head(heads)
        if head is None:
            return None
        return f"c{[_plain(own) for own in self.heads].index(_plain(head))}"


def _plain(head: str) -> str:
    return unicodedata.normalize("NFKC", head).casefold()
