"""Handouts as people and systems get them: sheets, pages, CSV and JSON; names are joined here."""

from reports.handouts.head import Head, Part
from reports.handouts.identity import identities_of
from reports.handouts.returned import read_screened
from reports.handouts.words import Dictionary, Language, read_dictionary
from reports.handouts.write import INDEX, total, write_handouts

__all__ = [
    "INDEX",
    "Dictionary",
    "Head",
    "Language",
    "Part",
    "identities_of",
    "read_dictionary",
    "read_screened",
    "total",
    "write_handouts",
]
