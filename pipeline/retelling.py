"""Tell a past day's list again a day earlier and a day later, and see which reasons stay."""

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa

from contract.side_by_side import side_by_side, threads_each
from features.build import build_days
from features.groups import rates_by_day
from features.held import Job
from models.origins import Day
from models.predictor import Model
from models.stability import reason_stability
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
    listed = np.argsort(-order, kind="stable")[: max(1, config.bands.call.size(len(order)))]
    buckets = min(prepared.store.buckets, -(-prepared.store.buckets * MOST_ROWS // len(listed)))
    moved = _build(
        config, prepared, [day.as_of + timedelta(days) for days in SHIFTS], buckets=buckets
    )
    told = _sample(matrix.iloc[np.sort(listed)], moved, seed=config.parameters.seed)
    return reason_stability(
        model,
        told,
        dict(zip(SHIFTS, moved, strict=True)),
        prepared.features_of(config.target.name),
    )


def _build(
    config: Config, prepared: Prepared, days: Sequence[date], *, buckets: int
) -> list[pd.DataFrame]:
    """Return the matrix of each day, of the customers of the first buckets."""
    store, features = prepared.store, prepared.features_of(config.target.name)
    every = [Job(bucket=bucket, days=tuple(days)) for bucket in range(store.buckets)]
    # What is known of a group is known over all buckets.
    rates = rates_by_day(store, every)
    jobs = every[:buckets]

    def one(job: Job) -> list[pa.Table]:
        built = build_days(
            store,
            job,
            rates=rates,
            features=features,
            scored="bill" if config.target.is_of_bills else "prepaid",
            threads=threads_each(jobs),
        )
        return list(built)

    parts = list(side_by_side(jobs, one))
    return [
        pa.concat_tables(part[at] for part in parts).to_pandas(date_as_object=False)
        for at in range(len(days))
    ]


def _sample(listed: pd.DataFrame, moved: Sequence[pd.DataFrame], *, seed: int) -> pd.DataFrame:
    key = "bill_id" if "bill_id" in listed else "customer_id"
    again = listed[listed[key].isin(pd.concat([matrix[key] for matrix in moved]))]
    drawn = np.random.default_rng(seed).permutation(len(again))[:MOST_ROWS]
    return again.iloc[np.sort(drawn)]
