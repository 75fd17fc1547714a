"""The tables that a plan is made from, and the checks that they have what it reads.

A table is held by Arrow or lies in a Parquet file. A row of ``account`` is a customer in force at
as_of, of ``open_bill`` a bill open then, of ``scores`` a bill, of ``notices`` a bill of which a
person may prepare a written notice (collection.law).
"""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import TypeAlias

import pyarrow as pa
import pyarrow.parquet as pq

from collection.policy.facts import LABELS
from contract.engine import Connection, text
from contract.errors import DataError

Source: TypeAlias = pa.Table | Path

FLAGS = (
    "high_energy",
    "high_pollution",
    "overcapacity",
    "scattered_polluting",
    "malicious_arrears",
    "dishonest_listed",
    "newly_commissioned",
    "resumed_after_arrears",
    "protected",
)
ACCOUNT = {
    **dict.fromkeys(("customer_id", "segment", "voltage", "billing_mode"), pa.string()),
    **dict.fromkeys(("pay_arrangement", "urban_rural", "org_id", "grid_id"), pa.string()),
    **dict.fromkeys(("manager_id", "agent_id", "tier", "excluded_why"), pa.string()),
    "primary_habit": pa.string(),
    **dict.fromkeys((*FLAGS, "candidate", "failed_debit", "phone_wrong"), pa.bool_()),
    **dict.fromkeys(LABELS, pa.bool_()),
    "last_contacted_at": pa.timestamp("us"),
    "mean_topup_fen": pa.int64(),
    "mean_monthly_cost_fen": pa.int64(),
}
OPEN_BILL = {
    **dict.fromkeys(("customer_id", "bill_id"), pa.string()),
    "cycle": pa.int32(),
    **dict.fromkeys(("issued_on", "due_on"), pa.date32()),
    "open_fen": pa.int64(),
    "hold": pa.string(),
    "hold_to_on": pa.date32(),
    **dict.fromkeys(("dpd", "aged_days", "last_round"), pa.int32()),
    "reached_at": pa.timestamp("us"),
    "promised_on": pa.date32(),
    **dict.fromkeys(("promise_broken", "held_out"), pa.bool_()),
}
SCORES = {
    "bill_id": pa.string(),
    "p_late": pa.float64(),
    "expected_late_fen": pa.int64(),
    "band": pa.string(),
}
NOTICES = {"bill_id": pa.string()}


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """What was known at as_of.

    Attributes:
        account: One row a customer (ACCOUNT).
        open_bill: One row an open bill (OPEN_BILL).
        scores: One row a bill (SCORES); without it nothing is known of who will be late.
        notices: Bills of which a notice may be prepared; without it, those more than 30 days
            overdue whose customer was reached.
    """

    account: Source
    open_bill: Source
    scores: Source | None = None
    notices: Source | None = None


_COLUMNS = {"account": ACCOUNT, "open_bill": OPEN_BILL, "scores": SCORES, "notices": NOTICES}


def register(connection: Connection, inputs: Inputs) -> None:
    """Make the tables of the inputs readable under their names; an absent one is empty.

    Raises:
        DataError: A table lacks columns, or names a customer twice.
    """
    for field in fields(inputs):
        source: Source | None = getattr(inputs, field.name)
        columns = _COLUMNS[field.name]
        if source is None:
            source = pa.schema(list(columns.items())).empty_table()
        _check_columns(field.name, source, tuple(columns))
        register_source(connection, field.name, source)
    _check_unique(connection)


def register_source(connection: Connection, name: str, source: Source) -> None:
    """Make one table readable under its name."""
    if isinstance(source, Path):
        read = f"read_parquet({text(source)})"
        connection.execute(f"CREATE OR REPLACE VIEW {name} AS SELECT * FROM {read}")
    else:
        connection.register(name, source)


def _check_columns(name: str, source: Source, columns: tuple[str, ...]) -> None:
    there = pq.read_schema(source).names if isinstance(source, Path) else source.column_names
    missing = [column for column in columns if column not in there]
    if missing:
        raise DataError(
            f"{name}: {len(missing)} columns are missing (first: {missing[0]}). Gather the facts"
            " again with this version."
        )


def _check_unique(connection: Connection) -> None:
    for table, key in (("account", "customer_id"), ("open_bill", "bill_id"), ("scores", "bill_id")):
        counted = f"SELECT count(*) - count(DISTINCT {key}), count(*) FROM {table}"
        repeated, rows = connection.execute(counted).fetchall()[0]
        if repeated:
            raise DataError(
                f"{table}.{key}: {repeated} of {rows} rows repeat one that is there or have none."
                " A plan has one outcome a customer: give each row once."
            )
