"""Contributions of many rows at once, exact against LightGBM's own."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise

import numba
import numpy as np

from models.treeshap.flat import Groups, Leaves, Nodes, flatten_groups, flatten_nodes
from models.treeshap.planning import LEAF_ANSWERS, Group, cut
from models.treeshap.reading import Floats, Ints, Tree, read_trees
from models.treeshap.shapley import Rules, fill_tables, make_rules
from models.treeshap.walking import explain

# Numbers in all tables together, 256 MB; a model that asks for more makes smaller groups.
_CELLS = 32 * 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Batched:
    """A model's trees, made ready once; rows in, contributions out."""

    inputs: int
    base: float
    columns: Ints
    nodes: Nodes
    groups: Groups
    leaves: Leaves
    tables: Floats
    rules: Rules

    @classmethod
    def from_text(cls, text: str) -> "Batched":
        """Read the trees that LightGBM wrote.

        Raises:
            Uncovered: They are of a kind that only LightGBM itself can explain.
        """
        inputs, trees = read_trees(text)
        columns = np.unique(np.concatenate([np.empty(0, np.int64), *(t.feature for t in trees)]))
        groups, leaves = flatten_groups(_cut_all(trees), columns)
        rules = make_rules(int(np.diff(leaves.start).max(initial=0)))
        return cls(
            inputs=inputs,
            base=sum((tree.expected for tree in trees), 0.0),
            columns=columns,
            nodes=flatten_nodes(trees, columns),
            groups=groups,
            leaves=leaves,
            tables=fill_tables(groups, leaves, rules),
            rules=rules,
        )

    def contributions(self, rows: Floats, *, threads: int = 0) -> Floats:
        """Return what each input adds to each row's raw score, a column each.

        Args:
            rows: As `models.encoding.encode` makes them.
            threads: 0 takes all cores. The numbers are the same bit for bit.
        """
        if rows.shape[1] != self.inputs:
            raise ValueError(f"rows have {rows.shape[1]} columns, the trees {self.inputs} inputs")
        rows = np.ascontiguousarray(rows, dtype=np.float64)
        found = np.zeros(rows.shape)
        plan = self.nodes, self.groups, self.leaves, self.tables, self.rules

        def work(part: slice) -> None:
            explain(rows[part], self.columns, *plan, found[part])

        _share(work, len(rows), threads or numba.config.NUMBA_DEFAULT_NUM_THREADS)
        return found


def _cut_all(trees: tuple[Tree, ...]) -> list[list[Group]]:
    """Cut the trees into groups whose tables together keep to the limit."""
    for answers in range(LEAF_ANSWERS, -1, -1):
        cuts = [list(cut(tree, leaf_answers=answers)) for tree in trees]
        if sum(group.cells for groups in cuts for group in groups) <= _CELLS:
            break
    return cuts


def _share(work: Callable[[slice], None], rows: int, threads: int) -> None:
    """Do the work in about equal parts, one a thread."""
    edges = np.linspace(0, rows, min(threads, max(1, rows)) + 1).astype(int).tolist()
    parts = [slice(*pair) for pair in pairwise(edges)]
    if len(parts) == 1:
        work(parts[0])
        return
    with ThreadPoolExecutor(len(parts)) as pool:
        for done in [pool.submit(work, part) for part in parts]:
            done.result()
