"""What is known of prepaid customers: balance, cost, days left, top-ups (R001-03, L09, D5).

Table of one bucket: ``prepaid_counts``, one row a prepaid customer. A mean month costs what the
bills issued in the window came to, a bill; without bills, the cost of the days known in it,
scaled to a twelfth of a year.
"""

from collection.portraits.readings import Readings, SmallTopup


def tables(readings: Readings) -> dict[str, str]:
    """Return the query of this table."""
    return {"prepaid_counts": _prepaid_counts(readings.small_topup)}


def _prepaid_counts(small: SmallTopup) -> str:
    # Means are compared as fractions, so that a ratio that is exactly 1.6 is no label (T18).
    side = ">" if small.direction == "above" else "<"
    ratio = f"({round(small.ratio * 1000)} * CAST(topup_fen AS HUGEINT) * months)"
    often = f"1000 * topups * unit >= {round(small.per_cycle * 1000)} * months"
    return f"""
    WITH solvent AS (
        SELECT customer, min(k) AS k FROM balance_facts WHERE balance_fen >= 0 GROUP BY customer
    ), below AS (
        SELECT customer, min(on_day) + 1 AS below_zero_on  -- known the day after
        FROM balance_facts AS b LEFT JOIN solvent AS s USING (customer)
        WHERE b.balance_fen < 0 AND (s.k IS NULL OR b.k < s.k) GROUP BY customer
    ), day AS (
        SELECT customer, max(balance_fen) FILTER (k = 1) AS balance_fen,
            count(*) FILTER (k <= 7) AS days_7, sum(cost_fen) FILTER (k <= 7) AS cost_7,
            count(*) FILTER (on_day >= $as_of - INTERVAL {small.months} MONTH) AS days,
            sum(cost_fen) FILTER (on_day >= $as_of - INTERVAL {small.months} MONTH) AS cost_fen
        FROM balance_facts GROUP BY customer
    ), topup AS (
        SELECT customer, count(*) AS topups, sum(amount_fen) AS topup_fen,
            max(paid_at) AS topped_at, arg_max(payment_id, place) AS payment_id
        FROM payment WHERE paid_at >= $as_of - INTERVAL {small.months} MONTH GROUP BY customer
    ), issue AS (
        SELECT customer, count(*) AS bills, sum(amount_fen) AS issued_fen
        FROM bill WHERE issued_on >= $as_of - INTERVAL {small.months} MONTH GROUP BY customer
    ), counted AS (
        SELECT customer, balance_fen, below_zero_on, days_7, cost_7, coalesce(topups, 0) AS topups,
            topup_fen, topped_at, payment_id,
            -- a mean month is cost_fen / months, both whole numbers
            CASE WHEN bills > 0 THEN issued_fen ELSE 365 * cost_fen END AS cost_fen,
            CASE WHEN bills > 0 THEN bills ELSE 12 * days END AS months,
            -- of which there were months / unit
            CASE WHEN bills > 0 THEN 1 ELSE 365 END AS unit
        FROM customer LEFT JOIN day USING (customer) LEFT JOIN below USING (customer)
            LEFT JOIN topup USING (customer) LEFT JOIN issue USING (customer)
        WHERE billing_mode = 'prepaid')
    SELECT customer, balance_fen, below_zero_on, topups, topped_at, payment_id,
        {_mean("cost_7", "days_7")} AS daily_cost_fen,
        CASE WHEN cost_7 > 0 THEN greatest(balance_fen, 0) * days_7 / cost_7 END AS days_left,
        {_mean("topup_fen", "topups")} AS mean_topup_fen,
        {_mean("cost_fen", "months")} AS mean_monthly_cost_fen,
        coalesce(1000 * CAST(cost_fen AS HUGEINT) * topups {side} {ratio}
            AND {often}, false) AS small_topup,
        round(cost_fen * topups / nullif(topup_fen * months, 0), 2) AS topup_ratio
    FROM counted"""


def _mean(total: str, count: str) -> str:
    """Return the SQL of a mean of fen, rounded to the nearest, halves up."""
    return f"CAST((2 * {total} + {count}) // nullif(2 * {count}, 0) AS BIGINT)"
