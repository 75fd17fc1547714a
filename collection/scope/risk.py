"""The risk of every customer on a day, and who of them a threshold lets into the scope.

A row is one customer for whom no agent answers, with something open or a label or flag of the
rule. The expected late amount sums p times what is open over the scored bills; a bill past due
counts whole, for it is late already, and one on hold not at all. An industry's trend factor
multiplies it.
"""

import math
from collections.abc import Mapping
from fractions import Fraction

import pyarrow as pa

from collection.scope.rule import ScopeRule, Threshold
from contract.engine import connect, to_arrow

BANDS = ("overdue", "call", "message", "watch", "none")  # from the worst

# What the clock alone moves is no new fact.
_CLOCK = {"account": ("dpd", "aged_days"), "open_bill": ("dpd", "aged_days")}


def customer_risk(
    account: pa.Table,
    open_bill: pa.Table,
    scores: pa.Table,
    *,
    rule: ScopeRule,
    trend: Mapping[str, float],
) -> pa.Table:
    """Return one row a customer who may be in the scope, by customer_id.

    Args:
        account: One row a customer (collection.facts).
        open_bill: One row an open bill (collection.facts).
        scores: bill_id, p_late and band, one row a bill; null p_late is a bill not scored.
        rule: Whose labels and flags are looked for.
        trend: Factor by industry; one that is not named keeps 1.

    Returns:
        customer_id, org_id, grid_id, manager_id, segment, industry, bills (ids), bills_open,
        open_fen, overdue_fen, expected_fen, p_late (of the amount that counts; null where none
        does), band, labels, flags, facts (a digest that is the same while nothing new is known).
    """
    industries = sorted(trend)
    factors = pa.table(
        {
            "industry": pa.array(industries, pa.string()),
            "factor": pa.array([trend[one] for one in industries], pa.float64()),
        }
    )
    with connect() as connection:
        connection.register("account", account)
        connection.register("open_bill", open_bill)
        connection.register("scores", scores)
        connection.register("trend", factors)
        return to_arrow(connection, _query(rule))


def _query(rule: ScopeRule) -> str:
    clock = {table: f"EXCLUDE ({', '.join(columns)})" for table, columns in _CLOCK.items()}
    return f"""
    WITH bill AS (
        SELECT b.*, hold = 'none' AND (b.dpd > 0 OR p_late IS NOT NULL) AS counts,
            CASE WHEN hold <> 'none' THEN 0 WHEN b.dpd > 0 THEN open_fen
                ELSE CAST(round(coalesce(p_late, 0) * open_fen) AS BIGINT) END AS late_fen,
            CASE WHEN hold <> 'none' THEN 'none' WHEN b.dpd > 0 THEN 'overdue'
                ELSE coalesce(s.band, 'none') END AS band
        FROM open_bill AS b LEFT JOIN scores AS s USING (bill_id)
    ), owed AS (
        SELECT customer_id, list(bill_id ORDER BY bill_id) AS bills,
            CAST(sum(late_fen) AS BIGINT) AS late_fen,
            sum(late_fen) / nullif(sum(open_fen) FILTER (counts), 0) AS p_late,
            min(list_position({list(BANDS)}, band)) AS worst
        FROM bill GROUP BY customer_id
    ), said AS (
        SELECT customer_id, string_agg(CAST(to_json(b) AS VARCHAR), '|' ORDER BY bill_id) AS said
        FROM (SELECT * {clock["open_bill"]} FROM open_bill) AS b GROUP BY customer_id
    ), known AS (
        SELECT customer_id, CAST(to_json(a) AS VARCHAR) AS known
        FROM (SELECT * {clock["account"]} FROM account) AS a)
    SELECT a.customer_id, org_id, grid_id, manager_id, segment, a.industry,
        coalesce(bills, []) AS bills, a.bills_open, a.open_fen, a.overdue_fen,
        CAST(round(coalesce(late_fen, 0) * coalesce(factor, 1)) AS BIGINT) AS expected_fen, p_late,
        {list(BANDS)}[coalesce(worst, {len(BANDS)})] AS band,
        {_that_hold(rule.labels)} AS labels, {_that_hold(rule.flags)} AS flags,
        md5(known || '|' || coalesce(said, '')) AS facts
    FROM account AS a LEFT JOIN owed USING (customer_id) LEFT JOIN said USING (customer_id)
    LEFT JOIN known USING (customer_id) LEFT JOIN trend USING (industry)
    WHERE agent_id IS NULL AND (a.open_fen > 0 OR len(labels) > 0 OR len(flags) > 0)
    ORDER BY a.customer_id"""


def _that_hold(names: tuple[str, ...]) -> str:
    cases = ", ".join(f"CASE WHEN {name} THEN '{name}' END" for name in names)
    return f"list_filter(CAST([{cases}] AS VARCHAR[]), lambda one: one IS NOT NULL)"


def threshold_of(risk: pa.Table, rule: ScopeRule, trend: Mapping[str, float]) -> Threshold:
    """Return the threshold that the rule comes to on this day's customers."""
    owing = sorted(
        (
            expected
            for expected, owed in zip(
                risk["expected_fen"].to_pylist(), risk["open_fen"].to_pylist(), strict=True
            )
            if owed > 0
        ),
        reverse=True,
    )
    # The decimal that was written: 0.29 of 100 is 29, whatever its binary neighbour says.
    size = math.floor(Fraction(str(rule.share)) * len(owing))
    cut = owing[size - 1] if size else 0
    return Threshold(rule=rule, cut_fen=cut if cut > 0 else None, trend=dict(trend))


def choose(risk: pa.Table, threshold: Threshold) -> pa.Table:
    """Return the customers whom a threshold lets in, with ``chosen_by``: amount, label, flag."""
    labels, flags = threshold.rule.labels, threshold.rule.flags
    by_amount = "false" if threshold.cut_fen is None else f"expected_fen >= {threshold.cut_fen}"
    with connect() as connection:
        connection.register("risk", risk)
        return to_arrow(
            connection,
            f"""
            SELECT *, list_filter([
                CASE WHEN {by_amount} THEN 'amount' END,
                CASE WHEN list_has_any(labels, CAST({list(labels)} AS VARCHAR[])) THEN 'label' END,
                CASE WHEN list_has_any(flags, CAST({list(flags)} AS VARCHAR[])) THEN 'flag' END
            ], lambda one: one IS NOT NULL) AS chosen_by
            FROM risk WHERE len(chosen_by) > 0 ORDER BY customer_id""",
        )
