"""Writing a run as Parquet or CSV into a folder of its id, on a share or anywhere, whole or not.

The folder is filled under a name of its own beside its place, on the same mount, and renamed.
"""

import hashlib
import json
from pathlib import Path
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from contract import engine
from contract.errors import DataError
from pipeline.exporting.tables import Exported
from pipeline.storage import new_folder, write_json
from reports.spreadsheet import inert

FORMAT = 1  # raised when a column changes
ABOUT = "export.json"

_ROWS = 100_000


def export_files(
    exported: Exported, form: Literal["parquet", "csv"], out: Path, work: Path
) -> bool:
    """Write a run to ``out``/<run>; return False when it was there already.

    A CSV is UTF-8 with a byte order mark, several codes of a cell are parted by a semicolon, and
    text that a spreadsheet would run as a formula starts with an apostrophe.

    Args:
        exported: The run or plan.
        form: What kind of files.
        out: The folder that holds exports.
        work: A folder for temporary files.

    Raises:
        DataError: A folder of this name holds something else.
        MachineError: The folder cannot be written.
    """
    place = out / exported.run
    if place.exists():
        _check_same(place, exported, form)
        return False
    with new_folder(place) as beside:
        for table in exported.tables:
            path = beside / f"{table.name}.parquet"
            with engine.connect(spill=work, ordered=True) as connection:
                connection.execute("SET threads = 1")  # the same rows give the same bytes
                connection.execute(
                    f"COPY ({table.select()}) TO {engine.text(path)}"
                    " (FORMAT parquet, COMPRESSION zstd)"
                )
            if form == "csv":
                _write_csv(path, path.with_suffix(".csv"))
                path.unlink()
        write_json(beside / ABOUT, _about(exported, form, beside))
    return True


def _about(exported: Exported, form: str, folder: Path) -> dict[str, object]:
    return {
        "format": FORMAT,
        "run": exported.run,
        "kind": exported.kind,
        "as_of": exported.as_of,
        "form": form,
        "digest": exported.digest,
        "files": {path.name: _digest(path) for path in sorted(folder.glob(f"*.{form}"))},
    }


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _check_same(place: Path, exported: Exported, form: str) -> None:
    try:
        about = json.loads((place / ABOUT).read_text("utf-8"))
        same = (about["digest"], about["form"]) == (exported.digest, form)
    except (OSError, ValueError, KeyError, TypeError):
        same = False
    if not same:
        raise DataError(
            f"{place}: holds something else than this run as {form}. A list that is out is never"
            " changed: give another --out."
        )


def _write_csv(source: Path, path: Path) -> None:
    stored = pq.ParquetFile(source)
    heads = ",".join(stored.schema_arrow.names)
    with path.open("wb") as file:
        file.write(b"\xef\xbb\xbf" + heads.encode() + b"\n")
        for batch in stored.iter_batches(batch_size=_ROWS):
            columns = [_inert(column) for column in batch.columns]
            told = pa.RecordBatch.from_arrays(columns, names=batch.schema.names)
            pa_csv.write_csv(told, file, pa_csv.WriteOptions(include_header=False))


def _inert(column: pa.Array) -> pa.Array:
    """Return a column as a spreadsheet may read it."""
    if pa.types.is_list(column.type):
        column = pc.binary_join(column, ";")
    if not pa.types.is_string(column.type):
        return column
    distinct = column.dictionary_encode()
    words = [inert(word) for word in distinct.dictionary.to_pylist()]
    return pa.array(words, pa.string()).take(distinct.indices)
