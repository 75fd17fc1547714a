"""The law of late payment as dated data: late fee, what a cut takes, prepaid warning and grace.

Nothing here recommends, schedules or performs a cut: it says which conditions are met and since
when, and which written notices a person may prepare.
"""

from collection.law.disconnection import (
    CONDITIONS,
    RECORD_SCHEMA,
    RECORDS,
    STEPS,
    WEATHER_SCHEMA,
    eligibility,
)
from collection.law.late_fee import late_fees
from collection.law.load import Cited, citations, in_force, load_law, shipped_laws, to_confirm
from collection.law.model import Law
from collection.law.no_cut import is_no_cut_day
from collection.law.notices import notices_to_prepare
from collection.law.page import law_markdown
from collection.law.prepaid import low_balances

__all__ = [
    "CONDITIONS",
    "RECORDS",
    "RECORD_SCHEMA",
    "STEPS",
    "WEATHER_SCHEMA",
    "Cited",
    "Law",
    "citations",
    "eligibility",
    "in_force",
    "is_no_cut_day",
    "late_fees",
    "law_markdown",
    "load_law",
    "low_balances",
    "notices_to_prepare",
    "shipped_laws",
    "to_confirm",
]
