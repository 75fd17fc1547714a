"""What the entries of the ledger mean for the tables: contacts, holds, overrides and records."""

import pyarrow as pa

from collection.feedback.form import IS_OVERRIDE, SPOKEN
from contract.engine import connect, text, to_arrow

_SPOKEN = ", ".join(map(text, SPOKEN))


def contacts_of(entries: pa.Table) -> pa.Table:
    """Return the contacts that entries tell of, in the contract's columns, by contact_id.

    Whoever disputes a bill or says that it is paid has answered.
    """
    return _derived(
        entries,
        f"""
        SELECT entry_id AS contact_id, customer_id, bill_id, recorded_at AS contacted_at, round,
            method, CASE WHEN outcome IN ({_SPOKEN}) THEN 'answered' ELSE outcome END AS outcome,
            promised_on, request, contact_change, verified, assigned, recorded_by
        FROM entry WHERE method IS NOT NULL AND outcome IS NOT NULL ORDER BY contact_id""",
    )


def holds_of(entries: pa.Table) -> pa.Table:
    """Return the disputes as holds, one row a bill: bill_id, hold_from_on, hold_to_on.

    A hold begins with the first dispute of the bill and ends as the newest says.
    """
    return _derived(
        entries,
        """
        SELECT bill_id, min(CAST(recorded_at AS DATE)) AS hold_from_on,
            arg_max(dispute_until_on, (recorded_at, entry_id)) AS hold_to_on
        FROM entry WHERE outcome = 'disputed' GROUP BY bill_id ORDER BY bill_id""",
    )


def overrides_of(entries: pa.Table) -> pa.Table:
    """Return who overrode what and why, one row an override, the oldest first.

    Columns: entry_id, customer_id, bill_id, run, overridden_from, overridden_to, reason,
    recorded_by, recorded_at.
    """
    return _derived(
        entries,
        f"""
        SELECT entry_id, customer_id, bill_id, run, overridden_from, overridden_to, reason,
            recorded_by, recorded_at
        FROM entry WHERE {IS_OVERRIDE} ORDER BY recorded_at, entry_id""",
    )


def records_of(entries: pa.Table) -> pa.Table:
    """Return what persons recorded for the law (collection.law.RECORD_SCHEMA), oldest first."""
    return _derived(
        entries,
        """
        SELECT customer_id, bill_id, record, recorded_at, recorded_by
        FROM entry WHERE record IS NOT NULL ORDER BY recorded_at, entry_id""",
    )


def _derived(entries: pa.Table, query: str) -> pa.Table:
    with connect() as connection:
        connection.register("entry", entries)
        return to_arrow(connection, query)
