from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from drawn import BILLS, CUSTOMERS, arrow, drawn, write_dataset

from contract import engine
from contract.dataset import Dataset, open_dataset, write_table
from contract.errors import DataError
from contract.tables import STORED_AS, TABLES


def read(dataset: Dataset, table: str, columns: str = "*") -> list[tuple]:
    with engine.connect(threads=1) as connection:
        return connection.execute(
            f"SELECT {columns} FROM {dataset.scan(table)} AS t ORDER BY 1"
        ).fetchall()


def described(dataset: Dataset, table: str) -> list[tuple[str, str]]:
    with engine.connect(threads=1) as connection:
        rows = connection.execute(f"DESCRIBE SELECT * FROM {dataset.scan(table)}").fetchall()
    return [(row[0], row[1]) for row in rows]


@pytest.mark.parametrize("table", TABLES)
def test_scan_has_the_contracts_columns_present_or_not(tmp_path: Path, table: str) -> None:
    dataset = write_dataset(tmp_path)
    assert described(dataset, table) == [
        (column.name, STORED_AS[column.kind]) for column in TABLES[table].columns
    ]
    assert dataset.has(table) == (table in {"customers", "bills", "payments"})
    assert bool(read(dataset, table)) == dataset.has(table)


def test_empty_values_and_absent_columns_become_their_defaults(tmp_path: Path) -> None:
    dataset = write_dataset(
        tmp_path,
        customers="""
            customer_id | segment     | grid_id | voltage | protected
            ann         | residential | g1      |         | true
            bob         | commercial  | g1      | high    |
            """,
    )
    columns = "customer_id, voltage, protected, high_energy, billing_months, tariff"
    assert read(dataset, "customers", columns) == [
        ("ann", "low", True, False, 1, None),
        ("bob", "high", False, False, 1, None),
    ]


def test_start_of_validity_falls_back_to_opening_then_first_bill(tmp_path: Path) -> None:
    dataset = write_dataset(
        tmp_path,
        customers="""
            customer_id | segment     | grid_id | valid_from | opened_on
            ann         | residential | g1      | 2020-05-05 | 2019-01-01
            bob         | commercial  | g1      |            | 2018-02-02
            cat         | commercial  | g1      |            |
            dot         | commercial  | g1      |            |
            """,
        bills=BILLS
        + """
            c2      | cat         | 202602 | 2026-02-05 | 2026-02-25 | 1.00
            c1      | cat         | 202601 | 2026-01-06 | 2026-01-25 | 1.00
        """,
    )
    assert read(dataset, "customers", "customer_id, valid_from") == [
        ("ann", date(2020, 5, 5)),
        ("bob", date(2018, 2, 2)),
        ("cat", date(2026, 1, 6)),
        ("dot", None),
    ]


def test_moment_of_posting_falls_back_to_moment_of_payment(tmp_path: Path) -> None:
    dataset = write_dataset(tmp_path)
    assert read(dataset, "payments", "posted_at") == [(datetime(2026, 1, 10, 9),)]


def test_extra_columns_are_kept_with_how_they_are_read(tmp_path: Path) -> None:
    rows = [
        row | {"x_rooms": 3, "x_tier": "gold", "valid_from": date(2020, 1, 1)}
        for row in drawn(CUSTOMERS)
    ]
    dataset = write_dataset(tmp_path, customers=rows)
    assert dataset.extras("customers") == {"x_rooms": "numeric", "x_tier": "categorical"}
    assert dataset.extras("bills") == {}
    assert read(dataset, "customers", "x_rooms, x_tier")[0] == (3.0, "gold")


def test_folder_of_parts_reads_as_one_table(tmp_path: Path) -> None:
    whole = write_dataset(tmp_path / "whole")
    parts = tmp_path / "parts"
    for table in ("customers", "payments"):
        write_table(parts, table, pq.read_table(tmp_path / "whole" / f"{table}.parquet"))
    bills = pq.read_table(tmp_path / "whole" / "bills.parquet")
    (parts / "bills").mkdir()
    for i in range(bills.num_rows):
        pq.write_table(bills.slice(i, 1), parts / "bills" / f"part[{i}].parquet")
    assert read(open_dataset(parts), "bills") == read(whole, "bills")


def test_fingerprint_follows_bytes_and_not_the_folders_name(tmp_path: Path) -> None:
    first = write_dataset(tmp_path / "first")
    before = first.fingerprint()
    renamed = (tmp_path / "first").rename(tmp_path / "second [*]")
    second = open_dataset(renamed)
    assert second.fingerprint() == before
    assert read(second, "bills")
    more = pa.concat_tables([pq.read_table(renamed / "bills.parquet")] * 2)
    write_table(renamed, "bills", more)
    assert open_dataset(renamed).fingerprint() != before


def test_missing_folder_is_said_with_what_to_give(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no such folder. Give the folder that simulate or import"):
        open_dataset(tmp_path / "nothing")


def test_every_breach_of_shape_is_raised_at_once(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    write_dataset(folder)
    (folder / "payments.parquet").unlink()
    customers = pq.read_table(folder / "customers.parquet").drop_columns("grid_id")
    pq.write_table(
        customers.append_column("favourite", pa.array(["a", "b"])), folder / "customers.parquet"
    )
    bills = pq.read_table(folder / "bills.parquet").to_pylist()
    pq.write_table(
        pa.table({"x_when": [date(2026, 1, 1)]} | {k: [str(v)] for k, v in bills[0].items()}),
        folder / "bills.parquet",
    )
    (folder / "events.parquet").write_bytes(b"PAR1 no more")
    with pytest.raises(DataError) as raised:
        open_dataset(folder)
    assert str(raised.value).splitlines() == [
        "customers.grid_id: the column is missing. Map a source column onto it.",
        "customers.favourite: not a column of the contract. Name it x_favourite or drop it.",
        "bills.x_when: stored as DATE; an extra column is DOUBLE or VARCHAR. Cast it.",
        "bills.cycle: stored as VARCHAR; expected INTEGER. Cast it.",
        "bills.issued_on: stored as VARCHAR; expected DATE. Cast it.",
        "bills.due_on: stored as VARCHAR; expected DATE. Cast it.",
        "bills.amount: stored as VARCHAR; expected DECIMAL(18,2). Cast it.",
        (
            f"payments: missing in {folder}. "
            "It needs payments.parquet or a folder payments of Parquet files."
        ),
        "events.parquet: cannot be read as Parquet. Import or simulate it again.",
    ]


def test_parts_of_different_shape_are_refused(tmp_path: Path) -> None:
    write_dataset(tmp_path)
    bills = pq.read_table(tmp_path / "bills.parquet")
    (tmp_path / "bills.parquet").unlink()
    (tmp_path / "bills").mkdir()
    pq.write_table(bills, tmp_path / "bills" / "1.parquet")
    pq.write_table(bills.append_column("kwh", pa.array([1.0, 2.0])), tmp_path / "bills/2.parquet")
    with pytest.raises(DataError, match=r"bills: 2.parquet has other columns .* than 1.parquet"):
        open_dataset(tmp_path)


def test_writing_orders_columns_and_stores_the_contracts_types(tmp_path: Path) -> None:
    rows = pa.table(
        {
            "x_size": pa.array([1], pa.int64()),
            "amount": pa.array(["12.5"]).cast(pa.decimal128(9, 1)),
            "paid_at": pa.array([datetime(2026, 1, 1)], pa.timestamp("s")),
            "payment_id": ["p"],
        }
    )
    path = write_table(tmp_path, "payments", rows)
    stored = pq.read_table(path)
    assert stored.column_names == ["payment_id", "paid_at", "amount", "x_size"]
    assert stored.to_pylist() == [
        {
            "payment_id": "p",
            "paid_at": datetime(2026, 1, 1),
            "amount": Decimal("12.50"),
            "x_size": 1.0,
        }
    ]
    assert pq.read_metadata(path).row_group(0).column(0).compression == "ZSTD"
    assert [entry.name for entry in tmp_path.iterdir()] == ["payments.parquet"]


def test_writing_refuses_unknown_columns_and_values_that_do_not_fit(tmp_path: Path) -> None:
    rows = arrow("events", [{"customer_id": "a", "weather": "rain"}])
    with pytest.raises(
        DataError, match=r"events: columns weather are not .* happened_on, kind of the required"
    ):
        write_table(tmp_path, "events", rows)
    finer = pa.table({"payment_id": ["p"], "paid_at": [datetime(2026, 1, 1)], "amount": ["x"]})
    with pytest.raises(DataError, match="payments: a value does not fit its column"):
        write_table(tmp_path, "payments", finer)
    assert not list(tmp_path.iterdir())
