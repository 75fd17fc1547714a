"""The law of late payment as dated data: late fee, what a cut takes, prepaid warning and grace.

Nothing here recommends, schedules or performs a cut: it says which conditions are met and since
when, and which written notices a person may prepare.
"""

from collection.law.late_fee import late_fees
from collection.law.load import Cited, citations, in_force, load_law, shipped_laws, to_confirm
from collection.law.model import Law

__all__ = [
    "Cited",
    "Law",
    "citations",
    "in_force",
    "late_fees",
    "load_law",
    "shipped_laws",
    "to_confirm",
]
