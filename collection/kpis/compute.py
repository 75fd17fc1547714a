"""Computing KPIs of a day: exact sums a bucket, added up, one division at the end."""

from collections.abc import Iterator, Sequence
from datetime import date
from functools import partial
from typing import Any, Literal, get_args

import pyarrow as pa

from collection.kpis.catalogue import KPIS
from collection.kpis.declare import Kpi, Measure, View
from collection.kpis.views import Span, span_of, with_views
from contract.engine import connect, to_arrow
from contract.side_by_side import side_by_side, threads_each
from contract.staging import Store

By = Literal["total", "org", "grid", "manager"]
LEVELS: tuple[By, ...] = get_args(By)
_PLACES = ("org_id", "grid_id", "manager_id")

SCHEMA = pa.schema(
    [
        ("kpi", pa.string()),
        ("by", pa.string()),
        ("group_id", pa.string()),
        ("numerator", pa.int64()),
        ("denominator", pa.int64()),
        ("value", pa.float64()),
    ]
)


def compute_kpis(store: Store, as_of: date, *, kpis: Sequence[Kpi] = KPIS) -> pa.Table:
    """Return the KPIs of a day in all, by bureau, by grid and by account manager.

    A customer counts for the place that its row in force at as_of names.

    Args:
        store: The staged dataset.
        as_of: Only what was known before this day counts.
        kpis: Which.

    Returns:
        One row a KPI and group, in the order of kpis, then total, org, grid, manager and group_id
        (empty for the total and for customers of no place): numerator and denominator as whole
        numbers (money in fen; denominator null where there is none), and value, null where the
        denominator is 0.
    """
    span = span_of(as_of)
    measures = _measures(kpis)
    buckets = range(store.buckets)
    sums = partial(_bucket_sums, store, span, measures, threads=threads_each(buckets))
    with connect() as connection:
        connection.register("part", pa.concat_tables(side_by_side(buckets, sums)))
        columns = ", ".join(f"CAST(coalesce(sum(m{i}), 0) AS BIGINT)" for i in range(len(measures)))
        rows = connection.execute(f"""
            SELECT CASE WHEN grouping(org_id) = 0 THEN 1 WHEN grouping(grid_id) = 0 THEN 2
                    WHEN grouping(manager_id) = 0 THEN 3 ELSE 0 END,
                coalesce(org_id, grid_id, manager_id, ''), {columns}
            FROM part
            GROUP BY GROUPING SETS ((), (org_id), (grid_id), (manager_id))""").fetchall()
    return _as_table(kpis, measures, rows)


def _measures(kpis: Sequence[Kpi]) -> tuple[Measure, ...]:
    both = [m for kpi in kpis for m in (kpi.numerator, kpi.denominator) if m]
    return tuple(dict.fromkeys(both))


def _bucket_sums(
    store: Store, span: Span, measures: tuple[Measure, ...], bucket: int, *, threads: int | None
) -> pa.Table:
    """Return the sums of one bucket, a row a view and place."""
    parts = [_view_sums(view, measures) for view in get_args(View)]
    query = " UNION ALL BY NAME ".join(part for part in parts if part)
    with connect(threads=threads) as connection:
        return to_arrow(connection, with_views(store, bucket, span, query))


def _view_sums(view: View, measures: tuple[Measure, ...]) -> str:
    places = ", ".join(f"coalesce({place}, '') AS {place}" for place in _PLACES)
    sums = ", ".join(
        f"CAST({m.sql if m.over == view else 'NULL'} AS BIGINT) AS m{i}"
        for i, m in enumerate(measures)
    )
    return f"(SELECT {places}, {sums} FROM {view} LEFT JOIN place USING (customer) GROUP BY ALL)"


def _as_table(kpis: Sequence[Kpi], measures: tuple[Measure, ...], rows: list[Any]) -> pa.Table:
    place = {measure: i for i, measure in enumerate(measures)}
    groups = sorted(rows, key=lambda row: row[:2])
    return pa.Table.from_pylist(
        [row for kpi in kpis for row in _rows_of(kpi, place, groups)], schema=SCHEMA
    )


def _rows_of(kpi: Kpi, place: dict[Measure, int], groups: list[Any]) -> Iterator[dict[str, Any]]:
    for level, group_id, *sums in groups:
        numerator = sums[place[kpi.numerator]]
        denominator = sums[place[kpi.denominator]] if kpi.denominator else None
        yield {
            "kpi": kpi.id,
            "by": LEVELS[level],
            "group_id": group_id,
            "numerator": numerator,
            "denominator": denominator,
            "value": _value(kpi, numerator, denominator),
        }


def _value(kpi: Kpi, numerator: int, denominator: int | None) -> float | None:
    if denominator is None:
        return numerator * kpi.scale
    return numerator / denominator * kpi.scale if denominator else None
