import csv
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from collection.policy import load_policy
from contract.errors import ConfigError, DataError, MachineError
from contract.postgres import Postgres
from pipeline.cli import app
from pipeline.config import parse_config
from pipeline.exporting.tables import read_exported
from pipeline.planning import plan
from pipeline.runs import MANIFEST

psycopg = pytest.importorskip("psycopg", reason="needs psycopg, of duewatch[postgres]")
from psycopg.sql import SQL, Identifier  # noqa: E402

from pipeline.exporting import postgres as sink  # noqa: E402

pytestmark = pytest.mark.postgres

PROJECT = Path(__file__).parent.parent.parent
TABLES = ("list_rows", "scores", "plan_rows", "runs")


@pytest.fixture(scope="module")
def database(postgres):
    return postgres("exporting")


@pytest.fixture(autouse=True)
def _environment(database, monkeypatch):
    monkeypatch.setenv("DUEWATCH_POSTGRES", database)


@pytest.fixture(scope="module")
def planned(town, run):
    config = town.config.model_copy(update={"outputs": run.folder.parent})
    return plan(config, town.prepared, load_policy(), day=town.prepared.as_of)


def send(folder, work, schema):
    work.mkdir(exist_ok=True)
    exported = read_exported(folder, work)
    return sink.export_postgres(exported, Postgres(list_schema=schema), work)


def rows_of(database, schema, table, *, order="1"):
    with psycopg.connect(database, row_factory=psycopg.rows.dict_row) as connection:
        query = SQL("SELECT * FROM {} ORDER BY " + order).format(Identifier(schema, table))
        return connection.execute(query).fetchall()


def counts(database, schema):
    with psycopg.connect(database) as connection:
        return {
            table: connection.execute(
                SQL("SELECT count(*) FROM {}").format(Identifier(schema, table))
            ).fetchone()[0]
            for table in TABLES
        }


def changed_copy(folder, place, run):
    """A run of another id and digest, with the same rows."""
    shutil.copytree(folder, place)
    manifest = json.loads((place / MANIFEST).read_text("utf-8"))
    (place / MANIFEST).write_text(json.dumps(manifest | {"run": run, "cycle": 1}), "utf-8")
    return place


def test_list_and_scores_arrive_as_they_are_in_the_run(run, database, tmp_path):
    assert send(run.folder, tmp_path / "w", "one")
    scores = pq.read_table(run.folder / "scores.parquet").to_pylist()
    told = rows_of(database, "one", "scores", order="rank NULLS LAST, bill_id")
    assert len(told) == len(scores)
    by_bill = {row["bill_id"]: row for row in told}
    for row in scores:
        other = by_bill[row["bill_id"]]
        for column in ("customer_id", "rank", "band", "p_late", "protected", "why_not", "history"):
            assert other[column] == row[column], column
        assert other["due_on"] == row["due_on"].date()
        assert float(other["open_cny"]) == pytest.approx(row["open_cny"], abs=0.005)
    with (run.folder / "list.csv").open(encoding="utf-8-sig", newline="") as file:
        listed = list(csv.DictReader(file))
    sent = rows_of(database, "one", "current_list", order="rank")
    assert [str(row["rank"]) for row in sent] == [row["rank"] for row in listed]
    for row, other in zip(listed, sent, strict=True):
        assert (row["customer_id"], row["bill_id"]) == (other["customer_id"], other["bill_id"])
        assert row["strip"].removeprefix("'") == other["strip"]
        assert (row["reason_1_zh"] or None) == other["reason_1_zh"]
        assert row["amount_cny"] == str(other["amount_cny"])
    assert "name" not in sent[0]
    (entry,) = rows_of(database, "one", "runs")
    assert entry["run_id"] == run.manifest.run
    assert entry["row_counts"] == {"list_rows": len(listed), "scores": len(scores)}
    assert entry["manifest"]["model_version"] == run.manifest.model_version


def test_plan_arrives_with_its_codes_as_arrays(planned, database, tmp_path):
    assert send(planned.folder, tmp_path / "w", "plans")
    rows = pq.read_table(planned.folder / "plan.parquet").to_pylist()
    sent = rows_of(database, "plans", "current_plan", order='customer_id COLLATE "C"')
    assert len(sent) == len(rows)
    for row, other in zip(rows, sent, strict=True):
        for column in ("customer_id", "outcome", "rules", "bills", "labels", "earliest_on", "tier"):
            assert other[column] == row[column], column
        assert int(other["open_cny"] * 100) == row["open_fen"]


def test_second_export_changes_nothing_and_other_content_is_refused(run, database, tmp_path):
    assert send(run.folder, tmp_path / "w", "once")
    before = rows_of(database, "once", "runs")
    assert not send(run.folder, tmp_path / "w", "once")
    assert rows_of(database, "once", "runs") == before
    forged = changed_copy(run.folder, tmp_path / "forged", run.manifest.run)
    with pytest.raises(DataError, match=r"has a run of this id with other content"):
        send(forged, tmp_path / "w", "once")
    assert rows_of(database, "once", "runs") == before


def test_view_shows_the_newest_day_and_of_a_day_the_last_run(run, database, tmp_path):
    other = changed_copy(run.folder, tmp_path / "other", f"{run.manifest.run}x")
    older = changed_copy(run.folder, tmp_path / "older", "2001-01-01-00000000")
    manifest = json.loads((older / MANIFEST).read_text("utf-8")) | {"as_of": "2001-01-01"}
    (older / MANIFEST).write_text(json.dumps(manifest), "utf-8")
    for folder, newest in ((run.folder, run.manifest.run), (other, None), (older, None)):
        assert send(folder, tmp_path / "w", "days")
        shown = {row["run_id"] for row in rows_of(database, "days", "current_list")}
        assert shown == {newest or f"{run.manifest.run}x"}
    assert counts(database, "days")["runs"] == 3


@pytest.mark.parametrize("table", ["list_rows", "scores", "runs"])
def test_writer_ended_amid_its_rows_leaves_nothing(run, database, tmp_path, monkeypatch, table):
    schema = f"killed_{table}"

    def end_writers():
        with psycopg.connect(database, autocommit=True) as other:
            other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = 'duewatch'"
            )

    write, enter = sink._write, sink._enter

    def cut(connection, schema, run_id, what, work):
        write(connection, schema, run_id, what, work)
        if what.name == table:
            end_writers()

    def cut_last(*given):
        enter(*given)
        if table == "runs":
            end_writers()

    monkeypatch.setattr(sink, "_write", cut)
    monkeypatch.setattr(sink, "_enter", cut_last)
    with pytest.raises(MachineError, match=r"connection was lost while writing"):
        send(run.folder, tmp_path / "w", schema)
    with psycopg.connect(database) as connection:
        found = connection.execute("SELECT to_regnamespace(%s)", (schema,)).fetchone()
    assert found == (None,)
    monkeypatch.undo()
    monkeypatch.setenv("DUEWATCH_POSTGRES", database)
    assert send(run.folder, tmp_path / "w", schema)
    assert counts(database, schema)["runs"] == 1


def test_two_exports_at_once_write_the_run_once(run, database, tmp_path):
    gate = threading.Barrier(2)

    def both(number):
        gate.wait()
        return send(run.folder, tmp_path / f"w{number}", "race")

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(both, range(2))) == [False, True]
    assert counts(database, "race")["runs"] == 1


@pytest.mark.parametrize(
    "schema", ['a"; DROP SCHEMA one CASCADE; --', "b'; SELECT pg_sleep(9); --", "100% %s {} 电费"]
)
def test_schema_that_attacks_is_only_a_name(run, database, tmp_path, schema):
    assert send(run.folder, tmp_path / "w", schema)
    assert counts(database, schema)["runs"] == 1


def test_schema_of_another_version_or_owner_is_left_alone(run, database, tmp_path):
    with psycopg.connect(database) as connection:
        connection.execute(
            "CREATE SCHEMA later; CREATE TABLE later.schema_version AS SELECT 9 version"
        )
        connection.execute("CREATE SCHEMA theirs; CREATE TABLE theirs.runs (mine int)")
    with pytest.raises(ConfigError, match=r"schema later has version 9 of duewatch's tables"):
        send(run.folder, tmp_path / "w", "later")
    with pytest.raises(DataError, match=r"refused while writing .* to theirs \(SQLSTATE 42P07"):
        send(run.folder, tmp_path / "w", "theirs")


def test_writer_needs_no_right_to_make_schemas_where_there_is_one(
    run, database, tmp_path, monkeypatch
):
    with psycopg.connect(database) as connection:
        connection.execute("CREATE ROLE lists LOGIN; CREATE SCHEMA granted AUTHORIZATION lists")
    monkeypatch.setenv("DUEWATCH_POSTGRES", database.replace("postgres@", "lists@"))
    assert send(run.folder, tmp_path / "w", "granted")
    assert not send(run.folder, tmp_path / "w", "granted")
    with pytest.raises(ConfigError, match=r"user may not do this: writing"):
        send(run.folder, tmp_path / "w", "not_granted")


def test_command_sends_once_and_shows_no_secret(run, database, monkeypatch):
    secret = "s3cret-of-the-utility"  # noqa: S105 - made up
    monkeypatch.setenv("DUEWATCH_POSTGRES", database.replace("postgres@", f"postgres:{secret}@"))
    outputs = []
    for _ in range(2):
        told = CliRunner().invoke(
            app, ["export", str(run.folder), "--to", "postgres", "--schema", "by_command", "--json"]
        )
        assert told.exit_code == 0, told.output
        outputs.append(told.output)
    assert "Nothing new: already there" in outputs[1]
    assert json.loads(outputs[1].splitlines()[-1])["made"] is False
    kept = [path for path in run.folder.parent.rglob("*") if path.is_file()]
    assert secret not in "".join(outputs)
    assert not [path for path in kept if secret.encode() in path.read_bytes()]
    assert not list(run.folder.parent.glob(".export-*"))


def test_newest_list_is_sent_from_the_folder_of_runs(run, database):
    outputs = run.folder.parent
    told = CliRunner().invoke(
        app, ["export", str(outputs), "--to", "postgres", "--schema", "newest", "--json"]
    )
    assert told.exit_code == 0, told.output
    newest = json.loads((outputs / "current.json").read_text("utf-8"))["run"]
    assert {row["run_id"] for row in rows_of(database, "newest", "runs")} == {newest}


def test_process_killed_amid_its_rows_leaves_nothing(run, database, tmp_path):
    assert send(changed_copy(run.folder, tmp_path / "x", "x"), tmp_path / "w", "killed")
    before = counts(database, "killed")
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    given = ["export", str(run.folder), "--to", "postgres", "--schema", "killed"]
    with (
        psycopg.connect(database) as other,
        psycopg.connect(database, autocommit=True) as watcher,
    ):
        other.execute("LOCK TABLE killed.scores")  # its list is written by then, its scores wait
        process = subprocess.Popen(
            [sys.executable, "-c", "from pipeline.cli import main; main()", *given],
            env=environment,
            stderr=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        try:
            until(lambda: watcher.execute(waiting).fetchone()[0] == 1)
        finally:
            process.kill()
            process.wait()
    ours = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'duewatch'"
    with psycopg.connect(database, autocommit=True) as other:
        until(lambda: other.execute(ours).fetchone()[0] == 0)
    assert counts(database, "killed") == before
    left = list(run.folder.parent.glob(".export-*"))
    assert len(left) == 1
    assert CliRunner().invoke(app, given).exit_code == 0
    assert counts(database, "killed")["runs"] == 2
    assert not list(run.folder.parent.glob(".export-*"))


def until(is_so):
    for _ in range(1200):
        if is_so():
            return
        time.sleep(0.05)
    pytest.fail("it did not come to that")


MAPPING = """
tables:
  customers:
    table: [cis, people]
    columns: {customer_id: no, segment: class, grid_id: grid, opened_on: opened}
    codes: {segment: {"01": residential}}
  bills:
    table: [cis, bills]
    columns: {bill_id: id, customer_id: no, cycle: due, issued_on: issued, due_on: due,
      amount: yuan}
  payments:
    table: [cis, receipts]
    columns: {payment_id: id, customer_id: no, paid_at: at, amount: yuan}
"""


def test_command_imports_a_database_by_settings_and_shows_no_secret(
    database, tmp_path, monkeypatch
):
    with psycopg.connect(database) as connection:
        connection.execute("""
            CREATE SCHEMA cis;
            CREATE TABLE cis.people AS SELECT * FROM (VALUES ('1', '01', 'G', date '2020-01-01'))
                AS t(no, class, grid, opened);
            CREATE TABLE cis.bills AS SELECT 'b' AS id, '1' AS no, date '2026-09-05' AS issued,
                date '2026-09-25' AS due, 12.34 AS yuan;
            CREATE TABLE cis.receipts AS SELECT 'p' AS id, '1' AS no, 12.34 AS yuan,
                timestamptz '2026-09-24 23:00+00' AS at""")
    secret = "s3cret-of-the-utility"  # noqa: S105 - made up
    monkeypatch.setenv("BILLING", database.replace("postgres@", f"postgres:{secret}@"))
    monkeypatch.delenv("DUEWATCH_POSTGRES")
    monkeypatch.chdir(tmp_path)
    Path("cis.yaml").write_text(MAPPING, "utf-8")
    given = ["import", "postgres", "data/cis", "--mapping", "cis.yaml", "--config", "run.yaml"]
    Path("run.yaml").write_text("postgres: {dsn_env: BILLING}\n", "utf-8")
    refused = CliRunner().invoke(app, given)
    assert "set postgres.time_zone" in str(refused.exception).lower()
    zone = "postgres: {dsn_env: BILLING, time_zone: Asia/Shanghai}\n"
    Path("run.yaml").write_text(zone, "utf-8")
    done = CliRunner().invoke(app, [*given, "--json"])
    assert done.exit_code == 0, done.output
    (paid,) = pq.read_table("data/cis/payments.parquet").to_pylist()
    assert str(paid["paid_at"]) == "2026-09-25 07:00:00"
    assert json.loads(done.output.splitlines()[-1])["source"] == "postgres"
    written = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert secret not in done.output + str(refused.exception)
    assert not [content for content in written if secret.encode() in content]


def test_address_in_the_config_is_refused_and_not_shown():
    for value in ("postgresql://u:s3cret@h/d", "host=h password=s3cret"):
        with pytest.raises(ConfigError, match=r"postgres\.dsn_env (is|holds an address)") as raised:
            parse_config({"postgres": {"dsn_env": value}}, source="run.yaml")
        assert "s3cret" not in str(raised.value)


def test_scores_of_every_explained_bill_carry_their_reasons(run, database, tmp_path):
    told = changed_copy(run.folder, tmp_path / "told", "2026-01-01-explained")
    scores = pq.read_table(told / "scores.parquet")
    scores = scores.append_column("reason_1", pc.fill_null(scores["history"], "none"))
    pq.write_table(scores, told / "scores.parquet")
    manifest = json.loads((told / MANIFEST).read_text("utf-8"))
    manifest["files"].pop("scores.parquet")
    (told / MANIFEST).write_text(json.dumps(manifest), "utf-8")
    assert send(told, tmp_path / "w", "explained")
    assert {row["reason_1"] for row in rows_of(database, "explained", "scores")} >= {"sufficient"}


def test_folder_that_is_no_run_is_refused(tmp_path):
    with pytest.raises(DataError, match=re.escape(f"{tmp_path}: not a finished run")):
        read_exported(tmp_path, tmp_path)
