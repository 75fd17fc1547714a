"""What is counted of a bucket for the gates: whole numbers by name, so that buckets add up.

A profile is nested: ``days`` of each table (rows first known so many days before as_of), ``orgs``
(bills of each by month before as_of), ``codes`` now and before, ``months`` with the rows of bills
and payments, those that came twice and their usual amount, ``customers`` with what is missing of
them, and the bins of ``features`` and ``score`` over the scored bills.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from contract.engine import Connection, connect, name
from contract.staging import Store
from contract.tables import TABLES
from features.facts import day
from models.monitoring.sketch import Bins
from models.predictor import Model

Profile = dict[str, Any]

# The bins of every number, whatever the model and the month, so that any two profiles compare.
_STEPS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9, 1.0, 2, 3, 4, 5, 7, 10, 15, 20, 30, 45, 60, 90)
_LARGE = tuple(float(step * 10**power) for power in range(2, 7) for step in (1, 2, 5))
_POSITIVE = (1e-9, *map(float, _STEPS), *_LARGE)
NUMBERS = Bins(edges=(*(-edge for edge in reversed(_POSITIVE)), *_POSITIVE))
SCORES = Bins(edges=(0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9))
# Of the bins above: profiles of another grid are not compared with this one's.
GRID = 1
# Days that are looked back on: thirteen months.
HISTORY_DAYS = 400
# A code is of now when it is on a row of the last month.
NOW_DAYS = 31

_WITH_CODES = {
    table: tuple(column.name for column in TABLES[table].columns if column.codes)
    for table in ("customers", "payments", "contacts")
}

# Of a table: the month of a row, what two rows have in common only where one was loaded twice under
# another id (the check `duplicate-payment` looks for the same payments), and the amount in fen.
_MONEY = {
    "bills": ("issued_on", "customer, cycle, kind, amount_fen, issued_on, due_on", "amount_fen"),
    "payments": ("paid_at", "customer, bill_id, amount, epoch(paid_at) // 60", "100 * amount"),
}


def count_bucket(store: Store, bucket: int, as_of: date, *, threads: int | None = None) -> Profile:
    """Count the rows of a bucket that were known at as_of."""
    with connect(threads=threads, within=store.folder) as connection:
        bills = _count_bills(connection, store, bucket, as_of)
        payments = _count_moments(connection, store, bucket, as_of, table="payments")
        contacts = _count_moments(connection, store, bucket, as_of, table="contacts")
        months = _count_months(connection, store, bucket, as_of)
        customers = _count_customers(connection, store, bucket, as_of)
        return add((bills, payments, contacts, {"months": months}, customers))


def count_matrix(model: Model, scored: pd.DataFrame, p: pd.Series | np.ndarray) -> Profile:
    """Count the scored rows by bins of each feature that the model reads, and of the score."""
    return {
        "rows": len(scored),
        "score": _sketch(pd.Series(p), SCORES),
        "features": {
            column: _sketch(scored[column], bins_of(column, model.card.levels))
            for column in model.card.features
        },
    }


def bins_of(column: str, levels: Mapping[str, Sequence[str]]) -> Bins:
    """Return the bins of a feature: one a code, or those of all numbers."""
    return Bins(levels=tuple(levels[column])) if column in levels else NUMBERS


def as_counts(sparse: Mapping[str, int], bins: Bins) -> np.ndarray:
    """Return a sketch in full from the bins that have rows."""
    counts = np.zeros(bins.size)
    for at, rows in sparse.items():
        counts[int(at)] = rows
    return counts


def add(profiles: Iterable[Profile]) -> Profile:
    """Return the sum of profiles, number by number.

    >>> add([{"rows": 1, "days": {"0": 2}}, {"rows": 3, "days": {"1": 4}}])
    {'rows': 4, 'days': {'0': 2, '1': 4}}
    """
    total: Profile = {}
    for profile in profiles:
        for key, value in profile.items():
            if isinstance(value, dict):
                total[key] = add((total.get(key, {}), value))
            else:
                total[key] = total.get(key, 0) + value
    return total


def _sketch(column: pd.Series, bins: Bins) -> dict[str, int]:
    """Count the rows in each bin that has any; by bisection, for there are many bins."""
    missing = bins.size - 1
    if bins.levels is None:
        values = column.to_numpy(dtype=np.float64, na_value=np.nan)
        at = np.searchsorted(np.array(bins.edges), values, side="right")
        at[np.isnan(values)] = missing
    else:
        at = pd.Index(bins.levels).get_indexer(pd.Index(column.astype(object)))
        at = np.where(column.isna().to_numpy(), missing, np.where(at < 0, missing - 1, at))
    counts = np.bincount(at, minlength=bins.size)
    return {str(bin_): int(counts[bin_]) for bin_ in np.flatnonzero(counts)}


def _count_bills(connection: Connection, store: Store, bucket: int, as_of: date) -> Profile:
    rows = connection.execute(f"""
        WITH org AS (
            SELECT customer, arg_max(org_id, valid_from) AS org_id
            FROM {store.scan("customers", bucket)} WHERE valid_from < {day(as_of)} GROUP BY 1
        ),
        bill AS (
            SELECT issued_on, kind, coalesce(org_id, '') AS org_id, count(*) AS n
            FROM {store.scan("bill_history", bucket)} LEFT JOIN org USING (customer)
            WHERE known_from < {day(as_of)} AND (known_to IS NULL OR known_to >= {day(as_of)})
                AND issued_on >= {day(as_of)} - {HISTORY_DAYS}
            GROUP BY ALL
        ),
        told AS (
            SELECT *, {day(as_of)} - issued_on - 1 AS ago,
                datesub('month', issued_on, {day(as_of)}) AS months
            FROM bill
        )
        SELECT ago, kind, ago < {NOW_DAYS} AS recent, org_id, months, sum(n)::BIGINT
        FROM told GROUP BY GROUPING SETS ((ago), (kind, recent), (org_id, months))""").fetchall()
    days = {str(ago): n for ago, _, _, _, _, n in rows if ago is not None}
    orgs: dict[str, dict[str, int]] = {}
    for _, _, _, org, months, n in rows:
        if org is not None:
            orgs.setdefault(org, {})[str(months)] = n
    kinds = _codes("bills.kind", [(kind, recent, n) for _, kind, recent, _, _, n in rows])
    return {"days": {"bills": days}, "orgs": orgs, "codes": kinds}


def _count_moments(
    connection: Connection, store: Store, bucket: int, as_of: date, *, table: str
) -> Profile:
    """Count the rows of a table with moments by the day they were known, and by code."""
    at, columns = TABLES[table].known_at, _WITH_CODES[table]
    coded = ", ".join(map(name, columns))
    sets = ", ".join(["(ago)", *(f"({name(column)}, recent)" for column in columns)])
    rows = connection.execute(f"""
        SELECT ago, ago < {NOW_DAYS} AS recent, {coded}, sum(n)::BIGINT
        FROM (
            SELECT {day(as_of)} - CAST({at} AS DATE) - 1 AS ago, {coded}, count(*) AS n
            FROM {store.scan(table, bucket)}
            WHERE {at} < {day(as_of)} AND {at} >= {day(as_of)} - {HISTORY_DAYS}
            GROUP BY ALL
        ) GROUP BY GROUPING SETS ({sets})""").fetchall()
    days = {str(row[0]): row[-1] for row in rows if row[0] is not None}
    codes: Profile = {}
    for place, column in enumerate(columns, start=2):
        codes |= _codes(f"{table}.{column}", [(row[place], row[1], row[-1]) for row in rows])
    return {"days": {table: days}, "codes": codes}


def _count_months(connection: Connection, store: Store, bucket: int, as_of: date) -> Profile:
    """Count bills and payments of money by calendar month (202610).

    ``repeats`` are rows beyond the first of those that are the same but for their id; ``logs`` is
    the sum of the amounts' natural logarithms in thousandths, whole so that buckets add up.
    """
    since = f"{day(as_of)} - {HISTORY_DAYS}"
    rows_of = {
        "bills": f"""
            FROM {store.scan("bill_history", bucket)}
            WHERE known_from < {day(as_of)} AND (known_to IS NULL OR known_to >= {day(as_of)})
                AND cancelled_on IS NULL AND amount_fen > 0 AND issued_on >= {since}""",
        "payments": f"""
            FROM {store.scan("payments", bucket)}
            WHERE posted_at < {day(as_of)} AND outcome = 'ok' AND amount > 0
                AND paid_at >= {since}""",
    }
    told: Profile = {}
    for table, (at, same, fen) in _MONEY.items():
        found = connection.execute(f"""
            SELECT year({at}) * 100 + month({at}) AS month, count(*),
                count(*) - count(DISTINCT hash({same})), sum(round(1000 * ln({fen})))::BIGINT
            {rows_of[table]} GROUP BY 1 ORDER BY 1""").fetchall()
        told[table] = {
            str(month): {"rows": rows, "repeats": repeats, "logs": logs}
            for month, rows, repeats, logs in found
        }
    return told


def _codes(column: str, rows: Sequence[tuple[str | None, bool | None, int]]) -> Profile:
    told: dict[str, dict[str, int]] = {"now": {}, "before": {}}
    for code, recent, n in rows:
        if code is not None and recent is not None:
            told["now" if recent else "before"][code] = n
    return {column: told}


def _count_customers(connection: Connection, store: Store, bucket: int, as_of: date) -> Profile:
    """Count the customers in force, what is missing of each column, and their codes."""
    columns = [column.name for column in TABLES["customers"].columns]
    missing = ", ".join(f"count(*) - count({name(column)})" for column in columns)
    codes = _WITH_CODES["customers"]
    histograms = ", ".join(f"histogram({name(column)})" for column in codes)
    found = (
        connection.execute(f"""
        SELECT count(*), {missing}, {histograms} FROM (
            FROM {store.scan("customers", bucket)} WHERE valid_from < {day(as_of)}
            QUALIFY row_number() OVER (PARTITION BY customer ORDER BY valid_from DESC) = 1)
        WHERE closed_on IS NULL OR closed_on >= {day(as_of)}""").fetchone()
        or ()
    )
    split = 1 + len(columns)
    counted = {
        f"customers.{column}": {"now": dict(histogram or {})}
        for column, histogram in zip(codes, found[split:], strict=True)
    }
    return {
        "customers": found[0],
        "missing": dict(zip(columns, found[1:split], strict=True)),
        "codes": counted,
    }
