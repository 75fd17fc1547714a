"""What a Parquet file says of itself, looked at before its rows are: a damaged or hostile one lies.

The engine refuses what it cannot read. It does not see rows that no part of the file holds, which
are lost in silence, nor that a few bytes stand for more rows than a machine can go through.
"""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

# Rows with keys take a byte or more each, packed; these are far beyond what honest rows reach.
_MOST_ROWS_A_BYTE = 100
_MOST_UNPACKED = 1_000  # bytes in memory for one on disk
_SMALL = 100_000_000  # bytes that any file may unpack to


def find_lie(path: Path) -> str:
    """Say what is not so of the file; empty where nothing is known against it.

    Raises:
        OSError: It cannot be opened.
    """
    try:
        said = pq.read_metadata(path)
        groups = [said.row_group(number) for number in range(said.num_row_groups)]
        rows = sum(group.num_rows for group in groups)
        unpacked = sum(group.total_byte_size for group in groups)
    except pa.ArrowException as error:
        return f"cannot be read as Parquet ({type(error).__name__})"
    size = path.stat().st_size
    if said.num_rows != rows:
        return f"damaged, it speaks of {said.num_rows:,} rows and holds {rows:,}"
    if rows > _MOST_ROWS_A_BYTE * size:
        return f"{size:,} bytes that unpack to {rows:,} rows, more than is read"
    if unpacked > max(_SMALL, _MOST_UNPACKED * size):
        return f"{size:,} bytes that unpack to {unpacked:,}, more than is read"
    return ""
