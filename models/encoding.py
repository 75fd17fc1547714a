"""The one way from a feature matrix to the numbers that a model sees.

Training, scoring and explaining all pass here, so a category cannot mean one thing when a model is
fitted and another when it scores. Missing stays missing (NaN); an unknown category becomes missing
and is counted, so that a gate can refuse a code that the model never saw.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from contract.errors import DataError
from features.declare import Feature

FloatArray = npt.NDArray[np.float64]
Levels = Mapping[str, Sequence[str]]


def learn_levels(matrix: pd.DataFrame, features: Sequence[Feature]) -> dict[str, tuple[str, ...]]:
    """Return the categories of each categorical feature, in the order of their codes.

    Declared levels are taken as they stand; without them, those seen are sorted.
    """
    return {
        f.name: f.levels or tuple(sorted(map(str, matrix[f.name].dropna().unique())))
        for f in features
        if f.is_categorical
    }


def encode(matrix: pd.DataFrame, names: Sequence[str], levels: Levels) -> FloatArray:
    """Return one row per row of the matrix, one column per name, categories as codes 0, 1, ...

    Raises:
        DataError: The matrix lacks a column, or a column that should be a number is not.
    """
    lacking = [name for name in names if name not in matrix.columns]
    if lacking:
        raise DataError(
            f"feature matrix: {len(lacking)} of {len(names)} columns that the model reads are "
            f"missing (first: {lacking[0]}). Build it with the feature list of the model."
        )
    encoded = np.empty((len(matrix), len(names)), dtype=np.float64)
    for position, name in enumerate(names):
        column = matrix[name]
        encoded[:, position] = _codes(column, levels[name]) if name in levels else _numbers(column)
    return encoded


def count_unknown(matrix: pd.DataFrame, levels: Levels) -> dict[str, int]:
    """Return, for each categorical feature, how many rows hold a category outside its levels."""
    return {
        name: int((~matrix[name].isin(list(known)) & matrix[name].notna()).sum())
        for name, known in levels.items()
    }


def _codes(column: pd.Series, known: Sequence[str]) -> FloatArray:
    codes = {level: float(code) for code, level in enumerate(known)}
    return np.asarray(column.map(codes), dtype=np.float64)


def _numbers(column: pd.Series) -> FloatArray:
    try:
        return column.to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError) as error:
        raise DataError(
            f"feature matrix: {column.name} holds {column.dtype}, expected numbers ({error})."
        ) from error
