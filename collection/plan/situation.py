"""Where each open bill stands on the dunning day, and which rules fire for it: SQL alone.

A row is one open bill of one customer, or a customer without one. ``fired`` holds a bit a rule, in
the order in which rules are read: bit 0 is the first.
"""

from datetime import date

from collection.policy.facts import FACTS
from collection.policy.model import Policy
from collection.policy.rule import Day, Rule
from contract.engine import text

# A notice without the law's own list: more than 30 days overdue and dunned (domain 2.1).
NOTICE_DAYS_OVERDUE = 30
_PARTS = 1_000_000  # the hold-out share is met to one part in so many

# What a rule may count from, on a row of `stands`.
_DAYS: dict[Day, str] = {
    "issued": "issued_on",
    "due": "due_on",
    "usual": "usual_on",
    "round": "opens_on",
    "promise": "promised_on",
    "contact": "last_contact_on",
}


def situation(policy: Policy, *, day: date, start: date, notices: bool) -> str:
    """Return the query of every bill's facts and fired rules.

    Args:
        policy: The policy.
        day: The dunning day: what is known is judged on it.
        start: The first working day from it, on which contacts begin.
        notices: Whether the law's list of notices is given.
    """
    rules = policy.sequence
    return (
        (
            f"WITH bill AS ({_bill(policy, notices=notices)}),\n"
            f"turn AS ({_turn(policy)}),\n"
            f"placed AS ({_placed(policy)}),\n"
            f"stands AS ({_stands(policy)}),\n"
            f"judged AS (SELECT *, {_fired(rules)} AS fired FROM stands)\n"
            f"""SELECT customer_id, bill_id, due_on, issued_on, coalesce(round, 0) AS round,
            opens_on, closes_on, open_fen, late_fen, hold, fired, {_next(rules)} AS next_on
        FROM judged"""
        )
        .replace("$start", f"DATE '{start}'")
        .replace("$day", f"DATE '{day}'")
    )


def _bill(policy: Policy, *, notices: bool) -> str:
    """Open bills with their scores; a hold that is over on the dunning day holds no more.

    An overdue bill is late for certain; of another the part that is expected to be. A hold stops
    the clock: its days (``held_days``) count neither as overdue nor towards rounds 3 and 4.
    """
    held = "greatest(coalesce(o.dpd - o.aged_days, 0), 0)"
    allowed = f"$day - o.due_on - {held} > {NOTICE_DAYS_OVERDUE} AND o.reached_at IS NOT NULL"
    allowed = "n.bill_id IS NOT NULL" if notices else allowed
    share = round(policy.holdout.share * _PARTS)
    draw = f"md5_number_lower(o.customer_id || '|' || o.cycle || '|{policy.holdout.seed}')"
    return f"""
        SELECT o.customer_id, o.bill_id, o.issued_on, o.due_on, o.open_fen, o.reached_at,
            o.promised_on, o.promise_broken, coalesce(o.last_round, 0) AS last_round, s.band,
            CASE WHEN o.hold_to_on < $day THEN 'none' ELSE coalesce(o.hold, 'none') END AS hold,
            o.due_on < $day AS overdue, {held} AS held_days,
            greatest($day - o.due_on - {held}, 0) AS days_overdue,
            greatest(o.due_on - $day, 0) AS days_to_due,
            {allowed} AS notice_allowed,
            CASE WHEN o.due_on < $day THEN o.open_fen
                 WHEN s.p_late IS NOT NULL THEN CAST(round(s.p_late * o.open_fen) AS BIGINT)
                 WHEN s.expected_late_fen < o.open_fen THEN s.expected_late_fen
                 WHEN s.expected_late_fen IS NOT NULL THEN o.open_fen ELSE 0 END AS late_fen,
            coalesce(o.held_out, false) OR {draw} % {_PARTS} < {share} AS lot
        FROM open_bill AS o LEFT JOIN scores AS s USING (bill_id)
        {"LEFT JOIN notices AS n USING (bill_id)" if notices else ""}
        WHERE o.open_fen > 0"""


def _turn(policy: Policy) -> str:
    """Which round is next: the first lapses, the others run in order, the third until served."""
    one, two = policy.round(1), policy.round(2)
    until = f"{two.opens.sql()} - 1"
    closes = until if one.closes is None else f"least({until}, {one.closes.sql()})"
    return f"""
        SELECT *, {closes} AS first_closes_on,
            CASE WHEN last_round >= 4 THEN 5
                 WHEN last_round = 3 AND reached_at IS NULL THEN 3
                 WHEN last_round >= 1 THEN last_round + 1
                 WHEN $start > {closes} THEN 2 ELSE 1 END AS round
        FROM bill"""


def _placed(policy: Policy) -> str:
    """When the round opens and closes; a round that must be made closes no more once it is late."""
    held = {3: " + held_days", 4: " + held_days"}
    opens = " ".join(
        f"WHEN {one.number} THEN {one.opens.sql()}{held.get(one.number, '')}"
        for one in policy.rounds
    )
    return f"""
        SELECT *, CASE round {opens} END AS opens_on,
            CASE WHEN round = 1 THEN first_closes_on
                 WHEN round = 2 AND due_on >= $start THEN due_on END AS closes_on
        FROM turn"""


def _stands(policy: Policy) -> str:
    facts = ",\n".join(f"{fact.sql} AS {fact.name}" for fact in FACTS)
    facts = facts.replace("$contact_policy", text(policy.contact_policy))
    facts = facts.replace("$advice_percent", str(policy.advice_percent))
    return f"""
        SELECT a.customer_id, b.bill_id, b.issued_on, b.due_on, b.opens_on, b.closes_on,
            b.promised_on, b.open_fen, b.late_fen,
            CAST(a.last_contacted_at AS DATE) AS last_contact_on,
            {_usual(policy)} AS usual_on, {facts}
        FROM account AS a LEFT JOIN placed AS b USING (customer_id)"""


def _usual(policy: Policy) -> str:
    """The day by which a customer with a habit usually has paid (D8, C-14, C-15).

    The 10th, 20th and last of the month; where the due day lies in another month than the issue,
    as many days from the issue, for there a late payer looks like an early one.
    """
    within = "date_trunc('month', b.issued_on) = date_trunc('month', b.due_on)"
    month = "CAST(date_trunc('month', b.issued_on) AS DATE)"
    return f"""CASE a.primary_habit
            WHEN 'early' THEN CASE WHEN {within} THEN {month} + 9 ELSE b.issued_on + 10 END
            WHEN 'mid' THEN CASE WHEN {within} THEN {month} + 19 ELSE b.issued_on + 20 END
            WHEN 'late' THEN CASE WHEN {within} THEN last_day(b.issued_on) ELSE b.due_on END
            ELSE b.due_on - {policy.no_habit_days} END"""


def _fired(rules: tuple[Rule, ...]) -> str:
    bits = (
        f"CASE WHEN {rule.when.sql()}{_has_not_come(rule)} THEN {1 << bit} ELSE 0 END"
        for bit, rule in enumerate(rules)
    )
    return "\n+ ".join(f"CAST({bit} AS BIGINT)" for bit in bits)


def _has_not_come(rule: Rule) -> str:
    bound = _bound(rule)
    return f" AND coalesce({bound} > $day, false)" if bound else ""


def _bound(rule: Rule) -> str:
    """Return the SQL of the day before which a rule lets nothing happen; empty for others."""
    then = rule.then.not_before
    return f"{_DAYS[then.counted_from]} + {then.days}" if then else ""


def _next(rules: tuple[Rule, ...]) -> str:
    days = [
        f"CASE WHEN (fired >> {bit}) & 1 = 1 THEN {_bound(rule)} END"
        for bit, rule in enumerate(rules)
        if rule.then.not_before
    ]
    return f"greatest({', '.join(days)})" if days else "CAST(NULL AS DATE)"
