"""Every command of a guide's ``console`` blocks really runs, on a small simulated town."""

import csv
import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.cli import app

PROJECT = Path(__file__).parent.parent.parent
GUIDES = sorted(
    page for page in (PROJECT / "docs" / "guides").glob("*.md") if not page.stem.endswith(".zh")
)
BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# A file of the reader's own: a block whose first line is a comment with the file's name.
FILE = re.compile(r"^```[a-z]+\n(# (own\.\w+)\n.*?)^```$", re.MULTILINE | re.DOTALL)
# A town has too few months for configs/runs/monthly.yaml.
SETTINGS = """
data: data/utility
snapshots: {days_of_month: [6], learn_months: 4, test_months: 2, origins: 1}
parameters: {rounds: 20, patience: 5}
"""
BEFORE = (
    "simulate data/utility --customers 300 --cycles 14",
    "train --config run.yaml --kind months_behind",
    "promote --config run.yaml --force 'the first'",
    "score --config run.yaml",
    "plan --config run.yaml",
)


def commands(page: Path) -> list[str]:
    """Return what stands after ``$ duewatch`` in the blocks of a page."""
    lines = [line for block in BLOCK.findall(page.read_text("utf-8")) for line in block.split("\n")]
    assert [line for line in lines if line and not line.startswith("$ duewatch ")] == []
    return [line.removeprefix("$ duewatch ") for line in lines if line]


def write_files(page: Path) -> None:
    """Write the run's settings, and what the page declares, into the folder."""
    files = {name: content for content, name in FILE.findall(page.read_text("utf-8"))}
    for name, content in files.items():
        Path(name).write_text(content, "utf-8")
    named = f"features: {{files: [{', '.join(files)}]}}\n" if files else ""
    Path("run.yaml").write_text(SETTINGS + named, "utf-8")


def run(command: str) -> None:
    """Run a command line, with the names that guides use in the place of real ones."""
    filled = [fill(word) for word in shlex.split(command)]
    ended = CliRunner().invoke(app, filled)
    assert ended.exit_code == 0, f"{command}: {ended.exception!r}\n{ended.output[-1000:]}"


def fill(word: str) -> str:
    """Return a word with RUN, PLAN, CYCLE and CUSTOMER replaced."""
    if word == "CUSTOMER":
        with (newest("2*") / "list.csv").open(encoding="utf-8-sig") as rows:
            return next(csv.DictReader(rows))["customer_id"]
    if word == "CYCLE":
        return max(Path("outputs").glob("2*-*")).name[:7]
    for name, pattern in (("outputs/RUN", "2*"), ("outputs/PLAN", "plan-*")):
        if word == name:
            return str(newest(pattern))
    return word


def newest(pattern: str) -> Path:
    return max(Path("outputs").glob(pattern), key=lambda folder: folder.stat().st_mtime)


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    """Stand in a folder with a town, a champion, a list and a plan."""
    folder = tmp_path_factory.mktemp("town")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        Path("run.yaml").write_text(SETTINGS, "utf-8")
        for command in BEFORE:
            run(command)
        yield folder


def test_every_marked_command_of_the_guides_runs(town):  # noqa: ARG001 - its place
    for page in GUIDES:
        write_files(page)
        for command in commands(page):
            run(command)
