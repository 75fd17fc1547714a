import pytest

from benchmarks.plan_facts import AS_OF, random_facts
from benchmarks.plan_row_by_row import plan_row_by_row
from collection.plan import make_plan
from collection.policy import HoldOut, Limit, load_policy

CHINA = load_policy()
TIGHT = {
    "capacity": {
        "visit": Limit(owner=1, grid=2, total=9),
        "phone": Limit(grid=3),
        "sms": Limit(total=40),
        "letter": Limit(owner=0),
    },
    "days": 2,
    "holdout": HoldOut(share=0.3, seed=4),
}


@pytest.mark.parametrize(
    ("seed", "changes"),
    [(1, {}), (2, TIGHT), (3, {"contact_policy": "early_all", "order_within": {}})],
)
def test_plan_agrees_with_the_documents_read_row_by_row(seed, changes):
    facts, policy = random_facts(1_200, seed), CHINA.model_copy(update=changes)
    slow = plan_row_by_row(facts, policy, as_of=AS_OF)
    plan = make_plan(facts, policy, as_of=AS_OF)
    fast = plan.table.select(list(slow[0])).to_pylist()
    assert [row for row in zip(fast, slow, strict=True) if row[0] != row[1]] == []
