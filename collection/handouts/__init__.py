"""Who gets which list (domain 5.2): tables of rows by recipient, made from a plan; no names."""

from collection.handouts.admission import DECISIONS
from collection.handouts.build import SCREENED, Inputs, build_handouts, sort_keys
from collection.handouts.catalogue import HANDOUTS
from collection.handouts.declare import ENTRIES, IDENTITY, NUMBER, Handout
from collection.handouts.history import billing_history
from collection.handouts.thresholds import HANDOUTS_FILE, Thresholds, load_thresholds

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
    "load_thresholds",
    "sort_keys",
]
