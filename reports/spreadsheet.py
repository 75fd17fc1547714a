"""What a spreadsheet does to a text: it runs those that begin like a formula."""

# So begins a formula (OWASP, CSV injection), also after white space. An apostrophe in front stops
# it; a reader that wants the text back drops one apostrophe before these.
_FORMULA_STARTS = ("=", "+", "-", "@")


def inert(text: str) -> str:
    """Return the text so that no spreadsheet runs it.

    >>> inert("=1+1"), inert(" @SUM(A1)"), inert("-√√√"), inert("张*伟")
    ("'=1+1", "' @SUM(A1)", "'-√√√", '张*伟')
    """
    runs = text.lstrip().startswith(_FORMULA_STARTS) or text.startswith(("\t", "\r"))
    return f"'{text}" if runs else text
