"""What a plan says of itself on the terminal, Chinese beside English."""

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
from rich.table import Table

from collection.plan.summary import counts
from collection.policy import PlanWording
from features.declare import Text
from pipeline.showing import as_text

_UNPUBLISHED = (
    "The exchanged working days of this year are not published yet in the calendar; weekends and"
    " statutory holidays alone are known."
)


def counted(table: pa.Table, *columns: str) -> dict[str, int]:
    """Return how many rows have each value of some columns, by name."""
    return counts(table, *columns)


def plan_text(about: Mapping[str, Any], wording: PlanWording) -> str:
    """Return the run report: outcomes, methods, reasons, limits, what more staff would add."""
    policy = about["policy"]
    head = (
        f"As of {about['as_of']}, dunning day {about['dunning_on']}, contacts from"
        f" {about['start_on']}. Policy {policy['name']} {policy['version']}, law {policy['law']}."
        f" Scores: {about['scores'] or 'none; nothing is known of who will be late'}."
    )
    parts = [
        head,
        outcomes_text(about, wording),
        *_cut_offs(about["cut_offs"], wording),
        *(_yield(one, wording) for one in about["yields"]),
        *_saved(about),
        "Readings used:",
        *(f"  {one['id']} {one['zh']} {one['en']}" for one in about["readings"]),
    ]
    if about["law_to_confirm"]:
        parts.append(
            f"{len(about['law_to_confirm'])} figures of law {policy['law']} are to be confirmed by"
            " a person; docs/law.md and plan.json name them."
        )
    if not about["calendar_published"]:
        parts.append(_UNPUBLISHED)
    return "\n".join(parts)


def outcomes_text(about: Mapping[str, Any], wording: PlanWording) -> str:
    """Return contacts by round and method, and customers not contacted by reason."""
    return as_text(_contacts(about["contacts"], wording), _reasons(about["reasons"], wording))


def refresh_text(removed: Mapping[str, int], left: int, wording: PlanWording) -> str:
    """Return what a refresh took off."""
    table = Table("taken off", "", "customers", title=f"{left:,} contacts are left")
    for reason, customers in removed.items():
        table.add_row(*_both(wording.reasons[reason]), f"{customers:,}")
    return as_text(table)


def _contacts(contacts: Mapping[str, int], wording: PlanWording) -> Table:
    table = Table("round", "method", "", "customers", title="Contacts")
    for key, customers in contacts.items():
        number, method = key.split("/")
        table.add_row(number, *_both(wording.methods[method]), f"{customers:,}")
    return table


def _reasons(reasons: Mapping[str, int], wording: PlanWording) -> Table:
    table = Table("no contact", "", "customers", title="Not contacted")
    for reason, customers in sorted(reasons.items(), key=lambda one: (-one[1], one[0])):
        table.add_row(*_both(wording.reasons[reason]), f"{customers:,}")
    return table


def _cut_offs(rows: list[dict[str, Any]], wording: PlanWording) -> list[str]:
    return [
        f"Of {row['wanted']:,} {wording.methods[row['method']].en}s wanted {row['placed']:,} fit;"
        f" {row['cut']:,} are beyond the limit of {row['by']} and get less."
        for row in rows
        if row["cut"]
    ]


def _yield(one: Mapping[str, Any], wording: PlanWording) -> str:
    method = wording.methods[one["method"]].en
    if not one["contacts"]:
        return f"The next {method} would add nothing: none is beyond capacity."
    return (
        f"The next {one['contacts']} {method}s would cover {one['late_fen'] / 100:,.2f} yuan"
        f" expected late and, by the policy's effects, bring in"
        f" {one['gained_fen'] / 100:,.2f} yuan more."
    )


def _saved(about: Mapping[str, Any]) -> list[str]:
    early = about["reasons"].get("too_early", 0)
    if about["contact_policy"] != "portrait":
        return []
    told = f"{early:,} customers are left alone until their usual time; under early_all they"
    return [f"{told} would be contacted now (C-08)."]


def _both(text: Text) -> tuple[str, str]:
    return text.zh, text.en
