"""Who gets which list (domain 5.2): tables of rows by recipient, made from a plan; no names."""

from collection.handouts.admission import DECISIONS
from collection.handouts.build import SCREENED, Inputs, build_handouts, rows_of
from collection.handouts.catalogue import HANDOUTS, handouts_for
from collection.handouts.declare import ENTRIES, IDENTITY, NUMBER, Handout
from collection.handouts.history import billing_history
from collection.handouts.thresholds import HANDOUTS_FILE, Thresholds, load_thresholds, read_section

__all__ = [
    "DECISIONS",
    "ENTRIES",
    "HANDOUTS",
    "HANDOUTS_FILE",
    "IDENTITY",
    "NUMBER",
    "SCREENED",
    "Handout",
    "Inputs",
    "Thresholds",
    "billing_history",
    "build_handouts",
    "handouts_for",
    "load_thresholds",
    "read_section",
    "rows_of",
]
