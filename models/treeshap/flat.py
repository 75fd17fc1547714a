"""Trees and groups as flat arrays, the form that compiled code walks.

A list of lists is one array of all items and one of where each list begins, with the end at the
end. Inputs that no tree asks about are left out; a *column* is a place among those that are.
"""

from collections.abc import Iterable, Sequence
from itertools import accumulate, chain
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from models.treeshap.planning import Group
from models.treeshap.reading import (
    CATEGORICAL,
    DEFAULT_LEFT,
    MISSING_NONE,
    MISSING_ZERO,
    Floats,
    Ints,
    Tree,
)

Bytes = npt.NDArray[np.uint8]

# Ways in which a node decides.
BY_VALUE, BY_VALUE_ZERO_MISSING, BY_SET = range(3)


class Nodes(NamedTuple):
    """The nodes of all trees; ``start`` is by tree, the rest by node.

    ``missing_left`` says where a missing value goes; ``first_word`` and ``words`` are the place of
    a set of categories in ``sets``.
    """

    start: Ints
    column: Ints
    threshold: Floats
    kind: Bytes
    missing_left: Bytes
    first_word: Ints
    words: Ints
    sets: npt.NDArray[np.uint32]


class Groups(NamedTuple):
    """The groups of all trees; ``start`` is by tree.

    By group: ``answer_start``, ``slot_start``, ``table_start`` (equal to the next where there is
    no table) and ``leaf_start``. By answer: ``test_start``. By test: ``test_node`` (counted inside
    its tree) and ``test_left``. By slot: ``column``.
    """

    start: Ints
    answer_start: Ints
    test_start: Ints
    test_node: Ints
    test_left: Bytes
    slot_start: Ints
    column: Ints
    table_start: Ints
    leaf_start: Ints


class Leaves(NamedTuple):
    """The leaves of all groups; ``value`` and ``start`` are by leaf, the rest by element."""

    value: Floats
    start: Ints
    slot: Ints
    zero: Floats
    mask: Ints
    want: Ints


def flatten_nodes(trees: Sequence[Tree], columns: Ints) -> Nodes:
    """Return the trees' nodes; ``columns`` are the inputs that are asked about, ascending."""
    decision = _join([t.decision for t in trees], np.int64)
    threshold = _join([t.threshold for t in trees], np.float64)
    by_set = decision & CATEGORICAL > 0
    missing = decision >> 2
    default_left = decision & DEFAULT_LEFT > 0
    offset = np.cumsum([0] + [len(t.sets) for t in trees])
    begins, ends = (
        _join([_place(t, step) + at for t, at in zip(trees, offset, strict=False)], np.int64)
        for step in (0, 1)
    )
    # A missing number is 0 to a node that knows none, and no category is in no set.
    left = np.where(missing == MISSING_NONE, threshold >= 0, default_left) & ~by_set
    kind = np.select([by_set, missing == MISSING_ZERO], [BY_SET, BY_VALUE_ZERO_MISSING], BY_VALUE)
    return Nodes(
        start=_starts(len(t.left) for t in trees),
        column=np.searchsorted(columns, _join([t.feature for t in trees], np.int64)),
        threshold=threshold,
        kind=kind.astype(np.uint8),
        missing_left=left.astype(np.uint8),
        first_word=begins,
        words=ends - begins,
        sets=_join([t.sets for t in trees], np.uint32),
    )


def flatten_groups(cuts: Sequence[Sequence[Group]], columns: Ints) -> tuple[Groups, Leaves]:
    """Return the groups of the trees, and their leaves."""
    groups = list(chain.from_iterable(cuts))
    answers = list(chain.from_iterable(g.answers for g in groups))
    tests = list(chain.from_iterable(answers))
    leaves = list(chain.from_iterable(g.leaves for g in groups))
    elements = list(chain.from_iterable(path for _, path in leaves))
    features = np.fromiter(chain.from_iterable(g.features for g in groups), np.int64)
    flat = Groups(
        start=_starts(map(len, cuts)),
        answer_start=_starts(len(g.answers) for g in groups),
        test_start=_starts(map(len, answers)),
        test_node=np.fromiter((node for node, _ in tests), np.int64),
        test_left=np.fromiter((left for _, left in tests), np.uint8),
        slot_start=_starts(len(g.features) for g in groups),
        column=np.searchsorted(columns, features),
        table_start=_starts(g.cells for g in groups),
        leaf_start=_starts(len(g.leaves) for g in groups),
    )
    # Without a table nobody reads the masks, which may be longer than a number.
    tabled = [g.has_table for g in groups for _, path in g.leaves for _ in path]
    asks = [(e.mask, e.want) if t else (0, 0) for e, t in zip(elements, tabled, strict=True)]
    return flat, Leaves(
        value=np.fromiter((value for value, _ in leaves), np.float64),
        start=_starts(len(path) for _, path in leaves),
        slot=np.fromiter((e.slot for e in elements), np.int64),
        zero=np.fromiter((e.zero for e in elements), np.float64),
        mask=np.fromiter((mask for mask, _ in asks), np.int64),
        want=np.fromiter((want for _, want in asks), np.int64),
    )


def _starts(sizes: Iterable[int]) -> Ints:
    return np.fromiter(accumulate(sizes, initial=0), np.int64)


def _join(parts: Sequence[npt.NDArray], kind: type) -> npt.NDArray:
    return np.concatenate([np.empty(0, kind), *parts]).astype(kind)


def _place(tree: Tree, step: int) -> Ints:
    """Return where each node's set begins (step 0) or ends (step 1); 0 without a set."""
    by_set = tree.decision & CATEGORICAL > 0
    number = np.where(by_set, tree.threshold, 0).astype(np.int64)
    return np.where(by_set, tree.set_start[np.minimum(number + step, len(tree.set_start) - 1)], 0)
