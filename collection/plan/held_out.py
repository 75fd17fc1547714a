"""Whom the plan held out at random, in the form in which what came of a list is brought back.

Without the record that a customer was left out by lot, nobody can tell later what a reminder
changes (models.uplift); `duewatch feedback` takes this file as it is.
"""

import pyarrow as pa

from collection.plan.build import Plan
from contract.engine import connect, text, to_arrow

# A reminder that was not sent is recorded as one without an answer; ``assigned`` says why.
_METHOD = "sms"


def held_out(plan: Plan, *, run: str) -> pa.Table:
    """Return one row a customer held out, by customer_id, in columns of `collection.feedback.FORM`.

    Args:
        plan: The plan.
        run: Its id.
    """
    with connect() as connection:
        connection.register("plan", plan.table)
        return to_arrow(
            connection,
            f"""
            SELECT customer_id, bill_id,
                strftime(DATE '{plan.start_on}', '%Y-%m-%d 00:00') AS recorded_at,
                'plan' AS recorded_by, 1 AS round, '{_METHOD}' AS method,
                'no_answer' AS outcome, 'holdout' AS assigned, {text(run)} AS run
            FROM plan WHERE held_out ORDER BY customer_id""",
        )
