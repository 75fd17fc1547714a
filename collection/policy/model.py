"""The whole policy: one YAML file, a section a room, read once into a frozen model.

Rules are data; the same facts and the same version give the same plan, byte for byte.
"""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from collection.exclusion import Exclusion
from collection.policy.rounds import Round
from collection.policy.rule import LADDER, Method, Rule, in_order
from collection.policy.verdict import HELD_OUT
from collection.portraits.readings import Readings
from collection.tiers import TierDays

HOLD_OUT_RULE = "HOLD-OUT"
MOST_RULES = 60  # one bit a rule in a whole number of 63 bits


class Limit(BaseModel):
    """How many contacts of one method fit into one working day; none is no limit.

    Attributes:
        owner: Of one owner: a collector, an account manager, a desk.
        grid: In one grid.
        total: Of all.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    owner: int | None = Field(default=None, ge=0)
    grid: int | None = Field(default=None, ge=0)
    total: int | None = Field(default=None, ge=0)


class Owner(BaseModel):
    """Who makes a contact.

    Attributes:
        role: Such as collector or account_manager; worded in configs/plan_wording.yaml.
        by: The account's column that names him; an empty one leaves it to the next owner.
        segments: Only for these customers; empty is all.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    role: str
    by: Literal["manager_id", "grid_id", "org_id", "agent_id"]
    segments: tuple[str, ...] = ()


class HoldOut(BaseModel):
    """First reminders that are left out at random, so that their effect can be measured.

    Only of round 1, never of a customer who is protected or a bill that is overdue: what the law
    asks for is always done (domain 3.8).

    Attributes:
        share: Of the customers who would get a first reminder; 0 is off.
        seed: Another one draws other customers.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    share: float = Field(default=0.0, ge=0, le=0.5)
    seed: int = 0


class Pilot(BaseModel):
    """Where a policy is tried first (R000-08); both empty is everywhere.

    Attributes:
        orgs: Bureaus.
        grids: Grids, besides those of these bureaus.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    orgs: tuple[str, ...] = ()
    grids: tuple[str, ...] = ()


def _owners() -> dict[Method, tuple[Owner, ...]]:
    """Messages leave from the bureau's desk, people are met by those who know them (R002-08)."""
    people = ("commercial", "industrial", "agricultural", "public", "wholesale", "other")
    by_hand = (
        Owner(role="account_manager", by="manager_id", segments=people),
        Owner(role="collector", by="manager_id"),
        Owner(role="collector", by="grid_id"),
    )
    desk = (Owner(role="message_desk", by="org_id"), Owner(role="message_desk", by="grid_id"))
    return {method: desk if method in {"sms", "app"} else by_hand for method in LADDER}


class Policy(BaseModel):
    """What is done about whom, when, by what and by whom.

    Attributes:
        name: What it is called.
        version: Raised with every change; it is kept with each plan.
        law: The law of collection/law that it lives under.
        portraits: How the fourteen labels are read.
        tiers: The days of the tiers.
        exclusion: Who is left off lists.
        country: Whose working days are kept, by its code of two letters.
        contact_policy: portrait waits until a customer usually has paid (D8); early_all does not
            (C-08).
        rounds: The four rounds.
        rules: The rules, read by stage, then by their order, then as listed.
        default_priority: The class of a customer whom no rule of priority names.
        order_within: What goes first within a class before the expected late amount: response
            (D7: sensitive, unknown, insensitive) or habit (D8: 月初, 月中, 月末). A visit goes by
            the amount alone (T21).
        no_habit_days: Days before due from which a customer without a habit is due (C-14).
        days: Working days that one plan fills.
        contact_days: Working days within which a contact is to be made.
        capacity: Limits by method.
        owners: Who makes the contacts, by method; the first whose column is filled.
        holdout: First reminders left out at random.
        effects: By how much a contact raises the chance of payment before due, by method; for
            the marginal yield alone.
        costs_cny: What one contact costs, by method; for comparing policies.
        pilot: Where the policy is tried first.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    version: str = Field(min_length=1)
    law: str = "china"
    portraits: Readings = Readings()
    tiers: TierDays = TierDays()
    exclusion: Exclusion = Exclusion()
    country: str = Field(default="CN", pattern="^[A-Z]{2}$")
    contact_policy: Literal["portrait", "early_all"] = "portrait"
    rounds: tuple[Round, ...]
    rules: tuple[Rule, ...]
    default_priority: int | None = Field(default=3, ge=1, le=9)
    order_within: dict[int, Literal["response", "habit"]] = {1: "response", 3: "habit"}
    no_habit_days: int = Field(default=5, ge=0)
    days: int = Field(default=1, ge=1, le=31)
    contact_days: int = Field(default=3, ge=1, le=31)
    capacity: dict[Method, Limit] = {"phone": Limit(owner=30), "visit": Limit(owner=8)}
    owners: dict[Method, tuple[Owner, ...]] = Field(default_factory=_owners)
    holdout: HoldOut = HoldOut()
    effects: dict[Method, Annotated[float, Field(ge=-1, le=1)]] = {
        "sms": 0.02,
        "app": 0.02,
        "phone": 0.025,
        "visit": 0.075,
    }
    costs_cny: dict[Method, Annotated[float, Field(ge=0, le=1_000_000)]] = {
        "sms": 0.05,
        "phone": 2.0,
        "visit": 20.0,
        "notice": 5.0,
    }
    pilot: Pilot = Pilot()

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        faults = [*_round_faults(self.rounds), *_rule_faults(self.rules)]
        missing = [method for method in LADDER if not self.owners.get(method)]
        if missing:
            faults.append(f"owners: nobody is named for {', '.join(missing)}")
        if faults:
            raise ValueError("; ".join(faults))
        return self

    @property
    def advice_percent(self) -> int:
        """The share of a mean month that a top-up should reach (D5), in percent."""
        return round(self.portraits.small_topup.advice_share * 100)

    @property
    def sequence(self) -> tuple[Rule, ...]:
        """All rules as they are read, the hold-out among them: after all that may stop a bill."""
        return in_order((*self.rules, _HOLD_OUT))

    def round(self, number: int) -> Round:
        """Return a round by its number."""
        return self.rounds[number - 1]


_HOLD_OUT = Rule.model_validate(
    {
        "id": HOLD_OUT_RULE,
        "stage": "schedule",
        "order": 1_000_000,
        "when": {"equals": {"drawn": True}},
        "then": {"not_before": {"from": "due", "days": 1}, "reason": HELD_OUT},
        "cites": "domain 3.8, R001-05",
        "zh": "首轮随机留出,用于衡量催费效果",
        "en": "left out of the first reminder at random, to measure its effect",
    }
)


def _round_faults(rounds: tuple[Round, ...]) -> list[str]:
    numbers = [one.number for one in rounds]
    if numbers == [1, 2, 3, 4]:
        return []
    missing = [number for number in (1, 2, 3, 4) if number not in numbers]
    what = f"round {missing[0]} is missing" if missing else f"they are {numbers}"
    return [f"rounds: {what}; give rounds 1, 2, 3, 4 once each, in order (R001-01)"]


def _rule_faults(rules: tuple[Rule, ...]) -> list[str]:
    ids = [rule.id for rule in rules]
    twice = sorted({one for one in ids if ids.count(one) > 1 or one == HOLD_OUT_RULE})
    faults = [f"rules: {one} is given twice; an id names one rule" for one in twice]
    if len(rules) > MOST_RULES:
        faults.append(f"rules: {len(rules)} are given; there may be {MOST_RULES}")
    return faults
