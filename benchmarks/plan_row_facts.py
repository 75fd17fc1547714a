"""What the slow plan knows of a bill: each fact as a person would read it off the tables."""

import hashlib
from datetime import date, timedelta
from typing import Any

from collection.policy.facts import FACTS
from collection.policy.model import Policy

Row = dict[str, Any]
_FLAGS = tuple(fact.name for fact in FACTS if fact.kind == "flag")
_CODES = {fact.name: fact.codes[-1] for fact in FACTS if fact.kind == "code"}
_SAME_NAME = ("segment", "voltage", "billing_mode", "pay_arrangement", "urban_rural", "tier")


def held_days(bill: Row) -> int:
    """A hold stops the clock."""
    return max((bill["dpd"] or 0) - (bill["aged_days"] or 0), 0)


def facts_of(person: Row, bill: Row | None, at: Row, policy: Policy, day: date) -> Row:
    """Return every fact of a bill, or of a customer without one."""
    facts: Row = {name: bool(person.get(name)) for name in _FLAGS}
    facts |= {name: person[name] or _CODES[name] for name in _SAME_NAME}
    facts |= {
        "month": day.month,
        "contact_policy": policy.contact_policy,
        "habit": person["primary_habit"] or "none",
        "excluded": person["excluded_why"] or "none",
        "agent": person["agent_id"] is not None,
        "topup_met": _topup_met(person, policy),
    }
    return facts | _bill_facts(person, bill, at, policy, day)


def _bill_facts(person: Row, bill: Row | None, at: Row, policy: Policy, day: date) -> Row:
    if bill is None:
        numbers = ("round", "last_round", "days_overdue", "days_to_due", "open_cny")
        return dict.fromkeys(numbers) | {"has_bill": False, "hold": "none", "band": "none"}
    late = (day - bill["due_on"]).days
    aged = late - held_days(bill)
    first = at["round"] == 1 and late <= 0 and not person["protected"]
    return {
        "has_bill": True,
        "round": at["round"],
        "last_round": bill["last_round"] or 0,
        "overdue": late > 0,
        "days_overdue": max(aged, 0),
        "days_to_due": max(-late, 0),
        "open_cny": bill["open_fen"] / 100,
        "hold": at["hold"],
        "served": bill["reached_at"] is not None,
        "promise_broken": bool(bill["promise_broken"]),
        "notice_allowed": aged > 30 and bill["reached_at"] is not None,
        "drawn": first and (bool(bill["held_out"]) or _drawn(bill, policy)),
        "band": bill["score"].get("band") or "none",
    }


def _topup_met(person: Row, policy: Policy) -> bool:
    topup, cost = person["mean_topup_fen"], person["mean_monthly_cost_fen"]
    if topup is None or cost is None:
        return False
    return bool(topup * 100 >= cost * policy.advice_percent)


def _drawn(bill: Row, policy: Policy) -> bool:
    lot = f"{bill['customer_id']}|{bill['cycle']}|{policy.holdout.seed}"
    # The second half of the digest, its first byte the smallest.
    digest = hashlib.md5(lot.encode(), usedforsecurity=False).digest()[8:]
    return int.from_bytes(digest, "little") % 1_000_000 < round(policy.holdout.share * 1_000_000)


def dates_of(person: Row, bill: Row | None, at: Row, policy: Policy) -> dict[str, date]:
    """Return the days that a rule may count from, those that there are."""
    contact = person["last_contacted_at"]
    dates = {"contact": contact.date() if contact else None}
    if bill:
        dates |= {
            "issued": bill["issued_on"],
            "due": bill["due_on"],
            "round": at["opens"],
            "promise": bill["promised_on"],
            "usual": _usual(person["primary_habit"], bill, policy),
        }
    return {name: day for name, day in dates.items() if day}


def _usual(habit: str | None, bill: Row, policy: Policy) -> date:
    issued, due = bill["issued_on"], bill["due_on"]
    within = (issued.year, issued.month) == (due.year, due.month)
    if habit in {"early", "mid"}:
        days = 10 if habit == "early" else 20
        return issued.replace(day=days) if within else issued + timedelta(days=days)
    if habit == "late":
        following = (issued.replace(day=28) + timedelta(days=4)).replace(day=1)
        return following - timedelta(days=1) if within else due
    return due - timedelta(days=policy.no_habit_days)
