"""The truth is for judging only: no code that trains, scores or lists may reach it."""

import ast
from pathlib import Path

import pytest

from contract.simulator.truth import TRUTH_TABLES

ROOT = Path(__file__).parents[2]
# The command and the demo make a utility and put its truth aside; they read none of it.
MAKERS = {"pipeline/commands/data.py", "pipeline/demo.py"}
WORKERS = [
    path
    for folder in ("features", "models", "collection", "reports", "pipeline")
    for path in sorted((ROOT / folder).rglob("*.py"))
]


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _imports(tree: ast.AST) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found


@pytest.mark.parametrize("path", WORKERS, ids=_name)
def test_no_worker_imports_the_simulator_or_names_a_truth_table(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    reached = {name for name in _imports(tree) if name.startswith("contract.simulator")}
    if _name(path) in MAKERS:
        reached = {name for name in reached if "truth" in name or "ceiling" in name}
    assert reached == set()
    texts = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    named = [t for t in texts if isinstance(t, str) and any(n in t for n in _files())]
    assert named == []


def _files() -> tuple[str, ...]:
    return (*(f"{name}.parquet" for name in TRUTH_TABLES), "bill_truth", "contact_truth")


def test_only_the_simulator_writes_inside_a_truth_folder() -> None:
    readers = [
        _name(path) for path in WORKERS if "truth_folder(" in path.read_text(encoding="utf-8")
    ]
    assert set(readers) <= {*MAKERS, "pipeline/paths.py"}
