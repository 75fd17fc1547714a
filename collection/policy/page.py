"""The page of the default policy: its rounds, its rules in order, and what a rule may speak of."""

from collections.abc import Iterator

from collection.policy.condition import Condition
from collection.policy.facts import FACTS
from collection.policy.load import load_policy
from collection.policy.model import Policy
from collection.policy.rule import MAY, STAGES, Effect


def policy_markdown() -> str:
    """Return the page of the China default as Markdown."""
    policy = load_policy()
    return "\n".join(_lines(policy)) + "\n"


def _lines(policy: Policy) -> Iterator[str]:
    yield f"# Policy: {policy.name} {policy.version}\n"
    yield (
        "What `duewatch plan` does by default, from `configs/policies/china.yaml`. A file with"
        " `based_on: china` takes what it does not state from it; a rule with an id that is there"
        " takes its place. A policy with a gap or a conflict is refused with a customer who shows"
        " it.\n"
    )
    yield "## Rounds\n\n| round | opens | closes | by | |\n|---|---|---|---|---|"
    for one in policy.rounds:
        opens, closes = (
            "" if day is None else f"{day.counted_from} {day.days:+d} days"
            for day in (one.opens, one.closes)
        )
        by = ", ".join(one.methods)
        yield f"| {one.number} | {opens} | {closes} | {by} | {one.zh} {one.en} |"
    yield "\n## Rules, in the order in which they are read\n"
    yield "| rule | stage | when | then | from | |\n|---|---|---|---|---|---|"
    for rule in policy.sequence:
        told = (_when(rule.when), _then(rule.then), rule.cites, f"{rule.zh} {rule.en}")
        yield f"| {rule.id} | {rule.stage} | {' | '.join(told)} |"
    yield "\n## What a rule of a stage may do\n"
    yield from (f"- {stage}: {', '.join(sorted(MAY[stage]))}" for stage in STAGES)
    yield "\n## Facts that a rule may speak of\n\n| fact | kind | values | |\n|---|---|---|---|"
    yield from (
        f"| `{fact.name}` | {fact.kind} | {', '.join(fact.codes)} | {fact.zh} |" for fact in FACTS
    )


def _when(condition: Condition) -> str:
    signs = {"at_least": "≥", "at_most": "≤", "in": "=", "any": "any of", "none": "none of"}
    parts = []
    for atom in condition.atoms:
        bounds = " or ".join(_word(bound) for bound in atom.bounds)
        if atom.operator in {"any", "none"}:
            parts.append(f"{signs[atom.operator]} {', '.join(atom.facts)}")
        else:
            parts.append(f"{atom.facts[0]} {signs[atom.operator]} {bounds}")
    return "; ".join(parts) or "always"


def _then(effect: Effect) -> str:
    parts = [name for name in ("skip", "keep") if getattr(effect, name)]
    if effect.not_before is not None:
        parts.append(
            f"not before {effect.not_before.counted_from} {effect.not_before.days:+d} days"
        )
    parts += [f"no {method}" for method in effect.forbid]
    parts += [f"{method} becomes {other}" for method, other in effect.replace.items()]
    for name in ("method", "priority", "advise", "task"):
        value = getattr(effect, name)
        if value is not None:
            parts.append(f"{name} {value}")
    return "; ".join([*parts, f"reason `{effect.reason}`"] if effect.reason else parts)


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)
