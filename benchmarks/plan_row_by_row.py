"""The plan made one customer at a time in plain Python: the slow way, and an oracle for tests.

It reads the same policy and shares nothing with the SQL of collection/plan: facts, rounds, the
bill that counts, limits and ranking are worked out anew, as a person would read the documents.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from benchmarks.plan_row_facts import Row, dates_of, facts_of, held_days
from collection.calendar import Calendar
from collection.plan.inputs import Inputs
from collection.policy.model import Policy
from collection.policy.rule import HARSHNESS, LADDER
from collection.policy.verdict import resolve


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
    facts = facts_of(person, bill, at, policy, day)
    dates = dates_of(person, bill, at, policy)
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
    held = timedelta(days=held_days(bill))
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
