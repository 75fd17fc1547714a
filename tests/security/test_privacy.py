"""Who a customer is stands in the dataset and on lists for people, and nowhere else."""

import hmac
import io
import json
import re
import zipfile

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from contract import engine
from contract.errors import ConfigError
from contract.pseudonyms import Key, own_ids, pseudonym, pseudonyms_of
from pipeline.privacy import Privacy, check_pseudonyms, import_key

KEY = "5f1d8a0c3b7e4926d8f0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f6"  # as in conftest.py
IDS = {"customers": "customer_id", "bills": "bill_id", "payments": "payment_id"}


@pytest.fixture(scope="module")
def personal(month):
    """Every id, name, phone and address of the source."""
    found = set()
    for table, columns in {**{t: (c,) for t, c in IDS.items()}, "identities": IDENTITY}.items():
        rows = pq.read_table(month.folder / "source" / f"{table}.parquet")
        for column in columns:
            found |= set(filter(None, rows[column].to_pylist()))
    assert len(found) > 5_000
    return found


IDENTITY = ("customer_id", "name", "phone", "address")


def test_no_id_name_phone_or_address_leaves_the_dataset_but_on_lists(month, personal):
    looked_at = 0
    for place in ("stores", "outputs", "mlruns", "data/town-feedback"):
        for path in (month.folder / place).rglob("*"):
            if path.is_file() and path.name not in ("list.csv", "list.xlsx"):
                assert not _words(path) & personal, path
                looked_at += 1
    assert looked_at > 40
    assert not _tokens(month.log) & personal


def test_tables_hold_pseudonyms_where_the_source_held_ids(month, personal):
    for path in (month.folder / "data" / "town").glob("*.parquet"):
        if path.stem != "identities":
            assert not _words(path) & personal, path
    assert not _words(month.folder / "data" / "town" / "import.json") & personal


def test_a_plan_is_explained_by_the_number_that_its_lists_show(month, run_line, capsys):
    (plan,) = (month.folder / "outputs").glob("plan-*")
    hidden = pq.read_table(plan / "plan.parquet")["customer_id"][0].as_py()
    (number,) = own_ids(month.folder / "data" / "town", pa.table({"customer_id": [hidden]}))[
        "customer_id"
    ].to_pylist()
    assert number != hidden
    data = ("--data", month.folder / "data" / "town", "--json")
    told = []
    for asked in (number, hidden):
        assert run_line("plan", "explain", plan, asked, *data) == 0
        told.append(json.loads(capsys.readouterr().out.splitlines()[-1]))
    assert told[0] == told[1]
    assert run_line("plan", "explain", plan, "nobody", *data) == 3


def test_lists_for_people_show_the_utilitys_own_numbers(month, personal):
    lists = [
        *(month.folder / "outputs").glob("*/list.csv"),
        *(month.folder / "lists").glob("*.csv"),
    ]
    numbers = set()
    for path in lists:
        rows = pd.read_csv(path, dtype=str)
        if "customer_id" in rows:
            numbers |= set(rows["customer_id"])
            assert set(rows["customer_id"]) <= personal, path
        if "bill_id" in rows:
            assert set(rows["bill_id"]) <= personal
    assert len(numbers) > 20
    (sheet,) = (month.folder / "outputs").glob("*-06-*/list.xlsx")
    assert _words(sheet) & personal


def test_feedback_by_the_utilitys_numbers_is_matched(month):
    (part,) = (month.folder / "data" / "town-feedback").glob("*.parquet")
    told = pq.read_table(part)
    bills = pq.read_table(month.folder / "data" / "town" / "bills.parquet").slice(0, 2)
    assert sorted(told["bill_id"].to_pylist()) == sorted(bills["bill_id"].to_pylist())
    back = own_ids(month.folder / "data" / "town", told)
    source = pq.read_table(month.folder / "source" / "bills.parquet").slice(0, 2)
    assert sorted(back["customer_id"].to_pylist()) == sorted(source["customer_id"].to_pylist())


def test_a_statement_is_matched_by_the_utilitys_reference(month):
    matched = pd.read_csv(month.folder / "reconciled" / "matched.csv", dtype=str)
    assert matched["how"].to_list() == ["reference"]
    assert matched["payment_id"].to_list() == matched["reference"].to_list()


def test_the_engines_pseudonym_is_python_hmac_of_kind_and_id():
    for secret in (KEY, KEY + "x" * 60):
        with engine.connect(threads=1) as connection:
            Key(secret.encode()).register(connection)
            for kind, own in (("customer", "0300123"), ("bill", "户 '1'"), ("payment", "")):
                query = f"SELECT {pseudonym(kind, engine.text(own))}"
                ((told,),) = connection.execute(query).fetchall()
                whole = hmac.new(secret.encode(), f"{kind}:{own}".encode(), "sha256").hexdigest()
                assert told == whole[:32]
            assert connection.execute(f"SELECT {pseudonym('bill', 'NULL')}").fetchall() == [(None,)]


def test_without_the_source_ids_no_pseudonym_is_told(month, tmp_path):
    town = month.folder / "data" / "town"
    (tmp_path / "pseudonyms.json").write_bytes((town / "pseudonyms.json").read_bytes())
    rows = pq.read_table(town / "bills.parquet").slice(0, 5)
    assert own_ids(tmp_path, rows) == rows
    assert pseudonyms_of(town, rows) == rows


def test_another_key_is_refused_by_its_check_value(month, monkeypatch):
    other = KEY[::-1]
    monkeypatch.setenv("DUEWATCH_PSEUDONYM_KEY", other)
    town = month.folder / "data" / "town"
    about = json.loads((town / "pseudonyms.json").read_text("utf-8"))
    for refuse in (
        lambda: check_pseudonyms(Privacy(pseudonyms=True), town),
        lambda: import_key(Privacy(pseudonyms=True), town.with_name("next")),
    ):
        with pytest.raises(ConfigError, match=f"another key .check {about['key_check']}") as told:
            refuse()
        assert other not in str(told.value)


@pytest.mark.parametrize(
    ("secret", "message"),
    [
        ("", "the environment has no DUEWATCH_PSEUDONYM_KEY"),
        ("short", "too short or too plain"),
        ("a" * 64, "too short or too plain"),
    ],
)
def test_a_missing_or_guessable_key_is_refused(secret, message, monkeypatch, tmp_path):
    monkeypatch.setenv("DUEWATCH_PSEUDONYM_KEY", secret)
    with pytest.raises(ConfigError, match=message):
        import_key(Privacy(pseudonyms=True), tmp_path / "data")


def test_plain_ids_are_refused_where_pseudonyms_are_asked_for(month):
    with pytest.raises(ConfigError, match="holds the source's own ids"):
        check_pseudonyms(Privacy(pseudonyms=True), month.folder / "source")


def _words(path):
    if path.suffix == ".parquet":
        columns = pq.read_table(path).columns
        text = " ".join(one for c in columns for one in set(map(str, c.to_pylist())))
        return _tokens(text)
    content = path.read_bytes()
    if path.suffix == ".xlsx":
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            content = b"\n".join(parts.read(name) for name in parts.namelist())
    return _tokens(content.decode("utf-8", "ignore"))


def _tokens(text):
    return set(re.findall(r"\w+", text)) | set(re.findall(r"\d{6,}", text))
