import os
import re
import shlex
from pathlib import Path

import bad_arguments
import bad_datasets
import bad_forms
import bad_models
import bad_months
import bad_parquet
import bad_runs
import bad_settings
import bad_sources
import pytest
from case import PRIVATE

CASES = {
    "dataset": bad_datasets.CASES,
    "settings": bad_settings.CASES,
    "source": bad_sources.CASES,
    "run": bad_runs.CASES,
    "form": bad_forms.CASES,
    "argument": bad_arguments.CASES,
    "month": bad_months.CASES,
    "model": bad_models.CASES,
    "parquet": bad_parquet.CASES,
}

# Whose cases read or check whole tables, or open a registry: of these one in five runs each time,
# the others in the slow tests.
LONG = {"dataset", "source", "parquet", "month", "model"}

# A line may name all the facts that a rule can go by.
LONGEST_LINE, MOST_LINES = 1000, 40


def params():
    """Return every case, under its kind and name."""
    return [
        pytest.param(
            case,
            id=f"{kind}: {case.name}",
            marks=[pytest.mark.slow] if kind in LONG and number % 5 else [],
        )
        for kind, cases in CASES.items()
        for number, case in enumerate(cases)
    ]


def contents(folder):
    """Return every path below a folder with what tells whether it was written to."""
    found = {}
    for parent, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(parent) / name
            about = path.lstat()
            written = (about.st_ino, about.st_size, about.st_mtime_ns)
            found[str(path.relative_to(folder))] = written if name in files else ()
    return found


def message(err):
    """Return what is told of the failure, without progress before it."""
    begins = [
        m.start()
        for m in re.finditer(r"^(duewatch: |Usage: |Error: (?=Option))", err, re.MULTILINE)
    ]
    assert len(begins) == 1, err
    return err[begins[0] :]


@pytest.mark.timeout(120, func_only=True)
@pytest.mark.parametrize("case", params())
def test_broken_input_ends_in_one_clear_message(case, here, command, monkeypatch):
    for step in case.steps:
        step(here)
    for name, value in case.environment.items():
        monkeypatch.setenv(name, value)
    before = contents(here)
    done = command(*shlex.split(case.run))
    assert done.code == case.code, done.err
    said = message(done.err)
    assert re.search(case.says, said), said
    assert done.err.count(said.removeprefix("duewatch: ").strip()) == 1
    assert max(map(len, said.splitlines())) <= LONGEST_LINE
    assert len(said.splitlines()) <= MOST_LINES
    assert not any(private in done.err for private in (*PRIVATE.values(), "Traceback"))
    after = contents(here)
    added = {path for path in after.keys() - before.keys() if not path.startswith(case.adds)}
    assert not added
    assert before.items() <= after.items()
