"""When a rule fires: a small declarative expression over named facts.

All that is stated must hold; a rule that is to fire on either of two things is written twice.
The same expression is read as SQL, for a plan, and as Python, for the check of a policy.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from collection.policy.facts import BY_NAME, LABELS, Fact, Value
from contract.engine import text

Operator = Literal["any", "none", "at_least", "at_most", "in"]


@dataclass(frozen=True, kw_only=True)
class Atom:
    """One statement about facts; a condition holds when all of its atoms do."""

    operator: Operator
    facts: tuple[str, ...]
    bounds: tuple[Value, ...] = ()

    def holds(self, facts: Mapping[str, Any]) -> bool:
        """Say whether the statement is true of these facts."""
        values = [facts[name] for name in self.facts]
        if self.operator == "any":
            return any(values)
        if self.operator == "none":
            return not any(values)
        if self.operator == "in":
            return values[0] in self.bounds
        if values[0] is None:
            return False
        at_least = self.operator == "at_least"
        return bool(values[0] >= self.bounds[0] if at_least else values[0] <= self.bounds[0])

    def sql(self) -> str:
        """Return the statement as SQL over columns that are named as the facts."""
        if self.operator == "any":
            return f"({' OR '.join(self.facts)})"
        if self.operator == "none":
            return f"NOT ({' OR '.join(self.facts)})"
        fact = self.facts[0]
        if self.operator == "in":
            return f"coalesce({fact} IN ({', '.join(map(_literal, self.bounds))}), false)"
        sign = ">=" if self.operator == "at_least" else "<="
        return f"coalesce({fact} {sign} {self.bounds[0]}, false)"

    def values(self) -> dict[str, set[Value]]:
        """Return for each fact the values among which the statement can change whether it holds."""
        return {name: self._values_of(BY_NAME[name]) for name in self.facts}

    def _values_of(self, fact: Fact) -> set[Value]:
        if fact.kind == "flag":
            return {False, True}
        if fact.kind == "code":
            others = [code for code in fact.codes if code not in self.bounds]
            return {*self.bounds, *others[:1]}
        near: set[Value] = set()
        for bound in self.bounds:
            near |= {v for v in (bound, _step(bound, -1), _step(bound, 1)) if _within(fact, v)}
        return near


class Condition(BaseModel):
    """What must hold for a rule to fire; nothing stated always holds.

    Attributes:
        any_label: At least one of these labels.
        none_label: None of these labels.
        at_least: Numbers that are not below a bound.
        at_most: Numbers that are not above a bound.
        equals: Facts that have this value.
        one_of: Codes or numbers that are among these; ``in`` in YAML.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    any_label: tuple[str, ...] = ()
    none_label: tuple[str, ...] = ()
    at_least: dict[str, float] = {}
    at_most: dict[str, float] = {}
    equals: dict[str, bool | int | str] = {}
    one_of: dict[str, tuple[int | str, ...]] = Field(default={}, alias="in")

    @model_validator(mode="after")
    def _speaks_of_known_facts(self) -> Self:
        faults = [_unknown(label, LABELS, "label") for label in (*self.any_label, *self.none_label)]
        faults += [_fault(atom) for atom in self.atoms if atom.operator not in {"any", "none"}]
        found = [fault for fault in faults if fault]
        if found:
            raise ValueError("; ".join(found))
        return self

    @cached_property
    def atoms(self) -> tuple[Atom, ...]:
        """The statements, all of which must hold."""
        stated: tuple[tuple[Operator, tuple[str, ...]], ...] = (
            ("any", self.any_label),
            ("none", self.none_label),
        )
        bounds: tuple[tuple[Operator, dict[str, float]], ...] = (
            ("at_least", self.at_least),
            ("at_most", self.at_most),
        )
        labels = [Atom(operator=operator, facts=names) for operator, names in stated if names]
        bounded = [
            Atom(operator=operator, facts=(name,), bounds=(value,))
            for operator, values in bounds
            for name, value in values.items()
        ]
        equal = [Atom(operator="in", facts=(n,), bounds=(v,)) for n, v in self.equals.items()]
        among = [Atom(operator="in", facts=(n,), bounds=v) for n, v in self.one_of.items()]
        return (*labels, *bounded, *equal, *among)

    @property
    def facts(self) -> frozenset[str]:
        """The facts that it speaks of."""
        return frozenset(name for atom in self.atoms for name in atom.facts)

    def holds(self, facts: Mapping[str, Any]) -> bool:
        """Say whether it holds of one row's facts.

        >>> Condition(any_label=("L10", "L12"), equals={"round": 1}).holds(
        ...     {"L10": False, "L12": True, "round": 1}
        ... )
        True
        """
        return all(atom.holds(facts) for atom in self.atoms)

    def sql(self) -> str:
        """Return it as SQL.

        >>> Condition(any_label=("L10", "L12"), equals={"round": 1}).sql()
        '(L10 OR L12) AND coalesce(round IN (1), false)'
        """
        return " AND ".join(atom.sql() for atom in self.atoms) or "true"


def _literal(value: Value) -> str:
    return text(value) if isinstance(value, str) else str(value).lower()


def _step(bound: Value, by: int) -> Value:
    return bound if isinstance(bound, str) else bound + by


def _within(fact: Fact, value: Value) -> bool:
    return not isinstance(value, str) and fact.low <= value <= fact.high


def _unknown(name: str, known: tuple[str, ...] | list[str], what: str) -> str:
    if name in known:
        return ""
    near = get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}."
    return f"{what} {name} is not known; {hint}"


def _fault(atom: Atom) -> str:
    """Return what is wrong with a statement about a fact that is no label; empty when nothing."""
    name = atom.facts[0]
    if name not in BY_NAME:
        return _unknown(name, list(BY_NAME), "fact")
    fact = BY_NAME[name]
    if fact.kind == "number":
        return next((f for f in (_off_range(fact, bound) for bound in atom.bounds) if f), "")
    if atom.operator != "in":
        return f"{name} is a {fact.kind}; at_least and at_most are for numbers."
    if fact.kind == "flag":
        given = [bound for bound in atom.bounds if not isinstance(bound, bool)]
        return f"{name} is true or false, not {given[0]}." if given else ""
    faults = (_unknown(str(bound), fact.codes, f"{name} code") for bound in atom.bounds)
    return next((fault for fault in faults if fault), "")


def _off_range(fact: Fact, bound: Value) -> str:
    if isinstance(bound, bool | str):
        return f"{fact.name} is a number, not {bound}."
    if fact.low <= bound <= fact.high:
        return ""
    return f"{fact.name} {bound:g} does not occur; it goes from {fact.low:g} to {fact.high:g}."
