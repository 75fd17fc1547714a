"""Reading written values: SQL that turns a text into a day, an amount or a code, or into nothing.

Nothing is guessed: a text that can be read in two ways, or in none, gives NULL, and the check
reports it. What is accepted besides the plain form: blanks around a value; in numbers full-width
digits, thousands separators in groups of three, a leading or closing yuan sign and blanks.
"""

import re
from datetime import datetime

from contract.engine import text
from contract.mapping_model import EXCEL_SERIAL
from contract.tables import YEARS, Column

# What stands around a value without being part of it; the last two are Chinese and hard blanks.
_BLANKS = " \t\r\n\u3000\xa0\ufeff"

_WIDE = "０１２３４５６７８９．，－＋￥"
_NARROW = "0123456789.,-+¥"

_TRUE = ("true", "t", "yes", "y", "1", "是", "有")
_FALSE = ("false", "f", "no", "n", "0", "否", "无")


def cleaned(column: str, empty: tuple[str, ...]) -> str:
    """Return SQL for a source text without blanks around it, NULL when it stands for nothing."""
    trimmed = f"nullif(trim({column}, {text(_BLANKS)}), '')"
    for word in empty:
        trimmed = f"nullif({trimmed}, {text(word)})"
    return trimmed


def recoded(value: str, codes: dict[str, str]) -> str:
    """Return SQL for a text after the mapping's codes; the longest match counts.

    >>> recoded("v", {"20*": "residential", "203": "public"})
    "CASE WHEN v = '203' THEN 'public' WHEN starts_with(v, '20') THEN 'residential' ELSE v END"
    """
    if not codes:
        return value
    exact = [c for c in codes if not c.endswith("*")]
    begin = sorted((c for c in codes if c.endswith("*")), key=len, reverse=True)
    cases = [f"WHEN {value} = {text(c)} THEN {text(codes[c])}" for c in exact]
    cases += [f"WHEN starts_with({value}, {text(c[:-1])}) THEN {text(codes[c])}" for c in begin]
    return f"CASE {' '.join(cases)} ELSE {value} END"


def read_as(column: Column, value: str, formats: tuple[str, ...], shift_days: int = 0) -> str:
    """Return SQL that reads a text as a column's kind; NULL when it cannot be read."""
    codes = ", ".join(text(code) for code in column.codes)
    shift = f" + to_days({shift_days})" if shift_days else ""
    readings = {
        "text": lambda: value,
        "code": lambda: f"CASE WHEN {value} IN ({codes}) THEN {value} END",
        "bool": lambda: _boolean(value),
        "month": lambda: _month(value, formats),
        "date": lambda: f"CAST({_moment(value, formats)}{shift} AS DATE)",
        "timestamp": lambda: f"CAST({_moment(value, formats)}{shift} AS TIMESTAMP)",
        "money": lambda: f"TRY_CAST({_exact(value)} AS DECIMAL(18,2))",
        "integer": lambda: _whole(value),
        "number": lambda: read_number(value),
    }
    return readings[column.kind]()


def read_number(value: str) -> str:
    """Return SQL that reads a text as a number of any kind; NULL when it cannot be read."""
    return f"TRY_CAST({_number(value, exponent='[eE][+-]?')} AS DOUBLE)"


def is_rounded(value: str) -> str:
    """Return SQL that is true for an amount written finer than a fen (beyond float noise)."""
    return f"coalesce(abs({_exact(value)} - round({_exact(value)}, 2)) > 0.000001, false)"


def _exact(value: str) -> str:
    return f"TRY_CAST({_number(value)} AS DECIMAL(38,10))"


def _whole(value: str) -> str:
    whole = f"regexp_replace({_number(value)}, '\\.0*$', '')"
    return f"TRY_CAST(CASE WHEN NOT contains({whole}, '.') THEN {whole} END AS INTEGER)"


def _number(value: str, *, exponent: str = "[eE]-") -> str:
    """Return SQL for the plain digits of a written number, NULL for anything else.

    A comma is taken only where it parts groups of three, so a decimal comma is never lost. An
    amount may be float noise such as 1.1e-13; 1.2E+05 is one whose digits a spreadsheet lost.
    """
    narrow = f"translate({value}, '{_WIDE}', '{_NARROW}')"
    bare = f"trim(replace({narrow}, ' ', ''), '¥元')"
    plain = rf"[+-]?([0-9]+|[0-9]{{1,3}}(,[0-9]{{3}})+)(\.[0-9]*)?({exponent}[0-9]{{1,3}})?"
    return f"CASE WHEN regexp_full_match({bare}, '{plain}') THEN replace({bare}, ',', '') END"


def _boolean(value: str) -> str:
    words = {True: _TRUE, False: _FALSE}
    cases = (
        f"WHEN lower({value}) IN ({', '.join(map(text, forms))}) THEN {truth}"
        for truth, forms in words.items()
    )
    return f"CASE {' '.join(cases)} END"


def _moment(value: str, formats: tuple[str, ...]) -> str:
    """Return SQL for the moment that a text means by the first format that fits it whole."""
    tries = [_excel(value) if form == EXCEL_SERIAL else _by_format(value, form) for form in formats]
    moment = f"coalesce({', '.join(tries)})"
    return f"CASE WHEN year({moment}) BETWEEN {YEARS[0]} AND {YEARS[1]} THEN {moment} END"


def _by_format(value: str, form: str) -> str:
    moment = f"try_strptime({value}, {text(form)})"
    if re.search(r"%.%", form):
        # Without separators the engine would read 2026011 as a day; the length tells.
        width = len(datetime(2026, 11, 22, 10, 11, 12).strftime(form))
        return f"CASE WHEN length({value}) = {width} THEN {moment} END"
    return moment


def _excel(value: str) -> str:
    """Days since 30 December 1899 with the time as a fraction, as Excel keeps moments."""
    serial = f"TRY_CAST({_number(value)} AS DOUBLE)"
    seconds = f"CAST(round({serial} * 86400) AS BIGINT)"
    moment = f"TIMESTAMP '1899-12-30' + to_seconds({seconds})"
    return f"CASE WHEN {serial} BETWEEN 1 AND 110000 THEN {moment} END"


def _month(value: str, formats: tuple[str, ...]) -> str:
    """Return SQL for 202610 from 202610, 2026-10, 2026年10月 or a day in the month."""
    parts = f"regexp_extract({value}, '^([0-9]{{4}})(?:[-/.年]([0-9]{{1,2}})|([0-9]{{2}}))月?$', "
    year = f"TRY_CAST({parts}1) AS INTEGER)"
    month = f"TRY_CAST(concat({parts}2), {parts}3)) AS INTEGER)"
    day = _moment(value, tuple(f for f in formats if "%d" in f or f == EXCEL_SERIAL))
    return (
        f"CASE WHEN {month} BETWEEN 1 AND 12 AND {year} BETWEEN {YEARS[0]} AND {YEARS[1]} "
        f"THEN {year} * 100 + {month} ELSE year({day}) * 100 + month({day}) END"
    )
