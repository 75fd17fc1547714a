"""A cluster for those who ask for one; pyspark is imported here and not before."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING

from contract.staging_apart import Spread
from pipeline.spark.asking import require_spark
from pipeline.spark.settings import Spark

if TYPE_CHECKING:
    from pipeline.spark.cluster import Cluster


def lend(settings: Spark) -> "AbstractContextManager[Cluster]":
    """Give a Spark application for the time of a block.

    Raises:
        ConfigError: pyspark or Java is missing, or the master does not answer.
    """
    require_spark()
    from pipeline.spark.cluster import open_cluster  # noqa: PLC0415 - pyspark is an extra

    return open_cluster(settings)


@contextmanager
def lend_spread(settings: Spark) -> Iterator[Spread]:
    """Give what spreads work over the executors of a cluster (`contract.staging_apart.Spread`)."""
    with lend(settings) as cluster:
        yield cluster.spread
