"""Sketches: how many rows fall into each bin of a column, small enough to keep and to add up.

The bins are those of the months that a model learned from. What is missing, and a code that those
months did not have, each count in a bin of their own, so that a feed that breaks is seen as drift.
The engine counts; sketches of parts of the rows add up to that of the whole.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from contract.engine import connect, name, text

IntArray = npt.NDArray[np.int64]

BINS = 10


@dataclass(frozen=True, kw_only=True)
class Bins:
    """The bins of one column.

    Attributes:
        edges: Where the second and each further bin of a number begins, ascending.
        levels: The codes of a categorical column, a bin each; None for numbers.
    """

    edges: tuple[float, ...] = ()
    levels: tuple[str, ...] | None = None

    @property
    def size(self) -> int:
        """The number of bins; the last is of missing values, before it that of unknown codes."""
        return len(self.edges) + 2 if self.levels is None else len(self.levels) + 2


def sketch(
    rows: pa.Table, bins: Mapping[str, Bins], *, threads: int | None = None
) -> dict[str, IntArray]:
    """Return how many rows are in each bin of each column that has bins."""
    if not bins:
        return {}
    told = ", ".join(f"histogram({_bin_of(column, one)})" for column, one in bins.items())
    with connect(threads=threads) as connection:
        connection.register("rows", rows.select(list(bins)))
        found = connection.execute(f"SELECT {told} FROM rows").fetchone() or ()
    return {
        column: np.array([(counted or {}).get(at, 0) for at in range(one.size)], np.int64)
        for (column, one), counted in zip(bins.items(), found, strict=True)
    }


def _bin_of(column: str, bins: Bins) -> str:
    """Return the SQL of a value's bin; a number that is not one is missing."""
    missing = bins.size - 1
    if bins.levels is not None:
        levels = ", ".join(text(level) for level in bins.levels)
        at = f"list_position([{levels}]::VARCHAR[], {name(column)}::VARCHAR)"
        known = f"coalesce({at} - 1, {missing - 1})"
        return f"CASE WHEN {name(column)} IS NULL THEN {missing} ELSE {known} END"
    number = f"{name(column)}::DOUBLE"
    # Read as text an edge is the very double; as a literal it would be a rounded decimal.
    passed = "".join(f" + ({number} >= '{edge!r}'::DOUBLE)::INTEGER" for edge in bins.edges)
    return f"CASE WHEN {number} IS NULL OR isnan({number}) THEN {missing} ELSE 0{passed} END"


def learn_bins(column: pd.Series, levels: Sequence[str] | None = None) -> Bins:
    """Return the bins of a column: tenths of its known values, or one a code.

    Tenths that begin at the same value are one bin, so a count of 0 to 3 has at most four.

    Args:
        column: Of the reference months, or of a random sample of their customers.
        levels: The codes, where the column is categorical.
    """
    if levels is not None:
        return Bins(levels=tuple(levels))
    values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    known = values[~np.isnan(values)]
    if known.size == 0:
        return Bins()
    tenths = np.quantile(known, np.arange(1, BINS) / BINS, method="lower")
    inner = np.unique(tenths)
    return Bins(edges=tuple(float(edge) for edge in inner[inner > known.min()]))
