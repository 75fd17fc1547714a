"""The dunning plan: facts known at as_of, scores and a policy give one outcome a customer.

Set-based in DuckDB, never row by row; a pure function, so the same facts give the same bytes.
"""

from collection.plan.build import Plan, make_plan
from collection.plan.explain import Explained, explain
from collection.plan.held_out import held_out
from collection.plan.inputs import Inputs
from collection.plan.refresh import Refreshed, refresh

__all__ = [
    "Explained",
    "Inputs",
    "Plan",
    "Refreshed",
    "explain",
    "held_out",
    "make_plan",
    "refresh",
]
