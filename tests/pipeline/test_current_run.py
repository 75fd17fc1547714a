"""Which published run is the newest list, as one file beside the runs says."""

import json
from types import SimpleNamespace

import pytest

from contract.errors import DataError
from pipeline.runs import CURRENT, MANIFEST, current_run, make_current


def published(outputs, name, as_of):
    place = outputs / name
    place.mkdir(parents=True, exist_ok=True)
    (place / MANIFEST).write_text(f"{name} of {as_of}", "utf-8")
    make_current(place, SimpleNamespace(run=name, as_of=as_of))
    return place


def test_no_run_is_current_before_one_is_published(tmp_path):
    assert current_run(tmp_path) is None


@pytest.mark.parametrize(
    ("days", "newest"),
    [
        (["2026-09-05", "2026-10-05"], 1),
        (["2026-10-05", "2026-09-05"], 0),
        (["2026-10-05", "2026-10-05"], 1),
        (["2026-11-05", "2026-09-05", "2026-10-05"], 0),
    ],
)
def test_newest_day_is_current_and_of_one_day_the_last_made(days, newest, tmp_path):
    places = [published(tmp_path, f"run-{at}", day) for at, day in enumerate(days)]
    assert current_run(tmp_path) == places[newest]
    told = json.loads((tmp_path / CURRENT).read_text("utf-8"))
    assert (told["run"], told["folder"], told["as_of"]) == (
        places[newest].name,
        places[newest].name,
        days[newest],
    )


@pytest.mark.parametrize("broken", ["", "[]", "{}", '{"folder": 3, "manifest_sha256": ""}'])
def test_broken_name_is_refused_and_mended_by_the_next_run(broken, tmp_path):
    place = published(tmp_path, "run", "2026-10-05")
    (tmp_path / CURRENT).write_text(broken, "utf-8")
    with pytest.raises(DataError, match=r"does not name a published run.+duewatch score again"):
        current_run(tmp_path)
    assert published(tmp_path, "run", "2026-10-05") == place == current_run(tmp_path)


def test_changed_manifest_and_place_elsewhere_are_refused(tmp_path):
    place = published(tmp_path / "outputs", "run", "2026-10-05")
    (place / MANIFEST).write_text("other", "utf-8")
    with pytest.raises(DataError, match="does not name a published run"):
        current_run(tmp_path / "outputs")
    told = json.loads((tmp_path / "outputs" / CURRENT).read_text("utf-8"))
    (tmp_path / "outputs" / CURRENT).write_text(json.dumps({**told, "folder": "../run"}), "utf-8")
    with pytest.raises(DataError, match="does not name a published run"):
        current_run(tmp_path / "outputs")


def test_run_of_a_later_day_that_is_gone_holds_no_place(tmp_path):
    gone = published(tmp_path, "later", "2026-11-05")
    (gone / MANIFEST).unlink()
    gone.rmdir()
    place = published(tmp_path, "earlier", "2026-10-05")
    assert current_run(tmp_path) == place
