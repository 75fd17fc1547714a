"""What a page tells beside the run's own files, read from the data as known on the run's day."""

from collections.abc import Iterable
from datetime import date

import pandas as pd
import pyarrow as pa

from contract.engine import connect, to_arrow
from contract.staging import Store
from features.compose import condition, with_read
from features.declare import Feature
from features.evidence import filters
from features.facts import with_facts
from reports.page import Happened

# Of bills: the strip's. Of payments and contacts: the months that they lie in.
_CYCLES, _MONTHS = 12, 13
# Views whose rows are bills; what is counted of another is told by its sentence alone.
_OF_BILLS = ("bill_facts", "outcome_facts")


def what_happened(store: Store, as_of: date, customers: pd.Series) -> Happened:
    """Return the bills, payments and contacts of a year of some customers, as known at as_of."""
    newest = as_of.year * 12 + as_of.month - 1
    bills = f"""
        SELECT customer_id, bill_id, CAST(cycle // 12 * 100 + cycle % 12 + 1 AS INTEGER) AS cycle,
            issued_on, due_on, amount_fen, open_fen, cleared_on
        FROM known_bill SEMI JOIN chosen USING (customer_id)
        WHERE cycle > {newest - _CYCLES} OR is_open
        ORDER BY customer_id, bill_id"""
    payments = """
        SELECT customer_id, CAST(paid_at AS DATE) AS paid_on,
            CAST(amount * 100 AS BIGINT) AS amount_fen, channel,
            CASE WHEN outcome = 'failed' THEN 'failed' WHEN amount < 0 THEN 'reversal'
                ELSE 'ok' END AS kind
        FROM known_payment SEMI JOIN chosen USING (customer_id)
        WHERE paid_on >= CAST($as_of - INTERVAL {months} MONTH AS DATE)
        ORDER BY customer_id, paid_at, place""".replace("{months}", str(_MONTHS))
    given = pa.table({"customer_id": pa.array(customers.unique(), pa.string())})
    return Happened(
        bills=_read(store, as_of, bills, given),
        payments=_read(store, as_of, payments, given),
        contacts=_contacts(store, as_of, given, months=_MONTHS).rename(
            columns={"contacted_on": "made_on"}
        ),
    )


def since_then(store: Store, as_of: date, scored: pd.DataFrame) -> tuple[pd.DataFrame, ...]:
    """Return bills and contacts for `reports.outcome.what_became`, of bills scored before as_of.

    A bill is told of whoever owns the account now: what became of it is known all the same.

    Args:
        scored: customer_id and bill_id.
    """
    given = pa.table({"bill_id": pa.array(scored["bill_id"].unique(), pa.string())})
    bills = []
    for bucket in range(store.buckets):
        query = f"""
            SELECT bill_id, due_on, cleared_at
            FROM {store.scan("bill_history", bucket)} SEMI JOIN chosen USING (bill_id)
            WHERE known_from < $as_of AND (known_to IS NULL OR known_to >= $as_of)
                AND (cancelled_on IS NULL OR cancelled_on >= $as_of)
            ORDER BY bill_id"""
        bills.append(_one(store, bucket, as_of, query, given))
    chosen = pa.table({"customer_id": pa.array(scored["customer_id"].unique(), pa.string())})
    found = pd.concat(bills, ignore_index=True)
    return found.drop_duplicates("bill_id"), _contacts(store, as_of, chosen, months=_MONTHS)


def bills_behind(
    store: Store, as_of: date, speaking: pd.DataFrame, features: Iterable[Feature]
) -> pd.DataFrame:
    """Return the bills that the features behind reasons count: customer_id, feature, bill_id.

    A feature over the scored bill speaks of the bills that the columns count that it reads.

    Args:
        speaking: customer_id and feature, the name.
        features: The declared features.
    """
    by_name = {feature.name: feature for feature in features}
    spoken = [by_name[name] for name in sorted(speaking["feature"].unique())]
    chosen = pa.table({"customer_id": pa.array(speaking["customer_id"].unique(), pa.string())})
    found = [pd.DataFrame({"customer_id": [], "feature": [], "bill_id": []}, dtype="str")]
    for view in _OF_BILLS:
        counted = {one.name: sql for one in spoken if (sql := _counted(one, view))}
        if not counted:
            continue
        flags = ", ".join(f"({sql}) AS f{at}" for at, sql in enumerate(counted.values()))
        query = f"""SELECT customer_id, bill_id, {flags} FROM {view}
            SEMI JOIN chosen USING (customer_id) ORDER BY customer_id, bill_id"""
        rows = _read(store, as_of, query, chosen)
        found += [
            rows.loc[rows[f"f{at}"].fillna(value=False).astype(bool), ["customer_id", "bill_id"]]
            .assign(feature=name)
            for at, name in enumerate(counted)
        ]  # fmt: skip
    pairs = speaking[["customer_id", "feature"]].drop_duplicates()
    return pd.concat(found, ignore_index=True).drop_duplicates().merge(pairs)


def _counted(feature: Feature, view: str) -> str:
    """Return the condition under which a bill of a view counts for a feature; empty for none."""
    told = []
    for one in with_read((feature,)):
        if one.over == view:
            told += filters(one) or ([condition(one.window)] if one.window else [])
    return " OR ".join(f"({each})" for each in dict.fromkeys(told))


def _contacts(store: Store, as_of: date, chosen: pa.Table, *, months: int) -> pd.DataFrame:
    """Return the contacts that were made; of one held out, nobody heard."""
    parts = []
    for bucket in range(store.buckets):
        query = f"""
            SELECT customer_id, bill_id, contacted_at, CAST(contacted_at AS DATE) AS contacted_on,
                method, outcome, promised_on
            FROM {store.scan("contacts", bucket)} SEMI JOIN chosen USING (customer_id)
            WHERE contacted_at < $as_of AND assigned IS DISTINCT FROM 'holdout'
                AND contacted_at >= CAST($as_of - INTERVAL {months} MONTH AS DATE)
            ORDER BY customer_id, contacted_at, contact_id"""
        parts.append(_one(store, bucket, as_of, query, chosen))
    return pd.concat(parts, ignore_index=True)


def _read(store: Store, as_of: date, query: str, chosen: pa.Table) -> pd.DataFrame:
    parts = [_one(store, bucket, as_of, query, chosen) for bucket in range(store.buckets)]
    return pd.concat(parts, ignore_index=True)


def _one(store: Store, bucket: int, as_of: date, query: str, chosen: pa.Table) -> pd.DataFrame:
    with connect(ordered=True) as connection:
        connection.register("chosen", chosen)
        found = to_arrow(connection, with_facts(store, bucket, as_of, query))
    return found.to_pandas(date_as_object=False)
