"""Tallies: the sums of one month's scored rows that its figures are made of.

Rows are added bucket by bucket and forgotten. Each counts in a fine bin of its probability and of
its order on the list, and in one of a hundred groups of customers drawn by hash: how much the
groups differ tells how sure a figure is, and a customer's bills stay together (random groups,
Wolter 2007, ch. 2).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

GROUPS = 100
# Bins of equal count; where fewer values differ, each has its own and nothing is rounded.
FINE = 8192
TREATMENTS = ("held_out", "not_reminded", "reminded")


@dataclass(frozen=True, kw_only=True)
class Scored:
    """Rows of one month that a model scored.

    Attributes:
        customer: The customer's id.
        p: The probability.
        order: What the list is ranked by, larger first.
        rule: What the rule that the list is held against ranks by.
        amount: Yuan open on each bill; None where rows are not bills, and each counts as 1.
        clean: Whether the customer has a clean history (models.judging.clean_history).
        late: 1 late, 0 not, NaN where that is not known or does not count.
        treatment: One of TREATMENTS.
        open: Rows whose label is not mature yet.
    """

    customer: npt.ArrayLike
    p: FloatArray
    order: FloatArray
    rule: FloatArray
    amount: FloatArray | None
    clean: Mask
    late: FloatArray
    treatment: npt.ArrayLike
    open: int


@dataclass(frozen=True, kw_only=True)
class Scale:
    """The fine bins of one month: where the second and each further bin begins, ascending."""

    p: FloatArray
    order: FloatArray
    rule: FloatArray


def learn_scale(p: FloatArray, order: FloatArray, rule: FloatArray) -> Scale:
    """Return the fine bins of a month, from all its rows or a random sample of its customers."""
    return Scale(p=_edges(p), order=_edges(order), rule=_edges(rule))


class Tally:
    """The sums of one month.

    Attributes:
        rows: Scored rows; ``open`` of them wait for a label.
        in_yuan: Whether amounts are yuan.
        by_p: Fine bins of probability, ascending; columns: rows, probabilities.
        known_by_p: Of rows with a label; columns: rows, late, probabilities.
        clean_by_p: Of those with a clean history; columns: rows, late.
        by_order: Fine bins of the order, ascending; columns: rows, expected late amount.
        known_by_order: Groups by fine bins of the order; columns: rows, late amount,
            expected late amount.
        known_by_rule: Groups by fine bins of the rule, ascending; columns: rows, late amount.
        treated: Treatments by groups of rows with a label; columns: rows, late, probabilities.
    """

    def __init__(self, scale: Scale) -> None:
        """Begin with no rows."""
        self._scale = scale
        p, order = scale.p.size + 1, scale.order.size + 1
        self.rows = self.open = 0
        self.in_yuan = True
        self.by_p, self.known_by_p = np.zeros((p, 2)), np.zeros((p, 3))
        self.clean_by_p = np.zeros((p, 2))
        self.by_order, self.known_by_order = np.zeros((order, 2)), np.zeros((GROUPS, order, 3))
        self.known_by_rule = np.zeros((GROUPS, scale.rule.size + 1, 2))
        self.treated = np.zeros((len(TREATMENTS), GROUPS, 3))

    def add(self, rows: Scored) -> None:
        """Count more rows."""
        p = np.searchsorted(self._scale.p, rows.p, side="right")
        order = np.searchsorted(self._scale.order, rows.order, side="right")
        ones = np.ones(rows.p.size)
        amount = ones if rows.amount is None else rows.amount
        self.in_yuan = rows.amount is not None
        self.rows += rows.p.size
        self.open += rows.open
        self.by_p += _sums((p,), (ones, rows.p), self.by_p.shape)
        expected = rows.p * amount
        self.by_order += _sums((order,), (ones, expected), self.by_order.shape)
        self._add_known(rows, amount, p, order)

    def _add_known(self, rows: Scored, amounts: FloatArray, p: IntArray, order: IntArray) -> None:
        known = ~np.isnan(rows.late)
        late, told, ones = rows.late[known], rows.p[known], np.ones(int(known.sum()))
        clean = rows.clean[known]
        group = group_of(np.asarray(rows.customer)[known])
        treatment = pd.Index(TREATMENTS).get_indexer(pd.Index(np.asarray(rows.treatment)[known]))
        self.known_by_p += _sums((p[known],), (ones, late, told), self.known_by_p.shape)
        self.clean_by_p += _sums(
            (p[known][clean],), (ones[clean], late[clean]), self.clean_by_p.shape
        )
        amount = amounts[known]
        self.known_by_order += _sums(
            (group, order[known]), (ones, late * amount, told * amount), self.known_by_order.shape
        )
        rule = np.searchsorted(self._scale.rule, rows.rule[known], side="right")
        self.known_by_rule += _sums((group, rule), (ones, late * amount), self.known_by_rule.shape)
        self.treated += _sums((treatment, group), (ones, late, told), self.treated.shape)


def group_of(customers: npt.ArrayLike) -> IntArray:
    """Return each customer's group, the same in every month, on every machine."""
    ids = np.asarray(customers).astype(str).astype(object)
    hashed = pd.util.hash_array(ids, categorize=False)
    return (hashed % np.uint64(GROUPS)).astype(np.int64)


def _edges(values: FloatArray) -> FloatArray:
    if values.size > FINE:
        values = np.quantile(values, np.linspace(0, 1, FINE), method="lower")
    edges: FloatArray = np.unique(values)[1:]
    return edges


def _sums(
    at: tuple[IntArray, ...], values: tuple[FloatArray, ...], shape: tuple[int, ...]
) -> FloatArray:
    """Return the sums of each value by the cells of a table; its last axis is of the values."""
    cells = shape[:-1]
    flat: IntArray = np.ravel_multi_index(at, cells).astype(np.int64)
    size = int(np.prod(cells))
    table = np.empty((size, len(values)))
    for column, value in enumerate(values):
        table[:, column] = np.bincount(flat, weights=value, minlength=size)
    return table.reshape(shape)
