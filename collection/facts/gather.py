"""Gather the facts of a day, a bucket at a time: the unit of work and of memory (design.md 2.2)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import partial

import pyarrow as pa

from collection.exclusion import Exclusion
from collection.facts import account, bills, contacts, open_bill, prepaid
from collection.facts.known import statement
from collection.portraits.history import marked
from collection.portraits.readings import Readings
from collection.portraits.standing import standing
from collection.tiers import TierDays
from contract.engine import connect, to_arrow
from contract.side_by_side import side_by_side, threads_each
from contract.staging import Store


@dataclass(frozen=True, kw_only=True)
class Rules:
    """How facts are read: portraits, tiers and exclusion."""

    readings: Readings
    tiers: TierDays
    exclusion: Exclusion


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is known at a day.

    Attributes:
        as_of: Only what was known before this day began.
        account: One row a customer in force, by customer_id.
        open_bill: One row a bill that is open, by customer_id and bill_id.
        labels: One row a customer and portrait that holds, with its provenance, by customer_id
            and label.
    """

    as_of: date
    account: pa.Table
    open_bill: pa.Table
    labels: pa.Table


_KEYS = {
    "account": ("customer_id",),
    "open_bill": ("customer_id", "bill_id"),
    "labels": ("customer_id", "label"),
}


def gather(
    store: Store,
    as_of: date,
    *,
    readings: Readings = Readings(),  # noqa: B008 - frozen
    tiers: TierDays = TierDays(),  # noqa: B008 - frozen
    exclusion: Exclusion = Exclusion(),  # noqa: B008 - frozen
    progress: Callable[[str, int, int], None] = lambda *_: None,
) -> Facts:
    """Return what was known before ``as_of`` began of every customer and every open bill."""
    rules = Rules(readings=readings, tiers=tiers, exclusion=exclusion)
    buckets = range(store.buckets)
    one = partial(_bucket, store, as_of, rules, threads_each(buckets))
    parts: dict[str, list[pa.Table]] = {table: [] for table in _KEYS}
    for done, found in enumerate(side_by_side(buckets, one), start=1):
        for table, rows in found.items():
            parts[table].append(rows)
        progress("facts", done, store.buckets)
    whole = {table: _sorted(parts.pop(table), keys) for table, keys in _KEYS.items()}
    whole["labels"] = marked(whole["labels"], as_of, readings)
    return Facts(as_of=as_of, **whole)


def _sorted(parts: list[pa.Table], keys: tuple[str, ...]) -> pa.Table:
    """The same rows in the same order, however many buckets they came from."""
    rows = pa.concat_tables(parts)
    if len(parts) > 1:
        rows = rows.sort_by([(key, "ascending") for key in keys])
    return rows.combine_chunks()


def _bucket(
    store: Store, as_of: date, rules: Rules, threads: int | None, bucket: int
) -> dict[str, pa.Table]:
    with connect(threads=threads, ordered=True) as connection:
        for table, query in {
            **bills.tables(rules.readings, rules.tiers, rules.exclusion),
            **contacts.tables(rules.readings),
            **prepaid.tables(rules.readings),
            **account.tables(rules.readings, rules.tiers, rules.exclusion),
        }.items():
            made = statement(store, bucket, as_of, f"FROM ({query})")
            connection.execute(f"CREATE TABLE {table} AS {made}")
        return {
            "account": to_arrow(connection, account.columns()),
            "open_bill": to_arrow(connection, statement(store, bucket, as_of, open_bill.query())),
            "labels": to_arrow(
                connection, statement(store, bucket, as_of, standing(rules.readings))
            ),
        }
