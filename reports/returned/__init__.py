"""Workbooks that come back filled in: known by their seal, checked, and read as feedback."""

from reports.returned.answers import Answers, Told, read_answers
from reports.returned.book import Book, Returned, find_sheets, is_handed_out, read_book
from reports.returned.verify import check_part, verify
from reports.returned.words import Mark, Refusal, read_returned_words

__all__ = [
    "Answers",
    "Book",
    "Mark",
    "Refusal",
    "Returned",
    "Told",
    "check_part",
    "find_sheets",
    "is_handed_out",
    "read_answers",
    "read_book",
    "read_returned_words",
    "verify",
]
