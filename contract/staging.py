"""The staged store: a dataset hashed by customer into buckets, with the ledger replayed.

Every feature belongs to one customer, so a bucket can be built, scored and written alone; memory
is that of one bucket and progress is the count of buckets. Staging is done once for a dataset
and reused while its fingerprint stays (design.md 2.2).

A store holds, a bucket, the tables as they came and ``bill_history``: one row a version of a
bill, in force from ``known_from`` until before ``known_to``. What a builder may know of a bill
on a day is one filter on those two columns.
"""

import json
import logging
import shutil
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import pyarrow as pa

from contract.bucket import MOVED, ORDER, write_bucket
from contract.dataset import Dataset
from contract.engine import Connection, connect, text
from contract.own_folder import own_folder
from contract.side_by_side import side_by_side
from contract.staged_files import ABOUT, FILES, describe_files, find_damage
from contract.staging_apart import (
    Elsewhere,
    Spread,
    hash_share,
    shares_of,
    strays_of,
    write_bucket_apart,
    write_strays,
)

_log = logging.getLogger(__name__)

STAGED = ("customers", "bills", "payments", "contacts", "events", "balances", "disconnections")
LAYOUT = 4  # raised when the files of a store change their meaning

Progress = Callable[[str, int, int], None]

_RAW = "raw"  # the tables of a bucket as they came

# DuckDB gathers this many rows a bucket and thread before it writes them. Its own half a million
# kept 4 GB for 40 buckets; files of small groups are read once and thrown away.
_ROWS_GATHERED = 10_000


@dataclass(frozen=True, kw_only=True)
class Store:
    """A staged dataset on disk.

    Attributes:
        fingerprint: Digest of the dataset that was staged.
        present: Tables that the dataset has; the others are there, empty.
        bill_extras: Extra columns of bills and what they hold; likewise for customers.
        whole: The name of the store beside it of whose customers this one is a sample.
    """

    folder: Path
    fingerprint: str
    buckets: int
    present: tuple[str, ...]
    bill_extras: dict[str, str]
    customer_extras: dict[str, str]
    whole: str | None = None

    def of_all(self) -> "Store":
        """Return the store with all customers, which is this one unless it is a sample."""
        return open_store(self.folder.parent / self.whole) if self.whole else self

    def bytes_on_disk(self) -> int:
        """Return the size of all its files."""
        return sum(path.stat().st_size for path in self.folder.rglob("*.parquet"))

    def scan(self, table: str, bucket: int) -> str:
        """Return the FROM expression that reads one table of one bucket."""
        files = self.folder / table / f"bucket={bucket}" / "*.parquet"
        if any(files.parent.glob("*.parquet")):
            return f"read_parquet({text(files)}, hive_partitioning = false)"
        empty = self.folder / table / "empty.parquet"
        return f"read_parquet({text(empty)}, hive_partitioning = false)"


def stage(
    dataset: Dataset,
    stores: Path,
    *,
    buckets: int,
    progress: Progress = lambda *_: None,
    elsewhere: Elsewhere = nullcontext,
) -> Store:
    """Return the store of a dataset below ``stores``, made now unless it is already there.

    Args:
        dataset: What is staged.
        stores: The folder of all stores.
        buckets: How many there are to be.
        progress: Told what is being done, how much of it is done and how much there is.
        elsewhere: Opens machines that share this disk, to do the work; None of them does it here.
    """
    fingerprint = dataset.fingerprint()

    def fill(folder: Path) -> Store:
        store = Store(
            folder=folder,
            fingerprint=fingerprint,
            buckets=buckets,
            present=tuple(table for table in STAGED if dataset.has(table)),
            bill_extras=dict(dataset.extras("bills")),
            customer_extras=dict(dataset.extras("customers")),
        )
        with elsewhere() as spread:
            _fill(dataset, store, progress, spread)
        shutil.rmtree(folder / _RAW)
        return store

    return kept(store_place(fingerprint, stores, buckets=buckets), fill)


def store_place(fingerprint: str, stores: Path, *, buckets: int) -> Path:
    """Return where the store of a dataset lies, or will."""
    return stores / f"{fingerprint[:16]}-{buckets}-v{LAYOUT}"


def kept(place: Path, fill: Callable[[Path], Store]) -> Store:
    """Return the store at a place, filled now unless it is already there.

    It is built beside its place and renamed, so a store that exists is whole; one that was
    damaged since is said to be so, and staged anew.
    """
    if (place / ABOUT).exists():
        damage = find_damage(place)
        if not damage:
            return open_store(place)
        _log.warning("%s, so the store cannot be trusted: it is staged anew.", damage)
        (place / ABOUT).unlink()
    place.parent.mkdir(parents=True, exist_ok=True)
    with own_folder(place.parent, prefix=".staging-") as beside:
        _write_about(fill(beside))
        _publish(beside, place)
    return open_store(place)


def open_store(folder: Path) -> Store:
    """Open a store that was staged before, without looking whether its files are whole."""
    about = json.loads((folder / ABOUT).read_text("utf-8"))
    del about[FILES]
    return Store(folder=folder, **{**about, "present": tuple(about["present"])})


def _write_about(store: Store) -> None:
    about = asdict(store)
    del about["folder"]
    about[FILES] = describe_files(store.folder)
    (store.folder / ABOUT).write_text(json.dumps(about, indent=1, sort_keys=True), "utf-8")


def _publish(beside: Path, place: Path) -> None:
    if place.exists():  # a broken store, or one that another process finished first
        if (place / ABOUT).exists():
            return
        shutil.rmtree(place)
    place.mkdir()
    for part in sorted(beside.iterdir(), key=lambda path: path.name == ABOUT):
        part.rename(place / part.name)  # store.json last: its presence says that all is there


def _fill(dataset: Dataset, store: Store, progress: Progress, spread: Spread | None) -> None:
    for table in ("bill_history", *ORDER):
        (store.folder / table).mkdir()
    if spread:
        _hash_shares(dataset, store, progress, spread)
        _write_apart(dataset, store, progress, spread)
    else:
        _hash_tables(dataset, store, progress)
        _write_here(dataset, store, progress)


def _hash_shares(dataset: Dataset, store: Store, progress: Progress, spread: Spread) -> None:
    with _connection(store) as connection:
        for table in STAGED:
            _write_empty(connection, dataset.scan(table), store.folder / _RAW / table)
    shares = [share for table in STAGED for share in shares_of(dataset, table)]
    work = partial(hash_share, dataset, store.folder / _RAW, store.buckets)
    for done, _ in enumerate(spread(shares, work)):
        progress("staging", done, len(shares))


def _write_apart(dataset: Dataset, store: Store, progress: Progress, spread: Spread) -> None:
    """Write all buckets by other machines, once every payment is where its bill is.

    A task that is done twice, perhaps late, must write the same each time: so none is written
    before.
    """
    raw = store.folder / _RAW
    if sum(spread(range(store.buckets), partial(write_strays, raw))):
        with _connection(store) as connection:
            _bring_home(connection, dataset, store, strays_of(raw))
    write = partial(write_bucket_apart, raw, store.folder, tuple(store.bill_extras))
    for done, _ in enumerate(spread(range(store.buckets), write)):
        progress("ledger", done, store.buckets)


def _hash_tables(dataset: Dataset, store: Store, progress: Progress) -> None:
    with _connection(store) as connection:
        connection.execute(f"SET partitioned_write_flush_threshold = {_ROWS_GATHERED}")
        for done, table in enumerate(STAGED):
            progress(f"staging {table}", done, len(STAGED))
            folder = store.folder / _RAW / table
            _copy_by_bucket(connection, dataset.scan(table), folder, store.buckets)


def _write_here(dataset: Dataset, store: Store, progress: Progress) -> None:
    """Write all buckets, and those again that payments of others turn out to belong to.

    Where every payment names a bill of its own bucket, ids are joined once a bucket.
    """
    buckets = range(store.buckets)
    found: dict[int, pa.Table] = {}
    told = side_by_side(buckets, partial(_write_bucket, store, strays_wait=True))
    for done, (bucket, strays) in enumerate(zip(buckets, told, strict=True)):
        progress("ledger", done, store.buckets)
        if strays is not None:
            found[bucket] = strays
    if not found:
        return
    with _connection(store) as connection:
        connection.register("found", pa.concat_tables(found.values()))
        homes = _bring_home(connection, dataset, store, "found")
    again = sorted(homes | set(found))
    for done, _ in enumerate(side_by_side(again, partial(_write_bucket, store))):
        progress("ledger, payments of other buckets", done, len(again))


def _bring_home(connection: Connection, dataset: Dataset, store: Store, strays: str) -> set[int]:
    """Move payments to the bucket of the bill they name, and return the buckets that got any.

    A payment belongs to the customer of its bill, else to the one it names. Nearly all name
    both alike, so only the others are looked up among all bills: a join of all payments with
    all bills took most of the memory of staging.
    """
    connection.execute(f"""
        CREATE TABLE moved AS
        SELECT stray.* REPLACE (b.customer_id AS customer_id),
            hash(b.customer_id) % {store.buckets} AS home
        FROM {strays} AS stray JOIN (
            SELECT bill_id, customer_id FROM {dataset.scan("bills")}) AS b USING (bill_id)""")
    raw = store.folder / _RAW
    for columns, place, to in (
        ("* EXCLUDE (home, bucket), home AS bucket", "payments", "arrived"),
        ("payment_id, bill_id, bucket", MOVED, "left"),
    ):
        connection.execute(f"""
            COPY (SELECT {columns} FROM moved) TO {text(raw / place)} (FORMAT parquet,
            PARTITION_BY (bucket), FILENAME_PATTERN '{to}_{{i}}', OVERWRITE_OR_IGNORE)""")
    return {home for (home,) in connection.execute("SELECT DISTINCT home FROM moved").fetchall()}


def _copy_by_bucket(connection: Connection, rows: str, folder: Path, buckets: int) -> None:
    # hash() may differ between versions of DuckDB; a bucket's content changes no result.
    _write_empty(connection, rows, folder)
    connection.execute(f"""
        COPY (SELECT *, hash(customer_id) % {buckets} AS bucket FROM {rows})
        TO {text(folder)} (FORMAT parquet, PARTITION_BY (bucket), OVERWRITE_OR_IGNORE)""")


def _write_empty(connection: Connection, rows: str, folder: Path) -> None:
    folder.mkdir(parents=True)
    empty = text(folder / "empty.parquet")
    connection.execute(f"COPY (FROM {rows} LIMIT 0) TO {empty} (FORMAT parquet)")


def _write_bucket(store: Store, bucket: int, *, strays_wait: bool = False) -> pa.Table | None:
    return write_bucket(
        store.folder / _RAW,
        store.folder,
        bucket,
        bill_extras=tuple(store.bill_extras),
        strays_wait=strays_wait,
    )


def _connection(store: Store) -> Connection:
    return connect(spill=store.folder / "spill")
