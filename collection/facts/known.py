"""What the fact views do not show, read from the staged tables under the same cut.

The one module of this package that scans staged tables itself; all else is asked of
``features.facts``. Each function returns the body of a common table expression in which
``known_at < $as_of`` holds by its table, and only the present owner's rows are (``owner``).

- ``made``: one row a contact or hold-out, with all that was said and by whom;
- ``paid``: one row a payment that came in and was not undone;
- ``failed``: one row a failed debit;
- ``holding``: one row a bill that was ever on hold, the hold's end only once it has come;
- ``unusual``: one row a bill of an abnormal kind or of no amount, which ``known_bill`` leaves out;
- ``filling``: one row a moment at which money came onto a bill;
- ``ledger``: one row a customer, money in and money on bills;
- ``happened``: one row an event of the account, the owner's taking over among them;
- ``ended``: one row a customer whose account was closed and not opened again.
"""

import re
from datetime import date

from contract.staging import Store
from features.facts import day, fact_views

_VERSION = """known_from < $as_of AND (known_to IS NULL OR known_to >= $as_of)
        AND (cancelled_on IS NULL OR cancelled_on >= $as_of)"""


# What of features.facts this package reads.
_FACT_VIEWS = ("known_bill", "balance_facts", "cut_facts", "customer")


def statement(store: Store, bucket: int, as_of: date, query: str) -> str:
    """Return a query over the fact views and those of this module as one statement.

    A query that reads tables alone goes without the views, whose parsing takes as long as it.
    """
    own = {
        "made": _made(store, bucket),
        "paid": _paid(store, bucket),
        "failed": _failed(store, bucket),
        "holding": _holding(store, bucket),
        "unusual": _unusual(store, bucket),
        "filling": _filling(store, bucket),
        "ledger": _ledger(store, bucket),
        "happened": _happened(store, bucket),
        "ended": _ENDED,
    }
    if not re.search(rf"\b(FROM|JOIN) ({'|'.join((*own, *_FACT_VIEWS))})\b", query):
        return query.replace("$as_of", day(as_of))
    views = ",\n".join(f"{view} AS ({body})" for view, body in own.items())
    facts = fact_views(store, bucket, as_of)
    return f"WITH {facts},\n{views}\n{query}".replace("$as_of", day(as_of))


def _made(store: Store, bucket: int) -> str:
    return f"""
    SELECT c.* EXCLUDE (customer_id, assigned, verified),
        coalesce(verified, false) AS verified,
        coalesce(assigned = 'holdout', false) AS held_out
    FROM {store.scan("contacts", bucket)} AS c LEFT JOIN owner USING (customer)
    WHERE contacted_at < $as_of AND (since IS NULL OR contacted_at >= since)"""


def _posted(store: Store, bucket: int) -> str:
    return f"""(
        SELECT p.*, since
        FROM {store.scan("payments", bucket)} AS p LEFT JOIN owner USING (customer)
        WHERE posted_at < $as_of AND (since IS NULL OR paid_at >= since))"""


def _paid(store: Store, bucket: int) -> str:
    """A reversal that names no payment undoes the newest one before it of the same amount."""
    posted = _posted(store, bucket)
    return f"""
    SELECT customer, place, payment_id, bill_id, paid_at, posted_at, channel,
        CAST(amount * 100 AS BIGINT) AS amount_fen
    FROM {posted} ANTI JOIN (
        SELECT reverses AS place FROM {posted} WHERE reverses IS NOT NULL
        UNION ALL
        SELECT undone.place
        FROM (FROM {posted} WHERE amount < 0 AND reverses_id IS NULL) AS reversal
        ASOF JOIN (FROM {posted} WHERE amount > 0 AND outcome = 'ok') AS undone
            ON reversal.customer = undone.customer AND -reversal.amount = undone.amount
            AND reversal.place > undone.place) USING (place)
    WHERE outcome = 'ok' AND amount > 0"""


def _failed(store: Store, bucket: int) -> str:
    return f"""
    SELECT customer, place, payment_id, CAST(paid_at AS DATE) AS on_day
    FROM {_posted(store, bucket)} WHERE outcome = 'failed'"""


def _holding(store: Store, bucket: int) -> str:
    return f"""
    SELECT bill, hold, coalesce(hold_from_on, issued_on) AS from_on,
        CASE WHEN hold_to_on < $as_of THEN hold_to_on END AS to_on
    FROM {store.scan("bill_history", bucket)}
    WHERE {_VERSION} AND hold <> 'none' AND coalesce(hold_from_on, issued_on) < $as_of"""


def _unusual(store: Store, bucket: int) -> str:
    return f"""
    SELECT customer, bill_id, kind, issued_on, amount_fen
    FROM {store.scan("bill_history", bucket)} LEFT JOIN owner USING (customer)
    WHERE {_VERSION} AND kind <> 'regular' AND (since IS NULL OR issued_on >= since)"""


def _filling(store: Store, bucket: int) -> str:
    return f"""
    SELECT customer, bill, known_from, issued_on
    FROM {store.scan("bill_history", bucket)}
    WHERE known_from < $as_of AND paid_fen > 0"""


def _ledger(store: Store, bucket: int) -> str:
    """A reversal without effect cannot make credit negative; a cancelled bill holds no money."""
    return f"""
    SELECT customer, sum(fen) AS fen
    FROM (
        SELECT customer, CAST(amount * 100 AS BIGINT) AS fen
        FROM {store.scan("payments", bucket)}
        WHERE posted_at < $as_of AND outcome = 'ok' AND customer IS NOT NULL
        UNION ALL
        SELECT customer, -paid_fen FROM {store.scan("bill_history", bucket)} WHERE {_VERSION})
    GROUP BY customer HAVING sum(fen) > 0"""


def _happened(store: Store, bucket: int) -> str:
    return f"""
    SELECT customer, place, kind, happened_on
    FROM {store.scan("events", bucket)} LEFT JOIN owner USING (customer)
    WHERE happened_on < $as_of AND (since IS NULL OR happened_on >= since)"""


# Whoever takes over an account opens it.
_ENDED = """
    SELECT c.customer, CASE WHEN e.kind = 'closed' THEN e.on_day ELSE c.closed_on END AS closed_on
    FROM customer AS c LEFT JOIN (
        SELECT customer, arg_max(happened_on, place) AS on_day, arg_max(kind, place) AS kind
        FROM happened WHERE kind IN ('closed', 'reopened', 'ownership_transfer') GROUP BY customer
    ) AS e USING (customer)
    WHERE e.kind = 'closed'
        OR (c.closed_on < $as_of AND (e.on_day IS NULL OR c.closed_on > e.on_day))"""
