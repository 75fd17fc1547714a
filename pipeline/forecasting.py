"""Forecast when the money comes: learn from the past as of a day, then tell of the open bills."""

from dataclasses import dataclass
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from matplotlib.figure import Figure

from contract.engine import connect, to_arrow
from contract.errors import DataError
from contract.staging import Store
from features import build
from features.facts import with_facts
from models.forecast.collection import collection_rate, draw_collected, expected_cny
from models.forecast.forecaster import Forecaster, Forecasting, days_to_month_end, train_forecaster
from models.forecast.person_periods import FloatArray
from models.forecast.plots import month_plot
from models.forecast.receipts import receipts
from models.target import outcomes
from pipeline.config import Config
from pipeline.preparing import Prepared
from pipeline.progress import step
from pipeline.storage import new_folder, write_bytes, write_json, write_parquet

# Days ahead at which each bill's chance is written; the month's end has a column of its own.
TOLD_DAYS = (7, 15, 30, 60)
# The collection rate with its ends, each with the money that it counts beside what came before.
_RATES = {"rate": "expected_cny", "rate_low": "low_cny", "rate_high": "high_cny"}


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """What is expected to come in on the bills open at as_of.

    Attributes:
        as_of: The day looked from.
        cycle: The newest cycle with bills, as 202610; the rate is of its receivable.
        receivable_cny: 应收 of the cycle: all its bills issued before as_of and not cancelled.
        collected_cny: 实收 of it before as_of.
        bills: One row an open bill: keys, open_cny, ``paid_by_7d`` and so on,
            ``paid_by_month_end``, ``expected_month_end_cny`` and ``likely_paid_on``, the first day
            by which it is more likely paid than not (empty beyond the horizon).
        curve: One row a scope and a day to month end: expected_cny collected from as_of on with
            low_cny and high_cny; scope ``all``, ``cycle`` (the newest) and ``earlier``. For
            ``cycle`` also the collection rate with its ends.
        level: Of the intervals.
        forecaster: What made it.
    """

    as_of: date
    cycle: int
    receivable_cny: float
    collected_cny: float
    bills: pd.DataFrame
    curve: pd.DataFrame
    level: float
    forecaster: Forecaster

    def headline(self) -> str:
        """Say in two lines what is expected by the month's end."""
        told = self.as_dict()
        money, rate = told["month_end_expected"]["all"], told["month_end_rate"]
        return (
            f"By {told['month_end']} {money['expected_cny']:,.0f} of {told['open_cny']:,.0f} yuan"
            f" open are expected ({self.level:.0%} interval {money['low_cny']:,.0f} to"
            f" {money['high_cny']:,.0f}).\nCollection rate of {self.cycle}:"
            f" {told['rate_now']:.1%} now, {rate['rate']:.1%} by then ({rate['rate_low']:.1%} to"
            f" {rate['rate_high']:.1%})."
        )

    def as_dict(self) -> dict[str, Any]:
        """Return what a machine needs to know of it, money in yuan with two decimals."""
        ends = self.curve.groupby("scope", sort=False).tail(1).set_index("scope")
        money = ends[["expected_cny", "low_cny", "high_cny"]].round(2)
        return {
            "as_of": self.as_of.isoformat(),
            "cycle": self.cycle,
            "month_end": ends["on"].iloc[0].isoformat(),
            "bills_open": len(self.bills),
            "open_cny": round(float(self.bills["open_cny"].to_numpy().sum()), 2),
            "receivable_cny": round(self.receivable_cny, 2),
            "collected_cny": round(self.collected_cny, 2),
            "rate_now": round(self.collected_cny / self.receivable_cny, 4),
            "month_end_expected": money.to_dict("index"),
            "month_end_rate": ends[["rate_low", "rate", "rate_high"]]
            .round(4)
            .loc["cycle"]
            .to_dict(),
            "level": self.level,
            "shock": round(self.forecaster.shock, 4),
            "curve": [
                {str(key): _plain(value) for key, value in row.items()}
                for row in self.curve.to_dict("records")
            ],
        }


def forecast(config: Config, prepared: Prepared, settings: Forecasting | None = None) -> Forecast:
    """Train on the past as of the prepared day and forecast the bills open then.

    Raises:
        DataError: Nothing is open, or there is too little past to learn from.
    """
    settings = settings or Forecasting()
    as_of = prepared.as_of
    past = build_looks(config, prepared, settings.learn_months)
    with step("Learn when the money comes"):
        forecaster = train_as_of(config, prepared, past, as_of, settings)
    with step("Forecast the open bills") as report:
        looked = build(prepared.store, as_of, features=prepared.features, progress=report)
        if looked.empty:
            raise DataError(f"{config.data}: no bill is open at {as_of}; nothing can be forecast.")
        horizon = max(settings.horizon_days, days_to_month_end(as_of))
        paid = forecaster.model.predict(looked, horizon)
    owed = receivables(prepared.store, as_of)
    newest = int(owed["cycle"].max())
    current = owed[owed["cycle"] == newest].iloc[0]
    curve = _curve(looked, paid, newest, forecaster, settings, config.parameters.seed)
    money = {"collected_cny": float(current["collected_cny"])}
    money["receivable_cny"] = float(current["receivable_cny"])
    for rate, more in _RATES.items():
        curve[rate] = np.where(
            curve["scope"] == "cycle", collection_rate(curve[more], **money), np.nan
        )
    return Forecast(
        as_of=as_of,
        cycle=newest // 12 * 100 + newest % 12 + 1,
        **money,
        bills=_bills(looked, paid, forecaster),
        curve=curve,
        level=settings.level,
        forecaster=forecaster,
    )


def write_forecast(made: Forecast, folder: Path) -> None:
    """Write forecast.parquet (a row a bill), the curve, its picture, JSON and the forecaster."""
    with new_folder(folder) as beside:
        write_bytes(beside / "curve.png", as_png(month_plot(made.curve, level=made.level)))
        write_parquet(beside / "forecast.parquet", made.bills)
        write_parquet(beside / "curve.parquet", made.curve)
        write_json(beside / "forecast.json", made.as_dict())
        for name, content in made.forecaster.to_files().items():
            write_bytes(beside / name, content)


def as_png(figure: Figure) -> bytes:
    """Return the picture of a figure as bytes."""
    out = BytesIO()
    figure.savefig(out, format="png", dpi=110)
    return out.getvalue()


def build_looks(config: Config, prepared: Prepared, months: int) -> pd.DataFrame:
    """Build the matrix of open bills on the snapshot days of some months before as_of.

    Raises:
        DataError: No bill was open on any of them.
    """
    days = config.snapshots.before(prepared.as_of, months)
    with step("Build features on past days") as report:
        matrix = build(prepared.store, days, features=prepared.features, progress=report)
    if matrix.empty:
        raise DataError(
            f"{config.data}: no bill was open on any of {len(days)} past days from {days[0]} to"
            f" {days[-1]}. Give more history, or an as_of after it."
        )
    return matrix


def train_as_of(
    config: Config, prepared: Prepared, matrix: pd.DataFrame, cut: date, settings: Forecasting
) -> Forecaster:
    """Train a forecaster on what was known at a cut; production and backtest both call this."""
    oldest = pd.to_datetime(matrix["as_of"]).min().date()
    return train_forecaster(
        matrix,
        outcomes(prepared.store, cut),
        receipts(prepared.store, cut, since=oldest),
        cut=cut,
        lag_days=config.target.posting_lag_days,
        features=prepared.features,
        settings=settings,
        parameters=config.parameters,
    )


def receivables(store: Store, as_of: date) -> pd.DataFrame:
    """Return what was billed and what had come in before as_of, one row a cycle (month index).

    Columns: cycle, receivable_cny (应收: bills issued before as_of and not cancelled, refunds
    aside), collected_cny (实收: what had been posted on them, at most the bill).
    """
    query = """
        SELECT cycle, sum(amount_fen) / 100 AS receivable_cny,
            sum(least(paid_fen, amount_fen)) / 100 AS collected_cny
        FROM known_bill WHERE kind <> 'refund' GROUP BY cycle ORDER BY cycle"""
    with connect() as connection:
        parts = [
            to_arrow(connection, with_facts(store, bucket, as_of, query))
            for bucket in range(store.buckets)
        ]
    found = pa.concat_tables(parts).to_pandas(date_as_object=False)
    return found.groupby("cycle", as_index=False).sum()


def _curve(
    looked: pd.DataFrame,
    paid: FloatArray,
    newest: int,
    forecaster: Forecaster,
    settings: Forecasting,
    seed: int,
) -> pd.DataFrame:
    as_of = pd.Timestamp(looked["as_of"].iloc[0]).date()
    days = days_to_month_end(as_of)
    cycle = looked["cycle"].to_numpy()
    scopes = {"all": cycle > 0, "cycle": cycle == newest, "earlier": cycle != newest}
    parts = [
        told_curve(looked[rows], paid[rows, :days], forecaster, settings, seed).assign(scope=scope)
        for scope, rows in scopes.items()
    ]
    on = [as_of + timedelta(days=day) for day in range(days)]
    return pd.concat([part.assign(on=on) for part in parts], ignore_index=True)[
        ["scope", "on", "expected_cny", "low_cny", "high_cny"]
    ]


def told_curve(
    looked: pd.DataFrame,
    paid: FloatArray,
    forecaster: Forecaster,
    settings: Forecasting,
    seed: int,
) -> pd.DataFrame:
    """Return expected_cny, low_cny and high_cny of some bills together, one row a day."""
    drawn = draw_collected(
        looked,
        paid,
        parts=forecaster.parts,
        shock=forecaster.shock,
        draws=settings.draws,
        seed=seed,
    )
    tail = (1 - settings.level) / 2
    low, high = np.quantile(drawn, [tail, 1 - tail], axis=0)
    expected = expected_cny(looked, paid, forecaster.parts).sum(axis=0)
    return pd.DataFrame({"expected_cny": expected, "low_cny": low, "high_cny": high})


def _bills(looked: pd.DataFrame, paid: FloatArray, forecaster: Forecaster) -> pd.DataFrame:
    as_of = pd.to_datetime(looked["as_of"])
    end = days_to_month_end(as_of.iloc[0].date()) - 1
    told = looked[["customer_id", "bill_id", "cycle", "issued_on", "due_on", "open_cny"]].copy()
    for days in TOLD_DAYS:
        if days <= paid.shape[1]:
            told[f"paid_by_{days}d"] = paid[:, days - 1]
    told["paid_by_month_end"] = paid[:, end]
    told["expected_month_end_cny"] = expected_cny(looked, paid, forecaster.parts)[:, end]
    likely = paid >= 0.5
    day = as_of + pd.to_timedelta(likely.argmax(axis=1), unit="D")
    told["likely_paid_on"] = day.where(likely.any(axis=1))
    return told.reset_index(drop=True)


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return None if np.isnan(value) else round(value, 6)
    return value.isoformat() if isinstance(value, date) else value
