import csv
import hashlib
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from collection.policy import load_policy
from contract.errors import ConfigError, DataError
from contract.pseudonyms import Key, write_about
from pipeline.cli import app
from pipeline.exporting.files import export_files
from pipeline.exporting.handoff import hand_off
from pipeline.exporting.tables import Column, Exported, Table, read_exported
from pipeline.planning import plan
from reports.handoff import load_form


@pytest.fixture(scope="module")
def planned(town, run):
    config = town.config.model_copy(update={"outputs": run.folder.parent})
    return plan(config, town.prepared, load_policy(), day=town.prepared.as_of)


def files_of(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_parquet_and_csv_hold_the_same_rows_and_the_same_bytes_each_time(run, tmp_path):
    exported = read_exported(run.folder, tmp_path)
    for form in ("parquet", "csv"):
        for place in ("a", "b"):
            assert export_files(exported, form, tmp_path / form / place, tmp_path)
        one, two = (tmp_path / form / place / exported.run for place in ("a", "b"))
        assert files_of(one) == files_of(two)
        about = json.loads((one / "export.json").read_text("utf-8"))
        assert about["files"] == {
            f"{table}.{form}": hashlib.sha256((one / f"{table}.{form}").read_bytes()).hexdigest()
            for table in ("list_rows", "scores")
        }
        assert set(files_of(one)) == {"export.json", *about["files"]}
    rows = pq.read_table(tmp_path / "parquet" / "a" / exported.run / "scores.parquet").to_pylist()
    path = tmp_path / "csv" / "a" / exported.run / "scores.csv"
    with path.open(encoding="utf-8-sig", newline="") as file:
        told = list(csv.DictReader(file))
    assert [row["bill_id"] for row in told] == [row["bill_id"] for row in rows]
    assert [row["open_cny"] for row in told] == [str(row["open_cny"]) for row in rows]
    assert "name" not in told[0]


def test_export_that_is_there_stays_and_another_form_is_refused(run, tmp_path):
    exported = read_exported(run.folder, tmp_path)
    assert export_files(exported, "csv", tmp_path / "out", tmp_path)
    before = files_of(tmp_path / "out" / exported.run)
    assert not export_files(exported, "csv", tmp_path / "out", tmp_path)
    with pytest.raises(DataError, match="holds something else than this run as parquet"):
        export_files(exported, "parquet", tmp_path / "out", tmp_path)
    assert files_of(tmp_path / "out" / exported.run) == before


def test_export_that_fails_leaves_no_folder(run, tmp_path):
    exported = read_exported(run.folder, tmp_path)
    broken = Table(name="x", columns=(Column(name="y"),), rows="(SELECT error('full') AS y)")
    bad = Exported(**{**vars(exported), "tables": (*exported.tables, broken)})
    with pytest.raises(Exception, match="full"):
        export_files(bad, "csv", tmp_path / "out", tmp_path)
    assert list((tmp_path / "out").iterdir()) == []


def test_csv_is_inert_in_a_spreadsheet(tmp_path):
    texts = "(VALUES ('=cmd()', ['a', '=b']), (' +1', ['-c']), ('plain', []), (NULL, NULL)) t(a, b)"
    columns = (Column(name="a"), Column(name="b", kind="codes"))
    exported = Exported(
        run="2026-10-06-attack",
        kind="list",
        as_of="2026-10-06",
        digest="0",
        manifest={},
        tables=(Table(name="rows", columns=columns, rows=texts),),
    )
    export_files(exported, "csv", tmp_path / "out", tmp_path)
    with (tmp_path / "out" / exported.run / "rows.csv").open(encoding="utf-8-sig") as file:
        told = list(csv.reader(file))
    assert told[1:] == [["'=cmd()", "a;=b"], ["' +1", "'-c"], ["plain", ""], ["", ""]]


def accounts_file(folder, planned):
    rows = pq.read_table(planned.folder / "plan.parquet")["customer_id"].to_pylist()
    path = folder / "accounts.csv"
    lines = [f"{customer},{i:09}" for i, customer in enumerate(rows, start=1)]
    path.write_text("customer_id,account\n" + "\n".join(lines) + "\n", "utf-8")
    return path, {customer: f"{i:09}" for i, customer in enumerate(rows, start=1)}


@pytest.mark.parametrize("name", ["sap", "oracle"])
def test_handoff_of_a_plan_holds_its_contacts_and_nobody_else(planned, tmp_path, name):
    path, accounts = accounts_file(tmp_path, planned)
    form = load_form(name)
    made = hand_off(planned.folder, form, tmp_path / "out", accounts=path)
    lines = (made.folder / f"{name}.txt").read_text("utf-8").split("\n")
    told = [line.rstrip("\r").split(form.delimiter) for line in lines if line.startswith("D")]
    rows = pq.read_table(planned.folder / "plan.parquet").to_pylist()
    may = {
        accounts[row["customer_id"]].zfill(form.columns[0].width if name == "sap" else 0)
        for row in rows
        if row["outcome"] == "contact"
    }
    assert {line[1] for line in told} == may
    assert len(told) == len(may) == made.contacts == planned.about["outcomes"]["contact"]
    digest = hashlib.sha256((made.folder / f"{name}.txt").read_bytes()).hexdigest()
    assert (made.folder / f"{name}.txt.sha256").read_text("utf-8") == f"{digest}  {name}.txt\n"
    assert not hand_off(planned.folder, form, tmp_path / "out", accounts=path).made
    (made.folder / f"{name}.txt").write_text("forged", "utf-8")
    with pytest.raises(DataError, match="holds something else than this hand-off"):
        hand_off(planned.folder, form, tmp_path / "out", accounts=path)


def test_handoff_of_pseudonyms_carries_the_utilitys_own_ids(planned, tmp_path):
    customers = pq.read_table(planned.folder / "plan.parquet")["customer_id"].to_pylist()
    own = [f"{i:010}" for i in range(len(customers))]
    (tmp_path / "data" / "source_ids").mkdir(parents=True)
    write_about(tmp_path / "data", Key(b"0123456789abcdef0123456789abcdef"))
    known = pa.table({"pseudonym": customers, "source_id": own})
    pq.write_table(known, tmp_path / "data" / "source_ids" / "customer.parquet")
    oracle = load_form("oracle")
    made = hand_off(planned.folder, oracle, tmp_path / "out", data=tmp_path / "data")
    told = (made.folder / "oracle.txt").read_text("utf-8")
    accounts = [line.split("|")[1] for line in told.splitlines() if line.startswith("D")]
    assert accounts == sorted(accounts)
    assert set(accounts) < set(own)
    assert not [customer for customer in customers if customer in told]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a,b\n", "line 1 must be the heads customer_id,account"),
        ("customer_id,account\n1\n", "line 2 is no customer and account"),
        ("customer_id,account\n1,2\n1,3\n", "line 3 is no customer and account"),
        ("", "line 1 must be the heads"),
    ],
)
def test_broken_file_of_accounts_is_refused(planned, tmp_path, content, message):
    path = tmp_path / "accounts.csv"
    path.write_text(content, "utf-8")
    with pytest.raises(DataError, match=message):
        hand_off(planned.folder, load_form("sap"), tmp_path / "out", accounts=path)
    assert not (tmp_path / "out").exists()


def test_command_hands_off_and_asks_for_what_is_missing(planned, run, tmp_path):
    path, _ = accounts_file(tmp_path, planned)
    given = ["export", str(planned.folder), "--to", "handoff", "--form", "oracle"]
    done = CliRunner().invoke(
        app, [*given, "--out", str(tmp_path / "out"), "--accounts", str(path), "--json"]
    )
    assert done.exit_code == 0, done.output
    assert json.loads(done.output.splitlines()[-1])["contacts"] > 0
    assert isinstance(CliRunner().invoke(app, given).exception, ConfigError)
    wrong = ["export", str(run.folder), "--to", "handoff", "--out", str(tmp_path / "out")]
    assert isinstance(CliRunner().invoke(app, wrong).exception, DataError)


def test_places_that_are_none_are_told_in_one_line(planned, tmp_path):
    (tmp_path / "file").write_text("", "utf-8")
    (tmp_path / "lists").mkdir()
    for given, message in (
        ((tmp_path / "no" / "run", "--out", tmp_path), "no such folder"),
        ((planned.folder, "--out", tmp_path / "file" / "x"), "file is a file"),
        ((tmp_path / "lists", "--out", tmp_path), "not a finished run"),
    ):
        told = CliRunner().invoke(app, ["export", *map(str, given), "--to", "csv"])
        assert isinstance(told.exception, ConfigError | DataError)
        assert message in str(told.exception)
    wrong = planned.folder / "account.parquet"
    with pytest.raises(DataError, match="not the table of a plan"):
        hand_off(planned.folder, load_form("sap"), tmp_path / "out", refreshed=wrong)
    forged = tmp_path / "forged"
    forged.mkdir()
    (forged / "plan.json").write_text('{"files": {}, "plan": "../../x"}', "utf-8")
    for read in (
        lambda: read_exported(forged, tmp_path),
        lambda: hand_off(forged, load_form("sap"), tmp_path),
    ):
        with pytest.raises(DataError, match="not what a plan writes"):
            read()
