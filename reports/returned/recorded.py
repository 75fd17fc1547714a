"""What a handout's row says beside a contact: a notice approved and served, and what was agreed."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any


def recorded(
    days: Mapping[str, date | None], texts: Mapping[str, str | None], by: str | None
) -> list[dict[str, Any]]:
    """Return what a handout's row says beside a contact: a notice, and what was agreed.

    That a notice was approved and that it was served are two things; who approved it may have
    served it, if nobody else is named.
    """
    entries: list[dict[str, Any]] = []
    approver = texts["approved_by"]
    if approver or days["approved_on"]:
        on = moment(days["approved_on"])
        entries.append({"record": "notice_approval", "recorded_at": on, "recorded_by": approver})
    if days["served_on"]:
        served = {"method": "notice", "outcome": "delivered", "recorded_by": by or approver}
        entries.append({**served, "recorded_at": moment(days["served_on"])})
    if texts["measures"] or days["agreed_on"]:
        agreed = {"record": "measures_agreed", "reason": texts["measures"]}
        entries.append({**agreed, "recorded_at": moment(days["agreed_on"])})
    return entries


def moment(on: date | None) -> datetime | None:
    """Return the beginning of a day."""
    return None if on is None else datetime(on.year, on.month, on.day)
