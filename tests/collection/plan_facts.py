"""Facts for tests of the plan: customers drawn one a row, by what differs from an ordinary one."""

from datetime import date

import pyarrow as pa

from collection.plan.inputs import ACCOUNT, OPEN_BILL, SCORES, Inputs

AS_OF = date(2026, 11, 20)  # a Friday, on which people work; bills of the month are due on the 25th

CUSTOMER = {
    "segment": "residential",
    "voltage": "low",
    "billing_mode": "postpaid",
    "pay_arrangement": "none",
    "org_id": "bureau",
    "grid_id": "grid",
    "manager_id": "collector",
    "tier": "C",
    "excluded_why": "",
    "primary_habit": "early",
}
BILL = {
    "cycle": 2026 * 12 + 10,
    "issued_on": date(2026, 11, 3),
    "due_on": date(2026, 11, 25),
    "open_fen": 10_000,
    "hold": "none",
    "last_round": 0,
    "promise_broken": False,
    "held_out": False,
}


def drawn(*rows, bills=None):
    """Return inputs of customers drawn one a row: what differs, bill and score columns mixed in.

    Each customer has one open bill, ``<customer>-1``, unless ``bill`` is False; ``bills`` are
    further ones. Labels are given as ``labels="L01 L07"``.
    """
    accounts, open_bills, scores = [], [], []
    for row in rows:
        values = {**CUSTOMER, **row}
        values |= dict.fromkeys(values.pop("labels", "").split(), True)
        accounts.append(values)
        if row.get("bill", True):
            open_bills.append({**BILL, "bill_id": f"{row['customer_id']}-1", **row})
    open_bills += [{**BILL, **bill} for bill in bills or ()]
    for bill in open_bills:
        score = {"p_late": 0.1, "band": "watch", **bill}
        scores.append({name: score.get(name) for name in SCORES})
    return Inputs(
        account=_table(accounts, ACCOUNT),
        open_bill=_table(open_bills, OPEN_BILL),
        scores=_table(scores, SCORES),
    )


def _table(rows, columns):
    falses = {name: False for name, kind in columns.items() if kind == pa.bool_()}
    full = [{name: {**falses, **row}.get(name) for name in columns} for row in rows]
    return pa.Table.from_pylist(full, schema=pa.schema(list(columns.items())))
