"""Rows through trees, a block of rows at a time and column by column.

Each row's sums are made in the order of trees, groups and slots, whatever block it is in, so they
do not depend on who else is explained or in how many threads.
"""

import numpy as np

from models.treeshap.compiled import compiled
from models.treeshap.flat import BY_SET, BY_VALUE, Bytes, Groups, Leaves, Nodes
from models.treeshap.reading import Floats, Ints
from models.treeshap.shapley import Rules

# LightGBM reads what lies within this of 0 as 0 (its kZeroThreshold, a float of 32 bits).
NEAR_ZERO = float(np.float32(1e-35))
# Rows that pass all trees together: many, so that a table once fetched serves many rows; few
# enough for their sums to stay in the cache. Where there is no table, fewer still.
_BLOCK, _DEEP_BLOCK = 1024, 64
# Codes of categories are below this; LightGBM takes what is not as in no set.
_CODES = 2.0**31


@compiled
def load(rows: Floats, first: int, columns: Ints, values: Floats) -> None:
    """Copy a block of rows, turned so that a column lies together."""
    for row in range(values.shape[1]):
        for column in range(len(columns)):
            value = rows[first + row, columns[column]]
            values[column, row] = 0.0 if abs(value) <= NEAR_ZERO else value


@compiled
def decide(nodes: Nodes, tree: int, values: Floats, left: Bytes) -> None:
    """Write for each node of a tree, and each row of the block, whether the row would go left."""
    first = nodes.start[tree]
    for node in range(first, nodes.start[tree + 1]):
        value, answer = values[nodes.column[node]], left[node - first]
        kind, threshold, missing = nodes.kind[node], nodes.threshold[node], nodes.missing_left[node]
        if kind == BY_VALUE:
            for row in range(len(value)):
                answer[row] = (value[row] <= threshold) | (missing & np.isnan(value[row]))
        elif kind == BY_SET:
            begin = nodes.first_word[node]
            _decide_by_set(value, nodes.sets[begin : begin + nodes.words[node]], answer)
        else:
            for row in range(len(value)):
                lacking = np.isnan(value[row]) | (value[row] == 0.0)
                answer[row] = missing if lacking else value[row] <= threshold


@compiled
def _decide_by_set(value: Floats, words: Ints, answer: Bytes) -> None:
    for row in range(len(value)):
        answer[row] = 0
        if -1.0 < value[row] < _CODES:
            code = int(value[row])
            if code >> 5 < len(words):
                answer[row] = (words[code >> 5] >> np.uint32(code & 31)) & 1


@compiled
def explain(
    rows: Floats,
    columns: Ints,
    nodes: Nodes,
    groups: Groups,
    leaves: Leaves,
    tables: Floats,
    rules: Rules,
    found: Floats,
) -> None:
    """Write each row's contributions into ``found``, whose other columns are left untouched."""
    size = max(1, min(_BLOCK, len(rows)))
    values, sums = np.empty((len(columns), size)), np.empty((len(columns), size))
    left = np.empty((_most(nodes.start), size), np.uint8)
    agrees = np.empty((_most(groups.answer_start), size), np.uint8)
    for first in range(0, len(rows), size):
        if first + size > len(rows):
            last = len(rows) - first
            values, sums = values[:, :last].copy(), sums[:, :last].copy()
            left, agrees = left[:, :last].copy(), agrees[:, :last].copy()
        load(rows, first, columns, values)
        sums[:] = 0.0
        for tree in range(len(nodes.start) - 1):
            decide(nodes, tree, values, left)
            for group in range(groups.start[tree], groups.start[tree + 1]):
                if groups.table_start[group + 1] > groups.table_start[group]:
                    _look_up(groups, group, left, tables, sums)
                else:
                    _agree(groups, group, left, agrees)
                    _add_deep(groups, group, leaves, rules, agrees, sums)
        for row in range(sums.shape[1]):
            for column in range(len(columns)):
                found[first + row, columns[column]] = sums[column, row]


@compiled
def _most(start: Ints) -> int:
    """Return the length of the longest list."""
    longest = 0
    for at in range(len(start) - 1):
        longest = max(longest, start[at + 1] - start[at])
    return longest


@compiled
def _look_up(groups: Groups, group: int, left: Bytes, tables: Floats, sums: Floats) -> None:
    size = left.shape[1]
    pattern, all_so = np.zeros(size, np.uint16), np.empty(size, np.uint8)
    first = groups.answer_start[group]
    for answer in range(first, groups.answer_start[group + 1]):
        _answer(groups, answer, left, all_so)
        shift = np.uint16(answer - first)
        for row in range(size):
            pattern[row] |= np.uint16(all_so[row]) << shift
    patterns = 1 << (groups.answer_start[group + 1] - first)
    begin = groups.table_start[group]
    for slot in range(groups.slot_start[group], groups.slot_start[group + 1]):
        cells, column = tables[begin : begin + patterns], sums[groups.column[slot]]
        begin += patterns
        for row in range(size):
            column[row] += cells[pattern[row]]


@compiled
def _answer(groups: Groups, answer: int, left: Bytes, all_so: Bytes) -> None:
    """Write for each row whether all tests of an answer come out as they should."""
    first = groups.test_start[answer]
    for test in range(first, groups.test_start[answer + 1]):
        went, other = left[groups.test_node[test]], np.uint8(1 - groups.test_left[test])
        if test == first:
            for row in range(len(all_so)):
                all_so[row] = went[row] ^ other
        else:
            for row in range(len(all_so)):
                all_so[row] &= went[row] ^ other


@compiled
def _agree(groups: Groups, group: int, left: Bytes, agrees: Bytes) -> None:
    first = groups.answer_start[group]
    for answer in range(first, groups.answer_start[group + 1]):
        _answer(groups, answer, left, agrees[answer - first])


@compiled
def _add_deep(
    groups: Groups, group: int, leaves: Leaves, rules: Rules, agrees: Bytes, sums: Floats
) -> None:
    """Add the contributions of a leaf whose path is too long for a table (`shapley`)."""
    leaf = groups.leaf_start[group]
    zero = leaves.zero[leaves.start[leaf] : leaves.start[leaf + 1]]
    length = len(zero)
    before, total = np.empty((length, _DEEP_BLOCK)), np.empty((length, _DEEP_BLOCK))
    for first in range(0, sums.shape[1], _DEEP_BLOCK):
        size = min(_DEEP_BLOCK, sums.shape[1] - first)
        part = agrees[:length, first : first + size]
        _integrate(zero, rules, part, before[:, :size], total[:, :size])
        for place in range(length):
            column = sums[groups.column[groups.slot_start[group] + place], first : first + size]
            for row in range(size):
                share = part[place, row] - zero[place]
                column[row] += leaves.value[leaf] * share * total[place, row]


@compiled
def _integrate(zero: Floats, rules: Rules, agrees: Bytes, before: Floats, total: Floats) -> None:
    """Write the integral of the product of all other features' terms, by feature and row."""
    total[:] = 0.0
    points = (len(zero) + 1) // 2
    begin = points * (points - 1) // 2
    product = np.empty(agrees.shape[1])
    for point in range(begin, begin + points):
        at = rules.at[point]
        product[:] = rules.weight[point]
        for place in range(len(zero)):
            rest = (1.0 - at) * zero[place]
            for row in range(len(product)):
                before[place, row] = product[row]
                product[row] *= at * agrees[place, row] + rest
        product[:] = 1.0
        for place in range(len(zero) - 1, -1, -1):
            rest = (1.0 - at) * zero[place]
            for row in range(len(product)):
                total[place, row] += before[place, row] * product[row]
                product[row] *= at * agrees[place, row] + rest
