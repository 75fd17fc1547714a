"""Facts of a group, once per as_of over all buckets: who pays late, and what is a large bill.

They are counts and sums of fen, so buckets add up exactly and a customer can be taken out of its
own group.
"""

from collections.abc import Sequence
from datetime import date
from functools import partial
from pathlib import Path

import pyarrow as pa

from contract.engine import Connection, connect, text, to_arrow
from contract.side_by_side import side_by_side, threads_each
from contract.staging import Store
from features.facts import with_facts
from features.held import Job, source_for

# Which outcomes a group's rate counts: those due in the last six months, once mature.
COUNTED = "mature AND due_on >= CAST($as_of - INTERVAL 6 MONTH AS DATE)"

# Which bills are ranked within their month: those of the last cycles, for older ones it is past.
_RANKED = "cycle >= year($as_of) * 12 + month($as_of) - 4"

Part = tuple[pa.Table, pa.Table]

_COUNTED_FROM = ("bill_history", "customers", "events")

_RATES = {"grid_rate": ("grid_id", "grid"), "segment_rate": ("segment", "segment")}


def group_rates(store: Store, as_of: date) -> dict[str, pa.Table]:
    """Return the facts of each group by the name of the relation that compose reads.

    ``grid_rate`` and ``segment_rate`` have one row a group: the bills that count and how many
    were late. ``month_rank`` has one row a segment, cycle and amount: the bills below and equal
    to it, all bills of that month and their sum.
    """
    jobs = [Job(bucket=bucket, days=(as_of,)) for bucket in range(store.buckets)]
    return rates_by_day(store, jobs)[as_of]


def rates_by_day(store: Store, jobs: Sequence[Job]) -> dict[date, dict[str, pa.Table]]:
    """Return group_rates of each day of the jobs."""
    one = partial(count_job, store, threads=threads_each(jobs))
    parts: dict[date, list[Part]] = {}
    for job, counted in zip(jobs, side_by_side(jobs, one), strict=True):
        for as_of, part in zip(job.days, counted, strict=True):
            parts.setdefault(as_of, []).append(part)
    return {as_of: _combine(found) for as_of, found in parts.items()}


def count_job(store: Store, job: Job, *, threads: int | None) -> list[Part]:
    """Return, a day, the counts of one bucket: bills known and late, and bills by amount."""
    with connect(threads=threads) as connection:
        source = source_for(connection, store, job.bucket, job.days, tables=_COUNTED_FROM)
        return [
            (
                to_arrow(connection, with_facts(source, job.bucket, as_of, _COUNT)),
                to_arrow(connection, with_facts(source, job.bucket, as_of, _AMOUNTS)),
            )
            for as_of in job.days
        ]


def combine_files(late: Path, amounts: Path) -> dict[str, pa.Table]:
    """Add up the counts of all buckets, which lie in the Parquet files of two folders."""
    with connect() as connection:
        for part, folder in (("late_part", late), ("amount_part", amounts)):
            files = text(folder / "*.parquet")
            connection.execute(f"""CREATE VIEW {part} AS
                FROM read_parquet({files}, hive_partitioning = false)""")
        return _combined(connection)


def _combine(parts: list[Part]) -> dict[str, pa.Table]:
    """Add up the counts of all buckets; see group_rates."""
    with connect() as connection:
        connection.register("late_part", pa.concat_tables(late for late, _ in parts))
        connection.register("amount_part", pa.concat_tables(amounts for _, amounts in parts))
        return _combined(connection)


def _combined(connection: Connection) -> dict[str, pa.Table]:
    rates = {
        relation: to_arrow(
            connection,
            f"""SELECT {column}, CAST(sum(known) AS BIGINT) AS {stem}_known,
                CAST(sum(late) AS BIGINT) AS {stem}_late
            FROM late_part GROUP BY {column} ORDER BY {column}""",
        )
        for relation, (column, stem) in _RATES.items()
    }
    return rates | {"month_rank": to_arrow(connection, _MONTH_RANK)}


def no_rates() -> dict[str, pa.Table]:
    """Return the relations of group_rates without any group."""
    counts = {stem: [f"{stem}_known", f"{stem}_late"] for _, stem in _RATES.values()}
    columns = {
        relation: [(column, pa.string()), *((count, pa.int64()) for count in counts[stem])]
        for relation, (column, stem) in _RATES.items()
    }
    numbers = ("cycle", "amount_fen", "month_equal", "month_below", "month_bills", "month_fen")
    columns["month_rank"] = [("segment", pa.string()), *((n, pa.int64()) for n in numbers)]
    return {relation: pa.schema(fields).empty_table() for relation, fields in columns.items()}


_COUNT = f"""
    SELECT grid_id, segment, count(*) AS known, CAST(sum(late) AS BIGINT) AS late
    FROM outcome_facts JOIN customer USING (customer)
    WHERE {COUNTED} GROUP BY ALL"""

_AMOUNTS = f"""
    SELECT segment, cycle, amount_fen, count(*) AS bills
    FROM known_bill JOIN customer USING (customer)
    WHERE {_RANKED} GROUP BY ALL"""

_MONTH_RANK = """
    SELECT segment, cycle, amount_fen, CAST(bills AS BIGINT) AS month_equal,
        CAST(sum(bills) OVER below - bills AS BIGINT) AS month_below,
        CAST(sum(bills) OVER month AS BIGINT) AS month_bills,
        CAST(sum(amount_fen * bills) OVER month AS BIGINT) AS month_fen
    FROM (
        SELECT segment, cycle, amount_fen, sum(bills) AS bills FROM amount_part GROUP BY ALL)
    WINDOW month AS (PARTITION BY segment, cycle),
        below AS (PARTITION BY segment, cycle ORDER BY amount_fen)
    ORDER BY ALL"""
