"""Each list of domain 5.2 on customers drawn for it."""

from datetime import date

import pyarrow as pa
import pytest
from handout_facts import inputs, listed

from collection.handouts import (
    HANDOUTS,
    SCREENED,
    Thresholds,
    build_handouts,
    handouts_for,
    load_thresholds,
)
from collection.handouts.thresholds import Agents
from contract.errors import ConfigError, DataError


def lists(*rows, thresholds=None, grids=(), **tables):
    return build_handouts(inputs(*rows, **tables), thresholds or Thresholds(), grids=grids)


def rows_by(table, *columns):
    return [tuple(row[column] for column in columns) for row in table.to_pylist()]


def screened(**decisions):
    rows = [{"customer_id": who, "decision": what} for who, what in decisions.items()]
    return pa.Table.from_pylist(rows, schema=SCREENED)


@pytest.mark.parametrize(
    ("method", "round_", "expected"),
    [
        ("sms", 1, "screening"),
        ("app", 1, "screening"),
        ("sms", 2, "messages"),
        ("app", 3, "messages"),
        ("phone", 1, "calls"),
        ("visit", 3, "visits"),
        ("personal", 2, "by_hand"),
        ("letter", 2, "by_hand"),
        ("notice", 4, "notices"),
        ("letter", 4, "notices"),
    ],
)
def test_method_and_round_decide_the_one_list(method, round_, expected):
    made = lists({"customer_id": "one", "method": method, "round": round_})
    contact_lists = [handout.id for handout in HANDOUTS if handout.kind == "contact"]
    assert [name for name in contact_lists if made[name].num_rows] == [expected]


def test_messages_of_round_one_leave_only_when_a_person_sent_them():
    first = {"method": "sms", "round": 1}
    made = lists(
        {"customer_id": "sent", **first},
        {"customer_id": "kept", **first},
        {"customer_id": "open", **first},
        screened=screened(sent="send", kept="hold", open=None),
    )
    assert listed(made["messages"]) == ["sent"]
    assert listed(made["held_back"]) == ["kept"]
    assert listed(made["screening"]) == ["open"]


def test_held_back_customer_is_not_pushed_to_the_grid_either():
    made = lists(
        {"customer_id": "kept", "method": "sms", "round": 1}, screened=screened(kept="hold")
    )
    assert listed(made["grid_push"]) == []


def test_uncontacted_customer_is_on_no_contact_list():
    made = lists({"customer_id": "quiet", "outcome": "none", "method": None, "round": None})
    assert {
        h.id for h in HANDOUTS if h.kind in {"contact", "push"} and made[h.id].num_rows
    } == set()


def test_phone_list_goes_by_owner_then_by_rank():
    made = lists(
        {"customer_id": "third", "owner_id": "b", "priority_rank": 1},
        {"customer_id": "second", "owner_id": "a", "priority_rank": 9},
        {"customer_id": "first", "owner_id": "a", "priority_rank": 2},
    )
    assert listed(made["calls"]) == ["first", "second", "third"]


def test_visits_go_by_grid_on_a_route_and_by_rank_without():
    rows = (
        {"customer_id": "urgent far", "method": "visit", "grid_id": "z", "priority_rank": 1},
        {"customer_id": "less near", "method": "visit", "grid_id": "a", "priority_rank": 2},
    )
    route = lists(*rows, thresholds=Thresholds(visit_order="route"))
    rank = lists(*rows, thresholds=Thresholds(visit_order="rank"))
    assert listed(route["visits"]) == ["less near", "urgent far"]
    assert listed(rank["visits"]) == ["urgent far", "less near"]
    orders = [h.order for h in handouts_for(Thresholds(visit_order="rank")) if h.id == "visits"]
    assert orders == [("priority_rank",)]


def test_notice_list_shows_the_laws_days_where_the_law_gives_them():
    days = {"dunned_on": date(2026, 9, 1), "serve_by_on": date(2026, 11, 23)}
    law = pa.Table.from_pylist(
        [{"customer_id": "named", **days, "waits_end_on": date(2026, 11, 30)}]
    )
    made = lists(
        {"customer_id": "unnamed", "method": "notice", "round": 4},
        {"customer_id": "named", "method": "notice", "round": 4},
        notices=law,
    )
    assert rows_by(made["notices"], "customer_id", "serve_by_on") == [
        ("named", date(2026, 11, 23)),
        ("unnamed", None),
    ]


def test_late_fee_to_date_of_all_bills_stands_beside_what_is_open():
    fees = [("late", 120), ("late", 30), ("paid in time", 0)]
    table = pa.table({"customer_id": [w for w, _ in fees], "late_fee_fen": [f for _, f in fees]})
    made = lists(
        {"customer_id": "late", "open_fen": 20_000},
        {"customer_id": "paid in time"},
        late_fees=table,
    )
    assert rows_by(made["calls"], "customer_id", "late_fee_fen") == [
        ("late", 150),
        ("paid in time", None),
    ]


def test_manager_scope_has_who_owes_and_is_no_household():
    made = lists(
        {"customer_id": "shop", "segment": "commercial"},
        {"customer_id": "paid shop", "segment": "commercial", "open_fen": 0},
        {"customer_id": "home"},
        {"customer_id": "agent's shop", "segment": "commercial", "agent_id": "a", "plan": False},
    )
    assert listed(made["manager_scope"]) == ["shop"]


def test_key_account_is_large_by_capacity_or_by_bills_of_a_year():
    firm = {"segment": "industrial", "capacity_kva": 100.0}
    made = lists(
        {"customer_id": "kva", **firm, "capacity_kva": 315.0},
        {"customer_id": "bills", **firm, "billed_year_fen": 50_000_000, "open_fen": 30_000},
        {"customer_id": "small", **firm, "billed_year_fen": 49_999_999},
        {"customer_id": "home", "open_fen": 50_000},
    )
    assert rows_by(made["key_accounts"], "customer_id", "open_share") == [
        ("bills", 0.3),
        ("kva", 0.1),
    ]


def test_agents_customers_stand_on_the_roll_up_alone():
    everything = {
        "segment": "industrial",
        "capacity_kva": 900.0,
        "labels": "L02 L03 L09 L13",
        "overdue_6m": 6,
        "usual_fen": 100,
        "newest_fen": 900,
        "malicious_arrears": True,
        "phone_wrong": True,
    }
    made = lists(
        {"customer_id": "u1", "agent_id": "a", **everything, "outcome": "none", "bills": []},
        {"customer_id": "u2", "agent_id": "a", **everything, "outcome": "none", "bills": []},
    )
    assert {name for name, table in made.items() if table.num_rows} == {"agents"}
    assert rows_by(made["agents"], "agent_id", "users", "open_fen") == [("a", 2, 20_000)]


def test_agent_is_judged_by_its_own_users_bills_and_limit():
    thresholds = Thresholds(agents=Agents(limit_cny=150, limits_cny={"big": 1_000}, prior_bills=0))
    quiet = {"outcome": "none", "bills": []}
    made = build_handouts(
        inputs(
            {"customer_id": "1", "agent_id": "big", "due_6m": 6, "by_due_6m": 6, **quiet},
            {"customer_id": "2", "agent_id": "big", "due_6m": 4, "by_due_6m": 2, **quiet},
            {
                "customer_id": "3",
                "agent_id": "over",
                "open_fen": 20_000,
                "due_6m": 10,
                "by_due_6m": 10,
                **quiet,
            },
            {"customer_id": "4", "agent_id": "new", **quiet},
            {"customer_id": "5", "open_fen": 10_000, **quiet},
        ),
        thresholds,
    )
    assert rows_by(
        made["agents"], "agent_id", "limit_fen", "over_limit", "punctual_share", "standing"
    ) == [
        ("over", 15_000, True, 1.0, "good"),
        ("big", 100_000, False, 0.8, "poor"),
        ("new", 15_000, False, None, "unknown"),
    ]
    # A third of all that is open is the larger agent's: 20,000 of 60,000 fen.
    assert made["agents"]["open_share"].to_pylist() == pytest.approx([1 / 3, 1 / 3, 1 / 6])


def test_small_agents_risk_leans_on_the_mean_of_all():
    quiet = {"outcome": "none", "bills": []}
    made = build_handouts(
        inputs(
            {"customer_id": "1", "agent_id": "large", "due_6m": 180, "by_due_6m": 171, **quiet},
            {"customer_id": "2", "agent_id": "small", "due_6m": 20, "by_due_6m": 9, **quiet},
        ),
        Thresholds(agents=Agents(prior_bills=20)),
    )
    # Late 20 of 200 in all; the small one 11 of 20, with 20 more at one in ten: 13 of 40.
    risks = dict(rows_by(made["agents"], "agent_id", "risk_share"))
    assert risks == {"small": pytest.approx(13 / 40), "large": pytest.approx(11 / 200)}


def test_contact_tasks_tell_verifying_from_finding():
    made = lists(
        {"customer_id": "updated", "labels": "L13"},
        {"customer_id": "added", "labels": "L14", "phone_wrong": True},
        {"customer_id": "wrong", "phone_wrong": True},
        {"customer_id": "fine"},
    )
    assert rows_by(made["contact_tasks"], "customer_id", "todo") == [
        ("wrong", "find_contact"),
        ("added", "verify_contact"),
        ("updated", "verify_contact"),
    ]


def test_hardship_is_repeated_lateness_with_a_heavy_bill():
    late = {"overdue_6m": 3, "usual_fen": 10_000, "newest_fen": 10_000}
    made = lists(
        {"customer_id": "shock", **late, "newest_fen": 15_000},
        {"customer_id": "arrears", **late, "open_fen": 20_000},
        {"customer_id": "late only", **late, "newest_fen": 14_999},
        {"customer_id": "shock only", **late, "overdue_6m": 2, "newest_fen": 90_000},
        {"customer_id": "new", "overdue_6m": 3, "newest_fen": 90_000},
    )
    assert rows_by(made["energy_saving"], "customer_id", "hardship", "saving_fen", "assumed") == [
        ("arrears", ["arrears"], 800, "saving"),
        ("shock", ["bill_shock"], 800, "saving"),
    ]


def test_flags_decide_what_payment_is_proposed():
    firm = {"segment": "industrial"}
    made = lists(
        {"customer_id": "energy", **firm, "high_energy": True},
        {"customer_id": "prepaid energy", **firm, "high_energy": True, "billing_mode": "prepaid"},
        {"customer_id": "resumed", **firm, "resumed_after_arrears": True},
        {"customer_id": "new home", "newly_commissioned": True},
        {"customer_id": "plain", **firm},
    )
    assert dict(rows_by(made["payment_proposals"], "customer_id", "proposals")) == {
        "energy": ["smart_payment"],
        "resumed": ["prepay_often", "acceptance_pledge", "guarantee"],
        "new home": ["prepay_often"],
    }


def test_channel_advice_mends_debits_before_it_offers_new_ways():
    made = lists(
        {"customer_id": "failed", "failed_debit": True, "debit": True, "labels": "L03"},
        {"customer_id": "many ways", "labels": "L03"},
        {"customer_id": "forgets", "labels": "L07", "overdue_6m": 2},
        {"customer_id": "forgets on debit", "labels": "L07", "overdue_6m": 2, "debit": True},
        {"customer_id": "once", "labels": "L07", "overdue_6m": 1},
    )
    assert dict(rows_by(made["channel_advice"], "customer_id", "channel_advice")) == {
        "failed": "mend_debit",
        "many ways": "app_autopay",
        "forgets": "bank_debit",
    }


@pytest.mark.parametrize(
    ("topup", "cost", "advice"),
    [
        (5_000, 10_000, 6_000),  # T16: 60 % of 100 yuan
        (6_000, 10_000, None),  # C-01: met already, though the label may be on
        (5_000, 10_001, 6_100),  # whole yuan, rounded up
        (None, 10_000, None),
    ],
)
def test_topup_advice_is_sixty_percent_of_a_mean_month(topup, cost, advice):
    prepaid = {"billing_mode": "prepaid", "labels": "L09", "mean_topup_fen": topup}
    made = lists({"customer_id": "one", **prepaid, "mean_monthly_cost_fen": cost})
    assert made["topup_advice"]["topup_advice_fen"].to_pylist() == [advice] * (advice is not None)


def test_low_balances_come_lowest_first_with_advice_only_where_unmet():
    low = [
        {"customer_id": "few", "stage": "few_days", "balance_fen": 9_000, "advice_met": True},
        {"customer_id": "none", "stage": "grace", "balance_fen": -100, "advice_met": False},
        {"customer_id": "agent's", "stage": "low", "balance_fen": 10, "advice_met": False},
    ]
    schema = build_schema()
    table = pa.Table.from_pylist(
        [{**dict.fromkeys(schema.names), **row, "advice_fen": 6_000} for row in low], schema=schema
    )
    made = build_handouts(
        inputs(
            {"customer_id": "few"},
            {"customer_id": "none"},
            {"customer_id": "agent's", "agent_id": "a", "outcome": "none", "bills": []},
            low_balance=table,
        ),
        Thresholds(),
    )
    assert rows_by(made["low_balance"], "customer_id", "low_advice_fen") == [
        ("none", 6_000),
        ("few", None),
    ]


def build_schema():
    return inputs({"customer_id": "one"}).low_balance.schema


def test_pilot_grids_alone_are_handed_out():
    made = lists(
        {"customer_id": "in", "grid_id": "pilot"},
        {"customer_id": "out", "grid_id": "other"},
        grids=("pilot",),
    )
    assert listed(made["calls"]) == ["in"]


def test_plan_that_contacts_an_agents_customer_is_refused():
    with pytest.raises(DataError, match=r"1 customers are contacted for whom an agent .*first: u"):
        lists({"customer_id": "u", "agent_id": "a"})


def test_plan_with_a_customer_twice_is_refused():
    with pytest.raises(DataError, match=r"1 customers stand there more than once \(first: one"):
        lists({"customer_id": "one"}, {"customer_id": "one", "method": "visit"})


def test_screening_of_somebody_who_is_not_screened_is_refused():
    with pytest.raises(DataError, match=r"1 customers are not screened by this plan .*called"):
        lists({"customer_id": "called"}, screened=screened(called="send"))


def test_two_decisions_about_one_customer_are_refused():
    first = {"customer_id": "one", "method": "sms", "round": 1}
    twice = pa.concat_tables([screened(one="send"), screened(one="hold")])
    with pytest.raises(DataError, match=r"1 customers are decided more than once"):
        lists(first, screened=twice)


def test_file_without_thresholds_keeps_the_defaults(tmp_path):
    file = tmp_path / "own.yaml"
    file.write_text("wording: {}\n", "utf-8")
    assert load_thresholds(file) == Thresholds()


def test_shipped_file_states_the_defaults():
    assert load_thresholds() == Thresholds(visit_order="route")


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("thresholds: {hardship: {late: 3}}", r"own.yaml: thresholds.hardship.late: Extra"),
        ("thresholds: {agents: {good: 0.5, fair: 0.8}}", "fair must be below good"),
        ("thresholds: 3", "thresholds holds no settings by name"),
        ("{", "cannot be read as YAML"),
    ],
)
def test_wrong_thresholds_are_refused_by_name(tmp_path, text, what):
    file = tmp_path / "own.yaml"
    file.write_text(text, "utf-8")
    with pytest.raises(ConfigError, match=what):
        load_thresholds(file)
