"""What a feature is: one frozen value from which every other mention of it is derived.

The matrix column, the monotone constraint, the reason a customer may read, the dictionary page
and the column heads all come from this value, so they cannot drift apart.
"""

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from contract.errors import ConfigError

Family = Literal[
    "timing",
    "lateness",
    "arrears",
    "amount",
    "payment",
    "channel",
    "habit",
    "contact",
    "consumption",
    "calendar",
    "account",
    "neighbourhood",
    "prepaid",
    "extra",
]
Unit = Literal["CNY", "kWh", "kVA", "days", "count", "ratio", "share", "flag", "code", "number"]
View = Literal[
    "bill_facts",
    "outcome_facts",
    "payment_facts",
    "contact_facts",
    "balance_facts",
    "cut_facts",
    "other_facts",
    "row",
]
# What a row of the matrix is: a bill open at as_of, or a prepaid customer.
Scored = Literal["bill", "prepaid"]

# {column}, or {column:abs} for its size without the sign.
QUOTED = re.compile(r"\{([a-z][a-z0-9_]*)(?::(abs))?\}")
_NUMBER = r"(-?\d+(?:\.\d+)?|<n>)"
_COMPARISON = re.compile(rf"(<=|>=|==|<|>) {_NUMBER}")
_RANGE = re.compile(rf"in {_NUMBER}\.\.{_NUMBER}")
_GIVEN = re.compile(r"([a-z][a-z0-9_]*) (.+)")
_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "==": operator.eq,
    "<": operator.lt,
    ">": operator.gt,
}


@dataclass(frozen=True, kw_only=True)
class Text:
    """One wording in Chinese and in English."""

    zh: str
    en: str

    def fill(self, **values: object) -> "Text":
        """Return the wording with each ``<key>`` replaced by its value."""
        zh, en = self.zh, self.en
        for key, value in values.items():
            zh, en = zh.replace(f"<{key}>", str(value)), en.replace(f"<{key}>", str(value))
        return Text(zh=zh, en=en)


@dataclass(frozen=True, kw_only=True)
class Window:
    """An observation window: the last months before as_of, or the last bills known then.

    A window of n months is the half-open interval [as_of - n months, as_of).
    """

    months: int | None = None
    bills: int | None = None

    def __post_init__(self) -> None:
        if (self.months is None) == (self.bills is None):
            raise ConfigError("A window is either months or bills; give exactly one of the two.")

    @property
    def suffix(self) -> str:
        """The end of a column name: ``6m`` for months, ``6b`` for bills."""
        return f"{self.months}m" if self.months is not None else f"{self.bills}b"

    @property
    def text(self) -> Text:
        """The window in words."""
        if self.months is not None:
            return Text(zh=f"近{self.months}个月", en=_last(self.months, "month"))
        return Text(zh=f"近{self.bills}期", en=_last(self.bills or 0, "bill"))


def _last(count: int, one: str) -> str:
    return f"last {one}" if count == 1 else f"last {count} {one}s"


@dataclass(frozen=True, kw_only=True)
class Reason:
    """A sentence about one customer, with the condition under which it is worth saying.

    Attributes:
        text: The sentence; ``{column}`` stands for the customer's own value of that feature
            column, formatted by its unit, ``{column:abs}`` for its size without the sign.
        when: What the feature's own value must meet: a comparison such as ``> 0``, a range
            such as ``in -10..20`` (both ends included), or nothing.
        given: What another column must meet besides, such as ``bills_seen >= 6``.
        at_zero: The sentence for a value that would be written as 0, where "0 days left" is not
            what people say; the text itself when None.
    """

    text: Text
    when: str = ""
    given: str = ""
    at_zero: Text | None = None

    def __post_init__(self) -> None:
        found = _GIVEN.fullmatch(self.given)
        _check_condition(self.when)
        _check_condition(found[2] if found else self.given)

    def holds(self, values: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Tell for which values the sentence may be said; never for a missing one.

        >>> Reason(text=Text(zh="", en=""), when="in 0..3").holds(np.array([0.0, 4.0, np.nan]))
        array([ True, False, False])
        """
        return _meets(self.when, values)

    def given_column(self) -> str | None:
        """Return the other column that has a say in whether the sentence may be said."""
        found = _GIVEN.fullmatch(self.given)
        return found[1] if found else None

    def given_holds(self, values: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Tell for which values of the other column the sentence may be said."""
        found = _GIVEN.fullmatch(self.given)
        return _meets(found[2] if found else "", values)

    def columns(self) -> tuple[str, ...]:
        """Return the feature columns that the sentence quotes or depends on."""
        texts = [self.text, *([self.at_zero] if self.at_zero else [])]
        wordings = [wording for text in texts for wording in (text.zh, text.en)]
        found = [m[1] for wording in wordings for m in QUOTED.finditer(wording)]
        given = self.given_column()
        return tuple(dict.fromkeys([*found, given] if given else found))


def _check_condition(condition: str) -> None:
    if condition and not (_COMPARISON.fullmatch(condition) or _RANGE.fullmatch(condition)):
        raise ConfigError(
            f"reason condition {condition!r} is not understood; write a comparison such as"
            " '> 0' or a range such as 'in -10..20'."
        )


def _meets(condition: str, values: NDArray[np.float64]) -> NDArray[np.bool_]:
    known = ~np.isnan(values)
    if found := _COMPARISON.fullmatch(condition):
        return known & _OPERATORS[found[1]](values, float(found[2]))
    if found := _RANGE.fullmatch(condition):
        return known & (values >= float(found[1])) & (values <= float(found[2]))
    return known


@dataclass(frozen=True, kw_only=True)
class Feature:
    """One column of the feature matrix.

    Attributes:
        stem: What is measured; the column name is stem and window.
        family: The group under which its contribution is explained.
        over: The fact view whose rows are aggregated, or ``row`` for an expression over the
            scored bill and the columns already computed.
        sql: The expression; ``{w}`` stands for the window's condition on a row of the view, for
            ``row`` on the scored bill.
        unit: What a number means; CNY is yuan.
        direction: +1 when a larger value means more risk, -1 when less, 0 when open.
        empty: What a customer without rows in the window gets; None is missing.
        risk: What to tell when the value speaks for lateness.
        relief: What to tell when it speaks against.
        levels: The categories of a code, in order; empty for a number.
    """

    stem: str
    family: Family
    over: View
    sql: str
    unit: Unit
    description: Text
    direction: Literal[-1, 0, 1] = 0
    window: Window | None = None
    empty: float | None = None
    risk: Reason | None = None
    relief: Reason | None = None
    levels: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The column name, derived so that it cannot lie."""
        return f"{self.stem}_{self.window.suffix}" if self.window else self.stem

    @property
    def is_categorical(self) -> bool:
        """True when the column holds codes rather than numbers."""
        return self.unit == "code"


def spread(*windows: Window, **feature: Any) -> tuple[Feature, ...]:
    """Declare one feature over several windows.

    ``<window>`` in its wording becomes the window in words, and ``<w>``, there and in the SQL,
    the suffix of the window's column names, so that it can quote its neighbours; ``<n>`` in a
    reason's ``given`` becomes the number of months or bills.
    """
    return tuple(_at_window(Feature(**feature), window) for window in windows)


def _at_window(feature: Feature, window: Window) -> Feature:
    def filled(wording: Text) -> Text:
        return Text(
            zh=wording.fill(window=window.text.zh, w=window.suffix).zh,
            en=wording.fill(window=window.text.en, w=window.suffix).en,
        )

    def sentence(reason: Reason | None) -> Reason | None:
        return reason and replace(
            reason,
            text=filled(reason.text),
            at_zero=reason.at_zero and filled(reason.at_zero),
            given=reason.given.replace("<w>", window.suffix).replace("<n>", window.suffix[:-1]),
        )

    return replace(
        feature,
        window=window,
        sql=feature.sql.replace("<w>", window.suffix),
        description=filled(feature.description),
        risk=sentence(feature.risk),
        relief=sentence(feature.relief),
    )
