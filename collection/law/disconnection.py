"""What must be so before a person may consider a cut of supply, bill by bill, with its dates.

Nothing here recommends, schedules or performs one. The result says of each overdue bill which
conditions are met and since when, what is lacking, and which written notices a person may
prepare; a bill that meets all is one that a person may review (domain 2.1, C-19, T20).
"""

from datetime import date
from typing import Literal

import pyarrow as pa

from collection.law.load import in_force
from collection.law.model import Disconnection, Law
from collection.law.no_cut import free_days
from contract.engine import Connection, connect, text, to_arrow

# What must be so before a person reviews a bill, in the order in which it is told.
CONDITIONS = (
    "overdue",  # overdue by more days than the law says
    "waited",  # the months since issue have passed
    "dunned",  # the customer was reached, or served a written notice, about this bill
    "notice",  # a written notice was served after due day and its window is open
    "unprotected",
    "unheld",  # neither disputed nor in transit
    "no_agent",  # no agent answers for the customer (R004-05)
    "plan_offered",
    "no_certificate",  # no medical certificate in force
    "free_day",  # no holiday, season or weather that keeps supply on
)
# What a person adds after the review; the software only shows whether it is recorded.
STEPS = ("second_notice", "approval")

# What persons record, apart from contacts: see collection.feedback. The last two meet no condition
# of a cut: that a notice may go out, and what was agreed with the customer instead.
RECORDS = (
    *("approval", "second_notice", "plan_offered", "medical_certificate"),
    *("notice_approval", "measures_agreed"),
)
RECORD_SCHEMA = pa.schema(
    [
        ("customer_id", pa.string()),
        ("bill_id", pa.string()),
        ("record", pa.string()),
        ("recorded_at", pa.timestamp("us")),
        ("recorded_by", pa.string()),
    ]
)
WEATHER_SCHEMA = pa.schema(
    [
        ("grid_id", pa.string()),
        ("on", pa.date32()),
        ("low_c", pa.float64()),
        ("high_c", pa.float64()),
    ]
)


def eligibility(
    account: pa.Table,
    open_bill: pa.Table,
    *,
    law: Law,
    as_of: date,
    records: pa.Table | None = None,
    weather: pa.Table | None = None,
) -> pa.Table:
    """Return for each overdue postpaid bill which conditions of a cut are met, and since when.

    Args:
        account: One row a customer: customer_id, segment, billing_mode, protected, agent_id,
            org_id, grid_id, manager_id.
        open_bill: One row a bill: customer_id, bill_id, issued_on, due_on, open_fen, hold,
            hold_to_on, reached_at, notice_at, last_notice_at.
        law: The law; its version of as_of is applied.
        as_of: The day; contacts and records count when they were made before it.
        records: What persons recorded (RECORD_SCHEMA); an empty bill_id speaks of all bills.
        weather: Forecast lows and highs (WEATHER_SCHEMA). Where the law has a limit, a grid
            without a forecast for as_of keeps its supply.

    Returns:
        One row a bill by customer_id and bill_id: for each of CONDITIONS and STEPS whether it is
        met, and under ``<condition>_on`` the day since or from which, where there is one;
        ``for_review`` when every condition is met; ``lacking``, the names of conditions and steps
        that are not; ``first_eligible_on``, the first day on which all days and the notice in
        force allow a review, null when something other than time is lacking. It knows no
        weather.

    Raises:
        ConfigError: The law has no version for that day.
    """
    rule = in_force(law.disconnection, as_of, what="rule about disconnection")
    with connect() as connection:
        connection.register("account", account)
        connection.register("open_bill", open_bill)
        connection.register("records", RECORD_SCHEMA.empty_table() if records is None else records)
        connection.register("weather", WEATHER_SCHEMA.empty_table() if weather is None else weather)
        connection.execute(f"CREATE TABLE dated AS {_dated(law, rule, as_of)}")
        connection.register("free_day", _free_days(connection, rule, as_of))
        return to_arrow(connection, _judged(rule, as_of))


def notice_days(rule: Disconnection, bound: Literal["at_least", "at_most"]) -> str:
    """Return SQL for a bound of the notice in days, by class; null where there is none."""
    ours, others = (
        getattr(notice, bound).value for notice in (rule.residential_notice, rule.other_notice)
    )
    sides = ["NULL" if days is None else str(days) for days in (ours, others)]
    return f"CASE WHEN resident THEN {sides[0]} ELSE {sides[1]} END"


def _dated(law: Law, rule: Disconnection, as_of: date) -> str:
    """Return the query of the overdue bills with the day of each fact.

    Of the first and the newest notice after due day the first whose window is not over counts.
    """
    residents = ", ".join(text(segment) for segment in law.residential) or "NULL"
    day = f"DATE '{as_of}'"
    served = "CASE WHEN CAST({at} AS DATE) > due_on THEN CAST({at} AS DATE) END"
    return f"""
        WITH bill AS (
            SELECT b.* EXCLUDE (hold), coalesce(b.hold, 'none') AS hold, a.segment, a.org_id,
                a.grid_id, a.manager_id, a.agent_id, coalesce(a.protected, false) AS protected,
                coalesce(a.segment IN ({residents}), true) AS resident,
                {day} - b.due_on AS dpd_days
            FROM open_bill AS b LEFT JOIN account AS a USING (customer_id)
            WHERE b.open_fen > 0 AND b.due_on < {day}
                AND coalesce(a.billing_mode, 'postpaid') = 'postpaid'),
        served AS (
            SELECT *, {served.format(at="notice_at")} AS first_on,
                {served.format(at="last_notice_at")} AS last_on,
                {notice_days(rule, "at_least")} AS at_least,
                {notice_days(rule, "at_most")} AS at_most
            FROM bill),
        noticed AS (
            SELECT *, CASE
                WHEN first_on + coalesce(at_most, 100000) >= {day} THEN first_on
                ELSE coalesce(last_on, first_on) END AS served_on
            FROM served),
        recorded AS (
            SELECT customer_id, bill_id, record, CAST(max(recorded_at) AS DATE) AS on_day
            FROM records WHERE recorded_at < {day} GROUP BY ALL)
        SELECT n.customer_id, n.bill_id, segment, org_id, grid_id, manager_id, resident, protected,
            issued_on, due_on, dpd_days AS dpd, open_fen, agent_id, hold,
            due_on + {rule.overdue_more_than_days.value + 1} AS overdue_on,
            CAST(issued_on + INTERVAL {rule.months_since_issue.value} MONTH AS DATE) AS waited_on,
            CAST(least(reached_at, notice_at) AS DATE) AS dunned_on,
            served_on, served_on + at_least AS notice_on, served_on + at_most AS notice_until_on,
            CASE WHEN hold <> 'none' THEN hold_to_on + 1 END AS unheld_on,
            {_record("plan_offered")} AS plan_offered_on,
            {_record("medical_certificate", since="DATE '1900-01-01'")} AS certificate_on,
            greatest({_record("second_notice")},
                CASE WHEN last_on > served_on THEN last_on END) AS second_notice_on,
            {_record("approval")} AS approval_on
        FROM noticed AS n"""


def _record(record: str, *, since: str = "n.due_on") -> str:
    """Return SQL for the newest day on which a person recorded this of a bill since it was due."""
    return f"""(SELECT max(r.on_day) FROM recorded AS r
            WHERE r.customer_id = n.customer_id AND r.record = {text(record)}
                AND (r.bill_id IS NULL OR r.bill_id = n.bill_id) AND r.on_day > {since})"""


def _free_days(connection: Connection, rule: Disconnection, as_of: date) -> pa.Table:
    bounds = connection.execute(
        f"SELECT least(min({_EARLIEST}), DATE '{as_of}'), "
        f"greatest(max({_EARLIEST}), DATE '{as_of}') FROM dated"
    ).fetchall()
    first, last = bounds[0]
    return free_days(rule, first, last)


# The day by which time alone has done its part, null where a notice or a proof is lacking. A
# contact counts from the day after it.
_EARLIEST = """(CASE WHEN dunned_on IS NOT NULL AND notice_on IS NOT NULL
    THEN greatest(overdue_on, waited_on, dunned_on + 1, notice_on, unheld_on, plan_offered_on + 1)
    END)"""


def _judged(rule: Disconnection, as_of: date) -> str:
    day = f"DATE '{as_of}'"
    certificate = f"certificate_on + {rule.medical_certificate_days.value}"
    met = {
        "overdue": f"overdue_on <= {day}",
        "waited": f"waited_on <= {day}",
        "dunned": "dunned_on IS NOT NULL",
        "notice": f"coalesce({day} >= notice_on, false)"
        f" AND coalesce({day} <= notice_until_on, true)",
        "unprotected": _switched(rule.protected_blocks.value, "NOT d.protected"),
        "unheld": "hold = 'none'",
        "no_agent": "agent_id IS NULL",
        "plan_offered": _switched(rule.plan_offered_first.value, "plan_offered_on IS NOT NULL"),
        "no_certificate": f"coalesce({certificate} < {day}, true)"
        if rule.medical_certificate_days.value
        else "true",
        "free_day": f"today.free_on = {day} AND {_mild(rule)}",
        "second_notice": "second_notice_on IS NOT NULL",
        "approval": "approval_on IS NOT NULL",
    }
    judged = ",\n".join(f"coalesce({sql}, false) AS {name}" for name, sql in met.items())
    names = ", ".join(map(text, met))
    unmet = ", ".join(f"NOT {name}" for name in met)
    static = "unprotected AND no_agent AND plan_offered AND no_certificate AND dunned"
    return f"""
        WITH judged AS (
            SELECT d.* EXCLUDE (served_on, agent_id, hold, certificate_on), {judged},
                today.free_on AS free_day_on,
                CASE WHEN d.hold <> 'none' AND d.unheld_on IS NULL THEN NULL
                    WHEN notice_until_on < {day} THEN NULL
                    WHEN later.free_on <= coalesce(notice_until_on, later.free_on)
                        THEN later.free_on
                    END AS by_time_on
            FROM dated AS d
            LEFT JOIN free_day AS today ON today.day = {day} AND today.protected = d.protected
            LEFT JOIN free_day AS later ON later.day = {_EARLIEST} AND later.protected = d.protected
            LEFT JOIN weather AS w ON w.grid_id = d.grid_id AND w."on" = {day})
        SELECT * EXCLUDE (by_time_on), {" AND ".join(CONDITIONS)} AS for_review,
            list_where([{names}], [{unmet}]) AS lacking,
            CASE WHEN {static} THEN by_time_on END AS first_eligible_on
        FROM judged ORDER BY customer_id, bill_id"""


def _switched(on: bool, condition: str) -> str:  # noqa: FBT001 - a switch of the law
    return condition if on else "true"


def _mild(rule: Disconnection) -> str:
    """Return SQL for weather in which the law lets supply be cut; no forecast is not mild."""
    cold, hot = rule.colder_than_c.value, rule.hotter_than_c.value
    tests = [f"coalesce(w.low_c >= {cold}, false)"] if cold is not None else []
    tests += [f"coalesce(w.high_c <= {hot}, false)"] if hot is not None else []
    return " AND ".join(tests) or "true"
