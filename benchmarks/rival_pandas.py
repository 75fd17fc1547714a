"""The work of benchmarks.feature_work by vectorised pandas, as one would write it by hand."""

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.feature_work import (
    BILL_COLUMNS,
    COMMON,
    PAYMENT_COLUMNS,
    is_zero_when_empty,
    read,
)


def build_pandas(folder: Path, as_of: date) -> pd.DataFrame:
    """Build COMMON with vectorised pandas: customer_id, bill_id and the columns."""
    day = pd.Timestamp(as_of)
    bills = read(folder, "bills", BILL_COLUMNS).to_pandas()
    payments = read(folder, "payments", PAYMENT_COLUMNS).to_pandas()
    for column in ("issued_on", "due_on"):
        bills[column] = pd.to_datetime(bills[column])
    bills = bills[bills["issued_on"] < day].reset_index(drop=True)
    payments = payments[payments["posted_at"] < day].reset_index(drop=True)
    codes, customers = pd.factorize(pd.concat([bills["customer_id"], payments["customer_id"]]))
    bills["customer"], payments["customer"] = codes[: len(bills)], codes[len(bills) :]
    bills = settle(bills, payments)
    by_customer = {
        **_outcomes(_known(bills, day), day),
        **_stock(bills, day),
        **_payments(payments, day),
    }
    scored = bills[bills["cleared_on"].isna()]
    found = scored[["customer_id", "bill_id"]].reset_index(drop=True)
    wide = pd.DataFrame(by_customer, index=pd.RangeIndex(len(customers)))
    picked = wide.loc[scored["customer"]].reset_index(drop=True)
    found["bill_amount_cny"] = scored["fen"].to_numpy() / 100
    found = pd.concat([found, picked], axis=1)
    zeros = [column for column in COMMON if is_zero_when_empty(column)]
    found[zeros] = found[zeros].fillna(0)
    return found[["customer_id", "bill_id", *COMMON]].astype(dict.fromkeys(COMMON, np.float64))


def settle(bills: pd.DataFrame, payments: pd.DataFrame) -> pd.DataFrame:
    """Add when each bill was cleared, to less than one yuan, and what was paid of it."""
    money = payments[(payments["outcome"] == "ok") & (payments["fen"] > 0)]
    money = money.sort_values(["bill_id", "paid_at", "payment_id"])
    money = money.merge(bills[["bill_id", "fen"]], on="bill_id", suffixes=("", "_due"))
    money["paid"] = money.groupby("bill_id", sort=False)["fen"].cumsum()
    reached = money[money["paid"] >= money["fen_due"] - 99]
    cleared = reached.groupby("bill_id", sort=False)["paid_at"].first().dt.normalize()
    paid = money.groupby("bill_id", sort=False)["fen"].sum()
    bills = bills.join(cleared.rename("cleared_on"), on="bill_id")
    bills = bills.join(paid.rename("paid"), on="bill_id")
    bills["paid"] = bills["paid"].fillna(0).astype(np.int64)
    bills["cleared_on"] = bills["cleared_on"].where(
        bills["cleared_on"].isna() | (bills["cleared_on"] > bills["issued_on"]), bills["issued_on"]
    )
    return bills


def _known(bills: pd.DataFrame, day: pd.Timestamp) -> pd.DataFrame:
    known = bills[bills["cleared_on"].notna() | (bills["due_on"] < day)].copy()
    end = known["cleared_on"].fillna(day)
    known["slack"] = (known["due_on"] - end).dt.days
    known["settle"] = (end - known["issued_on"]).dt.days
    known["late"] = (known["slack"] < 0).astype(np.int64)
    known["days_late"] = (-known["slack"]).clip(lower=0)
    known["near"] = (known["cleared_on"].isna() | (known["slack"] < 2)).astype(np.int64)
    after_due = known["due_on"] + pd.Timedelta(days=1)
    known["on"] = known["cleared_on"].where(known["cleared_on"] < after_due, after_due)
    known = known.sort_values(
        ["customer", "due_on", "issued_on", "bill_id"], ascending=[True, False, False, False]
    )
    known["k"] = known.groupby("customer", sort=False).cumcount() + 1
    return known


def _outcomes(known: pd.DataFrame, day: pd.Timestamp) -> dict[str, pd.Series]:
    columns: dict[str, pd.Series] = {}
    for months in (1, 3, 6, 12):
        grouped = known[known["on"] >= day - pd.DateOffset(months=months)].groupby("customer")
        columns[f"late_count_{months}m"] = grouped["late"].sum()
        columns[f"late_share_{months}m"] = grouped["late"].mean()
        columns[f"slack_mean_{months}m"] = grouped["slack"].mean()
        columns[f"settle_days_mean_{months}m"] = grouped["settle"].mean()
        columns[f"days_late_max_{months}m"] = grouped["days_late"].max()
        columns[f"slack_min_{months}m"] = grouped["slack"].min()
    year = known[known["on"] >= day - pd.DateOffset(months=12)]
    columns["late30_count_12m"] = (year["days_late"] > 30).groupby(year["customer"]).sum()
    for bills in (3, 6):
        columns[f"late_count_{bills}b"] = (
            known[known["k"] <= bills].groupby("customer")["late"].sum()
        )
    six = known[known["k"] <= 6]
    columns["near_due_share_6b"] = six.groupby("customer")["near"].mean()
    columns["slack_spread_6b"] = six.groupby("customer")["slack"].std()
    columns["slack_slope_6b"] = _slope(six)
    columns["days_late_mean_6b"] = six[six["late"] == 1].groupby("customer")["days_late"].mean()
    last = known[known["k"] == 1].set_index("customer")
    columns["slack_last"], columns["late_last"] = last["slack"], last["late"]
    columns["days_late_last"] = last["days_late"]
    count = known.groupby("customer").size()
    for name, stop in (("late_streak", 0), ("on_time_streak", 1)):
        first = known[known["late"] == stop].groupby("customer")["k"].first() - 1
        columns[name] = first.reindex(count.index).fillna(count)
    late = known[known["late"] == 1]
    columns["days_since_late"] = (day - late["due_on"]).dt.days.groupby(late["customer"]).min()
    return columns


def _slope(six: pd.DataFrame) -> pd.Series:
    work = pd.DataFrame(
        {
            "customer": six["customer"],
            "n": 1,
            "x": six["k"],
            "y": six["slack"],
            "xy": six["k"] * six["slack"],
            "xx": six["k"] * six["k"],
        }
    )
    s = work.groupby("customer").sum()
    bottom = s["n"] * s["xx"] - s["x"] ** 2
    return (s["x"] * s["y"] - s["n"] * s["xy"]) / bottom.where(bottom != 0)


def _stock(bills: pd.DataFrame, day: pd.Timestamp) -> dict[str, pd.Series]:
    columns: dict[str, pd.Series] = {}
    still = bills[bills["cleared_on"].isna()]
    columns["open_bills"] = still.groupby("customer").size()
    overdue = still[still["due_on"] < day]
    columns["months_behind"] = overdue.groupby("customer").size()
    owed = (overdue["fen"] - overdue["paid"]).clip(lower=0)
    columns["overdue_open_cny"] = owed.groupby(overdue["customer"]).sum() / 100
    age = (day - overdue["due_on"]).dt.days
    columns["overdue_days_max"] = age.groupby(overdue["customer"]).max()
    for months in (3, 6, 12):
        grouped = bills[bills["issued_on"] >= day - pd.DateOffset(months=months)].groupby(
            "customer"
        )["fen"]
        columns[f"amount_mean_{months}m"] = grouped.mean() / 100
        if months == 12:
            columns["amount_max_12m"] = grouped.max() / 100
    return columns


def _payments(payments: pd.DataFrame, day: pd.Timestamp) -> dict[str, pd.Series]:
    columns: dict[str, pd.Series] = {}
    paid = payments[(payments["outcome"] == "ok") & (payments["fen"] > 0)]
    failed = payments[payments["outcome"] == "failed"]
    for months in (3, 6, 12):
        start = day - pd.DateOffset(months=months)
        grouped = paid[paid["paid_at"] >= start].groupby("customer")
        columns[f"paid_amount_{months}m"] = grouped["fen"].sum() / 100
        columns[f"payments_count_{months}m"] = grouped.size()
        columns[f"channels_used_{months}m"] = grouped["channel"].nunique()
        recent = failed[failed["paid_at"] >= start]
        columns[f"failed_debits_{months}m"] = recent.groupby("customer").size()
    since = (day - paid["paid_at"].dt.normalize()).dt.days
    columns["days_since_payment"] = since.groupby(paid["customer"]).min()
    return columns
