"""A policy is refused when it contradicts itself or leaves somebody without an outcome.

The finite combinations of what the rules speak of are tried one by one, and a refusal shows the
facts of a customer for whom the policy fails.
"""

from collections.abc import Iterator, Sequence
from itertools import combinations, product
from typing import Any

from collection.policy.facts import LABELS, LAST_ROUND, Value, can_be
from collection.policy.model import Policy
from collection.policy.rule import Effect, Method, Rule
from collection.policy.verdict import chain_of

MOST_CASES = 200_000  # more would keep a user waiting; rules that speak of so much are unreadable

Witness = dict[str, Value]


def faults_of(policy: Policy) -> list[str]:
    """Return every conflict and gap of a policy, each with the facts that show it."""
    return [*_conflicts(policy), *_gaps(policy)]


def _conflicts(policy: Policy) -> Iterator[str]:
    for one, other in combinations(policy.rules, 2):
        clash = _clash(one.then, other.then) if one.stage == other.stage else ""
        if not clash or _ordered(one, other):
            continue
        witness = next(_both_fire(one, other), None)
        if witness is not None:
            yield (
                f"rules {one.id} and {other.id} conflict in stage {one.stage}: {clash} when"
                f" {_told(witness)}. Give both an order (the smaller is read first), or narrow one."
            )


def _ordered(one: Rule, other: Rule) -> bool:
    return one.order is not None and other.order is not None and one.order != other.order


def _clash(one: Effect, other: Effect) -> str:
    """Say in what two effects contradict each other; empty when they can both be done."""
    if one.priority and other.priority and one.priority != other.priority:
        return f"priority {one.priority} against {other.priority}"
    if one.method and other.method and one.method != other.method:
        return f"method {one.method} against {other.method}"
    for method in one.replace.keys() & other.replace.keys():
        if one.replace[method] != other.replace[method]:
            return f"{method} becomes {one.replace[method]} against {other.replace[method]}"
    for effect, rival in ((one, other), (other, one)):
        wanted = set(effect.replace.values()) & set(rival.forbid)
        if wanted:
            return f"{wanted.pop()} put in place against forbidden"
    return ""


def _both_fire(one: Rule, other: Rule) -> Iterator[Witness]:
    for case in _cases([one, other]):
        if one.when.holds(case) and other.when.holds(case):
            yield case


def _gaps(policy: Policy) -> Iterator[str]:
    told = set()
    for number, case, fired, chain in _ways(policy):
        if chain or number in told:
            continue
        told.add(number)
        yield (
            f"gap: round {number} leaves no method when {_told(case)} (rules"
            f" {', '.join(rule.id for rule in fired)}). Add a method to the round, or replace"
            " one instead of forbidding it."
        )
    if policy.default_priority is None:
        yield from _without_priority(policy)


def _without_priority(policy: Policy) -> Iterator[str]:
    ranked = [rule for rule in policy.rules if rule.then.priority]
    case = next((c for c in _cases(ranked) if not any(r.when.holds(c) for r in ranked)), None)
    if case is not None:
        yield (f"gap: no rule gives a priority when {_told(case)}. Add one, or a default_priority.")


def reachable(policy: Policy) -> frozenset[tuple[int, Method]]:
    """Return each round and method that a contact can have."""
    return frozenset((number, method) for number, *_, chain in _ways(policy) for method in chain)


def _ways(policy: Policy) -> Iterator[tuple[int, Witness, list[Rule], tuple[Method, ...]]]:
    """Give for each round and case the rules about methods that fire, and what they leave."""
    ways = [rule for rule in policy.sequence if _bears_on_method(rule)]
    for number in range(1, LAST_ROUND + 1):
        for case in _cases(ways, round=number):
            fired = [rule for rule in ways if rule.when.holds(case)]
            yield number, case, fired, chain_of(fired, policy.round(number).methods)


def _bears_on_method(rule: Rule) -> bool:
    return bool(rule.then.method or rule.then.forbid or rule.then.replace)


def _cases(rules: Sequence[Rule], **given: Any) -> Iterator[Witness]:
    """Give every combination of facts that can be and among which these rules can differ."""
    values: dict[str, set[Value]] = {name: {value} for name, value in given.items()}
    for rule in rules:
        for atom in rule.when.atoms:
            for name, near in atom.values().items():
                if name not in given:
                    values[name] = values.get(name, set()) | near
    names = sorted(values)
    count = 1
    for name in names:
        count *= len(values[name])
    if count > MOST_CASES:
        raise ValueError(
            f"rules {rules[0].id} to {rules[-1].id} speak of {len(names)} facts together,"
            f" {count:,} combinations, which is more than can be checked ({MOST_CASES:,})."
            " Use fewer facts in rules about methods."
        )
    for chosen in product(*(sorted(values[name], key=str) for name in names)):
        case = dict(zip(names, chosen, strict=True))
        if can_be(case):
            yield case


def _told(case: Witness) -> str:
    """Write facts as a person would: labels that are on, then the others."""
    on = [name for name in case if name in LABELS and case[name]]
    off = [name for name in case if name in LABELS and not case[name]]
    others = [f"{name} is {_word(value)}" for name, value in case.items() if name not in LABELS]
    labels = [f"labels {', '.join(on)}"] if on else ["no label"] if off else []
    return " and ".join([*labels, *others]) or "nothing is known"


def _word(value: Value) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)
