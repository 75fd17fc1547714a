"""LightGBM's trees as arrays, read from the text that it writes; nothing in the text is run.

What is read here is walked by compiled code that checks no bounds, so every number that leads to
another is checked: a text that does not make whole trees is left to LightGBM.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

# Bits of LightGBM's decision_type, and the kinds of missing value in the two above them.
CATEGORICAL, DEFAULT_LEFT = 1, 2
MISSING_NONE, MISSING_ZERO, MISSING_NAN = range(3)


class Uncovered(Exception):  # noqa: N818 - no error: the model is explained another way
    """The trees are of a kind that is not read here; the message says which."""


@dataclass(frozen=True, kw_only=True)
class Tree:
    """One tree; a child below 0 is the leaf ``~child``, and node 0 is the root.

    Attributes:
        feature: Of each node, the input that it asks about.
        threshold: The largest value that goes left; of a categorical node, the place of its set.
        decision: LightGBM's decision_type.
        left: Where each node leads if its answer is yes.
        right: Where it leads otherwise.
        node_count: Rows of training that came to each node.
        leaf_count: Rows of training that ended in each leaf.
        value: What each leaf adds to the raw score.
        set_start: Where each set of categories begins in ``sets``, and the end.
        sets: Categories that go left, a bit each, in words of 32.
    """

    feature: Ints
    threshold: Floats
    decision: Ints
    left: Ints
    right: Ints
    node_count: Ints
    leaf_count: Ints
    value: Floats
    set_start: Ints
    sets: npt.NDArray[np.uint32]

    def count(self, child: int) -> int:
        """Return the rows of training that came to a node or leaf."""
        return int(self.node_count[child] if child >= 0 else self.leaf_count[~child])

    @property
    def expected(self) -> float:
        """The mean of the leaves, added up in LightGBM's order."""
        if len(self.value) == 1:
            return float(self.value[0])
        total = 0.0
        for count, value in zip(self.leaf_count.tolist(), self.value.tolist(), strict=True):
            total += count / float(self.node_count[0]) * value
        return total


def read_trees(text: str) -> tuple[int, tuple[Tree, ...]]:
    """Return the number of inputs and the trees of a model as LightGBM writes it.

    Raises:
        Uncovered: The trees are of several classes, averaged or linear, or the text is not whole.
    """
    head, *bodies = text.split("\nend of trees", maxsplit=1)[0].split("\nTree=")
    try:
        told = _pairs(head)
        if int(told["num_tree_per_iteration"]) != 1:
            raise Uncovered("the trees are of several classes")
        if "average_output" in told:
            raise Uncovered("the trees are averaged")
        inputs = int(told["max_feature_idx"]) + 1
        return inputs, tuple(_tree(_pairs(body), inputs) for body in bodies)
    except (KeyError, ValueError, OverflowError) as error:
        raise Uncovered(f"the text does not read as trees ({error})") from error


def _pairs(block: str) -> dict[str, str]:
    return {name: value for name, _, value in (line.partition("=") for line in block.split("\n"))}


def _tree(told: Mapping[str, str], inputs: int) -> Tree:
    leaves = int(told["num_leaves"])
    if int(told.get("is_linear", "0")):
        raise Uncovered("the leaves are linear")
    value = _numbers(told, "leaf_value", leaves)
    if not np.isfinite(value).all():
        raise Uncovered("a leaf is not a number")
    nodes, sets = leaves - 1, int(told["num_cat"])
    if leaves == 1:
        told = dict.fromkeys(_OF_NODES, "") | {"leaf_count": "1", "leaf_value": told["leaf_value"]}
    tree = Tree(
        feature=_integers(told, "split_feature", nodes),
        threshold=_numbers(told, "threshold", nodes),
        decision=_integers(told, "decision_type", nodes),
        left=_integers(told, "left_child", nodes),
        right=_integers(told, "right_child", nodes),
        node_count=_integers(told, "internal_count", nodes),
        leaf_count=_integers(told, "leaf_count", leaves),
        value=value,
        set_start=_integers(told, "cat_boundaries", sets + 1) if sets else np.zeros(1, np.int64),
        sets=_integers(told, "cat_threshold").astype(np.uint32) if sets else np.empty(0, np.uint32),
    )
    _check(tree, inputs)
    return tree


_OF_NODES = (
    "split_feature",
    "threshold",
    "decision_type",
    "left_child",
    "right_child",
    "internal_count",
)


def _numbers(told: Mapping[str, str], name: str, size: int) -> Floats:
    found = np.array(told[name].split(), dtype=np.float64)
    if len(found) != size:
        raise ValueError(f"{name} has {len(found)} numbers, expected {size}")
    return found


def _integers(told: Mapping[str, str], name: str, size: int | None = None) -> Ints:
    found = np.array(told[name].split(), dtype=np.int64)
    if size is not None and len(found) != size:
        raise ValueError(f"{name} has {len(found)} numbers, expected {size}")
    return found


def _check(tree: Tree, inputs: int) -> None:
    """Refuse what compiled code would stumble over."""
    leaves = len(tree.value)
    if not _is_whole(tree):
        raise ValueError("children do not make one tree")
    if ((tree.feature < 0) | (tree.feature >= inputs)).any():
        raise ValueError("split_feature names an input that is not there")
    if leaves > 1 and min(tree.node_count.min(), tree.leaf_count.min()) <= 0:
        raise Uncovered("a node or leaf has no row of training")
    if ((tree.decision >> 2) > MISSING_NAN).any() or (tree.decision < 0).any():
        raise ValueError("decision_type is none of LightGBM's")
    starts, by_set = tree.set_start, tree.threshold[tree.decision & CATEGORICAL > 0]
    if starts[0] != 0 or starts[-1] != len(tree.sets) or (np.diff(starts) < 0).any():
        raise ValueError("cat_boundaries do not cut cat_threshold")
    if not ((by_set >= 0) & (by_set < len(starts) - 1)).all():
        raise ValueError("threshold names a set of categories that is not there")


def _is_whole(tree: Tree) -> bool:
    """Return whether every node but the root, and every leaf, is reached once from the root."""
    nodes = len(tree.left)
    seen_nodes, seen_leaves = np.zeros(nodes, bool), np.zeros(nodes + 1, bool)
    waiting = [0] if nodes else [-1]
    while waiting:
        at = waiting.pop()
        seen, place = (seen_nodes, at) if at >= 0 else (seen_leaves, ~at)
        if place >= len(seen) or seen[place]:
            return False
        seen[place] = True
        if at >= 0:
            waiting += [int(tree.left[at]), int(tree.right[at])]
    return bool(seen_nodes.all() and seen_leaves.all())
