"""What a gate is, what it finds, and who let a run through in spite of it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from features.declare import Text
from pipeline.gates.facts import Facts
from pipeline.gates.settings import Gates


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What a gate found.

    Attributes:
        passed: Whether the run may go out as far as this gate is concerned.
        figure: What was measured; None where there was nothing to compare with.
        limit: What it was held against.
        found: The figure in words: columns, codes, days and counts, never a customer.
    """

    passed: bool
    figure: float | None
    limit: float | None
    found: Text


@dataclass(frozen=True, kw_only=True)
class Gate:
    """One thing that must hold before a list goes out.

    Attributes:
        setting: The limit's name in the section ``gates``; null there switches the gate off.
        judge: Facts and limits in, finding out.
        remedy: What to do when it does not hold.
        acceptable: Whether a person may let the run through in spite of it.
    """

    id: str
    name: Text
    setting: str
    judge: Callable[[Facts, Gates], Finding]
    remedy: Text
    acceptable: bool = True

    def message(self, finding: Finding) -> str:
        """Return one line: gate, what was found, what to do."""
        way_out = (
            f' Or let it through with --accept {self.id} --reason "...".'
            if self.acceptable
            else " This gate cannot be accepted."
        )
        return f"gate {self.id}: {finding.found.en}. {self.remedy.en}{way_out}"

    def as_dict(self, finding: Finding) -> dict[str, Any]:
        """Return the verdict as JSON values."""
        return {
            "gate": self.id,
            "passed": finding.passed,
            "figure": finding.figure,
            "limit": finding.limit,
            "found_zh": finding.found.zh,
            "found_en": finding.found.en,
            "setting": f"gates.{self.setting}",
            "acceptable": self.acceptable,
        }


@dataclass(frozen=True, kw_only=True)
class Accepted:
    """A gate that a person let a run through; ``who`` is the user of the machine."""

    gate: str
    reason: str
    who: str
