"""The workbook of a real run: its list is the run's own, and comes back as that does."""

import openpyxl
import pyarrow.parquet as pq
import pytest

from contract.errors import ConfigError, DataError
from pipeline.reporting import Beside, groups_named, listed_of, write_workbook_of
from reports import read_wording
from reports.returned import Refusal, check_part, find_sheets, read_book, read_returned_words


@pytest.fixture(scope="module")
def book(run, tmp_path_factory):
    path = tmp_path_factory.mktemp("book") / "report.xlsx"
    told = write_workbook_of(run.folder, path, Beside())
    assert told["workbook_bytes"] == path.stat().st_size
    return path


@pytest.fixture(autouse=True)
def no_key(monkeypatch):
    monkeypatch.delenv("DUEWATCH_LIST_KEY", raising=False)


def sheets_of(path):
    return find_sheets(read_book(path), read_wording(), refusal(path))


def refusal(path):
    return Refusal(label=path.name, words=read_returned_words())


def test_list_of_the_workbook_is_the_list_of_the_run(book, run):
    (own, *_), (theirs,) = sheets_of(book), sheets_of(run.folder / "list.xlsx")
    assert len(own.rows) == len(theirs.rows) == run.manifest.counts["listed"]
    assert own.locked == theirs.locked
    check_part(own, theirs, refusal(book))


def test_summary_counts_every_scored_bill(book, run):
    sheet = openpyxl.load_workbook(book)["汇总 Summary"]
    totals = [row[1].value for row in sheet.iter_rows() if row[0].value == "合计 Total"]
    assert totals.count(run.manifest.counts["bills_scored"]) == len(totals) - 1  # but for aging
    scores = pq.read_table(run.folder / "scores.parquet").to_pandas()
    ranked = scores[scores["rank"].notna()]
    assert ranked["customer_id"].nunique() in totals


def test_numbers_of_the_list_are_those_of_the_scores(run):
    scores = pq.read_table(run.folder / "scores.parquet").to_pandas()
    listed = listed_of(run.folder, scores)
    ranked = scores.set_index("rank").loc[listed["rank"]]
    assert listed["p_late"].tolist() == ranked["p_late"].tolist()
    assert listed["bill_id"].tolist() == ranked["bill_id"].tolist()


def test_run_is_not_held_against_itself(run, tmp_path):
    with pytest.raises(DataError, match=r"is not before .*leave out --previous"):
        write_workbook_of(run.folder, tmp_path / "r.xlsx", Beside(previous=run.folder))
    assert not (tmp_path / "r.xlsx").exists()


def test_sheets_are_of_grids_or_managers_and_nothing_else():
    assert groups_named("manager") == "manager"
    with pytest.raises(ConfigError, match="--by: bureau is none of grid and manager"):
        groups_named("bureau")
