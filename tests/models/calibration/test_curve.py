import json
import math
from typing import get_args

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression

from contract.errors import ConfigError, DataError
from models.calibration.curve import MIN_SLOPE, Calibration, Kind, Segments
from models.calibration.fitting import fit_calibration
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
        ({"kind": "platt", "knots": [], "code": "import os"}, "may hold beta, segments, shift"),
        ({"kind": "beta", "knots": [], "beta": [1, 2]}, "beta three of them"),
        ({"kind": "beta", "knots": [], "beta": [0, 1, 0]}, "a and b above 0"),
        ({"kind": "none", "knots": [], "shift": math.inf}, "shift is inf"),
        ({"kind": "none", "knots": [], "shift": "up"}, "shift one"),
        ({"kind": "none", "knots": [], "segments": {"feature": "x", "lines": {}}}, "is empty"),
        (
            {"kind": "none", "knots": [], "segments": {"feature": "x", "lines": {"a": [-1, 0]}}},
            "lines.a is .*finite slope above 0",
        ),
        ({"kind": "none", "knots": [], "segments": {"feature": "x"}}, "a pair by level"),
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


def test_a_beta_map_of_ones_is_the_identity() -> None:
    raw = np.linspace(-40, 40, 801)
    same = Calibration(kind="beta", beta=(1.0, 1.0, 0.0))
    np.testing.assert_allclose(same.margin(raw), raw, atol=1e-12)
    assert same.margin(np.array([-800.0, 800.0])).tolist() == [-800.0, 800.0]


@pytest.mark.parametrize("planted", [(0.5, 2.0, 0.3), (1.5, 0.7, -0.4), (1.0, 1.0, 0.0)])
def test_planted_beta_parameters_are_found(planted: tuple[float, float, float]) -> None:
    generator = np.random.default_rng(4)
    raw = generator.normal(0, 1.5, 60_000)
    truth = Calibration(kind="beta", beta=planted).apply(raw)
    fitted = fit_calibration("beta", raw, generator.random(raw.size) < truth)
    assert fitted.beta == pytest.approx(planted, abs=0.08)


@pytest.mark.parametrize("signal", ["both", "none_at_the_top", "none_at_the_bottom"])
def test_beta_matches_a_bounded_optimiser(signal: str) -> None:
    generator = np.random.default_rng(6)
    raw = generator.normal(0, 1.5, 4_000)
    # A rate that falls where raw is high, or low, wants a negative parameter.
    truth = {
        "both": raw,
        "none_at_the_top": np.where(raw < 0.5, raw, 1 - raw),
        "none_at_the_bottom": np.where(raw > -0.5, raw, -1 - raw),
    }
    y = (generator.random(raw.size) < sigmoid(truth[signal])).astype(float)
    target = np.where(y > 0, (y.sum() + 1) / (y.sum() + 2), 1 / (y.size - y.sum() + 2))

    def loss(at: np.ndarray) -> float:
        margin = at[1] * np.logaddexp(0, raw) - at[0] * np.logaddexp(0, -raw) + at[2]
        return float(np.mean(np.logaddexp(0, margin) - target * margin))

    bounds = [(MIN_SLOPE, None), (MIN_SLOPE, None), (None, None)]
    oracle = minimize(loss, [1, 1, 0], bounds=bounds, options={"ftol": 1e-14, "gtol": 1e-10})
    fitted = fit_calibration("beta", raw, y).beta
    assert fitted == pytest.approx(oracle.x, abs=2e-3)
    assert (min(fitted[:2]) == MIN_SLOPE) == (signal != "both")


def test_beta_without_any_signal_falls_back_to_the_mean() -> None:
    p = fit_calibration("beta", np.zeros(500), np.arange(500) % 4 == 0).apply([0.0])
    assert p == pytest.approx([0.25], abs=0.01)


SEGMENTED = Calibration(
    kind="platt",
    knots=((-1.0, -1.5), (1.0, 0.7)),
    segments=Segments(
        feature="segment", lines=(("commercial", 1.0, 0.3), ("industrial", 0.8, -0.2))
    ),
    shift=0.05,
)


@pytest.mark.parametrize("dtype", ["object", "str", "category"])
def test_levels_move_by_their_own_line_and_others_stay(dtype: str) -> None:
    levels = pd.Series(["commercial", "residential", "industrial", None], dtype=dtype)
    raw = np.array([0.2, 0.2, 0.2, 0.2])
    mapped = -0.4 + 1.1 * 0.2
    expected = [mapped + 0.35, mapped + 0.05, 0.8 * mapped - 0.15, mapped + 0.05]
    assert SEGMENTED.margin(raw, levels) == pytest.approx(expected)
    # The place of a row in its table says nothing.
    moved = levels.set_axis([9, 9, 1, 0])
    assert SEGMENTED.margin(raw, moved) == pytest.approx(expected)


def test_segments_without_levels_are_refused() -> None:
    with pytest.raises(ValueError, match="the level of segment is needed"):
        SEGMENTED.apply([0.0])


@given(
    lines=st.dictionaries(
        st.text(max_size=4),
        st.tuples(st.floats(0.1, 1.5), st.floats(-2, 2)),
        min_size=1,
        max_size=4,
    ),
    shift=st.floats(-2, 2),
    beta=st.tuples(st.floats(0.01, 2), st.floats(0.01, 2), st.floats(-3, 3)),
)
def test_every_part_survives_json_and_keeps_ranks_within_a_level(lines, shift, beta) -> None:
    segments = Segments(
        feature="segment", lines=tuple((name, *line) for name, line in sorted(lines.items()))
    )
    calibration = Calibration(kind="beta", beta=beta, segments=segments, shift=shift)
    back = Calibration.from_dict(json.loads(json.dumps(calibration.as_dict())))
    assert back == calibration
    raw = np.linspace(-6, 6, 121)
    for level in [*lines, "another level"]:
        told = calibration.apply(raw, [level] * raw.size)
        assert told.tobytes() == back.apply(raw, [level] * raw.size).tobytes()
        assert (np.diff(told) > 0).all()
        assert (told > 0).all()
        assert (told < 1).all()


def test_a_card_of_knots_alone_reads_as_before() -> None:
    data = {"kind": "isotonic", "knots": [[-1.0, -2.0], [1.0, 0.5]]}
    assert Calibration.from_dict(data).as_dict() == data
