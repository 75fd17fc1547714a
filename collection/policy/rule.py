"""A rule: in which stage it is read, when it fires, what it does, where it comes from.

The stages are read in the order of the papers (requirements 1.2.2): what the law and the bill
allow, what the customer asked for, who goes first, when, and what is told or asked besides.
"""

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from collection.policy.condition import Condition

Stage = Literal["legality", "suppression", "priority", "schedule", "attachment"]
Method = Literal["notice", "visit", "phone", "personal", "app", "sms", "letter"]
Day = Literal["issued", "due", "usual", "round", "promise", "contact"]

STAGES: tuple[Stage, ...] = ("legality", "suppression", "priority", "schedule", "attachment")
# From the method that asks most of the customer to the one that asks least. A contact whose
# method is beyond capacity is made by the next of those that its round and rules leave.
LADDER: tuple[Method, ...] = ("notice", "visit", "phone", "personal", "app", "sms", "letter")
HARSHNESS: dict[Method, int] = {
    "notice": 4,
    "visit": 3,
    "phone": 2,
    "personal": 1,
    "app": 1,
    "sms": 1,
    "letter": 1,
}

# What a rule of a stage may do: an effect elsewhere would escape the order of the stages.
MAY: dict[Stage, frozenset[str]] = {
    "legality": frozenset({"skip", "keep", "not_before", "forbid"}),
    "suppression": frozenset({"skip", "not_before", "forbid", "replace"}),
    "priority": frozenset({"priority", "method"}),
    "schedule": frozenset({"not_before", "skip"}),
    "attachment": frozenset({"advise", "task"}),
}


class NotBefore(BaseModel):
    """A day counted from one of the bill's days; without that day there is no bound.

    Attributes:
        counted_from: issued or due day of the bill, the day by which the customer usually pays
            (D8), the day its round opens, the promised day, or the newest contact; ``from`` in
            YAML.
        days: Days after it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    counted_from: Day = Field(alias="from")
    days: int = 0


class Effect(BaseModel):
    """What a rule does; at least one thing.

    Attributes:
        skip: There is no contact about this bill in this round.
        keep: The round is owed by law: what the customer wishes cannot skip it (D1).
        not_before: There is no contact before that day; the rule fires until it has come.
        reason: The code that a customer who is not contacted is told apart by.
        forbid: Methods that are not used.
        replace: Methods that become another one.
        method: The method that is tried first.
        priority: The class within which customers are ranked, 1 is first.
        advise: The code of a sentence added to the message.
        task: The code of what somebody is asked to do besides.
        with_contact: Advice or task only beside a contact; else whatever the outcome.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    skip: bool = False
    keep: bool = False
    not_before: NotBefore | None = None
    reason: str | None = None
    forbid: tuple[Method, ...] = ()
    replace: dict[Method, Method] = {}
    method: Method | None = None
    priority: int | None = Field(default=None, ge=1, le=9)
    advise: str | None = None
    task: str | None = None
    with_contact: bool = False

    @property
    def does(self) -> frozenset[str]:
        """The names of what it does."""
        return frozenset(
            name
            for name in type(self).model_fields
            if name not in {"reason", "with_contact"} and getattr(self, name)
        )

    @model_validator(mode="after")
    def _stops_with_a_reason(self) -> Self:
        if not self.does:
            raise ValueError("does nothing; give one of skip, not_before, forbid, method ...")
        stops = self.skip or self.not_before is not None
        if stops and not self.reason:
            raise ValueError("a rule that stops a contact needs its reason code")
        if self.reason and not stops:
            raise ValueError("reason is for a rule with skip or not_before")
        return self


class Rule(BaseModel):
    """One rule of a policy.

    Attributes:
        id: Unique, such as D1 or R000-17.
        stage: Where in the order it is read.
        order: Which of two rules that contradict each other is first; the first one wins.
        when: What must hold; nothing stated always holds.
        then: What it does.
        cites: Where it comes from.
        zh: What it says, in Chinese.
        en: What it says, in English.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(min_length=1)
    stage: Stage
    order: int | None = None
    when: Condition = Condition()
    then: Effect
    cites: str = Field(min_length=1)
    zh: str = Field(min_length=1)
    en: str = Field(min_length=1)

    @model_validator(mode="after")
    def _does_what_its_stage_may(self) -> Self:
        wrong = self.then.does - MAY[self.stage]
        if wrong:
            may = ", ".join(sorted(MAY[self.stage]))
            raise ValueError(
                f"{self.id}: {', '.join(sorted(wrong))} is not for stage {self.stage},"
                f" which may {may}"
            )
        return self


def in_order(rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
    """Return rules as they are read: by stage, then by their order, then as listed."""
    return tuple(sorted(rules, key=lambda rule: (STAGES.index(rule.stage), rule.order or 0)))
