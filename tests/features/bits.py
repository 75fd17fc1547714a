"""Equality of two matrices to the last bit."""

import pandas as pd


def differing(one: pd.DataFrame, other: pd.DataFrame) -> list[str]:
    """Return the columns that differ in any bit; ``rows`` when there are other rows."""
    if list(one.columns) != list(other.columns):
        return ["columns"]
    if len(one) != len(other):
        return ["rows"]
    return [name for name in one.columns if bits(one[name]) != bits(other[name])]


def bits(column: pd.Series) -> bytes | list:
    if column.dtype.kind == "f":
        return column.to_numpy().tobytes()
    return ["missing" if pd.isna(value) else value for value in column]
