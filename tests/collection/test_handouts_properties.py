"""What must hold of the lists of any plan: nobody lost, nobody twice, amounts add up."""

import pyarrow as pa
from handout_facts import ACCOUNT, PLAN, inputs, table_of
from hypothesis import given, settings
from hypothesis import strategies as st

from collection.handouts import HANDOUTS, SCREENED, Inputs, Thresholds, build_handouts

CONTACT_LISTS = [handout for handout in HANDOUTS if handout.kind == "contact"]
INDIVIDUAL = [handout for handout in HANDOUTS if handout.id != "agents"]
FLAGS = ("high_energy", "malicious_arrears", "newly_commissioned", "phone_wrong", "failed_debit")


@st.composite
def customers(draw):
    """One customer with whatever a plan may say of him; agents' customers are not contacted."""
    agent = draw(st.sampled_from([None, None, None, "a1", "a2"]))
    contact = agent is None and draw(st.booleans())
    method = draw(st.sampled_from(["sms", "app", "phone", "visit", "personal", "letter", "notice"]))
    round_ = 4 if method == "notice" else draw(st.integers(1, 4))
    labels = draw(st.lists(st.sampled_from(["L02", "L03", "L07", "L09", "L13"]), unique=True))
    return {
        "segment": draw(st.sampled_from(["residential", "commercial", "industrial"])),
        "grid_id": draw(st.sampled_from(["g1", "g2", "g3"])),
        "manager_id": draw(st.sampled_from(["m1", "m2", None])),
        "agent_id": agent,
        "open_fen": draw(st.integers(0, 10**7)),
        "overdue_6m": draw(st.integers(0, 6)),
        "newest_fen": draw(st.one_of(st.none(), st.integers(1, 10**6))),
        "usual_fen": draw(st.one_of(st.none(), st.integers(1, 10**6))),
        "due_6m": (due := draw(st.integers(0, 6))),
        "by_due_6m": draw(st.integers(0, due)),
        "labels": " ".join(labels),
        **{flag: draw(st.booleans()) for flag in FLAGS},
        "outcome": "contact" if contact else "none",
        "method": method if contact else None,
        "round": round_ if contact else None,
        "owner_id": draw(st.sampled_from(["o1", "o2", None])),
        "said": draw(st.sampled_from(["send", "hold", None])),
    }


def plans():
    return st.lists(customers(), min_size=1, max_size=14).map(
        lambda rows: [{**row, "customer_id": f"c{n:02}"} for n, row in enumerate(rows)]
    )


def made_of(rows):
    decided = [
        {"customer_id": row["customer_id"], "decision": row.get("said")}
        for row in rows
        if row["round"] == 1 and row["method"] in {"sms", "app"}
    ]
    given_ = inputs(*rows, screened=pa.Table.from_pylist(decided, schema=SCREENED))
    return given_, build_handouts(given_, Thresholds())


@settings(max_examples=15)
@given(plans())
def test_each_contacted_customer_is_on_exactly_one_contact_list(rows):
    _, made = made_of(rows)
    on = [who for one in CONTACT_LISTS for who in made[one.id]["customer_id"].to_pylist()]
    assert sorted(on) == [row["customer_id"] for row in rows if row["outcome"] == "contact"]


@settings(max_examples=15)
@given(plans())
def test_lists_add_up_to_the_plan_and_the_roll_up_to_the_agents(rows):
    _, made = made_of(rows)
    listed = sum(fen for one in CONTACT_LISTS for fen in made[one.id]["open_fen"].to_pylist())
    assert listed == sum(row["open_fen"] for row in rows if row["outcome"] == "contact")
    owed = sum(row["open_fen"] for row in rows if row["agent_id"])
    assert sum(made["agents"]["open_fen"].to_pylist()) == owed
    assert sum(made["agents"]["users"].to_pylist()) == sum(bool(row["agent_id"]) for row in rows)


@settings(max_examples=15)
@given(plans())
def test_agents_customers_are_on_no_individual_list(rows):
    _, made = made_of(rows)
    with_agent = {row["customer_id"] for row in rows if row["agent_id"]}
    for one in INDIVIDUAL:
        assert not with_agent & set(made[one.id]["customer_id"].to_pylist()), one.id


@settings(max_examples=15)
@given(plans())
def test_nobody_is_pushed_to_another_grid(rows):
    _, made = made_of(rows)
    own = {row["customer_id"]: row["grid_id"] for row in rows}
    pushed = made["grid_push"].select(["customer_id", "grid_id"]).to_pylist()
    assert all(own[row["customer_id"]] == row["grid_id"] for row in pushed)


@settings(max_examples=10)
@given(plans(), st.randoms(use_true_random=False))
def test_order_of_the_facts_changes_no_list(rows, random):
    given_, made = made_of(rows)
    accounts, planned = given_.account.to_pylist(), given_.plan.to_pylist()
    random.shuffle(accounts)
    random.shuffle(planned)
    shuffled = Inputs(
        account=table_of(accounts, ACCOUNT),
        plan=table_of(planned, PLAN),
        history=given_.history,
        screened=given_.screened,
    )
    again = build_handouts(shuffled, Thresholds())
    assert {name: table.to_pylist() for name, table in made.items()} == {
        name: table.to_pylist() for name, table in again.items()
    }


@settings(max_examples=15)
@given(plans())
def test_message_leaves_in_round_one_only_for_whom_a_person_sent_it(rows):
    _, made = made_of(rows)
    said = {row["customer_id"]: row["said"] for row in rows}
    sent = [row for row in made["messages"].to_pylist() if row["round"] == 1]
    assert all(said[row["customer_id"]] == "send" for row in sent)


def test_list_without_rows_still_has_its_columns():
    _, made = made_of([{"customer_id": "quiet", "outcome": "none", "method": None, "round": None}])
    assert all(set(one.made) <= set(made[one.id].column_names) for one in HANDOUTS)
