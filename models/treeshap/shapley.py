"""Shapley values of one leaf, and tables of them by pattern.

To a leaf of value v the distinct features of its path are a game: a coalition S sees v times the
product of the `agrees` (0 or 1) inside S and of the `zero` shares outside. The Shapley value of
feature i weighs the coalitions of the others by s! (d - 1 - s)! / d!, which is the integral of
t^s (1 - t)^(d-1-s) over t from 0 to 1, so it is

    v (agrees_i - zero_i) integral of product over j != i of (t agrees_j + (1 - t) zero_j) dt.

The product is a polynomial of degree d - 1, so Gauss and Legendre's rule of ceil(d / 2) points
gives it exactly (to rounding); no term is negative, so nothing cancels, however deep the path.
Values: Lundberg et al. 2020, "From local explanations to global understanding with explainable AI
for trees"; patterns: Yang 2021, "Fast TreeSHAP".
"""

from typing import NamedTuple

import numpy as np

from models.treeshap.compiled import compiled
from models.treeshap.flat import Groups, Leaves
from models.treeshap.reading import Floats


class Rules(NamedTuple):
    """Points and weights on [0, 1]; the rule of n points begins at n (n - 1) / 2."""

    at: Floats
    weight: Floats


def make_rules(longest: int) -> Rules:
    """Return the rules for paths of up to so many distinct features."""
    rules = [np.polynomial.legendre.leggauss(n) for n in range(1, (longest + 1) // 2 + 1)]
    return Rules(
        at=np.concatenate([np.empty(0), *((at + 1) / 2 for at, _ in rules)]),
        weight=np.concatenate([np.empty(0), *(weight / 2 for _, weight in rules)]),
    )


def fill_tables(groups: Groups, leaves: Leaves, rules: Rules) -> Floats:
    """Return the tables of all groups: by slot, then by pattern of answers."""
    tables = np.zeros(groups.table_start[-1])
    fill(groups, leaves, rules, tables)
    return tables


@compiled
def fill(groups: Groups, leaves: Leaves, rules: Rules, tables: Floats) -> None:
    """Add every leaf of every group to the tables, which are all zero."""
    for group in range(len(groups.table_start) - 1):
        first, end = groups.table_start[group], groups.table_start[group + 1]
        if end == first:
            continue
        patterns = 1 << (groups.answer_start[group + 1] - groups.answer_start[group])
        table = tables[first:end].reshape((end - first) // patterns, patterns)
        for leaf in range(groups.leaf_start[group], groups.leaf_start[group + 1]):
            _add_leaf(leaves, leaf, rules, table)


@compiled
def _add_leaf(leaves: Leaves, leaf: int, rules: Rules, table: Floats) -> None:
    """Add one leaf to its group's table, by way of its own, smaller table."""
    start, end = leaves.start[leaf], leaves.start[leaf + 1]
    size = end - start
    zero = leaves.zero[start:end]
    own = np.zeros((1 << size, size))
    for pattern in range(1 << size):
        _values(pattern, leaves.value[leaf], zero, rules, own[pattern])
    for pattern in range(table.shape[1]):
        agrees = 0
        for place in range(size):
            element = start + place
            if pattern & leaves.mask[element] == leaves.want[element]:
                agrees |= 1 << place
        for place in range(size):
            table[leaves.slot[start + place], pattern] += own[agrees, place]


@compiled
def _values(agrees: int, value: float, zero: Floats, rules: Rules, found: Floats) -> None:
    """Write the Shapley values of a leaf whose features agree as the bits say."""
    size = len(zero)
    points = (size + 1) // 2
    first = points * (points - 1) // 2
    for point in range(first, first + points):
        at = rules.at[point]
        for skipped in range(size):
            product = rules.weight[point]
            for place in range(size):
                if place != skipped:
                    product *= at * ((agrees >> place) & 1) + (1.0 - at) * zero[place]
            found[skipped] += product
    for place in range(size):
        found[place] *= value * (((agrees >> place) & 1) - zero[place])
