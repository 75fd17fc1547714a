"""The high-risk scope of a month and what becomes of it week by week (R002-05)."""

from collection.scope.lists import SCOPE_LISTS
from collection.scope.movement import CAUSES, MOVES, Steps, movement
from collection.scope.risk import BANDS, choose, customer_risk, threshold_of
from collection.scope.rule import ScopeRule, Threshold, load_scope_rule
from collection.scope.tracking import RISK_MOVES, paid_between, track

__all__ = [
    "BANDS",
    "CAUSES",
    "MOVES",
    "RISK_MOVES",
    "SCOPE_LISTS",
    "ScopeRule",
    "Steps",
    "Threshold",
    "choose",
    "customer_risk",
    "load_scope_rule",
    "movement",
    "paid_between",
    "threshold_of",
    "track",
]
