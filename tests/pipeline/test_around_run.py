"""What a run is told with: the run before it and the plan that was made for it."""

import json
import os

import pytest

from pipeline.planning import ABOUT, plan_of
from pipeline.runs import MANIFEST, previous_run

TARGET = "duewatch-late"


def folder_with(place, file, told):
    place.mkdir()
    (place / file).write_text(told if isinstance(told, str) else json.dumps(told), "utf-8")
    return place


def made(outputs, name, as_of, model_name=TARGET):
    return folder_with(outputs / name, MANIFEST, {"as_of": as_of, "model_name": model_name})


def test_run_before_is_the_last_of_an_earlier_day(tmp_path):
    made(tmp_path, "july", "2026-07-06")
    before = made(tmp_path, "september", "2026-09-06")
    made(tmp_path, "same-day", "2026-10-06")
    made(tmp_path, "november", "2026-11-06")
    assert previous_run(made(tmp_path, "october", "2026-10-06")) == before


def test_runs_of_another_question_and_broken_ones_are_passed_over(tmp_path):
    made(tmp_path, "other", "2026-09-06", "duewatch-cutoff")
    folder_with(tmp_path / "broken", MANIFEST, "{")
    folder_with(tmp_path / "empty", MANIFEST, {})
    assert previous_run(made(tmp_path, "october", "2026-10-06")) is None


@pytest.mark.parametrize("told", ["", "[]", {"scores": "another", "dunning_on": "2026-10-08"}])
def test_what_is_no_plan_of_the_run_is_passed_over(told, tmp_path):
    folder_with(tmp_path / "plan", ABOUT, told)
    assert plan_of(tmp_path / "run", "run") is None


def test_plan_of_the_latest_dunning_day_is_taken_and_then_the_newest(tmp_path):
    days = {"a": "2026-10-20", "b": "2026-10-20", "c": "2026-10-08"}
    for name, day in days.items():
        place = folder_with(tmp_path / name, ABOUT, {"scores": "run", "dunning_on": day})
        os.utime(place / ABOUT, (1_000 + (name == "a"),) * 2)
    assert plan_of(tmp_path / "run", "run") == tmp_path / "a"
