"""What a model keeps of the days that it learned from, so that its first run has a past.

Kept on the card under ``profiles``, by day: the bins of features and score on the planning days,
and on the day of training what is counted of the tables. Nothing of it is read for scoring.
"""

from dataclasses import replace

import pandas as pd

from contract.dataset import open_dataset
from models.predictor import Model
from pipeline.config import Config
from pipeline.gates.counting import GRID, Profile, add, count_bucket, count_matrix
from pipeline.preparing import Prepared

# A year, so that a season that comes again is known.
_MOST_DAYS = 12
# What is counted of the tables and does not depend on the day of the month.
_OF_TABLES = ("codes", "customers", "missing", "months")


def with_profiles(model: Model, config: Config, prepared: Prepared, matrix: pd.DataFrame) -> Model:
    """Return the model with the profiles of the days that it learned from on its card.

    Args:
        prepared: What it learned from, as of the day of training; maybe a sample.
        matrix: The past days' rows.
    """
    if not config.target.is_of_bills:
        return model
    days = pd.to_datetime(matrix["as_of"])
    planning = days[days.dt.day == config.snapshots.days_of_month[0]].unique()
    profiles = {
        str(day.date()): _count_day(model, matrix[days == day])
        for day in sorted(planning)[-_MOST_DAYS:]
    }
    profiles[prepared.as_of.isoformat()] = _count_tables(prepared)
    own = {"grid": GRID, "share": config.snapshots.customers_share}
    about = {**model.card.about, "profiles": {day: own | told for day, told in profiles.items()}}
    return replace(model, card=model.card.model_copy(update={"about": about}))


def columns_of(prepared: Prepared) -> dict[str, str]:
    """Return the stored type of each column of the data, by table and name."""
    stored = open_dataset(prepared.data).stored
    return {f"{table}.{name}": kind for table in stored for name, kind in stored[table].items()}


def _count_day(model: Model, rows: pd.DataFrame) -> Profile:
    return count_matrix(model, rows, model.predict(rows))


def _count_tables(prepared: Prepared) -> Profile:
    store, as_of = prepared.store, prepared.as_of
    told = add(count_bucket(store, bucket, as_of) for bucket in range(store.buckets))
    return {
        **{name: told[name] for name in _OF_TABLES},
        "columns": columns_of(prepared),
    }
