import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.parquet_file import find_lie


@settings(max_examples=20)
@given(
    values=st.lists(st.one_of(st.none(), st.text(max_size=20)), max_size=200),
    group=st.integers(1, 50),
    codec=st.sampled_from(["none", "snappy", "zstd"]),
)
def test_nothing_is_said_against_an_honest_file(tmp_path_factory, values, group, codec):
    path = tmp_path_factory.mktemp("honest") / "a.parquet"
    pq.write_table(
        pa.table({"a": pa.array(values, pa.string())}),
        path,
        row_group_size=group,
        compression=codec,
    )
    assert find_lie(path) == ""


def test_half_a_million_alike_rows_of_an_honest_export_pass(tmp_path):
    rows = pa.table({"id": pa.array(range(500_000)).cast(pa.string()), "kind": ["none"] * 500_000})
    pq.write_table(rows, tmp_path / "a.parquet", compression="zstd")
    assert find_lie(tmp_path / "a.parquet") == ""


@pytest.mark.parametrize("content", [b"", b"PAR1", b"x" * 100])
def test_what_is_no_parquet_is_said_to_be_none(content, tmp_path):
    (tmp_path / "a.parquet").write_bytes(content)
    assert find_lie(tmp_path / "a.parquet").startswith("cannot be read as Parquet")
