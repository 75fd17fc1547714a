"""A real standalone cluster on loopback: a master and two workers, processes of pyspark's own."""

import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

PROJECT = Path(__file__).parent.parent.parent.parent
# A Java that is up soon: it lives for seconds.
JAVA = "-XX:+UseSerialGC -XX:TieredStopAtLevel=1"


class Standalone:
    """A master and its workers, each the head of a session of its own."""

    def __init__(self, folder):
        self.folder = folder
        self.port = free_port()
        self.master = f"spark://127.0.0.1:{self.port}"
        self.processes = {}
        self._start("master", "--port", str(self.port))
        wait_until(self.answers, "the master to answer")

    def add_worker(self, name):
        """Start a worker with one core."""
        self._start(
            "worker", "--cores", "1", "--memory", "1g", "--work-dir",
            str(self.folder / name), self.master, name=name,
        )  # fmt: skip

    def answers(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        return True

    def kill(self, name):
        """End a process and all that it started, at once."""
        process = self.processes.pop(name)
        for pid in of_session(process.pid):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        process.wait()

    def _start(self, kind, *arguments, name="master"):
        import pyspark  # noqa: PLC0415, TID251 - an extra; here are its programs

        home = Path(pyspark.__file__).parent
        main = f"org.apache.spark.deploy.{kind}.{kind.capitalize()}"
        with (self.folder / f"{name}.log").open("wb") as log:
            self.processes[name] = subprocess.Popen(
                [home / "bin" / "spark-class", main, "--host", "127.0.0.1", "--webui-port", "0",
                 *arguments],
                env={**os.environ, "SPARK_HOME": str(home), "SPARK_DAEMON_MEMORY": "256m",
                     "SPARK_LOCAL_IP": "127.0.0.1", "SPARK_DAEMON_JAVA_OPTS": JAVA},
                stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip


def of_session(leader):
    """Return the processes of a session; Python's workers are in other groups, but in it."""
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            after_name = status.read_text("ascii", "replace").rpartition(") ")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(after_name[3]) == leader:
            yield int(status.parent.name)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(so, what, seconds=60):
    until = time.monotonic() + seconds
    while not so():
        assert time.monotonic() < until, f"waited {seconds} seconds for {what}"
        time.sleep(0.02)


@pytest.fixture(scope="session")
def java_and_pyspark():
    pytest.importorskip("pyspark", reason="needs pyspark, of duewatch[spark]")
    if not shutil.which("java"):
        pytest.skip("needs a Java 17 runtime, which is not installed")


@pytest.fixture(scope="session")
def cluster(java_and_pyspark, tmp_path_factory):  # noqa: ARG001 - skips where they are missing
    """A cluster with the workers ``one`` and ``two``."""
    standalone = Standalone(tmp_path_factory.mktemp("cluster"))
    try:
        for name in ("one", "two"):
            standalone.add_worker(name)
        yield standalone
    finally:
        for name in list(standalone.processes):
            standalone.kill(name)


@pytest.fixture(scope="session")
def settings(cluster):
    """The section ``spark`` of a run on the cluster."""
    return {
        "master": cluster.master,
        "conf": {
            "spark.driver.host": "127.0.0.1",
            "spark.driver.memory": "512m",
            "spark.driver.extraJavaOptions": JAVA,
            "spark.executor.memory": "512m",
            "spark.executor.cores": 1,
            "spark.executor.extraJavaOptions": JAVA,
            "spark.executorEnv.PYTHONPATH": str(PROJECT),
        },
    }
