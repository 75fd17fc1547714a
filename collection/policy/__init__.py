"""The policy of collection as data: rounds, rules in five stages, capacity, owners, hold-out.

It is read from YAML and refused when it has a gap, a conflict or speaks of what is not known.
"""

from collection.policy.load import DEFAULT, load_policy, parse_policy, shipped_policies
from collection.policy.model import HoldOut, Limit, Policy
from collection.policy.page import policy_markdown
from collection.policy.rule import HARSHNESS, LADDER, STAGES, Rule
from collection.policy.wording import PlanWording, read_plan_wording

__all__ = [
    "DEFAULT",
    "HARSHNESS",
    "LADDER",
    "STAGES",
    "HoldOut",
    "Limit",
    "PlanWording",
    "Policy",
    "Rule",
    "load_policy",
    "parse_policy",
    "policy_markdown",
    "read_plan_wording",
    "shipped_policies",
]
