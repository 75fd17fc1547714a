"""The plan: exactly one row a customer, a contact or the one reason for none."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pyarrow as pa

from collection.calendar import Calendar
from collection.plan.capacity import RANKING, place
from collection.plan.decide import choose, judge
from collection.plan.inputs import Inputs, register
from collection.plan.summary import Yield, cut_offs, marginal_yields, rules_table
from collection.policy.facts import LABELS
from collection.policy.model import Policy
from contract.engine import Connection, connect, text, to_arrow
from contract.errors import ConfigError

MEMORY = "2GB"  # with a spill folder; a million customers need less


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A plan and what explains it.

    Attributes:
        table: One row a customer, by customer_id.
        rules: One row a rule: how many customers it fired for, and how many outcomes it decided.
        cut_offs: One row a method, limit and owner: contacts wanted, placed and moved down.
        yields: What the next hundred calls and visits would add.
        as_of: The day before which all was known.
        dunning_on: The day on which it is judged who may be contacted.
        start_on: The first working day from it.
    """

    table: pa.Table
    rules: pa.Table
    cut_offs: pa.Table
    yields: tuple[Yield, ...]
    as_of: date
    dunning_on: date
    start_on: date


def make_plan(
    inputs: Inputs,
    policy: Policy,
    *,
    as_of: date,
    dunning_on: date | None = None,
    calendar: Calendar | None = None,
    spill: Path | None = None,
) -> Plan:
    """Plan who is contacted about open bills, and who is not and why.

    Args:
        inputs: What was known at as_of.
        policy: The rules, limits and owners.
        as_of: The day; facts were known before it began.
        dunning_on: The day that rules are judged on (D8); the default is as_of.
        calendar: Working days; the default is the policy's country's.
        spill: Folder for temporary files of very large plans; None keeps all in memory.

    Raises:
        ConfigError: The dunning day lies before as_of.
        DataError: An input lacks a column, or repeats a customer or bill.
    """
    day = dunning_on or as_of
    if day < as_of:
        raise ConfigError(
            f"dunning day: {day} lies before as_of {as_of}; contacts cannot be made in the past."
            " Give a later day."
        )
    calendar = calendar or Calendar(country=policy.country)
    start = calendar.next_working_day(day)
    with connect(memory_limit=MEMORY, spill=spill) as connection:
        register(connection, inputs)
        judge(connection, policy, day=day, start=start, notices=inputs.notices is not None)
        choose(connection)
        place(connection, policy, start=start, calendar=calendar)
        rank(connection)
        return Plan(
            table=to_arrow(connection, _rows(policy, day=day)),
            rules=rules_table(connection, policy),
            cut_offs=cut_offs(connection, policy),
            yields=marginal_yields(connection, policy),
            as_of=as_of,
            dunning_on=day,
            start_on=start,
        )


def rank(connection: Connection) -> None:
    """Make the table ``ranked``: the contacts in order, and each owner's in one stretch."""
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE ranked AS
        WITH place AS (
            SELECT customer_id, owner_role, owner_id,
                row_number() OVER (ORDER BY {RANKING}) AS priority_rank
            FROM placed WHERE method <> '')
        SELECT p.customer_id, priority_rank,
            row_number() OVER (ORDER BY best, owner_role, owner_id, priority_rank) AS work_rank
        FROM place AS p JOIN (
            SELECT owner_role, owner_id, min(priority_rank) AS best FROM place GROUP BY ALL
        ) AS o USING (owner_role, owner_id)""")


def _rows(policy: Policy, *, day: date) -> str:
    labels = ", ".join(f"CASE WHEN a.{label} THEN '{label}' END" for label in LABELS)
    made = "coalesce(p.method, '') <> ''"
    no_method_left = "c.may AND p.method = ''"
    return f"""
        SELECT c.customer_id, CASE WHEN {made} THEN 'contact' ELSE 'none' END AS outcome,
            CASE WHEN c.round BETWEEN 1 AND 4 THEN c.round END AS round,
            nullif(p.method, '') AS method,
            CASE WHEN {made} THEN first.worked_on END AS earliest_on,
            CASE WHEN {made} THEN last.worked_on END AS latest_on,
            CASE WHEN {made} THEN p.owner_role END AS owner_role,
            CASE WHEN {made} THEN p.owner_id END AS owner_id,
            CASE WHEN {made} THEN 'r' || c.round || '_' || p.method END AS template,
            CASE WHEN {made} THEN CAST(c.priority AS INTEGER) END AS priority_class,
            CAST(r.priority_rank AS INTEGER) AS priority_rank,
            CAST(r.work_rank AS INTEGER) AS work_rank,
            CASE WHEN {no_method_left} THEN 'CAPACITY' ELSE v.winner END AS rule, v.rules,
            CASE WHEN {no_method_left} THEN 'capacity' ELSE v.reason END AS why_not,
            CASE WHEN v.waits THEN c.next_on END AS next_on,
            coalesce(p.cut, []) AS cut, c.bill_id, c.bills, c.open_fen,
            c.late_fen AS expected_late_fen, c.oldest_due_on,
            CAST(coalesce(greatest(DATE '{day}' - c.oldest_due_on, 0), 0) AS INTEGER) AS dpd,
            a.tier, list_filter([{labels}], lambda label: label IS NOT NULL) AS labels, v.advice,
            CASE WHEN list_contains(v.advice, 'top_up') THEN
                (a.mean_monthly_cost_fen * {policy.advice_percent} + 99) // 100 END AS advice_fen,
            v.tasks, a.org_id, a.grid_id, a.manager_id, a.agent_id,
            coalesce(v.reason = {text("hold_out")}, false) AS held_out
        FROM chosen AS c JOIN verdict AS v USING (verdict) JOIN account AS a USING (customer_id)
        LEFT JOIN placed AS p USING (customer_id) LEFT JOIN ranked AS r USING (customer_id)
        LEFT JOIN worked AS first ON first.place = p.slot
        LEFT JOIN worked AS last
            ON last.place = least(p.slot + {policy.contact_days - 1}, p.last_slot)
        ORDER BY c.customer_id"""
