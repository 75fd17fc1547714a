"""One outcome a customer: what the rules make of each bill, then the bill that counts.

The rules are asked once for each pattern of fired rules that occurs. Of a customer's bills the
one whose contact would ask most of him counts, so that paying any of them never leads to more.
"""

from datetime import date

import pyarrow as pa

from collection.plan.situation import situation
from collection.policy.model import Policy
from collection.policy.rule import HARSHNESS, Rule
from collection.policy.verdict import Verdict, resolve
from contract.engine import Connection

_VERDICT = pa.schema(
    [
        ("round", pa.int32()),
        ("fired", pa.int64()),
        ("verdict", pa.int32()),
        ("may", pa.bool_()),
        ("waits", pa.bool_()),
        ("harshness", pa.int8()),
        ("priority", pa.int8()),
        ("reason", pa.string()),
        ("winner", pa.string()),
        ("chain", pa.list_(pa.string())),
        ("rules", pa.list_(pa.string())),
        ("advice", pa.list_(pa.string())),
        ("tasks", pa.list_(pa.string())),
    ]
)


def judge(connection: Connection, policy: Policy, *, day: date, start: date, notices: bool) -> None:
    """Make the tables ``standing`` (one row a bill) and ``verdict`` (one row a pattern of rules).

    ``standing`` has the verdict's number of each bill.
    """
    query = situation(policy, day=day, start=start, notices=notices)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE situation AS {query}")
    patterns = connection.execute(
        "SELECT DISTINCT round, fired FROM situation ORDER BY ALL"
    ).fetchall()
    connection.register("verdict_rows", _verdicts(policy, patterns))
    connection.execute("CREATE OR REPLACE TEMP TABLE verdict AS FROM verdict_rows")
    connection.unregister("verdict_rows")
    connection.execute("""
        CREATE OR REPLACE TEMP TABLE standing AS
        SELECT s.* EXCLUDE (fired), v.verdict, v.may, v.waits, v.harshness, v.priority
        FROM situation AS s JOIN verdict AS v USING (round, fired)""")
    connection.execute("DROP TABLE situation")


def _verdicts(policy: Policy, patterns: list[tuple[int, int]]) -> pa.Table:
    rules = policy.sequence
    rows = [
        _row(number, pattern, _verdict(policy, rules, *pattern))
        for number, pattern in enumerate(patterns)
    ]
    return pa.Table.from_pylist(rows, schema=_VERDICT)


def _verdict(policy: Policy, rules: tuple[Rule, ...], number: int, fired: int) -> Verdict:
    there_is_one = 1 <= number <= len(policy.rounds)
    return resolve(
        [rule for bit, rule in enumerate(rules) if fired >> bit & 1],
        methods=policy.round(number).methods if there_is_one else (),
        default_priority=policy.default_priority,
        round_id=f"round_{number}",
    )


def _row(number: int, pattern: tuple[int, int], verdict: Verdict) -> dict[str, object]:
    may = not verdict.reason
    return {
        "round": pattern[0],
        "fired": pattern[1],
        "verdict": number,
        "may": may,
        "waits": verdict.waits,
        "harshness": HARSHNESS[verdict.chain[0]] if may else 0,
        "priority": verdict.priority,
        "reason": verdict.reason,
        "winner": verdict.winner,
        "chain": verdict.chain,
        "rules": verdict.fired,
        "advice": verdict.advice,
        "tasks": verdict.tasks,
    }


# Of a customer, whichever bill counts: the best class of the bills that may be dunned, and all that
# is open and not on hold.
WHOLE = """
    SELECT customer_id, min(priority) FILTER (WHERE may) AS priority,
        CAST(coalesce(sum(open_fen) FILTER (WHERE hold = 'none'), 0) AS BIGINT) AS open_fen,
        CAST(coalesce(sum(late_fen) FILTER (WHERE hold = 'none'), 0) AS BIGINT) AS late_fen,
        min(due_on) AS oldest_due_on,
        coalesce(list(bill_id ORDER BY due_on, bill_id)
            FILTER (WHERE hold = 'none' AND bill_id IS NOT NULL), []) AS bills
    FROM standing GROUP BY customer_id"""


def choose(connection: Connection) -> None:
    """Make the table ``chosen``, one row a customer, from ``standing``."""
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE chosen AS
        WITH whole AS ({WHOLE})
        SELECT s.* EXCLUDE (priority, open_fen, late_fen), w.* EXCLUDE (customer_id)
        FROM (
            FROM standing
            QUALIFY row_number() OVER (PARTITION BY customer_id ORDER BY may DESC, harshness DESC,
                CASE WHEN may THEN round ELSE 0 END DESC, due_on, bill_id) = 1
        ) AS s JOIN whole AS w USING (customer_id)""")
