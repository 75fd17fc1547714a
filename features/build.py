"""The one place that builds a feature matrix."""

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from functools import partial

import pandas as pd
import pyarrow as pa

from contract.engine import connect, to_arrow
from contract.staging import Store
from features.catalogue import FEATURES, PREPAID_FEATURES, extra_features
from features.compose import compose
from features.declare import Feature, Scored
from features.groups import group_rates


def features_of(store: Store, chosen: tuple[Feature, ...] = FEATURES) -> tuple[Feature, ...]:
    """Return the chosen features and those of the store's extra columns."""
    return chosen + extra_features(store.bill_extras, store.customer_extras)


def build(
    store: Store,
    as_ofs: date | Iterable[date],
    *,
    features: tuple[Feature, ...] | None = None,
    progress: Callable[[str, int, int], None] = lambda *_: None,
) -> pd.DataFrame:
    """Build the feature matrix at one or more days.

    Returns:
        One row per bill open at each as_of, ordered by as_of, customer and bill. Columns are
        the keys of ``compose.KEYS`` (``cycle`` counts months since year 0, ``open_cny`` is what
        is still open of the bill in yuan) and the features in order: float64 with NaN for
        missing, text for codes. Only what was known before each as_of began is seen.
    """
    chosen = features_of(store) if features is None else features
    return _build(store, as_ofs, chosen, scored="bill", progress=progress)


def build_prepaid(
    store: Store,
    as_ofs: date | Iterable[date],
    *,
    features: tuple[Feature, ...] = PREPAID_FEATURES,
    progress: Callable[[str, int, int], None] = lambda *_: None,
) -> pd.DataFrame:
    """Build the matrix of prepaid customers at one or more days.

    Returns:
        One row per customer who is prepaid at as_of and whose balance came in within a month,
        ordered by as_of and customer. Columns are ``compose.PREPAID_KEYS`` and the features;
        what speaks of a bill is missing.
    """
    return _build(store, as_ofs, features, scored="prepaid", progress=progress)


def _build(
    store: Store,
    as_ofs: date | Iterable[date],
    features: tuple[Feature, ...],
    *,
    scored: Scored,
    progress: Callable[[str, int, int], None],
) -> pd.DataFrame:
    days = [as_ofs] if isinstance(as_ofs, date) else list(as_ofs)
    # One day alone is spread over all cores by the engine; of several, each core takes its own,
    # which no statement can do as well: its windows and joins wait for each other.
    threads = 1 if len(days) > 1 else None
    build_day = partial(_build_day, store, features, scored, threads)
    tables: list[pa.Table] = []
    with ThreadPoolExecutor(os.cpu_count() if threads else 1) as pool:
        for done, built in enumerate(pool.map(build_day, days)):
            progress("features", done + 1, len(days))
            tables += built
    keys = ("as_of", "customer_id", "bill_id") if scored == "bill" else ("as_of", "customer_id")
    matrix = pa.concat_tables(tables).sort_by([(key, "ascending") for key in keys])
    tables.clear()
    # The Arrow columns are given up one by one, so that there are never two whole matrices.
    return matrix.to_pandas(split_blocks=True, self_destruct=True, date_as_object=False)


def _build_day(
    store: Store,
    features: tuple[Feature, ...],
    scored: Scored,
    threads: int | None,
    as_of: date,
) -> list[pa.Table]:
    rates = group_rates(store, as_of, threads=threads)
    return [
        build_bucket(
            store, bucket, as_of, rates=rates, features=features, scored=scored, threads=threads
        )
        for bucket in range(store.buckets)
    ]


def build_bucket(
    store: Store,
    bucket: int,
    as_of: date,
    *,
    rates: dict[str, pa.Table],
    features: tuple[Feature, ...],
    scored: Scored = "bill",
    threads: int | None = None,
) -> pa.Table:
    """Build the matrix of one bucket, the unit of work of every engine.

    ``rates`` are the groups' facts at as_of over all buckets (features/groups.py).
    """
    with connect(threads=threads) as connection:
        for relation, table in rates.items():
            connection.register(relation, table)
        return to_arrow(connection, compose(store, bucket, as_of, features, scored))
