"""Who gets the calls and visits there are: from the top of the ranking down to each limit.

A contact beyond a limit is made by the next method that its round and rules leave, and what took
it away is recorded; one that nothing is left for is no contact (T22). Limits are of one owner,
one grid and all, a working day each; a plan of several days fills them in order.
"""

from datetime import date

from collection.calendar import Calendar
from collection.policy.model import Limit, Owner, Policy
from collection.policy.rule import LADDER, Method
from contract.engine import Connection, text

# What goes first within a class before the amount; a smaller number goes first.
RESPONSE = "CASE WHEN a.L07 THEN 1 WHEN a.L08 THEN 3 ELSE 2 END"  # D7
HABIT = "CASE a.primary_habit WHEN 'early' THEN 1 WHEN 'mid' THEN 2 WHEN 'late' THEN 3 ELSE 4 END"

# The ranking: class, order within it, amount expected late, amount open; a visit goes by the
# amount alone (T21). The id makes it total.
RANKING = """priority, CASE WHEN method = 'visit' THEN 0 ELSE turn END,
    late_fen DESC, open_fen DESC, customer_id"""

_HORIZON_DAYS = 120  # the longest plan and its contact days, with every holiday between


def place(connection: Connection, policy: Policy, *, start: date, calendar: Calendar) -> None:
    """Make the table ``placed`` from ``chosen`` and ``verdict``: one row a customer to contact.

    Its columns: method (empty when no method is left), slot (the plan's working day, from 0), cut
    (the limits that took a method away, as ``phone:owner``), owner_role, owner_id, and those of
    the ranking. ``worked`` has the day of each slot.
    """
    connection.register("workday", calendar.places(start, _HORIZON_DAYS))
    connection.execute("""
        CREATE OR REPLACE TEMP TABLE worked AS
        SELECT place, worked_on FROM workday WHERE day = worked_on""")
    connection.execute(f"CREATE OR REPLACE TEMP TABLE placed AS {_wanted(policy)}")
    for method in LADDER:
        limit = policy.capacity.get(method)
        if limit is not None and limit != Limit():
            _cut(connection, policy, method, limit)
    role, id_ = (_by_method(policy, column) for column in ("role", "owner"))
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE placed AS
        SELECT *, {role} AS owner_role, {id_} AS owner_id FROM placed""")


def _wanted(policy: Policy) -> str:
    cases = " ".join(
        f"WHEN {priority} THEN {RESPONSE if by == 'response' else HABIT}"
        for priority, by in sorted(policy.order_within.items())
    )
    turn = f"CASE c.priority {cases} ELSE 0 END" if cases else "0"
    owners = ",\n".join(_owner(number, line) for number, line in enumerate(_lines(policy)))
    return f"""
        SELECT c.customer_id, c.priority, {turn} AS turn, c.late_fen, c.open_fen, v.chain,
            v.chain[1] AS method, 1 AS step, 0 AS slot, CAST([] AS VARCHAR[]) AS cut,
            coalesce(w.place, {_HORIZON_DAYS}) AS last_slot, a.grid_id, {owners}
        FROM chosen AS c JOIN verdict AS v USING (verdict) JOIN account AS a USING (customer_id)
        LEFT JOIN workday AS w ON w.day = c.closes_on
        WHERE c.may"""


def _lines(policy: Policy) -> list[tuple[Owner, ...]]:
    """Return the different lines of owners: most methods share theirs."""
    return list(dict.fromkeys(policy.owners[method] for method in LADDER))


def _owner(number: int, owners: tuple[Owner, ...]) -> str:
    """Return the columns of one line of owners: the first whose column is filled."""
    role, id_ = "", ""
    for owner in owners:
        segments = ", ".join(map(text, owner.segments))
        holds = f"a.{owner.by} IS NOT NULL"
        holds += f" AND a.segment IN ({segments})" if segments else ""
        role += f" WHEN {holds} THEN {text(owner.role)}"
        id_ += f" WHEN {holds} THEN a.{owner.by}"
    last = text(owners[-1].role)
    return f"CASE{role} ELSE {last} END AS role_{number}, CASE{id_} ELSE '' END AS owner_{number}"


def _by_method(policy: Policy, column: str) -> str:
    lines = _lines(policy)
    cases = (f"WHEN {text(m)} THEN {column}_{lines.index(policy.owners[m])}" for m in LADDER)
    return f"CASE method {' '.join(cases)} ELSE '' END"


def _cut(connection: Connection, policy: Policy, method: Method, limit: Limit) -> None:
    """Keep what fits of one method; move the rest one step down its chain.

    The limits are applied one after the other to what the one before left: a row that ranks
    lower never pushes out one that ranks higher.
    """
    line = _lines(policy).index(policy.owners[method])
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE fits AS
        WITH ranked AS (
            SELECT customer_id, last_slot, grid_id, {_slot(limit, line)} AS falls,
                row_number() OVER (ORDER BY {RANKING}) AS rank
            FROM placed WHERE method = {text(method)}),
        slotted AS (
            SELECT *, CASE WHEN falls >= {policy.days} OR falls > last_slot THEN {_first(limit)} END
                AS over FROM ranked),
        by_grid AS (
            SELECT * REPLACE (CASE WHEN over IS NULL AND {_beyond(limit.grid, "grid_id, falls")}
                THEN 'grid' ELSE over END AS over) FROM slotted),
        by_total AS (
            SELECT * REPLACE (CASE WHEN over IS NULL AND {_beyond(limit.total, "falls")}
                THEN 'total' ELSE over END AS over) FROM by_grid)
        SELECT customer_id, falls, over FROM by_total""")
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE placed AS
        SELECT p.* REPLACE (
            CASE WHEN over IS NULL THEN method ELSE coalesce(chain[step + 1], '') END AS method,
            CASE WHEN over IS NULL THEN step ELSE step + 1 END AS step,
            CASE WHEN over IS NULL THEN coalesce(falls, slot) ELSE 0 END AS slot,
            CASE WHEN over IS NULL THEN cut
                ELSE list_append(cut, {text(method)} || ':' || over) END AS cut)
        FROM placed AS p LEFT JOIN fits USING (customer_id)""")


def _first(limit: Limit) -> str:
    """Return the name of the limit that fills the days of a plan: the closest to the person."""
    names = (name for name in ("owner", "grid", "total") if getattr(limit, name) is not None)
    return text(next(names))


def _slot(limit: Limit, line: int) -> str:
    """Return the SQL of the plan's working day that a contact falls on, by the first limit."""
    if limit.owner is not None:
        within, size = f"PARTITION BY role_{line}, owner_{line}", limit.owner
    elif limit.grid is not None:
        within, size = "PARTITION BY grid_id", limit.grid
    else:
        within, size = "", limit.total or 0
    if size == 0:
        return str(_HORIZON_DAYS)
    return f"(row_number() OVER ({within} ORDER BY {RANKING}) - 1) // {size}"


def _beyond(size: int | None, within: str) -> str:
    if size is None:
        return "false"
    return f"row_number() OVER (PARTITION BY over IS NULL, {within} ORDER BY rank) > {size}"
