"""What a plan has to say of each listed bill's customer, as columns of the report's list."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from collection.policy import PlanWording
from collection.portraits import PORTRAITS
from features.declare import Text
from reports.columns import PLANNED
from reports.wording import both

_LABELS: dict[str, Text] = {portrait.id: portrait.text for portrait in PORTRAITS}


def planned_columns(
    customers: pd.Series, plan: pd.DataFrame, late_fees: pd.DataFrame, words: PlanWording
) -> dict[str, pd.Series]:
    """Return tier, labels, late fee and what is planned, for each of these customers in order.

    Args:
        customers: A row a listed bill, by the ids that the plan has.
        plan: The plan's rows, one a customer (collection.plan).
        late_fees: customer_id and late_fee_fen of each open bill.
        words: The words of plans.
    """
    known = plan[plan["customer_id"].isin(customers)]
    told = pd.DataFrame([_told(row, words) for row in known.to_dict("records")])
    fees = late_fees.groupby("customer_id")["late_fee_fen"].sum() / 100
    if told.empty:
        return {}
    by_customer = told.set_index("customer_id").reindex(customers).reset_index(drop=True)
    days = {name: pd.to_datetime(by_customer[name]) for name, kind, _ in PLANNED if kind == "date"}
    return {
        **{str(name): by_customer[name] for name in by_customer},
        **days,
        "late_fee_cny": customers.map(fees).reset_index(drop=True),
    }


def _told(row: Mapping[Any, Any], words: PlanWording) -> dict[str, Any]:
    contacted = row["outcome"] == "contact"
    role = words.roles.get(str(row["owner_role"]))
    owner = [both(role, " ") if role else "", row["owner_id"] or ""]
    return {
        "customer_id": row["customer_id"],
        "tier": row["tier"],
        "labels": _joined(_LABELS[label] for label in _list(row["labels"]) if label in _LABELS),
        "method": both(words.methods[str(row["method"])], "\n") if contacted else None,
        "round": row["round"] if contacted else None,
        "earliest_on": row["earliest_on"] if contacted else None,
        "latest_on": row["latest_on"] if contacted else None,
        "owner": "\n".join(filter(None, owner)) if contacted else None,
        "advice": _joined(_advice(row, words)) if contacted else None,
        "why_not": None if contacted else _reason(row, words),
        "next_on": None if contacted else row["next_on"],
    }


def _reason(row: Mapping[Any, Any], words: PlanWording) -> str:
    return both(words.reasons.get(str(row["why_not"]), words.outcomes["none"]), "\n")


def _advice(row: Mapping[Any, Any], words: PlanWording) -> Iterable[Text]:
    fen = row["advice_fen"]
    amount = "" if fen is None or pd.isna(fen) else f"{int(fen) / 100:,.2f}"
    for code in _list(row["advice"]):
        text = words.advice[code]
        yield Text(zh=text.zh.replace("{advice}", amount), en=text.en.replace("{advice}", amount))


def _joined(texts: Iterable[Text]) -> str | None:
    told = list(texts)
    if not told:
        return None
    return "；".join(text.zh for text in told) + "\n" + "; ".join(text.en for text in told)


def _list(value: Any) -> Sequence[str]:
    return [] if value is None else [str(one) for one in value]
