import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss
from sklearn.metrics import log_loss as log_loss_score

from models.probability import brier, calibration_line, ece, log_loss, reliability


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
