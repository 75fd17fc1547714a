"""Replay policies over the past months: the new one, the present one, and the largest balances."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
from rich.table import Table

from collection.bands import Capacity
from collection.facts import Facts
from collection.plan import make_plan
from collection.plan.replay import (
    LARGEST,
    Measured,
    contacts_of,
    largest_balances,
    measure,
    simple_scores,
)
from collection.policy import Policy
from contract.engine import connect, to_arrow
from contract.errors import DataError
from features.facts import with_facts
from pipeline.config import Config
from pipeline.planning import facts_at, inputs_of
from pipeline.preparing import Prepared
from pipeline.progress import step
from pipeline.showing import as_text
from pipeline.storage import new_folder, write_json
from reports.spreadsheet import inert_frame

NEW, PRESENT = "new", "present"


@dataclass(frozen=True, kw_only=True)
class Replayed:
    """What each policy would have done on each day.

    Attributes:
        days: One entry a policy, day and group.
        touched: Customers contacted at least once, by policy.
        policies: Name and version of the policies by what they are called here.
    """

    days: list[Measured]
    touched: dict[str, int]
    policies: dict[str, str]
    as_of: date = field(compare=False)

    def totals(self) -> list[dict[str, Any]]:
        """Return the sums over all days, one entry a policy and group."""
        sums: dict[tuple[str, str], list[Measured]] = defaultdict(list)
        for one in self.days:
            sums[one.group, one.policy].append(one)
        return [self._total(policy, group, ones) for (group, policy), ones in sums.items()]

    def _total(self, policy: str, group: str, ones: list[Measured]) -> dict[str, Any]:
        contacts: dict[str, int] = defaultdict(int)
        for one in ones:
            for method, count in one.contacts.items():
                contacts[method] += count
        late = sum(one.late_fen for one in ones)
        figures = {
            name: sum(getattr(one, name) for one in ones)
            for name in ("covered_fen", "in_person_fen", "overdue_fen", "broken")
        }
        return {
            "policy": policy,
            "group": group,
            "days": len(ones),
            "contacts": dict(sorted(contacts.items())),
            "customers": self.touched[policy] if group == "all" else None,
            "cost_cny": round(sum(one.cost_cny for one in ones), 2),
            "late_fen": late,
            **figures,
            "covered_share": figures["covered_fen"] / late if late else None,
            "in_person_share": figures["in_person_fen"] / late if late else None,
        }

    def as_dict(self) -> dict[str, Any]:
        """Return the totals for a machine."""
        return {"as_of": self.as_of, "policies": self.policies, "totals": self.totals()}

    def text(self) -> str:
        """Return the comparison for the terminal."""
        days = sorted({one.day for one in self.days})
        parts = [f"Replayed on {len(days)} days, {days[0]} to {days[-1]}. {_NOTE}"]
        groups = dict.fromkeys(one["group"] for one in self.totals())
        parts += [as_text(self._table(group)) for group in groups]
        return "\n".join(parts)

    def _table(self, group: str) -> Table:
        table = Table(
            *("policy", "visits", "calls", "messages", "other", "customers", "cost, yuan"),
            *("late covered", "in person", "broken"),
            title="" if group == "all" else group,
        )
        for one in (total for total in self.totals() if total["group"] == group):
            made = one["contacts"]
            messages = made.get("sms", 0) + made.get("app", 0)
            other = sum(made.values()) - messages - made.get("visit", 0) - made.get("phone", 0)
            counts = (made.get("visit", 0), made.get("phone", 0), messages, other)
            table.add_row(
                one["policy"],
                *(f"{count:,}" for count in counts),
                "" if one["customers"] is None else f"{one['customers']:,}",
                f"{one['cost_cny']:,.0f}",
                *(_share(one[name]) for name in ("covered_share", "in_person_share")),
                f"{one['broken']:,}",
            )
        return table


_NOTE = (
    "Late covered: of the amount that was open before due and turned out late, the part whose"
    " customers were contacted before due. Broken: contacts against a wish, a hold or a wait of the"
    " law. Payments stay as they were: this tells whom a policy reaches, not what it changes."
)


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}"


def planning_days(as_of: date, *, cycles: int, day_of_month: int) -> list[date]:
    """Return the planning day of each of the last months, oldest first, all before as_of.

    >>> [d.isoformat() for d in planning_days(date(2026, 2, 6), cycles=2, day_of_month=20)]
    ['2025-12-20', '2026-01-20']
    """
    month = as_of.year * 12 + as_of.month - 1
    if as_of.day <= day_of_month:
        month -= 1
    months = range(month - cycles + 1, month + 1)
    return [date(one // 12, one % 12 + 1, min(day_of_month, 28)) for one in months]


def replay(
    config: Config, prepared: Prepared, new: Policy, present: Policy, *, days: Iterable[date]
) -> Replayed:
    """Replay two policies and the largest balances on past days, each with its own facts.

    Raises:
        DataError: No bill was known on any of the days.
    """
    late = _outcomes(prepared)
    measured: list[Measured] = []
    seen: dict[str, set[str]] = defaultdict(set)
    with step("Replay the policies") as report:
        for done, day in enumerate(days := list(days)):
            report("days", done, len(days))
            for name, contacts, facts in _day(config, prepared, day, new, present):
                seen[name] |= set(contacts["customer_id"].to_pylist())
                measured += measure(name, contacts, facts, late, policy=new)
    if not any(one.late_fen or one.contacts for one in measured):
        raise DataError(
            f"{prepared.data}: no bill is known on the days asked for, {days[0]} to {days[-1]}."
            " Give fewer cycles, or a later --as-of."
        )
    return Replayed(
        days=measured,
        touched={name: len(customers) for name, customers in seen.items()},
        policies={NEW: _called(new), PRESENT: _called(present), LARGEST: ""},
        as_of=prepared.as_of,
    )


def _called(policy: Policy) -> str:
    return f"{policy.name} {policy.version}"


def _day(
    config: Config, prepared: Prepared, day: date, new: Policy, present: Policy
) -> Iterable[tuple[str, pa.Table, Facts]]:
    """Give each policy's contacts of one day, by name, with the facts that it went by."""
    facts = facts_at(prepared.store, day, new)
    made = _contacts(config, facts, new)
    yield NEW, made, facts
    yield LARGEST, largest_balances(facts, made), facts
    if not _read_alike(new, present):
        facts = facts_at(prepared.store, day, present)
    yield PRESENT, _contacts(config, facts, present), facts


def _read_alike(one: Policy, other: Policy) -> bool:
    return (one.portraits, one.tiers, one.exclusion) == (
        other.portraits,
        other.tiers,
        other.exclusion,
    )


def _contacts(config: Config, facts: Facts, policy: Policy) -> pa.Table:
    shares = [_share_of(band) for band in (config.bands.call, config.bands.message)]
    scores = simple_scores(facts, call_share=shares[0], message_share=shares[1])
    return contacts_of(make_plan(inputs_of(facts, policy, scores), policy, as_of=facts.as_of).table)


def _share_of(capacity: Capacity) -> float:
    """A count says nothing of past days with other numbers of bills; a twentieth is called."""
    return 0.05 if capacity.share is None else capacity.share


def _outcomes(prepared: Prepared) -> pa.Table:
    """Return which bills turned out late, as known at the prepared day: past every replayed day."""
    query = "SELECT bill_id, late FROM known_bill WHERE late IS NOT NULL"
    parts = []
    for bucket in range(prepared.store.buckets):
        with connect() as connection:
            parts.append(
                to_arrow(connection, with_facts(prepared.store, bucket, prepared.as_of, query))
            )
    return pa.concat_tables(parts)


def write_replayed(replayed: Replayed, folder: Path) -> None:
    """Write replay.csv (one row a policy, day and group) and replay.json (the totals)."""
    rows = [one.as_dict() for one in replayed.days]
    frame = pd.DataFrame([{**row, **row.pop("contacts")} for row in rows])
    with new_folder(folder) as beside:
        inert_frame(frame).to_csv(beside / "replay.csv", index=False, encoding="utf-8-sig")
        write_json(beside / "replay.json", replayed.as_dict())
