"""What rules make of one bill: a pure function of its round and of the rules that fired.

A plan asks it once for each pattern of fired rules that occurs, not once a customer, and the
check of a policy asks it for each pattern that can occur.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from collection.policy.rule import LADDER, Method, Rule

HELD_OUT = "hold_out"
NO_METHOD = "no_method"


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What becomes of one bill.

    Attributes:
        stopped_by: The rule that keeps the bill from being dunned; empty when none does.
        reason: Its reason code, likewise.
        waits: Whether it is stopped by a day that has not come, and not for good.
        chain: The methods that may be used, the first one preferred.
        priority: The class within which the customer is ranked.
        winner: The rule that explains the outcome.
        fired: All rules that fired, in order.
    """

    stopped_by: str
    reason: str
    waits: bool
    chain: tuple[Method, ...]
    priority: int
    winner: str
    fired: tuple[str, ...]
    advice: tuple[str, ...]
    tasks: tuple[str, ...]


def resolve(
    fired: Sequence[Rule],
    *,
    methods: Sequence[Method],
    default_priority: int | None,
    round_id: str = "round",
) -> Verdict:
    """Return what becomes of a bill.

    The first rule that stops it wins. A skip that the customer wishes yields to a rule of law
    that keeps the round; a day that has not come never does. Of rules that set one thing the
    first wins; forbidden methods add up.

    Args:
        fired: The rules that fired, in the order in which they are read; one with ``not_before``
            fires until its day has come.
        methods: The methods of the bill's round.
        default_priority: The class without a rule of priority; a policy is checked to need none
            where it has none.
        round_id: What explains a contact that no rule moved.
    """
    kept = any(rule.then.keep for rule in fired)
    stopper = next((rule for rule in fired if _stops(rule, kept=kept)), None)
    ranked = next((rule for rule in fired if rule.then.priority), None)
    chain = chain_of(fired, methods)
    beside = [rule for rule in fired if not rule.then.with_contact]
    if stopper is not None:
        stopped, reason, winner = stopper.id, stopper.then.reason or "", stopper.id
    elif not chain:
        stopped, reason, winner = round_id, NO_METHOD, round_id
    else:
        stopped, reason, winner = "", "", ranked.id if ranked else round_id
        beside = list(fired)
    return Verdict(
        stopped_by=stopped,
        reason=reason,
        waits=stopper is not None and not stopper.then.skip,
        chain=chain,
        priority=(ranked.then.priority if ranked else default_priority) or 0,
        winner=winner,
        fired=tuple(rule.id for rule in fired),
        advice=tuple(rule.then.advise for rule in beside if rule.then.advise),
        tasks=tuple(rule.then.task for rule in beside if rule.then.task),
    )


def _stops(rule: Rule, *, kept: bool) -> bool:
    if rule.then.not_before is not None:
        return True
    return rule.then.skip and not (kept and rule.stage == "suppression")


def chain_of(fired: Sequence[Rule], methods: Sequence[Method]) -> tuple[Method, ...]:
    """Return the methods that may be used, from the one that is tried first down the ladder.

    The first rule with a method puts it at the top: harsher ones are left out, it is added when
    the round lacks it. Then methods are replaced, then those that are forbidden taken out.

    >>> chain_of([], ("sms", "phone"))
    ('phone', 'sms')
    """
    chosen = next((rule.then.method for rule in fired if rule.then.method), None)
    kept = set(methods)
    if chosen is not None:
        kept = {m for m in kept if LADDER.index(m) >= LADDER.index(chosen)} | {chosen}
    for rule in fired:
        kept = {rule.then.replace.get(method, method) for method in kept}
    kept -= {method for rule in fired for method in rule.then.forbid}
    return tuple(method for method in LADDER if method in kept)
