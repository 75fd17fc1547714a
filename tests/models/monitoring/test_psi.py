import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import entropy

from features.declare import Text
from models.monitoring.alarms import SCORE, Monitoring, ring_shift
from models.monitoring.psi import measure_shift, psi
from models.monitoring.sketch import learn_bins

NOTHING = Text(zh="", en="")
COUNTS = st.lists(st.integers(1, 500), min_size=4, max_size=4)


@given(COUNTS, COUNTS)
def test_index_is_the_symmetric_divergence_of_scipy(first, second):
    a, b = np.array(first) + 0.5, np.array(second) + 0.5
    assert psi(first, second) == pytest.approx(entropy(a, b) + entropy(b, a), abs=1e-12)
    assert psi(first, second) == pytest.approx(psi(second, first))


def test_empty_bins_are_finite_and_no_rows_are_unknown():
    assert 0 < psi([100, 0, 0], [50, 50, 0]) < 10
    assert np.isnan(psi([100, 0], [0, 0]))


def drawn(seed, *, shift=0.0, months=4, rows=300):
    rng = np.random.default_rng(seed)
    reference = [pd.Series(rng.normal(size=rows)) for _ in range(months)]
    bins = learn_bins(pd.concat(reference))
    month = pd.Series(rng.normal(shift, size=rows))

    def count(column):
        return np.bincount(np.searchsorted(bins.edges, column, side="right"), minlength=bins.size)

    return measure_shift([count(one) for one in reference], count(month))


def rings(shift):
    return ring_shift("2026-01-06", SCORE, shift, Monitoring(), cost=NOTHING)


def test_the_mean_index_of_one_law_is_the_expected_one():
    found = [drawn(seed, rows=400) for seed in range(300)]
    assert np.mean([one.psi for one in found]) == pytest.approx(found[0].expected, rel=0.1)


@pytest.mark.parametrize("rows", [40, 150, 1_000])
def test_samples_of_one_law_do_not_ring(rows):
    rate = np.mean([bool(rings(drawn(seed, rows=rows))) for seed in range(300)])
    assert rate <= 0.01


def test_small_samples_would_ring_at_the_bare_limit():
    assert np.mean([drawn(seed, rows=40).psi > 0.10 for seed in range(100)]) > 0.9


def test_a_shifted_sample_rings_as_a_breach():
    found = [rings(drawn(seed, shift=0.8)) for seed in range(100)]
    assert all(one and one[0].level == "act" for one in found)


def test_a_change_that_the_reference_months_show_is_usual():
    months = [[90, 10], [10, 90], [90, 10], [10, 90]]
    shift = measure_shift(months, [10, 90])
    assert shift.psi > 0.25
    assert not shift.is_real
    assert rings(shift) == ()


def test_a_feature_is_watched_and_never_a_breach():
    shift = measure_shift([[500, 500]] * 3, [950, 50])
    (alarm,) = ring_shift("2026-01-06", "kwh", shift, Monitoring(), cost=NOTHING)
    assert (alarm.level, alarm.kind, alarm.what) == ("watch", "feature", "kwh")


def test_repeated_customers_are_fewer_witnesses():
    few = measure_shift([[50, 50]] * 12, [50, 50], customers=100)
    many = measure_shift([[50, 50]] * 12, [50, 50])
    assert few.by_chance > many.by_chance
