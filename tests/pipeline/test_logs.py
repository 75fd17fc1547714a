import json
import logging

import pyarrow.parquet as pq
import pytest

from contract.errors import DataError, MachineError
from pipeline.logs import Logs, bound, log_failure, masked, start_logging
from pipeline.progress import console, say, step


@pytest.fixture
def lines(tmp_path):
    """Log into a file, and read its lines."""
    path = tmp_path / "logs" / "duewatch.jsonl"
    start_logging(Logs(file=path))
    yield lambda: [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    start_logging(Logs())


def test_step_is_two_events_with_its_duration_and_count(lines):
    with bound(cycle="2026-10"), step("Count") as report:
        report("buckets", 3, 7)
    began, done = lines()
    assert (began["event"], began["step"], began["cycle"]) == ("step begins", "Count", "2026-10")
    assert (done["event"], done["of"], done["total"]) == ("step done", "buckets", 7)
    assert done["seconds"] >= 0


def test_failure_is_logged_once_without_ids_and_secrets(lines, monkeypatch):
    monkeypatch.setenv("SOME_PASSWORD", "hunter2hunter2")
    error = DataError("bills: B2026000017 stands twice; pass hunter2hunter2 (2026-10-06, 20,000)")
    log_failure(error, 3)
    (line,) = lines()
    assert (line["event"], line["error"], line["exit_code"]) == ("failed", "DataError", 3)
    assert line["message"] == "bills: *** stands twice; pass *** (2026-10-06, 20,000)"


def test_failure_tells_the_month_it_was_in_and_a_bug_its_trace(lines):
    with pytest.raises(KeyError) as raised, bound(cycle="2026-10"):
        raise KeyError("C2026000017")
    log_failure(raised.value, 1)
    (line,) = lines()
    assert (line["cycle"], line["exit_code"]) == ("2026-10", 1)
    assert "Traceback" in line["traceback"]
    assert "C2026000017" not in json.dumps(line)


def fail(cause=None):
    raise DataError("bills: one is missing") from cause


def fail_in_a_bucket():
    try:
        with bound(bucket=3):
            fail()
    except DataError as error:
        fail(error)


def test_failure_tells_nothing_of_the_failure_before_it(lines):
    with pytest.raises(DataError), bound(cycle="2026-09"):
        fail()
    with pytest.raises(DataError) as raised, bound(run="r1"):
        fail_in_a_bucket()
    log_failure(raised.value, 3)
    (line,) = lines()
    assert (line["run"], line["bucket"]) == ("r1", 3)
    assert "cycle" not in line


def test_failure_is_not_printed_by_logging_where_nothing_is_kept(monkeypatch, capsys):
    start_logging(Logs())
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    log_failure(DataError("bills: no such file"), 3)
    assert capsys.readouterr().err == ""
    logging.getLogger("contract.staging").warning("the store is damaged")
    assert capsys.readouterr().err == "the store is damaged\n"


def test_libraries_are_heard_only_when_something_is_wrong(lines):
    logging.getLogger("somewhere.else").info("nothing")
    logging.getLogger("somewhere.else").warning("trouble")
    logging.getLogger("contract.staging").info("staged")
    assert [line["message"] for line in lines()] == ["trouble", "staged"]


def test_level_leaves_out_what_is_less(tmp_path):
    path = tmp_path / "log"
    start_logging(Logs(file=path, level="error"))
    say("published", rows=3)
    log_failure(DataError("x"), 3)
    start_logging(Logs())
    assert len(path.read_text("utf-8").splitlines()) == 1


def test_terminal_can_be_json_lines_alone(capsys):
    start_logging(Logs(terminal="json"))
    with step("Count"):
        console.print("for people")
    start_logging(Logs())
    told = capsys.readouterr().err.splitlines()
    assert [json.loads(line)["event"] for line in told] == ["step begins", "step done"]


def test_settings_given_again_log_each_event_once(tmp_path):
    for _ in range(3):
        start_logging(Logs(file=tmp_path / "log"))
    say("published")
    start_logging(Logs())
    assert len((tmp_path / "log").read_text("utf-8").splitlines()) == 1


def test_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("", "utf-8")
    with pytest.raises(MachineError, match=r"file.+nothing can be logged there.+logging\.file"):
        start_logging(Logs(file=tmp_path / "file" / "log"))


def test_no_customer_of_the_town_passes_the_mask(town):
    ids = pq.read_table(town.config.data / "customers.parquet")["customer_id"].to_pylist()
    bills = pq.read_table(town.config.data / "bills.parquet")["bill_id"].to_pylist()
    for one in (*ids[:200], *bills[:200]):
        assert one not in masked(f"table: column {one!r} is wrong ({one}).")


def test_long_message_is_masked_at_once():
    long = "x" * 1_000_000
    assert masked(f"{long} postgresql://me:hunter2@db C2026000017") == (
        f"{long} postgresql://me:***@db ***"
    )
