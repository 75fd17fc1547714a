"""What a list is: which recipient gets which rows and columns, in what order and form.

A list is a frozen value in a literal tuple (catalogue.py). Its title and the heads of its columns
are words, in configs/handouts.yaml.
"""

from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "contact",  # somebody acts on it: a customer is on one of them at most
    "task",  # what is to be mended in the files
    "advice",  # what is to be offered
    "overview",  # what a recipient answers for
    "push",  # the same contacts once more, for another device
]
Form = Literal["csv", "xlsx", "json", "html"]

# Personal data: joined only when a list is written for people (contract.md, identities).
IDENTITY = ("name", "phone", "address")
# Filled in by people; a table of rows never has them.
ENTRIES = (
    *("decision", "reason_given", "contacted_on", "outcome", "promised_on", "new_contact", "note"),
    *("approved_by", "approved_on", "served_on", "measures", "agreed_on"),
    "dispute_until_on",
)
# What the texts of configs/plan_wording.yaml speak of.
SAID = ("bills", "open_fen", "oldest_due_on", "dpd", "advice_fen")


@dataclass(frozen=True, kw_only=True)
class Handout:
    """One list.

    Attributes:
        id: Unique; its title and purpose are worded under it.
        recipient: The role that gets it; worded.
        split: The columns whose values get a file each; none is one file for all.
        columns: What it shows, in order; those of IDENTITY are joined and those of ENTRIES left
            empty when it is written.
        rows: SQL over the tables of build.py; ``{hardship.late_bills}`` and the like stand for
            the Thresholds.
        order: The columns that rows are sorted by within a file; all rows are told apart by them.
    """

    id: str
    kind: Kind
    recipient: str
    forms: tuple[Form, ...]
    columns: tuple[str, ...]
    rows: str
    order: tuple[str, ...]
    split: tuple[str, ...] = ()

    @property
    def made(self) -> tuple[str, ...]:
        """The columns that its table has: those shown that are neither joined nor filled in.

        A text to be said is filled from columns that the list need not show.
        """
        own = [c for c in self.columns if c not in {*IDENTITY, *ENTRIES, NUMBER}]
        return tuple(dict.fromkeys([*own, *SAID] if "say" in own else own))


NUMBER = "no"  # the place in the file, counted from 1; added when it is written
