"""The real command killed (SIGKILL) at random moments, run twice at once, and short of disk."""

import os
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

from pipeline.runs import CURRENT
from pipeline.scoring.lock import locked

PROJECT = Path(__file__).parent.parent.parent
FILES = ["gates.json", "list.csv", "list.xlsx", "manifest.json", "profile.json", "scores.parquet"]
# The commit is in the manifest, and the tree may move on while the tests run.
MAIN = """
from pipeline import code_version
code_version.git_commit = lambda: {0!r}
from pipeline.cli import main
main()
"""
# Once the model is loaded no file may become larger than this: what a full disk does to a process.
SMALL_FILES = """
import resource
from pipeline import tracking
load = tracking.load
def and_then_limit(*arguments):
    loaded = load(*arguments)
    resource.setrlimit(resource.RLIMIT_FSIZE, ({0}, {0}))
    return loaded
tracking.load = and_then_limit
"""


@pytest.fixture
def command(town, run, tmp_path):
    """The command line on the town, with outputs of its own."""
    outputs = tmp_path / "outputs"
    work = outputs / f".{run.folder.name}-work"
    main = MAIN.format(run.manifest.code_commit)

    def start(before="", within=(), **changed):
        settings = town.config.model_dump(mode="json", exclude_defaults=True)
        path = tmp_path / "run.yaml"
        path.write_text(yaml.safe_dump({**settings, "outputs": str(outputs), **changed}), "utf-8")
        return subprocess.Popen(
            [*within, sys.executable, "-c", before + main, "score", "--config", str(path)],
            cwd=PROJECT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )

    def finish(**changed):
        process = start(**changed)
        told = process.communicate(timeout=300)[1]
        return SimpleNamespace(code=process.returncode, told=told, last=told.splitlines()[-1:])

    return SimpleNamespace(start=start, finish=finish, work=work, outputs=outputs)


def kill(process, *, when, after):
    """Kill the process some seconds after something is so; tell whether it was still alive."""
    while not when() and process.poll() is None:
        time.sleep(0.005)
    time.sleep(after)
    alive = process.poll() is None
    process.kill()
    process.communicate()
    return alive


def check_same(command, run):
    ended = command.finish()
    assert ended.code == 0, ended.told
    assert {path.name for path in command.outputs.iterdir()} == {run.folder.name, CURRENT}
    made = command.outputs / run.folder.name
    assert sorted(path.name for path in made.iterdir()) == FILES
    for name in FILES:
        assert (made / name).read_bytes() == (run.folder / name).read_bytes(), name


def test_run_killed_again_and_again_ends_as_one_never_killed(command, run):
    moments = random.Random(7)  # noqa: S311 - moments, no secrets
    for workers in (None, None, 2):
        process = command.start(scoring={"workers": workers})
        kill(process, when=command.work.exists, after=moments.uniform(0, 1.2))
    check_same(command, run)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(54))
def test_run_killed_at_a_random_moment_ends_as_one_never_killed(seed, command, run, tmp_path):
    moments = random.Random(seed)  # noqa: S311 - moments, no secrets
    changed = {"scoring": {"workers": 2 if seed % 3 == 0 else None}}
    if seed % 3 == 1:  # in staging, too, whose store is new
        changed["stores"] = str(tmp_path / "stores")
        process = command.start(**changed)
        kill(process, when=(tmp_path / "stores").exists, after=moments.uniform(0, 4))
        assert command.finish(**changed).code == 0
        assert [path.name[0] for path in (tmp_path / "stores").iterdir() if path.is_dir()] != ["."]
    else:
        kill(command.start(**changed), when=command.work.exists, after=moments.uniform(0, 2.5))
    check_same(command, run)


def test_second_command_is_told_and_has_an_exit_code_of_its_own(command):
    with locked(command.work):
        ended = command.finish()
    assert ended.code == 6
    assert "this run is being made by process" in ended.last[0]
    assert "Traceback" not in ended.told


@pytest.mark.slow
def test_of_two_commands_at_once_one_makes_the_run(command, run):
    processes = [command.start(), command.start()]
    told = [process.communicate(timeout=300)[1] for process in processes]
    codes = sorted(process.returncode for process in processes)
    assert codes in ([0, 0], [0, 6]), told
    check_same(command, run)


@pytest.mark.slow
@pytest.mark.parametrize("most", [3_000, 20_000, 60_000, 120_000])
def test_file_that_may_not_grow_is_one_line_and_leaves_other_runs_alone(most, command, run):
    other = shutil.copytree(run.folder, command.outputs / "2020-01-31-other")
    before = {path: path.read_bytes() for path in other.iterdir()}
    ended = command.finish(before=SMALL_FILES.format(most))
    assert ended.code == 5, ended.told
    assert "Traceback" not in ended.told
    assert "File too large" in ended.last[0]
    assert "run the same command again" in ended.last[0]
    assert {path: path.read_bytes() for path in before} == before
    shutil.rmtree(other)
    check_same(command, run)


@pytest.fixture
def small_disk(command):
    """A disk of so many kilobytes at the command's outputs, which can be made larger."""
    if not _can_mount():
        pytest.skip("needs the right to mount a file system of its own")

    def mount(kilobytes, *, again=False):
        options = f"size={kilobytes}k" + (",remount" if again else "")
        command.outputs.mkdir(exist_ok=True)
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "tmpfs", command.outputs], check=True
        )

    yield mount
    subprocess.run(["umount", command.outputs], check=False, stderr=subprocess.DEVNULL)


def _can_mount():
    tried = subprocess.run(["unshare", "-m", "true"], check=False, capture_output=True)
    return os.geteuid() == 0 and tried.returncode == 0


@pytest.mark.parametrize(
    "kilobytes", [200, *(pytest.param(n, marks=pytest.mark.slow) for n in (40, 100, 300, 400, 500))]
)
def test_full_disk_is_one_line_and_the_run_goes_on_once_there_is_room(
    kilobytes, small_disk, command, run
):
    small_disk(kilobytes)
    ended = command.finish()
    assert ended.code == 5, ended.told
    assert "Traceback" not in ended.told
    assert "No space left on device" in ended.last[0]
    assert "run the same command again" in ended.last[0]
    assert not (command.outputs / run.folder.name).exists()
    small_disk(50_000, again=True)
    check_same(command, run)


def test_folder_without_permission_is_named_with_what_to_do(command, run):
    command.outputs.mkdir(mode=0o500)
    # Root may write anywhere until that capability is taken from the process.
    as_others = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]
    ended = command.finish(within=as_others if os.geteuid() == 0 else ())
    assert ended.code == 5, ended.told
    assert "Traceback" not in ended.told
    assert "outputs" in ended.last[0]
    assert "Permission denied" in ended.last[0]
    assert "the right to write there" in ended.last[0]
    command.outputs.chmod(0o700)
    check_same(command, run)
