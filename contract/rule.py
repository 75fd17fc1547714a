"""What a rule of the contract is: one declared value, run set by set by contract.checks.

A rule's SQL reads views named after the contract's tables. A view has the table's columns; for
each column whose written value may not be taken a text ``!column``, which holds that value where
it was not and is empty elsewhere; for each amount a boolean ``~column``; and ``_at``, the place
of the row in its source. The engine's variables ``as_of``, ``horizon``, ``latest`` and ``stride``
are set by contract.checks.set_scene, which also makes the table ``odd_payment``: the payments that
name a bill which is not there (``is_stray``) or that were paid before its issue (``is_early``). A
rule with ``alike`` finds a table of that name made for it.
"""

from dataclasses import dataclass
from typing import Literal

from contract.tables import Column

Severity = Literal["error", "warning"]
Scope = Literal["row", "rows", "table"]


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One thing that must hold, or that ought to.

    Attributes:
        id: The name by which a warning is promoted.
        scope: ``row``: sql is a predicate on one row that is true for a breach. ``rows``: sql
            selects the ``_at`` of every row in breach. ``table``: sql gives at most one row of
            (count, total, what was found).
        what: The end of the sentence "3 of 1,204 rows ...", in the plural.
        alike: What no two rows may have in common, as SQL expressions: only where some have is
            sql run, and finds in the table ``alike`` the hashes ``h`` of what they have.
        among: The predicate of the rows that are compared.
        remedy: What to do about it, as a sentence.
        shows: What a message may say of the values in breach: every code, or the first value.
    """

    id: str
    severity: Severity
    table: str
    column: str
    scope: Scope
    sql: str
    remedy: str
    what: str = ""
    alike: str = ""
    among: str = "true"
    shows: Literal["nothing", "codes", "first"] = "nothing"


def fault(column: str) -> str:
    """Return the name of the column that holds a written value which could not be taken.

    >>> fault("due_on")
    '!due_on'
    """
    return f"!{column}"


def rounding(column: str) -> str:
    """Return the name of the column that says an amount was written finer than a fen."""
    return f"~{column}"


def has_fault(column: Column) -> bool:
    """Say whether a written value of this column can fail to be taken; any text is text."""
    return column.kind != "text"
