"""The fourteen portraits of a customer, each one value (requirements.md 1.2.1).

``sql`` is a condition over the customer's row of ``collection/facts``; ``{habit.count}`` and the
like stand for the Readings. ``grounds`` tells what a portrait rests on: one row a customer
(tables of a bucket are described at the head of each module of collection/facts).
"""

from dataclasses import dataclass
from typing import Literal

from collection.portraits.readings import Readings
from features.declare import Text

Kind = Literal["fact", "habit", "response", "wish"]


@dataclass(frozen=True, kw_only=True)
class Portrait:
    """One label.

    Attributes:
        kind: A fact, a habit, a response to contacts, or a wish that the customer stated.
        sql: When it holds.
        grounds: Query for customer, since (when it became true or was stated), source (id of
            the contact, bill, payment or event), recorded_by, expires_on (the last day it holds
            if nothing new happens; null is open-ended) and evidence.
        settings: The Readings that bear on it.
    """

    id: str
    text: Text
    kind: Kind
    sql: str
    grounds: str
    settings: tuple[str, ...] = ()

    def sql_for(self, readings: Readings) -> str:
        """Return the condition under these readings."""
        return self.sql.format(**dict(readings))

    def grounds_for(self, readings: Readings) -> str:
        """Return the query for the grounds under these readings."""
        return self.grounds.format(**dict(readings))


def _settle_habit(label: str, text: Text, part: str, where: str) -> Portrait:
    """The settlement that made up the number is what the habit stands on."""
    return Portrait(
        id=label,
        text=text,
        kind="habit",
        settings=("habit",),
        sql=f"settle_day_{part} >= {{habit.count}}",
        grounds=f"""
        SELECT b.customer, CAST(cleared_on AS TIMESTAMP) AS since, bill_id AS source,
            NULL AS recorded_by, NULL AS expires_on,
            'settled_{part}=' || settle_day_{part} || ' of ' || settled_6 AS evidence
        FROM bill AS b JOIN known USING (customer)
        WHERE outcome_k <= {{habit.cycles}} AND {where}
        QUALIFY row_number() OVER (PARTITION BY b.customer ORDER BY bill) = {{habit.count}}""",
    )


def _answered(label: str, text: Text, responded: str, since: str) -> Portrait:
    return Portrait(
        id=label,
        text=text,
        kind="response",
        settings=("response",),
        sql=responded,
        grounds=f"""
        SELECT customer, {since} AS since, contact_id AS source, recorded_by,
            NULL AS expires_on, 'method=' || method || coalesce(' minutes='
            || date_diff('minute', contacted_at, next_paid_at), '') AS evidence
        FROM response""",
    )


def _wish(label: str, text: Text, sql: str, request: str) -> Portrait:
    """Who stated it, when, by which channel and until when, as a wish must carry."""
    return Portrait(
        id=label,
        text=text,
        kind="wish",
        sql=sql,
        grounds=f"""
        SELECT customer, stated_at AS since, contact_id AS source, recorded_by,
            until AS expires_on, 'method=' || method AS evidence
        FROM wish WHERE request = '{request}'""",
    )


def _changed(label: str, text: Text, sql: str, change: str) -> Portrait:
    return Portrait(
        id=label,
        text=text,
        kind="fact",
        settings=("contact_change_days",),
        sql=sql,
        grounds=f"""
        SELECT customer, contacted_at AS since, contact_id AS source, recorded_by,
            until AS expires_on, 'method=' || method AS evidence
        FROM changed WHERE contact_change = '{change}'""",
    )


PORTRAITS = (
    Portrait(
        id="L01",
        text=Text(zh="电费发行异常", en="Abnormal issue this month"),
        kind="fact",
        settings=("abnormal",),
        sql="abnormal",
        grounds="""
        SELECT customer, CAST(min(on_day) AS TIMESTAMP) AS since,
            arg_min(source, (on_day, what, source)) AS source, NULL AS recorded_by,
            last_day($as_of) AS expires_on,
            'kinds=' || string_agg(DISTINCT what, ',' ORDER BY what) AS evidence
        FROM abnormal GROUP BY customer""",
    ),
    Portrait(
        id="L02",
        text=Text(zh="多次欠费", en="Repeatedly in arrears"),
        kind="fact",
        settings=("repeat_arrears",),
        sql="overdue_6m >= {repeat_arrears.count}",
        # It holds until the bill that makes up the number is so many months past.
        grounds="""
        SELECT customer, CAST(oldest.due_on + 1 AS TIMESTAMP) AS since,
            oldest.bill_id AS source, NULL AS recorded_by,
            CASE WHEN by_months THEN CAST(newest.due_on + INTERVAL {repeat_arrears.months} MONTH
                AS DATE) - CAST(day(newest.due_on + INTERVAL {repeat_arrears.months} MONTH)
                = day(newest.due_on) AS INTEGER) END AS expires_on,
            'overdue=' || overdue_6m AS evidence
        FROM (
            SELECT b.customer, overdue_6m, by_months,
                list({{'due_on': due_on, 'bill_id': bill_id}} ORDER BY due_on, bill)
                    AS overdue_bills,
                overdue_bills[{repeat_arrears.count}] AS oldest,
                overdue_bills[-{repeat_arrears.count}] AS newest
            FROM bill AS b JOIN (
                SELECT *, '{repeat_arrears.bimonthly}' = 'months' OR billing_months <> 2
                    AS by_months FROM known WHERE L02) USING (customer)
            WHERE late = 1 AND CASE WHEN by_months
                THEN due_on > $as_of - INTERVAL {repeat_arrears.months} MONTH
                ELSE outcome_k <= {repeat_arrears.months} END
            GROUP BY b.customer, overdue_6m, by_months)""",
    ),
    Portrait(
        id="L03",
        text=Text(zh="无固定缴费渠道", en="No fixed payment channel"),
        kind="habit",
        settings=("channels",),
        sql="channels_6 >= {channels.count}",
        grounds="""
        SELECT customer, first_at AS since, payment_id AS source, NULL AS recorded_by,
            NULL AS expires_on, 'channels=' || channels_6 AS evidence
        FROM channel_use JOIN known USING (customer)
        QUALIFY row_number() OVER (PARTITION BY customer ORDER BY place) = {channels.count}""",
    ),
    _settle_habit(
        "L04",
        Text(zh="结清习惯月初", en="Settles early in the month"),
        "early",
        "day(cleared_on) <= {habit.early_to}",
    ),
    _settle_habit(
        "L05",
        Text(zh="结清习惯月中", en="Settles in the middle of the month"),
        "mid",
        "day(cleared_on) > {habit.early_to} AND day(cleared_on) <= {habit.mid_to}",
    ),
    _settle_habit(
        "L06",
        Text(zh="结清习惯月末", en="Settles late in the month"),
        "late",
        "day(cleared_on) > {habit.mid_to}",
    ),
    _answered("L07", Text(zh="催费敏感", en="Answers reminders"), "responded", "next_paid_at"),
    _answered(
        "L08",
        Text(zh="催费不敏感", en="Does not answer reminders"),
        "NOT responded",
        "contacted_at + INTERVAL {response.hours} HOUR",
    ),
    Portrait(
        id="L09",
        text=Text(zh="小额多次缴费", en="Tops up little and often"),
        kind="habit",
        settings=("small_topup",),
        sql="small_topup",
        grounds="""
        SELECT customer, topped_at AS since, payment_id AS source, NULL AS recorded_by,
            NULL AS expires_on, 'topups=' || topups || ' ratio=' || topup_ratio AS evidence
        FROM prepaid_counts""",
    ),
    _wish("L10", Text(zh="催费反感", en="Wants no reminders"), "no_dunning", "no_dunning"),
    _wish("L11", Text(zh="电话催费反感", en="Wants no calls"), "no_phone", "no_phone"),
    _wish(
        "L12",
        Text(zh="拒绝当月催费", en="Wants no reminders this cycle"),
        "not_this_cycle_until IS NOT NULL",
        "not_this_cycle",
    ),
    _changed(
        "L13",
        Text(zh="联系信息更新", en="Contact corrected and verified"),
        "contact_updated",
        "updated",
    ),
    _changed(
        "L14",
        Text(zh="联系信息新增", en="Contact added and verified"),
        "contact_added",
        "added",
    ),
)
