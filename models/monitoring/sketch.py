"""Sketches: how many rows fall into each bin of a column, small enough to keep and to add up.

The bins are those of the months that a model learned from. What is missing, and a code that those
months did not have, each count in a bin of their own, so that a feed that breaks is seen as drift.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]

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

    def count(self, column: pd.Series) -> IntArray:
        """Return the rows in each bin."""
        at = self._numbers(column) if self.levels is None else self._codes(column, self.levels)
        return np.bincount(at, minlength=self.size).astype(np.int64)

    def _numbers(self, column: pd.Series) -> IntArray:
        values = column.to_numpy(dtype=np.float64, na_value=np.nan)
        at = np.searchsorted(np.array(self.edges), values, side="right")
        return np.where(np.isnan(values), self.size - 1, at)

    def _codes(self, column: pd.Series, levels: Sequence[str]) -> IntArray:
        at = pd.Index(levels).get_indexer(pd.Index(column.astype(object)))
        missing = column.isna().to_numpy()
        return np.where(missing, self.size - 1, np.where(at < 0, self.size - 2, at))


def learn_bins(column: pd.Series, levels: Sequence[str] | None = None) -> Bins:
    """Return the bins of a column: tenths of its known values, or one a code.

    Tenths that begin at the same value are one bin, so a count of 0 to 3 has at most four.

    Args:
        column: Of the reference months.
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
