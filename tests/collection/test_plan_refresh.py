from datetime import date, datetime

import pyarrow.parquet as pq
import pytest
from plan_facts import AS_OF, drawn

from benchmarks.plan_facts import random_facts
from collection.plan import Inputs, make_plan, refresh
from collection.policy import load_policy

POLICY = load_policy()
PEOPLE = [
    {"customer_id": one, "labels": "L01", "tier": "N", "due_on": date(2026, 11, 25)}
    for one in ("paid", "partly", "disputes", "declines", "promises", "called", "waits")
]
SINCE = {
    "paid": {"bill": False},
    "partly": {"open_fen": 4_000},
    "disputes": {"hold": "disputed"},
    "declines": {"labels": "L01 L12"},
    "promises": {"promised_on": date(2026, 11, 30)},
    "called": {"last_contacted_at": datetime(2026, 11, 20, 9), "last_round": 2},
}


def made():
    return make_plan(drawn(*PEOPLE), POLICY, as_of=AS_OF)


def refreshed(plan, *, since):
    now = drawn(*({**person, **since.get(person["customer_id"], {})} for person in PEOPLE))
    return refresh(plan, now, POLICY, dunning_on=AS_OF)


def test_t23_who_paid_disputed_or_declined_since_comes_off():
    found = refreshed(made().table, since=SINCE)
    assert found.removed == {
        "disputed": 1,
        "promised": 1,
        "settled_since": 1,
        "waiting": 1,
        "wish": 1,
    }
    rows = {row["customer_id"]: row for row in found.table.to_pylist()}
    assert [one for one, row in rows.items() if row["outcome"] == "contact"] == ["partly", "waits"]
    assert rows["paid"]["why_not"] == "settled_since"
    assert rows["paid"]["method"] is rows["paid"]["priority_rank"] is None
    assert (rows["paid"]["open_fen"], rows["paid"]["bills"]) == (0, [])
    assert (rows["partly"]["open_fen"], rows["partly"]["method"]) == (4_000, "phone")


def test_refresh_leaves_the_plan_and_its_columns_as_they_are():
    plan = made().table
    before = plan.to_pylist()
    found = refreshed(plan, since=SINCE)
    assert plan.to_pylist() == before
    assert found.table.schema == plan.schema


def test_refresh_again_changes_nothing():
    once = refreshed(made().table, since=SINCE)
    twice = refreshed(once.table, since=SINCE)
    assert twice.table.equals(once.table)
    assert twice.removed == {}


def test_refresh_without_news_is_the_plan_itself():
    facts = random_facts(2_000, 5)
    plan = make_plan(facts, POLICY, as_of=AS_OF).table
    found = refresh(plan, facts, POLICY, dunning_on=AS_OF)
    assert found.removed == {}
    assert found.table.equals(plan)


def test_refresh_never_adds_or_hardens_a_contact():
    before, after = random_facts(2_000, 5), random_facts(2_000, 6)
    plan = make_plan(before, POLICY, as_of=AS_OF).table
    found = refresh(plan, after, POLICY, dunning_on=AS_OF).table
    kept = [
        (old["method"], new["method"])
        for old, new in zip(plan.to_pylist(), found.to_pylist(), strict=True)
        if new["outcome"] == "contact"
    ]
    assert kept
    assert all(old == new for old, new in kept)


def test_call_is_withdrawn_from_who_declines_calls_since():
    found = refreshed(made().table, since={"waits": {"labels": "L01 L11"}})
    assert found.removed == {"method_withdrawn": 1}


@pytest.mark.parametrize("kind", ["tables", "files"])
def test_files_and_tables_are_refreshed_alike(kind, tmp_path):
    now = drawn(*({**person, **SINCE.get(person["customer_id"], {})} for person in PEOPLE))
    plan = made().table
    if kind == "files":
        for name, table in (("account", now.account), ("open_bill", now.open_bill), ("plan", plan)):
            pq.write_table(table, tmp_path / f"{name}.parquet")
        now = Inputs(account=tmp_path / "account.parquet", open_bill=tmp_path / "open_bill.parquet")
        plan = tmp_path / "plan.parquet"
    found = refresh(plan, now, POLICY, dunning_on=AS_OF)
    assert sum(found.removed.values()) == 5
