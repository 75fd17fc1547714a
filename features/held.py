"""One bucket of a store held in memory, so that several days decode its files once."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import gcd

from contract.engine import Connection
from contract.staging import Store
from features.facts import Source, day

# The tables that the fact views read.
_READ = (
    *("bill_history", "payments", "customers", "contacts", "events", "balances"),
    "disconnections",
)
# Columns that no fact view reads, in tables that are large.
_UNREAD = {
    "bill_history": "settled_at",
    "payments": "payment_id, bill_id, reverses_id",
    "contacts": "contact_id",
}


@dataclass(frozen=True, kw_only=True)
class Job:
    """One bucket and the days to build of it, one after the other on one core."""

    bucket: int
    days: tuple[date, ...]


def jobs_for(buckets: int, days: Sequence[date]) -> list[Job]:
    """Return jobs that cover each bucket on each day.

    A job takes many days, for its bucket is decoded once; but where buckets are few, they are
    split by days so that each core gets as many jobs.
    """
    cores = os.cpu_count() or 1
    uneven = buckets < 4 * cores and buckets % cores > 0
    shares = min(len(days), cores // gcd(buckets, cores)) if uneven else 1
    return [
        Job(bucket=bucket, days=tuple(days[share::shares]))
        for bucket in range(buckets)
        for share in range(shares)
    ]


@dataclass(frozen=True, kw_only=True)
class Held:
    """The tables of one bucket in a connection's memory, to be read like a store's."""

    bill_extras: Mapping[str, str]
    customer_extras: Mapping[str, str]

    def scan(self, table: str, _: int) -> str:
        """Return the FROM expression that reads one table."""
        return f"held_{table}"


def source_for(
    connection: Connection,
    store: Store,
    bucket: int,
    days: Sequence[date],
    *,
    tables: Sequence[str] = _READ,
) -> Source:
    """Return where to read a bucket for these days: the store for one day, memory for several.

    Held are the rows that at least one of the days may see; the views cut them for each day.
    """
    if len(days) == 1:
        return store
    seen = {
        "bill_history": f"known_from < {day(max(days))}"
        f" AND (known_to IS NULL OR known_to >= {day(min(days))})",
        "payments": f"posted_at < {day(max(days))}",
    }
    for table in tables:
        unread = f"EXCLUDE ({_UNREAD[table]})" if table in _UNREAD else ""
        connection.execute(f"""
            CREATE TABLE held_{table} AS
            SELECT * {unread} FROM {store.scan(table, bucket)} WHERE {seen.get(table, "true")}""")
    return Held(bill_extras=store.bill_extras, customer_extras=store.customer_extras)
