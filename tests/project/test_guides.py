"""Every command of a guide's ``console`` blocks really runs, on a small simulated town."""

import csv
import re
import shlex
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from contract.errors import BusyError, ConfigError, DataError, GateError, MachineError
from pipeline.cli import app
from pipeline.gates.catalogue import GATES

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
BEFORE = ("simulate data/utility --customers 300 --cycles 14",)
# The pages in the order in which their readers come: who trains, who runs, who reads.
READERS = ("data_scientist", "operator", "risk_manager")
# What is written to be filled in by hand, with the customer of a town.
FORM = re.compile(r"^```\n(customer_id,.*?)^```$", re.MULTILINE | re.DOTALL)
# Verbs of the readers' guides that no town of the tests can run; their options are checked by
# test_docs, and they are run elsewhere.
RUN_ELSEWHERE = {
    "import": "needs a source's exports: tests/contract",
    "forecast": "learns for seconds: tests/pipeline/test_forecasting",
    "tune": "takes minutes: tests/pipeline/test_tuning",
    "recalibrate": "needs two months after training: tests/pipeline/test_recalibrating",
    "monitor": "a step of duewatch run, which is run here: tests/pipeline/test_monitoring",
    "uplift": "needs a random hold-out: tests/pipeline/test_uplift_run",
    "health": "says 3 before a month was run here: tests/pipeline/cycle",
}


def commands(page: Path) -> list[str]:
    """Return what stands after ``$ duewatch`` in the blocks of a page."""
    lines = [line for block in BLOCK.findall(page.read_text("utf-8")) for line in block.split("\n")]
    assert [line for line in lines if line and not line.startswith("$ duewatch ")] == []
    return [line.removeprefix("$ duewatch ") for line in lines if line]


def write_files(page: Path) -> None:
    """Write the run's settings, and what the page declares, into the folder."""
    text = page.read_text("utf-8")
    files = {name: content for content, name in FILE.findall(text)}
    for form in FORM.findall(text):
        filled = re.sub(r"^\d{6,}", fill("CUSTOMER"), form, flags=re.MULTILINE)
        Path("filled_in.csv").write_text(filled, "utf-8")
    for name, content in files.items():
        Path(name).write_text(content, "utf-8")
    # A model that learned from them needs them on every later page.
    there = [name for name in ("own.yaml", "own.py") if Path(name).exists()]
    named = f"features: {{files: [{', '.join(there)}]}}\n" if there else ""
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
    """Stand in a folder with a town."""
    folder = tmp_path_factory.mktemp("town")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        Path("run.yaml").write_text(SETTINGS, "utf-8")
        for command in BEFORE:
            run(command)
        yield folder


def ordered() -> list[Path]:
    """Return the guides as they are read: of those that need a model, who trains it comes first."""
    return sorted(GUIDES, key=lambda page: (*(page.stem != name for name in READERS), page.stem))


def test_every_marked_command_of_the_guides_runs(town):
    assert town == Path.cwd()
    for page in ordered():
        write_files(page)
        for command in commands(page):
            run(command)


def test_commands_that_are_not_run_here_are_known():
    told = {page.stem: page.read_text("utf-8") for page in GUIDES if page.stem in READERS}
    assert set(told) == set(READERS)
    run_here = {command.split()[0] for page in GUIDES for command in commands(page)}
    used = {verb for text in told.values() for verb in re.findall(r"duewatch ([a-z]+)", text)}
    verbs = used & set(get_command(app).commands)
    assert verbs - run_here == set(RUN_ELSEWHERE)


@pytest.mark.parametrize("language", ["", ".zh"])
def test_operator_is_told_of_every_gate_and_exit_code(language):
    text = (PROJECT / "docs" / "guides" / f"operator{language}.md").read_text("utf-8")
    assert [gate.id for gate in GATES if f"`{gate.id}`" not in text] == []
    kinds = (ConfigError, DataError, MachineError, BusyError, GateError)
    codes = {0, 1, 4} | {kind.exit_code for kind in kinds}
    assert {int(code) for code in re.findall(r"^\| (\d) \|", text, re.MULTILINE)} == codes
