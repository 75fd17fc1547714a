"""Ranks and bands over all buckets, from their files, without holding all bills in memory.

The order is that of `collection.bands.rank_and_band`, which stays the definition; the engine sorts
on disk and a bill's rank is its place.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from collection.bands import BANDS, ORDER, Bands
from contract.engine import Connection, connect, name, text

LISTED_BANDS = BANDS[:2]

# What a listed bill has beside the columns of its part.
LISTED_TYPES = {
    "rank": pa.int64(),
    "band": pa.large_string(),
    **{f"reasons_{language}": pa.list_(pa.string()) for language in ("zh", "en")},
    **{f"relief_{language}": pa.large_string() for language in ("zh", "en")},
    "strip": pa.large_string(),
}

# Columns of a part that scores do not show.
_INNER = ("bucket", "priority")
# Rows of a row group, PyArrow's own number.
_ROWS = 1024 * 1024
_SORT_MEMORY = "2GB"


def sort_parts(folder: Path) -> Path:
    """Write the bills of all parts in one order, the scored by rank and then the others."""
    keys = ", ".join(f"{name(key)} {'ASC' if up else 'DESC'} NULLS LAST" for key, up in ORDER)
    return _write_sorted(folder, "parts", f"why_not <> '', {keys}")


def sort_listed(folder: Path, shape: pa.Schema) -> Path:
    """Write the listed bills of all buckets in rank order; ``shape`` is that of a part."""
    if any((folder / "listed").glob("*.parquet")):
        return _write_sorted(folder, "listed", "rank")
    added = [pa.field(column, kind) for column, kind in LISTED_TYPES.items()]
    path = sorted_file(folder, "listed")
    pq.write_table(pa.schema([*shape, *added]).empty_table(), path)
    return path


def sorted_file(folder: Path, pieces: str) -> Path:
    """Return where the rows of all pieces of a kind lie in order."""
    return folder / f"{pieces}.sorted.parquet"


def count_bands(scored: int, bands: Bands) -> dict[str, int]:
    """Return how many of so many ranked bills fall into each band."""
    called = bands.call.size(scored)
    messaged = min(called + bands.message.size(scored), scored) - called
    return dict(zip(BANDS, (called, messaged, scored - called - messaged), strict=True))


def write_ranks(folder: Path, ordered: Path, *, scored: int, bands: Bands) -> None:
    """Write, by bucket, rank and band of each listed bill."""
    called, messaged, _ = count_bands(scored, bands).values()
    call, message = (text(band) for band in LISTED_BANDS)
    with _connect(folder) as connection:
        connection.execute(f"""
            COPY (
                SELECT bucket, bill_id, file_row_number + 1 AS rank,
                    CASE WHEN file_row_number < {called} THEN {call} ELSE {message} END AS band
                FROM read_parquet({text(ordered)}, file_row_number = true)
                WHERE file_row_number < {called + messaged})
            TO {text(folder / "ranks")} (FORMAT parquet, PARTITION_BY (bucket))""")


def write_scores(path: Path, ordered: Path, *, scored: int, bands: Bands, shape: pa.Schema) -> None:
    """Write the scores of all open bills in rank order, a million rows at a time.

    Args:
        path: Where to write.
        ordered: What `sort_parts` wrote.
        scored: How many bills are ranked; they come first.
        bands: The capacities.
        shape: The columns of a part.
    """
    schema = _schema_of_scores(shape)
    with pq.ParquetWriter(path, schema) as writer:
        first = 1
        for rows in batches(ordered, _ROWS):
            rank = np.arange(first, first + len(rows))
            left_out = rank > scored
            kept = rows.append_column("rank", pa.array(rank, mask=left_out))
            band = pa.array(band_of(rank, scored, bands), mask=left_out)
            kept = kept.append_column("band", band).select(schema.names).cast(schema)
            writer.write_table(kept)
            first += len(rows)


def band_of(rank: np.ndarray, ranked: int, bands: Bands) -> np.ndarray:
    """Return the band of each rank among so many ranked bills.

    >>> from collection.bands import Capacity
    >>> bands = Bands(call=Capacity(count=1), message=Capacity(share=0.5))
    >>> band_of(np.array([1, 2, 3, 4]), 4, bands).tolist()
    ['call', 'message', 'message', 'watch']
    """
    called, messaged, _ = count_bands(ranked, bands).values()
    return np.select([rank <= called, rank <= called + messaged], BANDS[:2], default=BANDS[2])


def batches(path: Path, rows: int) -> Iterator[pa.Table]:
    """Yield the rows of a file in tables of so many rows, the last with what is left."""
    held: list[pa.RecordBatch] = []
    for batch in pq.ParquetFile(path).iter_batches(batch_size=rows):
        held.append(batch)
        table = pa.Table.from_batches(held)
        while len(table) >= rows:
            yield table.slice(0, rows)
            table = table.slice(rows)
        held = table.to_batches()
    if held:
        yield pa.Table.from_batches(held)


def _schema_of_scores(shape: pa.Schema) -> pa.Schema:
    """Return the columns of scores, with what pandas likes to know of them."""
    frame = shape.empty_table().to_pandas(date_as_object=False).drop(columns=list(_INNER))
    frame["rank"] = pd.Series(dtype="Int64")
    frame["band"] = pd.Series(dtype="str")
    return pa.Table.from_pandas(frame, preserve_index=False).schema


def _write_sorted(folder: Path, pieces: str, order: str) -> Path:
    path = sorted_file(folder, pieces)
    with _connect(folder) as connection:
        connection.execute(f"""
            COPY (FROM read_parquet({text(folder / pieces / "*.parquet")},
                hive_partitioning = false) ORDER BY {order})
            TO {text(path)} (FORMAT parquet)""")
    return path


def _connect(folder: Path) -> Connection:
    return connect(memory_limit=_SORT_MEMORY, spill=folder / "spill", ordered=True)
