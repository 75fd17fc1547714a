"""What a spreadsheet does to a text: it runs those that begin like a formula."""

import re

# So begins a formula (OWASP, CSV injection), also after white space or marks that nobody sees, and
# in the full width of a Chinese keyboard, which Excel takes for the plain sign. An apostrophe in
# front stops it; a reader that wants the text back drops one apostrophe before these.
_RUNS = re.compile(r"[\t\r]|[\s\x00-\x20\"\u200b-\u200f\u2060\ufeff]*[=+\-@＝＋－＠]")


def inert(text: str) -> str:
    """Return the text so that no spreadsheet runs it.

    >>> inert("=1+1"), inert(" @SUM(A1)"), inert("-√√√"), inert("张*伟"), inert("＝1")
    ("'=1+1", "' @SUM(A1)", "'-√√√", '张*伟', "'＝1")
    """
    return f"'{text}" if _RUNS.match(text) else text
