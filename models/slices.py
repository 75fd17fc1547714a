"""Parts of the rows that every result is told for: who is served well by a ranking, and who not."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.cold_start import KNOWN, insufficient
from models.judging import clean_history

Mask = npt.NDArray[np.bool_]

# A level with fewer rows says nothing about itself.
FEWEST_ROWS = 50

# Columns of the matrix, or of the traits beside it, whose every level is a slice.
BY_LEVEL = ("segment", "voltage", "urban_rural", "pay_arrangement", "tariff", "protected", "org_id")


def slices(
    matrix: pd.DataFrame, *, seen: pd.Index | None = None, traits: pd.DataFrame | None = None
) -> Iterator[tuple[str, str, Mask]]:
    """Yield each slice's name and level, and the rows that it holds.

    Args:
        matrix: One row per bill or prepaid customer.
        seen: Customers that the model learned from, for the slice of those it never saw.
        traits: Attributes of the rows that are no features, in the rows' order.
    """
    yield "all", "", np.ones(len(matrix), dtype=bool)
    yield "history", "clean", clean_history(matrix)
    if KNOWN in matrix:
        yield "history", "insufficient", insufficient(matrix)
    if seen is not None:
        yield "customer", "not learned from", ~matrix["customer_id"].isin(seen).to_numpy()
    if "billing_months" in matrix:
        yield "billing", "every two months", (matrix["billing_months"] == 2).to_numpy()
    about = matrix if traits is None else pd.concat([traits, matrix], axis=1)
    for column in BY_LEVEL:
        if column in about:
            yield from _levels(column, about[column])


def _levels(column: str, values: pd.Series) -> Iterator[tuple[str, str, Mask]]:
    known = values.dropna().astype(str)
    counts = known.value_counts()
    for level in sorted(counts.index[counts >= FEWEST_ROWS]):
        yield column, level, (values.astype(str) == level).to_numpy()
