import json
import math
from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from contract.errors import ConfigError, DataError
from models.calibrating import fit_calibration
from models.calibration import MIN_SLOPE, Calibration, Kind
from models.logistic import fit_line, sigmoid
from models.metrics import calibration_line, ece

KINDS = get_args(Kind)


def bent(rows: int = 20_000, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Margins that are too bold by half and 0.7 too high."""
    generator = np.random.default_rng(seed)
    truth = generator.normal(-1.5, 1.0, rows)
    return truth * 1.5 + 0.7, (generator.random(rows) < sigmoid(truth)).astype(np.int8)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "none"])
def test_bent_probabilities_come_true_after_calibration(kind: str) -> None:
    raw, y = bent()
    fresh, outcome = bent(seed=2)
    p = fit_calibration(kind, raw, y).apply(fresh)
    slope, intercept = calibration_line(outcome, p)
    assert ece(outcome, sigmoid(fresh)) > 0.05
    assert ece(outcome, p) < 0.012
    assert slope == pytest.approx(1.0, abs=0.08)
    assert intercept == pytest.approx(0.0, abs=0.06)


@pytest.mark.parametrize("kind", KINDS)
@given(
    seed=st.integers(0, 50),
    rows=st.integers(2, 900),
    signal=st.sampled_from([-2.0, 0.0, 0.1, 3.0]),
)
def test_calibration_keeps_every_rank(kind: str, seed: int, rows: int, signal: float) -> None:
    generator = np.random.default_rng(seed)
    raw = generator.normal(size=rows).round(2)
    y = (generator.random(rows) < sigmoid(signal * raw)).astype(float)
    y[:2] = (0.0, 1.0)
    calibration = fit_calibration(kind, raw, y)
    grid = np.linspace(-6, 6, 1201)
    assert (np.diff(calibration.margin(grid)) >= 0.01 * MIN_SLOPE * 0.99).all()
    # Beyond log-odds of 30 a double has no room left below 1.
    told = calibration.apply(grid)[calibration.margin(grid) < 30]
    assert (np.diff(told) > 0).all()


def test_platt_matches_a_general_optimiser_on_many_rows() -> None:
    raw, y = bent()
    (x0, y0), (x1, y1) = fit_calibration("platt", raw, y).knots
    slope = (y1 - y0) / (x1 - x0)
    oracle = LogisticRegression(C=np.inf, tol=1e-8).fit(raw[:, None], y)
    assert slope == pytest.approx(float(oracle.coef_[0, 0]), rel=0.01)
    assert y0 - slope * x0 == pytest.approx(float(oracle.intercept_[0]), abs=0.01)


def test_none_keeps_the_models_own_probabilities() -> None:
    raw = np.array([-3.0, 0.0, 800.0, -800.0])
    assert (fit_calibration("none", raw, [0, 0, 0, 0]).apply(raw) == sigmoid(raw)).all()


def test_isotonic_has_few_knots_that_follow_a_bend() -> None:
    generator = np.random.default_rng(3)
    raw = generator.uniform(-4, 4, 30_000)
    truth = np.where(raw > 0, 0.5, 0.05)
    calibration = fit_calibration("isotonic", raw, (generator.random(30_000) < truth).astype(int))
    assert 2 <= len(calibration.knots) <= 20
    low, high = calibration.apply([-2.0, 2.0])
    assert low == pytest.approx(0.05, abs=0.01)
    assert high == pytest.approx(0.5, abs=0.02)


def test_isotonic_on_a_constant_score_falls_back_to_the_mean() -> None:
    p = fit_calibration("isotonic", np.zeros(500), np.arange(500) % 4 == 0).apply([0.0])
    assert p == pytest.approx([0.25], abs=0.01)


@pytest.mark.parametrize("kind", KINDS)
def test_calibration_survives_json_bit_for_bit(kind: str) -> None:
    raw, y = bent(2_000)
    calibration = fit_calibration(kind, raw, y)
    back = Calibration.from_dict(json.loads(json.dumps(calibration.as_dict())))
    assert back == calibration
    assert back.apply(raw).tobytes() == calibration.apply(raw).tobytes()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"kind": "magic", "knots": []}, "must hold kind"),
        ({"kind": "platt"}, "must hold kind"),
        ({"kind": "platt", "knots": [[0, 0]]}, "has 1 knot"),
        ({"kind": "platt", "knots": [[0, 0], [1, 0]]}, "rise strictly"),
        ({"kind": "platt", "knots": [[0, 0], [0, 1]]}, "rise strictly"),
        ({"kind": "platt", "knots": [[0, 0], [1, float("nan")]]}, "finite"),
        ({"kind": "platt", "knots": [[0], [1]]}, "pairs of numbers"),
    ],
)
def test_knots_that_are_no_calibration_are_refused(data: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Calibration.from_dict(data)


@pytest.mark.parametrize("y", [[], [0, 0, 0], [1, 1, 1]])
def test_one_outcome_alone_is_refused_with_the_remedy(y: list[int]) -> None:
    with pytest.raises(DataError, match="calibrate on more cycles"):
        fit_calibration("platt", np.arange(len(y)), y)


@pytest.mark.parametrize(
    ("x", "y"),
    [
        ([], []),
        ([1.0, 2.0], [0.0, 0.0]),
        ([1.0, 1.0], [0.0, 1.0]),
        ([1.0, 2.0, 3.0, 4.0], [0.0, 0.0, 1.0, 1.0]),
    ],
)
def test_no_finite_line_is_missing_rather_than_wrong(x: list[float], y: list[float]) -> None:
    assert all(math.isnan(value) for value in fit_line(np.array(x), np.array(y)))
