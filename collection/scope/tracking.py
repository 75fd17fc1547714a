"""What became of every customer of a frozen scope by a later day (R002-05, each week)."""

from collections.abc import Iterable
from datetime import date

import pyarrow as pa

from collection.scope.risk import BANDS
from collection.scope.rule import ScopeRule
from contract.engine import connect, to_arrow
from contract.staging import Store
from features.facts import day, with_facts

RISK_MOVES = ("up", "same", "down", "settled", "none")

PAID = pa.schema([("customer_id", pa.string()), ("paid_fen", pa.int64())])


def paid_between(store: Store, since: date, as_of: date) -> pa.Table:
    """Return the money that became known from ``since`` until before ``as_of``, by customer.

    Net of reversals: one row a customer (PAID). A payment is known when it is posted.
    """
    parts = [_paid(store, bucket, since, as_of) for bucket in range(store.buckets)]
    return pa.concat_tables(parts).sort_by("customer_id").combine_chunks().cast(PAID)


def _paid(store: Store, bucket: int, since: date, as_of: date) -> pa.Table:
    query = f"""
    SELECT c.customer_id, CAST(sum(CAST(amount * 100 AS BIGINT)) AS BIGINT) AS paid_fen
    FROM {store.scan("payments", bucket)} AS p JOIN customer AS c USING (customer)
    WHERE posted_at >= {day(since)} AND posted_at < $as_of AND outcome = 'ok'
        AND (since IS NULL OR paid_at >= since)
    GROUP BY c.customer_id"""
    with connect() as connection:
        return to_arrow(connection, with_facts(store, bucket, as_of, query))


def track(
    frozen: pa.Table,
    now: pa.Table,
    *,
    paid: pa.Table,
    history: pa.Table,
    in_now: Iterable[str],
    rule: ScopeRule,
) -> pa.Table:
    """Return one row a customer of the frozen scope, by customer_id, however it has changed since.

    Args:
        frozen: The scope as it was frozen.
        now: Today's customers (``customer_risk``).
        paid: What was paid since (``paid_between``).
        history: What customers used (``billing_history``), as of today.
        in_now: The customers of a scope made anew today.
        rule: Says how far a probability must move.

    Returns:
        The frozen row's customer_id, org_id, grid_id, manager_id, segment, industry, chosen_by;
        paid_fen; bills_then, bills_now, settled (bills open then and no more), open_then_fen,
        open_now_fen; newest_kwh, usual_kwh, kwh_change; p_then, p_now, band_then, band_now,
        expected_then_fen, expected_now_fen, risk_move (RISK_MOVES; none where either day has no
        risk); facts_changed; still_in, whether today's scope holds it.
    """
    chosen = pa.table({"customer_id": pa.array(sorted(set(in_now)), pa.string())})
    tables = {"f": frozen, "n": now, "paid": paid, "history": history, "chosen": chosen}
    with connect() as connection:
        for name, table in tables.items():
            connection.register(name, table)
        return to_arrow(connection, _query(rule))


def _query(rule: ScopeRule) -> str:
    place = f"list_position({list(BANDS)}, {{}})"
    then, now = place.format("f.band"), place.format("n.band")
    none = len(BANDS)
    return f"""
    SELECT f.customer_id, f.org_id, f.grid_id, f.manager_id, f.segment, f.industry, f.chosen_by,
        coalesce(paid_fen, 0) AS paid_fen, CAST(len(f.bills) AS INTEGER) AS bills_then,
        CAST(coalesce(len(n.bills), 0) AS INTEGER) AS bills_now,
        CAST(len(f.bills) - coalesce(len(list_intersect(f.bills, n.bills)), 0) AS INTEGER)
            AS settled,
        f.open_fen AS open_then_fen, coalesce(n.open_fen, 0) AS open_now_fen,
        newest_kwh, usual_kwh, kwh_change, f.p_late AS p_then, n.p_late AS p_now,
        f.band AS band_then, coalesce(n.band, 'none') AS band_now,
        f.expected_fen AS expected_then_fen, coalesce(n.expected_fen, 0) AS expected_now_fen,
        CASE WHEN f.open_fen > 0 AND coalesce(n.open_fen, 0) = 0 THEN 'settled'
            WHEN {then} = {none} OR {now} = {none} THEN 'none'
            WHEN {now} <> {then} THEN CASE WHEN {now} < {then} THEN 'up' ELSE 'down' END
            WHEN n.p_late - f.p_late >= {rule.still} THEN 'up'
            WHEN f.p_late - n.p_late >= {rule.still} THEN 'down' ELSE 'same' END AS risk_move,
        n.facts IS DISTINCT FROM f.facts AS facts_changed,
        chosen.customer_id IS NOT NULL AS still_in
    FROM f LEFT JOIN n USING (customer_id) LEFT JOIN paid USING (customer_id)
    LEFT JOIN history USING (customer_id) LEFT JOIN chosen USING (customer_id)
    ORDER BY f.customer_id"""
