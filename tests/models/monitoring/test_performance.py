import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from features.declare import Text
from models.judging import Ranked
from models.monitoring.alarms import (
    Alarm,
    Monitoring,
    Proven,
    recommend_retraining,
    ring_calibration,
    ring_caught,
)
from models.monitoring.performance import by_treatment, estimate, realise
from models.resampling import rate_interval
from models.target import Labelled


def world(seed, rows=6_000, *, told_odds=0.0):
    """Bills drawn from calibrated probabilities; ``told_odds`` moves what is told off them."""
    rng = np.random.default_rng(seed)
    odds = rng.normal(-2.0, 1.2, rows)
    p, told = (1 / (1 + np.exp(-odds - add)) for add in (0.0, told_odds))
    amount = rng.lognormal(4, 1, rows).round(2)
    matrix = pd.DataFrame(
        {
            "customer_id": [f"c{n // 2}" for n in range(rows)],
            "open_cny": amount,
            "late_count_12m": rng.integers(0, 2, rows),
            "bills_known_12m": 12,
            "months_behind": 0,
        }
    )
    late = (rng.random(rows) < p).astype(np.int8)
    ranked = Ranked(
        id="model",
        name=Text(zh="模型", en="model"),
        score=told,
        order=told * amount,
        is_probability=True,
    )
    return Labelled(matrix=matrix, late=late, attrition=pd.Series({"kept": rows})), ranked


def test_estimate_is_near_what_comes_true_where_calibrated():
    gaps = []
    for seed in range(12):
        rows, ranked = world(seed)
        told = estimate(rows.matrix, ranked, capacity=0.05)
        true = realise(rows, ranked, capacity=0.05, seed=1)
        gaps.append(
            (
                told["expected_late_rate"] - true["late_rate"],
                told["expected_auc"] - true["auc"],
                told["expected_caught"] - true["caught"],
            )
        )
    assert np.abs(np.mean(gaps, axis=0)) == pytest.approx(0, abs=0.015)
    assert np.abs(gaps).max() < 0.12


def test_estimated_auc_is_the_mean_over_drawn_labels():
    rows, ranked = world(3, rows=400)
    rng = np.random.default_rng(5)
    drawn = [roc_auc_score(rng.random(400) < ranked.score, ranked.score) for _ in range(400)]
    told = estimate(rows.matrix, ranked, capacity=0.05)["expected_auc"]
    assert told == pytest.approx(np.mean(drawn), abs=0.01)


def test_realised_figures_are_those_of_scikit_learn_and_the_interval():
    rows, ranked = world(4)
    found = realise(rows, ranked, capacity=0.05, seed=1)
    assert found["auc"] == pytest.approx(roc_auc_score(rows.late, ranked.score))
    told = rate_interval(rows.late, rows.matrix["customer_id"])
    assert (found["late_low"], found["late_high"]) == (told.low, told.high)
    assert found["caught_low"] < found["caught"] < found["caught_high"]
    assert found["late_cny"] == pytest.approx(rows.matrix["open_cny"][rows.late == 1].sum())


def test_treatments_are_told_apart_and_add_up():
    rows, ranked = world(6, rows=900)
    groups = pd.Series(np.tile(["held_out", "not_reminded", "reminded"], 300))
    found = by_treatment(rows, ranked.score, groups).set_index("treatment")
    assert found["rows"].tolist() == [300, 300, 300]
    assert found["late_rate"].mean() == pytest.approx(rows.late.mean())
    held = (groups == "held_out").to_numpy()
    assert found.loc["held_out", "told"] == pytest.approx(ranked.score[held].mean())


def test_calibration_rings_when_told_is_off_and_not_when_right():
    quiet = loud = 0
    for seed in range(20):
        rows, right = world(seed, rows=3_000)
        _, wrong = world(seed, rows=3_000, told_odds=0.7)
        for ranked in (right, wrong):
            figures = realise(rows, ranked, capacity=0.05, seed=1)
            alarms = ring_calibration("2026-01-06", figures, Monitoring())
            quiet += ranked is right and not alarms
            loud += ranked is wrong and bool(alarms)
    assert (quiet, loud) == (20, 20)


def test_a_list_that_lost_its_order_costs_late_amount():
    rows, ranked = world(8)
    figures = realise(rows, ranked, capacity=0.05, seed=1)

    def ring(lost, months=3):
        proven = Proven(caught=figures["caught"] + lost, months=months)
        return ring_caught("2026-01-06", figures, proven, Monitoring())

    assert ring(0.02) == ring(np.nan) == ()
    (alarm,) = ring(0.3)
    assert alarm.cost.startswith("30.0 points of the late amount lost")
    reach = figures["caught_high"] - figures["caught"]
    assert reach > 0.05
    assert ring(1.2 * reach, months=1) == ()
    assert ring(1.2 * reach, months=100)


def alarm(month, kind="caught", level="act"):
    return Alarm(month=month, kind=kind, what=kind, level=level, value=1.0, limit=0.5, cost="")


def test_two_breaches_of_one_kind_in_a_row_recommend_retraining():
    months = ["2026-01-06", "2026-02-06", "2026-03-06"]
    first, second, third = months
    assert recommend_retraining(months, [alarm(first), alarm(second)]) == ("caught",)
    assert recommend_retraining(months, [alarm(first), alarm(third)]) == ()
    assert recommend_retraining(months, [alarm(first), alarm(second, "score")]) == ()
    assert recommend_retraining(months, [alarm(first), alarm(second, level="watch")]) == ()
    assert recommend_retraining(months, []) == ()
