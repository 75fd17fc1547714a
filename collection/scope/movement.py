"""Who would leave and enter a frozen scope, and why: found by making the scope again, step by step.

The old model and threshold are put on the new facts, then the new model, then the new threshold.
Each step is one scope; whoever is in one end and not in the other has changed sides at some step,
and the last such step is the one reason: without it the customer would stand where he stood.
"""

from dataclasses import dataclass

import pyarrow as pa

from collection.scope.risk import choose
from collection.scope.rule import Threshold
from contract.engine import connect, to_arrow

CAUSES = ("facts", "model", "threshold")
MOVES = ("left", "entered")


@dataclass(frozen=True, kw_only=True)
class Steps:
    """A day's customers on the way from the old scope to the new one (``customer_risk``).

    Attributes:
        new_facts: By the old model, with the old trend.
        new_model: By the new model, with the old trend; the same table where the model is.
        now: By the new model, with the new trend.
    """

    new_facts: pa.Table
    new_model: pa.Table
    now: pa.Table


def movement(frozen: pa.Table, steps: Steps, *, then: Threshold, now: Threshold) -> pa.Table:
    """Return one row a customer who left or entered, by move and customer_id.

    Args:
        frozen: The scope as it was frozen (``choose``).
        steps: Today's customers by old and new model and trend.
        then: The threshold that the scope was frozen with.
        now: Today's.

    Returns:
        customer_id, org_id, grid_id, manager_id, segment, move (left, entered), cause (facts,
        model, threshold), chosen_by (of the scope that holds the customer), expected_then_fen
        (null for who entered), expected_facts_fen, expected_model_fen, expected_now_fen (null
        where nothing is open any more), facts_changed (null for who entered: of nobody outside
        the scope facts were kept).
    """
    scopes = {
        "frozen": frozen,
        "in_facts": choose(steps.new_facts, then),
        "in_model": choose(steps.new_model, then),
        "in_now": choose(steps.now, now),
        "by_facts": steps.new_facts,
        "by_model": steps.new_model,
        "by_now": steps.now,
    }
    with connect() as connection:
        for name, table in scopes.items():
            connection.register(name, table)
        return to_arrow(connection, _MOVED)


_MOVED = """
    WITH side AS (
        SELECT customer_id, f.customer_id IS NOT NULL AS was, n.customer_id IS NOT NULL AS is_in,
            coalesce(f.chosen_by, n.chosen_by) AS chosen_by, f.expected_fen AS expected_then_fen,
            f.facts AS facts_then, coalesce(n.org_id, f.org_id) AS org_id,
            coalesce(n.grid_id, f.grid_id) AS grid_id,
            coalesce(n.manager_id, f.manager_id) AS manager_id,
            coalesce(n.segment, f.segment) AS segment
        FROM frozen AS f FULL JOIN in_now AS n USING (customer_id)
        WHERE (f.customer_id IS NULL) <> (n.customer_id IS NULL))
    SELECT customer_id, s.org_id, s.grid_id, s.manager_id, s.segment,
        CASE WHEN was THEN 'left' ELSE 'entered' END AS move,
        CASE WHEN is_in <> (m.customer_id IS NOT NULL) THEN 'threshold'
            WHEN (m.customer_id IS NOT NULL) <> (f.customer_id IS NOT NULL) THEN 'model'
            ELSE 'facts' END AS cause,
        s.chosen_by, expected_then_fen, bf.expected_fen AS expected_facts_fen,
        bm.expected_fen AS expected_model_fen, bn.expected_fen AS expected_now_fen,
        CASE WHEN was THEN bn.facts IS DISTINCT FROM facts_then END AS facts_changed
    FROM side AS s LEFT JOIN in_model AS m USING (customer_id)
    LEFT JOIN in_facts AS f USING (customer_id) LEFT JOIN by_facts AS bf USING (customer_id)
    LEFT JOIN by_model AS bm USING (customer_id) LEFT JOIN by_now AS bn USING (customer_id)
    ORDER BY move DESC, customer_id"""
