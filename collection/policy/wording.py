"""The words of a plan in both languages, from configs/plan_wording.yaml; no text is in code."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from collection.policy.check import reachable
from collection.policy.model import Policy
from collection.policy.rule import LADDER, Method
from collection.policy.verdict import HELD_OUT, NO_METHOD
from contract.errors import ConfigError
from contract.yaml_file import read_settings
from features.declare import Text

PLAN_WORDING = Path(__file__).parent.parent.parent / "configs" / "plan_wording.yaml"
# Reasons that no rule of a policy gives: the plan itself does, and its refresh.
OWN_REASONS = (
    "capacity",
    HELD_OUT,
    NO_METHOD,
    "settled_since",
    "round_changed",
    "method_withdrawn",
)


def template_of(number: int, method: Method) -> str:
    """Return the key of the text of a contact.

    >>> template_of(2, "phone")
    'r2_phone'
    """
    return f"r{number}_{method}"


def _in_both_languages(value: Any) -> Any:
    missing = [
        language
        for language in ("zh", "en")
        if not isinstance(value, dict) or not str(value.get(language) or "").strip()
    ]
    if missing:
        raise ValueError(f"no text in {missing[0]}; give both zh and en")
    if len(value) > 2:
        raise ValueError(f"only zh and en are read, found {', '.join(map(str, value))}")
    return Text(**value)


Words = Annotated[Text, BeforeValidator(_in_both_languages)]


class PlanWording(BaseModel):
    """The words of a plan, section by section, each keyed by code.

    Attributes:
        outcomes: contact and none.
        methods: The ways to reach a customer.
        reasons: Why nobody is contacted.
        roles: Who makes a contact.
        advice: What a message adds.
        tasks: What somebody is asked to do besides.
        templates: The text of a contact, keyed by round and method: ``r2_phone``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    outcomes: dict[str, Words]
    methods: dict[str, Words]
    reasons: dict[str, Words]
    roles: dict[str, Words]
    advice: dict[str, Words]
    tasks: dict[str, Words]
    templates: dict[str, Words]

    def faults_of(self, policy: Policy) -> list[str]:
        """Return the codes of a policy that have no words, by section."""
        effects = [rule.then for rule in policy.rules]
        wanted = {
            "reasons": {*OWN_REASONS, *(e.reason for e in effects if e.reason)},
            "advice": {effect.advise for effect in effects if effect.advise},
            "tasks": {effect.task for effect in effects if effect.task},
            "roles": {owner.role for owners in policy.owners.values() for owner in owners},
            "methods": set(LADDER),
            "templates": {template_of(number, method) for number, method in reachable(policy)},
        }
        missing = {
            name: sorted(codes - getattr(self, name).keys()) for name, codes in wanted.items()
        }
        return [
            f"{', '.join(codes)} has no words in section {name} of {PLAN_WORDING.name}."
            " Add them in both languages."
            for name, codes in missing.items()
            if codes
        ]


def read_plan_wording(path: Path = PLAN_WORDING) -> PlanWording:
    """Read the words of plans.

    Raises:
        ConfigError: The file cannot be read, or a text is missing in a language.
    """
    try:
        return PlanWording.model_validate(read_settings(path, label=path.name))
    except ValidationError as error:
        found = "; ".join(
            f"{'.'.join(map(str, fault['loc']))}: {fault['msg'].removeprefix('Value error, ')}"
            for fault in error.errors()
        )
        raise ConfigError(f"{path.name}: {found}") from error
