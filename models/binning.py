"""Bins of one column: cuts where the late rate changes, a bin of its own for what is missing.

The same assignment serves counting, fitting and scoring, so a value cannot fall in one bin when
points are made and in another when they are given.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.declare import Feature

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]

FINE_BINS = 20
MOST_BINS = 8
# Neighbours that differ less than chance would at 1 % (chi-square, one degree) are one bin.
SAME = 6.63
# A category rarer than this joins the others.
RARE_SHARE = 0.01

_OTHER, _MISSING = "other", "missing"


@dataclass(frozen=True, kw_only=True)
class Bins:
    """The bins of one column, the last of them for missing values.

    Attributes:
        feature: The column.
        edges: For a number: where one bin ends and the next, which holds the edge, begins.
        levels: For a code: the categories with a bin each; any other shares the next bin.
    """

    feature: str
    edges: tuple[float, ...] = ()
    levels: tuple[str, ...] = ()
    is_categorical: bool = False

    def assign(self, matrix: pd.DataFrame) -> IntArray:
        """Return the bin of each row, counted from 0."""
        column = matrix[self.feature]
        if self.is_categorical:
            found = pd.Index(self.levels).get_indexer(pd.Index(column))
            found = np.where(found < 0, len(self.levels), found)
        else:
            values = column.to_numpy(dtype=np.float64, na_value=np.nan)
            found = np.searchsorted(np.array(self.edges), values, side="right")
        return np.where(column.isna(), self.count - 1, found).astype(np.intp)

    @property
    def count(self) -> int:
        """The number of bins, that of missing values included."""
        return len(self.levels if self.is_categorical else self.edges) + 2

    def labels(self) -> list[str]:
        """Return what each bin holds, in words a reader of the table understands."""
        if self.is_categorical:
            return [*self.levels, _OTHER, _MISSING]
        if not self.edges:
            return ["any", _MISSING]
        between = [
            f"{low:,.6g} to < {high:,.6g}"
            for low, high in zip(self.edges[:-1], self.edges[1:], strict=True)
        ]
        return [f"< {self.edges[0]:,.6g}", *between, f">= {self.edges[-1]:,.6g}", _MISSING]


def fit_bins(matrix: pd.DataFrame, y: FloatArray, feature: Feature) -> Bins:
    """Return the bins of a feature.

    A number starts with 20 bins of equal count; then neighbours are merged, those first whose
    order contradicts the feature's direction, then the most alike, until at most 8 are left that
    differ beyond chance. A code has a bin for each category of at least 1 % of the rows.
    """
    column = matrix[feature.name]
    if feature.is_categorical:
        share = column.value_counts(normalize=True)
        common = tuple(sorted(share.index[share >= RARE_SHARE].astype(str)))
        return Bins(feature=feature.name, levels=common, is_categorical=True)
    values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    known = ~np.isnan(values)
    edges = _fine_edges(values[known])
    at = np.searchsorted(edges, values[known], side="right")
    rows = np.bincount(at, minlength=edges.size + 1).astype(np.float64)
    late = np.bincount(at, weights=y[known], minlength=edges.size + 1).astype(np.float64)
    kept = _merge(rows, late, feature.direction)
    return Bins(feature=feature.name, edges=tuple(edges[kept].tolist()))


def _fine_edges(values: FloatArray) -> FloatArray:
    if values.size == 0:
        return np.empty(0)
    levels = np.arange(1, FINE_BINS) / FINE_BINS
    edges = np.unique(np.quantile(values, levels, method="inverted_cdf"))
    return edges[edges > values.min()]


def _merge(rows: FloatArray, late: FloatArray, direction: int) -> IntArray:
    """Return which edges stay; edge i stands between bins i and i + 1."""
    edges: Sequence[int] = range(rows.size - 1)
    while rows.size > 1:
        unlike = _unlikeness(rows, late)
        against = direction * np.diff(late / rows) < 0
        unlike[against] = -1.0
        first = int(unlike.argmin())
        if unlike[first] >= SAME and rows.size <= MOST_BINS:
            break
        edges = [*edges[:first], *edges[first + 1 :]]
        rows, late = _joined(rows, first), _joined(late, first)
    return np.array(edges, dtype=np.intp)


def _unlikeness(rows: FloatArray, late: FloatArray) -> FloatArray:
    """Return the chi-square of each pair of neighbours, 0 when both hold one outcome only."""
    n, bad = rows[:-1] + rows[1:], late[:-1] + late[1:]
    cross = late[:-1] * (rows[1:] - late[1:]) - late[1:] * (rows[:-1] - late[:-1])
    below = rows[:-1] * rows[1:] * bad * (n - bad)
    return np.divide(n * cross**2, below, out=np.zeros_like(n), where=below > 0)


def _joined(counts: FloatArray, first: int) -> FloatArray:
    return np.concatenate(
        [counts[:first], [counts[first] + counts[first + 1]], counts[first + 2 :]]
    )
