"""Bands: the order is total, capacity holds, and nothing depends on the order of arrival."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from collection import BANDS, Bands, Capacity, rank_and_band
from contract.errors import DataError

DRAWN = """
    bill  p_late  open_cny  rank  band
    small    0.9       100     4  watch
    sure     0.5       400     1  call
    large    0.1      2000     3  message
    equal    0.5       400     2  message
    none     0.0      9000     5  watch
"""


def bills(rows: list[tuple[str, float, float]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["bill_id", "p_late", "open_cny"])


scored = st.lists(
    st.tuples(
        st.text("abc", min_size=1, max_size=4),
        st.sampled_from([0.0, 0.25, 0.5, 1.0]),
        st.sampled_from([0.0, 10.0, 20.0, 40.0]),
    ),
    unique_by=lambda row: row[0],
    max_size=40,
).map(bills)
capacities = st.one_of(
    st.integers(0, 50).map(lambda count: Capacity(count=count)),
    st.integers(0, 100).map(lambda percent: Capacity(share=percent / 100)),
)
banded = st.builds(Bands, call=capacities, message=capacities)


def test_drawn_bills_rank_by_expected_late_amount():
    lines = [line.split() for line in DRAWN.strip().splitlines()[1:]]
    frame = bills([(bill, float(p), float(amount)) for bill, p, amount, _, _ in lines])
    # sure and equal tie in amount and probability: the bill id decides.
    frame["bill_id"] = frame["bill_id"].replace({"sure": "a-sure", "equal": "b-equal"})
    result = rank_and_band(frame, Bands(call=Capacity(count=1), message=Capacity(share=0.4)))
    assert result["rank"].tolist() == [int(line[3]) for line in lines]
    assert result["band"].tolist() == [line[4] for line in lines]


@given(frame=scored, bands=banded)
def test_rank_agrees_with_a_plain_sort(frame, bands):
    rows = frame.to_dict("records")
    rows.sort(key=lambda row: (-row["p_late"] * row["open_cny"], -row["p_late"], row["bill_id"]))
    ranked = frame.assign(**rank_and_band(frame, bands)).sort_values("rank")
    assert ranked["bill_id"].tolist() == [row["bill_id"] for row in rows]
    assert ranked["rank"].tolist() == list(range(1, len(rows) + 1))


@given(frame=scored, bands=banded)
def test_bands_never_exceed_capacity_nor_leave_it_idle(frame, bands):
    counts = rank_and_band(frame, bands)["band"].value_counts()
    held = counts.get("call", 0)
    assert held == bands.call.size(len(frame))
    assert counts.get("message", 0) == min(bands.message.size(len(frame)), len(frame) - held)


@given(frame=scored, bands=banded)
def test_better_rank_never_has_a_milder_band(frame, bands):
    ranked = rank_and_band(frame, bands).sort_values("rank")
    severity = ranked["band"].map({band: place for place, band in enumerate(BANDS)})
    assert severity.is_monotonic_increasing


@given(frame=scored, bands=banded, data=st.data())
def test_order_of_arrival_changes_no_rank(frame, bands, data):
    shuffled = frame.loc[data.draw(st.permutations(list(frame.index)))]
    expected = rank_and_band(frame, bands)
    pd.testing.assert_frame_equal(rank_and_band(shuffled, bands).sort_index(), expected)


@pytest.mark.parametrize("given_both", [{}, {"share": 0.1, "count": 3}])
def test_capacity_is_a_share_or_a_count(given_both):
    with pytest.raises(ValidationError, match="either share"):
        Capacity(**given_both)


def test_unknown_band_setting_is_refused():
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        Bands.model_validate({"visit": {"share": 0.1}})


def test_bills_that_cannot_be_ranked_are_named_together():
    frame = bills([("b1", 0.5, 10.0), ("b1", 0.5, 10.0), ("b2", float("nan"), 10.0)])
    with pytest.raises(
        DataError, match=r"bill_id: 1 of 3 .* \(first b1\); p_late: 1 of 3 .* \(first bill b2\)"
    ):
        rank_and_band(frame, Bands())


def test_a_priority_goes_before_the_expected_amount():
    frame = bills([("a", 0.9, 100.0), ("b", 0.1, 100.0), ("c", 0.5, 100.0)])
    frame["priority"] = [1.0, 2.0, 1.0]
    assert rank_and_band(frame, Bands())["rank"].tolist() == [2, 1, 3]
