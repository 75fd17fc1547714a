import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.calibration.curve import Calibration, Segments
from models.calibration.fitting import fit_calibration, fit_shift
from models.calibration.levels import Month, follow, level_variances, month_levels, update_intercept
from models.logistic import sigmoid


def drawn(rows: int, level: float = 0.0, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    raw = generator.normal(-1.5, 1.0, rows)
    return raw, (generator.random(rows) < sigmoid(raw + level)).astype(float)


@pytest.mark.parametrize("kind", ["none", "platt", "beta", "isotonic", "venn_abers"])
def test_an_unshrunk_update_makes_the_mean_equal_the_late_rate(kind: str) -> None:
    calibration = fit_calibration(kind, *drawn(4_000))
    raw, y = drawn(3_000, level=0.7, seed=2)
    moved = update_intercept(calibration, raw, y)
    assert moved.apply(raw).mean() == pytest.approx(y.mean(), abs=1e-9)
    grid = np.linspace(-5, 5, 101)
    steps = moved.margin(grid) - calibration.margin(grid)
    np.testing.assert_allclose(steps, moved.shift, atol=1e-12)


def test_updates_add_up_and_segments_keep_their_offsets() -> None:
    segments = Segments(feature="segment", lines=(("commercial", 1.0, 0.4),))
    raw, y = drawn(2_000)
    levels = np.where(np.arange(2_000) % 3 == 0, "commercial", "residential")
    first = update_intercept(
        Calibration(kind="none", segments=segments, shift=0.1), raw, y, segments=levels
    )
    assert first.segments == segments
    assert first.apply(raw, levels).mean() == pytest.approx(y.mean(), abs=1e-9)
    again = update_intercept(first, raw, y, segments=levels)
    assert again.shift == pytest.approx(first.shift, abs=1e-9)


def test_thin_evidence_moves_less_and_none_moves_nothing() -> None:
    calibration = Calibration(kind="none")
    thick, thin = (
        update_intercept(calibration, raw[:rows], y[:rows], lasting=0.02).shift
        / fit_shift(raw[:rows], y[:rows])[0]
        for rows in (8_000, 300)
        for raw, y in [drawn(8_000, level=0.5)]
    )
    assert 0 < thin < 0.7
    assert 0.9 < thick < 1
    raw, y = drawn(100, level=-20)
    assert update_intercept(calibration, raw, y, lasting=0.02) == calibration
    assert update_intercept(calibration, [], [], lasting=0.02) == calibration


def test_the_kept_share_is_the_posterior_mean_of_a_grid() -> None:
    raw, y = drawn(800, level=0.4)
    shift, error = fit_shift(raw, y)
    grid = np.linspace(-2, 2, 4_001)
    lasting, passing = 0.03, 0.02
    density = np.exp(-(grid**2) / lasting / 2 - (shift - grid) ** 2 / (passing + error) / 2)
    told = update_intercept(Calibration(kind="none"), raw, y, lasting=lasting, passing=passing)
    assert told.shift == pytest.approx(float((grid * density).sum() / density.sum()), abs=1e-6)


def test_month_levels_are_those_planted() -> None:
    planted = {24300: -0.3, 24301: 0.2, 24302: 0.0}
    months = [drawn(6_000, level, seed=cycle) for cycle, level in planted.items()]
    raw, y = (np.concatenate(each) for each in zip(*months, strict=True))
    cycle = np.repeat(list(planted), 6_000)
    found = month_levels(raw, y, cycle, np.arange(y.size))
    assert found["cycle"].tolist() == list(planted)
    assert found["rows"].tolist() == [6_000] * 3
    assert found["shift"].tolist() == pytest.approx(list(planted.values()), abs=0.1)
    alone = [fit_shift(*month) for month in months]
    assert found[["shift", "variance"]].to_numpy() == pytest.approx(np.array(alone))


def test_a_month_of_one_outcome_has_no_level() -> None:
    raw, y = drawn(400)
    cycle = np.repeat([1, 2], 200)
    found = month_levels(raw, np.where(cycle == 2, 0.0, y), cycle, np.arange(400))
    assert found["cycle"].tolist() == [1]


@pytest.mark.parametrize(("lasting", "passing"), [(0.04, 0.0), (0.0, 0.03), (0.03, 0.03)])
def test_variances_of_many_months_are_those_planted(lasting: float, passing: float) -> None:
    generator = np.random.default_rng(1)
    memory, months = 0.98, 60_000
    level = np.zeros(months)
    moves = generator.normal(0, np.sqrt(lasting * (1 - memory**2)), months)
    for month in range(1, months):
        level[month] = memory * level[month - 1] + moves[month]
    seen = level + generator.normal(0, np.sqrt(passing + 0.001), months)
    told = level_variances(pd.DataFrame({"shift": seen, "variance": 0.001}))
    assert told == pytest.approx((lasting, passing), abs=0.004)


def test_few_months_are_taken_half_for_half() -> None:
    two = pd.DataFrame({"shift": [0.3, -0.3], "variance": 0.01})
    assert level_variances(two) == pytest.approx((0.04, 0.04))
    assert level_variances(two[:0]) == (0.0, 0.0)


@given(st.lists(st.floats(-1, 1), max_size=12), st.floats(1e-4, 0.5))
def test_variances_are_never_negative(shifts: list[float], error: float) -> None:
    lasting, passing = level_variances(pd.DataFrame({"shift": shifts, "variance": error}))
    assert lasting >= 0
    assert passing >= 0


def months_at(levels: list[float], rows: int = 4_000) -> list[Month]:
    found = []
    for cycle, level in enumerate(levels):
        raw, y = drawn(rows, level=level, seed=cycle)
        customers = np.arange(rows).astype(object)
        found.append(Month(cycle=cycle, raw=raw, y=y, customers=customers))
    return found


def test_a_level_that_stays_moved_is_followed_and_found_better() -> None:
    followed = follow(Calibration(kind="none"), months_at([0.5] * 6))
    assert followed.better
    assert followed.calibration.shift == pytest.approx(0.5, abs=0.08)
    assert list(followed.months["cycle"]) == [1, 2, 3, 4, 5]
    last = followed.months.iloc[-1]
    assert abs(last["told_followed"] - last["late_rate"]) < abs(last["told"] - last["late_rate"])


def test_levels_that_pass_within_the_month_are_not_worth_following() -> None:
    followed = follow(Calibration(kind="none"), months_at([0.4, -0.4] * 4))
    assert not followed.better
    assert abs(followed.calibration.shift) < 0.2


def test_each_month_is_held_against_months_before_it_alone() -> None:
    months = months_at([0.5, 0.5, 0.5])
    told = follow(Calibration(kind="none"), months).months
    fewer = follow(Calibration(kind="none"), months[:2]).months
    pd.testing.assert_frame_equal(told.iloc[:1], fewer)
