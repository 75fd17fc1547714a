from datetime import date, datetime

import pytest
from plan_facts import AS_OF, drawn

from benchmarks.plan_facts import random_facts
from collection.plan import explain, make_plan
from collection.policy import Limit, load_policy, read_plan_wording
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


def test_hold_stops_the_clock_of_rounds_three_and_four():
    served = {"reached_at": datetime(2026, 10, 25), "last_round": 3, "due_on": date(2026, 10, 18)}
    found = rows(
        drawn(
            {"customer_id": "free", **served, "dpd": 14, "aged_days": 14},
            {"customer_id": "held", **served, "dpd": 14, "aged_days": 4},
        )
    )
    assert found["free"]["method"] == "notice"
    assert (found["held"]["why_not"], found["held"]["next_on"]) == ("waiting", date(2026, 11, 28))


def test_rounds_wait_for_their_day_and_for_a_days_rest():
    done = {"customer_id": "done", "last_round": 2, "labels": "L01"}
    fresh = {"customer_id": "fresh", "last_contacted_at": datetime(2026, 11, 18), "labels": "L01"}
    found = rows(drawn(done, fresh))
    assert (found["done"]["why_not"], found["done"]["next_on"]) == ("waiting", date(2026, 11, 26))
    assert found["fresh"]["why_not"] == "minimum_gap"
    assert found["fresh"]["next_on"] == date(2026, 11, 21)


def test_partial_payment_leaves_the_round_where_it_was():
    half = {"last_round": 2, "due_on": date(2026, 11, 10), "tier": "N"}
    found = rows(
        drawn(
            {"customer_id": "all", "open_fen": 10_000, **half},
            {"customer_id": "half", "open_fen": 5_000, **half},
        )
    )
    assert found["all"]["round"] == found["half"]["round"] == 3


def test_top_up_advice_is_given_unless_it_is_followed():
    prepaid = {"billing_mode": "prepaid", "bill": False, "labels": "L09"}
    costs = {"mean_monthly_cost_fen": 10_001}
    found = rows(
        drawn(
            {"customer_id": "small", **prepaid, **costs, "mean_topup_fen": 5_000},
            {"customer_id": "met", **prepaid, **costs, "mean_topup_fen": 6_100},
        )
    )
    assert (found["small"]["advice"], found["small"]["advice_fen"]) == (["top_up"], 6_001)
    assert (found["met"]["advice"], found["met"]["advice_fen"]) == ([], None)
    assert found["small"]["why_not"] == "prepaid"


def test_contacts_fall_on_working_days_around_spring_festival():
    one = {"customer_id": "one", "labels": "L01", "issued_on": date(2026, 2, 3)}
    plan = make_plan(drawn({**one, "due_on": date(2026, 2, 25)}), NO_LIMIT, as_of=date(2026, 2, 16))
    row = plan.table.to_pylist()[0]
    assert (row["earliest_on"], row["latest_on"]) == (date(2026, 2, 24), date(2026, 2, 25))


def test_next_hundred_calls_tell_what_they_would_add():
    many = ({"customer_id": f"c{n:03}", "tier": "N", "p_late": 0.5} for n in range(40))
    plan = make_plan(drawn(*many), POLICY, as_of=AS_OF)
    calls = next(one for one in plan.yields if one.method == "phone")
    # Ten are beyond the thirty; each expects 5,000 fen late; calls add half a point to an SMS.
    assert (calls.contacts, calls.late_fen, calls.gained_fen) == (10, 50_000, 250)


def test_outcome_is_explained_in_both_languages():
    plan = make_plan(drawn({"customer_id": "one", "labels": "L12 L01"}), POLICY, as_of=AS_OF)
    told = explain(plan.table, "one", POLICY, read_plan_wording())
    assert told.lines()[1].startswith("D2: 拒绝当月催费，仅在逾期后催费")
    assert list(told.rules) == told.row["rules"]
    with pytest.raises(DataError, match=r"it has no customer two"):
        explain(plan.table, "two", POLICY, read_plan_wording())


def test_rules_table_counts_every_rule_of_the_policy():
    plan = make_plan(random_facts(300, 8), POLICY, as_of=AS_OF)
    counted = {row["rule"]: row for row in plan.rules.to_pylist()}
    assert list(counted) == [rule.id for rule in POLICY.sequence]
    outcomes = plan.table.to_pylist()
    for rule in ("D7", "PAID", "KEEP"):
        assert counted[rule]["fired"] == sum(rule in row["rules"] for row in outcomes)
    assert counted["PAID"]["decided"] == sum(row["rule"] == "PAID" for row in outcomes)
