"""One row a bill that is open: its age, hold, and every contact about it."""

# A contact is about the bill that it names; one that names none is about every bill that was
# issued by then. A hold-out is no contact.
_ABOUT = """
    SELECT o.bill, c.*,
        outcome IN ('delivered', 'answered', 'promised') AS reached,
        round = 4 AND method IN ('notice', 'letter') AND outcome = 'delivered' AS served
    FROM bill AS o JOIN contact AS c ON o.customer = c.customer
        AND (c.bill_id = o.bill_id OR (c.bill_id IS NULL AND c.contacted_at >= o.issued_on))
    WHERE o.owed"""


def query() -> str:
    """Return the query of the open_bill table."""
    rounds = ", ".join(
        f"min(contacted_at) FILTER (round = {n} AND NOT held_out) AS round{n}_at"
        for n in range(1, 5)
    )
    return f"""
    SELECT c.customer_id, b.bill_id, b.cycle, b.issued_on, b.due_on, b.kind, b.kwh, b.amount_fen,
        b.paid_fen, b.open_fen, b.hold, b.hold_from_on, b.hold_to_on,
        CAST(b.dpd AS INTEGER) AS dpd, CAST(b.dpd - b.held_days AS INTEGER) AS aged_days, b.tier,
        a.* EXCLUDE (bill, held_out),
        coalesce(a.promised_on < $as_of, false) AS promise_broken,
        coalesce(a.held_out, false) AS held_out
    FROM (FROM bill WHERE owed) AS b
    JOIN known AS c USING (customer)
    LEFT JOIN (
        SELECT bill, CAST(max(round) FILTER (NOT held_out) AS INTEGER) AS last_round,
            max(contacted_at) FILTER (round IS NOT NULL AND NOT held_out) AS last_round_at,
            {rounds},
            min(contacted_at) FILTER (reached AND NOT held_out) AS reached_at,
            min(contacted_at) FILTER (served AND NOT held_out) AS notice_at,
            max(contacted_at) FILTER (served AND NOT held_out) AS last_notice_at,
            arg_max(promised_on, place) FILTER (promised_on IS NOT NULL AND NOT held_out)
                AS promised_on,
            bool_or(held_out) AS held_out
        FROM ({_ABOUT}) GROUP BY bill
    ) AS a USING (bill)
    ORDER BY c.customer_id, b.bill_id"""
