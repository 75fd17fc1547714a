"""The one door to pyspark: a cluster that is lent for the time of a block.

No pandas, no SQL: pyspark knows no pandas 3 yet, and rows stay in the files of the shared disk.
"""

import os
import queue
import re
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from time import monotonic
from typing import Any

from py4j.protocol import Py4JError, Py4JJavaError
from pyspark import InheritableThread, SparkConf, SparkContext  # noqa: TID251 - this is the door
from pyspark.accumulators import AccumulatorParam  # noqa: TID251 - this is the door

from contract.errors import ConfigError, MachineError
from pipeline.spark.alike import environment
from pipeline.spark.asking import require_master
from pipeline.spark.remote import Shared, perform
from pipeline.spark.settings import Spark

# The name under which an executor unpacks spark.archive in its own folder.
_UNPACKED = "environment"
_POLL_SECONDS = 0.2
# A line of a traceback that names the error, as against those of the stack, which are indented.
_PYTHON_ERROR = re.compile(r"^(?:\w+\.)*\w*(?:Error|Exception)(?:: .*)?$", re.MULTILINE)
# Said in the log of whoever runs the command; the settings of a run come on top.
_DEFAULTS = {
    "spark.app.name": "duewatch",
    "spark.log.level": "ERROR",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}


class _Gathered(AccumulatorParam):
    """Adds up lists; Spark counts each task that succeeded once, however often it ran."""

    def zero(self, _: list[Any]) -> list[Any]:
        return []

    def addInPlace(self, value1: list[Any], value2: list[Any]) -> list[Any]:  # noqa: N802 - Spark's
        value1 += value2
        return value1


@dataclass(kw_only=True)
class _Job:
    """A Spark job in a thread of its own, so that its answers are heard while it runs."""

    run: Callable[[], None]
    error: Exception | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self.thread = InheritableThread(target=self._run)
        self.thread.daemon = True
        self.thread.start()

    def _run(self) -> None:
        try:
            self.run()
        except Exception as error:  # noqa: BLE001 - raised in the thread that waits
            self.error = error

    def ended(self) -> bool:
        """Wait a moment and say whether the job has come to its end."""
        self.thread.join(_POLL_SECONDS)
        return not self.thread.is_alive()


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """A running Spark application."""

    context: SparkContext
    settings: Spark

    def share(self, value: Any) -> Shared:
        """Send a value to every executor once."""
        shared: Shared = self.context.broadcast(value)
        return shared

    def spread(self, pieces: Sequence[Any], task: Callable[[Any], Any]) -> Iterator[Any]:
        """Yield what a task returns for each piece, as they come, in no order.

        Raises:
            MachineError: The cluster gave up, or lends no executor any more; what is done is kept.
            Exception: Whatever the task raised that would come again.
        """
        if not pieces:
            return
        heard = self.context.accumulator([], _Gathered())
        work = partial(perform, task, heard, environment())
        rows = self.context.parallelize(list(pieces), len(pieces))
        job = _Job(run=lambda: rows.foreachPartition(work))
        try:
            yield from self._answers(job, heard)
        finally:
            if job.thread.is_alive():
                self._cancel()
        if job.error:
            raise self._gave_up(job.error) from job.error

    def _answers(self, job: _Job, heard: Any) -> Iterator[Any]:
        told, lent_at, ended = 0, monotonic(), False
        while not ended:
            ended = job.ended()
            for answer in heard.value[told:]:
                told += 1
                if isinstance(answer, Exception):
                    raise answer
                yield answer
            if self._executors():
                lent_at = monotonic()
            elif not ended and monotonic() - lent_at > self.settings.wait_seconds:
                raise MachineError(
                    f"{self.context.master}: the cluster has lent no executor for"
                    f" {self.settings.wait_seconds} seconds. See that workers are up and have the"
                    " cores and memory that spark.conf asks for, and run the same command again:"
                    " it goes on where it was."
                )

    def _executors(self) -> int:
        if str(self.context.master).startswith("local"):
            return 1
        try:
            # Python's own tracker tells of jobs and stages only. The driver is in the list.
            tracker = self.context._jsc.sc().statusTracker()  # noqa: SLF001
            return len(tracker.getExecutorInfos()) - 1
        except Py4JError:  # the application is at its end: its job says why
            return 1

    def _cancel(self) -> None:
        try:
            self.context.cancelAllJobs()
        except Py4JError:  # there is no application left
            return

    def _gave_up(self, error: Exception) -> Exception:
        if not isinstance(error, Py4JError | OSError):
            return error
        return MachineError(
            f"{self.settings.master or 'spark'}: the cluster gave up ({_said(error)}). See"
            " the logs of its executors, and run the same command again: it goes on where it was."
        )


@contextmanager
def open_cluster(settings: Spark) -> Iterator[Cluster]:
    """Start a Spark application for the time of the block.

    Raises:
        ConfigError: The master does not answer, or refuses.
    """
    packed = f"./{_UNPACKED}/bin/python" if settings.archive else None
    os.environ["PYSPARK_PYTHON"] = settings.python or packed or sys.executable
    # The driver is this process; only its version is looked at.
    os.environ["PYSPARK_DRIVER_PYTHON"] = sys.executable
    if settings.master:  # asked before a Java is started, which takes seconds
        require_master(settings.master)
    conf = _conf(settings)
    require_master(conf.get("spark.master"))
    context = _connect(conf, settings.wait_seconds)
    try:
        yield Cluster(context=context, settings=settings)
    finally:
        context.stop()


def _conf(settings: Spark) -> SparkConf:
    conf = SparkConf()
    for name, value in _DEFAULTS.items():
        conf.setIfMissing(name, value)
    if settings.master:
        conf.setMaster(settings.master)
    if settings.archive:
        conf.set("spark.archives", f"{settings.archive}#{_UNPACKED}")
    for name, value in settings.texts().items():
        conf.set(name, value)
    return conf


def _connect(conf: SparkConf, seconds: int) -> SparkContext:
    """Return a context, or say that it did not come: Spark itself may wait for ever."""
    came: queue.SimpleQueue[SparkContext | Exception] = queue.SimpleQueue()

    def connect() -> None:
        try:
            came.put(SparkContext(conf=conf))
        except Exception as error:  # noqa: BLE001 - raised in the thread that waits
            came.put(error)

    threading.Thread(target=connect, daemon=True).start()
    master = conf.get("spark.master")
    try:
        found = came.get(timeout=seconds)
    except queue.Empty:
        raise ConfigError(
            f"spark.master: {master} has not taken the application in {seconds} seconds. Correct"
            " the URL, or raise spark.wait_seconds where a queue is long."
        ) from None
    if isinstance(found, Exception):
        raise ConfigError(
            f"spark.master: {master} does not take the application ({_said(found)}). Correct"
            " the URL or spark.conf."
        ) from found
    return found


def _said(error: Exception) -> str:
    """Return what an error says in a line: the last of Python's, else the first of Java's."""
    said = str(error) or type(error).__name__
    if isinstance(error, Py4JJavaError):
        said = str(error.java_exception.getMessage() or error.java_exception.toString())
    python = _PYTHON_ERROR.findall(said)
    return str(python[-1] if python else said.strip().splitlines()[0]).strip()
