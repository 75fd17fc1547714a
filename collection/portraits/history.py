"""How the portraits of one day differ from those of another, and why.

Two tables of labels as collection.facts gives them; each carries in its metadata the day it is of
and the readings that were used.
"""

import json
from datetime import date
from typing import Any, NamedTuple

import pyarrow as pa

from collection.portraits.catalogue import PORTRAITS
from collection.portraits.readings import Readings
from contract.engine import connect, text, to_arrow
from contract.errors import DataError

CHANGES = ("gained", "lost", "changed")
# Why a portrait is there no more, or is new: a fact that came or fell out of sight; its term ran
# out; the customer took the wish back; it is read otherwise; a new owner; the account is closed.
REASONS = ("new_fact", "expired", "revoked", "another_reading", "new_owner", "closed")

_METADATA = b"duewatch"


class _Of(NamedTuple):
    as_of: date
    readings: dict[str, Any]


def marked(labels: pa.Table, as_of: date, readings: Readings) -> pa.Table:
    """Return the labels with the day they are of and how they were read in their metadata."""
    about = {"as_of": as_of.isoformat(), "readings": readings.model_dump(mode="json")}
    return labels.replace_schema_metadata({_METADATA: json.dumps(about, sort_keys=True).encode()})


def compare(before: pa.Table, now: pa.Table, *, accounts: pa.Table) -> pa.Table:
    """Return what was gained, lost or changed between two days, with the reason.

    Args:
        before: Labels of the earlier day.
        now: Labels of the later day.
        accounts: The accounts of the later day (customer_id, since_on): who is gone, and who
            has a new owner.

    Returns:
        One row a customer and label that differs, by customer_id and label: change, reason, and
        since, source, expires_on and evidence of either day. A habit's source moves with the
        window, so it has changed only when its evidence has.

    Raises:
        DataError: A table does not say of which day it is, or ``before`` is the later.
    """
    earlier, later = _of(before), _of(now)
    if earlier.as_of > later.as_of:
        raise DataError(
            f"labels: the first are of {earlier.as_of}, after the second, {later.as_of}."
            " Give the earlier day first."
        )
    with connect(ordered=True) as connection:
        connection.register("before", before)
        connection.register("now", now)
        connection.register("account", accounts.select(["customer_id", "since_on"]))
        return to_arrow(connection, _query(earlier, later))


def _of(labels: pa.Table) -> _Of:
    about = (labels.schema.metadata or {}).get(_METADATA)
    if about is None:
        raise DataError(
            "labels: the table does not say of which day it is. Take labels.parquet of a run of"
            " duewatch portraits."
        )
    read = json.loads(about)
    return _Of(date.fromisoformat(read["as_of"]), read["readings"])


def _query(earlier: _Of, later: _Of) -> str:
    differ = [
        portrait.id
        for portrait in PORTRAITS
        if any(earlier.readings[name] != later.readings[name] for name in portrait.settings)
    ]
    reread = f"label IN ({', '.join(text(label) for label in ['', *differ])})"
    then, day = f"DATE '{earlier.as_of}'", f"DATE '{later.as_of}'"
    return f"""
    SELECT customer_id, label, kind,
        CASE WHEN b_since IS NULL THEN 'gained' WHEN n_since IS NULL THEN 'lost'
            ELSE 'changed' END AS change,
        CASE WHEN n_since IS NULL AND a.customer_id IS NULL THEN 'closed'
             WHEN n_since IS NULL AND a.since_on >= {then} THEN 'new_owner'
             WHEN n_since IS NULL AND b_expires_on < {day} THEN 'expired'
             WHEN {reread} AND coalesce(n_since < {then}, true) THEN 'another_reading'
             WHEN n_since IS NULL AND kind = 'wish' THEN 'revoked'
             ELSE 'new_fact' END AS reason,
        b_since AS since_before, n_since AS since_now,
        b_source AS source_before, n_source AS source_now,
        b_expires_on AS expires_before, n_expires_on AS expires_now,
        b_evidence AS evidence_before, n_evidence AS evidence_now
    FROM (
        SELECT customer_id, label, coalesce(b.kind, n.kind) AS kind,
            b.since AS b_since, b.source AS b_source, b.expires_on AS b_expires_on,
            b.evidence AS b_evidence, n.since AS n_since, n.source AS n_source,
            n.expires_on AS n_expires_on, n.evidence AS n_evidence
        FROM before AS b FULL JOIN now AS n USING (customer_id, label)
    ) LEFT JOIN account AS a USING (customer_id)
    WHERE b_since IS NULL OR n_since IS NULL OR b_evidence IS DISTINCT FROM n_evidence
        OR (kind <> 'habit' AND (b_source, b_expires_on) IS DISTINCT FROM (n_source, n_expires_on))
    ORDER BY customer_id, label"""
