import json
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from drawn import write_dataset
from typer.testing import CliRunner

from contract.dataset import Dataset
from contract.errors import ConfigError, DataError
from pipeline.cli import app
from pipeline.reconciling import reconcile_statement, write_reconciled

PAYMENTS = """
    payment_id | customer_id | bill_id | paid_at          | amount | channel | outcome | x_outlet | x_cashier
    p1         | ann         | a1      | 2026-01-10 09:00 | 60.00  | wechat  | ok      |          |
    p2         | ann         | a1      | 2026-01-10 09:30 | 40.00  | wechat  | failed  |          |
    p3         | ann         | a1      | 2026-01-10 10:00 | 40.00  | counter | ok      | hall     | =c1
    p4         | bob         | b1      | 2026-01-11 10:00 | 250.50 | counter | ok      | hall     | c2
    """  # noqa: E501 - a drawn table
STATEMENT = "channel,posted_on,reference,amount\nwechat,2026-01-10,p1,60.00\n"


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    return write_dataset(tmp_path / "data", payments=PAYMENTS)


def written(folder: Path, text: str, name: str = "bank.csv", encoding: str = "utf-8") -> Path:
    (folder / name).write_text(text, encoding)
    return folder / name


def test_statement_in_chinese_and_gb18030_is_read(tmp_path: Path, dataset: Dataset) -> None:
    text = "渠道,入账日期,交易流水号,交易金额,备注\n微信,2026/01/10,,60.00,无\n"
    made = reconcile_statement(dataset, written(tmp_path, text, encoding="gb18030"))
    assert made.as_dict()["agrees"] is True
    assert made.ignored == ("备注",)


def test_workbook_and_parquet_say_the_same_as_csv(tmp_path: Path, dataset: Dataset) -> None:
    rows = [("wechat", "2026-01-10", "p1", 60.0), ("counter", "2026-01-10", None, 41.0)]
    book = openpyxl.Workbook()
    book.active.append(("channel", "posted_on", "reference", "amount"))
    for row in rows:
        book.active.append(row)
    book.save(tmp_path / "bank.xlsx")
    frame = pd.DataFrame(rows, columns=["channel", "posted_on", "reference", "amount"])
    frame.to_parquet(tmp_path / "bank.parquet")
    frame.to_csv(tmp_path / "bank.csv", index=False)
    told = [
        reconcile_statement(dataset, tmp_path / f"bank.{kind}").result
        for kind in ("csv", "xlsx", "parquet")
    ]
    assert told[0] == told[1] == told[2]
    assert told[0].only_statement["amount_fen"].to_pylist() == [4100]
    assert told[0].only_payments["payment_id"].to_pylist() == ["p3"]


def test_failed_debits_are_no_payments(tmp_path: Path, dataset: Dataset) -> None:
    text = STATEMENT + "wechat,2026-01-10,p2,40.00\n"
    made = reconcile_statement(dataset, written(tmp_path, text))
    assert made.result.only_statement["reference"].to_pylist() == ["p2"]


def test_statement_of_one_channel_need_not_name_it(tmp_path: Path, dataset: Dataset) -> None:
    text = "posted_on,amount\n2026-01-10,40.00\n2026-01-11,250.50\n"
    made = reconcile_statement(dataset, written(tmp_path, text), channel="counter")
    assert made.as_dict()["matched"] == {"reference": 0, "day_channel_amount": 2}
    with pytest.raises(ConfigError, match="--channel shop: not a channel"):
        reconcile_statement(dataset, tmp_path / "bank.csv", channel="shop")


def test_daily_report_and_lists_are_written_for_spreadsheets(
    tmp_path: Path, dataset: Dataset
) -> None:
    before = dataset.fingerprint()
    text = STATEMENT + "counter,2026-01-11,,250.50\n"
    made = reconcile_statement(dataset, written(tmp_path, text))
    write_reconciled(made, tmp_path / "out")
    daily = pd.read_csv(tmp_path / "out" / "daily.csv", dtype=str).fillna("")
    assert daily[["channel", "outlet", "cashier", "net_cny"]].to_numpy().tolist() == [
        ["counter", "hall", "'=c1", "40.00"],
        ["wechat", "", "", "60.00"],
        ["counter", "hall", "c2", "250.50"],
    ]
    alone = pd.read_csv(tmp_path / "out" / "only_payments.csv", dtype=str)
    assert alone["amount_cny"].tolist() == ["40.00"]
    told = json.loads((tmp_path / "out" / "reconciliation.json").read_text("utf-8"))
    assert (told["only_payments"], told["difference_cny"]) == (1, -40.0)
    assert dataset.fingerprint() == before


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("channel,posted_on\nwechat,2026-01-10\n", "no column for statement.amount"),
        (STATEMENT + "wechat,2026-01-32,,1\n", r"line 3, posted_on: '2026-01-32' cannot be taken"),
        (STATEMENT + "wechat,2026-01-10,,1.234\n", "line 3, amount: an amount finer than a fen"),
        (
            STATEMENT + "wechat,2026-01-10,,ten\n",
            r"line 3, amount: 'ten' cannot be taken. Write an",
        ),
        (STATEMENT + ",2026-01-10,,1\n", "line 3, channel: empty; one of wangshang_guowang"),
        (STATEMENT + "shop,2026-01-10,,1\n", r"line 3, channel: 'shop' cannot be taken"),
        (STATEMENT + "wechat\n", r"1 lines are no rows \(first: line 3, too few fields\)"),
        ("channel,posted_on,reference,amount\n", "holds no rows. Give the statement"),
    ],
)
def test_bad_statement_is_refused_with_its_place(
    tmp_path: Path, dataset: Dataset, text: str, says: str
) -> None:
    with pytest.raises(DataError, match=says):
        reconcile_statement(dataset, written(tmp_path, text))


def test_missing_file_and_other_kinds_are_refused(tmp_path: Path, dataset: Dataset) -> None:
    with pytest.raises(DataError, match="no such file or folder"):
        reconcile_statement(dataset, tmp_path / "none.csv")
    with pytest.raises(DataError, match="files of this kind are not read"):
        reconcile_statement(dataset, written(tmp_path, "{}", "bank.json"))
    with pytest.raises(DataError, match="Give one CSV, Excel or Parquet file"):
        reconcile_statement(dataset, tmp_path)


def test_many_breaches_are_counted_not_all_named(tmp_path: Path, dataset: Dataset) -> None:
    text = STATEMENT + "shop,2026-01-10,,1\n" * 50
    with pytest.raises(DataError, match=r"30 more\. Nothing was taken") as refused:
        reconcile_statement(dataset, written(tmp_path, text))
    assert len(str(refused.value).splitlines()) == 21


def test_command_prints_totals_and_json(tmp_path: Path, dataset: Dataset) -> None:
    path = written(tmp_path, STATEMENT)
    options = ["--data", str(dataset.folder), "--out", str(tmp_path / "out"), "--json"]
    result = CliRunner().invoke(app, ["reconcile", str(path), *options])
    assert result.exit_code == 0
    assert "The two sides agree." in result.stdout
    assert json.loads(result.stdout.splitlines()[-1])["matched"]["reference"] == 1
