"""The late fee (违约金) of bills open at as_of, day by day as the law of each day has it.

Exact: open fen x days x rate is summed as whole millionths of a fen over all days, and rounded
once a bill, half up, to a fen. The part of a bill that was paid late was charged when it was paid;
what is charged here is what is open. A hold stops dunning, not the fee.
"""

from datetime import date, timedelta
from typing import Any

import pyarrow as pa

from collection.law.load import in_force
from collection.law.model import Law
from contract.engine import connect, text, to_arrow

_MILLION = 1_000_000
_LAST_DAY = date(9999, 12, 30)


def late_fees(account: pa.Table, open_bill: pa.Table, *, law: Law, as_of: date) -> pa.Table:
    """Return the late fee of each open bill if it were paid on as_of.

    The first overdue day is the day after due_on. A bill is carried over a year end from 1 January
    after the year in which it fell due (domain 2.3: the same cut as old and new arrears).
    The minimum and whether the day of payment counts are those of the law in force on as_of. A
    customer whose segment is not known is charged as a resident, who pays least.

    Args:
        account: One row a customer: customer_id, segment.
        open_bill: One row a bill: customer_id, bill_id, due_on, open_fen.
        law: Its late_fee has a version for as_of.
        as_of: The day of payment.

    Returns:
        One row a bill, by customer_id and bill_id: first_overdue_on, fee_days, carried_days (those
        of them at the carried-over rate), late_fee_fen, minimum_charged.

    Raises:
        ConfigError: The law has no late fee for that day.
    """
    today = in_force(law.late_fee, as_of, what="late fee")
    end = as_of + timedelta(days=1) if today.count_payment_day.value else as_of
    minimum = int(today.minimum_yuan.value * 100)
    with connect() as connection:
        connection.register("account", account)
        connection.register("open_bill", open_bill)
        connection.register("span", _spans(law))
        return to_arrow(connection, _query(law, end=end, minimum=minimum))


def _spans(law: Law) -> pa.Table:
    """Return each daily rate with the days on which it is the law, half-open."""
    rows: list[dict[str, Any]] = []
    following = [version.effective_from for version in law.late_fee[1:]]
    for version, until in zip(law.late_fee, [*following, _LAST_DAY], strict=True):
        rates = version.per_day
        for resident, carried, rate in (
            (True, False, rates.residential),
            (True, True, rates.residential),
            (False, False, rates.other_this_year),
            (False, True, rates.other_carried_over),
        ):
            rows.append(
                {
                    "resident": resident,
                    "carried": carried,
                    "from_on": version.effective_from,
                    "to_on": until,
                    "millionths": int(rate.value * _MILLION),
                }
            )
    return pa.Table.from_pylist(rows)


def _query(law: Law, *, end: date, minimum: int) -> str:
    residents = ", ".join(text(segment) for segment in law.residential) or "NULL"
    return f"""
        WITH bill AS (
            SELECT b.customer_id, b.bill_id, b.due_on + 1 AS first_on,
                CAST(greatest(b.open_fen, 0) AS HUGEINT) AS fen,
                make_date(year(b.due_on) + 1, 1, 1) AS carried_on,
                coalesce(a.segment IN ({residents}), true) AS resident
            FROM open_bill AS b LEFT JOIN account AS a USING (customer_id)),
        part AS (
            SELECT bill.*, span.carried, span.millionths,
                greatest(0,
                    least(DATE '{end}', to_on, CASE WHEN carried THEN to_on ELSE carried_on END)
                    - greatest(first_on, from_on,
                        CASE WHEN carried THEN carried_on ELSE first_on END)) AS days
            FROM bill JOIN span USING (resident)),
        fee AS (
            SELECT customer_id, bill_id, any_value(first_on) AS first_overdue_on,
                CAST(sum(days) AS BIGINT) AS fee_days,
                CAST(coalesce(sum(days) FILTER (carried), 0) AS BIGINT) AS carried_days,
                CAST((2 * any_value(fen) * sum(days * millionths) + {_MILLION})
                    // (2 * {_MILLION}) AS BIGINT) AS exact_fen,
                any_value(fen) > 0 AND sum(days * millionths) > 0 AS charged
            FROM part GROUP BY customer_id, bill_id)
        SELECT customer_id, bill_id, first_overdue_on, fee_days, carried_days,
            CASE WHEN charged THEN greatest(exact_fen, {minimum}) ELSE 0 END AS late_fee_fen,
            charged AND exact_fen < {minimum} AS minimum_charged
        FROM fee ORDER BY customer_id, bill_id"""
