"""Whatever people fill in, all of it is taken or nothing is, and the message stays short."""

import csv
import io
import json

import openpyxl
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from collection.feedback import ENTRY_SCHEMA, FORM
from contract.dataset import open_dataset
from contract.errors import ConfigError, DataError
from pipeline.bringing_back import bring_back, handed_out
from pipeline.config import load_config
from pipeline.feeding_back import feed_back, ledger_folder, read_ledger

pytestmark = pytest.mark.slow

LONGEST = 20_000
COLUMNS = [column.name for column in FORM.columns]
fuzzed = settings(
    max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)

# fmt: off
ODD = ["", " ", "\0", "x" * 5_000, "是", "=1+1", "2026-02-30", "2026-09-02 10:30", "0", "-1",
       "9" * 40, "nan", "1e9", "'", '"', ";", "\r", "\u202e", "\U0001f4a1", "TRUE",
       "answered", "phone"]
# fmt: on


@pytest.fixture
def known(here):
    """Customers and bills that a row can be right of."""
    bills = pq.read_table(here / "data" / "bills.parquet").slice(0, 20).to_pylist()
    return [(bill["customer_id"], bill["bill_id"]) for bill in bills]


@pytest.fixture
def ledger(here):
    """The ledger before and after what a block does: unchanged, or longer by what it says."""

    def held(bring):
        folder = ledger_folder(here / "data")
        before = read_ledger(folder)
        added, said = attempt(bring)
        after = read_ledger(folder)
        if added is None:
            assert 0 < len(said) < LONGEST
            assert after.equals(before)
            return
        assert after.schema.equals(ENTRY_SCHEMA)
        assert after.num_rows == before.num_rows + added
        assert bring() == 0  # the same once more says nothing new
        assert read_ledger(folder).equals(after)

    return held


def attempt(bring):
    """Return how many entries were added, or None and what was said instead."""
    try:
        return bring(), ""
    except (DataError, ConfigError) as error:
        return None, str(error)


def values(name):
    """Return what people may write into a column: what it takes, mostly, or anything."""
    column = FORM.column(name)
    right = {
        "code": list(column.codes),
        "date": ["2026-10-20", "2026/10/21"],
        "timestamp": ["2026-09-02 10:30", "2026-09-03"],
        "integer": ["1", "4"],
        "bool": ["true", "0", "是"],
    }.get(column.kind, ["K07"])
    return st.one_of(st.sampled_from(right), st.just(""), st.sampled_from(ODD), st.text(max_size=8))


@st.composite
def forms(draw, known):
    """A form of some columns and rows, some of them right in all they say."""
    heads = ["customer_id", *draw(st.lists(st.sampled_from(COLUMNS[1:]), unique=True))]
    rows = []
    for _ in range(draw(st.integers(0, 5))):
        customer, bill = draw(st.sampled_from(known))
        row = {name: draw(values(name)) for name in heads[1:]}
        row["customer_id"] = draw(st.sampled_from([customer, customer, customer, "", "nobody"]))
        if "bill_id" in row:
            row["bill_id"] = draw(st.sampled_from([bill, bill, "", "B0"]))
        rows.append([row[name] for name in heads])
    return [heads, *rows]


def as_csv(lines):
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows(lines)
    return text.getvalue().encode("utf-8", "surrogatepass")


@fuzzed
@given(data=st.data())
def test_any_rows_of_a_form_are_all_taken_or_none(here, known, ledger, data):
    path = here / "form.csv"
    path.write_bytes(as_csv(data.draw(forms(known))))
    dataset = open_dataset(here / "data")
    ledger(lambda: feed_back(dataset, path).brought.entries.num_rows)


@settings(fuzzed, max_examples=12)
@given(data=st.data())
def test_any_rows_of_a_workbook_are_all_taken_or_none(here, known, ledger, data):
    lines = data.draw(forms(known))
    assume(not any(illegal(cell) for line in lines for cell in line))
    book = openpyxl.Workbook()
    for line in lines:
        book.active.append(line)
    book.save(here / "form.xlsx")
    dataset = open_dataset(here / "data")
    ledger(lambda: feed_back(dataset, here / "form.xlsx").brought.entries.num_rows)


def illegal(text):
    """Say whether a workbook cannot hold a text."""
    return bool(openpyxl.cell.cell.ILLEGAL_CHARACTERS_RE.search(text)) or not text.isprintable()


@pytest.fixture
def returned(here):
    """The list of the world's run below its outputs, and where its copy comes back."""
    run = json.loads((here / "a-run" / "manifest.json").read_text("utf-8"))["run"]
    (here / "a-run").rename(here / "outputs" / run)
    return here / "outputs" / run / "list.xlsx", here / "back.xlsx"


def bring(here, path):
    book = handed_out(path)
    if book is None:
        return feed_back(open_dataset(here / "data"), path).brought.entries.num_rows
    return bring_back(load_config(here / "run.yaml"), book).fed.brought.entries.num_rows


@settings(fuzzed, max_examples=12)
@given(data=st.data())
def test_any_cell_of_a_list_that_comes_back_is_taken_or_refused(here, returned, ledger, data):
    original, back = returned
    book = openpyxl.load_workbook(original)
    sheet = book.worksheets[data.draw(st.integers(0, len(book.worksheets) - 1))]
    for _ in range(data.draw(st.integers(1, 4))):
        cell = sheet.cell(
            data.draw(st.integers(1, sheet.max_row + 2)),
            data.draw(st.integers(1, sheet.max_column)),
        )
        written = data.draw(st.one_of(st.sampled_from(ODD), st.integers(), st.floats(), st.none()))
        assume(not isinstance(written, str) or not illegal(written))
        if not isinstance(cell, openpyxl.cell.cell.MergedCell):
            cell.value = written
    book.save(back)
    ledger(lambda: bring(here, back))


@fuzzed
@given(data=st.data())
def test_any_bytes_of_a_list_that_comes_back_are_taken_or_refused(here, returned, ledger, data):
    original, back = returned
    content = bytearray(original.read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at : at + data.draw(st.integers(0, 12))] = data.draw(st.binary(max_size=8))
    back.write_bytes(content)
    ledger(lambda: bring(here, back))
