"""What came back from a list: entries of an append-only ledger, and what they mean (R001-05)."""

from collection.feedback.derive import contacts_of, holds_of, overrides_of, records_of
from collection.feedback.entries import (
    ENTRY_SCHEMA,
    KNOWN_SCHEMA,
    TOLD_OTHERWISE,
    Brought,
    Fault,
    read_entries,
)
from collection.feedback.form import FORM, RULES

__all__ = [
    "ENTRY_SCHEMA",
    "FORM",
    "KNOWN_SCHEMA",
    "RULES",
    "TOLD_OTHERWISE",
    "Brought",
    "Fault",
    "contacts_of",
    "holds_of",
    "overrides_of",
    "read_entries",
    "records_of",
]
