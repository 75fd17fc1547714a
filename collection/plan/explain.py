"""Tell one customer's outcome in words: what decided, and every rule that fired, in order."""

from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from collection.policy.model import Policy
from collection.policy.wording import PlanWording
from contract.errors import DataError
from features.declare import Text


@dataclass(frozen=True, kw_only=True)
class Explained:
    """Why a customer is contacted, or is not.

    Attributes:
        row: The plan's row.
        outcome: What becomes of the customer.
        decided_by: What the rule says that decided it.
        rules: Each rule that fired, by id, in the order in which rules are read.
    """

    row: dict[str, Any]
    outcome: Text
    decided_by: Text
    rules: dict[str, Text]

    def lines(self) -> list[str]:
        """Return it as text, Chinese before English."""
        first = f"{self.row['customer_id']}: {self.outcome.zh} {self.outcome.en}"
        decided = f"{self.row['rule']}: {self.decided_by.zh} {self.decided_by.en}"
        fired = [f"  {rule}: {text.zh} {text.en}" for rule, text in self.rules.items()]
        return [first, decided, *fired]


def explain(table: pa.Table, customer_id: str, policy: Policy, wording: PlanWording) -> Explained:
    """Explain one row of a plan.

    Raises:
        DataError: The plan has no such customer.
    """
    rows = table.filter(pc.equal(table["customer_id"], customer_id)).to_pylist()
    if not rows:
        raise DataError(f"plan: it has no customer {customer_id}. Give an id of its customers.")
    row = rows[0]
    said = {rule.id: Text(zh=rule.zh, en=rule.en) for rule in policy.sequence}
    rounds = {f"round_{one.number}": Text(zh=one.zh, en=one.en) for one in policy.rounds}
    outcome = wording.outcomes["none"]
    if row["outcome"] == "contact":
        outcome = wording.methods[row["method"]]
    reason = wording.reasons.get(row["why_not"])
    return Explained(
        row=row,
        outcome=outcome,
        decided_by={**said, **rounds}.get(row["rule"]) or reason or outcome,
        rules={rule: said[rule] for rule in row["rules"]},
    )
