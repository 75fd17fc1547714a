"""Small tables drawn as text, for worlds that a reader can check by eye."""

import csv
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa

from contract.dataset import ARROW_TYPES, Dataset, open_dataset, write_table
from contract.tables import STORED_AS, TABLES

Row = dict[str, Any]

CUSTOMERS = """
    customer_id | segment     | grid_id | valid_from
    ann         | residential | g1      | 2020-01-01
    bob         | commercial  | g1      | 2020-01-01
    """
BILLS = """
    bill_id | customer_id | cycle  | issued_on  | due_on     | amount
    a1      | ann         | 202601 | 2026-01-05 | 2026-01-25 | 100.00
    b1      | bob         | 202601 | 2026-01-05 | 2026-01-25 | 250.50
    """
PAYMENTS = """
    payment_id | customer_id | bill_id | paid_at          | amount
    p1         | ann         | a1      | 2026-01-10 09:00 | 100.00
    """

_READ = {
    "date": date.fromisoformat,
    "timestamp": datetime.fromisoformat,
    "month": int,
    "integer": int,
    "money": Decimal,
    "number": float,
    "bool": lambda word: word == "true",
}


def drawn(text: str) -> list[dict[str, str]]:
    """Return the rows of a drawn table; an empty cell is an empty text."""
    lines = [[c.strip() for c in line.split("|")] for line in text.splitlines() if line.strip()]
    return [dict(zip(lines[0], cells, strict=True)) for cells in lines[1:]]


def write_rows(path: Path, rows: Iterable[Row], *, encoding: str = "utf-8") -> None:
    """Write rows as CSV."""
    rows = list(rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding=encoding, newline="") as target:
        writer = csv.DictWriter(target, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def write_source(folder: Path, **tables: str) -> Path:
    """Write drawn tables as CSV files of the plain dialect; the required three are always there."""
    defaults = {"customers": CUSTOMERS, "bills": BILLS, "payments": PAYMENTS}
    for table, text in (defaults | tables).items():
        write_rows(folder / f"{table}.csv", drawn(text))
    return folder


def write_dataset(folder: Path, **tables: str | list[Row]) -> Dataset:
    """Write drawn tables, or rows of values, as a dataset and open it."""
    defaults = {"customers": CUSTOMERS, "bills": BILLS, "payments": PAYMENTS}
    for table, given in (defaults | tables).items():
        rows = [_typed(table, row) for row in drawn(given)] if isinstance(given, str) else given
        write_table(folder, table, arrow(table, rows))
    return open_dataset(folder)


def arrow(table: str, rows: list[Row]) -> pa.Table:
    """Return rows as an Arrow table with the contract's types."""
    kinds = {c.name: ARROW_TYPES[STORED_AS[c.kind]] for c in TABLES[table].columns}
    names = list(dict.fromkeys(name for row in rows for name in row))
    return pa.table(
        {name: pa.array([row.get(name) for row in rows], kinds.get(name)) for name in names}
    )


def _typed(table: str, row: dict[str, str]) -> Row:
    kinds = {column.name: column.kind for column in TABLES[table].columns}
    return {
        name: _READ.get(kinds.get(name, "text"), str)(cell) if cell else None
        for name, cell in row.items()
    }
