"""Read a policy and refuse one that is wrong, with the case that shows it."""

from importlib.resources import files
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from collection.policy.check import faults_of
from collection.policy.model import Policy
from collection.policy.wording import PlanWording, read_plan_wording
from contract.errors import ConfigError
from contract.yaml_file import read_settings, shown

DEFAULT = "china"


def shipped_policies() -> tuple[str, ...]:
    """Return the names of the policies that come with duewatch."""
    folder = files("configs") / "policies"
    return tuple(sorted(entry.name.removesuffix(".yaml") for entry in folder.iterdir()))


def load_policy(name_or_path: str | Path = DEFAULT) -> Policy:
    """Load a shipped policy by its name, or a policy file by its path.

    A file with ``based_on`` takes what it does not state from that policy; its rules are added,
    and one with an id that is there already takes its place.

    Raises:
        ConfigError: There is no such file, something in it is not known, or the policy has a
            conflict or a gap; the message shows the facts of a case.
    """
    label, values = _read(name_or_path)
    seen = [label]
    while "based_on" in values:
        base, beneath = _read(str(values.pop("based_on")))
        if base in seen:
            raise ConfigError(f"{label}: based_on leads back to {base}. Name another policy.")
        seen.append(base)
        values = _laid_over(beneath, values)
    return parse_policy(values, source=label)


def parse_policy(
    values: dict[str, Any], *, source: str, wording: PlanWording | None = None
) -> Policy:
    """Check the values of a policy file; ``source`` is named in errors.

    Raises:
        ConfigError: As ``load_policy``.
    """
    try:
        policy = Policy.model_validate(values)
    except ValidationError as error:
        lines = (_fault(source, fault, values) for fault in error.errors())
        raise ConfigError("\n".join(lines)) from error
    try:
        faults = [*faults_of(policy), *(wording or read_plan_wording()).faults_of(policy)]
    except ValueError as error:
        raise ConfigError(f"{source}: {error}") from error
    if faults:
        raise ConfigError("\n".join(f"{source}: {fault}" for fault in faults))
    return policy


def _laid_over(beneath: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    rules: dict[str, Any] = {}
    for given in (beneath.get("rules", []), above.get("rules", [])):
        if not isinstance(given, list) or not all(map(_has_id, given)):
            return beneath | above  # which is refused where it is checked, with its place
        rules |= {rule["id"]: rule for rule in given}
    return beneath | above | {"rules": list(rules.values())}


def _has_id(rule: Any) -> bool:
    return isinstance(rule, dict) and isinstance(rule.get("id"), str)


def _read(name_or_path: str | Path) -> tuple[str, dict[str, Any]]:
    shipped = str(name_or_path) in shipped_policies()
    place = files("configs") / "policies" / f"{name_or_path}.yaml" if shipped else name_or_path
    label = str(name_or_path)
    values = read_settings(
        Path(str(place)),
        label=label,
        remedy=f"give the path of a policy's YAML, or one of {', '.join(shipped_policies())}",
    )
    if not values:
        raise ConfigError(f"{label}: expected keys such as rounds and rules; found none.")
    return label, values


def _fault(source: str, fault: Any, values: dict[str, Any]) -> str:
    place = ".".join(str(part) for part in fault["loc"])
    rule = _rule_at(fault["loc"], values)
    where = f"{source}: {place}{f' (rule {rule})' if rule else ''}"
    if fault["type"] == "extra_forbidden":
        return f"{where} is not a key here. Remove it or correct its name."
    message = str(fault["msg"]).removeprefix("Value error, ")
    if fault["type"] == "value_error":
        return f"{where}: {message}" if place else f"{source}: {message}"
    return f"{where} is {shown(fault['input'])}; {message[0].lower()}{message[1:]}."


def _rule_at(place: tuple[Any, ...], values: dict[str, Any]) -> str:
    """Return the id of the rule that a fault lies in, for nobody counts rules."""
    if place[:1] != ("rules",) or len(place) < 2 or not isinstance(values["rules"], list):
        return ""
    rule = values["rules"][place[1]]
    return str(rule.get("id", "")) if isinstance(rule, dict) else ""
