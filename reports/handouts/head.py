"""What a handout says about itself: the run, the day and the policy that it comes from."""

from dataclasses import dataclass, field
from datetime import date

from collection.handouts import Handout
from reports.handouts.words import Dictionary


@dataclass(frozen=True, kw_only=True)
class Head:
    """The origin of all lists of one handing out.

    Attributes:
        run: Id of the plan or scope that they are made from.
        as_of: Only what was known before this day began is in them.
        policy: Version of the policy; empty where none has a part in it.
        key: What workbooks are signed with; None makes checksums (reports.seal).
        edition: Which refresh of the plan it is; empty for the plan as it was made.
    """

    run: str
    as_of: date
    policy: str
    edition: str = ""
    key: bytes | None = field(default=None, repr=False)

    def as_dict(self) -> dict[str, str]:
        """Return it as columns that stand in every row for machines."""
        return {
            "run": self.run,
            "as_of": self.as_of.isoformat(),
            "policy": self.policy,
            "edition": self.edition,
        }


@dataclass(frozen=True, kw_only=True)
class Part:
    """The rows of one list that go to one recipient.

    Attributes:
        role: The role of whoever gets it.
        who: Which one of that role; empty is everybody.
    """

    handout: Handout
    role: str
    who: str
    rows: list[dict[str, object]]

    @property
    def open_fen(self) -> int:
        """What its rows owe together."""
        return sum(int(str(row.get("open_fen") or 0)) for row in self.rows)

    def title(self, words: Dictionary) -> str:
        """Return the list's title."""
        return words.word("titles", self.handout.id, "  ")

    def told(self, head: Head, words: Dictionary) -> str:
        """Return the line that a list is known by: for whom, from what, how much."""
        parts = {
            "recipient": f"{words.word('roles', self.role)} {self.who}".strip(),
            "run": f"{head.run} {head.edition}".strip(),
            "as_of": head.as_of.isoformat(),
            "policy": head.policy,
            "rows": f"{len(self.rows):,}",
            "open_total": f"{self.open_fen / 100:,.2f}" if self.open_fen else "",
        }
        return "   ".join(f"{words.phrase(p)}: {text}" for p, text in parts.items() if text)
