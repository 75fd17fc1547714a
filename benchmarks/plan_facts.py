"""Random facts for plans: customers of every kind, with up to three open bills each."""

from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from collection.plan.inputs import ACCOUNT, OPEN_BILL, SCORES, Inputs
from collection.policy.facts import TIERS

AS_OF = date(2026, 11, 20)  # a Friday, on which people work


def random_facts(customers: int, seed: int, *, as_of: date = AS_OF, a_manager: int = 200) -> Inputs:
    """Return inputs of many customers of every kind, with up to three open bills each.

    About ``a_manager`` customers have a manager, and four times as many a grid.
    """
    rng = np.random.default_rng(seed)
    ids = np.array([f"c{number:07}" for number in range(customers)])
    account = {
        "customer_id": ids,
        "segment": rng.choice(["residential", "commercial", "industrial"], customers),
        "voltage": rng.choice(["low", "high"], customers),
        "billing_mode": rng.choice(["postpaid", "prepaid"], customers, p=[0.93, 0.07]),
        "pay_arrangement": rng.choice(["none", "bank_debit"], customers),
        "urban_rural": rng.choice(["urban", "rural"], customers),
        "org_id": np.char.add("o", rng.integers(0, 4, customers).astype(str)),
        "grid_id": _among("g", rng, customers, a_manager * 4),
        "manager_id": _among("m", rng, customers, a_manager),
        "agent_id": pa.array(np.full(customers, "agent"), mask=rng.random(customers) >= 0.04),
        "tier": rng.choice(TIERS, customers),
        "excluded_why": rng.choice(["", "quality", "debit"], customers, p=[0.7, 0.2, 0.1]),
        "primary_habit": pa.array(
            rng.choice(["early", "mid", "late"], customers), mask=rng.random(customers) < 0.25
        ),
        "last_contacted_at": pa.array(_moments(rng, customers, as_of, 30), pa.timestamp("us")),
        "mean_topup_fen": rng.integers(1_000, 10_000, customers),
        "mean_monthly_cost_fen": rng.integers(1_000, 20_000, customers),
    }
    flags = [name for name, kind in ACCOUNT.items() if kind == pa.bool_()]
    rate = {"L10": 0.05, "L11": 0.08, "L12": 0.05, "phone_wrong": 0.06, "protected": 0.05}
    for flag in flags:
        account[flag] = rng.random(customers) < rate.get(flag, 0.2)
    account["L08"] &= ~account["L07"]
    bills = _random_bills(rng, ids, as_of)
    scored = rng.random(len(bills["bill_id"])) < 0.8
    scores = {
        "bill_id": bills["bill_id"],
        "p_late": pa.array(np.round(rng.random(len(scored)), 3), mask=~scored),
        "expected_late_fen": pa.nulls(len(scored), pa.int64()),
        "band": rng.choice(["call", "message", "watch"], len(scored)),
    }
    return Inputs(
        account=_arrow(account, ACCOUNT),
        open_bill=_arrow(bills, OPEN_BILL),
        scores=_arrow(scores, SCORES),
    )


def _among(letter: str, rng: Any, customers: int, each: int) -> Any:
    there_are = max(customers // each, 3)
    return np.char.add(letter, rng.integers(0, there_are, customers).astype(str))


def _random_bills(rng: Any, ids: Any, as_of: date) -> dict[str, Any]:
    owner = np.repeat(ids, rng.choice([0, 1, 2, 3], len(ids), p=[0.2, 0.55, 0.2, 0.05]))
    size = len(owner)
    issued = np.datetime64(as_of) - rng.integers(1, 90, size).astype("timedelta64[D]")
    last = rng.choice([0, 1, 2, 3, 4], size, p=[0.4, 0.25, 0.2, 0.1, 0.05])
    held = rng.random(size) < 0.1
    promised = [
        as_of + timedelta(days=int(d)) if d < 8 else None for d in rng.integers(-5, 60, size)
    ]
    due = issued + rng.integers(15, 40, size).astype("timedelta64[D]")
    dpd = np.maximum((np.datetime64(as_of) - due).astype(int), 0)
    return {
        "customer_id": owner,
        "bill_id": np.array([f"b{number:08}" for number in range(size)]),
        "cycle": np.full(size, as_of.year * 12 + as_of.month - 1),
        "issued_on": issued,
        "due_on": due,
        "dpd": dpd,
        "aged_days": np.maximum(dpd - rng.choice([0, 0, 0, 5, 20], size), 0),
        "open_fen": rng.integers(0, 200_000, size),
        "hold": np.where(held, rng.choice(["debit_in_transit", "disputed"], size), "none"),
        "hold_to_on": pa.nulls(size, pa.date32()),
        "last_round": last,
        "reached_at": pa.array(_moments(rng, size, as_of, 60), pa.timestamp("us")),
        "promised_on": pa.array(promised, pa.date32()),
        "promise_broken": rng.random(size) < 0.1,
        "held_out": rng.random(size) < 0.03,
    }


def _moments(rng: Any, size: int, as_of: date, most: int) -> list[datetime | None]:
    midnight = datetime(as_of.year, as_of.month, as_of.day)
    days = rng.integers(1, most, size)
    return [midnight - timedelta(days=int(d)) if d % 2 else None for d in days]


def _arrow(columns: dict[str, Any], schema: dict[str, Any]) -> pa.Table:
    fields = {name: pa.array(columns[name]).cast(kind) for name, kind in schema.items()}
    return pa.table(fields)
