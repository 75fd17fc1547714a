"""Where the time of one bucket and day goes, by what is built."""

import time
from collections.abc import Callable
from typing import Any

from benchmarks.feature_tasks import AS_OF
from contract.engine import connect, to_arrow
from contract.staging import Store
from features import FEATURES
from features.compose import GROUPED_BY, compose, with_read
from features.groups import count_job, group_rates
from features.held import Job

REPEATS = 3


def where_time_goes(store: Store) -> dict[str, float]:
    """Return processor seconds of the first bucket at one day, on one core, best of three.

    ``rows`` is the scored bills with their attributes and nothing else; a view's figure is what
    its columns, alone, add to that; views share the reading of bills, so the parts are more than
    the whole. ``plan`` is part of each.
    """
    needed = with_read(FEATURES)
    rates = group_rates(store, AS_OF)
    with connect(threads=1) as connection:
        for relation, table in rates.items():
            connection.register(relation, table)

        def spent(features: tuple[Any, ...]) -> float:
            statement = compose(store, 0, AS_OF, features)
            return _best(lambda: to_arrow(connection, statement))

        rows = spent(tuple(f for f in needed if f.name == "segment"))
        views = {view: tuple(f for f in needed if f.over == view) for view in GROUPED_BY}
        whole = compose(store, 0, AS_OF, FEATURES)
        return {
            "groups": _best(lambda: count_job(store, Job(bucket=0, days=(AS_OF,)), threads=1)),
            "rows": rows,
            **{view: spent(columns) - rows for view, columns in views.items() if columns},
            "plan": _best(lambda: connection.execute(f"PREPARE whole AS {whole}")),
            "all": spent(FEATURES),
        }


def _best(work: Callable[[], Any]) -> float:
    found = []
    for _ in range(REPEATS):
        start = time.process_time()
        work()
        found.append(time.process_time() - start)
    return min(found)
