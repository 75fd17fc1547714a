"""Who is in the high-risk scope, and why somebody leaves or enters it."""

from datetime import date

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collection.policy.facts import LABELS
from collection.scope import (
    CAUSES,
    ScopeRule,
    Steps,
    Threshold,
    choose,
    customer_risk,
    load_scope_rule,
    movement,
    threshold_of,
)
from contract.errors import ConfigError
from contract.tables import CUSTOMERS

FLAGS = tuple(column.name for column in CUSTOMERS.columns if column.kind == "bool")
DUE = date(2026, 11, 25)

TEXTS = ("customer_id", "org_id", "grid_id", "manager_id", "agent_id", "segment", "industry")
ACCOUNT = pa.schema(
    [
        *((name, pa.string()) for name in TEXTS),
        *((name, pa.int32()) for name in ("bills_open", "dpd", "aged_days")),
        *((name, pa.int64()) for name in ("open_fen", "overdue_fen")),
        *((name, pa.bool_()) for name in (*FLAGS, *LABELS)),
    ]
)
BILL = pa.schema(
    [
        *((name, pa.string()) for name in ("customer_id", "bill_id", "hold")),
        ("due_on", pa.date32()),
        ("open_fen", pa.int64()),
        *((name, pa.int32()) for name in ("dpd", "aged_days")),
    ]
)
SCORE = pa.schema([("bill_id", pa.string()), ("p_late", pa.float64()), ("band", pa.string())])


def table(rows, schema):
    full = [{name: row.get(name) for name in schema.names} for row in rows]
    return pa.Table.from_pylist(full, schema=schema)


def risk(*rows, rule=None, trend=None):
    """Customers with one bill each, named like them: open_fen, p_late, band, dpd, hold."""
    accounts, bills, scores = [], [], []
    for row in rows:
        who, owed = row["customer_id"], row.get("open_fen", 10_000)
        on = dict.fromkeys(row.get("on", "").split(), True)
        no = dict.fromkeys((*FLAGS, *LABELS), False)
        bill = {"hold": "none", "dpd": 0, "aged_days": 0, "due_on": DUE, **row, "open_fen": owed}
        accounts.append(
            {**no, "segment": "residential", "grid_id": "g", "dpd": 0, **row, **on}
            | {"open_fen": owed, "bills_open": int(owed > 0)}
        )
        if owed:
            bills.append({**bill, "bill_id": who})
            scores.append({"bill_id": who, "p_late": row.get("p"), "band": row.get("band")})
    return customer_risk(
        table(accounts, ACCOUNT),
        table(bills, BILL),
        table(scores, SCORE),
        rule=rule or ScopeRule(),
        trend=trend or {},
    )


def column(made, name):
    return dict(zip(made["customer_id"].to_pylist(), made[name].to_pylist(), strict=True))


def test_expected_amount_counts_overdue_whole_and_holds_not_at_all():
    made = risk(
        {"customer_id": "scored", "p": 0.25, "band": "watch"},
        {"customer_id": "overdue", "dpd": 3},
        {"customer_id": "disputed", "dpd": 3, "hold": "disputed"},
        {"customer_id": "unscored"},
    )
    assert column(made, "expected_fen") == {
        "disputed": 0,
        "overdue": 10_000,
        "scored": 2_500,
        "unscored": 0,
    }
    assert column(made, "p_late") == {
        "disputed": None,
        "overdue": 1.0,
        "scored": 0.25,
        "unscored": None,
    }
    assert column(made, "band")["overdue"] == "overdue"


def test_agents_customers_and_those_without_anything_are_left_out():
    made = risk(
        {"customer_id": "agent's", "agent_id": "a", "p": 0.9},
        {"customer_id": "paid", "open_fen": 0},
        {"customer_id": "paid but labelled", "open_fen": 0, "on": "L02"},
    )
    assert made["customer_id"].to_pylist() == ["paid but labelled"]


def test_trend_factor_multiplies_the_exposure_of_its_industry():
    rows = (
        {"customer_id": "steel", "industry": "steel", "p": 0.5},
        {"customer_id": "shop", "industry": "retail", "p": 0.5},
    )
    assert column(risk(*rows, trend={"steel": 1.5}), "expected_fen") == {
        "steel": 7_500,
        "shop": 5_000,
    }


def test_share_label_and_flag_each_let_a_customer_in():
    made = risk(
        {"customer_id": "largest", "p": 0.9},
        {"customer_id": "labelled", "p": 0.1, "on": "L02"},
        {"customer_id": "flagged", "p": 0.1, "on": "malicious_arrears L02"},
        {"customer_id": "plain", "p": 0.2},
    )
    rule = ScopeRule(share=0.25)
    chosen = choose(made, threshold_of(made, rule, {}))
    assert column(chosen, "chosen_by") == {
        "flagged": ["label", "flag"],
        "labelled": ["label"],
        "largest": ["amount"],
    }


@pytest.mark.parametrize(("share", "size"), [(0.0, 0), (0.29, 29), (1.0, 100)])
def test_share_is_of_those_who_owe_rounded_down(share, size):
    rows = [{"customer_id": f"c{n:03}", "p": (n + 1) / 200} for n in range(100)]
    made = risk(*rows)
    assert choose(made, threshold_of(made, ScopeRule(share=share), {})).num_rows == size


def test_ties_with_the_last_are_in_and_nothing_expected_is_not():
    tied = risk(*({"customer_id": f"c{n}", "p": 0.5} for n in range(4)))
    assert choose(tied, threshold_of(tied, ScopeRule(share=0.25), {})).num_rows == 4
    none = risk(*({"customer_id": f"c{n}"} for n in range(4)))
    assert choose(none, threshold_of(none, ScopeRule(share=0.25), {})).num_rows == 0


def test_digest_of_facts_is_blind_to_the_clock_alone():
    row = {"customer_id": "c", "p": 0.5}
    (before,) = risk(row)["facts"].to_pylist()
    (older,) = risk({**row, "dpd": 4, "aged_days": 4, "p": 0.9})["facts"].to_pylist()
    (paid,) = risk({**row, "open_fen": 9_999})["facts"].to_pylist()
    (labelled,) = risk({**row, "on": "L02"})["facts"].to_pylist()
    assert before == older
    assert len({before, paid, labelled}) == 3


RULE = ScopeRule(share=0.5)
CUT = Threshold(rule=RULE, cut_fen=5_000, trend={})


def moved(frozen, steps, now=CUT):
    rows = movement(choose(frozen, CUT), steps, then=CUT, now=now).to_pylist()
    return {row["customer_id"]: (row["move"], row["cause"]) for row in rows}


def at(**expected):
    return risk(*({"customer_id": who, "p": p} for who, p in expected.items()))


def test_new_facts_move_who_the_old_model_would_move():
    new = at(stays=0.6, falls=0.1, rises=0.9)
    found = moved(at(stays=0.6, falls=0.6), Steps(new_facts=new, new_model=new, now=new))
    assert found == {"falls": ("left", "facts"), "rises": ("entered", "facts")}


def test_new_model_moves_whom_new_facts_leave_in_place():
    old, new = at(falls=0.6, rises=0.1), at(falls=0.1, rises=0.6)
    found = moved(old, Steps(new_facts=old, new_model=new, now=new))
    assert found == {"falls": ("left", "model"), "rises": ("entered", "model")}


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (Threshold(rule=RULE, cut_fen=7_000, trend={}), {"middle": ("left", "threshold")}),
        (Threshold(rule=RULE, cut_fen=1_000, trend={}), {"low": ("entered", "threshold")}),
        (Threshold(rule=RULE, cut_fen=None, trend={}), {"middle": ("left", "threshold")}),
    ],
)
def test_new_cut_moves_whom_facts_and_model_leave_in_place(now, expected):
    same = at(low=0.2, middle=0.6)
    assert moved(same, Steps(new_facts=same, new_model=same, now=same), now) == expected


def test_new_trend_is_a_new_threshold():
    row = {"customer_id": "steel", "industry": "steel", "p": 0.6}
    same, falling = risk(row), risk(row, trend={"steel": 0.5})
    found = moved(same, Steps(new_facts=same, new_model=same, now=falling))
    assert found == {"steel": ("left", "threshold")}


def test_last_change_of_sides_is_the_reason():
    frozen, into, out = at(c=0.1), at(c=0.9), at(c=0.1)
    lowered = Threshold(rule=RULE, cut_fen=500, trend={})
    found = moved(frozen, Steps(new_facts=into, new_model=out, now=out), lowered)
    assert found == {"c": ("entered", "threshold")}


def test_customer_who_is_gone_left_by_facts():
    nobody = at(other=0.1)
    found = moved(at(gone=0.9), Steps(new_facts=nobody, new_model=nobody, now=nobody))
    assert found == {"gone": ("left", "facts")}


CHANCES = st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 20), min_size=1)


@settings(max_examples=20)
@given(CHANCES, CHANCES, CHANCES, CHANCES, st.integers(0, 20))
def test_each_mover_has_exactly_one_reason_that_replays(then, facts, model, trend, cut):
    """A plain reference walks the steps of one customer; absent is out."""

    def made(chances):
        return at(**{who: chance / 20 for who, chance in chances.items()})

    now = Threshold(rule=RULE, cut_fen=cut * 500, trend={})
    steps = Steps(new_facts=made(facts), new_model=made(model), now=made(trend))
    found = moved(made(then), steps, now)
    expected = {}
    for who in "abcdef":
        path = [chances.get(who, -1) >= 10 for chances in (then, facts, model)]
        path.append(trend.get(who, -1) >= cut)
        if path[0] != path[-1]:
            last = max(step for step in range(3) if path[step] != path[step + 1])
            expected[who] = ("left" if path[0] else "entered", CAUSES[last])
    assert found == expected


@settings(max_examples=15)
@given(CHANCES, CHANCES)
def test_same_model_and_threshold_leave_facts_as_the_only_reason(then, now):
    frozen, today = (at(**{who: p / 20 for who, p in chances.items()}) for chances in (then, now))
    found = moved(frozen, Steps(new_facts=today, new_model=today, now=today))
    assert {cause for _, cause in found.values()} <= {"facts"}


def test_same_facts_leave_no_mover_by_facts():
    frozen = at(a=0.9, b=0.1)
    other = at(a=0.1, b=0.9)
    found = movement(
        choose(frozen, CUT),
        Steps(new_facts=frozen, new_model=other, now=other),
        then=CUT,
        now=CUT,
    ).to_pylist()
    assert [(row["customer_id"], row["cause"], row["facts_changed"]) for row in found] == [
        ("a", "model", False),
        ("b", "model", None),
    ]


def test_shipped_rule_is_the_default():
    assert load_scope_rule() == ScopeRule()


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("scope: {labels: [L99]}", "L99 is no label; there are L01"),
        ("scope: {flags: [rich]}", r"own.yaml: scope.flags.0"),
        ("scope: {share: 2}", r"own.yaml: scope.share"),
    ],
)
def test_wrong_rule_is_refused_by_name(tmp_path, text, what):
    file = tmp_path / "own.yaml"
    file.write_text(text, "utf-8")
    with pytest.raises(ConfigError, match=what):
        load_scope_rule(file)
