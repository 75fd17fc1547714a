"""The daily report of what was taken in, by channel, outlet and cashier (R003-03, R003-05)."""

import pyarrow as pa

from contract.engine import connect, to_arrow


def daily_report(payments: pa.Table) -> pa.Table:
    """Return what each cashier took in each day, by the day of posting.

    Args:
        payments: PAYMENT_SCHEMA of collection.reconciliation.match, failed debits left out.

    Returns:
        One row a day, channel, outlet and cashier (empty where the source does not say): payments
        and their fen, reversals and theirs (negative), and net_fen, which is what is to be
        remitted that day.
    """
    with connect() as connection:
        connection.register("payment", payments)
        return to_arrow(
            connection,
            """
            SELECT CAST(posted_at AS DATE) AS posted_on, coalesce(channel, '') AS channel,
                coalesce(outlet, '') AS outlet, coalesce(cashier, '') AS cashier,
                count(*) FILTER (amount_fen > 0) AS payments,
                CAST(coalesce(sum(amount_fen) FILTER (amount_fen > 0), 0) AS BIGINT) AS paid_fen,
                count(*) FILTER (amount_fen < 0) AS reversals,
                CAST(coalesce(sum(amount_fen) FILTER (amount_fen < 0), 0) AS BIGINT)
                    AS reversed_fen,
                CAST(sum(amount_fen) AS BIGINT) AS net_fen
            FROM payment GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4""",
        )
