"""Take off a plan whoever must not be contacted any more, within the hour before sending.

Each planned contact is judged again, on the plan's own dunning day, by what is known now: who has
paid, disputes, asked not to be contacted, or was contacted since comes off (T23, R003-09). Nobody
is added and no contact becomes another one; the plan itself is never changed.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import date

import pyarrow as pa

from collection.calendar import Calendar
from collection.plan.decide import WHOLE, judge
from collection.plan.inputs import Inputs, Source, register, register_source
from collection.policy.model import Policy
from contract.engine import connect, to_arrow

# Why a contact comes off that no rule of the policy stops.
SETTLED = "settled_since"  # its bill is paid, or cancelled
MOVED_ON = "round_changed"  # the bill is in another round by now
WITHDRAWN = "method_withdrawn"  # the method is not open to this customer any more

# What a row says only while there is a contact.
_OF_A_CONTACT = (
    "method",
    "earliest_on",
    "latest_on",
    "owner_role",
    "owner_id",
    "template",
    "priority_class",
    "priority_rank",
    "work_rank",
)


@dataclass(frozen=True, kw_only=True)
class Refreshed:
    """A plan without those who must not be contacted any more.

    Attributes:
        table: The rows of the plan, in its order and columns; who came off has outcome none and
            the reason. Open bills and amounts of the others are those of now.
        removed: How many came off, by reason.
    """

    table: pa.Table
    removed: dict[str, int]


def refresh(
    plan: Source,
    inputs: Inputs,
    policy: Policy,
    *,
    dunning_on: date,
    calendar: Calendar | None = None,
) -> Refreshed:
    """Return a plan as it may still be carried out; refreshing it again changes nothing.

    Args:
        plan: The plan's table.
        inputs: What is known now.
        policy: The policy that it was made by.
        dunning_on: The plan's dunning day, so that time alone changes nothing.
        calendar: Working days; the default is the policy's country's.
    """
    start = (calendar or Calendar(country=policy.country)).next_working_day(dunning_on)
    with connect() as connection:
        register(connection, inputs)
        register_source(connection, "plan", plan)
        judge(connection, policy, day=dunning_on, start=start, notices=inputs.notices is not None)
        connection.execute(_GONE)
        counted = connection.execute(
            "SELECT gone, count(*) FROM gone WHERE gone IS NOT NULL GROUP BY gone ORDER BY gone"
        ).fetchall()
        return Refreshed(table=to_arrow(connection, _rows()), removed=dict(Counter(dict(counted))))


_GONE = f"""
    CREATE OR REPLACE TEMP TABLE gone AS
    SELECT p.customer_id, v.winner, CASE
        WHEN s.bill_id IS NULL THEN '{SETTLED}'
        WHEN NOT s.may THEN v.reason
        WHEN s.round <> p.round THEN '{MOVED_ON}'
        WHEN NOT list_contains(v.chain, p.method) THEN '{WITHDRAWN}' END AS gone
    FROM plan AS p LEFT JOIN standing AS s USING (customer_id, bill_id)
    LEFT JOIN verdict AS v USING (verdict)
    WHERE p.outcome = 'contact'"""


def _rows() -> str:
    blank = ",\n".join(
        f"CASE WHEN g.gone IS NULL THEN p.{column} END AS {column}" for column in _OF_A_CONTACT
    )
    now = ",\n".join(
        f"CASE WHEN g.customer_id IS NULL THEN p.{old} ELSE coalesce(w.{new}, {none}) END AS {old}"
        for old, new, none in (
            ("bills", "bills", "[]"),
            ("open_fen", "open_fen", "0"),
            ("expected_late_fen", "late_fen", "0"),
        )
    )
    return f"""
        WITH whole AS ({WHOLE})
        SELECT p.* REPLACE (
            CASE WHEN g.gone IS NULL THEN p.outcome ELSE 'none' END AS outcome,
            coalesce(g.gone, p.why_not) AS why_not,
            CASE WHEN g.gone IS NULL THEN p.rule ELSE coalesce(g.winner, 'PAID') END AS rule,
            {blank}, {now})
        FROM plan AS p LEFT JOIN gone AS g USING (customer_id)
        LEFT JOIN whole AS w USING (customer_id) ORDER BY p.customer_id"""
