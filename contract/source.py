"""Finding and reading the files of a source, whatever their kind, as text with places.

READERS is where a new kind of file enters. What is no folder of files, such as a database, is a
Readable of its own (contract/postgres_source.py).
"""

from collections.abc import Callable, Collection
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from contract import engine
from contract.dataset import engine_files
from contract.delimited import read_delimited
from contract.errors import ConfigError, DataError
from contract.mapping import TableMapping
from contract.parquet_file import find_lie
from contract.staged import Layout, Staged
from contract.workbook import read_workbook

Reader = Callable[[Path, str, Layout, Path], Staged]


class Readable(Protocol):
    """What the parts of a mapping can be read from."""

    @property
    def name(self) -> str:
        """Its name for people, in messages and reports."""

    def staged(self, part: TableMapping) -> tuple[Staged, ...]:
        """Return all that a part of a mapping names, read; empty when there is none."""


class Source:
    """A folder of files, or one file, that a mapping reads.

    A file that feeds several tables is read once.
    """

    def __init__(self, path: Path, work: Path) -> None:
        """Take the source's folder or file, and a folder for temporary files.

        Raises:
            DataError: There is no such folder or file.
        """
        if not path.exists():
            raise DataError(f"{path}: no such file or folder. Give the source to import.")
        self.folder = path if path.is_dir() else path.parent
        self._only = None if path.is_dir() else path
        self._work = work
        self._read = lru_cache(maxsize=None)(self._read_file)

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.folder.name

    def staged(self, part: TableMapping) -> tuple[Staged, ...]:
        """Read every file that a part of a mapping names.

        Raises:
            ConfigError: The part names a table of a database and no files.
            DataError: A file cannot be read.
        """
        if not part.files:
            raise ConfigError(
                f"mapping: {'.'.join(part.table)} is a table of a database, and {self.name} is a"
                " folder. Name files in the mapping, or import postgres."
            )
        return self.read(part.files, part.layout)

    def files(self, patterns: tuple[str, ...]) -> tuple[Path, ...]:
        """Return the files that match any pattern, each once, by name."""
        found = {file for pattern in patterns for file in self.folder.glob(pattern)}
        return tuple(
            sorted(f for f in found if f.is_file() and (self._only is None or f == self._only))
        )

    def read(self, patterns: tuple[str, ...], layout: Layout) -> tuple[Staged, ...]:
        """Read every file that matches."""
        return tuple(self._read(path, layout) for path in self.files(patterns))

    def _read_file(self, path: Path, layout: Layout) -> Staged:
        label = path.relative_to(self.folder).as_posix()
        reader = READERS.get(path.suffix.lower())
        if reader is None:
            raise DataError(
                f"{label}: files of this kind are not read. Give one of {', '.join(READERS)}."
            )
        try:
            return reader(path, label, layout, self._work)
        except OSError as fault:
            raise DataError(f"{label}: cannot be read ({fault.strerror}).") from fault


def _read_parquet(path: Path, label: str, layout: Layout, work: Path) -> Staged:
    """Read a Parquet file in place, every column cast to text."""
    del layout, work  # a Parquet file says itself how it lies and needs no copy
    try:
        with engine.connect(threads=1) as connection:
            rows = connection.execute(f"DESCRIBE SELECT * FROM {engine_files((path,))}").fetchall()
    except engine.EngineError as fault:
        raise DataError(f"{label}: not readable as Parquet. Export it again.") from fault
    if lie := find_lie(path):
        raise DataError(f"{label}: {lie}. Export it again.")
    casts = ", ".join(
        f"CAST({engine.name(row[0])} AS VARCHAR) AS c{i}" for i, row in enumerate(rows)
    )
    stored = engine_files((path,), options=", file_row_number=true")
    return Staged(
        label=label,
        heads=tuple(row[0] for row in rows),
        relation=f"(SELECT {casts}, file_row_number FROM {stored})",
        lines=_no_lines,
    )


def _no_lines(_: Collection[int]) -> dict[int, int]:
    return {}


READERS: dict[str, Reader] = {
    ".parquet": _read_parquet,
    ".csv": read_delimited,
    ".tsv": read_delimited,
    ".txt": read_delimited,
    ".xlsx": read_workbook,
    ".xlsm": read_workbook,
}
