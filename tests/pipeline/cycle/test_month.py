"""A month done, found again, killed, stopped by a gate, and looked at beforehand."""

import json
import shutil
import signal
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import pytest
import yaml

from contract.errors import BusyError, ConfigError, GateError
from pipeline.config import Config
from pipeline.cycle.health import judge_health
from pipeline.cycle.month import cycle_day, do_month
from pipeline.cycle.preview import preview_month
from pipeline.cycle.settings import Cycle
from pipeline.cycle.state import read_health, read_state
from pipeline.cycle.steps import steps_of
from pipeline.gates import Accepted, Gates
from pipeline.runs import current_run
from pipeline.scoring.lock import locked

PROJECT = Path(__file__).parent.parent.parent.parent
ALL = Cycle(steps=("score", "portraits", "plan", "handouts", "report", "scope"))
# What tells of time or of the process, and so differs from run to run.
OF_TIME = {"state.json", "lock", "health.json"}


def tree(folder):
    """Return every file below a folder with its bytes, but for those that tell of time."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in OF_TIME
    }


@pytest.fixture(scope="module")
def config(town, promoted, tmp_path_factory):  # noqa: ARG001 - a champion must be there
    outputs = tmp_path_factory.mktemp("month") / "outputs"
    changed = {"outputs": outputs, "as_of": town.prepared.as_of, "cycle": ALL}
    return town.config.model_copy(update=changed)


@pytest.fixture(scope="module")
def cycle(config):
    return f"{config.as_of:%Y-%m}"


@pytest.fixture(scope="module")
def done(config, cycle):
    return do_month(config, cycle)


def test_month_does_its_steps_in_order_and_tells_of_each(done, config):
    assert tuple(done.steps) == ALL.steps
    assert all(told["made"] for told in done.steps.values())
    assert current_run(config.outputs) == Path(done.steps["score"]["output"])
    assert Path(done.steps["handouts"]["output"]).parent == done.folder
    report = sorted(path.name for path in Path(done.steps["report"]["output"]).iterdir())
    assert report == ["report.html", "report.xlsx", "slides"]
    assert done.steps["plan"]["facts"]["contact"] > 0
    assert f"as of {config.as_of}" in done.text()


def test_month_done_is_found_and_nothing_is_made_again(done, config, cycle):
    before = tree(config.outputs)
    again = do_month(config, cycle)
    assert tree(config.outputs) == before
    assert {name: told["output"] for name, told in again.steps.items()} == {
        name: told["output"] for name, told in done.steps.items()
    }
    assert again.steps["plan"]["seconds"] == done.steps["plan"]["seconds"]
    assert again.steps["portraits"]["note"] == "done before, from the same inputs"


def test_dry_run_says_what_is_there_and_writes_nothing(done, config, cycle):
    def stamps():
        roots = (config.outputs, config.stores, config.tracking.folder, config.data)
        return {p: p.stat().st_mtime_ns for root in roots for p in root.rglob("*") if p.is_file()}

    before = stamps()
    seen = preview_month(config, cycle)
    assert stamps() == before
    assert seen.as_of == config.as_of
    assert seen.rows["bills"] > 10_000
    assert seen.reused["store"].startswith("reused: ")
    assert done.steps["score"]["output"] in seen.reused["score"]
    assert seen.measured == f"as in cycle {cycle}"
    assert seen.seconds["plan"] == done.steps["plan"]["seconds"]
    assert "trained as of" in seen.champion


def test_what_a_changed_policy_decides_is_made_anew_and_the_list_stays(done, config, cycle):
    settled = config.model_copy(update={"cycle": ALL.model_copy(update={"dunning_day": 20})})
    changed = do_month(settled, cycle)
    differ = {n for n in ALL.steps if changed.steps[n]["output"] != done.steps[n]["output"]}
    assert differ == {"plan", "handouts", "report"}
    do_month(config, cycle)


def test_dry_run_before_anything_was_done_goes_by_the_rates(config, tmp_path):
    new = {name: tmp_path / name for name in ("outputs", "stores")}
    tracking = config.tracking.model_copy(update={"folder": tmp_path / "mlruns"})
    seen = preview_month(config.model_copy(update={**new, "tracking": tracking}), "2026-10")
    assert list(tmp_path.iterdir()) == []
    assert seen.reused["store"] == "to be made: no data were staged yet"
    assert seen.champion == "none; run duewatch train, then duewatch promote"
    assert seen.measured.startswith("by the rates")
    assert all(seconds > 0 for seconds in seen.seconds.values())
    assert seen.disk_mb > 0


def test_gate_that_stops_the_list_stops_the_month_and_is_told(config, cycle, tmp_path):
    strict = config.model_copy(
        update={"outputs": tmp_path / "outputs", "gates": Gates(bills_share=0.9999)}
    )
    with pytest.raises(GateError, match="gate bills-volume"):
        do_month(strict, cycle)
    assert current_run(strict.outputs) is None
    assert not list(strict.outputs.glob("plan-*"))
    told = read_health(strict.outputs)
    assert (told["status"], told["last_error"]["exit_code"]) == ("failed", 7)
    assert judge_health(strict).code == 2

    short = strict.model_copy(update={"cycle": Cycle(steps=("score",))})
    accepted = (Accepted(gate="bills-volume", reason="a holiday", who="operator"),)
    assert do_month(short, cycle, accepted=accepted).steps["score"]["made"]
    assert read_health(strict.outputs)["status"] == "done"


def test_monitoring_comes_last_unless_it_may_stop_the_month(config, cycle, tmp_path, monkeypatch):
    watching = Cycle(steps=("monitor", "score"))
    assert [one.id for one in steps_of(config.model_copy(update={"cycle": watching}))] == [
        "score",
        "monitor",
    ]

    def monitor(*_, out):
        out.mkdir()
        (out / "monitor.json").write_text('{"alarms": [{"level": "act"}, {"level": "watch"}]}')

    monkeypatch.setattr("pipeline.cycle.steps.monitor", monitor)
    strict = watching.model_copy(update={"stop_on_alarm": True})
    alone = config.model_copy(update={"outputs": tmp_path / "outputs", "cycle": strict})
    for _ in range(2):  # what was seen before is judged again
        with pytest.raises(GateError, match=r"1 limits were breached, and cycle\.stop_on_alarm"):
            do_month(alone, cycle)
    assert current_run(alone.outputs) is None


def test_two_at_one_month_are_told_of_each_other(config, cycle, tmp_path):
    alone = config.model_copy(update={"outputs": tmp_path / "outputs"})
    with (
        locked(alone.outputs / "cycles" / cycle),
        pytest.raises(BusyError, match="made by process"),
    ):
        do_month(alone, cycle)


def test_killed_month_is_finished_by_the_same_command(done, config, cycle, tmp_path):
    outputs = tmp_path / "outputs"
    path = tmp_path / "run.yaml"
    settings = config.model_dump(mode="json", exclude_defaults=True)
    path.write_text(yaml.safe_dump({**settings, "outputs": str(outputs)}), "utf-8")
    command = [sys.executable, "-c", "from pipeline.cli import main; main()"]
    process = subprocess.Popen(
        [*command, "run", "--cycle", cycle, "--config", str(path)],
        cwd=PROJECT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while not list(outputs.glob(".plan-*")) and process.poll() is None:
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.wait()
    killed = read_state(outputs / "cycles" / cycle)
    assert "handouts" not in killed["steps"]

    again = do_month(config.model_copy(update={"outputs": outputs}), cycle)
    assert list(again.steps) == list(done.steps)
    for step, name in (("score", "list.csv"), ("plan", "plan.parquet")):
        one, other = (Path(told.steps[step]["output"]) for told in (done, again))
        assert (one / name).read_bytes() == (other / name).read_bytes()


@pytest.mark.parametrize(
    ("cycle", "settings", "day"),
    [
        ("2026-10", {}, date(2026, 10, 6)),
        ("2026-12", {"months_after": 1, "day": 3}, date(2027, 1, 3)),
        ("2026-02", {"day": 28}, date(2026, 2, 28)),
    ],
)
def test_day_of_a_cycle_follows_the_settings(cycle, settings, day):
    assert cycle_day(Config(cycle=Cycle(**settings)), cycle) == day


@pytest.mark.parametrize("cycle", ["2026-13", "october", "202610", "2026-10-06", "../2026"])
def test_what_is_no_month_is_refused_before_anything_is_done(cycle, tmp_path):
    with pytest.raises(ConfigError, match="is no month; give it as 2026-10"):
        do_month(Config(outputs=tmp_path / "outputs"), cycle)
    assert list(tmp_path.iterdir()) == []


def test_month_without_a_champion_says_what_to_run(config, cycle, tmp_path):
    tracking = config.tracking.model_copy(update={"folder": tmp_path / "mlruns"})
    new = {"outputs": tmp_path / "outputs", "tracking": tracking}
    with pytest.raises(ConfigError, match="Run duewatch train, then duewatch promote"):
        do_month(config.model_copy(update=new), cycle)
    assert read_health(tmp_path / "outputs")["last_error"]["exit_code"] == 2


@pytest.mark.parametrize(
    "steps", [("plan",), ("score", "handouts"), ("export",), ("score", "score")]
)
def test_steps_without_what_they_need_are_refused(steps):
    with pytest.raises(ValueError, match=r"needs the step|name each step once"):
        Cycle(steps=steps)


def test_broken_state_is_told_anew(done, config, cycle):
    path = done.folder / "state.json"
    kept = path.read_bytes()
    path.write_text('{"steps": ', "utf-8")
    assert list(do_month(config, cycle).steps) == list(done.steps)
    assert json.loads(path.read_text("utf-8"))["cycle"] == cycle
    path.write_bytes(kept)


def test_output_that_is_gone_is_made_again(done, config, cycle):
    place = Path(done.steps["portraits"]["output"])
    before = tree(place)
    shutil.rmtree(place)
    assert do_month(config, cycle).steps["portraits"]["made"]
    assert tree(place) == before
