"""Facts of a group: how a grid's and a segment's customers paid, once per as_of over all buckets.

They are counts, so buckets add up exactly and a customer can be taken out of its own group.
"""

from datetime import date

import pyarrow as pa

from contract.engine import Connection, connect, to_arrow
from contract.staging import Store
from features.facts import fact_views

GROUP_MONTHS = 6

_RATES = {"grid_rate": ("grid_id", "grid"), "segment_rate": ("segment", "segment")}


def group_rates(store: Store, as_of: date) -> dict[str, pa.Table]:
    """Return, a relation name, one row a group: bills with a known outcome, and how many late.

    Counts outcomes of the six months before as_of (``bills_known_6m``, ``late_count_6m``).
    """
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
    return to_arrow(
        connection,
        f"""WITH {fact_views(store, bucket, as_of)}
        SELECT grid_id, segment, count(*) AS known, CAST(sum(late) AS BIGINT) AS late
        FROM outcome_facts JOIN customer USING (customer_id)
        WHERE on_day >= CAST(DATE '{as_of}' - INTERVAL {GROUP_MONTHS} MONTH AS DATE)
        GROUP BY ALL""",
    )
