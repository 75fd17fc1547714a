"""Write the portraits of a day, and how they differ from those of another day."""

from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from rich.table import Table

from collection.facts import Facts, gather
from collection.policy import Policy
from collection.portraits import PORTRAITS, Told, compare, readings_used
from collection.portraits.history import CHANGES
from collection.tiers import TIERS
from contract.errors import DataError
from pipeline.code_version import git_commit
from pipeline.preparing import Prepared
from pipeline.progress import step
from pipeline.showing import as_text
from pipeline.storage import new_folder, write_json

LABELS_FILE = "labels.parquet"


@dataclass(frozen=True, kw_only=True)
class Portrayed:
    """The facts and portraits of one day.

    Attributes:
        readings: Which reading was used for each question that the sources leave open.
        changes: What was gained, lost or changed since another day, if one was given.
    """

    facts: Facts
    fingerprint: str
    policy: Policy
    readings: tuple[Told, ...]
    changes: pa.Table | None

    def as_dict(self) -> dict[str, Any]:
        """Return the counts, and all that says how they came about."""
        account = self.facts.account
        return {
            "as_of": self.facts.as_of.isoformat(),
            "data_fingerprint": self.fingerprint,
            "policy": self.policy.name,
            "policy_version": self.policy.version,
            "code_commit": git_commit(),
            "customers": account.num_rows,
            "open_bills": self.facts.open_bill.num_rows,
            "labels": _counts(self.facts.labels["label"], tuple(p.id for p in PORTRAITS)),
            "tiers": _counts(account["tier"], TIERS),
            "candidates": _count_if(account["candidate"]),
            "excluded": _counts(account["excluded_why"], ("quality", "debit")),
            "bimonthly": _count_if(pc.equal(account["billing_months"], 2)),
            "brought_back": _count_if(pc.and_(account["debit"], account["failed_debit"])),
            "changes": self._changes(),
            "readings": [
                asdict(told) | {"text": {"zh": told.text.zh, "en": told.text.en}}
                for told in self.readings
            ],
        }

    def _changes(self) -> dict[str, dict[str, int]] | None:
        """Return how many labels were gained, lost and changed, by reason."""
        if self.changes is None:
            return None
        rows = zip(
            self.changes["change"].to_pylist(), self.changes["reason"].to_pylist(), strict=True
        )
        found = Counter(rows)
        return {
            change: {
                reason: count for (one, reason), count in sorted(found.items()) if one == change
            }
            for change in CHANGES
        }

    def text(self) -> str:
        """Return what a person reads: a count a label and tier, who is excluded, how it is read."""
        facts = self.as_dict()
        labels = Table("标签 label", "", "", "客户 customers", "变化 gained / lost")
        for portrait in PORTRAITS:
            labels.add_row(
                portrait.id,
                portrait.text.zh,
                portrait.text.en,
                f"{facts['labels'][portrait.id]:,}",
                self._moved(portrait.id),
            )
        tiers = Table(*(f"分类 {tier}" if tier == "Q" else tier for tier in TIERS))
        tiers.add_row(*(f"{facts['tiers'][tier]:,}" for tier in TIERS))
        excluded = facts["excluded"]
        readings = "".join(
            f"{told.id}{'' if told.by_default else ' *'}: {told.text.zh}\n    {told.text.en}\n"
            for told in self.readings
        )
        return (
            f"As of {facts['as_of']}: {facts['customers']:,} customers,"
            f" {facts['open_bills']:,} open bills.\n"
            f"{as_text(labels, tiers)}"
            f"Left off lists: {excluded['quality']:,} quality (R000-02), {excluded['debit']:,} by"
            f" debit; {facts['brought_back']:,} brought back after a failed debit (C-04)."
            f" Candidates: {facts['candidates']:,}.\n"
            f"{facts['bimonthly']:,} customers are billed every other month (C-12).\n\n"
            f"{readings}A star marks settings that differ from the default."
        )

    def _moved(self, label: str) -> str:
        if self.changes is None:
            return ""
        mine = self.changes.filter(pc.equal(self.changes["label"], label))["change"]
        moved = _counts(mine, CHANGES)
        return f"+{moved['gained']:,} / -{moved['lost']:,}"


def portray(prepared: Prepared, policy: Policy, *, against: Path | None = None) -> Portrayed:
    """Gather the facts of the prepared day, and compare with those of a folder written before.

    Raises:
        DataError: The folder holds no labels, or those of a later day.
    """
    before = _read_labels(against) if against else None
    with step("Gather facts and portraits") as report:
        facts = gather(
            prepared.store,
            prepared.as_of,
            readings=policy.portraits,
            tiers=policy.tiers,
            exclusion=policy.exclusion,
            progress=report,
        )
    return Portrayed(
        facts=facts,
        fingerprint=prepared.store.fingerprint,
        policy=policy,
        readings=readings_used(policy.portraits, policy.tiers, policy.exclusion),
        changes=None if before is None else compare(before, facts.labels, accounts=facts.account),
    )


def write_portrayed(portrayed: Portrayed, folder: Path) -> None:
    """Write account, open_bill, labels and changes as Parquet, and portraits.json beside them."""
    facts = portrayed.facts
    with new_folder(folder) as beside:
        pq.write_table(facts.account, beside / "account.parquet")
        pq.write_table(facts.open_bill, beside / "open_bill.parquet")
        pq.write_table(facts.labels, beside / LABELS_FILE)
        if portrayed.changes is not None:
            pq.write_table(portrayed.changes, beside / "changes.parquet")
        write_json(beside / "portraits.json", portrayed.as_dict())


def _read_labels(folder: Path) -> pa.Table:
    path = folder / LABELS_FILE
    if not path.exists():
        raise DataError(
            f"{folder}: holds no {LABELS_FILE}. Give a folder that duewatch portraits wrote."
        )
    try:
        return pq.read_table(path)
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"{path}: damaged, it cannot be read. Portray that day again.") from error


def _counts(values: pa.ChunkedArray, codes: tuple[str, ...]) -> dict[str, int]:
    found = {one["values"]: one["counts"] for one in pc.value_counts(values).to_pylist()}
    return {code: found.get(code, 0) for code in codes}


def _count_if(flags: pa.ChunkedArray) -> int:
    return pc.sum(flags).as_py() or 0
