"""A scoring run that was stopped, damaged, or is being made by another process."""

import json
import os
import shutil
from types import SimpleNamespace

import openpyxl
import pyarrow.parquet as pq
import pytest

from contract.errors import BusyError, DataError, MachineError
from pipeline.config import Scoring
from pipeline.preparing import prepare
from pipeline.runs import CURRENT
from pipeline.scoring import describing, job, leftovers, score
from pipeline.scoring.lock import locked
from pipeline.scoring.workers import count_workers

FILES = ["gates.json", "list.csv", "list.xlsx", "manifest.json", "profile.json", "scores.parquet"]


ALWAYS = {("parts", "flip"), ("matrix", "gone"), ("listed", "facts"), ("parts", "cut")}


class StoppedError(Exception):
    """Stands for whatever ends a process in the middle."""


@pytest.fixture
def again(town, run, promoted, tmp_path, monkeypatch):
    """The same run, made below a folder of its own as often as asked for."""
    # The tree may move on while the tests run.
    for module in (leftovers, describing):
        monkeypatch.setattr(module, "git_commit", lambda: run.manifest.code_commit)
    config = town.config.model_copy(update={"outputs": tmp_path / "outputs"})

    def make(**changed):
        return score(config.model_copy(update=changed), town.prepared, promoted.challenger)

    return SimpleNamespace(
        make=make,
        outputs=config.outputs,
        work=config.outputs / f".{run.folder.name}-work",
        config=config,
    )


@pytest.fixture
def stopped_in(again, monkeypatch):
    """Stop the run in the middle of a step, the n-th time it comes to it."""

    def stop(step, *, at=1):
        real, times = getattr(job, step), iter(range(1, 100))

        def stopping(*arguments, **named):
            if next(times) == at:
                raise StoppedError
            return real(*arguments, **named)

        with monkeypatch.context() as patch:
            patch.setattr(job, step, stopping)
            with pytest.raises(StoppedError):
                again.make()

    return stop


def check_same(made, run):
    assert sorted(path.name for path in made.folder.iterdir()) == FILES
    for name in FILES:
        assert (made.folder / name).read_bytes() == (run.folder / name).read_bytes(), name
    assert {path.name for path in made.folder.parent.iterdir()} == {made.folder.name, CURRENT}


@pytest.mark.parametrize(
    ("step", "at"),
    [
        *[
            pytest.param(step, at, marks=[] if at == 2 else [pytest.mark.slow])
            for step in ("score_bucket", "explain_bucket")
            for at in (1, 2, 3)
        ],
        ("write_ranks", 1),
        ("sort_listed", 1),
        ("write_files", 1),
        ("write_manifest", 1),
        ("clear", 1),
    ],
)
def test_run_stopped_anywhere_is_finished_by_the_same_call(step, at, again, stopped_in, run):
    stopped_in(step, at=at)
    check_same(again.make(), run)


def test_what_is_done_is_not_done_again(again, stopped_in, monkeypatch):
    stopped_in("write_files")
    done = {path: path.stat().st_mtime_ns for path in again.work.rglob("bucket=*.parquet")}
    assert {path.parent.name for path in done} == {"parts", "listed"}
    monkeypatch.setattr(job, "clear", lambda *_, **__: None)
    again.make()
    assert {path: path.stat().st_mtime_ns for path in done} == done


@pytest.mark.parametrize(
    ("kind", "step", "damage"),
    [
        # Each kind of piece with one damage, each damage of one kind; the others are slow tests.
        pytest.param(
            kind, step, damage, marks=[] if (kind, damage) in ALWAYS else [pytest.mark.slow]
        )
        for kind, step in [
            ("parts", "explain_bucket"),
            ("matrix", "explain_bucket"),
            ("listed", "write_files"),
        ]
        for damage in ("flip", "cut", "gone", "facts")
    ],
)
def test_damaged_piece_is_made_anew(kind, step, damage, again, stopped_in, run):
    stopped_in(step)
    piece = again.work / kind / "bucket=1.parquet"
    if damage == "facts":
        piece.with_suffix(".json").write_text('{"sha256": ', "utf-8")
    else:
        _damage(piece, damage)
    check_same(again.make(), run)


def _damage(path, how):
    content = bytearray(path.read_bytes())
    if how == "gone":
        path.unlink()
    elif how == "cut":
        path.write_bytes(content[: len(content) // 2])
    else:
        content[len(content) // 2] ^= 1
        path.write_bytes(content)


def test_pieces_of_other_code_are_not_used(again, stopped_in, run):
    stopped_in("explain_bucket")
    piece = again.work / "parts" / "bucket=1.parquet"
    other = pq.read_table(piece).slice(0, 3)
    pq.write_table(other, piece)
    (again.work / "made-by").write_bytes(b"other code")
    check_same(again.make(), run)


def test_processes_side_by_side_give_the_same_bytes(again, run):
    made = again.make(scoring=Scoring(workers=2))
    check_same(made, run)


def test_second_process_is_told_who_makes_the_run(again):
    with (
        locked(again.work),
        pytest.raises(
            BusyError, match=rf"is being made by process {os.getpid()} on .+ since 20.+run again"
        ),
    ):
        again.make()
    assert again.make().made


def test_lock_file_of_a_dead_process_holds_nothing(again, run):
    again.work.mkdir(parents=True)
    (again.work / "lock").write_text('{"pid": 1, "host": "gone", "since": "2020-01-01"}', "utf-8")
    check_same(again.make(), run)


def test_work_left_after_the_run_had_appeared_is_removed(again):
    made = again.make()
    (again.work / "parts").mkdir(parents=True)
    assert not again.make().made
    assert {path.name for path in again.outputs.iterdir()} == {made.folder.name, CURRENT}


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"files": {}}'])
def test_run_with_a_broken_manifest_is_refused_and_left_alone(content, again, run):
    made = shutil.copytree(run.folder, again.outputs / run.folder.name)
    (made / "manifest.json").write_text(content, "utf-8")
    with pytest.raises(DataError, match=r"not a finished run.+remove this one and score again"):
        again.make()
    assert (made / "manifest.json").read_text("utf-8") == content


def test_damaged_staged_bucket_is_staged_anew_and_gives_the_same_list(
    town, again, run, promoted, tmp_path, caplog
):
    stores = shutil.copytree(town.config.stores, tmp_path / "stores")
    for path in stores.glob("*/bill_history/bucket=1/rows.parquet"):
        _damage(path, "flip")
    config = again.config.model_copy(update={"stores": stores})
    made = score(config, prepare(config), promoted.challenger)
    assert "it is staged anew" in caplog.text
    check_same(made, run)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (OSError(28, "No space left on device", "disk/file"), r"disk/file: No space left.+Free sp"),
        pytest.param(
            OSError(27, "File too large"),
            r"outputs.+: File too large.+ulimit -f",
            marks=pytest.mark.slow,
        ),
        pytest.param(
            PermissionError(13, "Permission denied", "there"),
            r"there: Permission denied.+the right",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_what_the_machine_refuses_is_one_line_and_can_be_mended(
    error, told, again, run, monkeypatch
):
    def refuse(*_, **__):
        raise error

    with monkeypatch.context() as patch:
        patch.setattr("pipeline.scoring.pieces.pq.write_table", refuse)
        with pytest.raises(MachineError, match=told) as raised:
            again.make()
    assert "\n" not in str(raised.value)
    check_same(again.make(), run)


def test_long_list_has_its_head_in_the_workbook_and_says_so(again, run):
    made = again.make(scoring=Scoring(workbook_rows=7))
    counts = made.manifest.counts
    assert counts["workbook"] == 7 < counts["listed"]
    assert made.folder.name != run.folder.name
    assert (made.folder / "list.csv").read_bytes().count(b"\r\n") == counts["listed"] + 1
    cover, rows, *_ = openpyxl.load_workbook(made.folder / "list.xlsx").worksheets
    assert rows.max_row == 2 + 7
    told = " ".join(str(cell.value) for row in cover.iter_rows() for cell in row)
    assert f"holds the first 7 bills, and its sums are of these; all {counts['listed']}" in told
    assert json.loads((made.folder / "manifest.json").read_text("utf-8"))["config"]["scoring"] == {
        "workbook_rows": 7
    }


def test_every_scored_bill_gets_reason_codes_when_asked_for(again, run):
    made = again.make(scoring=Scoring(explain="all"))
    scores = pq.read_table(made.folder / "scores.parquet").to_pandas()
    scored = scores["rank"].notna()
    assert (scores.loc[scored, "reason_1"] != "").mean() > 0.5
    assert scores.loc[~scored, "reason_1"].isna().all()
    told = scored & (scores["reason_2"].fillna("") != "")
    assert (scores.loc[told, "push_1"] >= scores.loc[told, "push_2"]).all()
    assert (scores.loc[told, "push_2"] > 0).all()
    plain = pq.read_table(run.folder / "scores.parquet").to_pandas()
    assert scores[plain.columns].equals(plain)


def test_workers_are_as_many_as_wanted_and_never_more_than_buckets():
    assert count_workers(7, 100) == 7
    assert count_workers(7, 2) == 2
    assert 1 <= count_workers(None, 1000) <= (os.cpu_count() or 1)
