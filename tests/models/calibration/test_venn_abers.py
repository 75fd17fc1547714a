import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.isotonic import IsotonicRegression

from models.calibration.curve import MIN_SLOPE
from models.calibration.fitting import fit_calibration
from models.calibration.venn_abers import bounds, merged
from models.logistic import sigmoid


def refitted(x: np.ndarray, y: np.ndarray, score: float) -> tuple[float, float]:
    """Return p0 and p1 by their definition: isotonic regression fitted again for each outcome."""
    p0, p1 = (
        IsotonicRegression().fit(np.append(x, score), np.append(y, told)).predict([score])[0]
        for told in (0.0, 1.0)
    )
    return float(p0), float(p1)


def one_probability(x: np.ndarray, y: np.ndarray, score: float) -> float:
    p0, p1 = refitted(x, y, score)
    return p1 / (1 - p0 + p1)


@given(
    st.lists(st.tuples(st.integers(0, 12), st.booleans()), min_size=1, max_size=40),
)
def test_one_sweep_matches_refitting_isotonic_regression_twice(rows) -> None:
    x, y = np.array(rows, dtype=float).T
    scores, group = np.unique(x, return_inverse=True)
    p0, p1 = bounds(np.bincount(group, weights=y), np.bincount(group).astype(float))
    expected = np.array([refitted(x, y, score) for score in scores])
    np.testing.assert_allclose(np.column_stack([p0, p1]), expected, rtol=0, atol=1e-12)


def drawn(seed: int, rows: int = 300) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    x = generator.normal(-1.0, 1.5, rows).round(1)
    return x, (generator.random(rows) < sigmoid(x)).astype(float)


@pytest.mark.parametrize("seed", range(4))
def test_calibration_tells_the_merged_probability_at_every_score(seed: int) -> None:
    x, y = drawn(seed)
    scores = np.array([x.min() - 5, x.min() - 1, *np.unique(x), x.max() + 1, x.max() + 5])
    told = fit_calibration("venn_abers", x, y).margin(scores)
    p = np.array([one_probability(x, y, score) for score in scores])
    # The slope that keeps ranks apart may add up to a thousandth of the width of the scores.
    room = MIN_SLOPE * (scores[-1] - scores[0])
    gap = told - np.log(p / (1 - p))
    assert np.abs(gap).max() < room


def test_between_scores_it_stays_between_the_neighbours() -> None:
    x, y = drawn(9)
    scores = np.unique(x)
    between = (scores[1:] + scores[:-1]) / 2
    calibration = fit_calibration("venn_abers", x, y)
    at, middle = calibration.apply(scores), calibration.apply(between)
    expected = np.array([one_probability(x, y, score) for score in between])
    assert ((at[:-1] < middle) & (middle < at[1:])).all()
    room = MIN_SLOPE * (x.max() - x.min())  # what the slope that keeps ranks apart may add
    assert (expected <= at[1:] + room).all()
    assert (expected >= at[:-1] - room).all()


def test_the_merged_probability_lies_between_both() -> None:
    p0, p1 = np.array([0.1, 0.3, 0.0]), np.array([0.2, 0.3, 1.0])
    told = merged(p0, p1)
    assert ((p0 <= told) & (told <= p1)).all()
    assert told[1:] == pytest.approx([0.3, 0.5])


def test_separable_rows_never_give_nought_or_one() -> None:
    x = np.arange(40.0)
    told = fit_calibration("venn_abers", x, x >= 20).apply(np.array([-100.0, *x, 140.0]))
    assert 0 < told[0] < told[-1] < 1
    assert (np.diff(told) > 0).all()
