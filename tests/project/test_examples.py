"""The examples of docs/examples are taken by the programs that they are for."""

import configparser
import importlib.util
import re
import shutil
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
from typer.main import get_command

from contract.errors import BusyError, ConfigError, DataError, GateError, MachineError
from pipeline.cli import app

EXAMPLES = Path(__file__).parent.parent.parent / "docs" / "examples"
PASS = {MachineError.exit_code, BusyError.exit_code}
FOR_PEOPLE = {ConfigError.exit_code, DataError.exit_code, GateError.exit_code}


def check_command(words):
    """Hold a command's verb and options against the command line."""
    verb = get_command(app).commands[words[0]]
    known = {option for parameter in verb.params for option in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= known


class Task:
    """Stands for what Airflow makes of a function under @task."""

    def __init__(self, call, settings):
        self.call, self.settings, self.after = call, settings, []

    def __rshift__(self, other):
        self.after.append(other)
        return other


@pytest.fixture
def example(monkeypatch):
    """Import the DAG, with a stand-in where Airflow is not installed, and give it and its tasks."""
    tasks, dags = {}, {}

    def task(call=None, **settings):
        if call is None:
            return lambda decorated: task(decorated, **settings)

        def make():
            tasks[call.__name__] = Task(call, settings)
            return tasks[call.__name__]

        return make

    def dag(**settings):
        dags.update(settings)
        return lambda call: call

    class AirflowException(Exception):  # noqa: N818 - Airflow's name
        pass

    class AirflowFailException(AirflowException):
        pass

    parts = {
        "airflow": {},
        "airflow.decorators": {"dag": dag, "task": task},
        "airflow.exceptions": {
            "AirflowException": AirflowException,
            "AirflowFailException": AirflowFailException,
        },
    }
    for name, content in parts.items():
        module = ModuleType(name)
        module.__dict__.update(content)
        monkeypatch.setitem(sys.modules, name, module)
    spec = importlib.util.spec_from_file_location("duewatch_dag", EXAMPLES / "duewatch_dag.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return SimpleNamespace(
        module=module,
        tasks=tasks,
        dag=dags,
        passes=AirflowException,
        fails=AirflowFailException,
    )


def test_dag_parses_and_goes_from_look_to_month_to_health(example):
    assert list(example.tasks) == ["look", "month", "health"]
    look, month, health = example.tasks.values()
    assert (look.after, month.after) == ([month], [health])
    assert example.dag["max_active_runs"] == 1
    assert example.dag["catchup"] is False
    assert health.settings == {"trigger_rule": "all_done", "retries": 0}


def test_dag_calls_verbs_and_options_that_there_are(example, monkeypatch):
    called = []

    def run(command, **_):
        called.append(command)
        return SimpleNamespace(returncode=0)

    monkeypatch.setattr(example.module.subprocess, "run", run)
    example.tasks["look"].call(data_interval_end=datetime(2026, 10, 6))
    example.tasks["month"].call(data_interval_end=datetime(2026, 10, 6))
    example.tasks["health"].call()
    for _, *words in called:
        check_command(words)
    assert called[1][1:4] == ["run", "--cycle", "2026-10"]


@pytest.mark.parametrize("code", sorted({1, 4} | PASS | FOR_PEOPLE))
def test_dag_tries_again_only_what_may_pass(code, example, monkeypatch):
    ended = SimpleNamespace(returncode=code)
    monkeypatch.setattr(example.module.subprocess, "run", lambda *_, **__: ended)
    with pytest.raises(example.passes, match=f"ended with {code}") as raised:
        example.tasks["health"].call()
    assert isinstance(raised.value, example.fails) == (code not in PASS)


def read_unit(name):
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read(EXAMPLES / name, "utf-8")
    return unit


def test_service_tries_again_only_what_may_pass():
    service = read_unit("duewatch.service")["Service"]
    kept = {int(code) for code in service["RestartPreventExitStatus"].split()}
    assert kept >= FOR_PEOPLE
    assert not kept & PASS
    (command,) = re.findall(r"exec duewatch (.+?)'", service["ExecStart"])
    check_command(command.split())


def test_cron_line_calls_what_there_is():
    lines = (EXAMPLES / "crontab").read_text("utf-8").splitlines()
    (line,) = (line for line in lines if re.match(r"\d", line))
    assert len(line.split("  ")[0].split()) == 5
    check_command(line.split("duewatch ", 2)[-1].split())


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="needs systemd-analyze")
@pytest.mark.parametrize("unit", ["duewatch.service", "duewatch.timer"])
def test_systemd_takes_the_units(unit, tmp_path):
    for path in EXAMPLES.glob("duewatch.*"):
        shutil.copy(path, tmp_path)
    told = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", tmp_path / unit],
        capture_output=True,
        text=True,
        check=False,
    )
    about_ours = [line for line in told.stderr.splitlines() if str(tmp_path) in line]
    assert about_ours == []
