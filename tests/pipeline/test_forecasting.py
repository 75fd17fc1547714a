import json

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from contract.engine import connect
from models.forecast.forecaster import BOOSTER_FILE, CARD_FILE, Forecaster, Forecasting
from models.forecast.hazard import Hazard
from models.forecast.person_periods import follow
from models.forecast.receipts import receipts, received
from models.snapshots import Snapshots
from models.target import outcomes
from pipeline import forecast_backtest, forecasting
from pipeline.forecast_backtest import (
    MODEL,
    NAIVE,
    NAIVE_DUE,
    NAIVE_SEGMENT,
    backtest_forecast,
    write_backtest,
)
from pipeline.forecasting import build_looks, forecast, receivables, write_forecast

SETTINGS = Forecasting(
    learn_months=4,
    proving_months=1,
    draws=200,
    origins=2,
    hazard=Hazard(most_rows=30_000),
)


@pytest.fixture(scope="module")
def config(town):
    """Looks on planning days alone, which halves the features to build."""
    return town.config.model_copy(update={"snapshots": Snapshots(days_of_month=(6,))})


@pytest.fixture(scope="module", autouse=True)
def looks(config, town):
    """All looks that any test needs, built once; training takes the months that it is told."""
    built = build_looks(config, town.prepared, SETTINGS.learn_months + SETTINGS.origins + 1)
    with pytest.MonkeyPatch.context() as patch:
        for module in (forecasting, forecast_backtest):
            patch.setattr(module, "build_looks", lambda *_: built)
        yield built


@pytest.fixture(scope="module")
def made(config, town):
    return forecast(config, town.prepared, SETTINGS)


@pytest.fixture(scope="module")
def proof(config, town):
    return backtest_forecast(config, town.prepared, SETTINGS)


def test_forecast_tells_of_every_open_bill_once(made) -> None:
    assert made.bills["bill_id"].is_unique
    by = made.bills[["paid_by_7d", "paid_by_15d", "paid_by_30d", "paid_by_60d"]]
    assert (by.diff(axis=1).iloc[:, 1:] >= 0).all(axis=None)
    expected = made.bills["expected_month_end_cny"]
    assert (expected <= made.bills["open_cny"]).all()
    assert (made.bills["likely_paid_on"].dropna() >= pd.Timestamp(made.as_of)).all()


def test_curve_runs_to_month_end_inside_its_interval(made) -> None:
    for _, curve in made.curve.groupby("scope"):
        assert curve["on"].iloc[0] == made.as_of
        assert (pd.Timestamp(curve["on"].iloc[-1]) + pd.Timedelta(days=1)).day == 1
        assert curve["expected_cny"].is_monotonic_increasing
        assert (curve["low_cny"] <= curve["high_cny"]).all()
    ends = made.curve.groupby("scope")["expected_cny"].last()
    assert ends["all"] == pytest.approx(ends["cycle"] + ends["earlier"])
    assert ends["all"] == pytest.approx(made.bills["expected_month_end_cny"].sum())


def test_collection_rate_counts_what_was_paid_before(made) -> None:
    curve = made.curve[made.curve["scope"] == "cycle"]
    rate = (made.collected_cny + curve["expected_cny"]) / made.receivable_cny
    assert curve["rate"].to_numpy() == pytest.approx(rate.to_numpy())
    assert 0 < made.collected_cny / made.receivable_cny < curve["rate"].iloc[-1] <= 1
    assert made.curve.loc[made.curve["scope"] == "all", "rate"].isna().all()


def test_receivable_is_what_plain_sums_of_bills_and_payments_give(town) -> None:
    as_of = town.prepared.as_of
    owed = receivables(town.prepared.store, as_of).set_index("cycle")
    with connect() as connection:
        plain = connection.execute(
            f"""SELECT cycle // 100 * 12 + cycle % 100 - 1 AS month, sum(amount)
            FROM read_parquet('{town.config.data}/bills.parquet')
            WHERE issued_on < DATE '{as_of}' AND kind <> 'refund' AND amount > 0
                AND (cancelled_on IS NULL OR cancelled_on >= DATE '{as_of}')
            GROUP BY month"""
        ).fetchall()
    newest = owed.index.max()
    assert owed.loc[newest, "receivable_cny"] == pytest.approx(float(dict(plain)[newest]), rel=0.02)
    assert (owed["collected_cny"] <= owed["receivable_cny"] + 1e-6).all()


def test_written_forecast_is_read_back_whole(made, tmp_path) -> None:
    folder = tmp_path / "forecast"
    write_forecast(made, folder)
    bills = pq.read_table(folder / "forecast.parquet").to_pandas()
    assert len(bills) == len(made.bills)
    told = json.loads((folder / "forecast.json").read_text("utf-8"))
    assert told["month_end_expected"]["all"]["low_cny"] > 0
    rate = told["month_end_rate"]
    assert rate["rate_low"] <= rate["rate"] <= rate["rate_high"]
    assert f"{rate['rate']:.1%} by then" in made.headline()
    assert (folder / "curve.png").read_bytes().startswith(b"\x89PNG")
    files = {name: (folder / name).read_bytes() for name in (BOOSTER_FILE, CARD_FILE)}
    assert Forecaster.from_files(files).to_files() == files


def test_same_data_and_seed_give_the_same_bytes(config, town, made) -> None:
    again = forecast(config, town.prepared, SETTINGS)
    assert again.forecaster.to_files() == made.forecaster.to_files()
    pd.testing.assert_frame_equal(again.curve, made.curve)


def test_backtest_holds_each_forecast_against_the_same_money(proof) -> None:
    assert set(proof.figures["forecast"]) == {MODEL, NAIVE, NAIVE_SEGMENT, NAIVE_DUE}
    origins = proof.figures["origin"].unique()
    assert len(origins) == 2
    assert list(origins) == sorted(origins)
    for _, curve in proof.curves.groupby("origin"):
        wape = (curve["model_cny"] - curve["collected_cny"]).abs().sum()
        told = proof.figures[
            (proof.figures["origin"] == curve["origin"].iloc[0])
            & (proof.figures["forecast"] == MODEL)
        ]
        assert told["wape"].item() == pytest.approx(wape / curve["collected_cny"].sum())


def test_model_tells_times_better_than_rolling_forward(proof) -> None:
    summary = proof.summary()
    for figure in ("brier_3d", "brier_7d", "brier_14d"):
        assert summary.loc[MODEL, figure] < summary.loc[NAIVE, figure]
    assert summary.loc[MODEL, "c_index"] > summary.loc[NAIVE_SEGMENT, "c_index"]


def test_backtest_trains_by_the_function_of_production(config, town, monkeypatch) -> None:
    class CalledError(Exception):
        pass

    def stand_in(*_: object, **given: object) -> None:
        raise CalledError(given["cut"])

    monkeypatch.setattr("pipeline.forecasting.train_forecaster", stand_in)
    with pytest.raises(CalledError, match=str(town.prepared.as_of)):
        forecast(config, town.prepared, SETTINGS)
    with pytest.raises(CalledError, match=r"\d{4}-\d\d-06"):
        backtest_forecast(config, town.prepared, SETTINGS)


def test_verdict_says_when_the_model_does_not_win(proof) -> None:
    figures = proof.figures.assign(wape=np.where(proof.figures["forecast"] == MODEL, 0.2, 0.1))
    lost = forecast_backtest.ForecastBacktest(
        figures=figures, curves=proof.curves, cancelled_share={}, level=0.9
    )
    assert "NOT shown to beat rolling forward" in lost.verdict()
    won = forecast_backtest.ForecastBacktest(
        figures=proof.figures.assign(wape=np.where(proof.figures["forecast"] == MODEL, 0.1, 0.2)),
        curves=proof.curves,
        cancelled_share={},
        level=0.9,
    )
    assert won.verdict().startswith("The model forecasts the amount better")


def test_written_backtest_holds_figures_curves_and_picture(proof, tmp_path) -> None:
    write_backtest(proof, tmp_path / "backtest")
    told = json.loads((tmp_path / "backtest" / "backtest.json").read_text("utf-8"))
    assert told["verdict"] == proof.verdict()
    assert told["summary"][0]["forecast"] == MODEL
    assert 0 <= told["inside"] <= 1
    curves = pq.read_table(tmp_path / "backtest" / "curves.parquet").to_pandas()
    assert len(curves) == len(proof.curves)
    assert (tmp_path / "backtest" / "origins.png").read_bytes().startswith(b"\x89PNG")


def test_bill_is_cleared_on_the_day_its_money_is_all_but_one_yuan(town, looks) -> None:
    """The receipts and the outcomes tell the same story, each from its own part of the ledger."""
    known = outcomes(town.prepared.store, town.prepared.as_of)
    money = receipts(town.prepared.store, town.prepared.as_of, since=looks["as_of"].min().date())
    rows = looks[looks["bill_id"].isin(known.index)].reset_index(drop=True)
    seen = follow(rows, known, cut=town.prepared.as_of, lag_days=0).until(40)
    short = rows["open_cny"].to_numpy()[:, None] - received(rows, money, 40)
    full = short < 1 - 1e-6
    by_money = np.where(full.any(axis=1), full.argmax(axis=1) + 1, seen.days)
    assert (by_money == seen.days).mean() > 0.995
