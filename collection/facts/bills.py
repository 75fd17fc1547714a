"""What is counted of a customer's bills: arrears, settle days, tiers, channels, oddities.

Tables of one bucket:
- ``bill``: one row a bill that any count looks at, newest first by ``k``; ``outcome_k`` counts
  those with a known outcome, ``settled_k`` those settled, ``fresh`` those issued this month;
- ``payment``: one row a payment that came in and was not undone;
- ``channel_use``: one row a customer and channel that paid the last cycles, with the first use;
- ``abnormal``: one row an oddity of this month (L01);
- ``bill_counts``: one row a customer with bills.
"""

from collection.exclusion import Exclusion
from collection.portraits.readings import Abnormal, Readings
from collection.tiers import TierDays, bill_tier, settle_position
from contract.engine import text


def tables(readings: Readings, tiers: TierDays, exclusion: Exclusion) -> dict[str, str]:
    """Return the queries of these tables, in the order in which they are made."""
    return {
        "bill": _bill(readings, tiers, exclusion),
        "payment": "FROM paid",
        "channel_use": _channel_use(readings.channels.cycles),
        "abnormal": _abnormal(readings.abnormal),
        "bill_counts": _bill_counts(readings, tiers, exclusion),
    }


def _bill(readings: Readings, tiers: TierDays, exclusion: Exclusion) -> str:
    cycles = max(
        readings.channels.cycles,
        readings.habit.cycles,
        readings.response.cycles,
        readings.repeat_arrears.months,
        exclusion.quality.window,
        exclusion.candidate_cycles,
        exclusion.failed_debit_cycles,
        tiers.cycles,
    )
    months = max(readings.repeat_arrears.months, readings.small_topup.months)
    return f"""
    SELECT customer, bill, bill_id, cycle, issued_on, due_on, kind, kwh, amount_fen, paid_fen,
        open_fen, cleared_on, late, is_open AND kind <> 'refund' AS owed,
        is_overdue AND kind <> 'refund' AS overdue, bills_known, k, outcome_k, settled_k,
        {bill_tier(tiers, exclusion.quality)} AS tier,
        CASE WHEN cleared_on IS NOT NULL THEN {settle_position(tiers)} END AS position,
        coalesce(cleared_on IS NOT NULL AND {exclusion.quality.meets()}, false) AS early,
        CASE WHEN h.to_on IS NULL THEN coalesce(h.hold, 'none') ELSE 'none' END AS hold,
        h.from_on AS hold_from_on, h.to_on AS hold_to_on,
        greatest($as_of - due_on, 0) AS dpd,
        CASE WHEN h.bill IS NULL THEN 0 ELSE greatest(
            coalesce(h.to_on, $as_of) - greatest(h.from_on, due_on + 1) + 1, 0) END AS held_days
    FROM (
        SELECT *, row_number() OVER newest_first AS k, count(late) OVER newest_first AS outcome_k,
            count(cleared_on) OVER newest_first AS settled_k,
            count(*) FILTER (issued_on >= date_trunc('month', $as_of)) OVER newest_first AS fresh,
            count(*) OVER (
                PARTITION BY customer ORDER BY bill DESC
                ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS bills_known
        FROM known_bill
        WINDOW newest_first AS (
            PARTITION BY customer ORDER BY bill DESC
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
    ) AS b LEFT JOIN holding AS h USING (bill)
    WHERE is_open OR outcome_k <= {cycles} OR settled_k <= {cycles} OR k - fresh <= 12
        OR due_on > $as_of - INTERVAL {months} MONTH"""


def _channel_use(cycles: int) -> str:
    """Return the channels of payments that came onto the last bills.

    A payment that names a bill paid it. One that does not paid the bills to which money came
    at the moment it was posted; a bill with money at its issue got it from the newest such
    payment before, unless one that names it was waiting.
    """
    return f"""
    WITH recent AS (
        SELECT customer, bill, bill_id, issued_on FROM bill
        WHERE late IS NOT NULL AND outcome_k <= {cycles}
    ), named AS (
        SELECT p.*, bill, posted_at < issued_on AS waited
        FROM payment AS p JOIN recent USING (customer, bill_id)
    ), unnamed AS (FROM payment WHERE bill_id IS NULL
    ), filled AS (FROM filling SEMI JOIN recent USING (bill)
    ), used AS (
        SELECT customer, channel, paid_at, place, payment_id FROM named
        UNION ALL
        SELECT customer, channel, paid_at, place, payment_id
        FROM unnamed SEMI JOIN (
            SELECT customer, known_from AS posted_at FROM filled) USING (customer, posted_at)
        UNION ALL
        SELECT u.customer, channel, paid_at, place, payment_id
        FROM (
            FROM filled WHERE known_from = issued_on AND bill NOT IN (
                SELECT bill FROM named WHERE waited)
        ) AS f ASOF JOIN unnamed AS u
            ON f.customer = u.customer AND f.known_from > u.posted_at)
    SELECT customer, channel, min(place) AS place, arg_min(paid_at, place) AS first_at,
        arg_min(payment_id, place) AS payment_id
    FROM used GROUP BY customer, channel"""


def _abnormal(abnormal: Abnormal) -> str:
    events, kinds = _codes(abnormal.events), _codes(abnormal.bill_kinds)
    small = "true" if "small" in abnormal.bill_kinds else "false"
    return f"""
    SELECT customer, happened_on AS on_day, kind AS what, 'event ' || kind AS source
    FROM happened WHERE kind IN {events} AND happened_on >= date_trunc('month', $as_of)
    UNION ALL
    SELECT customer, issued_on, kind, bill_id
    FROM unusual WHERE kind IN {kinds} AND issued_on >= date_trunc('month', $as_of)
    UNION ALL
    SELECT b.customer, b.issued_on, 'small', b.bill_id
    FROM bill AS b LEFT JOIN bill AS before
        ON before.customer = b.customer AND before.k BETWEEN b.k + 1 AND b.k + 12
    WHERE {small} AND b.kind = 'regular' AND b.kwh <= {abnormal.small_kwh}
        AND b.issued_on >= date_trunc('month', $as_of)
    GROUP BY b.customer, b.issued_on, b.bill_id, b.kwh
    HAVING {abnormal.small_share} >= 1
        OR b.kwh <= {abnormal.small_share} * quantile_disc(before.kwh, 0.5)"""


def _codes(codes: tuple[str, ...]) -> str:
    return f"({', '.join(text(code) for code in ('', *codes))})"


def _bill_counts(readings: Readings, tiers: TierDays, exclusion: Exclusion) -> str:
    habit, quality, repeat = readings.habit, exclusion.quality, readings.repeat_arrears
    settled = f"cleared_on IS NOT NULL AND outcome_k <= {habit.cycles}"
    spoken = f"cleared_on IS NOT NULL AND settled_k <= {tiers.cycles}"
    recent = f"late IS NOT NULL AND outcome_k <= {exclusion.candidate_cycles}"
    return f"""
    SELECT customer, any_value(bills_known) AS bills_known,
        count(*) FILTER (owed) AS bills_open, sum(open_fen) FILTER (owed) AS open_fen,
        sum(open_fen) FILTER (overdue) AS overdue_fen, min(due_on) FILTER (owed) AS oldest_due_on,
        max(dpd - held_days) FILTER (owed) AS aged_days, max(dpd) FILTER (owed) AS dpd,
        count(*) FILTER (owed AND hold = 'disputed') AS bills_disputed,
        count(*) FILTER (owed AND hold = 'debit_in_transit') AS bills_in_transit,
        count(*) FILTER (late = 1 AND due_on > $as_of - INTERVAL {repeat.months} MONTH)
            AS overdue_in_months,
        count(*) FILTER (late = 1 AND outcome_k <= {repeat.months}) AS overdue_in_cycles,
        count(*) FILTER (late = 1 AND {recent}) AS late_6,
        count(*) FILTER (day(cleared_on) > {exclusion.candidate_after_day} AND {recent})
            AS settle_after_15,
        count(*) FILTER ({settled}) AS settled_6,
        count(*) FILTER (day(cleared_on) <= {habit.early_to} AND {settled}) AS settle_day_early,
        count(*) FILTER (day(cleared_on) > {habit.early_to}
            AND day(cleared_on) <= {habit.mid_to} AND {settled}) AS settle_day_mid,
        count(*) FILTER (day(cleared_on) > {habit.mid_to} AND {settled}) AS settle_day_late,
        max(bill) FILTER (day(cleared_on) <= {habit.early_to} AND {settled}) AS newest_early,
        max(bill) FILTER (day(cleared_on) > {habit.early_to}
            AND day(cleared_on) <= {habit.mid_to} AND {settled}) AS newest_mid,
        max(bill) FILTER (day(cleared_on) > {habit.mid_to} AND {settled}) AS newest_late,
        arg_max(tier, bill) FILTER (cleared_on IS NOT NULL) AS last_settle_tier,
        -- Of two in the middle the later: the lower of what is turned round.
        -quantile_disc(-position, 0.5) FILTER ({spoken}) AS median_position,
        arg_max(position, bill) FILTER ({spoken}) AS last_position,
        max(position) FILTER ({spoken}) AS worst_position,
        count(*) FILTER (early AND outcome_k <= {quality.window}) >= {quality.least} AS quality,
        min(issued_on) FILTER (k = {readings.response.cycles}) AS contacts_from,
        min(issued_on) FILTER (k = {exclusion.failed_debit_cycles}) AS debits_from
    FROM bill GROUP BY customer"""
