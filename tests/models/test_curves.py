"""Curves kept with a model say what its figures say."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from models.curves import LISTED, calibration_curve, gain_curves
from models.metrics import Ranking


@pytest.fixture(scope="module")
def trial():
    """Two months of 400 bills, ranked by the truth and by an order with many ties."""
    days = []
    for seed in range(2):
        draw = np.random.default_rng(seed)
        p = draw.beta(1, 4, 400)
        orders = {"model": p, "ties": np.round(p, 1)}
        amount = draw.gamma(2.0, 100.0, 400).round(2)
        rows = SimpleNamespace(
            late=(draw.random(400) < p).astype(float), matrix=pd.DataFrame({"open_cny": amount})
        )
        days.append(
            SimpleNamespace(
                rows=rows, ranked=lambda id_, orders=orders: SimpleNamespace(order=orders[id_]), p=p
            )
        )
    late, p = (
        np.concatenate([getattr(owner, name) for owner in owners])
        for name, owners in (("late", [d.rows for d in days]), ("p", days))
    )
    return SimpleNamespace(
        names={"model": None, "ties": None},
        lists=[(None, day) for day in days],
        pooled=lambda: (late, p, None, None),
    )


def test_gain_curve_passes_through_the_figure_told(trial):
    curves = gain_curves(trial).set_index(["ranking", "listed"])["late_amount_caught"]
    for name in trial.names:
        told = [
            Ranking(
                day.rows.late, day.ranked(name).order, day.rows.matrix["open_cny"]
            ).late_amount_caught(capacity=0.05)
            for _, day in trial.lists
        ]
        assert curves[name, 0.05] == pytest.approx(np.mean(told), abs=1e-6)


def test_gain_curves_rise_from_nothing_to_all(trial):
    for _, curve in gain_curves(trial).groupby("ranking"):
        assert curve["listed"].tolist() == pytest.approx(LISTED)
        caught = curve["late_amount_caught"].to_numpy()
        assert (caught[0], caught[-1]) == (0, 1)
        assert (np.diff(caught) >= 0).all()


def test_calibration_curve_adds_up_to_all_bills(trial):
    late, p, _, _ = trial.pooled()
    curve = calibration_curve(trial)
    assert curve["rows"].sum() == len(late)
    assert np.average(curve["late_rate"], weights=curve["rows"]) == pytest.approx(late.mean())
    assert np.average(curve["mean_p"], weights=curve["rows"]) == pytest.approx(p.mean(), abs=1e-6)
    assert (curve["low"] <= curve["late_rate"]).all()
    assert (curve["late_rate"] <= curve["high"]).all()
