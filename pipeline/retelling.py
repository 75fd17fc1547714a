"""Tell a past day's list again a day earlier and a day later, and see which reasons stay."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa

from contract.engine import Connection, connect, to_arrow
from contract.side_by_side import side_by_side, threads_each
from contract.staging import Store
from features.compose import compose
from features.declare import Scored
from features.facts import Source
from features.groups import rates_by_day
from features.held import Job
from models.origins import Day
from models.predictor import Model
from models.stability import reason_stability
from models.target import Name
from pipeline.config import Config
from pipeline.preparing import Prepared

SHIFTS = (-1, 1)  # days
# Listed rows that are told again: a share of 95 % has an interval of +-2.5 points.
MOST_ROWS = 300


def hold_reasons(config: Config, prepared: Prepared, model: Model, day: Day) -> pd.DataFrame | None:
    """Return how many first reasons of a day's list stay when the day is moved by one.

    A sample of the listed rows is built again on those days, from as few buckets as hold enough
    of them. None for a rule, which gives no reasons.
    """
    if model.card.kind == "rule":
        return None
    matrix = day.rows.matrix
    order = model.priority(matrix, model.predict(matrix))
    first = np.argsort(-order, kind="stable")[: max(1, config.bands.call.size(len(order)))]
    listed = matrix.iloc[np.sort(first)]
    days = [day.as_of + timedelta(days) for days in SHIFTS]
    buckets = -(-prepared.store.buckets * MOST_ROWS // len(listed))
    moved = build_some(prepared, config.target.name, days, listed["customer_id"], buckets=buckets)
    return reason_stability(
        model,
        _sample(listed, moved, seed=config.parameters.seed),
        dict(zip(SHIFTS, moved, strict=True)),
        prepared.features_of(config.target.name),
    )


def build_some(
    prepared: Prepared,
    target: Name,
    days: Sequence[date],
    customers: pd.Series,
    *,
    buckets: int,
) -> list[pd.DataFrame]:
    """Return the matrix of each day, of those of the customers who are in the first buckets.

    A customer's features are their own and their groups', so the others need not be built; what
    is known of a group is counted over all customers, as ever.
    """
    store = prepared.store
    every = [Job(bucket=bucket, days=tuple(days)) for bucket in range(store.buckets)]
    rates = rates_by_day(store, every)
    jobs = every[:buckets]
    told = pa.table({"customer_id": pa.array(customers.unique(), pa.string())})

    def one(job: Job) -> list[pa.Table]:
        with connect(threads=threads_each(jobs)) as connection:
            connection.register("told_customer", told)
            return [
                _build_day(
                    connection, _Told(store), job.bucket, (day, rates[day]), prepared, target
                )
                for day in job.days
            ]

    parts = list(side_by_side(jobs, one))
    return [
        pa.concat_tables(part[at] for part in parts).to_pandas(date_as_object=False)
        for at in range(len(days))
    ]


@dataclass(frozen=True)
class _Told:
    """A store of which only the rows of told_customer are read."""

    store: Store

    @property
    def bill_extras(self) -> Mapping[str, str]:
        return self.store.bill_extras

    @property
    def customer_extras(self) -> Mapping[str, str]:
        return self.store.customer_extras

    def scan(self, table: str, bucket: int, /) -> str:
        every = self.store.scan(table, bucket)
        return f"(FROM {every} WHERE customer_id IN (FROM told_customer))"


def _build_day(
    connection: Connection,
    source: Source,
    bucket: int,
    known: tuple[date, Mapping[str, pa.Table]],
    prepared: Prepared,
    target: Name,
) -> pa.Table:
    as_of, rates = known
    for relation, table in rates.items():
        connection.register(relation, table)
    scored: Scored = "prepaid" if target == "cutoff" else "bill"
    query = compose(source, bucket, as_of, prepared.features_of(target), scored)
    return to_arrow(connection, query)


def _sample(listed: pd.DataFrame, moved: Sequence[pd.DataFrame], *, seed: int) -> pd.DataFrame:
    key = "bill_id" if "bill_id" in listed else "customer_id"
    again = listed[listed[key].isin(pd.concat([matrix[key] for matrix in moved]))]
    drawn = np.random.default_rng(seed).permutation(len(again))[:MOST_ROWS]
    return again.iloc[np.sort(drawn)]
