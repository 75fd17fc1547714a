"""The two commands that judge the simulator print what they promise."""

import json

import pytest

from benchmarks import simulate, world


def test_world_prints_every_figure_and_the_failed_gates(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = ["--customers", "2500", "--cycles", "26", "--seed", "3", "--ceiling", "120"]
    monkeypatch.setattr("sys.argv", ["world", "--json", *sizes])
    world.main()
    figures = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert {gate.figure for gate in world.GATES} <= set(figures)
    assert set(figures["gates_failed"]) <= {gate.figure for gate in world.GATES}


def test_world_prints_a_line_for_each_gate(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    middle = {gate.figure: (gate.low + gate.high) / 2 for gate in world.GATES}
    monkeypatch.setattr("sys.argv", ["world", "--customers", "200", "--cycles", "3"])
    monkeypatch.setattr(world, "judge", lambda *_, **__: dict(middle))
    world.main()
    printed = capsys.readouterr().out
    assert printed.count("ok  ") == len(world.GATES)
    assert "FAIL" not in printed


def test_speed_is_measured_on_what_is_written(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["simulate", "--json", "--customers", "600", "--cycles", "6"])
    simulate.main()
    figures = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert figures["bills"] == pytest.approx(600 * 6 * 0.9, rel=0.15)
    assert figures["draws_ratio"] > 1
