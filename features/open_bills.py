"""What a list shows of each open bill and its customer, as known at as_of; never model input."""

from collections.abc import Iterable
from datetime import date

import pandas as pd
import pyarrow as pa

from contract.engine import connect, to_arrow
from contract.staging import Store
from features.facts import with_facts

STRIP_CYCLES = 12


def open_bills(store: Store, bucket: int, as_of: date) -> pd.DataFrame:
    """Return one row a bill open at as_of, in one bucket, with what lists and plans go by.

    Money is yuan. ``overdue_cny``, ``overdue_bills`` and ``dpd`` (days past due of the oldest)
    speak of the customer's other bills that are open past their due day; ``why_not`` is empty
    for a bill that is scored, else ``overdue``, ``on_hold``, ``final_bill`` or ``agent``.
    """
    return _read(
        store,
        bucket,
        as_of,
        """
        SELECT b.customer_id, b.bill_id, b.issued_on, b.due_on,
            CAST(b.cycle // 12 * 100 + b.cycle % 12 + 1 AS INTEGER) AS cycle,
            b.amount_fen / 100 AS amount_cny, b.open_fen / 100 AS open_cny,
            coalesce(o.overdue_fen, 0) / 100 AS overdue_cny,
            coalesce(o.bills, 0) AS overdue_bills, coalesce(o.dpd, 0) AS dpd,
            c.segment, c.pay_arrangement, c.org_id, c.grid_id, c.manager_id,
            coalesce(c.protected, false) AS protected,
            CASE WHEN b.due_on < $as_of THEN 'overdue'
                 WHEN b.held THEN 'on_hold'
                 WHEN b.kind = 'final' THEN 'final_bill'
                 WHEN c.agent_id IS NOT NULL THEN 'agent'
                 ELSE '' END AS why_not
        FROM known_bill AS b
        LEFT JOIN customer AS c USING (customer_id)
        LEFT JOIN (
            SELECT customer_id, sum(open_fen) AS overdue_fen, count(*) AS bills,
                max($as_of - due_on) AS dpd
            FROM known_bill WHERE is_overdue GROUP BY customer_id
        ) AS o USING (customer_id)
        WHERE b.is_open AND b.kind <> 'refund'
        ORDER BY b.bill_id""",
    )


def traits(store: Store, as_ofs: Iterable[date]) -> pd.DataFrame:
    """Return what results are told apart by and no model sees, one row an open bill and day.

    Columns: as_of, bill_id, protected, tariff, org_id.
    """
    query = """
        SELECT $as_of AS as_of, b.bill_id, coalesce(c.protected, false) AS protected, c.tariff,
            c.org_id
        FROM known_bill AS b LEFT JOIN customer AS c USING (customer_id)
        WHERE b.is_open ORDER BY b.bill_id"""
    return pd.concat(
        [_read(store, bucket, as_of, query) for as_of in as_ofs for bucket in range(store.buckets)],
        ignore_index=True,
    )


def last_cycles(store: Store, bucket: int, as_of: date, customers: pd.Series) -> pd.DataFrame:
    """Return the bills of the last twelve cycles of some customers, for their payment strips.

    One row a bill: customer_id, cycle (month index), due_on, cleared_on, days_late, paid_fen,
    amount_fen, is_open, is_overdue.
    """
    newest = as_of.year * 12 + as_of.month - 1
    return _read(
        store,
        bucket,
        as_of,
        f"""
        SELECT customer_id, cycle, due_on, cleared_on, paid_fen, amount_fen, is_open, is_overdue,
            CASE WHEN late = 1
                THEN coalesce(cleared_on, $as_of) - due_on ELSE 0 END AS days_late
        FROM known_bill
        WHERE cycle > {newest - STRIP_CYCLES} AND customer_id IN (FROM chosen)
        ORDER BY customer_id, cycle, bill_id""",
        chosen=pa.table({"customer_id": pa.array(customers.unique(), pa.string())}),
    )


def _read(
    store: Store, bucket: int, as_of: date, query: str, **relations: pa.Table
) -> pd.DataFrame:
    with connect() as connection:
        for relation, rows in relations.items():
            connection.register(relation, rows)
        return to_arrow(connection, with_facts(store, bucket, as_of, query)).to_pandas(
            date_as_object=False
        )
