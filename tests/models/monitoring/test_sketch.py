import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.monitoring.sketch import Bins, learn_bins, sketch

NUMBERS = st.lists(
    st.one_of(st.none(), st.integers(-5, 5), st.floats(-1e6, 1e6)), min_size=1, max_size=60
)


def count(bins, values):
    """The sketch of one column that is drawn as a list."""
    kind = pa.string() if bins.levels is not None else pa.float64()
    return sketch(pa.table({"a column": pa.array(values, kind)}), {"a column": bins})["a column"]


def plain_counts(edges, values):
    counts = [0] * (len(edges) + 2)
    for value in values:
        if value is None:
            counts[-1] += 1
        else:
            counts[sum(value >= edge for edge in edges)] += 1
    return counts


@settings(max_examples=40)
@given(NUMBERS, NUMBERS)
def test_numbers_are_counted_as_plain_python_counts_them(reference, values):
    bins = learn_bins(pd.Series(reference, dtype=float))
    assert bins.size <= 12
    assert count(bins, values).tolist() == plain_counts(bins.edges, values)


def test_missing_and_unknown_codes_have_bins_of_their_own():
    bins = learn_bins(pd.Series(["a"]), ("a", "it's"))
    assert count(bins, ["a", None, "z", "it's", "a", "y"]).tolist() == [2, 1, 2, 1]
    assert count(Bins(levels=()), ["a", None]).tolist() == [1, 1]


@given(st.lists(st.integers(0, 3), min_size=5, max_size=80))
def test_a_small_count_has_no_more_bins_than_values(values):
    bins = learn_bins(pd.Series(values, dtype=float))
    assert len(bins.edges) + 1 <= len(set(values))


def test_sketches_of_parts_add_up_to_the_whole():
    rng = np.random.default_rng(1)
    whole = pd.Series(rng.normal(size=500)).mask(rng.random(500) < 0.1)
    rows = pa.table({"x": whole, "word": rng.choice(["a", "b", "c"], 500)})
    bins = {"x": learn_bins(whole), "word": Bins(levels=("a", "b"))}
    parts = [sketch(part, bins) for part in (rows.slice(0, 200), rows.slice(200))]
    for column, counted in sketch(rows, bins).items():
        assert (sum(part[column] for part in parts) == counted).all()
    assert sketch(rows, bins)["x"][:-2] == pytest.approx(45, abs=12)


def test_a_column_that_was_always_missing_has_one_bin_of_values():
    bins = learn_bins(pd.Series([np.nan, np.nan]))
    assert count(bins, [None, 3.0, float("nan")]).tolist() == [1, 2]


def test_no_rows_and_no_columns_are_empty_sketches():
    assert count(Bins(edges=(1.0,)), []).tolist() == [0, 0, 0]
    assert sketch(pa.table({"x": [1.0]}), {}) == {}
