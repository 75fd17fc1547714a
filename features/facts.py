"""What was known at as_of, as named fact views: the one door through which features see data.

Each view is a common table expression over one bucket of a staged store, cut at ``known_at <
as_of`` by its table. No other module reads a store for features, so nothing can look ahead.

- ``bill_facts``: one row a bill of the present owner, issued and not cancelled before as_of;
- ``outcome_facts``: those whose outcome is known, settled or past due (L03-L06: last_cycles
  leaves out the current bill while it is neither);
- ``payment_facts``: one row a payment or failed debit posted before as_of;
- ``contact_facts``: one row a contact made before as_of, with the next payment after it;
- ``balance_facts``: one row a day of a prepaid customer's balance, known the day after;
- ``cut_facts``: one row a cut of supply that began before as_of;
- ``scored``: one row a bill open at as_of, or a prepaid customer, with the attributes in force;
- ``other_facts``: one row a pair of a scored bill and another known bill of its customer.

In each, ``k`` counts back from the newest row (1), in ``other_facts`` from the scored bill, and
``on_day`` is the day that months are counted by.
"""

from collections.abc import Mapping
from datetime import date
from typing import Protocol

from contract.engine import name
from features.calendar import festival_distance, rest_day
from features.declare import Scored

# EWMA weights: 0.8 a bill, as whole numbers so that sums are exact (design.md 2.3).
EWMA_DECAY = 0.8
EWMA_SCALE = 1 << 20
NEAR_DUE_DAYS = 2  # domain.md 4.1: the deadline spike is the last two days
LIVE_DAYS = 31  # a prepaid customer without a known balance for a month is not scored
POSTING_LAG_DAYS = 3  # domain.md 4.1: third parties post one to three days later


class Source(Protocol):
    """Where a bucket's tables are read: a staged store, or memory (features/held.py)."""

    @property
    def bill_extras(self) -> Mapping[str, str]:
        """Extra columns of bills and what they hold."""

    @property
    def customer_extras(self) -> Mapping[str, str]:
        """Extra columns of customers and what they hold."""

    def scan(self, table: str, bucket: int, /) -> str:
        """Return the FROM expression that reads one table of one bucket."""


def day(value: date) -> str:
    """Return a day as a SQL literal."""
    return f"DATE '{value.isoformat()}'"


def with_facts(
    source: Source, bucket: int, as_of: date, query: str, *, scored: Scored = "bill"
) -> str:
    """Return a query over the fact views as one statement; ``$as_of`` in it is the day."""
    views = fact_views(source, bucket, as_of, scored)
    return f"WITH {views}\n{query}".replace("$as_of", day(as_of))


def fact_views(source: Source, bucket: int, as_of: date, scored: Scored = "bill") -> str:
    """Return the fact views of one bucket as the body of a WITH clause, ``$as_of`` in them.

    What the calendar says is that of the year of as_of.
    """
    views = {
        "owner": _owner(source, bucket),
        "known_bill": _known_bill(source, bucket),
        "bill_name": _bill_name(source, bucket),
        "bill_facts": _BILL_FACTS,
        "outcome_facts": _OUTCOME_FACTS,
        "known_payment": _known_payment(source, bucket),
        "payment_facts": _PAYMENT_FACTS,
        "contact_facts": _contact_facts(source, bucket),
        "balance_facts": _balance_facts(source, bucket),
        "cut_facts": _cut_facts(source, bucket),
        "customer": _customer(source, bucket),
        "scored": (_scored_bill if scored == "bill" else _scored_prepaid)(source, as_of),
        "other_facts": _OTHER_FACTS,
    }
    return ",\n".join(f"{view} AS ({body})" for view, body in views.items())


def _owner(source: Source, bucket: int) -> str:
    """After an ownership transfer the customer's history starts anew (contract.md, events)."""
    return f"""
    SELECT customer, max(happened_on) AS since
    FROM {source.scan("events", bucket)}
    WHERE kind = 'ownership_transfer' AND happened_on < $as_of
    GROUP BY customer"""


def _known_bill(source: Source, bucket: int) -> str:
    extras = "".join(f", {name(column)}" for column in source.bill_extras)
    return f"""
    SELECT customer_id, bill_id, cycle, issued_on, due_on, kwh, kind{extras},
        amount_fen, paid_fen, paid_by_due_fen, payments,
        greatest(amount_fen - paid_fen, 0) AS open_fen,
        CAST(cleared_at AS DATE) AS cleared_on,
        cleared_at IS NULL AS is_open,
        hold <> 'none' AND coalesce(hold_from_on, issued_on) < $as_of
            AND (hold_to_on IS NULL OR hold_to_on >= $as_of) AS held,
        hold = 'disputed' AND coalesce(hold_from_on, issued_on) < $as_of AS disputed,
        cleared_at IS NULL AND due_on < $as_of AS is_overdue,
        CASE WHEN CAST(cleared_at AS DATE) > due_on THEN 1
             WHEN cleared_at IS NOT NULL THEN 0
             WHEN due_on < $as_of THEN 1 END AS late, customer, bill
    FROM {source.scan("bill_history", bucket)}
    LEFT JOIN owner USING (customer)
    WHERE known_from < $as_of AND (known_to IS NULL OR known_to >= $as_of)
        AND (cancelled_on IS NULL OR cancelled_on >= $as_of)
        AND amount_fen > 0
        AND (since IS NULL OR issued_on >= since)"""


def _bill_name(source: Source, bucket: int) -> str:
    """The ids of the bills that are open, apart, so that sorting need not move them."""
    return f"""
    SELECT bill, customer_id, bill_id FROM {source.scan("bill_history", bucket)}
    WHERE known_from < $as_of AND (known_to IS NULL OR known_to >= $as_of)
        AND cleared_at IS NULL"""


# Both counts in one window, for a window sorts all bills: the bill's place, and its place among
# those with an outcome.
_BILL_FACTS = """
    SELECT *, issued_on AS on_day, row_number() OVER newest_first AS k,
        count(late) OVER newest_first AS outcome_k
    FROM known_bill
    WINDOW newest_first AS (
        PARTITION BY customer ORDER BY bill DESC
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)"""

_OUTCOME_FACTS = f"""
    SELECT *,
        coalesce(cleared_on, $as_of) - issued_on AS settle_days,
        due_on - coalesce(cleared_on, $as_of) AS slack_days,
        greatest(coalesce(cleared_on, $as_of) - due_on, 0) AS days_late,
        due_on - issued_on AS term_days,
        is_open OR cleared_on > due_on OR due_on - cleared_on < {NEAR_DUE_DAYS} AS near_due,
        day(coalesce(cleared_on, $as_of)) AS settle_day,
        due_on < $as_of - {POSTING_LAG_DAYS} AS mature,
        least(cleared_on, due_on + 1) AS on_day,
        CASE WHEN k <= 24 THEN
            CAST(round({EWMA_SCALE} * pow({EWMA_DECAY}, k - 1)) AS BIGINT) ELSE 0 END AS weight
    FROM (
        SELECT * EXCLUDE (k, on_day, outcome_k), outcome_k AS k
        FROM bill_facts WHERE late IS NOT NULL)"""


_OTHER_FACTS = """
    SELECT scored.bill_id, scored.cycle - other.cycle AS cycles_before, other.amount_fen,
        scored.amount_fen AS own_fen, other.kwh, other.late, other.issued_on AS on_day,
        CASE WHEN other.k > scored.k THEN other.k - scored.k END AS k, scored.bill
    FROM scored JOIN bill_facts AS other USING (customer)
    WHERE other.k <> scored.k"""


def _known_payment(source: Source, bucket: int) -> str:
    return f"""
    SELECT customer, place, reverses, customer_id, paid_at, amount, channel, outcome
    FROM {source.scan("payments", bucket)}
    LEFT JOIN owner USING (customer)
    WHERE posted_at < $as_of AND (since IS NULL OR paid_at >= since)"""


_PAYMENT_FACTS = """
    SELECT customer_id, CAST(amount * 100 AS BIGINT) AS amount_fen, channel, k,
        CAST(paid_at AS DATE) AS on_day, outcome = 'failed' AS failed,
        amount < 0 AS reversal, outcome = 'ok' AND amount > 0 AS paid,
        channel <> channel_before AS switched, customer
    FROM (
        SELECT *, row_number() OVER newest_first AS k, lead(channel) OVER newest_first
            AS channel_before
        FROM known_payment ANTI JOIN (
            SELECT reverses AS place FROM known_payment WHERE reverses IS NOT NULL
        ) AS undone USING (place)
        WINDOW newest_first AS (
            PARTITION BY customer, outcome = 'ok' AND amount > 0 ORDER BY place DESC))"""


def _contact_facts(source: Source, bucket: int) -> str:
    # L07: an answer is a payment within 48 hours after a successful contact; before the two
    # days are over an unanswered contact says nothing yet.
    return f"""
    SELECT contact.customer_id, contact.bill_id, contact.promised_on,
        CAST(contacted_at AS DATE) AS on_day,
        outcome IN ('delivered', 'answered', 'promised') AS reached,
        outcome = 'promised' AS promised, outcome = 'refused' AS refused,
        CASE WHEN outcome NOT IN ('delivered', 'answered', 'promised') THEN NULL
             WHEN next_paid_at <= contacted_at + INTERVAL 48 HOUR THEN 1
             WHEN contacted_at + INTERVAL 48 HOUR <= $as_of THEN 0 END AS answered_48h,
        CASE WHEN promised_on IS NULL THEN NULL
             WHEN CAST(next_paid_at AS DATE) <= promised_on THEN 1
             WHEN promised_on < $as_of THEN 0 END AS promise_kept,
        row_number() OVER (
            PARTITION BY contact.customer ORDER BY contact.place DESC) AS k,
        contact.customer
    FROM (
        SELECT contact.*, paid_at AS next_paid_at
        FROM (
            SELECT made.* FROM {source.scan("contacts", bucket)} AS made
            LEFT JOIN owner USING (customer)
            WHERE contacted_at < $as_of AND (since IS NULL OR contacted_at >= since)
                AND assigned IS DISTINCT FROM 'holdout'  -- held out: nobody was contacted
        ) AS contact
        ASOF LEFT JOIN (
            SELECT customer, paid_at
            FROM known_payment SEMI JOIN {source.scan("contacts", bucket)} USING (customer)
            WHERE outcome = 'ok' AND amount > 0
        ) AS next_payment
        ON contact.customer = next_payment.customer
            AND contact.contacted_at < next_payment.paid_at
    ) AS contact"""


def _balance_facts(source: Source, bucket: int) -> str:
    # A day's balance is known at the end of the day, which is when the next begins.
    return f"""
    SELECT customer_id, "on" AS on_day, CAST(balance * 100 AS BIGINT) AS balance_fen,
        CAST(cost * 100 AS BIGINT) AS cost_fen,
        row_number() OVER (PARTITION BY customer ORDER BY place DESC) AS k, customer
    FROM {source.scan("balances", bucket)}
    LEFT JOIN owner USING (customer)
    WHERE "on" + 1 < $as_of AND (since IS NULL OR "on" >= since)"""


def _cut_facts(source: Source, bucket: int) -> str:
    return f"""
    SELECT customer_id, CAST(disconnected_at AS DATE) AS on_day, reason,
        reconnected_at IS NULL OR reconnected_at >= $as_of AS is_off,
        date_diff('minute', disconnected_at, CASE WHEN reconnected_at < $as_of
            THEN reconnected_at ELSE CAST($as_of AS TIMESTAMP) END) AS minutes_off,
        row_number() OVER (PARTITION BY customer ORDER BY place DESC) AS k, customer
    FROM {source.scan("disconnections", bucket)}
    LEFT JOIN owner USING (customer)
    WHERE disconnected_at < $as_of AND (since IS NULL OR disconnected_at >= since)"""


def _customer(source: Source, bucket: int) -> str:
    """Attributes change over time; the row in force before as_of is the one used."""
    return f"""
    SELECT c.*, since FROM {source.scan("customers", bucket)} AS c
    LEFT JOIN owner USING (customer)
    WHERE valid_from < $as_of
    QUALIFY row_number() OVER (PARTITION BY customer ORDER BY valid_from DESC) = 1"""


def _scored_bill(source: Source, as_of: date) -> str:
    bill_extras = "".join(f", b.{name(column)}" for column in source.bill_extras)
    return f"""
    SELECT b.customer, b.bill, n.customer_id, n.bill_id, b.cycle, b.issued_on, b.due_on, b.kind,
        b.kwh, b.k,
        b.amount_fen, b.paid_fen, b.open_fen, b.is_overdue, b.issued_on AS on_day,
        $as_of AS as_of, $as_of - b.issued_on AS age_days, b.due_on - $as_of AS days_to_due,
        b.due_on - b.issued_on AS term_days, {festival_distance(as_of)} AS festival_days,
        {rest_day(as_of)} AS due_on_rest_day, {_attributes(source)}{bill_extras}
    FROM bill_facts AS b LEFT JOIN customer AS c USING (customer)
    LEFT JOIN bill_name AS n USING (bill)
    WHERE b.is_open AND b.kind <> 'refund'"""


def _scored_prepaid(source: Source, as_of: date) -> str:
    """A prepaid customer counts while its days of balance come in; it has no bill to speak of."""
    return f"""
    FROM ({_scored_bill(source, as_of)}) WHERE false
    UNION ALL BY NAME
    SELECT customer, customer_id, $as_of AS as_of, {_attributes(source)}
    FROM customer AS c SEMI JOIN (
        FROM balance_facts WHERE on_day >= $as_of - {LIVE_DAYS}) AS live USING (customer)
    WHERE billing_mode = 'prepaid'"""


def _attributes(source: Source) -> str:
    extras = "".join(f", c.{name(column)}" for column in source.customer_extras)
    return f"""c.since, coalesce(c.since, c.opened_on) AS account_since,
        c.segment, c.voltage, c.pay_arrangement, c.billing_months, c.capacity_kva,
        c.urban_rural, c.grid_id, c.agent_id, c.newly_commissioned,
        c.resumed_after_arrears, c.dishonest_listed{extras}"""
