"""Prove the forecast of collection on past months: the model beside rolling forward."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from contract.errors import DataError
from models.forecast.collection import expected_cny
from models.forecast.figures import compare_forecasts
from models.forecast.forecaster import Forecaster, Forecasting, days_to_month_end
from models.forecast.person_periods import FloatArray, follow
from models.forecast.plots import origins_plot
from models.forecast.receipts import receipts, received
from models.forecast.roll_forward import fit_roll_forward
from models.resampling import Interval, bootstrap_difference
from models.target import outcomes
from pipeline.config import Config
from pipeline.forecasting import as_png, build_looks, told_curve, train_as_of
from pipeline.preparing import Prepared
from pipeline.progress import step
from pipeline.storage import new_folder, write_bytes, write_json, write_parquet

MODEL, NAIVE, NAIVE_SEGMENT, NAIVE_DUE = (
    "model",
    "roll_forward",
    "roll_forward_segment",
    "roll_forward_due",
)
# Months of looks that rolling forward takes its shares from: the last matured cycles.
NAIVE_MONTHS = 3


@dataclass(frozen=True, kw_only=True)
class ForecastBacktest:
    """How forecasts of past months met what came.

    Attributes:
        figures: One row an origin and a forecast: ``wape`` (sum of |expected - collected| over the
            days to month end / sum of collected), ``month_end_error`` ((expected - collected) /
            collected at the month's end), ``brier_7d`` and so on (P(paid) against paid, weighted
            for censoring), ``c_index`` (Harrell) and ``c_index_uno``; and for the model ``inside``,
            the share of days on which its interval held what came.
        curves: One row an origin and a day: collected_cny, what each forecast expected, and the
            model's interval.
        cancelled_share: Bills cancelled later, as a share of the amount open at each origin.
        level: Of the interval.
    """

    figures: pd.DataFrame
    curves: pd.DataFrame
    cancelled_share: Mapping[str, float]
    level: float

    def summary(self) -> pd.DataFrame:
        """Return one row a forecast: mean figures over the origins, and their worst wape."""
        means = self.figures.drop(columns="origin").groupby("forecast", sort=False).mean()
        means.insert(1, "worst_wape", self.figures.groupby("forecast")["wape"].max())
        size = self.figures["month_end_error"].abs().groupby(self.figures["forecast"]).mean()
        means["month_end_error_size"] = size
        return means

    def gain_over(self, naive: str, *, seed: int = 0) -> Interval:
        """Return the model's mean wape less the naive one's, resampled by month."""
        wide = self._errors()
        months = pd.to_datetime(wide.index.to_series()).dt.to_period("M").astype(str)

        def mean_of(name: str) -> Any:
            return lambda weight: float(np.average(wide[name].to_numpy(), weights=weight))

        return bootstrap_difference(mean_of(MODEL), mean_of(naive), months, seed=seed)

    def verdict(self) -> str:
        """Say in one line whether the model forecasts the amount better than rolling forward."""
        wide = self._errors()
        best = self.best_naive()
        gain = self.gain_over(best)
        ahead = int((wide[MODEL] < wide[best]).sum())
        told = (
            f"mean error of the collected amount by day {wide[MODEL].mean():.1%} against"
            f" {wide[best].mean():.1%} of {best}, better in {ahead} of {len(wide)} origins"
            f" (difference {gain.value:+.1%}, {gain.level:.0%} interval {gain.low:+.1%} to"
            f" {gain.high:+.1%})"
        )
        if gain.high < 0:
            return f"The model forecasts the amount better: {told}."
        return f"The model is NOT shown to beat rolling forward on the amount: {told}."

    def best_naive(self) -> str:
        """Return the roll-forward with the least mean wape."""
        wide = self._errors()
        return min((NAIVE, NAIVE_SEGMENT, NAIVE_DUE), key=lambda name: wide[name].to_numpy().mean())

    def _errors(self) -> pd.DataFrame:
        """Return the wape, one row an origin, one column a forecast."""
        by = {
            name: own.set_index("origin")["wape"] for name, own in self.figures.groupby("forecast")
        }
        return pd.DataFrame(by)

    def as_dict(self) -> dict[str, Any]:
        """Return what a machine needs to know of it."""
        return {
            "verdict": self.verdict(),
            "level": self.level,
            "inside": float(self.figures["inside"].mean()),
            "summary": _json(self.summary().reset_index()),
            "origins": _json(self.figures),
            "cancelled_share": dict(self.cancelled_share),
        }


@dataclass(frozen=True, kw_only=True)
class _Past:
    """What is known at the prepared day, to hold forecasts of past days against."""

    matrix: pd.DataFrame
    known: pd.DataFrame
    money: pd.DataFrame


@dataclass(frozen=True, kw_only=True)
class _Tried:
    figures: pd.DataFrame
    curves: pd.DataFrame
    cancelled_share: float


def backtest_forecast(
    config: Config, prepared: Prepared, settings: Forecasting | None = None
) -> ForecastBacktest:
    """Forecast past days, each trained on what was known on it by the function of production.

    Raises:
        DataError: No month has ended early enough before the prepared day to be known.
    """
    settings = settings or Forecasting()
    origins = _origins(config, prepared, settings.origins)
    past = _Past(
        matrix=build_looks(config, prepared, settings.learn_months + settings.origins + 1),
        known=outcomes(prepared.store, prepared.as_of),
        money=receipts(prepared.store, prepared.as_of, since=origins[0]),
    )
    tried = {}
    with step(f"Forecast {len(origins)} past days") as report:
        for done, origin in enumerate(origins, start=1):
            forecaster = train_as_of(config, prepared, past.matrix, origin, settings)
            tried[origin] = _try(config, prepared, past, forecaster, origin, settings)
            report("origins", done, len(origins))
    return ForecastBacktest(
        figures=pd.concat([one.figures for one in tried.values()], ignore_index=True),
        curves=pd.concat([one.curves for one in tried.values()], ignore_index=True),
        cancelled_share={day.isoformat(): one.cancelled_share for day, one in tried.items()},
        level=settings.level,
    )


def write_backtest(proof: ForecastBacktest, folder: Path) -> None:
    """Write backtest.json, curves.parquet and a picture of every origin."""
    with new_folder(folder) as beside:
        write_json(beside / "backtest.json", proof.as_dict())
        write_parquet(beside / "curves.parquet", proof.curves)
        picture = origins_plot(proof.curves, naive=proof.best_naive(), level=proof.level)
        write_bytes(beside / "origins.png", as_png(picture))


def _origins(config: Config, prepared: Prepared, months: int) -> tuple[date, ...]:
    """Return the snapshot days of the newest months whose last day is known whole."""
    lag = timedelta(days=config.target.posting_lag_days)
    days = [
        day
        for day in config.snapshots.before(prepared.as_of, months + 1)
        if day + timedelta(days=days_to_month_end(day)) + lag <= prepared.as_of
    ]
    chosen = tuple(days[-months * len(config.snapshots.days_of_month) :])
    if not chosen:
        raise DataError(
            f"{config.data}: no month ended {lag.days} days or more before {prepared.as_of}; give"
            " a later as_of or more history."
        )
    return chosen


def _try(
    config: Config,
    prepared: Prepared,
    past: _Past,
    forecaster: Forecaster,
    origin: date,
    settings: Forecasting,
) -> _Tried:
    """Hold the forecasts of one day against what came to its month end.

    Bills cancelled since drop out; what they were of the open amount is told beside.
    """
    look = past.matrix[pd.to_datetime(past.matrix["as_of"]) == pd.Timestamp(origin)]
    kept = look["bill_id"].isin(past.known.index)
    bills = look[kept].reset_index(drop=True)
    days = days_to_month_end(origin)
    paid = {
        MODEL: forecaster.model.predict(bills, days),
        **_roll_forward(config, prepared, past.matrix, origin, bills),
    }
    # Rolling forward is given the same part payments, so that the chances alone are compared.
    expected = {
        name: expected_cny(bills, curves, forecaster.parts).sum(axis=0)
        for name, curves in paid.items()
    }
    collected = received(bills, past.money, days).sum(axis=0)
    lag = config.target.posting_lag_days
    followed = follow(bills, past.known, cut=prepared.as_of, lag_days=lag)
    figures = compare_forecasts(followed, collected, paid=paid, expected=expected)
    told = told_curve(bills, paid[MODEL], forecaster, settings, config.parameters.seed)
    inside = (told["low_cny"] <= collected) & (collected <= told["high_cny"])
    figures["inside"] = inside.mean() * np.where(figures["forecast"] == MODEL, 1.0, np.nan)
    return _Tried(
        figures=figures.assign(origin=origin),
        curves=_curves(origin, collected, expected, told),
        cancelled_share=float(1 - bills["open_cny"].sum() / look["open_cny"].sum()),
    )


def _roll_forward(
    config: Config, prepared: Prepared, matrix: pd.DataFrame, origin: date, bills: pd.DataFrame
) -> dict[str, FloatArray]:
    looks = pd.to_datetime(matrix["as_of"])
    begin = pd.Timestamp(origin).to_period("M").to_timestamp() - pd.DateOffset(months=NAIVE_MONTHS)
    recent = matrix[(looks >= begin) & (looks < pd.Timestamp(origin))].reset_index(drop=True)
    known = outcomes(prepared.store, origin)
    followed = follow(recent, known, cut=origin, lag_days=config.target.posting_lag_days)
    days = days_to_month_end(origin)
    rolled = {
        NAIVE: fit_roll_forward(recent, followed),
        NAIVE_SEGMENT: fit_roll_forward(recent, followed, by_segment=True),
        NAIVE_DUE: fit_roll_forward(recent, followed, clock="due"),
    }
    return {name: one.predict(bills, days) for name, one in rolled.items()}


def _curves(
    origin: date,
    collected: FloatArray,
    expected: Mapping[str, FloatArray],
    told: pd.DataFrame,
) -> pd.DataFrame:
    on = [origin + timedelta(days=day) for day in range(len(collected))]
    return pd.DataFrame(
        {
            "origin": origin,
            "on": on,
            "collected_cny": collected,
            **{f"{name}_cny": curve for name, curve in expected.items()},
            "low_cny": told["low_cny"],
            "high_cny": told["high_cny"],
        }
    )


def _json(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        {
            str(key): value.isoformat() if isinstance(value, date) else _number(value)
            for key, value in row.items()
        }
        for row in frame.to_dict("records")
    ]


def _number(value: Any) -> Any:
    if isinstance(value, float):
        return None if np.isnan(value) else round(value, 6)
    return value
