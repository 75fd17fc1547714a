"""The rows behind a number: which facts of a customer a feature was computed from, and how."""

import re
from dataclasses import dataclass
from datetime import date

import pandas as pd

from contract.engine import connect, text, to_arrow
from contract.errors import ConfigError
from contract.staging import Store
from features.build import build_bucket, features_of
from features.catalogue import EVERY
from features.compose import GROUPED_BY, condition, with_read
from features.declare import Feature
from features.facts import with_facts
from features.groups import group_rates, no_rates

_FILTER = "FILTER (WHERE "
# Facts that come from other customers, too (features/groups.py).
_GROUP_FACT = re.compile(r"\b(grid|segment|month)_(known|late|below|equal|bills|fen)\b")


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """How one customer's value of a feature came about.

    Attributes:
        value: The values, one row a bill that is open at as_of: bill_id and the feature's column.
        formula: The feature's expression over its view, with the window written out.
        rows: The rows of the view that belong to the customer, newest first. ``counts`` says of
            each whether the expression uses it. Empty for a feature over the scored bill itself.
        reads: The columns that an expression over the scored bill reads, one row a bill.
    """

    feature: Feature
    as_of: date
    value: pd.DataFrame
    formula: str
    rows: pd.DataFrame
    reads: pd.DataFrame


def explain(
    store: Store,
    customer: str,
    feature: str | Feature,
    as_of: date,
    *,
    features: tuple[Feature, ...] | None = None,
) -> Evidence:
    """Return the rows behind one customer's value of a feature at as_of.

    Args:
        feature: A column name, or the feature itself.
        features: Where names are looked up; the default is what ``build`` would use.

    Raises:
        ConfigError: There is no such feature or customer, or no bill of it is open at as_of.
    """
    declared = _find(feature, features_of(store) if features is None else features)
    bucket, value, reads = _values(store, customer, declared, as_of)
    written = declared.sql.replace("{w}", condition(declared.window))
    if declared.over == "row":
        rows = pd.DataFrame()
    else:
        rows = _rows(store, bucket, customer, declared, as_of)
    return Evidence(
        feature=declared,
        as_of=as_of,
        value=value,
        formula=" ".join(written.replace("$as_of", f"DATE '{as_of}'").split()),
        rows=rows,
        reads=reads,
    )


def _find(feature: str | Feature, features: tuple[Feature, ...]) -> Feature:
    if isinstance(feature, Feature):
        return feature
    for declared in (*features, *EVERY):
        if declared.name == feature:
            return declared
    raise ConfigError(f"{feature}: no such feature; docs/features.md lists those there are.")


def _values(
    store: Store, customer: str, feature: Feature, as_of: date
) -> tuple[int, pd.DataFrame, pd.DataFrame]:
    """Find the customer's bucket, its value of the feature and of what that reads."""
    needed = with_read((feature,))
    grouped = any(_GROUP_FACT.search(declared.sql) for declared in needed)
    rates = group_rates(store, as_of) if grouped else no_rates()
    read = tuple(declared for declared in needed if declared is not feature)
    bucket = _bucket_of(store, customer)
    matrix = build_bucket(store, bucket, as_of, rates=rates, features=(feature, *read)).to_pandas()
    found = matrix[matrix["customer_id"] == customer].reset_index(drop=True)
    if found.empty:
        raise ConfigError(f"customer {customer}: no bill open at {as_of}; give another day.")
    return bucket, found[["bill_id", feature.name]], found[["bill_id", *_names(read)]]


def _bucket_of(store: Store, customer: str) -> int:
    with connect() as connection:
        for bucket in range(store.buckets):
            query = f"""SELECT 1 FROM {store.scan("customers", bucket)}
                WHERE customer_id = {text(customer)} LIMIT 1"""
            if connection.execute(query).fetchone():
                return bucket
    raise ConfigError(f"customer {customer}: not in customers; give an id of the dataset.")


def _names(features: tuple[Feature, ...]) -> list[str]:
    return [feature.name for feature in features]


def _rows(store: Store, bucket: int, customer: str, feature: Feature, as_of: date) -> pd.DataFrame:
    counted = " OR ".join(f"({part})" for part in filters(feature)) or "true"
    if GROUPED_BY[feature.over] == "bill_id":
        chosen = f"bill_id IN (SELECT bill_id FROM scored WHERE customer_id = {text(customer)})"
    else:
        chosen = f"customer_id = {text(customer)}"
    query = f"""SELECT *, coalesce({counted}, false) AS counts FROM {feature.over}
        WHERE {chosen} ORDER BY on_day DESC, k"""
    with connect() as connection:
        return to_arrow(connection, with_facts(store, bucket, as_of, query)).to_pandas()


def filters(feature: Feature) -> list[str]:
    """Return the conditions under which a row of the view counts, each once; none means always.

    >>> from features.catalogue import FEATURES
    >>> filters(next(f for f in FEATURES if f.name == "late_count_6b"))
    ['late = 1 AND k <= 6']
    """
    sql = feature.sql.replace("{w}", condition(feature.window))
    found = [_up_to_closing(sql, match.end()) for match in re.finditer(re.escape(_FILTER), sql)]
    return list(dict.fromkeys(found))


def _up_to_closing(sql: str, start: int) -> str:
    depth = 1
    for at in range(start, len(sql)):
        depth += {"(": 1, ")": -1}.get(sql[at], 0)
        if depth == 0:
            return sql[start:at]
    return sql[start:]
