import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.stats import binomtest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss
from sklearn.metrics import log_loss as log_loss_score

from models.probability import (
    brier,
    calibration_by_group,
    calibration_line,
    ece,
    log_loss,
    reliability,
    reliability_intervals,
)


def drawn(seed: int = 3, rows: int = 3_000) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    p = generator.beta(1, 5, rows)
    return (generator.random(rows) < p).astype(np.int8), p


def test_weights_of_nought_and_one_select_rows_for_probabilities() -> None:
    y, p = drawn(rows=400)
    kept = np.arange(400) % 3 == 0
    weight = kept.astype(float)
    assert brier(y, p, weight) == pytest.approx(brier_score_loss(y[kept], p[kept]))
    assert log_loss(y, p, weight) == pytest.approx(log_loss_score(y[kept], p[kept]))


def test_calibration_line_matches_general_optimisers() -> None:
    y, p = drawn()
    told = np.clip(p * 1.5, 0.001, 0.9)
    odds = np.log(told / (1 - told))
    slope, intercept = calibration_line(y, told)
    free = LogisticRegression(C=np.inf, tol=1e-8).fit(odds[:, None], y)
    assert slope == pytest.approx(float(free.coef_[0, 0]), abs=1e-3)

    def loss(at: np.ndarray) -> float:
        return float(np.sum(np.logaddexp(0, odds + at[0]) - y * (odds + at[0])))

    assert intercept == pytest.approx(float(minimize(loss, [0.0]).x[0]), abs=1e-4)


def test_true_probabilities_are_called_calibrated() -> None:
    y, p = drawn(rows=40_000)
    slope, intercept = calibration_line(y, p)
    assert slope == pytest.approx(1.0, abs=0.06)
    assert intercept == pytest.approx(0.0, abs=0.06)
    assert ece(y, p) < 0.01
    assert ece(y, np.clip(p + 0.1, 0, 1)) == pytest.approx(0.1, abs=0.01)


@given(st.permutations(range(12)))
def test_reliability_does_not_depend_on_row_order(order: list[int]) -> None:
    y = np.array([0, 1, 0, 0, 1, 1, 0, 1, 0, 1, 1, 1])
    p = np.array([1, 1, 1, 1, 1, 2, 2, 3, 3, 3, 4, 5]) / 6
    assert reliability(y[order], p[order], 4) == pytest.approx(reliability(y, p, 4))
    assert reliability(y, p, 4)[:, 2].sum() == 12


def clustered(rows: int, seed: int = 1) -> pd.DataFrame:
    generator = np.random.default_rng(seed)
    told = generator.beta(1, 4, rows)
    return pd.DataFrame(
        {
            "group": generator.choice(["rural", "urban"], rows),
            "customer": np.arange(rows) // 3,
            "p": told,
            "y": (generator.random(rows) < told).astype(int),
        }
    )


def test_groups_told_truly_lie_inside_and_a_lie_lies_outside() -> None:
    bills = clustered(6_000)
    lied = bills["p"].where(bills["group"] == "rural", bills["p"] * 1.3)
    honest = calibration_by_group(bills["y"], bills["p"], bills["group"], bills["customer"], 1)
    told = calibration_by_group(bills["y"], lied, bills["group"], bills["customer"], 1)
    assert honest["group"].tolist() == ["rural", "urban"]
    assert honest["inside"].tolist() == [True, True]
    assert told["inside"].tolist() == [True, False]
    means = bills.groupby("group").agg(rows=("y", "size"), late=("y", "sum"), p=("p", "mean"))
    assert honest[["rows", "late", "mean_p"]].to_numpy() == pytest.approx(means.to_numpy())


def test_group_intervals_widen_with_a_customers_own_bills() -> None:
    bills = clustered(3_000)
    one = calibration_by_group(bills["y"], bills["p"], bills["group"], bills["customer"], 1)
    same = pd.concat([bills] * 4, ignore_index=True)
    other = calibration_by_group(same["y"], same["p"], same["group"], same["customer"], 1)
    assert other[["low", "high"]].to_numpy() == pytest.approx(one[["low", "high"]].to_numpy())
    alone = calibration_by_group(same["y"], same["p"], same["group"], np.arange(len(same)), 1)
    width = other["high"] - other["low"]
    assert ((alone["high"] - alone["low"]) < 0.6 * width).all()


@pytest.mark.parametrize("outcome", [0, 1])
def test_a_group_of_one_outcome_has_the_exact_binomial_interval(outcome: int) -> None:
    y = np.full(30, outcome)
    (told,) = calibration_by_group(y, y * 0.9 + 0.05, ["x"] * 30, np.arange(30), 1).itertuples()
    expected = binomtest(30 * outcome, 30).proportion_ci(method="exact")
    assert (told.low, told.high) == pytest.approx((expected.low, expected.high))
    assert told.inside


def test_rows_without_a_group_are_left_out() -> None:
    told = calibration_by_group([0, 1, 1, 0], [0.5] * 4, ["a", "a", None, np.nan], range(4), 1)
    assert told[["group", "rows"]].to_numpy().tolist() == [["a", 2]]
    assert calibration_by_group([], [], [], [], 1).empty


def test_bin_intervals_are_wilsons_for_independent_rows() -> None:
    y, p = drawn(rows=700)
    found = reliability_intervals(y, p, bins=7)
    np.testing.assert_array_equal(found.to_numpy()[:, :3], reliability(y, p, 7))
    for told in found.itertuples():
        late = round(told.late_rate * told.rows)
        expected = binomtest(late, int(told.rows)).proportion_ci(method="wilson")
        assert (told.low, told.high) == pytest.approx((expected.low, expected.high))


def test_bin_intervals_count_a_customer_once() -> None:
    y, p = drawn(rows=400)
    once = reliability_intervals(y, p, customers=np.arange(400), bins=4)
    thrice = reliability_intervals(*(np.tile(v, 3) for v in (y, p)), bins=4)
    same = reliability_intervals(
        *(np.tile(v, 3) for v in (y, p)), customers=np.tile(np.arange(400), 3), bins=4
    )
    ends = ["low", "high"]
    assert same[ends].to_numpy() == pytest.approx(once[ends].to_numpy())
    assert (thrice["low"] > same["low"]).all()
    assert reliability_intervals([], []).empty
