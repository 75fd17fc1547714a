"""The one place that builds a feature matrix."""

from collections.abc import Callable, Iterable
from datetime import date

import pandas as pd
import pyarrow as pa

from contract.engine import connect, to_arrow
from contract.staging import Store
from features.catalogue import FEATURES, extra_features
from features.compose import compose
from features.declare import Feature
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
    days = [as_ofs] if isinstance(as_ofs, date) else list(as_ofs)
    chosen = features_of(store) if features is None else features
    tables: list[pa.Table] = []
    for done, as_of in enumerate(days):
        progress("features", done, len(days))
        rates = group_rates(store, as_of)
        tables += [
            build_bucket(store, bucket, as_of, rates=rates, features=chosen)
            for bucket in range(store.buckets)
        ]
    matrix = pa.concat_tables(tables).to_pandas(date_as_object=False)
    order = ["as_of", "customer_id", "bill_id"]
    return matrix.sort_values(order, kind="stable", ignore_index=True)


def build_bucket(
    store: Store,
    bucket: int,
    as_of: date,
    *,
    rates: dict[str, pa.Table],
    features: tuple[Feature, ...],
) -> pa.Table:
    """Build the matrix of one bucket, the unit of work of every engine.

    ``rates`` are the groups' facts at as_of over all buckets (features/groups.py).
    """
    with connect() as connection:
        for relation, table in rates.items():
            connection.register(relation, table)
        return to_arrow(connection, compose(store, bucket, as_of, features))
