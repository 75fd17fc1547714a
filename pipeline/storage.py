"""Write beside, then rename: a file or folder that is there is whole."""

import json
import os
import secrets
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file so that a reader sees the old bytes or the new, never a part."""
    with new_file(path) as beside, beside.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def write_json(path: Path, value: Any) -> None:
    """Write a value as JSON, keys in order, so that equal values give equal bytes."""
    text = json.dumps(value, indent=1, ensure_ascii=False, sort_keys=True, default=str)
    write_bytes(path, text.encode() + b"\n")


def name_beside(path: Path) -> Path:
    """Return a hidden name beside a path that no other attempt has, on whatever machine."""
    own = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
    return path.with_name(f".{path.name}.{own}")


@contextmanager
def new_folder(place: Path, *, within: Path | None = None) -> Iterator[Path]:
    """Give a folder to fill; it appears at its place only when the block ends well.

    It is filled beside its place, or within another folder of the same disk; all bytes are on
    the disk before it appears.
    """
    place.parent.mkdir(parents=True, exist_ok=True)
    # As the process's mask has it, where mkdtemp would shut the group out for good.
    beside = name_beside(within / place.name if within else place)
    beside.mkdir()
    try:
        yield beside
        for path in (*beside.rglob("*"), beside):
            sync(path)
        beside.rename(place)
        sync(place.parent)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def write_parquet(path: Path, frame: pd.DataFrame) -> None:
    """Write a frame as Parquet, whole or not at all."""
    with new_file(path) as beside:
        pq.write_table(pa.Table.from_pandas(frame, preserve_index=False), beside)


def sync(path: Path) -> None:
    """Have the disk hold a file's bytes, or what names a folder has."""
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


@contextmanager
def new_file(path: Path) -> Iterator[Path]:
    """Give a path to write; it takes its place when the block ends well, else it is gone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = name_beside(path)
    try:
        yield beside
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
