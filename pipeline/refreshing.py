"""A plan that is out: take off whoever must not be contacted any more, and explain a row.

The plan itself is read and never changed.
"""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from collection.plan import Explained, explain, refresh
from collection.policy import read_plan_wording
from contract.errors import ConfigError
from contract.pseudonyms import pseudonyms_of
from pipeline.plan_report import counted, refresh_text
from pipeline.planning import (
    as_parquet,
    facts_of,
    inputs_of,
    read_about,
    read_policy_of,
    records_for,
)
from pipeline.preparing import Prepared
from pipeline.progress import step
from pipeline.storage import write_bytes, write_json


@dataclass(frozen=True, kw_only=True)
class RefreshedPlan:
    """The file of a refreshed plan, and how many came off, by reason."""

    path: Path
    removed: dict[str, int]
    left: int

    def text(self) -> str:
        """Return what came off, for the terminal."""
        return refresh_text(self.removed, self.left, read_plan_wording())

    def as_dict(self) -> dict[str, Any]:
        """Return what a machine needs to know of it."""
        return {"output": str(self.path), "removed": self.removed, "contacts": self.left}


def refresh_plan(folder: Path, prepared: Prepared) -> RefreshedPlan:
    """Take off a plan whoever must not be contacted by what is known now; write a new file.

    Raises:
        DataError: The folder is no plan, or a file of it was changed.
        ConfigError: The data are older than the plan.
    """
    about = read_about(folder)
    if prepared.as_of < date.fromisoformat(about["as_of"]):
        raise ConfigError(
            f"as_of: {prepared.as_of} lies before the plan's {about['as_of']}; a refresh looks at"
            " what came since. Give newer data, or a later --as-of."
        )
    policy = read_policy_of(folder)
    facts = facts_of(prepared, policy)
    with step("Refresh the plan"):
        found = refresh(
            folder / "plan.parquet",
            inputs_of(facts, policy, None, records=records_for(prepared)),
            policy,
            dunning_on=date.fromisoformat(about["dunning_on"]),
        )
    name = f"refreshed-{prepared.as_of}-{prepared.store.fingerprint[:8]}"
    left = counted(found.table, "outcome").get("contact", 0)
    made = RefreshedPlan(path=folder / f"{name}.parquet", removed=found.removed, left=left)
    write_bytes(made.path, as_parquet(found.table))
    write_json(folder / f"{name}.json", {**made.as_dict(), "output": made.path.name})
    return made


def explain_customer(folder: Path, customer_id: str, *, data: Path | None = None) -> Explained:
    """Explain one row of a plan.

    Args:
        folder: Of the plan.
        customer_id: As the plan has it, or as the lists for people do.
        data: The dataset, which knows the pseudonym of the utility's own number.

    Raises:
        DataError: The folder is no plan, or has no such customer.
    """
    read_about(folder)
    table = pq.read_table(folder / "plan.parquet")
    if data is not None:
        asked = pseudonyms_of(data, pa.table({"customer_id": [customer_id]}))
        customer_id = asked["customer_id"][0].as_py()
    return explain(table, customer_id, read_policy_of(folder), read_plan_wording())
