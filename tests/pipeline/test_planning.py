import json
import shutil
from datetime import date, timedelta

import pyarrow.parquet as pq
import pytest

from collection.feedback import contacts_of
from collection.policy import load_policy
from collection.policy.model import HoldOut
from contract.dataset import open_dataset
from contract.errors import ConfigError, DataError
from pipeline.feeding_back import feed_back, ledger_folder, read_ledger
from pipeline.planning import dunning_day, plan, read_policy_of
from pipeline.preparing import prepare
from pipeline.refreshing import explain_customer, refresh_plan
from pipeline.replaying import planning_days, replay, write_replayed


@pytest.fixture(scope="module")
def planned(town, run):
    config = town.config.model_copy(update={"outputs": run.folder.parent})
    return plan(config, town.prepared, load_policy(), day=town.prepared.as_of)


def test_plan_has_one_row_a_customer_and_goes_by_the_days_scores(planned, run):
    table = pq.read_table(planned.folder / "plan.parquet")
    accounts = pq.read_table(planned.folder / "account.parquet")
    assert table["customer_id"].equals(accounts["customer_id"])
    assert planned.about["scores"] == run.manifest.run
    assert sum(planned.about["outcomes"].values()) == table.num_rows
    assert planned.about["outcomes"]["contact"] == sum(planned.about["contacts"].values())
    assert "Readings used:" in planned.text()


def test_same_plan_again_is_found_and_not_made(planned, town, run):
    config = town.config.model_copy(update={"outputs": run.folder.parent})
    again = plan(config, town.prepared, load_policy(), day=town.prepared.as_of)
    assert not again.made
    assert again.folder == planned.folder
    assert read_policy_of(planned.folder) == load_policy()


def test_another_law_of_the_same_name_is_another_plan(town, tmp_path):
    law = tmp_path / "law.yaml"
    policy = load_policy().model_copy(update={"law": str(law)})
    config = town.config.model_copy(update={"outputs": tmp_path / "outputs"})

    def planned_under(text):
        law.write_text(text, "utf-8")
        return plan(config, town.prepared, policy, day=town.prepared.as_of)

    first, same, other = map(
        planned_under, ("based_on: china\n", "based_on: china\n", "based_on: china_county\n")
    )
    assert (first.made, same.made, other.made) == (True, False, True)


def test_customer_of_a_plan_is_explained(planned):
    one = pq.read_table(planned.folder / "plan.parquet").to_pylist()[0]
    told = explain_customer(planned.folder, one["customer_id"])
    assert told.row == one
    assert told.lines()[1].startswith(f"{one['rule']}: ")


def test_held_out_customers_come_back_as_contacts_by_lot(town, tmp_path):
    data = tmp_path / "data"
    shutil.copytree(town.config.data, data)
    config = town.config.model_copy(update={"data": data, "outputs": tmp_path / "outputs"})
    drawn = load_policy().model_copy(update={"holdout": HoldOut(share=0.5)})
    made = plan(config, town.prepared, drawn, day=town.prepared.as_of)
    held = pq.read_table(made.folder / "plan.parquet", filters=[("held_out", "=", True)])
    assert held.num_rows > 5
    feed_back(open_dataset(data), made.folder / "held_out.csv")
    contacts = contacts_of(read_ledger(ledger_folder(data))).to_pylist()
    assert {row["customer_id"] for row in contacts} == set(held["customer_id"].to_pylist())
    assert {(row["assigned"], row["outcome"], row["round"]) for row in contacts} == {
        ("holdout", "no_answer", 1)
    }


def test_changed_plan_is_refused(planned, town, tmp_path):
    copied = tmp_path / "plan"
    copied.mkdir()
    for path in planned.folder.iterdir():
        (copied / path.name).write_bytes(path.read_bytes())
    (copied / "rules.csv").write_text("changed", "utf-8")
    with pytest.raises(DataError, match=r"rules.csv: missing or changed since the plan"):
        refresh_plan(copied, town.prepared)
    with pytest.raises(DataError, match=r"not a plan \(plan.json is missing"):
        refresh_plan(tmp_path, town.prepared)


def test_refresh_removes_who_paid_since_and_leaves_the_plan(town, run):
    earlier = town.prepared.as_of.replace(day=1) - timedelta(days=20)
    config = town.config.model_copy(
        update={"outputs": run.folder.parent / "earlier", "as_of": earlier}
    )
    made = plan(config, prepare(config), load_policy(), day=earlier)
    kept = (made.folder / "plan.parquet").read_bytes()
    found = refresh_plan(made.folder, town.prepared)
    again = refresh_plan(made.folder, town.prepared)
    assert found == again
    assert found.removed["settled_since"] > 0
    assert (made.folder / "plan.parquet").read_bytes() == kept
    assert found.left + sum(found.removed.values()) == made.about["outcomes"].get("contact", 0)
    told = json.loads(found.path.with_suffix(".json").read_text("utf-8"))
    assert told["removed"] == found.removed


def test_refresh_with_older_data_is_refused(planned, town):
    older = town.config.model_copy(update={"as_of": town.prepared.as_of.replace(day=1)})
    with pytest.raises(ConfigError, match=r"lies before the plan's .* later --as-of"):
        refresh_plan(planned.folder, prepare(older))


def test_dunning_day_is_of_the_month_and_clipped():
    assert dunning_day(date(2026, 4, 6), 31) == date(2026, 4, 30)
    assert dunning_day(date(2026, 4, 6), None) == date(2026, 4, 6)


def test_planning_days_lie_before_as_of():
    days = planning_days(date(2026, 3, 20), cycles=3, day_of_month=20)
    assert days == [date(2025, 12, 20), date(2026, 1, 20), date(2026, 2, 20)]


def test_replay_compares_three_policies_on_the_same_days(town, tmp_path):
    new = load_policy().model_copy(update={"contact_policy": "early_all", "name": "new"})
    days = planning_days(town.prepared.as_of, cycles=2, day_of_month=20)
    made = replay(town.config, town.prepared, new, load_policy(), days=days)
    totals = {one["policy"]: one for one in made.totals()}
    assert totals.keys() == {"new", "present", "largest_balances"}
    assert len({one["late_fen"] for one in totals.values()}) == 1
    contacts = {name: sum(one["contacts"].values()) for name, one in totals.items()}
    assert contacts["new"] >= contacts["present"]
    assert contacts["new"] == contacts["largest_balances"]
    assert totals["new"]["broken"] == totals["present"]["broken"] == 0
    assert "largest_balances" in made.text()
    write_replayed(made, tmp_path / "replay")
    assert (tmp_path / "replay" / "replay.csv").read_text("utf-8-sig").count("\n") == 7


def test_replay_without_bills_is_refused(town):
    with pytest.raises(DataError, match=r"no bill is known on the days asked for"):
        replay(town.config, town.prepared, load_policy(), load_policy(), days=[date(2001, 1, 20)])
