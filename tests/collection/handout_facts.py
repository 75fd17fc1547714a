"""Accounts and plans for tests of lists: customers drawn one a row, with plain defaults."""

from datetime import date

import pyarrow as pa

from collection.handouts import Inputs
from collection.handouts.history import SCHEMA as HISTORY
from collection.policy.facts import LABELS
from contract.tables import CUSTOMERS

AS_OF = date(2026, 11, 20)
FLAGS = tuple(column.name for column in CUSTOMERS.columns if column.kind == "bool")

ACCOUNT = pa.schema(
    [
        *((name, pa.string()) for name in ("customer_id", "segment", "billing_mode", "industry")),
        *((name, pa.string()) for name in ("pay_arrangement", "org_id", "grid_id", "manager_id")),
        *((name, pa.string()) for name in ("agent_id", "tier")),
        ("capacity_kva", pa.float64()),
        *((name, pa.int32()) for name in ("bills_open", "dpd", "aged_days", "overdue_6m")),
        ("topups_3m", pa.int32()),
        *((name, pa.int64()) for name in ("open_fen", "overdue_fen", "mean_topup_fen")),
        ("mean_monthly_cost_fen", pa.int64()),
        *((name, pa.bool_()) for name in ("debit", "failed_debit", "phone_wrong")),
        *((name, pa.bool_()) for name in (*FLAGS, *LABELS)),
    ]
)
PLAN = pa.schema(
    [
        *((name, pa.string()) for name in ("customer_id", "outcome", "method", "owner_role")),
        *((name, pa.string()) for name in ("owner_id", "template", "rule", "why_not", "tier")),
        *((name, pa.string()) for name in ("org_id", "grid_id", "manager_id", "agent_id")),
        *((name, pa.int32()) for name in ("round", "priority_class", "priority_rank", "dpd")),
        *((name, pa.date32()) for name in ("earliest_on", "latest_on", "oldest_due_on")),
        *((name, pa.list_(pa.string())) for name in ("bills", "labels", "advice", "tasks")),
        *((name, pa.int64()) for name in ("open_fen", "expected_late_fen", "advice_fen")),
    ]
)

_CUSTOMER = {
    "segment": "residential",
    "billing_mode": "postpaid",
    "pay_arrangement": "none",
    "org_id": "bureau",
    "grid_id": "grid",
    "manager_id": "collector",
    "tier": "C",
    "open_fen": 10_000,
    "overdue_fen": 0,
    "bills_open": 1,
    "dpd": 0,
    "aged_days": 0,
    "overdue_6m": 0,
    **dict.fromkeys(("debit", "failed_debit", "phone_wrong", *FLAGS, *LABELS), False),
}
_PLANNED = {
    "outcome": "contact",
    "method": "phone",
    "round": 2,
    "owner_role": "collector",
    "owner_id": "collector",
    "priority_class": 3,
    "rule": "D8",
    "earliest_on": AS_OF,
    "latest_on": date(2026, 11, 24),
    "oldest_due_on": date(2026, 11, 25),
    "labels": [],
    "advice": [],
    "tasks": [],
    "expected_late_fen": 1_000,
}


def inputs(*rows, **tables):
    """Return inputs of customers drawn one a row: what differs of account, plan and history.

    ``labels="L02 L08"`` sets labels; a row with ``plan=False`` is not in the plan; other tables
    of the inputs are given by name. A list's rank is its place among the rows.
    """
    accounts, plans, histories = [], [], []
    for rank, row in enumerate(rows, start=1):
        labels = row.get("labels", "").split()
        values = {**_CUSTOMER, **row, **dict.fromkeys(labels, True)}
        accounts.append(values)
        if row.get("plan", True):
            plans.append(_planned({**values, "labels": labels}, row, rank))
        histories.append(values)
    return Inputs(
        account=table_of(accounts, ACCOUNT),
        plan=table_of(plans, PLAN),
        history=table_of(histories, HISTORY),
        **tables,
    )


def _planned(values, row, rank):
    planned = {**_PLANNED, "priority_rank": rank, "bills": [f"{row['customer_id']}-1"], **values}
    planned.setdefault("template", f"r{planned['round']}_{planned['method']}")
    return planned


def table_of(rows, schema):
    """Return rows as a table of these columns; what a row lacks is null."""
    return pa.Table.from_pylist(
        [{name: row.get(name) for name in schema.names} for row in rows], schema=schema
    )


def listed(table):
    """Return the customers of a list, in its order."""
    return table["customer_id"].to_pylist()
