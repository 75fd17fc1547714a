"""On drawn trees, of shapes that no training makes, contributions are those of the definition.

The trees are written as LightGBM writes them and read back by LightGBM, which decides and explains
beside us. The definition is in plain Python: what a coalition of features sees is the mean of the
leaves over the training rows that agree with the row on them.
"""

from dataclasses import dataclass
from itertools import chain, combinations
from math import factorial, isnan, prod

import lightgbm as lgb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.treeshap import Batched

INPUTS = 6
NONE, ZERO, NAN = range(3)
# Values on both sides of every threshold, those that LightGBM reads as 0, and none at all.
VALUES = (-np.inf, -2.0, -1.0, -0.5, -1e-34, -1e-36, -0.0, 0.0, 1e-36, 1e-34, 0.5, 1.0, 1.5, 2.0)
VALUES += (31.0, 32.0, 63.9, 95.0, 96.0, 2.0**31, 2.0**32 + 1, np.inf, np.nan)
THRESHOLDS = (-1.0, -1e-35, -1e-36, -0.0, 0.0, 1e-36, 1.0000000180025095e-35, 0.5, 1.0, 1e300)


@dataclass(frozen=True)
class Leaf:
    value: float
    count: int


@dataclass(frozen=True)
class Node:
    feature: int
    threshold: float | frozenset[int]
    missing: int
    default_left: bool
    left: "Node | Leaf"
    right: "Node | Leaf"

    @property
    def count(self) -> int:
        return self.left.count + self.right.count

    def goes_left(self, value: float) -> bool:
        """LightGBM's NumericalDecision and CategoricalDecision, and how it reads a row."""
        value = 0.0 if abs(value) <= float(np.float32(1e-35)) else value
        if isinstance(self.threshold, frozenset):
            return not isnan(value) and abs(value) < 2**31 and int(value) in self.threshold
        if isnan(value) and self.missing != NAN:
            value = 0.0
        if (self.missing == ZERO and value == 0) or isnan(value):
            return self.default_left
        return value <= self.threshold


def write(trees: list[Node | Leaf], inputs: int = INPUTS) -> str:
    names = " ".join(f"f{i}" for i in range(inputs))
    infos = " ".join(["[-9:9]"] * inputs)
    head = (
        "tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nlabel_index=0\n"
        f"max_feature_idx={inputs - 1}\nobjective=regression\nfeature_names={names}\n"
        f"feature_infos={infos}\n"
    )
    bodies = (f"\nTree={at}\n{write_tree(tree)}\n" for at, tree in enumerate(trees))
    return head + "\n".join(bodies) + "\nend of trees\n\nparameters:\nend of parameters\n"


def write_tree(tree: Node | Leaf) -> str:
    nodes: list[Node] = []
    leaves: list[Leaf] = []
    children: dict[str, list[int]] = {"left": [], "right": []}
    waiting: list[tuple[Node | Leaf, str, int]] = [(tree, "", 0)]
    while waiting:
        part, side, parent = waiting.pop()
        known = leaves if isinstance(part, Leaf) else nodes
        if side:
            children[side][parent] = ~len(leaves) if isinstance(part, Leaf) else len(nodes)
        known.append(part)
        if isinstance(part, Node):
            waiting += [(part.right, "right", len(nodes) - 1), (part.left, "left", len(nodes) - 1)]
            for places in children.values():
                places.append(0)
    return write_lines(nodes, leaves, children)


def write_lines(nodes: list[Node], leaves: list[Leaf], children: dict[str, list[int]]) -> str:
    sets = [node.threshold for node in nodes if isinstance(node.threshold, frozenset)]
    words = [[sum(1 << (c - 32 * w) for c in s if c // 32 == w) for w in range(max(s) // 32 + 1)]
             for s in sets]  # fmt: skip
    thresholds = iter(range(len(sets)))
    told = {
        "num_leaves": [len(leaves)],
        "num_cat": [len(sets)],
        "split_feature": [node.feature for node in nodes],
        "split_gain": [1 for _ in nodes],
        "threshold": [
            next(thresholds) if isinstance(n.threshold, frozenset) else repr(n.threshold)
            for n in nodes
        ],
        "decision_type": [
            isinstance(n.threshold, frozenset) | 2 * n.default_left | 4 * n.missing for n in nodes
        ],
        "left_child": children["left"],
        "right_child": children["right"],
        "leaf_value": [repr(leaf.value) for leaf in leaves],
        "leaf_weight": [leaf.count for leaf in leaves],
        "leaf_count": [leaf.count for leaf in leaves],
        "internal_value": [0 for _ in nodes],
        "internal_weight": [node.count for node in nodes],
        "internal_count": [node.count for node in nodes],
        "cat_boundaries": np.cumsum([0, *map(len, words)]).tolist() if sets else [],
        "cat_threshold": list(chain.from_iterable(words)),
        "is_linear": [0],
        "shrinkage": [1],
    }
    lines = {name: " ".join(map(str, map(_plain, items))) for name, items in told.items()}
    return "".join(f"{name}={line}\n" for name, line in lines.items() if line)


def _plain(item: object) -> object:
    return int(item) if isinstance(item, bool) else item


def see(tree: Node | Leaf, row: np.ndarray, coalition: frozenset[int]) -> float:
    """The mean of the leaves over the rows that agree with the row on the coalition."""
    if isinstance(tree, Leaf):
        return tree.value
    if tree.feature in coalition:
        way = tree.left if tree.goes_left(row[tree.feature]) else tree.right
        return see(way, row, coalition)
    return sum(part.count / tree.count * see(part, row, coalition)
               for part in (tree.left, tree.right))  # fmt: skip


def shapley(tree: Node | Leaf, row: np.ndarray, inputs: int = INPUTS) -> list[float]:
    """The definition: every coalition of the others, weighed by the orders in which it comes."""

    def gain(i: int, coalition: frozenset[int]) -> float:
        weight = factorial(len(coalition)) * factorial(inputs - 1 - len(coalition))
        more = see(tree, row, coalition | {i}) - see(tree, row, coalition)
        return weight / factorial(inputs) * more

    others = [[j for j in range(inputs) if j != i] for i in range(inputs)]
    return [
        sum(
            gain(i, frozenset(chosen))
            for size in range(inputs)
            for chosen in combinations(others[i], size)
        )
        for i in range(inputs)
    ]


leaves = st.builds(
    Leaf, value=st.floats(-3, 3).map(lambda v: round(v, 6)), count=st.integers(1, 90)
)
sets = st.frozensets(st.integers(0, 100), min_size=1, max_size=40)


def nodes(parts: st.SearchStrategy) -> st.SearchStrategy:
    return st.builds(
        Node,
        feature=st.integers(0, INPUTS - 1),
        threshold=st.sampled_from(THRESHOLDS) | sets,
        missing=st.sampled_from([NONE, ZERO, NAN]),
        default_left=st.booleans(),
        left=parts,
        right=parts,
    )


trees = st.recursive(leaves, nodes, max_leaves=24)
rows = st.lists(
    st.lists(st.sampled_from(VALUES), min_size=INPUTS, max_size=INPUTS), min_size=1, max_size=12
).map(np.array)


@settings(max_examples=150)
@given(forest=st.lists(trees, min_size=1, max_size=4), rows=rows)
def test_drawn_trees_are_explained_as_lightgbm_explains_them(forest, rows) -> None:
    text = write(forest)
    booster = lgb.Booster(model_str=text)
    told = booster.predict(rows, pred_contrib=True, num_threads=1)
    batched = Batched.from_text(text)
    found = batched.contributions(rows, threads=1)
    np.testing.assert_allclose(found, told[:, :-1], rtol=1e-9, atol=1e-12)
    assert (told[:, -1] == batched.base).all()


@settings(max_examples=40)
@given(tree=trees, rows=rows)
def test_drawn_trees_are_explained_as_the_definition_says(tree, rows) -> None:
    batched = Batched.from_text(write([tree]))
    found = batched.contributions(rows[:2], threads=1)
    told = [shapley(tree, row) for row in rows[:2]]
    np.testing.assert_allclose(found, told, rtol=1e-9, atol=1e-12)
    assert batched.base == pytest.approx(see(tree, rows[0], frozenset()))


def lopsided(length: int, seed: int) -> Node:
    """A path that asks about a new feature each time; two leaves at its end have a value."""
    rng = np.random.default_rng(seed)
    tree: Node | Leaf = Leaf(3.0, int(rng.integers(5, 50)))
    for feature in reversed(range(length)):
        off = Leaf(-2.0 if feature == length - 1 else 0.0, int(rng.integers(1, 9)))
        sides = {"left": tree, "right": off} if rng.random() < 0.5 else {"left": off, "right": tree}
        tree = Node(feature, 0.5, NONE, default_left=False, **sides)
    assert isinstance(tree, Node)
    return tree


def follow(tree: Node, row: np.ndarray) -> list[tuple[float, list[tuple[int, int, int]]]]:
    """Value and path of each valued leaf: of each feature, agreement, rows that stay, all rows."""
    found, path = [], []
    for node in spine(tree):
        left = node.goes_left(row[node.feature])
        steps = {
            part: (int(left == side), part.count, node.count)
            for side, part in ((True, node.left), (False, node.right))
        }
        found += [(p.value, [*path, steps[p]]) for p in steps if isinstance(p, Leaf) and p.value]
        path += [steps[part] for part in steps if isinstance(part, Node)]
    return found


def exact(value: float, path: list[tuple[int, int, int]]) -> list[float]:
    """One leaf's Shapley values in whole numbers: the product's coefficients, weighed."""
    length = len(path)
    told = []
    for skipped, (agrees, stay, total) in enumerate(path):
        coefficients = [1]
        for place, (other, rest, of) in enumerate(path):
            if place != skipped:
                grown = [rest * c for c in coefficients] + [0]
                for power, c in enumerate(coefficients):
                    grown[power + 1] += other * of * c
                coefficients = grown
        weighed = sum(
            factorial(s) * factorial(length - 1 - s) * c for s, c in enumerate(coefficients)
        )
        share = weighed * (agrees * total - stay)
        told.append(value * (share / (factorial(length) * prod(of for _, _, of in path))))
    return told


@pytest.mark.parametrize("length", [2, 8, 9, 11, 12, 13, 33, 63, 64, 65, 130])
def test_long_paths_are_explained_to_the_last_digits(length) -> None:
    """LightGBM's own recursion loses digits on such paths; whole numbers lose none."""
    tree = lopsided(length, length)
    x = (np.random.default_rng(1).random((4, length)) < 0.5).astype(float)
    on_path = [float(isinstance(n.right, Node) or isinstance(n.left, Leaf)) for n in spine(tree)]
    x = np.vstack([x, on_path, 1 - np.array(on_path)])
    found = Batched.from_text(write([tree], length)).contributions(x, threads=1)
    for row, own in zip(x, found, strict=True):
        told = np.sum([exact(value, path) for value, path in follow(tree, row)], axis=0)
        np.testing.assert_allclose(own, told, rtol=1e-11, atol=1e-14)


def spine(tree: Node) -> list[Node]:
    found = [tree]
    while nodes := [p for p in (found[-1].left, found[-1].right) if isinstance(p, Node)]:
        found += nodes
    return found


@pytest.mark.parametrize("length", [11, 14, 20])
def test_long_paths_agree_with_lightgbm_while_its_digits_last(length) -> None:
    text = write([lopsided(length, 5)], length)
    x = (np.random.default_rng(2).random((40, length)) < 0.5).astype(float)
    told = lgb.Booster(model_str=text).predict(x, pred_contrib=True, num_threads=1)
    found = Batched.from_text(text).contributions(x)
    np.testing.assert_allclose(found, told[:, :-1], rtol=1e-9, atol=1e-12)


def test_long_paths_have_the_same_bits_in_any_batch() -> None:
    batched = Batched.from_text(write([lopsided(80, 3)], 80))
    x = (np.random.default_rng(4).random((300, 80)) < 0.9).astype(float)
    whole = batched.contributions(x, threads=2)
    alone = np.vstack([batched.contributions(row[None]) for row in x])
    assert alone.tobytes() == whole.tobytes()
