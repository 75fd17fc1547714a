"""The run of this machine, made by a cluster; and what a cluster does to those who use it."""

import threading
from types import SimpleNamespace

import pytest

from pipeline.config import Scoring
from pipeline.preparing import prepare
from pipeline.scoring import job, score
from pipeline.spark.settings import Spark

pytestmark = pytest.mark.spark


@pytest.fixture
def there(town, run, promoted, settings, tmp_path, monkeypatch):
    """The town's run, staged and made by the cluster below a folder of its own."""
    monkeypatch.setattr(job, "git_commit", lambda: run.manifest.code_commit)
    config = town.config.model_copy(
        update={
            "stores": tmp_path / "stores",
            "outputs": tmp_path / "outputs",
            "scoring": Scoring(engine="spark"),
            "spark": Spark(**settings),
        }
    )

    def make(**changed):
        changed = config.model_copy(update=changed)
        return score(changed, prepare(changed), promoted.challenger)

    work = config.outputs / f".{run.folder.name}-work"
    return SimpleNamespace(make=make, config=config, work=work)


def contents(folder):
    found = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def check_same(one, other):
    assert contents(one).keys() == contents(other).keys()
    for name, content in contents(one).items():
        assert contents(other)[name] == content, name


def test_cluster_stages_and_scores_the_same_bytes(there, town, run, monkeypatch):
    monkeypatch.setattr("contract.staging_apart._ROWS", 5_000)
    made = there.make()
    check_same(made.folder, run.folder)
    check_same(there.config.stores, town.config.stores)
    assert [path.name for path in there.config.outputs.iterdir()] == [run.folder.name]


def test_worker_killed_in_mid_run_changes_nothing(there, run, cluster):
    at_that_moment = []

    def kill():
        parts = there.work / "parts"
        while not at_that_moment:
            done = len(list(parts.glob("bucket=*.json")))
            if done:
                cluster.kill("one")
                at_that_moment.append(done)

    killer = threading.Thread(target=kill, daemon=True)
    killer.start()
    made = there.make(buckets=8)
    killer.join(10)
    assert 1 <= at_that_moment[0] < 8
    check_same(made.folder, run.folder)
    cluster.add_worker("one")
