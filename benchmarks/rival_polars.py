"""The work of benchmarks.feature_work by Polars, lazily and streaming."""

from datetime import date
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks.feature_work import BILL_COLUMNS, COMMON, PAYMENT_COLUMNS, is_zero_when_empty


def build_polars(folder: Path, as_of: date) -> Any:
    """Build COMMON with Polars, lazily and streaming; a Polars frame."""
    pl: Any = import_module("polars")  # an optional extra of benchmarks alone

    def months_ago(months: int) -> Any:
        return pl.lit(as_of).dt.offset_by(f"-{months}mo")

    bills = (
        pl.scan_parquet(folder / "bills.parquet")
        .select(BILL_COLUMNS)
        .with_columns(fen=(pl.col("amount") * 100).cast(pl.Int64))
        .drop("amount")
        .filter(pl.col("issued_on") < as_of)
    )
    payments = (
        pl.scan_parquet(folder / "payments.parquet")
        .select(PAYMENT_COLUMNS)
        .with_columns(fen=(pl.col("amount") * 100).cast(pl.Int64))
        .filter(pl.col("posted_at") < as_of)
    )
    is_paid = (pl.col("outcome") == "ok") & (pl.col("fen") > 0)
    money = (
        payments.filter(is_paid)
        .join(bills.select("bill_id", due_fen="fen"), on="bill_id")
        .sort("bill_id", "paid_at", "payment_id")
        .with_columns(paid=pl.col("fen").cum_sum().over("bill_id"))
        .group_by("bill_id")
        .agg(
            cleared_on=pl.col("paid_at")
            .filter(pl.col("paid") >= pl.col("due_fen") - 99)
            .min()
            .dt.date(),
            paid=pl.col("fen").sum(),
        )
    )
    bills = bills.join(money, on="bill_id", how="left").with_columns(
        pl.max_horizontal(
            "cleared_on", pl.when(pl.col("cleared_on").is_not_null()).then("issued_on")
        ).alias("cleared_on"),
        pl.col("paid").fill_null(0),
    )
    parts = (
        _polars_outcomes(pl, bills, as_of, months_ago),
        _polars_stock(pl, bills, as_of, months_ago),
        _polars_payments(pl, payments, as_of, months_ago, is_paid),
    )
    found = bills.filter(pl.col("cleared_on").is_null()).select(
        "customer_id", "bill_id", bill_amount_cny=pl.col("fen") / 100
    )
    for part in parts:
        found = found.join(part, on="customer_id", how="left")
    columns = [
        (pl.col(c).fill_null(0) if is_zero_when_empty(c) else pl.col(c)).cast(pl.Float64)
        for c in COMMON
    ]
    return found.select("customer_id", "bill_id", *columns).collect(engine="streaming")


def _polars_outcomes(pl: Any, bills: Any, as_of: date, months_ago: Any) -> Any:
    end = pl.col("cleared_on").fill_null(as_of)
    slack = (pl.col("due_on") - end).dt.total_days()
    known = (
        bills.filter(pl.col("cleared_on").is_not_null() | (pl.col("due_on") < as_of))
        .with_columns(
            slack=slack,
            settle=(end - pl.col("issued_on")).dt.total_days(),
            late=slack < 0,
            days_late=(-slack).clip(0),
            near=pl.col("cleared_on").is_null() | (slack < 2),
            on=pl.min_horizontal("cleared_on", pl.col("due_on").dt.offset_by("1d")),
        )
        .sort("due_on", "issued_on", "bill_id", descending=True)
        .with_columns(k=pl.int_range(1, pl.len() + 1).over("customer_id"))
    )
    late, slack, days = pl.col("late"), pl.col("slack"), pl.col("days_late")
    columns: dict[str, Any] = {}
    for months in (1, 3, 6, 12):
        inside = pl.col("on") >= months_ago(months)
        columns[f"late_count_{months}m"] = late.filter(inside).sum()
        columns[f"late_share_{months}m"] = late.filter(inside).mean()
        columns[f"slack_mean_{months}m"] = slack.filter(inside).mean()
        columns[f"settle_days_mean_{months}m"] = pl.col("settle").filter(inside).mean()
        columns[f"days_late_max_{months}m"] = days.filter(inside).max()
        columns[f"slack_min_{months}m"] = slack.filter(inside).min()
    columns["late30_count_12m"] = ((days > 30) & (pl.col("on") >= months_ago(12))).sum()
    for count in (3, 6):
        columns[f"late_count_{count}b"] = late.filter(pl.col("k") <= count).sum()
    six = pl.col("k") <= 6
    k, y = pl.col("k").filter(six), slack.filter(six)
    n, bottom = y.len(), y.len() * (k * k).sum() - k.sum() ** 2
    columns["near_due_share_6b"] = pl.col("near").filter(six).mean()
    columns["slack_spread_6b"] = y.std()
    columns["slack_slope_6b"] = pl.when(bottom != 0).then(
        (k.sum() * y.sum() - n * (k * y).sum()) / bottom
    )
    columns["days_late_mean_6b"] = days.filter(six & late).mean()
    columns["slack_last"] = slack.filter(pl.col("k") == 1).first()
    columns["late_last"] = late.filter(pl.col("k") == 1).first()
    columns["days_late_last"] = days.filter(pl.col("k") == 1).first()
    columns["late_streak"] = (pl.col("k").filter(~late).min() - 1).fill_null(pl.len())
    columns["on_time_streak"] = (pl.col("k").filter(late).min() - 1).fill_null(pl.len())
    columns["days_since_late"] = (as_of - pl.col("due_on").filter(late)).dt.total_days().min()
    return known.group_by("customer_id").agg(**columns)


def _polars_stock(pl: Any, bills: Any, as_of: date, months_ago: Any) -> Any:
    still = pl.col("cleared_on").is_null()
    overdue = still & (pl.col("due_on") < as_of)
    columns = {
        "open_bills": still.sum(),
        "months_behind": overdue.sum(),
        "overdue_open_cny": (pl.col("fen") - pl.col("paid")).filter(overdue).clip(0).sum() / 100,
        "overdue_days_max": (as_of - pl.col("due_on").filter(overdue)).dt.total_days().max(),
    }
    for months in (3, 6, 12):
        inside = pl.col("issued_on") >= months_ago(months)
        columns[f"amount_mean_{months}m"] = pl.col("fen").filter(inside).mean() / 100
        columns[f"amount_max_{months}m"] = pl.col("fen").filter(inside).max() / 100
    return bills.group_by("customer_id").agg(**columns)


def _polars_payments(pl: Any, payments: Any, as_of: date, months_ago: Any, is_paid: Any) -> Any:
    on = pl.col("paid_at").dt.date()
    columns: dict[str, Any] = {
        "days_since_payment": (as_of - on.filter(is_paid)).dt.total_days().min()
    }
    for months in (3, 6, 12):
        inside = is_paid & (on >= months_ago(months))
        columns[f"paid_amount_{months}m"] = pl.col("fen").filter(inside).sum() / 100
        columns[f"payments_count_{months}m"] = inside.sum()
        columns[f"channels_used_{months}m"] = pl.col("channel").filter(inside).n_unique()
        failed = (pl.col("outcome") == "failed") & (on >= months_ago(months))
        columns[f"failed_debits_{months}m"] = failed.sum()
    return payments.group_by("customer_id").agg(**columns)
