"""What a check found, and how it is said: ids, codes, counts and places, never names or amounts."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from contract.errors import DataError
from contract.rule import Severity

# A row's place is one number: which file of its table, then which row of that file.
FILE_SHIFT = 40


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a row came from: its number among the rows of a file, and its line in it.

    A line that is no row has no number; a row of a Parquet file has no line.
    """

    file: str
    row: int | None = None
    line: int | None = None

    def __str__(self) -> str:
        """Name the place as a person would look for it."""
        row = f"row {self.row:,}, " if self.row else ""
        line = f" line {self.line:,}" if self.line else ""
        return f"{row}{self.file}{line}"


# Finds the places of rows of a table from their ``_at``.
Locate = Callable[[str, Sequence[int]], dict[int, Place]]


@dataclass(frozen=True, kw_only=True)
class Breach:
    """What one rule found: how many rows, where the first one is and what to do.

    Attributes:
        found: The middle of the message, in words; it holds ids, codes and counts only.
        first: The place of the first row in breach; None for a fact about a whole table.
    """

    table: str
    column: str
    rule: str
    severity: Severity
    count: int
    total: int
    found: str
    remedy: str
    first: Place | None = None

    def message(self) -> str:
        """Return one line: table, column, count, first example, remedy."""
        first = f" (first: {self.first})" if self.first else ""
        subject = f"{self.table}.{self.column}" if self.column else self.table
        return f"{subject}: {self.found}{first}. {self.remedy}"


@dataclass(frozen=True, kw_only=True)
class CheckReport:
    """Every breach of a dataset, by table in the contract's order."""

    breaches: tuple[Breach, ...]

    @property
    def errors(self) -> tuple[Breach, ...]:
        """The breaches that stop a run."""
        return tuple(b for b in self.breaches if b.severity == "error")

    @property
    def warnings(self) -> tuple[Breach, ...]:
        """The breaches that are printed and kept in the manifest."""
        return tuple(b for b in self.breaches if b.severity == "warning")

    def raise_on_errors(self) -> None:
        """Raise one DataError with a line for each error; return when there is none."""
        if self.errors:
            raise DataError("\n".join(breach.message() for breach in self.errors))

    def as_dict(self) -> dict[str, Any]:
        """Return the report as JSON values."""
        return {
            severity + "s": [
                asdict(b) | {"message": b.message()}
                for b in self.breaches
                if b.severity == severity
            ]
            for severity in ("error", "warning")
        }
