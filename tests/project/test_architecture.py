import ast
from pathlib import Path

import pytest

PROJECT = Path(__file__).parent.parent.parent

# Who may import whom (design.md 1); an arrow that runs back fails.
ALLOWED = {
    "contract": set(),
    "features": {"contract"},
    "models": {"contract", "features"},
    "collection": {"contract", "features"},
    "reports": {"contract", "features", "models", "collection"},
    "pipeline": {"contract", "features", "models", "collection", "reports"},
}
OURS = {*ALLOWED, "benchmarks", "configs"}
# Each heavy library enters through one door.
DOORS = {
    "duckdb": "contract/engine.py",
    "mlflow": "pipeline/mlflow_door.py",
    "optuna": "pipeline/searching.py",
    "pyspark": "pipeline/spark/cluster.py",
    "psycopg": "contract/postgres_door.py",
    "xlsxwriter": ("reports/", "contract/simulator/"),  # the simulator spoils workbooks, too
    "typer": "pipeline/",
}


def modules():
    for package in ALLOWED:
        yield from sorted((PROJECT / package).rglob("*.py"))


def imported(path):
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module


def test_imports_flow_one_way_between_the_rooms():
    backward = [
        f"{path.relative_to(PROJECT)} imports {name}"
        for path in modules()
        for name in imported(path)
        for room in [name.split(".")[0]]
        if room in OURS
        and room != path.relative_to(PROJECT).parts[0]
        and room not in ALLOWED[path.relative_to(PROJECT).parts[0]]
    ]
    assert backward == []


@pytest.mark.parametrize("library", DOORS)
def test_heavy_library_enters_through_its_door_alone(library):
    users = {
        str(path.relative_to(PROJECT))
        for path in modules()
        for name in imported(path)
        if name.split(".")[0] == library
    }
    assert users
    assert all(user.startswith(DOORS[library]) for user in users), users


def test_training_and_scoring_never_name_the_simulators_truth():
    may = {
        "pipeline/commands/data.py",
        "pipeline/demo.py",
        "pipeline/paths.py",
    }  # they call simulate
    readers = {
        str(path.relative_to(PROJECT))
        for path in modules()
        if path.relative_to(PROJECT).parts[0] != "contract" and "truth" in path.read_text("utf-8")
    }
    assert readers <= may


def test_models_neither_read_files_nor_look_at_a_clock():
    forbidden = {"pathlib", "os", "io", "time", "shutil", "tempfile"}
    found = {
        f"{path.name}: {name}"
        for path in sorted((PROJECT / "models").rglob("*.py"))
        if path.name != "__init__.py"  # tells LightGBM's threads how to wait, before it loads
        for name in imported(path)
        if name.split(".")[0] in forbidden
    }
    assert found == set()


@pytest.mark.parametrize("package", sorted(ALLOWED))
def test_all_of_a_package_is_complete(package):
    tree = ast.parse((PROJECT / package / "__init__.py").read_text("utf-8"))
    names = {
        alias.asname or alias.name
        for node in tree.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    listed = [
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and node.targets[0].id == "__all__"
    ]
    assert [set(names_listed) for names_listed in listed] == ([names] if names else [])
