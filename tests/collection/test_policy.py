import copy
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from collection.policy import load_policy, parse_policy, policy_markdown, shipped_policies
from collection.policy.check import faults_of, reachable
from collection.policy.condition import Condition
from collection.policy.facts import BY_NAME, FACTS, LABELS, can_be
from collection.policy.rule import in_order
from collection.policy.verdict import chain_of, resolve
from contract.engine import connect
from contract.errors import ConfigError

CHINA = load_policy()
PATH = Path(__file__).parent.parent.parent / "configs" / "policies" / "china.yaml"
VALUES = yaml.safe_load(PATH.read_text("utf-8"))


def changed(**rule):
    """Return China's policy with one more rule, or one that takes the place of its namesake."""
    values = copy.deepcopy(VALUES)
    new = {"cites": "a test", "zh": "测试", "en": "a test", **rule}
    values["rules"] = [one for one in values["rules"] if one["id"] != new["id"]] + [new]
    return values


def refused(values, match):
    with pytest.raises(ConfigError, match=match):
        parse_policy(values, source="mine.yaml")


@pytest.mark.parametrize("name", shipped_policies())
def test_shipped_policy_has_no_fault(name):
    assert faults_of(load_policy(name)) == []


def test_examples_of_other_countries_add_to_chinas_rules():
    winter = {rule.id for rule in load_policy("gb").rules} - {rule.id for rule in CHINA.rules}
    assert winter == {"GB-WINTER", "GB-PLAN"}
    assert load_policy("us_cold_weather").law == "us_cold_weather"


def test_stages_are_read_in_the_order_of_the_papers():
    stages = [rule.stage for rule in CHINA.sequence]
    order = ["legality", "suppression", "priority", "schedule", "attachment"]
    assert stages == sorted(stages, key=order.index)


UNKNOWN = [
    ({"when": {"any_label": ["L15"]}}, r"rule X.*label L15 is not known; did you mean L1"),
    ({"when": {"equals": {"overdu": True}}}, r"fact overdu is not known; did you mean overdue"),
    ({"when": {"in": {"tier": ["E"]}}}, r"tier code E is not known"),
    ({"when": {"equals": {"round": 7}}}, r"round 7 does not occur; it goes from 1 to 5"),
    ({"when": {"at_least": {"tier": 2}}}, r"tier is a code; at_least and at_most are for numbers"),
    ({"when": {"equals": {"overdue": "yes"}}}, r"overdue is true or false, not yes"),
    ({"when": {"equals": {"round": True}}}, r"round is a number, not True"),
    ({"then": {"forbid": ["fax"]}}, r"forbid.0 \(rule X\) is 'fax'; input should be 'notice'"),
    ({"then": {"skip": True}}, r"needs its reason code"),
    ({"then": {"forbid": ["sms"], "reason": "wish"}}, r"reason is for a rule with skip"),
    ({"then": {}}, r"does nothing"),
    ({"then": {"method": "visit"}}, r"X: method is not for stage suppression"),
    ({"then": {"skip": True, "reason": "whim"}}, r"whim has no words in section reasons"),
    ({"then": {"cut": True}}, r"then.cut \(rule X\) is not a key here"),
    ({"id": "HOLD-OUT", "then": {"forbid": ["sms"]}}, r"HOLD-OUT is given twice"),
]


@pytest.mark.parametrize(("rule", "match"), UNKNOWN)
def test_rule_that_speaks_of_the_unknown_is_refused(rule, match):
    refused(changed(**{"id": "X", "stage": "suppression", "then": {"keep": True}, **rule}), match)


def test_gap_is_refused_with_a_customer_who_shows_it():
    values = changed(id="X", stage="suppression", when={"any_label": ["L12"]})
    values["rules"][-1]["then"] = {"forbid": ["sms", "phone", "letter", "app", "personal"]}
    refused(values, r"gap: round 1 leaves no method when labels L12 and .*rules X")


def test_policy_without_a_default_priority_needs_a_rule_for_everybody():
    refused(VALUES | {"default_priority": None}, r"gap: no rule gives a priority when no label")


CONFLICTS = [
    (
        {"stage": "priority", "when": {"any_label": ["L02"]}, "then": {"priority": 4}},
        r"rules D7 and X conflict in stage priority: priority 1 against 4 when labels L02",
    ),
    (
        {"stage": "priority", "when": {"in": {"tier": ["A"]}}, "then": {"method": "sms"}},
        r"rules R000-17 and X conflict.*method visit against sms when .*tier is A",
    ),
    (
        {
            "stage": "suppression",
            "when": {"any_label": ["L11"]},
            "then": {"replace": {"phone": "app"}},
        },
        r"rules D3 and X conflict.*phone becomes personal against app when labels L11",
    ),
    (
        {"stage": "suppression", "then": {"forbid": ["personal"]}},
        r"rules D3 and X conflict.*personal put in place against forbidden",
    ),
]


@pytest.mark.parametrize(("rule", "match"), CONFLICTS)
def test_conflict_is_refused_with_the_facts_that_show_it(rule, match):
    refused(changed(id="X", **rule), match)


def test_order_settles_a_conflict():
    rule = {"stage": "priority", "order": 99, "when": {"any_label": ["L02"]}}
    assert parse_policy(changed(id="X", **rule, then={"priority": 4}), source="mine.yaml")


def test_rules_that_cannot_meet_do_not_conflict():
    rule = {"stage": "priority", "when": {"none_label": ["L01", "L02"]}, "then": {"priority": 5}}
    others = {"C-08", "OVERDUE", "BROKEN"}
    values = changed(id="X", **rule)
    values["rules"] = [one for one in values["rules"] if one["id"] not in others]
    assert parse_policy(values, source="mine.yaml")


def test_rounds_that_are_missing_or_may_lapse_are_refused():
    refused(VALUES | {"rounds": VALUES["rounds"][:2]}, r"rounds: round 3 is missing")
    third = {**VALUES["rounds"][2], "closes": {"from": "due", "days": 9}}
    rounds = [*VALUES["rounds"][:2], third, VALUES["rounds"][3]]
    refused(VALUES | {"rounds": rounds}, r"round 3 may not close: rounds 2 to 4 are owed")


def test_file_that_is_no_policy_is_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"nowhere: no such file; .*one of china, gb"):
        load_policy("nowhere")
    (tmp_path / "list.yaml").write_text("- 1", "utf-8")
    with pytest.raises(ConfigError, match=r"holds list; expected settings by name"):
        load_policy(tmp_path / "list.yaml")
    (tmp_path / "loop.yaml").write_text(f"based_on: {tmp_path / 'loop.yaml'}", "utf-8")
    with pytest.raises(ConfigError, match=r"based_on leads back"):
        load_policy(tmp_path / "loop.yaml")


def test_policy_based_on_another_changes_only_what_it_states(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("based_on: china\nversion: '2'\ncapacity: {phone: {owner: 5}}\n", "utf-8")
    mine = load_policy(path)
    assert (mine.version, mine.capacity["phone"].owner) == ("2", 5)
    assert mine.rules == CHINA.rules


def test_fourth_round_is_written_notice_alone_in_every_shipped_policy():
    for name in shipped_policies():
        fourth = {method for number, method in reachable(load_policy(name)) if number == 4}
        assert fourth <= {"notice", "letter"}


# What a fact may be, for the oracle below.
VALUES_OF = {
    "flag": lambda _: st.booleans(),
    "code": lambda fact: st.sampled_from(fact.codes),
    "number": lambda fact: st.none() | st.integers(int(fact.low), int(min(fact.high, 60))),
}


def literal(value):
    if isinstance(value, str):
        return f"'{value}'"
    return "NULL::INTEGER" if value is None else str(value).lower()


@settings(max_examples=30)
@given(st.fixed_dictionaries({fact.name: VALUES_OF[fact.kind](fact) for fact in FACTS}))
def test_sql_of_a_condition_agrees_with_python(facts):
    rules = CHINA.sequence
    columns = ", ".join(f"{literal(value)} AS {name}" for name, value in facts.items())
    fired = ", ".join(rule.when.sql() for rule in rules)
    with connect() as connection:
        row = connection.execute(f"SELECT {fired} FROM (SELECT {columns})").fetchone()
    assert row == tuple(rule.when.holds(facts) for rule in rules)


def test_every_fact_that_is_no_label_has_one_place():
    assert len(BY_NAME) == len(FACTS)
    assert set(LABELS) <= BY_NAME.keys()


def test_witnesses_are_customers_who_may_exist():
    assert not can_be({"round": 1, "overdue": True})
    assert not can_be({"round": 3, "last_round": 1})
    assert not can_be({"overdue": True, "days_overdue": 0})
    assert can_be({"round": 2, "last_round": 0, "overdue": True, "days_overdue": 3})


def rules_of(*ids):
    return in_order(tuple(rule for rule in CHINA.rules if rule.id in ids))


def test_wish_does_not_skip_a_round_that_law_keeps():
    verdict = resolve(rules_of("D1", "KEEP"), methods=("phone", "sms"), default_priority=3)
    assert verdict.reason == ""
    assert verdict.fired == ("KEEP", "D1")


def test_first_rule_that_stops_is_the_winner_and_all_are_told():
    verdict = resolve(rules_of("D8", "R004-08", "D1"), methods=("sms",), default_priority=3)
    assert (verdict.winner, verdict.reason) == ("R004-08", "agent")
    assert verdict.fired == ("R004-08", "D1", "D8")


@pytest.mark.parametrize(
    ("ids", "chain"),
    [
        ((), ("phone", "sms")),
        (("D3",), ("personal", "sms")),
        (("D3", "C-10"), ("sms",)),
        (("D3", "C-10", "WRONG-NUMBER"), ("letter",)),
        (("R000-17",), ("visit", "phone", "sms")),
        (("R000-17", "R000-17-D"), ("phone", "sms")),
        (("C-23-L07",), ("sms",)),
        (("R000-17", "C-23-L07"), ("visit", "phone", "sms")),
    ],
)
def test_methods_follow_wish_and_response(ids, chain):
    assert chain_of(rules_of(*ids), ("phone", "sms")) == chain


def test_condition_without_statement_always_holds():
    assert Condition().holds({})
    assert Condition().sql() == "true"


def test_page_tells_every_rule_and_fact():
    page = policy_markdown()
    assert all(f"| {rule.id} |" in page for rule in CHINA.sequence)
    assert all(f"| `{name}` |" in page for name in BY_NAME)
    assert "| D2 | suppression | any of L12 | not before due +1 days; reason `wish` |" in page
