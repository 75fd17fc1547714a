from datetime import date, datetime

import pytest
from plan_facts import AS_OF, drawn

from benchmarks.plan_facts import random_facts
from collection.plan import make_plan
from collection.policy import Limit, load_policy
from contract.errors import ConfigError, DataError

POLICY = load_policy()
MONTH_END = date(2026, 11, 30)
NO_LIMIT = POLICY.model_copy(update={"capacity": {}})


def rows(inputs, *, policy=NO_LIMIT, dunning_on=AS_OF, **given):
    """Return the plan's rows by customer."""
    plan = make_plan(inputs, policy, as_of=AS_OF.replace(day=1), dunning_on=dunning_on, **given)
    return {row["customer_id"]: row for row in plan.table.to_pylist()}


def in_order(found):
    contacted = [row for row in found.values() if row["outcome"] == "contact"]
    return [row["customer_id"] for row in sorted(contacted, key=lambda row: row["priority_rank"])]


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (9, []),
        (10, ["start"]),
        (20, ["start", "middle"]),
        (30, ["start", "middle", "end"]),
    ],
)
def test_t10_habit_decides_who_is_contacted_by_dunning_day(day, expected):
    habits = {"end": ("late", 0.9), "middle": ("mid", 0.8), "start": ("early", 0.1)}
    facts = drawn(
        *(
            {"customer_id": one, "primary_habit": habit, "p_late": risk, "due_on": MONTH_END}
            for one, (habit, risk) in habits.items()
        )
    )
    assert in_order(rows(facts, dunning_on=date(2026, 11, day))) == expected


def test_t11_repeated_arrears_outrank_the_habit_of_waiting():
    found = rows(drawn({"customer_id": "one", "labels": "L02 L06", "primary_habit": "late"}))
    assert (found["one"]["outcome"], found["one"]["rule"]) == ("contact", "D7")


@pytest.mark.parametrize(
    ("last_round", "due_on", "day", "outcome"),
    [
        (0, date(2026, 11, 25), 10, "none"),
        (0, date(2026, 11, 25), 20, "contact"),
        (1, date(2026, 11, 25), 20, "contact"),
        (2, date(2026, 11, 18), 20, "contact"),
        (3, date(2026, 10, 18), 20, "contact"),
    ],
)
def test_t12_no_dunning_skips_round_one_alone(last_round, due_on, day, outcome):
    one = {"customer_id": "one", "labels": "L10", "last_round": last_round, "due_on": due_on}
    served = datetime(2026, 10, 2) if last_round else None
    found = rows(drawn({**one, "reached_at": served}), dunning_on=date(2026, 11, day))["one"]
    assert found["outcome"] == outcome
    assert found["method"] in {None, "sms", "notice"}
    assert found["why_not"] == ("" if outcome == "contact" else "wish")


def test_t13_refusal_of_this_month_ends_the_day_after_due():
    one = {"customer_id": "one", "labels": "L12 L01"}
    assert rows(drawn(one), dunning_on=date(2026, 11, 24))["one"]["why_not"] == "wish"
    assert rows(drawn(one), dunning_on=date(2026, 11, 26))["one"]["outcome"] == "contact"


@pytest.mark.parametrize(("last_round", "due"), [(0, 25), (1, 25), (2, 18), (3, 18)])
def test_t14_no_call_to_who_declines_calls(last_round, due):
    one = {"customer_id": "one", "labels": "L11 L01 L08", "last_round": last_round, "band": "call"}
    found = rows(drawn({**one, "tier": "N", "due_on": date(2026, 11, due)}))["one"]
    assert found["method"] == "personal"


def test_t15_sensitive_first_then_unknown_then_insensitive():
    found = rows(
        drawn(
            {"customer_id": "deaf", "labels": "L01 L08", "tier": "N", "p_late": 0.9},
            {"customer_id": "new", "labels": "L01", "tier": "N", "p_late": 0.5},
            {"customer_id": "keen", "labels": "L01 L07", "tier": "N", "p_late": 0.1},
        )
    )
    assert in_order(found) == ["keen", "new", "deaf"]


def test_t21_visits_are_for_tiers_a_b_c_by_risk_within_a_collector():
    found = rows(
        drawn(
            *(
                {"customer_id": tier, "tier": tier, "last_round": 1, "p_late": risk}
                for tier, risk in (("A", 0.2), ("B", 0.6), ("C", 0.4), ("D", 0.9))
            )
        )
    )
    assert [(one, found[one]["method"]) for one in in_order(found)] == [
        ("B", "visit"),
        ("C", "visit"),
        ("A", "visit"),
    ]
    assert found["D"]["why_not"] == "tier_d"


def test_t22_calls_fill_the_capacity_and_the_rest_stay_on_sms():
    many = ({"customer_id": f"c{n:03}", "p_late": n / 200, "labels": "L01"} for n in range(200))
    found = rows(drawn(*({**one, "tier": "N"} for one in many)), policy=POLICY)
    by_method = {
        m: [r for r in found.values() if r["method"] == m] for m in ("phone", "sms", "visit")
    }
    assert {m: len(those) for m, those in by_method.items()} == {
        "phone": 30,
        "sms": 170,
        "visit": 0,
    }
    assert {row["customer_id"] for row in by_method["phone"]} == {
        f"c{n:03}" for n in range(170, 200)
    }
    assert all(row["cut"] == ["phone:owner"] for row in by_method["sms"])


def test_t24_customer_of_an_agent_is_on_no_list_of_persons():
    found = rows(drawn({"customer_id": "one", "agent_id": "property", "labels": "L01"}))["one"]
    assert (found["why_not"], found["agent_id"]) == ("agent", "property")


def test_t26_second_run_gives_the_same_bytes():
    facts = random_facts(500, 3)
    one, two = (make_plan(facts, POLICY, as_of=AS_OF) for _ in range(2))
    assert one.table.equals(two.table)
    ids = {rule.id for rule in POLICY.sequence}
    assert all(set(row["rules"]) <= ids for row in one.table.to_pylist())


def test_dunning_day_before_as_of_is_refused():
    with pytest.raises(ConfigError, match=r"lies before as_of 2026-11-20.*Give a later day"):
        make_plan(drawn({"customer_id": "one"}), POLICY, as_of=AS_OF, dunning_on=date(2026, 11, 1))


def test_repeated_customer_is_refused():
    twice = drawn({"customer_id": "one"}, {"customer_id": "one", "bill": False})
    with pytest.raises(DataError, match=r"account.customer_id: 1 of 2 rows repeat"):
        make_plan(twice, POLICY, as_of=AS_OF)


def test_limit_of_grid_and_of_all_hold_besides_the_owners():
    many = [
        {"customer_id": f"c{n}", "manager_id": f"m{n % 4}", "grid_id": f"g{n % 2}", "tier": "N"}
        for n in range(20)
    ]
    policy = POLICY.model_copy(update={"capacity": {"phone": Limit(owner=4, grid=6, total=9)}})
    found = rows(drawn(*many), policy=policy).values()
    called = [row for row in found if row["method"] == "phone"]
    assert len(called) == 9
    assert {row["cut"][0] for row in found if row["cut"]} == {
        "phone:owner",
        "phone:grid",
        "phone:total",
    }
