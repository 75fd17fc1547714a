"""A policy tried on days that are past: whom it would have contacted, and what that reached.

This module looks past as_of, at which bills turned out late; nothing else of collection/ does. It
is no experiment: contacts and payments stay as they were, so it tells whom a policy reaches, not
what it would have changed (domain 3.8).
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import pyarrow as pa

from collection.facts import Facts
from collection.plan.inputs import SCORES
from collection.policy.model import Policy
from contract.engine import connect, text, to_arrow

LARGEST = "largest_balances"
# What a customer is met by in person; the rest are messages.
_IN_PERSON = ("visit", "phone")
# Smoothed past late rate (domain 3.11, B3): so many months of the mean are added to everybody's.
_PRIOR_BILLS = 3
_WINDOW_BILLS = 6

CONTACTS = pa.schema(
    [
        ("customer_id", pa.string()),
        ("bill_id", pa.string()),
        ("round", pa.int32()),
        ("method", pa.string()),
        ("bills", pa.list_(pa.string())),
    ]
)


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What one policy would have done on one day, in all grids or in a part of them.

    Attributes:
        policy: Its name.
        group: all, or pilot and others where the policy names a pilot (R000-08).
        contacts: Contacts by method.
        cost_cny: By the stated cost of each method.
        late_fen: Amount open before due that turned out late: what there was to reach.
        covered_fen: Part of it whose customers were contacted, before due.
        in_person_fen: Part of it whose customers were called or visited, before due.
        overdue_fen: Amount already overdue that was contacted about.
        broken: Contacts against a wish, a hold or a wait of the law.
    """

    policy: str
    day: date
    group: str
    contacts: Mapping[str, int]
    cost_cny: float
    late_fen: int
    covered_fen: int
    in_person_fen: int
    overdue_fen: int
    broken: int

    def as_dict(self) -> dict[str, Any]:
        """Return the figures by name."""
        return {**asdict(self), "day": self.day.isoformat()}


def simple_scores(facts: Facts, *, call_share: float, message_share: float) -> pa.Table:
    """Return scores from a customer's past alone, known on the day: the smoothed late rate.

    A model of today has learned from the months that are replayed; this has not.

    Args:
        facts: What was known on the day.
        call_share: The share of bills in band call, by expected late amount.
        message_share: The share after it in band message.
    """
    with connect() as connection:
        connection.register("account", facts.account)
        connection.register("open_bill", facts.open_bill)
        scores = to_arrow(
            connection,
            f"""
            WITH past AS (
                SELECT customer_id, least(coalesce(bills_known, 0), {_WINDOW_BILLS}) AS bills,
                    least(coalesce(overdue_6m, 0), {_WINDOW_BILLS}) AS late FROM account),
            mean AS (SELECT sum(late) / nullif(sum(bills), 0) AS rate FROM past),
            rated AS (
                SELECT b.bill_id, b.open_fen, (least(p.late, p.bills)
                    + {_PRIOR_BILLS} * coalesce(rate, 0)) / (p.bills + {_PRIOR_BILLS}) AS p_late
                FROM open_bill AS b JOIN past AS p USING (customer_id), mean
                WHERE b.due_on >= DATE '{facts.as_of}' AND b.hold = 'none'),
            ranked AS (
                SELECT *, CAST(round(p_late * open_fen) AS BIGINT) AS expected_late_fen,
                    count(*) OVER () AS bills
                FROM rated)
            SELECT bill_id, p_late, expected_late_fen, CASE
                WHEN place <= bills * {call_share} THEN 'call'
                WHEN place <= bills * {call_share + message_share} THEN 'message'
                ELSE 'watch' END AS band
            FROM (SELECT *, row_number() OVER (ORDER BY expected_late_fen DESC, bill_id) AS place
                FROM ranked) ORDER BY bill_id""",
        )
    return scores.cast(pa.schema(list(SCORES.items())))


def contacts_of(plan: pa.Table) -> pa.Table:
    """Return the contacts of a plan, as CONTACTS."""
    with connect(ordered=True) as connection:
        connection.register("plan", plan)
        return to_arrow(
            connection,
            f"""SELECT {", ".join(CONTACTS.names)} FROM plan WHERE outcome = 'contact'
            ORDER BY customer_id""",
        )


def largest_balances(facts: Facts, like: pa.Table) -> pa.Table:
    """Return the contacts of the common practice: the largest balances first (B7).

    As many are visited, called and sent a message as by the contacts ``like`` which it is held
    against. Neither habit nor wish nor hold is asked.
    """
    with connect(ordered=True) as connection:
        connection.register("account", facts.account)
        connection.register("open_bill", facts.open_bill)
        connection.register("like", like)
        return to_arrow(
            connection,
            """
            WITH made AS (
                SELECT count(*) FILTER (method = 'visit') AS visits,
                    count(*) FILTER (method = 'phone') AS calls, count(*) AS contacts FROM "like"),
            owing AS (
                SELECT b.customer_id, arg_max(bill_id, (b.open_fen, bill_id)) AS bill_id,
                    list(bill_id ORDER BY due_on, bill_id) AS bills, sum(b.open_fen) AS owed
                FROM open_bill AS b JOIN account USING (customer_id)
                WHERE b.open_fen > 0 AND billing_mode = 'postpaid' AND agent_id IS NULL
                GROUP BY b.customer_id),
            ranked AS (
                SELECT *, row_number() OVER (ORDER BY owed DESC, customer_id) AS place FROM owing)
            SELECT customer_id, bill_id, CAST(NULL AS INTEGER) AS round, CASE
                WHEN place <= visits THEN 'visit'
                WHEN place <= visits + calls THEN 'phone' ELSE 'sms' END AS method, bills
            FROM ranked, made WHERE place <= contacts ORDER BY customer_id""",
        )


def measure(
    name: str, contacts: pa.Table, facts: Facts, late: pa.Table, *, policy: Policy
) -> list[Measured]:
    """Return what contacts on a day reached: in all, and in pilot and other grids.

    Args:
        name: What the contacts are told apart by.
        contacts: One row a customer (CONTACTS).
        facts: What was known on the day.
        late: bill_id and late, of every bill whose outcome is known by now.
        policy: Whose costs and pilot are used, for all alike.
    """
    groups = {"all": "true"}
    if policy.pilot.orgs or policy.pilot.grids:
        inside = _pilot(policy)
        groups |= {"pilot": inside, "others": f"NOT ({inside})"}
    with connect() as connection:
        connection.register("contact", contacts)
        connection.register("account", facts.account)
        connection.register("open_bill", facts.open_bill)
        connection.register("outcome", late)
        connection.execute(_REACHED.replace("$day", f"DATE '{facts.as_of}'"))
        return [
            _measured(
                connection.execute(_SUMS.format(where=where)).fetchall()[0],
                dict(connection.execute(_METHODS.format(where=where)).fetchall()),
                {"policy": name, "day": facts.as_of, "group": group},
                policy,
            )
            for group, where in groups.items()
        ]


def _pilot(policy: Policy) -> str:
    orgs, grids = (", ".join(map(text, ids)) for ids in (policy.pilot.orgs, policy.pilot.grids))
    inside = [f"org_id IN ({orgs})"] * bool(orgs) + [f"grid_id IN ({grids})"] * bool(grids)
    return f"coalesce({' OR '.join(inside)}, false)"


# One row an open bill with what was made of it; the broken promise counts once, with the bill
# that the contact is about.
_REACHED = """
    CREATE TABLE reached AS
    WITH told AS (SELECT customer_id, method, unnest(bills) AS bill_id FROM contact),
    about AS (SELECT customer_id, bill_id, method, round FROM contact)
    SELECT o.bill_id, o.open_fen, o.due_on >= $day AS due, a.org_id, a.grid_id, t.method,
        coalesce(l.late = 1, false) AS turned_late,
        c.bill_id IS NOT NULL AS is_about,
        c.bill_id IS NOT NULL AND (o.hold <> 'none'
            OR (a.L12 AND o.due_on >= $day)
            OR (a.L11 AND c.method = 'phone')
            OR (a.L10 AND (c.method IN ('phone', 'visit', 'personal') OR c.round = 1))
            OR (c.method = 'notice' AND (a.protected OR $day - o.due_on <= 30
                OR o.reached_at IS NULL))) AS broken
    FROM open_bill AS o JOIN account AS a USING (customer_id)
    LEFT JOIN told AS t ON t.bill_id = o.bill_id
    LEFT JOIN about AS c ON c.bill_id = o.bill_id
    LEFT JOIN outcome AS l ON l.bill_id = o.bill_id"""

_SUMS = f"""
    SELECT coalesce(sum(open_fen) FILTER (due AND turned_late), 0),
        coalesce(sum(open_fen) FILTER (due AND turned_late AND method IS NOT NULL), 0),
        coalesce(sum(open_fen) FILTER (due AND turned_late AND method IN {_IN_PERSON}), 0),
        coalesce(sum(open_fen) FILTER (NOT due AND method IS NOT NULL), 0),
        count(*) FILTER (broken)
    FROM reached WHERE {{where}}"""

_METHODS = """
    SELECT method, count(*) FROM reached WHERE is_about AND {where} GROUP BY method ORDER BY method
"""


def _measured(
    sums: tuple[int, ...], methods: dict[str, int], about: dict[str, Any], policy: Policy
) -> Measured:
    costs: Mapping[str, float] = {str(method): cost for method, cost in policy.costs_cny.items()}
    cost = sum(count * costs.get(method, 0.0) for method, count in methods.items())
    late, covered, in_person, overdue, broken = map(int, sums)
    return Measured(
        **about,
        contacts=methods,
        cost_cny=round(cost, 2),
        late_fen=late,
        covered_fen=covered,
        in_person_fen=in_person,
        overdue_fen=overdue,
        broken=broken,
    )
