"""What a page tells beside its run: the data, the plan, the last list, forecast and months."""

import base64
import gzip
import json
import re
import shutil
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from collection.policy import load_policy
from contract.dataset import open_dataset
from contract.engine import connect
from contract.errors import DataError
from features import explain
from models.target import outcomes
from pipeline.page_extras import Around, gather_extras
from pipeline.page_facts import bills_behind, since_then, what_happened
from pipeline.paging import write_page
from pipeline.planning import plan, plan_of
from pipeline.runs import read_manifest, write_manifest
from pipeline.scoring import score
from pipeline.showing import read_list
from reports.outcome import what_became
from reports.page import read_page_words


@pytest.fixture(scope="module")
def earlier(town, promoted, tmp_path_factory):
    """The list of a month before, as it was made then."""
    as_of = (pd.Timestamp(town.prepared.as_of) - pd.DateOffset(months=1)).date()
    outputs = tmp_path_factory.mktemp("earlier")
    config = town.config.model_copy(update={"outputs": outputs, "as_of": as_of})
    return score(config, replace(town.prepared, as_of=as_of), promoted.challenger)


@pytest.fixture(scope="module")
def planned(town, run):
    config = town.config.model_copy(update={"outputs": run.folder.parent})
    made = plan(
        config, town.prepared, load_policy("china"), day=town.prepared.as_of, run=run.folder
    )
    return made.folder


@pytest.fixture(scope="module")
def extras(town, run, earlier, planned):
    manifest = read_manifest(run.folder)
    config = town.config.model_copy(update={"as_of": town.prepared.as_of})
    around = Around(plan=planned, previous=earlier.folder, config=config)
    listed = read_list(run.folder / "list.csv")
    return gather_extras(run.folder, manifest, listed, around, read_page_words())


@pytest.fixture(scope="module")
def whole(town, run, earlier, planned, tmp_path_factory):
    """The page of the run with all that lies around it."""
    path = tmp_path_factory.mktemp("whole") / "page.html"
    write_page(run.folder, path, Around(plan=planned, previous=earlier.folder, config=town.config))
    return path


def test_bills_and_payments_are_those_of_the_dataset_before_the_day(town, run, extras):
    listed = read_list(run.folder / "list.csv")
    as_of, happened = town.prepared.as_of, extras.happened
    dataset = open_dataset(town.config.data)
    with connect() as connection:
        paid = connection.execute(
            f"SELECT customer_id, CAST(paid_at AS DATE) AS day, sum(amount) AS amount"
            f" FROM {dataset.scan('payments')} WHERE posted_at < DATE '{as_of}'"
            " GROUP BY ALL"
        ).df()
    mine = happened.payments.groupby(["customer_id", "paid_on"])["amount_fen"].sum()
    truth = paid.set_index(["customer_id", paid["day"].astype("datetime64[us]")])["amount"]
    assert np.allclose(mine / 100, truth.reindex(mine.index).astype(float))
    assert set(listed["bill_id"]) <= set(happened.bills["bill_id"])
    assert (happened.bills["issued_on"] < pd.Timestamp(as_of)).all()
    assert (happened.contacts["made_on"] < pd.Timestamp(as_of)).all()
    assert not happened.bills.duplicated("bill_id").any()


def test_every_sentence_of_the_list_is_told_again_with_what_pushes_it(run, extras):
    listed = read_list(run.folder / "list.csv")
    pushes = extras.pushes
    assert sorted(pushes.bill_id) == sorted(listed["bill_id"])
    said = listed.set_index("bill_id")["reasons_en"].str.len()
    told = pushes.speaking.groupby("of_bill_id").size().reindex(said.index).fillna(0)
    assert (told == said).all()
    raw = pd.Series(pushes.base + pushes.families.sum(axis=1).to_numpy(), index=pushes.bill_id)
    seen = listed.loc[listed["history"] == "sufficient"].set_index("bill_id")["p_late"]
    assert raw.reindex(seen.index).corr(np.log(seen / (1 - seen)), method="spearman") > 0.9


@pytest.mark.parametrize("feature", ["late_count_6b", "paid_in_parts_share_12m"])
def test_bills_behind_a_feature_are_those_that_its_evidence_counts(feature, town, run):
    features = town.prepared.features
    if feature not in {one.name for one in features}:
        feature = next(one.name for one in features if one.over == "outcome_facts" and one.risk)
    customers = read_list(run.folder / "list.csv")["customer_id"].head(3)
    speaking = pd.DataFrame({"customer_id": customers, "feature": feature})
    store, as_of = town.prepared.store, town.prepared.as_of
    found = bills_behind(store, as_of, speaking, features)
    for customer in customers:
        rows = explain(store, customer, feature, as_of, features=features).rows
        mine = found.loc[found["customer_id"] == customer, "bill_id"]
        assert sorted(mine) == sorted(rows.loc[rows["counts"], "bill_id"])


def test_late_bills_of_the_last_list_are_those_that_training_calls_late(town, earlier, extras):
    scored = pq.read_table(earlier.folder / "scores.parquet").to_pandas()
    scored = scored[scored["rank"] > 0]
    truth = outcomes(town.prepared.store, town.prepared.as_of).reindex(scored["bill_id"])
    overdue = truth["cleared_on"].isna() & (truth["due_on"] < pd.Timestamp(town.prepared.as_of))
    late = ((truth["cleared_on"] > truth["due_on"]) | overdue).to_numpy()
    listed = scored["band"].isin(["call", "message"]).to_numpy()
    assert extras.outcome.caught[0] == (late & listed).sum()
    assert extras.outcome.missed[0] == (late & ~listed).sum()
    assert extras.outcome.listed()[0] == listed.sum() == earlier.manifest.counts["listed"]
    assert extras.outcome.listed(fate="paid_after")[0] > 0


def test_data_and_plan_are_found_by_pseudonyms_where_the_list_has_own_numbers(
    town, run, planned, whole, tmp_path
):
    folder = shutil.copytree(run.folder, tmp_path / run.folder.name)
    listed = pd.read_csv(folder / "list.csv", dtype=str, keep_default_na=False)
    for name in ("customer_id", "bill_id"):
        listed[name] = "9" + listed[name]
    listed.to_csv(folder / "list.csv", index=False, encoding="utf-8-sig", lineterminator="\r\n")
    (folder / "manifest.json").unlink()
    write_manifest(folder, run.manifest)
    write_page(folder, tmp_path / "own.html", Around(plan=planned, config=town.config))
    told = []
    for page in (whole, tmp_path / "own.html"):
        (data,) = re.findall(r'id="data">([^<]*)</script>', page.read_text("utf-8"))
        told.append(json.loads(gzip.decompress(base64.b64decode(data))))
    for name in ("history", "pushes", "plans"):
        assert told[0][name] is not None
        assert told[0][name] == told[1][name]
    assert told[0]["list"]["columns"]["planned"] == told[1]["list"]["columns"]["planned"]


def test_causes_add_up_to_who_came_and_left(extras):
    causes, groups = extras.changes.by_cause(), extras.movement.groups
    for move in ("came", "left"):
        assert causes[move].sum() == groups["org"][move].sum() == groups["grid"][move].sum() > 0


def test_bills_that_nothing_is_known_of_are_withdrawn(town):
    store, as_of = town.prepared.store, town.prepared.as_of
    scored = pd.DataFrame(
        {"customer_id": ["nobody"], "bill_id": ["none"], "band": ["call"], "open_cny": [3.5]}
    )
    bills, contacts = since_then(store, as_of, scored)
    made = what_became(scored, bills, contacts, since=date(2026, 1, 1), until=as_of)
    assert made.listed(fate="withdrawn") == (1, 350)
    assert what_happened(store, as_of, scored["customer_id"]).bills.empty


def test_plan_of_the_run_is_told_for_its_listed_customers(run, planned, extras):
    assert plan_of(run.folder, run.manifest.run) == planned
    rows = pq.read_table(planned / "plan.parquet").to_pandas().set_index("customer_id")
    told = extras.plans.set_index("customer_id")
    assert set(told.index) <= set(read_list(run.folder / "list.csv")["customer_id"])
    contacted = rows.loc[told.index, "outcome"] == "contact"
    assert (told["plan_zh"] != "").tolist() == contacted.tolist()
    assert (told["why_not_en"] != "").tolist() == (~contacted).tolist()
    assert (
        not told[["plan_zh", "why_not_zh", "plan_en", "why_not_en"]]
        .agg(" ".join, axis=1)
        .str.contains("<|nan|None")
        .any()
    )


def test_page_of_everything_is_the_same_each_time(town, run, earlier, planned, whole, tmp_path):
    around = Around(plan=planned, previous=earlier.folder, config=town.config)
    size = write_page(run.folder, tmp_path / "again.html", around)
    assert (tmp_path / "again.html").read_bytes() == whole.read_bytes()
    assert size == whole.stat().st_size


def test_plan_of_another_run_is_refused(earlier, planned, tmp_path):
    with pytest.raises(DataError, match="Give the plan that was made for it"):
        write_page(earlier.folder, tmp_path / "page.html", Around(plan=planned))
    assert list(tmp_path.iterdir()) == []


def test_data_of_another_utility_are_refused(town, run):
    listed = read_list(run.folder / "list.csv").assign(bill_id="of another")
    around = Around(config=town.config.model_copy(update={"as_of": town.prepared.as_of}))
    with pytest.raises(DataError, match=r"does not have \d+ of the \d+ bills"):
        gather_extras(run.folder, run.manifest, listed, around, read_page_words())


def test_last_list_must_be_of_an_earlier_day(run, earlier):
    listed = read_list(run.folder / "list.csv")
    with pytest.raises(DataError, match="is no earlier one"):
        gather_extras(
            earlier.folder, earlier.manifest, listed, Around(previous=run.folder), read_page_words()
        )


@pytest.mark.parametrize("name", ["forecast.json", "monitor.json", "gates.json"])
def test_broken_files_beside_a_run_are_named(name, run, tmp_path):
    outputs = tmp_path / "outputs"
    place = outputs / run.folder.name
    place.mkdir(parents=True)
    beside = place if name == "gates.json" else outputs / "other"
    beside.mkdir(exist_ok=True)
    (beside / name).write_text('{"as_of": ', "utf-8")
    listed = read_list(run.folder / "list.csv")
    with pytest.raises(DataError, match=f"{name}: not what duewatch writes"):
        gather_extras(place, run.manifest, listed, Around(), read_page_words())


def test_forecast_and_months_beside_the_run_are_found_by_day_and_model(run, tmp_path):
    place = tmp_path / "outputs" / run.folder.name
    months = [{"month": "2026-01-06"}]
    model, as_of = run.manifest.model_version, run.manifest.as_of
    files = {
        "one/forecast.json": {"as_of": "2020-01-01", "is": "of another day"},
        "two/forecast.json": {"as_of": as_of, "is": "the right one"},
        "cycles/2026-10/monitor-1/monitor.json": {"model_version": model, "months": months},
        "other/monitor.json": {"model_version": "another", "months": months},
        "later/monitor.json": {"model_version": model, "months": [{"month": "2099-01-01"}]},
    }
    for path, told in files.items():
        (place.parent / path).parent.mkdir(parents=True)
        (place.parent / path).write_text(json.dumps(told), "utf-8")
    place.mkdir()
    listed = read_list(run.folder / "list.csv")
    found = gather_extras(place, run.manifest, listed, Around(), read_page_words())
    assert found.forecast["is"] == "the right one"
    assert found.months == months
    assert found.happened is found.pushes is found.plans is found.movement is None
