"""The run of this machine, made by a cluster; and what a cluster does to those who use it."""

import shutil
import socket
import threading
import time
from types import SimpleNamespace

import pytest

from contract.errors import ConfigError, DataError, MachineError
from pipeline.config import Scoring
from pipeline.preparing import learning_from, prepare
from pipeline.runs import CURRENT
from pipeline.scoring import describing, leftovers, score
from pipeline.spark.lending import lend
from pipeline.spark.settings import Spark

pytestmark = pytest.mark.spark


@pytest.fixture
def there(town, run, promoted, settings, tmp_path, monkeypatch):
    """The town's run, staged and made by the cluster below a folder of its own."""
    for module in (leftovers, describing):
        monkeypatch.setattr(module, "git_commit", lambda: run.manifest.code_commit)
    config = town.config.model_copy(
        update={
            "stores": tmp_path / "stores",
            "outputs": tmp_path / "outputs",
            "scoring": Scoring(engine="spark"),
            "spark": Spark(**settings),
        }
    )

    def make(prepared=None):
        return score(config, prepared or prepare(config), promoted.challenger)

    work = config.outputs / f".{run.folder.name}-work"
    return SimpleNamespace(make=make, config=config, work=work)


def contents(folder):
    """Return its files, but for code that a process compiled for itself."""
    found = (path for path in folder.rglob("*") if path.is_file() and ".compiled" not in path.parts)
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
    assert {path.name for path in there.config.outputs.iterdir()} == {run.folder.name, CURRENT}


def test_worker_killed_in_mid_run_changes_nothing(there, run, cluster):
    buckets = {"buckets": 8, "scoring": Scoring()}
    prepared = prepare(there.config.model_copy(update=buckets))  # staged here, to kill in scoring
    at_that_moment = []

    def kill():
        parts = there.work / "parts"
        while not (done := len(list(parts.glob("bucket=*.json")))):
            time.sleep(0.01)
        cluster.kill("one")
        at_that_moment.append(done)

    killer = threading.Thread(target=kill, daemon=True)
    killer.start()
    made = there.make(prepared)
    killer.join(10)
    assert 1 <= at_that_moment[0] < 8
    check_same(made.folder, run.folder)
    cluster.add_worker("one")


@pytest.mark.slow  # each starts an application of ten seconds
def test_sample_drawn_by_the_cluster_is_the_one_drawn_here(there, town, tmp_path):
    snapshots = town.config.snapshots.model_copy(update={"customers_share": 0.2})
    samples = []
    for name, changed in (("here", town.config), ("there", there.config)):
        stores = shutil.copytree(town.config.stores, tmp_path / name)
        config = changed.model_copy(update={"stores": stores, "snapshots": snapshots})
        samples.append(learning_from(config, prepare(config)).store)
    assert samples[0].whole
    check_same(samples[0].folder, samples[1].folder)


@pytest.mark.slow  # each starts an application of ten seconds
def test_errors_of_a_task_reach_the_driver_in_their_own_kind(settings, monkeypatch):
    # Nested functions, for they are sent whole; these tests are no module of the executors.
    def double(piece):
        return 2 * piece

    def find_fault(piece):
        raise DataError(f"bills: row {piece} is empty.")

    def have_a_bug(piece):
        return piece / 0

    def lose_the_disk(piece):
        raise OSError(5, "Input/output error", f"part-{piece}")

    with lend(Spark(**settings)) as cluster:
        assert sorted(cluster.spread(range(7), double)) == [0, 2, 4, 6, 8, 10, 12]
        assert list(cluster.spread([], double)) == []
        with pytest.raises(DataError, match=r"row 3 is empty"):
            list(cluster.spread([3], find_fault))
        with pytest.raises(RuntimeError, match=r"(?s)piece / 0.+ZeroDivisionError"):
            list(cluster.spread([1], have_a_bug))
        with pytest.raises(MachineError, match=r"gave up \(OSError: .+part-1.+same command again"):
            list(cluster.spread([1], lose_the_disk))
        monkeypatch.setattr("pipeline.spark.cluster.environment", lambda: {"duckdb": "0.1"})
        with pytest.raises(
            ConfigError, match=r"other versions.+of duckdb \(duckdb: .+expected 0.1"
        ):
            list(cluster.spread([1], double))


@pytest.mark.slow  # each starts an application of ten seconds
def test_cluster_that_lends_no_executor_is_not_waited_for_for_ever(settings):
    wanted = {**settings["conf"], "spark.executor.memory": "900g"}
    spark = Spark(**{**settings, "conf": wanted, "wait_seconds": 8})
    with (
        lend(spark) as cluster,
        pytest.raises(MachineError, match=r"lent no executor for 8 seconds.+same command again"),
    ):
        list(cluster.spread([1, 2], str))


def test_wrong_master_ends_the_command_in_one_line_and_leaves_nothing(there):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        nobody = f"spark://127.0.0.1:{probe.getsockname()[1]}"
    config = there.config.model_copy(update={"spark": Spark(master=nobody)})
    with pytest.raises(ConfigError, match=rf"nobody answers at {nobody} \(.+\). Start") as raised:
        prepare(config)
    assert "\n" not in str(raised.value)
    assert list(config.stores.iterdir()) == []
