"""Copying a relation of PostgreSQL into Parquet files of text, in pieces, several at a time.

All pieces are read at one moment of the database: the connections share a snapshot. A piece
streams through a few megabytes of memory, however large the table. Rows come in the order in which
they lie in the table, so the same table gives the same rows, whatever the number of connections.
"""

import io
import queue
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from contract import engine
from contract.dataset import engine_files
from contract.errors import ConfigError, DataError
from contract.postgres import Postgres
from contract.postgres_door import (
    SQL,
    Composable,
    Connection,
    Copy,
    IsolationLevel,
    Literal,
    connect,
    plain_words,
)

# Bytes of text that are taken in at a time; a row group of a piece's file.
_BLOCK = 8 << 20

# For as long as the transaction: days and moments in one form, rows in the order of the table
# (neither from where another reader happens to be nor from several workers), and no time limit.
_SESSION = {
    "datestyle": "ISO, YMD",
    "extra_float_digits": "1",
    "synchronize_seqscans": "off",
    "max_parallel_workers_per_gather": "0",
    "statement_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
}


# A snapshot is not there any more once its connection has ended (by release of the server).
_NO_MOMENT = ("22023", "42704")


class Moment:
    """One moment of a database, read over several connections while it goes on changing.

    Attributes:
        connection: The connection that holds the moment; it stays in its transaction.
    """

    def __init__(self, settings: Postgres, connection: Connection) -> None:
        """Begin the transaction and keep what it sees."""
        self.settings = settings
        self.connection = connection
        _begin(connection)
        row = connection.execute("SELECT pg_export_snapshot()").fetchone()
        self._snapshot = str(row[0]) if row else ""
        _set_session(connection, settings)

    @contextmanager
    def reader(self) -> Iterator[Connection]:
        """Open another connection that sees the same moment."""
        with closing(connect(self.settings)) as connection:
            with plain_words("opening another connection", lost=_NO_MOMENT):
                _begin(connection)
                sql = SQL("SET TRANSACTION SNAPSHOT {}").format(Literal(self._snapshot))
                connection.execute(sql)
                _set_session(connection, self.settings)
            yield connection


@contextmanager
def hold_moment(settings: Postgres) -> Iterator[Moment]:
    """Hold one moment of the database; it is let go when the block ends."""
    with closing(connect(settings)) as connection:
        with plain_words("beginning to read"):
            moment = Moment(settings, connection)
        yield moment


@dataclass(frozen=True, kw_only=True)
class Copied:
    """What is read of a relation.

    Attributes:
        label: Its name for people.
        relation: Its name as SQL.
        columns: For each name of a column in the files the SQL that gives its text.
        conditions: What each piece holds, as SQL; together they hold each row once.
        sorted: Rows have no order of their own and are put into one.
    """

    label: str
    relation: Composable
    columns: dict[str, Composable]
    conditions: Sequence[Composable]
    sorted: bool


def copy_text(moment: Moment, copied: Copied, folder: Path) -> str:
    """Copy a relation into files of a new folder; return it as a FROM-expression with row numbers.

    Raises:
        MachineError: The connection is lost.
        DataError: The server refuses, or a text is not in its encoding.
    """
    folder.mkdir()
    files = tuple(folder / f"{i:06}.parquet" for i in range(len(copied.conditions)))
    counts = _copy_pieces(moment, copied, files)
    if copied.sorted:
        files, counts = (_sort(files, folder),), [sum(counts)]
    before = [sum(counts[:i]) for i in range(len(counts))]
    columns = ", ".join(map(engine.name, copied.columns))
    scanned = engine_files(files, options=", file_row_number=true")
    place = "CAST(file_index AS BIGINT) + 1"
    number = f"file_row_number + CAST({before} AS BIGINT[])[{place}] AS file_row_number"
    return f"(SELECT {columns}, {number} FROM {scanned})"


def _begin(connection: Connection) -> None:
    """Let the transaction that the next statement begins see one moment, and change nothing."""
    connection.isolation_level = IsolationLevel.REPEATABLE_READ
    connection.read_only = True


def _set_session(connection: Connection, settings: Postgres) -> None:
    for name, value in _SESSION.items():
        connection.execute("SELECT set_config(%s, %s, true)", (name, value))
    zone = settings.time_zone
    if zone is None:
        return
    known = connection.execute("SELECT 1 FROM pg_timezone_names WHERE name = %s", (zone,))
    if known.fetchone() is None:
        raise ConfigError(
            f"postgres.time_zone: {zone} is no zone that the server knows. Give one such as"
            " Asia/Shanghai."
        )
    connection.execute("SELECT set_config('timezone', %s, true)", (zone,))


def _copy_pieces(moment: Moment, copied: Copied, files: Sequence[Path]) -> list[int]:
    """Copy every piece; when one fails the others end at their next block."""
    free: queue.SimpleQueue[Connection] = queue.SimpleQueue()
    failed = threading.Event()

    def copy(piece: int) -> int:
        if failed.is_set():
            return 0
        connection = free.get()
        try:
            return _copy_piece(connection, copied, piece, files[piece], failed)
        except BaseException:
            failed.set()
            raise
        finally:
            free.put(connection)

    count = min(moment.settings.readers, len(files))
    with ExitStack() as readers:
        for _ in range(count):
            free.put(readers.enter_context(moment.reader()))
        with ThreadPoolExecutor(count) as pool:
            tasks = [pool.submit(copy, piece) for piece in range(len(files))]
            try:
                return [task.result() for task in tasks]
            except BaseException:
                failed.set()
                pool.shutdown(cancel_futures=True)
                raise


def _copy_piece(
    connection: Connection, copied: Copied, piece: int, path: Path, failed: threading.Event
) -> int:
    names = list(copied.columns)
    query = SQL("COPY (SELECT {} FROM {} WHERE {}) TO STDOUT (FORMAT csv)").format(
        SQL(", ").join(copied.columns.values()), copied.relation, copied.conditions[piece]
    )
    schema = pa.schema([(name, pa.string()) for name in names])
    rows = 0
    with (
        pq.ParquetWriter(path, schema, compression="zstd") as writer,
        plain_words(f"reading {copied.label}"),
        connection.cursor().copy(query) as stream,
    ):
        text = _Text(stream)
        for batch in _parsed(text, schema, copied.label):
            if failed.is_set():
                break
            writer.write_batch(batch)
            rows += batch.num_rows
    return rows


def _parsed(text: "_Text", schema: pa.Schema, label: str) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a stream of CSV; an unquoted empty field is no value."""
    if text.is_empty():
        return
    try:
        yield from pa_csv.open_csv(
            pa.PythonFile(text, mode="r"),
            read_options=pa_csv.ReadOptions(
                column_names=schema.names, use_threads=False, block_size=_BLOCK
            ),
            parse_options=pa_csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
            convert_options=pa_csv.ConvertOptions(
                column_types=schema,
                strings_can_be_null=True,
                null_values=[""],
                quoted_strings_can_be_null=False,
            ),
        )
    except pa.ArrowInvalid as fault:
        raise DataError(
            f"{label}: a text is not in the database's encoding, or longer than"
            f" {_BLOCK >> 20} MB. Correct it, or leave its column out of the mapping."
        ) from fault


class _Text(io.RawIOBase):
    """A stream of COPY as a file; the driver gives it a row at a time."""

    def __init__(self, stream: Copy) -> None:
        self._stream = stream
        self._rest = bytes(stream.read())

    def is_empty(self) -> bool:
        """Say whether there is no row."""
        return not self._rest

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        """Return so many bytes; fewer only at the end."""
        parts, have = [self._rest], len(self._rest)
        while (have < size or size < 0) and (row := self._stream.read()):
            parts.append(bytes(row))
            have += len(row)
        got = b"".join(parts)
        cut = len(got) if size < 0 else size
        self._rest = got[cut:]
        return got[:cut]


def _sort(files: Sequence[Path], folder: Path) -> Path:
    """Put all rows into one file, in the order of their columns."""
    path = folder / "sorted.parquet"
    with engine.connect(spill=folder, ordered=True) as connection:
        connection.execute(
            f"COPY (FROM {engine_files(tuple(files))} ORDER BY ALL) TO {engine.text(path)}"
            " (FORMAT parquet)"
        )
    for file in files:
        file.unlink()
    return path
