import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.monitoring.sketch import learn_bins

NUMBERS = st.lists(
    st.one_of(st.none(), st.integers(-5, 5), st.floats(-1e6, 1e6)), min_size=1, max_size=60
)


def plain_counts(edges, values):
    counts = [0] * (len(edges) + 2)
    for value in values:
        if value is None:
            counts[-1] += 1
        else:
            counts[sum(value >= edge for edge in edges)] += 1
    return counts


@given(NUMBERS, NUMBERS)
def test_numbers_are_counted_as_plain_python_counts_them(reference, values):
    bins = learn_bins(pd.Series(reference, dtype=float))
    assert bins.size <= 12
    found = bins.count(pd.Series(values, dtype=float))
    assert found[: len(bins.edges) + 1].tolist() == plain_counts(bins.edges, values)[:-1]
    assert found[-1] == sum(value is None for value in values)
    assert found.sum() == len(values)


def test_missing_and_unknown_codes_have_bins_of_their_own():
    bins = learn_bins(pd.Series(["a"]), ("a", "b"))
    column = pd.Series(["a", None, "z", "b", "a", "y"], dtype=object)
    assert bins.count(column).tolist() == [2, 1, 2, 1]


@given(st.lists(st.integers(0, 3), min_size=5, max_size=80))
def test_a_small_count_has_no_more_bins_than_values(values):
    bins = learn_bins(pd.Series(values, dtype=float))
    assert len(bins.edges) + 1 <= len(set(values))


def test_sketches_of_parts_add_up_to_the_whole():
    rng = np.random.default_rng(1)
    whole = pd.Series(rng.normal(size=500)).mask(rng.random(500) < 0.1)
    bins = learn_bins(whole)
    parts = sum(bins.count(part) for part in (whole[:200], whole[200:]))
    assert (parts == bins.count(whole)).all()
    assert bins.count(whole)[:-2] == pytest.approx(45, abs=12)


def test_a_column_that_was_always_missing_has_one_bin_of_values():
    bins = learn_bins(pd.Series([np.nan, np.nan]))
    assert bins.count(pd.Series([np.nan, 3.0])).tolist() == [1, 1]
