"""Parquet files of a simulated dataset: one a table, or a folder of parts a table."""

import shutil
from pathlib import Path
from typing import Self

import pyarrow as pa
import pyarrow.parquet as pq

Tables = dict[str, pa.Table]


class Files:
    """The growing files of one folder; each call of write adds a row group to every table.

    Args:
        part: The number of the part that is written; None for a single file a table.
    """

    def __init__(self, folder: Path, part: int | None = None) -> None:
        self.folder = folder
        self.part = part
        self.rows: dict[str, int] = {}
        self._writers: dict[str, pq.ParquetWriter] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for writer in self._writers.values():
            writer.close()

    def write(self, parts: list[Tables]) -> None:
        """Append the rows of some cells to each table."""
        for name in parts[0]:
            table = pa.concat_tables([part[name] for part in parts]).unify_dictionaries()
            if name not in self._writers:
                self._writers[name] = self._open(name, table.schema)
                self.rows[name] = 0
            self._writers[name].write_table(table, row_group_size=max(len(table), 1))
            self.rows[name] += len(table)

    def _open(self, name: str, schema: pa.Schema) -> pq.ParquetWriter:
        path = self.folder / f"{name}.parquet"
        if self.part is not None:
            path = self.folder / name / f"part-{self.part:05d}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        coded = [field.name for field in schema if pa.types.is_dictionary(field.type)]
        return pq.ParquetWriter(
            path,
            schema,
            compression={
                field.name: "none" if pa.types.is_floating(field.type) else "zstd"
                for field in schema
            },
            compression_level={
                field.name: 1 for field in schema if not pa.types.is_floating(field.type)
            },
            use_dictionary=coded,
            dictionary_pagesize_limit=2**25,
            # The least and the greatest of random ids would skip nothing.
            write_statistics=[field.name for field in schema if not pa.types.is_string(field.type)],
            # Codes come back as plain text and money as whole fen, whoever reads.
            store_schema=False,
            store_decimal_as_integer=True,
        )


def clear(folder: Path, names: tuple[str, ...]) -> None:
    """Remove what an earlier run wrote under these names, so that no old part stays."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / f"{name}.parquet").unlink(missing_ok=True)
        shutil.rmtree(folder / name, ignore_errors=True)
