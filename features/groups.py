"""Facts of a group: how a grid's and a segment's customers paid, once per as_of over all buckets.

They are counts, so buckets add up exactly and a customer can be taken out of its own group.
"""

from datetime import date

import pyarrow as pa

from contract.engine import Connection, connect, to_arrow
from contract.staging import Store
from features.facts import with_facts

# Which outcomes a group's rate counts: those due in the last six months, once mature.
COUNTED = "mature AND due_on >= CAST($as_of - INTERVAL 6 MONTH AS DATE)"

_RATES = {"grid_rate": ("grid_id", "grid"), "segment_rate": ("segment", "segment")}


def group_rates(store: Store, as_of: date) -> dict[str, pa.Table]:
    """Return, a relation name, one row a group: bills that count, and how many were late."""
    with connect() as connection:
        parts = [_count(connection, store, bucket, as_of) for bucket in range(store.buckets)]
        connection.register("part", pa.concat_tables(parts))
        return {
            relation: to_arrow(
                connection,
                f"""SELECT {column}, CAST(sum(known) AS BIGINT) AS {stem}_known,
                    CAST(sum(late) AS BIGINT) AS {stem}_late
                FROM part GROUP BY {column} ORDER BY {column}""",
            )
            for relation, (column, stem) in _RATES.items()
        }


def _count(connection: Connection, store: Store, bucket: int, as_of: date) -> pa.Table:
    query = f"""
        SELECT grid_id, segment, count(*) AS known, CAST(sum(late) AS BIGINT) AS late
        FROM outcome_facts JOIN customer USING (customer_id)
        WHERE {COUNTED} GROUP BY ALL"""
    return to_arrow(connection, with_facts(store, bucket, as_of, query))
