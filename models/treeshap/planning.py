"""How a tree is cut into groups: parts whose contributions depend on few yes-or-no answers.

A leaf's contributions depend only on which of the distinct features of its path agree with the
row. So do those of all leaves below a node, on the answers above it (one per distinct feature)
and the answers inside (one per node). Where these are few the group's contributions are kept in
a table by pattern of answers, and a row costs one look-up per feature for all leaves of the group
together. A leaf with too many distinct features for a table is a group of its own without one.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from models.treeshap.reading import Tree

Tests = tuple[tuple[int, bool], ...]

# Answers of a group of several leaves, and of one leaf alone, for which a table is made; found by
# trial. A group's 256 rows a feature stay in the fastest cache; larger ones save nothing more. A
# leaf's 4,096 do not, and still cost a row less than doing without.
GROUP_ANSWERS, LEAF_ANSWERS = 8, 12


@dataclass(frozen=True, slots=True)
class Element:
    """One distinct feature of a path.

    Attributes:
        feature: The input asked about.
        zero: Share of the training rows that would stay on the path, not knowing the feature.
        tests: Node and whether the path goes left, of all nodes on the path that ask about it.
    """

    feature: int
    zero: float
    tests: Tests


Path = tuple[Element, ...]


@dataclass(frozen=True, slots=True)
class LeafElement:
    """One distinct feature of a leaf's path as seen in its group.

    Attributes:
        slot: Place of the feature among the group's.
        zero: As in `Element`.
        mask: The answers that decide whether the row agrees.
        want: What they are if it does.
    """

    slot: int
    zero: float
    mask: int
    want: int


@dataclass(frozen=True, slots=True)
class Group:
    """Leaves whose contributions are found together.

    Attributes:
        features: Inputs that get a contribution, each once.
        answers: What each bit of the pattern asks: whether all these tests come out so.
        leaves: Value and path of each leaf.
        has_table: Whether patterns are few enough for a table; without one there is one leaf, and
            answer and feature of one place belong together.
    """

    features: tuple[int, ...]
    answers: tuple[Tests, ...]
    leaves: tuple[tuple[float, tuple[LeafElement, ...]], ...]
    has_table: bool

    @property
    def cells(self) -> int:
        """Numbers in the table."""
        return len(self.features) << len(self.answers) if self.has_table else 0


def cut(tree: Tree, *, leaf_answers: int = LEAF_ANSWERS) -> Iterator[Group]:
    """Yield the tree's groups, each as large as its answers allow, from left to right."""
    group_answers = min(GROUP_ANSWERS, leaf_answers)
    if len(tree.value) == 1:
        return
    inner = _nodes_below(tree)
    waiting: list[tuple[int, Path]] = [(0, ())]
    while waiting:
        at, path = waiting.pop()
        if at < 0:
            yield _group(tree, at, path, has_table=len(path) <= leaf_answers)
        elif len(path) + inner[at] <= group_answers:
            yield _group(tree, at, path, has_table=True)
        else:
            waiting += [_step(tree, at, path, left=False), _step(tree, at, path, left=True)]


def _nodes_below(tree: Tree) -> list[int]:
    """Return, for each node, how many nodes its part of the tree has, itself included."""
    order, waiting = [], [0]
    while waiting:
        at = waiting.pop()
        order.append(at)
        waiting += [c for c in (int(tree.left[at]), int(tree.right[at])) if c >= 0]
    below = [1] * len(tree.left)
    for at in reversed(order):
        below[at] += sum(below[c] for c in (tree.left[at], tree.right[at]) if c >= 0)
    return below


def _step(tree: Tree, at: int, path: Path, *, left: bool) -> tuple[int, Path]:
    """Return the child and its path."""
    child = int(tree.left[at] if left else tree.right[at])
    feature, share = int(tree.feature[at]), tree.count(child) / tree.count(at)
    for place, known in enumerate(path):
        if known.feature == feature:
            joined = Element(feature, share * known.zero, (*known.tests, (at, left)))
            return child, (*path[:place], joined, *path[place + 1 :])
    return child, (*path, Element(feature, share, ((at, left),)))


@dataclass(slots=True)
class _Draft:
    """A group while its leaves are gathered: features and tests by the place they were given."""

    slots: dict[int, int] = field(default_factory=dict)
    answers: list[Tests] = field(default_factory=list)
    bits: dict[tuple[int, bool], tuple[int, int]] = field(default_factory=dict)
    leaves: list[tuple[float, tuple[LeafElement, ...]]] = field(default_factory=list)

    def ask(self, tests: Tests) -> int:
        """Add an answer, and return its bit."""
        self.answers.append(tests)
        return 1 << (len(self.answers) - 1)

    def element(self, known: Element) -> LeafElement:
        """Return a leaf's element; each of its tests belongs to an answer."""
        mask = want = 0
        for test in known.tests:
            bit, yes = self.bits[test]
            mask, want = mask | bit, want | (bit if yes else 0)
        slot = self.slots.setdefault(known.feature, len(self.slots))
        return LeafElement(slot, known.zero, mask, want)


def _group(tree: Tree, top: int, above: Path, *, has_table: bool) -> Group:
    draft = _Draft()
    for known in above:
        bit = draft.ask(known.tests)
        draft.bits |= dict.fromkeys(known.tests, (bit, 1))
    waiting = [(top, above)]
    while waiting:
        at, path = waiting.pop()
        if at < 0:
            draft.leaves.append((float(tree.value[~at]), tuple(map(draft.element, path))))
            continue
        bit = draft.ask(((at, True),))
        draft.bits |= {(at, True): (bit, 1), (at, False): (bit, 0)}
        waiting += [_step(tree, at, path, left=False), _step(tree, at, path, left=True)]
    return Group(
        features=tuple(draft.slots),
        answers=tuple(draft.answers),
        leaves=tuple(draft.leaves),
        has_table=has_table,
    )
