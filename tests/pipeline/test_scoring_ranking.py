"""Ranks from files against the definition, `collection.bands.rank_and_band`."""

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from collection.bands import Bands, Capacity, rank_and_band
from pipeline.scoring.pieces import write_piece
from pipeline.scoring.ranking import (
    batches,
    count_bands,
    sort_listed,
    sort_parts,
    write_ranks,
    write_scores,
)

# Few values, so that ties reach down to the bill id; ids in scripts whose order could differ.
BILL = st.tuples(
    st.sampled_from([0.0, 0.1, 0.25, 0.5, 1.0]),
    st.sampled_from([0.0, 0.01, 1.0, 2.0, 100.0]),
    st.sampled_from([None, 0.5, 3.0]),
    st.sampled_from(["", "", "", "overdue", "agent"]),
    st.integers(0, 3),
)
IDS = st.lists(st.text("aZ9-é张😀", min_size=1, max_size=4), min_size=1, max_size=30, unique=True)


@st.composite
def open_bills(draw):
    ids = draw(IDS)
    rows = draw(st.lists(BILL, min_size=len(ids), max_size=len(ids)))
    frame = pd.DataFrame(rows, columns=["p_late", "open_cny", "priority", "why_not", "bucket"])
    frame.insert(0, "bill_id", ids)
    frame["priority"] = frame["priority"].astype(float)
    frame["expected_late_cny"] = frame["p_late"] * frame["open_cny"]
    frame["priority"] = frame["priority"].fillna(frame["expected_late_cny"])
    frame.loc[frame["why_not"] != "", ["p_late", "priority", "expected_late_cny"]] = np.nan
    return frame


CAPACITY = st.one_of(
    st.floats(0, 1).map(lambda share: Capacity(share=round(share, 2))),
    st.integers(0, 40).map(lambda count: Capacity(count=count)),
)


@settings(max_examples=40, deadline=None)
@given(bills=open_bills(), call=CAPACITY, message=CAPACITY)
def test_ranks_and_bands_are_those_of_the_definition(bills, call, message):
    bands = Bands(call=call, message=message)
    is_scored = bills["why_not"] == ""
    assume(is_scored.any())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for bucket, rows in bills.groupby("bucket"):
            table = pa.Table.from_pandas(rows, preserve_index=False)
            write_piece(folder / "parts" / f"bucket={bucket}.parquet", table)
        ordered = sort_parts(folder)
        scored = int(is_scored.sum())
        write_ranks(folder, ordered, scored=scored, bands=bands)
        shape = table.schema
        write_scores(folder / "scores.parquet", ordered, scored=scored, bands=bands, shape=shape)
        found = pq.read_table(folder / "scores.parquet").to_pandas()
        parts = sorted((folder / "ranks").glob("bucket=*/*.parquet"))
        listed = [
            row for path in parts for row in pq.read_table(path, partitioning=None).to_pylist()
        ]
    expected = bills.drop(columns=["bucket", "priority"])
    expected[["rank", "band"]] = rank_and_band(bills[is_scored], bands)
    expected = expected.sort_values(["rank", "bill_id"], ignore_index=True)
    assert found["bill_id"].tolist() == expected["bill_id"].tolist()
    assert found["rank"].dropna().tolist() == list(range(1, scored + 1))
    assert found["band"].fillna("").tolist() == expected["band"].fillna("").tolist()
    on_list = expected[expected["band"].isin(["call", "message"])]
    told = {row["bill_id"]: (row["rank"], row["band"]) for row in listed}
    assert told == {row.bill_id: (row.rank, row.band) for row in on_list.itertuples()}


@pytest.mark.parametrize(
    ("scored", "call", "message", "counts"),
    [(10, 3, 4, (3, 4, 3)), (5, 3, 4, (3, 2, 0)), (2, 3, 4, (2, 0, 0)), (0, 3, 4, (0, 0, 0))],
)
def test_bands_are_filled_from_the_top_and_never_overfull(scored, call, message, counts):
    bands = Bands(call=Capacity(count=call), message=Capacity(count=message))
    assert tuple(count_bands(scored, bands).values()) == counts


@pytest.mark.parametrize("rows", [1, 2, 7, 1000])
def test_batches_have_so_many_rows_each_and_lose_none(rows, tmp_path):
    table = pa.table({"n": range(20)})
    pq.write_table(table, tmp_path / "some.parquet", row_group_size=3)
    found = list(batches(tmp_path / "some.parquet", rows))
    assert pa.concat_tables(found).equals(table)
    assert all(len(each) == rows for each in found[:-1])


def test_list_without_bills_has_its_columns(tmp_path):
    path = sort_listed(tmp_path, pa.schema([("bill_id", pa.string())]))
    assert list(batches(path, 10)) == [] or len(pq.read_table(path)) == 0
    assert {"rank", "band", "reasons_zh", "relief_en", "strip"} <= set(pq.read_schema(path).names)
