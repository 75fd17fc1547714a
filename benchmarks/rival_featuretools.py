"""Like work by featuretools: deep feature synthesis over bills and payments with cutoff times.

It cannot say every column of the common work, so it makes about as many of its own kind: counts,
sums, means, extremes, spread and trend over training windows of 3, 6 and 12 months. When a bill
was cleared is hidden until then by its *secondary time index*; that moment itself is worked out
beforehand with pandas and counts as part of the work.
"""

import warnings
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.feature_work import BILL_COLUMNS, PAYMENT_COLUMNS, read
from benchmarks.rival_pandas import settle

PRIMITIVES = ["count", "sum", "mean", "max", "min", "std", "trend", "num_unique", "percent_true"]
WINDOWS = ("3 months", "6 months", "12 months")


def build_featuretools(folder: Path, as_of: date) -> pd.DataFrame:
    """Build the columns of every window, one row a customer."""
    ft: Any = import_module("featuretools")  # an optional extra of benchmarks alone

    bills = read(folder, "bills", BILL_COLUMNS).to_pandas()
    payments = read(folder, "payments", PAYMENT_COLUMNS).to_pandas()
    entities = _entities(ft, _with_outcome(bills, payments), payments)
    day = pd.Timestamp(as_of)
    cutoffs = pd.DataFrame({"customer_id": bills["customer_id"].unique(), "time": day})
    parts = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its own use of pandas, not ours
        for window in WINDOWS:
            matrix, _ = ft.dfs(
                entityset=entities,
                target_dataframe_name="customers",
                cutoff_time=cutoffs,
                training_window=window,
                agg_primitives=PRIMITIVES,
                trans_primitives=[],
                max_depth=1,
            )
            parts.append(matrix.add_suffix(f" {window}"))
    return pd.concat(parts, axis=1)


def _with_outcome(bills: pd.DataFrame, payments: pd.DataFrame) -> pd.DataFrame:
    for column in ("issued_on", "due_on"):
        bills[column] = pd.to_datetime(bills[column])
    bills = settle(bills, payments).drop(columns="paid")
    slack = (bills["due_on"] - bills["cleared_on"]).dt.days
    return bills.assign(slack=slack, is_late=(slack < 0).astype("boolean"))


def _entities(ft: Any, bills: pd.DataFrame, payments: pd.DataFrame) -> Any:
    entities = ft.EntitySet("billing")
    customers = pd.DataFrame({"customer_id": bills["customer_id"].unique()})
    entities.add_dataframe(dataframe_name="customers", dataframe=customers, index="customer_id")
    entities.add_dataframe(
        dataframe_name="bills",
        dataframe=bills,
        index="bill_id",
        time_index="issued_on",
        secondary_time_index={"cleared_on": ["slack", "is_late"]},
    )
    entities.add_dataframe(
        dataframe_name="payments",
        dataframe=payments.drop(columns="bill_id"),
        index="payment_id",
        time_index="posted_at",
        logical_types={"channel": "Categorical", "outcome": "Categorical"},
    )
    entities.add_relationship("customers", "customer_id", "bills", "customer_id")
    entities.add_relationship("customers", "customer_id", "payments", "customer_id")
    return entities
