"""What a customer was billed and paid in time: the past that lists and tracking compare with."""

from collections.abc import Callable
from datetime import date
from functools import partial

import pyarrow as pa

from contract.engine import connect, to_arrow
from contract.side_by_side import side_by_side, threads_each
from contract.staging import Store
from features.facts import with_facts

USUAL_BILLS = 12  # the bills before the newest that the usual one is the mean of

SCHEMA = pa.schema(
    [
        ("customer_id", pa.string()),
        ("due_6m", pa.int64()),
        ("by_due_6m", pa.int64()),
        ("billed_year_fen", pa.int64()),
        ("newest_fen", pa.int64()),
        ("usual_fen", pa.int64()),
        ("newest_kwh", pa.float64()),
        ("usual_kwh", pa.float64()),
        ("bill_change", pa.float64()),
        ("kwh_change", pa.float64()),
    ]
)


def billing_history(
    store: Store, as_of: date, *, progress: Callable[[str, int, int], None] = lambda *_: None
) -> pa.Table:
    """Return one row a customer with bills known before ``as_of``, by customer_id.

    Columns (SCHEMA): bills due in the six months before as_of and those of them settled by due
    day; billed in twelve months; the newest regular bill and the usual one, the mean of the
    twelve before it, in fen and kWh; and by what share the newest is above the usual (-0.4 is
    40 % less). Empty without an earlier bill.
    """
    buckets = range(store.buckets)
    one = partial(_bucket, store, as_of, threads_each(buckets))
    parts = []
    for done, part in enumerate(side_by_side(buckets, one), start=1):
        parts.append(part)
        progress("billing history", done, store.buckets)
    return pa.concat_tables(parts).sort_by("customer_id").combine_chunks().cast(SCHEMA)


def _bucket(store: Store, as_of: date, threads: int | None, bucket: int) -> pa.Table:
    with connect(threads=threads) as connection:
        return to_arrow(connection, with_facts(store, bucket, as_of, _QUERY))


_BEFORE = f"regular AND k BETWEEN 2 AND {USUAL_BILLS + 1}"
_DUE = "due_on >= $as_of - INTERVAL 6 MONTH AND due_on < $as_of"

# kWh are summed as thousandths, in whole numbers: the sum does not depend on its order.
_QUERY = f"""
    , bill AS (
        SELECT customer, issued_on, due_on, amount_fen, late, kind = 'regular' AS regular,
            CAST(round(kwh * 1000) AS BIGINT) AS wh,
            row_number() OVER (PARTITION BY customer, kind = 'regular' ORDER BY bill DESC) AS k
        FROM known_bill WHERE kind <> 'refund'
    ), counted AS (
        SELECT customer, count(*) FILTER ({_DUE}) AS due_6m,
            count(*) FILTER ({_DUE} AND late = 0) AS by_due_6m,
            coalesce(sum(amount_fen) FILTER (issued_on >= $as_of - INTERVAL 12 MONTH), 0)
                AS billed_year_fen,
            any_value(amount_fen) FILTER (regular AND k = 1) AS newest_fen,
            any_value(wh) FILTER (regular AND k = 1) AS newest_wh,
            sum(amount_fen) FILTER ({_BEFORE}) AS before_fen, count(*) FILTER ({_BEFORE}) AS bills,
            sum(wh) FILTER ({_BEFORE}) AS before_wh, count(wh) FILTER ({_BEFORE}) AS metered
        FROM bill GROUP BY customer)
    SELECT c.customer_id, due_6m, by_due_6m, CAST(billed_year_fen AS BIGINT) AS billed_year_fen,
        newest_fen, CAST((2 * before_fen + bills) // nullif(2 * bills, 0) AS BIGINT) AS usual_fen,
        newest_wh / 1000 AS newest_kwh, before_wh / nullif(metered, 0) / 1000 AS usual_kwh,
        (newest_fen * bills - before_fen) / nullif(before_fen, 0) AS bill_change,
        (newest_wh * metered - before_wh) / nullif(before_wh, 0) AS kwh_change
    FROM counted JOIN customer AS c USING (customer)"""
