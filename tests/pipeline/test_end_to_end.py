"""From a simulated dataset to a list: what must hold of a whole run."""

import json
import shutil
import socket

import numpy as np
import openpyxl
import pandas as pd
import pyarrow.parquet as pq
import pytest

from contract.errors import ConfigError, DataError
from pipeline.config import Config
from pipeline.mlflow_door import Tracking
from pipeline.preparing import prepare
from pipeline.runs import read_manifest
from pipeline.scoring import score
from pipeline.showing import show_run
from pipeline.tracking import load


@pytest.fixture
def scores(run):
    return pq.read_table(run.folder / "scores.parquet").to_pandas(date_as_object=False)


@pytest.fixture
def listed(run):
    return pd.read_csv(run.folder / "list.csv", dtype={"customer_id": str, "bill_id": str})


def test_run_holds_every_open_bill_once(run, scores):
    assert scores["bill_id"].is_unique
    assert len(scores) == run.manifest.counts["bills_open"]
    scored = scores["why_not"] == ""
    assert scores.loc[scored, "p_late"].between(0, 1).all()
    assert scores.loc[~scored, ["p_late", "rank", "band"]].isna().all(axis=None)
    assert (scores.loc[scored, "due_on"] >= pd.Timestamp(run.manifest.as_of)).all()


def test_ranks_follow_the_expected_late_amount(scores):
    ranked = scores[scores["rank"].notna()].sort_values("rank")
    assert ranked["rank"].tolist() == list(range(1, len(ranked) + 1))
    assert (ranked["expected_late_cny"].diff().dropna() <= 0).all()
    expected = ranked["p_late"] * ranked["open_cny"]
    np.testing.assert_array_equal(ranked["expected_late_cny"], expected)


def test_list_is_the_head_of_the_ranking_with_reasons_in_both_languages(run, scores, listed):
    assert listed["rank"].tolist() == list(range(1, len(listed) + 1))
    assert len(listed) == run.manifest.counts["listed"]
    head = scores.set_index("bill_id").loc[listed["bill_id"]]
    np.testing.assert_allclose(listed["p_late"], head["p_late"], atol=5e-5)
    assert listed["reason_1_zh"].notna().mean() > 0.95
    assert (listed["reason_1_zh"].isna() == listed["reason_1_en"].isna()).all()


def test_strip_ends_with_the_open_bill_of_this_cycle(listed):
    strips = listed["strip"].str.removeprefix("'")
    assert (strips.str.len() == 12).all()
    newest = listed["cycle"] == 202610
    assert strips[newest].str[-1].isin(["?", "P"]).all()


def test_agents_customers_are_scored_by_nobody_and_listed_nowhere(town, scores, listed):
    customers = pq.read_table(town.config.data / "customers.parquet").to_pandas()
    rolled_up = set(customers.loc[customers["agent_id"].notna(), "customer_id"])
    assert rolled_up & set(scores["customer_id"])
    assert not rolled_up & set(listed["customer_id"])


def test_workbook_shows_the_same_rows_as_the_export(run, listed):
    sheet = openpyxl.load_workbook(run.folder / "list.xlsx").worksheets[1]
    shown = {str(cell.value) for row in sheet.iter_rows() for cell in row}
    assert set(listed["customer_id"]) <= shown


def test_same_inputs_give_the_same_bytes_in_a_run_made_anew(town, run, trained, tmp_path):
    again = score(
        town.config.model_copy(update={"outputs": tmp_path}), town.prepared, trained.registered
    )
    assert again.folder.name == run.folder.name
    names = sorted(path.name for path in run.folder.iterdir())
    assert names == [
        "gates.json",
        "list.csv",
        "list.xlsx",
        "manifest.json",
        "profile.json",
        "scores.parquet",
    ]
    for name in names:
        assert (again.folder / name).read_bytes() == (run.folder / name).read_bytes(), name


def test_rerun_with_the_same_inputs_touches_nothing(town, run, trained):
    before = {path: path.stat().st_mtime_ns for path in run.folder.iterdir()}
    again = score(town.config, town.prepared, trained.registered)
    assert not again.made
    assert {path: path.stat().st_mtime_ns for path in run.folder.iterdir()} == before


def test_number_of_buckets_changes_no_score(town, run, trained, tmp_path):
    config = town.config.model_copy(update={"buckets": 1, "outputs": tmp_path})
    again = score(config, prepare(config), trained.registered)
    one, three = (
        pq.read_table(folder / "scores.parquet").to_pandas().drop(columns=[])
        for folder in (again.folder, run.folder)
    )
    pd.testing.assert_frame_equal(one, three, check_exact=True)


def test_model_beats_the_rules_it_is_printed_beside(trained):
    figures = {one.id: one.figures for one in trained.judged}
    rules = {name for name in figures if name != "model"}
    assert {"last_late", "smoothed_rate", "months_behind"} <= rules
    assert all(figures["model"]["auc"] > figures[name]["auc"] for name in rules)


def test_changed_list_of_a_finished_run_is_noticed(run, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(run.folder, copy)
    text = (copy / "list.csv").read_text("utf-8")
    (copy / "list.csv").write_text(text.replace("call", "watch", 1), "utf-8")
    with pytest.raises(DataError, match=r"list.csv: missing or changed since the run"):
        read_manifest(copy)


def test_finished_run_is_shown_with_its_comparison(run):
    text, facts = show_run(run.folder, rows=10)
    assert facts["run"] in str(run.folder)
    assert text.count("%") > 10
    assert "Smoothed past late rate" in text


def test_folder_that_is_no_run_is_refused(tmp_path):
    with pytest.raises(DataError, match="not a finished run"):
        show_run(tmp_path, rows=1)


def test_scoring_without_a_model_says_to_train_first(tmp_path):
    with pytest.raises(ConfigError, match=r"no alias champion\. Run duewatch train, then duew"):
        load(Tracking(folder=tmp_path))


def test_day_on_which_nothing_is_open_is_refused(town, trained):
    config = town.config.model_copy(update={"as_of": pd.Timestamp("2030-01-01").date()})
    with pytest.raises(DataError, match="no bill is open and not yet due at 2030-01-01"):
        score(config, prepare(config), trained.registered)
    assert not any(
        path.name.startswith("2030") for path in Config(outputs=config.outputs).outputs.iterdir()
    )


def test_manifest_names_what_the_list_was_made_of(town, run, trained):
    manifest = json.loads((run.folder / "manifest.json").read_text("utf-8"))
    assert manifest["data_fingerprint"] == town.prepared.store.fingerprint
    assert manifest["model_sha256"] == trained.registered.model.sha256
    assert manifest["config"]["bands"]["call"] == {"share": 0.05, "count": None}
    assert {*manifest["files"], "manifest.json"} == {path.name for path in run.folder.iterdir()}


def test_scoring_opens_no_connection(town, promoted, monkeypatch):
    def refuse(*_):
        raise AssertionError("a connection was tried")

    for way in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, way, refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    config = town.config.model_copy(update={"outputs": town.folder / "offline"})
    registered = load(config.tracked, promoted.challenger.version)
    assert score(config, prepare(config), registered).made


def test_list_marks_customers_with_insufficient_history(scores, listed):
    known = scores.set_index("bill_id")["history"]
    assert set(known) == {"sufficient", "insufficient"}
    assert (listed["history"] == known.loc[listed["bill_id"]].to_numpy()).all()
