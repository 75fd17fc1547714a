import json
from datetime import datetime

import pyarrow.parquet as pq
import pytest

from contract.errors import DataError
from contract.simulator import simulate
from pipeline.commands.portraits import portraits

FILES = {"account", "open_bill", "labels"}


@pytest.fixture(scope="module")
def village(tmp_path_factory):
    """Two days of a small utility, the second told against the first."""
    folder = tmp_path_factory.mktemp("village")
    simulate(folder / "data", folder / "truth", customers=150, cycles=10, seed=5)
    (folder / "run.yaml").write_text(f"stores: {folder / 'stores'}\nbuckets: 2\n", "utf-8")
    given = {"config": folder / "run.yaml", "data": folder / "data"}
    portraits(folder / "one", as_of=datetime(2026, 8, 20), policy="china", **given)
    portraits(
        folder / "two",
        as_of=datetime(2026, 9, 20),
        policy="china",
        against=folder / "one",
        as_json=True,
        **given,
    )
    return folder


def test_portraits_write_facts_labels_and_changes(village):
    two = {path.stem for path in (village / "two").glob("*.parquet")}
    assert two == FILES | {"changes"}
    assert {path.stem for path in (village / "one").glob("*.parquet")} == FILES
    facts = json.loads((village / "two" / "portraits.json").read_text("utf-8"))
    account = pq.read_table(village / "two" / "account.parquet").to_pandas()
    labels = pq.read_table(village / "two" / "labels.parquet").to_pandas()
    changes = pq.read_table(village / "two" / "changes.parquet").to_pandas()
    assert facts["customers"] == len(account)
    assert facts["labels"]["L06"] == (labels["label"] == "L06").sum() == account["L06"].sum()
    assert sum(facts["tiers"].values()) == len(account)
    told = sum(count for reasons in facts["changes"].values() for count in reasons.values())
    assert told == len(changes) > 0


def test_gained_and_lost_labels_make_one_day_of_the_other(village):
    days = {
        name: pq.read_table(village / name / "labels.parquet").to_pandas()
        for name in ("one", "two")
    }
    one, two = ({*zip(day["customer_id"], day["label"], strict=True)} for day in days.values())
    changes = pq.read_table(village / "two" / "changes.parquet").to_pandas()
    moved = {
        change: {*zip(rows["customer_id"], rows["label"], strict=True)}
        for change, rows in changes.groupby("change")
    }
    assert one - moved["lost"] | moved["gained"] == two
    assert moved["changed"] <= one & two


def test_folder_without_labels_is_refused(village):
    with pytest.raises(DataError, match="Give a folder that duewatch portraits wrote"):
        portraits(
            village / "three",
            config=village / "run.yaml",
            data=village / "data",
            as_of=datetime(2026, 9, 20),
            policy="china",
            against=village / "data",
        )
