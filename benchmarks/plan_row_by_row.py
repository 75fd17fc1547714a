"""The plan made one customer at a time in plain Python: the slow way, and an oracle for tests.

It reads the same policy and shares nothing with the SQL of collection/plan: facts, rounds, the
bill that counts, limits and ranking are worked out anew, as a person would read the documents.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from collection.calendar import Calendar
from collection.plan.inputs import Inputs
from collection.policy.facts import FACTS
from collection.policy.model import Policy
from collection.policy.rule import HARSHNESS, LADDER
from collection.policy.verdict import resolve

Row = dict[str, Any]
_FLAGS = tuple(fact.name for fact in FACTS if fact.kind == "flag")
_CODES = {fact.name: fact.codes[-1] for fact in FACTS if fact.kind == "code"}
_SAME_NAME = ("segment", "voltage", "billing_mode", "pay_arrangement", "urban_rural", "tier")


def plan_row_by_row(inputs: Inputs, policy: Policy, *, as_of: date) -> list[Row]:
    """Return the outcome of every customer by customer_id, planned on as_of.

    Columns: customer_id, outcome, round, method, earliest_on, latest_on, owner_role, owner_id,
    rule, rules, why_not, bill_id, bills, open_fen, expected_late_fen, priority_rank, cut.
    """
    start = Calendar().next_working_day(as_of)
    days = Calendar().working_days(start, policy.days + policy.contact_days + 60)
    bills = defaultdict(list)
    scores = {row["bill_id"]: row for row in _rows(inputs.scores)}
    for bill in _rows(inputs.open_bill):
        if bill["open_fen"] > 0:
            bills[bill["customer_id"]].append({**bill, "score": scores.get(bill["bill_id"], {})})
    people = sorted(_rows(inputs.account), key=lambda person: person["customer_id"])
    planned = [
        _decide(person, bills[person["customer_id"]], policy, as_of, start) for person in people
    ]
    _share_out([row for row in planned if row["may"]], policy, days)
    return [_shown(row) for row in planned]


def _rows(table: Any) -> Iterator[Row]:
    yield from () if table is None else table.to_pylist()


def _decide(person: Row, bills: list[Row], policy: Policy, day: date, start: date) -> Row:
    owed: list[Row | None] = [*bills] or [None]
    judged = [_judge(person, bill, policy, day, start) for bill in owed]
    free = [one for one in judged if one["bill"] and one["hold"] == "none"]
    free.sort(key=lambda one: (one["bill"]["due_on"], one["bill"]["bill_id"]))
    may = [one for one in judged if not one["verdict"].reason]
    chosen = max(judged, key=_asks_most)
    chosen |= {
        "person": person,
        "may": bool(may),
        "class": min((one["verdict"].priority for one in may), default=None),
        "bills": [one["bill"]["bill_id"] for one in free],
        "open_fen": sum(one["bill"]["open_fen"] for one in free),
        "late_fen": sum(one["late_fen"] for one in free),
        "cut": [],
    }
    return chosen


def _asks_most(one: Row) -> tuple[Any, ...]:
    bill, verdict = one["bill"], one["verdict"]
    if not bill:
        return (False,)
    may = not verdict.reason
    # Of equals the oldest, then the first by id: both turned round, for the largest is taken.
    oldest = (-bill["due_on"].toordinal(), [-ord(sign) for sign in bill["bill_id"]])
    return (may, HARSHNESS[verdict.chain[0]] if may else 0, one["round"] if may else 0, *oldest)


def _judge(person: Row, bill: Row | None, policy: Policy, day: date, start: date) -> Row:
    at = _turn(bill, policy, day, start) if bill else _NO_BILL
    facts = _facts(person, bill, at, policy, day)
    dates = _dates(person, bill, at, policy)
    fired = []
    for rule in policy.sequence:
        bound = rule.then.not_before
        if bound is not None:
            since = dates.get(bound.counted_from)
            if since is None or since + timedelta(days=bound.days) <= day:
                continue
        if rule.when.holds(facts):
            fired.append(rule)
    number = at["round"] or 0
    verdict = resolve(
        fired,
        methods=policy.round(number).methods if 1 <= number <= 4 else (),
        default_priority=policy.default_priority,
        round_id=f"round_{number}",
    )
    return {"bill": bill, "verdict": verdict, **at}


_NO_BILL: Row = {"round": None, "opens": None, "closes": None, "hold": "none", "late_fen": 0}


def _turn(bill: Row, policy: Policy, day: date, start: date) -> Row:
    last = bill["last_round"] or 0
    opens = {one.number: _moment(one.opens, bill) for one in policy.rounds}
    held = timedelta(days=_held_days(bill))
    opens |= {3: opens[3] + held, 4: opens[4] + held}
    ends = [opens[2] - timedelta(days=1)]
    closes = policy.round(1).closes
    if closes:
        ends.append(_moment(closes, bill))
    if last == 0:
        number = 2 if start > min(ends) else 1
    elif last == 3:
        number = 4 if bill["reached_at"] else 3
    else:
        number = last + 1
    until = min(ends) if number == 1 else None
    if number == 2 and bill["due_on"] >= start:
        until = bill["due_on"]
    over = bill["hold_to_on"] is not None and bill["hold_to_on"] < day
    return {
        "round": number,
        "opens": opens.get(number),
        "closes": until,
        "hold": "none" if over else bill["hold"] or "none",
        "late_fen": _late_fen(bill, day),
    }


def _held_days(bill: Row) -> int:
    """A hold stops the clock."""
    return max((bill["dpd"] or 0) - (bill["aged_days"] or 0), 0)


def _late_fen(bill: Row, day: date) -> int:
    if bill["due_on"] < day:
        return int(bill["open_fen"])
    p_late = bill["score"].get("p_late")
    if p_late is not None:
        return int(p_late * bill["open_fen"] + 0.5)
    return min(bill["score"].get("expected_late_fen") or 0, bill["open_fen"])


def _moment(moment: Any, bill: Row) -> date:
    since: date = bill[f"{moment.counted_from}_on"]
    return since + timedelta(days=moment.days)


def _facts(person: Row, bill: Row | None, at: Row, policy: Policy, day: date) -> Row:
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
    aged = late - _held_days(bill)
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


def _dates(person: Row, bill: Row | None, at: Row, policy: Policy) -> dict[str, date]:
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


def _share_out(rows: list[Row], policy: Policy, days: tuple[date, ...]) -> None:
    """Give each customer a method within the limits, then the places in the ranking."""
    for row in rows:
        row |= {"chain": list(row["verdict"].chain), "slot": 0}
        row["last_slot"] = _last_slot(row["closes"], days)
    for method in LADDER:
        limit = policy.capacity.get(method)
        taken: dict[Any, int] = defaultdict(int)
        for row in sorted((r for r in rows if r["chain"][:1] == [method]), key=_ranking(policy)):
            by = _over(row, limit, taken, policy) if limit else ""
            if by:
                row["cut"].append(f"{method}:{by}")
                row["chain"].pop(0)
    for place, row in enumerate(
        sorted((r for r in rows if r["chain"]), key=_ranking(policy)), start=1
    ):
        last = min(row["slot"] + policy.contact_days - 1, row["last_slot"])
        row |= {"rank": place, "earliest": days[row["slot"]], "latest": days[last]}
        row["owner"] = _owner(row, policy)


def _last_slot(closes: date | None, days: tuple[date, ...]) -> int:
    return len(days) - 1 if closes is None else sum(day <= closes for day in days) - 1


def _ranking(policy: Policy) -> Any:
    def key(row: Row) -> tuple[Any, ...]:
        person, by = row["person"], policy.order_within.get(row["class"])
        turn = 0
        if by == "response":
            turn = 1 if person["L07"] else 3 if person["L08"] else 2
        elif by == "habit":
            turn = {"early": 1, "mid": 2, "late": 3}.get(person["primary_habit"], 4)
        if row["chain"][0] == "visit":
            turn = 0
        return (row["class"], turn, -row["late_fen"], -row["open_fen"], person["customer_id"])

    return key


def _over(row: Row, limit: Any, taken: dict[Any, int], policy: Policy) -> str:
    """Return which limit a contact is beyond; count it against the limits that it is within."""
    within = {
        "owner": _owner(row, policy),
        "grid": row["person"]["grid_id"],
        "total": None,
    }
    first = next((name for name in within if getattr(limit, name) is not None), "")
    if not first:
        return ""
    size = getattr(limit, first)
    slot = taken[first, within[first]] // size if size else len(within) + policy.days
    taken[first, within[first]] += 1
    if slot >= policy.days or slot > row["last_slot"]:
        return first
    for name in ("grid", "total"):
        size = getattr(limit, name)
        if size is not None and taken["on", name, within[name], slot] >= size:
            return name
        taken["on", name, within[name], slot] += 1
    row["slot"] = slot
    return ""


def _owner(row: Row, policy: Policy) -> tuple[str, str]:
    person, owners = row["person"], policy.owners[row["chain"][0]]
    for owner in owners:
        if person[owner.by] is not None and (
            not owner.segments or person["segment"] in owner.segments
        ):
            return owner.role, person[owner.by]
    return owners[-1].role, ""


def _shown(row: Row) -> Row:
    verdict, made = row["verdict"], bool(row.get("chain"))
    full = row["may"] and not made
    role, owner_id = row.get("owner", (None, None))
    return {
        "customer_id": row["person"]["customer_id"],
        "outcome": "contact" if made else "none",
        "round": row["round"] if row["round"] != 5 else None,
        "method": row["chain"][0] if made else None,
        "earliest_on": row["earliest"] if made else None,
        "latest_on": row["latest"] if made else None,
        "owner_role": role,
        "owner_id": owner_id,
        "rule": "CAPACITY" if full else verdict.winner,
        "rules": list(verdict.fired),
        "why_not": "capacity" if full else verdict.reason,
        "bill_id": row["bill"]["bill_id"] if row["bill"] else None,
        "bills": row["bills"],
        "open_fen": row["open_fen"],
        "expected_late_fen": row["late_fen"],
        "priority_rank": row["rank"] if made else None,
        "cut": row["cut"],
    }
