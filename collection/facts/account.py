"""One row a customer in force: attributes, what was counted, tier, exclusion and portraits.

Tables of one bucket, each one row a customer: ``counted`` puts together what the other modules
count; ``known`` adds what is derived from it.
"""

from collection.exclusion import Exclusion, candidate, excluded_why
from collection.portraits.catalogue import PORTRAITS
from collection.portraits.readings import Readings
from collection.tiers import TierDays, customer_tier
from contract.tables import CUSTOMERS

_FLAGS = tuple(column.name for column in CUSTOMERS.columns if column.kind == "bool")
_ATTRIBUTES = (
    *("segment", "voltage", "billing_mode", "pay_arrangement", "billing_months", "capacity_kva"),
    *("tariff", "industry", "urban_rural", "org_id", "grid_id", "manager_id", "agent_id"),
    "opened_on",
)
_COUNTS = (
    *("bills_open", "settled_6", "settle_day_early", "settle_day_mid", "settle_day_late"),
    *("settle_after_15", "late_6", "overdue_in_months", "overdue_in_cycles", "bills_known"),
    *("dpd", "aged_days", "bills_disputed", "bills_in_transit"),
)
_SUMS = ("open_fen", "overdue_fen")
_PREPAID = (
    *("balance_fen", "below_zero_on", "daily_cost_fen", "days_left", "topups_3m", "mean_topup_fen"),
    "mean_monthly_cost_fen",
)
COLUMNS = (
    "customer_id",
    *_ATTRIBUTES,
    "closed_on",
    *_FLAGS,
    *("since_on", "bills_open", "open_fen", "overdue_fen", "oldest_due_on", "dpd", "aged_days"),
    *("bills_disputed", "bills_in_transit", "credit_fen", "settled_6", "settle_day_early"),
    *("settle_day_mid", "settle_day_late", "settle_after_15", "late_6", "overdue_6m"),
    *("channels_6", "bills_known", "last_settle_tier", "tier", "quality", "debit"),
    *("failed_debit", "excluded", "excluded_why", "candidate"),
    *(portrait.id for portrait in PORTRAITS),
    *("primary_habit", "reference_contact_at", "responded", "last_contacted_at", "no_dunning"),
    *("no_phone", "not_this_cycle_until", "phone_wrong"),
    *_PREPAID,
    "is_off",
)


# Every account with what the other modules count of it.
_JOINED = """customer AS c
    LEFT JOIN ended USING (customer)
    LEFT JOIN bill_counts USING (customer)
    LEFT JOIN (SELECT customer, max(on_day) AS failed_on FROM failed GROUP BY customer)
        USING (customer)
    LEFT JOIN (SELECT customer, count(*) AS channels FROM channel_use GROUP BY customer)
        USING (customer)
    LEFT JOIN (SELECT customer, count(*) AS oddities FROM abnormal GROUP BY customer)
        USING (customer)
    LEFT JOIN ledger USING (customer)
    LEFT JOIN response AS r USING (customer)
    LEFT JOIN contact_counts USING (customer)
    LEFT JOIN (
        SELECT customer, count_if(request = 'no_dunning') > 0 AS wishes_no_dunning,
            count_if(request = 'no_phone') > 0 AS wishes_no_phone,
            max(until) FILTER (request = 'not_this_cycle') AS not_this_cycle_until
        FROM wish GROUP BY customer) AS wishes USING (customer)
    LEFT JOIN (
        SELECT customer, count_if(contact_change = 'updated') > 0 AS contact_updated,
            count_if(contact_change = 'added') > 0 AS contact_added
        FROM changed GROUP BY customer) AS changes USING (customer)
    LEFT JOIN prepaid_counts USING (customer)
    LEFT JOIN (SELECT customer, is_off FROM cut_facts WHERE k = 1) USING (customer)"""


def tables(readings: Readings, tiers: TierDays, exclusion: Exclusion) -> dict[str, str]:
    """Return the queries of these tables, in the order in which they are made."""
    return {
        "counted": _counted(exclusion),
        "known": _known(readings, tiers, exclusion),
    }


def columns() -> str:
    """Return the query of the account table."""
    return f"SELECT {', '.join(COLUMNS)} FROM known ORDER BY customer_id"


def _counted(exclusion: Exclusion) -> str:
    attributes = ", ".join(f"c.{column}" for column in _ATTRIBUTES)
    flags = ", ".join(f"coalesce(c.{flag}, false) AS {flag}" for flag in _FLAGS)
    counts = ", ".join(f"CAST(coalesce({count}, 0) AS INTEGER) AS {count}" for count in _COUNTS)
    sums = ", ".join(f"CAST(coalesce({fen}, 0) AS BIGINT) AS {fen}" for fen in _SUMS)
    return f"""
    SELECT c.customer, c.customer_id, {attributes}, ended.closed_on, {flags},
        coalesce(c.since, c.opened_on) AS since_on, {counts}, {sums}, oldest_due_on,
        coalesce(quality, false) AS quality, pay_arrangement <> 'none' AS debit,
        coalesce(failed_on >= CASE
            WHEN bills_known IS NULL
                THEN $as_of - INTERVAL {exclusion.failed_debit_cycles} MONTH
            ELSE coalesce(debits_from, DATE '0001-01-01') END
            AND {exclusion.failed_debit_cycles} > 0, false) AS failed_debit,
        median_position, last_position, worst_position, last_settle_tier,
        newest_early, newest_mid, newest_late,
        CAST(coalesce(channels, 0) AS INTEGER) AS channels_6, oddities IS NOT NULL AS abnormal,
        CAST(CASE WHEN billing_mode = 'prepaid' THEN 0 ELSE coalesce(ledger.fen, 0) END AS BIGINT)
            AS credit_fen,
        r.contacted_at AS reference_contact_at, r.responded,
        last_contacted_at, coalesce(phone_wrong, false) AS phone_wrong,
        wishes.* EXCLUDE (customer), changes.* EXCLUDE (customer),
        balance_fen, below_zero_on, daily_cost_fen, days_left, CAST(topups AS INTEGER) AS topups_3m,
        mean_topup_fen, mean_monthly_cost_fen, coalesce(small_topup, false) AS small_topup,
        coalesce(is_off, false) AS is_off
    FROM {_JOINED}
    WHERE ended.closed_on IS NULL OR bills_open > 0"""


def _known(readings: Readings, tiers: TierDays, exclusion: Exclusion) -> str:
    labels = ", ".join(
        f"coalesce({portrait.sql_for(readings)}, false) AS {portrait.id}" for portrait in PORTRAITS
    )
    overdue = "overdue_in_months"
    if readings.repeat_arrears.bimonthly == "cycles":
        overdue = f"CASE WHEN billing_months = 2 THEN overdue_in_cycles ELSE {overdue} END"
    return f"""
    SELECT *, {candidate(exclusion)} AS candidate, {labels}
    FROM (
        SELECT *, {overdue} AS overdue_6m, {excluded_why(exclusion)} AS excluded_why,
            excluded_why <> '' AS excluded, {customer_tier(tiers)} AS tier,
            coalesce(wishes_no_dunning, false) AS no_dunning,
            coalesce(wishes_no_phone, false) AS no_phone,
            {_primary_habit(readings.habit.count)} AS primary_habit
        FROM counted)"""


def _primary_habit(count: int) -> str:
    """C-14: of the parts of the month that are a habit the most frequent, then the newest."""
    parts = ("early", "mid", "late")
    rank = {part: f"(settle_day_{part}, newest_{part})" for part in parts}
    cases = " ".join(
        f"WHEN settle_day_{part} >= {count}"
        + "".join(f" AND {rank[part]} >= {rank[other]}" for other in parts if other != part)
        + f" THEN '{part}'"
        for part in parts
    )
    return f"CASE {cases} END"
