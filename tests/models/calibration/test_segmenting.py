import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

from models.calibration.fitting import fit_shift
from models.calibration.segmenting import fit_segments, shrink
from models.logistic import sigmoid


def drawn(offsets: dict[str, float], rows: int, seed: int = 1):
    generator = np.random.default_rng(seed)
    margin = generator.normal(-1.0, 1.0, rows)
    levels = pd.Series(generator.choice(list(offsets), rows), name="segment")
    late = generator.random(rows) < sigmoid(margin + levels.map(offsets).to_numpy())
    customers = pd.Series(np.arange(rows).astype(str))
    return margin, late.astype(float), levels, customers


def test_planted_offsets_are_found_where_rows_bear_them() -> None:
    planted = {"residential": -0.3, "commercial": 0.5, "industrial": 0.0}
    margin, y, levels, customers = drawn(planted, 60_000)
    found = fit_segments(margin, y, levels=levels, customers=customers, rows=200)
    assert found is not None
    assert found.feature == "segment"
    own = {level: offset for level, _, offset in found.lines}
    assert own == pytest.approx(planted, abs=0.05)
    assert list(own) == sorted(own)


def test_a_level_with_few_late_bills_keeps_the_map_of_all() -> None:
    margin, y, levels, customers = drawn({"residential": -0.5, "commercial": 0.5}, 8_000)
    levels.iloc[:300] = "public"
    levels.iloc[300:320] = np.nan
    found = fit_segments(margin, y, levels=levels, customers=customers, rows=200)
    assert found is not None
    assert [level for level, _, _ in found.lines] == ["commercial", "residential"]
    assert fit_segments(margin, y, levels=levels, customers=customers, rows=5_000) is None


def test_offsets_no_larger_than_chance_are_left_at_nothing() -> None:
    same = [
        fit_segments(m, y, levels=levels, customers=who, rows=50)
        for seed in range(10)
        for m, y, levels, who in [drawn(dict.fromkeys("abcdef", 0.0), 6_000, seed)]
    ]
    largest = [max((abs(b) for _, _, b in found.lines), default=0) for found in same if found]
    assert max(largest, default=0) < 0.1


def slow_spread(offsets: np.ndarray, variances: np.ndarray) -> float:
    """Return the likeliest variance of offsets drawn from a normal around 0."""

    def deviance(log_spread: float) -> float:
        total = np.exp(log_spread) + variances
        return float(np.sum(np.log(total) + offsets**2 / total))

    return float(np.exp(minimize_scalar(deviance, bounds=(-12, 3), method="bounded").x))


def test_shrinkage_agrees_with_the_likelihood_on_many_levels() -> None:
    generator = np.random.default_rng(5)
    variances = generator.uniform(0.01, 0.05, 400)
    truth = generator.normal(0, 0.3, 400)
    seen = truth + generator.normal(0, np.sqrt(variances))
    told = shrink(seen, variances)
    spread = slow_spread(seen, variances)
    np.testing.assert_allclose(told, seen * spread / (spread + variances), atol=0.02)
    assert np.mean((told - truth) ** 2) < np.mean((seen - truth) ** 2)


@given(
    st.lists(st.floats(-2, 2), min_size=1, max_size=6),
    st.floats(1e-4, 1.0),
)
def test_shrinking_never_turns_nor_stretches_an_offset(offsets, variance: float) -> None:
    seen = np.array(offsets)
    told = shrink(seen, np.full(seen.size, variance))
    assert (np.abs(told) <= np.abs(seen)).all()
    assert (told * seen >= 0).all()


def test_bills_seen_twice_count_as_one_witness() -> None:
    margin, y, _, _ = drawn({"one": 0.4}, 2_000)
    once = fit_shift(margin, y, np.arange(2_000))
    twice = fit_shift(np.tile(margin, 2), np.tile(y, 2), np.tile(np.arange(2_000), 2))
    assert twice == pytest.approx(once)
    p = sigmoid(margin + once[0])
    assert once[1] == pytest.approx(1 / np.sum(p * (1 - p)), rel=0.1)
