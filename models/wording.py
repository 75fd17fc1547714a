"""Sentences with a row's own numbers: of which rows one is true, and how each unit is written."""

import re
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from contract.errors import ConfigError
from features.declare import QUOTED, Feature, Reason, Text, Unit

Mask = npt.NDArray[np.bool_]

# A plural after a lone 1, as in "1 days late"; not after 0.1 or 21.
_ONE_OF = re.compile(r"(?<![\d.,])1 (day|bill|time|month|payment channel)s\b")

# Columns of the matrix beside the features that a sentence may quote.
_KEYS: dict[str, Unit] = {"open_cny": "CNY"}


def _whole(value: float) -> str:
    return f"{round(value):,d}"


_WRITTEN: dict[Unit, Callable[[float], str]] = {
    "CNY": lambda value: f"¥{value:,.2f}" if value >= 0 else f"-¥{-value:,.2f}",
    "kWh": _whole,
    "kVA": _whole,
    "days": _whole,
    "count": _whole,
    "flag": _whole,
    "share": lambda value: f"{value:.0%}",
    "ratio": lambda value: f"{value:.1f}",
    "number": lambda value: f"{value:,.6g}",
}


def write(value: float | str, unit: Unit) -> str:
    """Return a value as people read it; a missing one is a dash.

    >>> [write(v, u) for v, u in ((1234.5, "CNY"), (7.6, "days"), (0.254, "share"))]
    ['¥1,234.50', '8', '25%']
    >>> write(1.94, "ratio"), write("bank_debit", "code"), write(float("nan"), "CNY")
    ('1.9', 'bank_debit', '-')
    """
    if pd.isna(value):
        return "-"
    return str(value) if unit == "code" else _WRITTEN[unit](float(value))


def quoted_units(features: Sequence[Feature]) -> dict[str, Unit]:
    """Return the unit of each column that a sentence may quote.

    Raises:
        ConfigError: A sentence quotes a column that is no feature.
    """
    units: dict[str, Unit] = {**_KEYS, **{f.name: f.unit for f in features}}
    for feature in features:
        for reason in filter(None, (feature.risk, feature.relief)):
            unknown = [column for column in reason.columns() if column not in units]
            if unknown:
                raise ConfigError(
                    f"feature {feature.name}: a reason quotes {unknown[0]}, which is no feature; "
                    "quote a declared column."
                )
    return units


def holds(reason: Reason, feature: Feature, matrix: pd.DataFrame) -> Mask:
    """Return, per row, whether the reason is true of it and all that it quotes is known.

    Raises:
        ConfigError: A condition compares a code with a number.
    """
    said = _meets(reason, feature, matrix[feature.name])
    if given := reason.given_column():
        said = said & reason.given_holds(matrix[given].to_numpy(dtype=np.float64, na_value=np.nan))
    for column in reason.columns():
        said = said & matrix[column].notna().to_numpy()
    return said


def _meets(reason: Reason, feature: Feature, column: pd.Series) -> Mask:
    if not feature.is_categorical:
        return reason.holds(column.to_numpy(dtype=np.float64, na_value=np.nan))
    if reason.when:
        raise ConfigError(
            f"feature {feature.name}: its reason holds when {reason.when!r}, but it is a code; "
            "declare a flag for the code that matters."
        )
    return column.notna().to_numpy()


def tell(
    reason: Reason, feature: Feature, matrix: pd.DataFrame, units: Mapping[str, Unit]
) -> list[Text]:
    """Return the reason once per row of which it holds, with that row's values.

    Where the feature's own value would be written as 0, `Reason.at_zero` is said in its place.
    """
    told = fill(reason.text, matrix, units)
    if reason.at_zero is None:
        return told
    zero = write(0.0, feature.unit)
    own = [write(abs(value), feature.unit) for value in matrix[feature.name].tolist()]
    at_zero = fill(reason.at_zero, matrix, units)
    return [
        other if number == zero else text
        for text, other, number in zip(told, at_zero, own, strict=True)
    ]


def fill(text: Text, matrix: pd.DataFrame, units: Mapping[str, Unit]) -> list[Text]:
    """Return the sentence once per row, each with that row's values.

    ``{column:abs}`` is written without its sign, for sentences that say "earlier" or "later".
    """
    zh, en = _written(text.zh, matrix, units), _written(text.en, matrix, units)
    return [Text(zh=one, en=_ONE_OF.sub(r"1 \1", other)) for one, other in zip(zh, en, strict=True)]


def _written(template: str, matrix: pd.DataFrame, units: Mapping[str, Unit]) -> list[str]:
    said = [""] * len(matrix)
    after = 0
    for quoted in QUOTED.finditer(template):
        plain = template[after : quoted.start()]
        values = matrix[quoted[1]].abs() if quoted[2] else matrix[quoted[1]]
        numbers = [write(value, units[quoted[1]]) for value in values.tolist()]
        said = [done + plain + number for done, number in zip(said, numbers, strict=True)]
        after = quoted.end()
    return [done + template[after:] for done in said]
