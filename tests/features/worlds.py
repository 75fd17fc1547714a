"""Worlds drawn as small text tables, staged so that features can be built on them."""

import atexit
import shutil
import tempfile
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path

import pandas as pd
import pyarrow as pa

from contract.dataset import open_dataset, write_table
from contract.staging import Store, stage
from contract.tables import EXTRA_PREFIX, TABLES, Column

READ: dict[str, Callable[[str], object]] = {
    "date": date.fromisoformat,
    "timestamp": datetime.fromisoformat,
    "month": int,
    "integer": int,
    "money": Decimal,
    "number": float,
    "bool": lambda cell: cell == "true",
}

# Keys that are filled in where they are not drawn: table, column, first letter.
IDS = (("bills", "bill_id", "b"), ("payments", "payment_id", "p"), ("contacts", "contact_id", "c"))

# Extra columns are numbers, but for these.
TEXT_EXTRAS = ("x_branch",)

DEFAULT_CUSTOMER = {"segment": "residential", "grid_id": "g1", "valid_from": "2000-01-01"}


def rows_of(text: str) -> list[dict[str, str]]:
    """Read a drawn table: a head line and one line a row, cells parted by |, - for empty."""
    lines = [
        [cell.strip() for cell in line.split("|")] for line in text.splitlines() if line.strip()
    ]
    return [{k: v for k, v in zip(lines[0], cells, strict=True) if v != "-"} for cells in lines[1:]]


def world(*, buckets: int = 1, **tables: str | list[dict] | None) -> Store:
    """Stage a drawn world; customers and ids that are not drawn are filled in plainly."""
    folder = Path(tempfile.mkdtemp(dir=_folder_of_this_run()))
    write_world(folder / "data", **tables)
    return stage(open_dataset(folder / "data"), folder / "stores", buckets=buckets)


def write_world(folder: Path, **tables: str | list[dict] | None) -> None:
    """Write the drawn tables as a dataset."""
    drawn = {table: _read(rows) for table, rows in tables.items() if rows is not None}
    drawn.setdefault("payments", [])
    for table, key, letter in IDS:
        for number, row in enumerate(drawn.get(table, [])):
            row.setdefault(key, f"{letter}{number}")
    for bill in drawn["bills"]:
        bill.setdefault("cycle", str(bill["issued_on"])[:7].replace("-", ""))
    if "customers" not in drawn:
        ids = dict.fromkeys(bill["customer_id"] for bill in drawn["bills"])
        drawn["customers"] = [{"customer_id": i} for i in ids]
    drawn["customers"] = [DEFAULT_CUSTOMER | row for row in drawn["customers"]]
    for table, rows in drawn.items():
        if rows or TABLES[table].required:
            write_table(folder, table, _as_arrow(table, rows))


@cache
def _folder_of_this_run() -> str:
    folder = tempfile.mkdtemp(prefix="drawn-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _read(table: str | list[dict]) -> list[dict]:
    return rows_of(table) if isinstance(table, str) else [dict(row) for row in table]


def _as_arrow(table: str, rows: list[dict]) -> pa.Table:
    names = [c for c in TABLES[table].names() if c in {k for r in rows for k in r}]
    names += sorted({k for r in rows for k in r if k.startswith(EXTRA_PREFIX)})
    required = [c.name for c in TABLES[table].columns if c.required and c.name not in names]
    if not rows:
        names = list(dict.fromkeys([*names, *required]))
    columns = {c.name: c for c in TABLES[table].columns}
    return pa.table(
        {
            name: pa.array([_value(row.get(name), columns.get(name)) for row in rows], _type(name))
            for name in names
        }
    )


def _type(name: str) -> pa.DataType | None:
    if not name.startswith(EXTRA_PREFIX):
        return None
    return pa.string() if name in TEXT_EXTRAS else pa.float64()


def _value(cell: object, column: Column | None) -> object:
    if cell is None or not isinstance(cell, str):
        return cell
    kind = column.kind if column else "text" if cell.isalpha() else "number"
    return READ.get(kind, str)(cell)


def days_after(day: str, days: int) -> str:
    """Return an ISO day so many days later."""
    return (date.fromisoformat(day) + timedelta(days=days)).isoformat()


def by_customer(matrix: pd.DataFrame, column: str) -> dict[str, object]:
    """Return one column as a value a customer, for worlds with one open bill each."""
    assert matrix["customer_id"].is_unique
    values = zip(matrix["customer_id"], matrix[column], strict=True)
    return {customer: None if pd.isna(value) else value for customer, value in values}
