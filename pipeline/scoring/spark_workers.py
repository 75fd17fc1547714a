"""Buckets on a Spark cluster: the same work on the same task as in processes of this machine."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from pipeline.scoring.buckets import Task
from pipeline.scoring.workers import Work
from pipeline.spark.lending import lend
from pipeline.spark.remote import Shared, with_shared
from pipeline.spark.settings import Spark

if TYPE_CHECKING:
    from pipeline.spark.cluster import Cluster


@dataclass(frozen=True, kw_only=True)
class SparkWorkers:
    """The executors of a cluster; each has the task already."""

    cluster: "Cluster"
    shared: Shared

    def run(self, work: Work, buckets: Sequence[int]) -> Iterator[dict[str, Any]]:
        """Yield what a piece of work tells of each bucket, in no order, one bucket a Spark task.

        Raises:
            MachineError: The cluster gave up; what is done is kept.
        """
        yield from self.cluster.spread(buckets, partial(with_shared, work, self.shared))


@contextmanager
def start_spark_workers(task: Task, settings: Spark) -> Iterator[SparkWorkers]:
    """Start an application on the cluster for the time of the block and hand it the task.

    Raises:
        ConfigError: pyspark or Java is missing, or the master does not answer.
    """
    store = replace(task.store, folder=task.store.folder.resolve())
    # An executor stands in a folder of its own, and has one core for each of its tasks.
    sent = replace(task, store=store, folder=task.folder.resolve(), threads=1)
    with lend(settings) as cluster:
        yield SparkWorkers(cluster=cluster, shared=cluster.share(sent))
