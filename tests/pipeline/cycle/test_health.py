import json
from datetime import datetime, timedelta

import pytest

from pipeline.config import Config
from pipeline.cycle.health import judge_health
from pipeline.scoring.lock import locked

NOW = datetime(2026, 10, 8, 6, 0)
DONE = {"status": "done", "cycle": "2026-10"}
FAILED = {"status": "failed", "cycle": "2026-10", "last_error": {"error": "X", "exit_code": 5}}


def running(minutes):
    seen = (NOW - timedelta(minutes=minutes)).isoformat()
    return {"status": "running", "cycle": "2026-10", "step": "Month: plan", "seen": seen}


@pytest.mark.parametrize(
    ("told", "age", "code", "words"),
    [
        (None, None, 3, "UNKNOWN: duewatch run was not used here yet; no list."),
        (DONE, 2, 0, "OK: cycle 2026-10 is done; newest list r, 2 days old."),
        (DONE, 35, 0, "OK: "),
        (DONE, 36, 1, "WARNING: cycle 2026-10 is done, but the newest list is old"),
        (FAILED, 2, 2, "CRITICAL: cycle 2026-10 ended with X, exit code 5"),
        (running(59), 2, 0, "OK: cycle 2026-10 is at: Month: plan"),
        (running(61), 2, 2, "CRITICAL: cycle 2026-10 has been silent for 61 minutes"),
        ({**running(1), "cycle": "2026-09"}, 2, 2, "CRITICAL: cycle 2026-09 was killed; the same"),
    ],
)
def test_health_is_judged_by_what_was_told_and_the_lists_age(
    told, age, code, words, tmp_path, monkeypatch
):
    run = tmp_path / "r"
    if age is not None:
        run.mkdir()
        as_of = (NOW - timedelta(days=age)).date().isoformat()
        (run / "manifest.json").write_text(json.dumps({"as_of": as_of}), "utf-8")
    monkeypatch.setattr(
        "pipeline.cycle.health.current_run", lambda _: run if age is not None else None
    )
    if told is not None:
        (tmp_path / "health.json").write_text(json.dumps(told), "utf-8")
    with locked(tmp_path / "cycles" / "2026-10"):
        judged = judge_health(Config(outputs=tmp_path), now=NOW)
    assert judged.code == code
    assert judged.text.startswith(words)


@pytest.mark.parametrize("content", ["", "[]", '{"status'])
def test_unreadable_health_tells_nothing(content, tmp_path):
    (tmp_path / "health.json").write_text(content, "utf-8")
    assert judge_health(Config(outputs=tmp_path), now=NOW).code == 3
