"""A customer's card of a real run, held against the customer's own rows of the dataset."""

import json
import re

import pandas as pd
import pytest

from contract.dataset import open_dataset
from contract.engine import connect, text
from contract.errors import DataError
from pipeline.customer_cards import write_card
from pipeline.showing import read_list


@pytest.fixture(scope="module")
def listed(run):
    return read_list(run.folder / "list.csv")


@pytest.fixture(scope="module")
def given_out(town, run, listed, tmp_path_factory):
    """The card of the first customer on the list: customer, page, JSON."""
    out, customer = tmp_path_factory.mktemp("cards"), listed["customer_id"].iloc[0]
    _, (page, machine) = write_card(run.folder, customer, out, town.config)
    return customer, page.read_text("utf-8"), json.loads(machine.read_text("utf-8"))


def own_rows(town, table, columns, customer):
    with connect() as connection:
        return connection.execute(
            f"SELECT {columns} FROM {open_dataset(town.config.data).scan(table)}"
            f" WHERE customer_id = {text(customer)}"
        ).fetchall()


def test_reasons_are_those_of_the_list(given_out, listed):
    customer, page, told = given_out
    mine = listed[listed["customer_id"] == customer]
    for row, bill in zip(mine.to_dict("records"), told["listed_bills"], strict=True):
        assert [why["zh"] for why in bill["reasons"]] == row["reasons_zh"]
        assert [why["en"] for why in bill["reasons"]] == row["reasons_en"]
        assert bill["due_on"] == row["due_on"]
        assert all(reason in page for reason in row["reasons_zh"])
    assert any(why["bills"] for bill in told["listed_bills"] for why in bill["reasons"])


def test_records_are_the_customers_own_known_before_the_day(given_out, town):
    customer, _, told = given_out
    as_of = pd.Timestamp(town.prepared.as_of)
    bills = own_rows(town, "bills", "cycle, amount, issued_on", customer)
    known = {(cycle, float(amount)) for cycle, amount, day in bills if pd.Timestamp(day) < as_of}
    assert told["bills"]
    assert {(row["cycle"], row["amount_cny"]) for row in told["bills"]} <= known
    assert {row["cycle"] for row in told["bills"]} >= {
        cycle for bill in told["listed_bills"] for why in bill["reasons"] for cycle in why["bills"]
    }
    payments = own_rows(town, "payments", "CAST(paid_at AS DATE), amount, posted_at", customer)
    paid = {(f"{day}", float(amount)) for day, amount, at in payments if at < as_of}
    assert {(row["paid_on"], row["amount_cny"]) for row in told["payments"]} <= paid


def test_nothing_of_another_customer_is_told(given_out, town):
    customer, page, told = given_out
    with connect() as connection:
        others = connection.execute(
            f"SELECT DISTINCT customer_id FROM {open_dataset(town.config.data).scan('customers')}"
            f" WHERE customer_id <> {text(customer)}"
        ).fetchall()
    shown = set(re.findall(r"\w+", page + json.dumps(told)))
    assert not shown & {other for (other,) in others}
    assert customer in shown


def test_same_run_gives_the_same_card(given_out, town, run, tmp_path):
    customer, page, _ = given_out
    _, (again, _) = write_card(run.folder, customer, tmp_path, town.config)
    assert again.read_text("utf-8") == page


def test_customer_that_is_not_on_the_list_is_told_so(town, run, listed, tmp_path):
    with connect() as connection:
        rows = f"FROM {open_dataset(town.config.data).scan('customers')}"
        ids = connection.execute(f"SELECT DISTINCT customer_id {rows} ORDER BY 1").fetchall()
    other = next(one for (one,) in ids if one not in set(listed["customer_id"]))
    card, _ = write_card(run.folder, other, tmp_path, town.config)
    assert card.listed == ()


def test_unknown_customer_is_refused_and_nothing_written(town, run, tmp_path):
    with pytest.raises(DataError, match="has no 'nobody'"):
        write_card(run.folder, "nobody", tmp_path / "cards", town.config)
    assert not (tmp_path / "cards").exists()
