"""Conditions of aggregates, said in the way that the engine is fastest at.

Features say ``sum(x) FILTER (WHERE c)``, which reads best. DuckDB spends more time on a filter
than on the sum: per aggregate and chunk of rows it gathers the rows that pass. Where no value
counts as missing, ``sum(CASE WHEN c THEN x END)`` is the same and takes half the time.
"""

import re
from itertools import accumulate

_FILTER = " FILTER (WHERE "
# Aggregates that pass over missing values.
_PASSES_OVER = ("count", "sum", "min", "max")
_INNERMOST = re.compile(r"\([^()]*\)")
_CALLED = re.compile(rf"\b({'|'.join(_PASSES_OVER)})$")


def without_filters(sql: str) -> str:
    """Return an aggregate expression with conditions inside its sums, counts and extremes.

    >>> without_filters("count(*) FILTER (WHERE late = 1) - max(k) FILTER (WHERE (late + k) > 1)")
    'count(CASE WHEN late = 1 THEN 1 END) - max(CASE WHEN (late + k) > 1 THEN k END)'
    >>> without_filters("count(DISTINCT channel) FILTER (WHERE paid)")
    'count(DISTINCT channel) FILTER (WHERE paid)'
    """
    if not _brackets_match(sql):
        return sql  # the engine will say what is wrong with it
    at = sql.find(_FILTER)
    while at >= 0:
        end = _closing(sql, at + len(_FILTER))
        start = _opening(sql, at - 1)
        called = _CALLED.search(sql[:start])
        argument = sql[start + 1 : at - 1]
        if called and _is_plain(argument):
            value = "1" if argument == "*" else argument
            inside = f"CASE WHEN {sql[at + len(_FILTER) : end]} THEN {value} END"
            sql = f"{sql[: start + 1]}{inside}{sql[end:]}"
            at = sql.find(_FILTER, start)
        else:
            at = sql.find(_FILTER, end)
    return sql


def _is_plain(argument: str) -> bool:
    top = argument
    while _INNERMOST.search(top):
        top = _INNERMOST.sub("", top)
    return not re.search(r",|\b(DISTINCT|ORDER)\b", top, re.IGNORECASE)


def _brackets_match(sql: str) -> bool:
    """Tell whether brackets pair up; those in a text literal are not understood here."""
    if any("(" in part or ")" in part for part in sql.split("'")[1::2]):
        return False
    depths = list(accumulate({"(": 1, ")": -1}.get(letter, 0) for letter in sql))
    return not depths or (min(depths) >= 0 and depths[-1] == 0)


def _closing(sql: str, start: int) -> int:
    """Return the place of the bracket that closes the one before ``start``."""
    depth, at = 1, start
    while depth:
        depth += {"(": 1, ")": -1}.get(sql[at], 0)
        at += 1
    return at - 1


def _opening(sql: str, end: int) -> int:
    """Return the place of the bracket that the one at ``end`` closes."""
    depth, at = 1, end
    while depth:
        at -= 1
        depth += {")": 1, "(": -1}.get(sql[at], 0)
    return at
