"""Drawn accounts in the form of "Default of credit card clients" (I-C. Yeh and C.-H. Lien 2009,

UCI Machine Learning Repository, CC BY 4.0); none of them is of the published file.
"""

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.dataset import open_dataset
from contract.errors import DataError
from contract.uci_credit import import_uci_credit, settled_month

MONTHS = ["Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

# Months behind at the end of April ... September | default | the month each bill is settled in,
# April's to October's.
DRAWN = """
never    | -1  0 -2 -1  0  0 | 0 | Apr May Jun Jul Aug Sep Oct
default  |  0  0  0  0  0  0 | 1 | Apr May Jun Jul Aug Sep Dec
one      |  0  0  1  0  0  0 | 0 | Apr May Jul Jul Aug Sep Oct
two      |  0  0  0  0  2  0 | 0 | Apr May Jun Sep Sep Sep Oct
now      |  0  0  0  0  0  2 | 1 | Apr May Jun Jul Dec Dec Dec
mended   |  0  0  0  0  0  2 | 0 | Apr May Jun Jul Oct Oct Oct
again    |  2  0  2  0  0  0 | 0 | May Jul Jul Jul Aug Sep Oct
deep     |  2  3  4  5  6  7 | 1 | Dec Dec Dec Dec Dec Dec Dec
"""


def drawn() -> pd.DataFrame:
    rows = []
    for line in DRAWN.strip().split("\n"):
        name, statuses, flag, settled = (cell.strip() for cell in line.split("|"))
        rows.append(
            {
                "name": name,
                "statuses": [int(s) for s in statuses.split()],
                "default": int(flag),
                "settled": [MONTHS.index(m) for m in settled.split()],
            }
        )
    return pd.DataFrame(rows)


def published(statuses: list[list[int]], defaulted: list[int], **columns: object) -> pd.DataFrame:
    """Return accounts in the published form; statement amounts are 100 times the month."""
    frame = pd.DataFrame({"ID": range(1, len(statuses) + 1), "LIMIT_BAL": 5000})
    for name in ("SEX", "EDUCATION", "MARRIAGE", "AGE"):
        frame[name] = 1
    for newest, name in enumerate(("PAY_0", "PAY_2", "PAY_3", "PAY_4", "PAY_5", "PAY_6")):
        frame[name] = [s[5 - newest] for s in statuses]
    for newest in range(6):
        frame[f"BILL_AMT{newest + 1}"] = 100 * (9 - newest)
    for newest in range(6):
        frame[f"PAY_AMT{newest + 1}"] = 10 * (9 - newest)
    frame["default.payment.next.month"] = defaulted
    return frame.assign(**columns)


@pytest.fixture
def imported(tmp_path: Path) -> Path:
    world = drawn()
    source = tmp_path / "accounts.csv"
    published(world["statuses"].tolist(), world["default"].tolist()).to_csv(source, index=False)
    import_uci_credit(source, tmp_path / "out")
    return tmp_path / "out"


def read(folder: Path, table: str) -> pd.DataFrame:
    return pq.read_table(folder / f"{table}.parquet").to_pandas()


@pytest.mark.parametrize("account", drawn().to_dict("records"), ids=lambda a: a["name"])
def test_bills_are_settled_when_no_status_holds_them_open(account: dict) -> None:
    found = settled_month(np.array([account["statuses"]]), np.array([account["default"]]))
    assert found[0].tolist() == account["settled"]


@given(statuses=st.lists(st.integers(-2, 8), min_size=6, max_size=6), defaulted=st.integers(0, 1))
def test_settlement_matches_a_reading_month_by_month(statuses: list[int], defaulted: int) -> None:
    expected = []
    for bill in range(6):
        settled = bill
        for month in range(bill, 6):
            if statuses[month] > 0 and bill > month - statuses[month]:
                settled = month + 1
        expected.append(settled if settled < 6 else 6 + 2 * defaulted)
    found = settled_month(np.array([statuses]), np.array([defaulted]))[0]
    assert found.tolist() == [*expected, 6 + 2 * defaulted]
    assert (found[:6] >= 6).sum() == np.clip(statuses[5], 0, 6)


def test_import_writes_a_dataset_of_the_contract(imported: Path) -> None:
    dataset = open_dataset(imported)
    assert dataset.extras("bills") == {
        "x_statement_amount": "numeric",
        "x_paid_amount": "numeric",
    }
    assert dataset.extras("customers") == {"x_limit_bal": "numeric"}
    assert [len(read(imported, t)) for t in ("customers", "bills", "payments")] == [8, 56, 56]


def test_personal_attributes_are_not_imported(imported: Path) -> None:
    columns = {c.lower() for t in ("customers", "bills", "payments") for c in read(imported, t)}
    assert not columns & {"sex", "education", "marriage", "age"}
    assert not any(word in c for c in columns for word in ("sex", "education", "marriage", "_age"))


def test_a_bill_carries_its_own_statement_and_what_was_paid_in_that_month(imported: Path) -> None:
    bills = read(imported, "bills")
    first = bills[bills["customer_id"] == "1"].set_index("cycle")
    assert first.index.tolist() == [200504, 200505, 200506, 200507, 200508, 200509, 200510]
    assert first["x_statement_amount"].iloc[1:].tolist() == [400, 500, 600, 700, 800, 900]
    assert first["x_paid_amount"].iloc[1:].tolist() == [40, 50, 60, 70, 80, 90]
    assert first.loc[200504, ["x_statement_amount", "x_paid_amount"]].isna().all()
    assert first.loc[200510, "issued_on"] == date(2005, 9, 28)
    assert first.loc[200510, "due_on"] == date(2005, 10, 20)


def test_every_amount_is_positive_so_that_it_is_scored(tmp_path: Path) -> None:
    source = tmp_path / "accounts.csv"
    published([[0] * 6] * 2, [0, 1], BILL_AMT1=[-50, 0], BILL_AMT2=[7, 8]).to_csv(source)
    import_uci_credit(source, tmp_path / "out")
    bills = read(tmp_path / "out", "bills")
    amounts = bills.pivot_table(index="customer_id", columns="cycle", values="amount", aggfunc=list)
    assert [float(v[0]) for v in amounts.loc["1"]] == [1, 400, 500, 600, 700, 7, 1]
    assert bills.loc[bills["cycle"] == 200510, "x_statement_amount"].tolist() == [-50, 0]


def test_each_bill_is_paid_once_in_full_on_a_due_day(imported: Path) -> None:
    bills, payments = read(imported, "bills"), read(imported, "payments")
    both = bills.merge(payments, on=["bill_id", "customer_id"], suffixes=("", "_paid"))
    assert len(both) == len(bills)
    assert (both["amount"] == both["amount_paid"]).all()
    assert set(both["paid_at"].dt.day) == {20}
    assert both["paid_at"].max() == pd.Timestamp("2005-12-20")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"PAY_0": 12}, r"PAY_0: 2 values are outside -2 to 9 \(first: account 1, 12\)"),
        ({"default.payment.next.month": 2}, "default.payment.next.month: 2 values are outside"),
        ({"ID": 1}, "ID: an account is there twice"),
        ({"BILL_AMT1": [1, None]}, "BILL_AMT1: 1 values are empty"),
        ({"LIMIT_BAL": ["many", "more"]}, "LIMIT_BAL: expected whole numbers"),
    ],
)
def test_a_file_that_is_not_the_published_one_is_refused(
    tmp_path: Path, change: dict, message: str
) -> None:
    source = tmp_path / "accounts.csv"
    published([[0] * 6] * 2, [0, 1]).assign(**change).to_csv(source, index=False)
    with pytest.raises(DataError, match=message):
        import_uci_credit(source, tmp_path / "out")


def test_missing_columns_and_files_are_named(tmp_path: Path) -> None:
    source = tmp_path / "accounts.csv"
    published([[0] * 6], [0]).drop(columns=["PAY_4", "BILL_AMT2"]).to_csv(source, index=False)
    with pytest.raises(DataError, match="columns PAY_4, BILL_AMT2 are missing"):
        import_uci_credit(source, tmp_path / "out")
    with pytest.raises(DataError, match="no such file"):
        import_uci_credit(tmp_path / "ghost.csv", tmp_path / "out")
