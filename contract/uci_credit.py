"""Importer of one real data set: "Default of credit card clients", Taiwan 2005.

Source: I-C. Yeh and C.-H. Lien (2009), "The comparisons of data mining techniques for the
predictive accuracy of probability of default of credit card clients", Expert Systems with
Applications 36(2); UCI Machine Learning Repository, doi 10.24432/C55S3H, licence CC BY 4.0.

A credit card account is read as a customer and each monthly statement as a bill:

- The statement of a month closes on the 28th and is due on the 20th of the next month, which is
  the bill's cycle. So the cycles are 2005-04 (the March statement, of which nothing is told) to
  2005-10 (the September statement), and the one to score at 2005-10-01 is October's.
- ``x_statement_amount`` is BILL_AMT of the statement's month. ``x_paid_amount`` is PAY_AMT of the
  same month: what was paid in it, against the statement of the month before. Both are printed on
  the statement, so both are known when the bill is issued. The payment for bill k is therefore
  the ``x_paid_amount`` of the bill after it.
- A status of n months behind at the end of month m says that the bills due in m and the n - 1
  months before stand open. A bill is settled on the due day of the first month after which no
  status says that it stands open again: its own month when none ever does. So at 2005-10-01 the
  overdue open bills are as many as the months behind in September, of those that the file holds:
  28 accounts are 7 or 8 months behind and have the six bills April to September.
- The October bill, and whatever else was open, is settled on its due day when the account did not
  default; after a default it is settled two months later, which also takes the data far enough
  for every label to be mature.
- ``amount`` is the statement amount where it is positive, else 1: an account that owes nothing or
  has a credit is still to be scored, and only a positive bill is. April's amount is unknown and 1.

Payments in the contract are those settlements; they are made from the statuses, while the money
really paid is in ``x_paid_amount``. Amounts are New Taiwan dollars. ``LIMIT_BAL`` becomes
``x_limit_bal`` of the customer. Sex, education, marriage and age are not imported.
"""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import csv as arrow_csv

from contract.dataset import write_table
from contract.errors import DataError

LICENCE = (
    "Default of credit card clients, I-C. Yeh and C.-H. Lien (2009), UCI Machine Learning "
    "Repository, doi 10.24432/C55S3H, CC BY 4.0"
)
AS_OF = np.datetime64("2005-10-01")

# Oldest first: April to September 2005, the months that the file tells of.
STATUSES = ("PAY_6", "PAY_5", "PAY_4", "PAY_3", "PAY_2", "PAY_0")
STATEMENTS = tuple(f"BILL_AMT{n}" for n in range(6, 0, -1))
PAID = tuple(f"PAY_AMT{n}" for n in range(6, 0, -1))
DEFAULT = "default.payment.next.month"
_COLUMNS = ("ID", "LIMIT_BAL", *STATUSES, *STATEMENTS, *PAID, DEFAULT)

_MONTHS = len(STATUSES)
_FIRST = np.datetime64("2005-04", "M")
_STATEMENT_DAY, _DUE_DAY = 28, 20
_MONTHS_TO_SETTLE_A_DEFAULT = 2

IntArray = npt.NDArray[np.int64]


def import_uci_credit(csv: Path, out: Path) -> None:
    """Write the accounts of the file as a dataset: customers, bills and payments.

    Args:
        csv: The file as published, with its header.
        out: Folder to write the tables into.

    Raises:
        DataError: The file is not the published one: a column is missing, a value is no whole
            number, an id repeats, or a status or default flag is outside its codes.
    """
    rows = _read(csv)
    settled = settled_month(np.column_stack([rows[s] for s in STATUSES]), rows[DEFAULT])
    write_table(out, "customers", _customers(rows))
    write_table(out, "bills", _bills(rows))
    write_table(out, "payments", _payments(rows, settled))


def settled_month(statuses: IntArray, defaulted: IntArray) -> IntArray:
    """Return when each bill is settled, as a month counted from April (0).

    Args:
        statuses: Months behind at the end of each month, one row per account, April first.
        defaulted: 1 when the October bill was defaulted on.

    Returns:
        One row per account, one column per bill, April's to October's.
    """
    month = np.arange(_MONTHS)
    # Bill j stands open at the end of month m: axes are account, bill, month.
    stands = (month[None, :, None] > (month - statuses)[:, None, :]) & (
        month[None, :, None] <= month[None, None, :]
    )
    last_open = np.where(stands.any(axis=2), _MONTHS - 1 - stands[:, :, ::-1].argmax(axis=2), -1)
    settled = np.where(last_open < 0, month, last_open + 1)
    october = _MONTHS + _MONTHS_TO_SETTLE_A_DEFAULT * defaulted
    settled = np.where(settled == _MONTHS, october[:, None], settled)
    return np.column_stack([settled, october])


def _read(csv: Path) -> dict[str, IntArray]:
    if not csv.is_file():
        raise DataError(f"{csv}: no such file. Give the path of the published CSV file.")
    table = arrow_csv.read_csv(csv)
    lacking = [column for column in _COLUMNS if column not in table.column_names]
    if lacking:
        raise DataError(f"{csv.name}: columns {', '.join(lacking)} are missing.")
    rows = {column: _whole_numbers(csv, table, column) for column in _COLUMNS}
    if np.unique(rows["ID"]).size < rows["ID"].size:
        raise DataError(f"{csv.name}.ID: an account is there twice. Give the file as published.")
    for column in STATUSES:
        _check_codes(csv, rows, column, low=-2, high=9)
    _check_codes(csv, rows, DEFAULT, low=0, high=1)
    return rows


def _whole_numbers(csv: Path, table: pa.Table, column: str) -> IntArray:
    try:
        found = table[column].cast(pa.int64())
    except pa.ArrowInvalid as fault:
        raise DataError(f"{csv.name}.{column}: expected whole numbers ({fault}).") from fault
    if found.null_count:
        raise DataError(f"{csv.name}.{column}: {found.null_count} values are empty.")
    return found.to_numpy()


def _check_codes(csv: Path, rows: dict[str, IntArray], column: str, *, low: int, high: int) -> None:
    wrong = (rows[column] < low) | (rows[column] > high)
    if wrong.any():
        first = int(wrong.argmax())
        raise DataError(
            f"{csv.name}.{column}: {int(wrong.sum())} values are outside {low} to {high} "
            f"(first: account {rows['ID'][first]}, {rows[column][first]}). "
            "Give the file as published."
        )


def _customers(rows: dict[str, IntArray]) -> pa.Table:
    accounts = rows["ID"].size
    return pa.table(
        {
            "customer_id": rows["ID"].astype(str),
            "valid_from": np.full(accounts, _on(np.array(-1), 1)),
            "segment": ["residential"] * accounts,
            "grid_id": ["uci"] * accounts,
            "x_limit_bal": rows["LIMIT_BAL"].astype(np.float64),
        }
    )


def _bills(rows: dict[str, IntArray]) -> pa.Table:
    """One row per account and cycle, account by account, April to October."""
    accounts = rows["ID"].size
    cycle = np.tile(np.arange(_MONTHS + 1), accounts)
    statement, paid = (_after_unknown_first(rows, names) for names in (STATEMENTS, PAID))
    return pa.table(
        {
            "bill_id": _bill_ids(rows),
            "customer_id": np.repeat(rows["ID"], _MONTHS + 1).astype(str),
            "cycle": (200504 + cycle).astype(np.int32),
            "issued_on": _on(cycle - 1, _STATEMENT_DAY),
            "due_on": _on(cycle, _DUE_DAY),
            "amount": _amounts(rows).ravel(),
            "x_statement_amount": statement,
            "x_paid_amount": paid,
        }
    )


def _payments(rows: dict[str, IntArray], settled: IntArray) -> pa.Table:
    bills = _bill_ids(rows)
    return pa.table(
        {
            "payment_id": np.char.add(bills, "-p"),
            "customer_id": np.repeat(rows["ID"], _MONTHS + 1).astype(str),
            "bill_id": bills,
            "paid_at": _on(settled.ravel(), _DUE_DAY).astype("datetime64[us]"),
            "amount": _amounts(rows).ravel(),
        }
    )


def _bill_ids(rows: dict[str, IntArray]) -> npt.NDArray[np.str_]:
    cycles = np.tile((200504 + np.arange(_MONTHS + 1)).astype(str), rows["ID"].size)
    owners = np.repeat(rows["ID"], _MONTHS + 1).astype(str)
    return np.char.add(np.char.add(owners, "-"), cycles)


def _amounts(rows: dict[str, IntArray]) -> npt.NDArray[np.float64]:
    statements = np.column_stack([rows[name] for name in STATEMENTS]).astype(np.float64)
    return np.column_stack([np.ones(statements.shape[0]), np.maximum(statements, 1.0)])


def _after_unknown_first(rows: dict[str, IntArray], names: tuple[str, ...]) -> pa.Array:
    """Return a column of the bills whose April value nobody knows."""
    values = np.column_stack([rows[name] for name in names]).astype(np.float64)
    unknown = np.full((values.shape[0], 1), np.nan)
    return pa.array(np.column_stack([unknown, values]).ravel(), from_pandas=True)


def _on(month: IntArray, day: int) -> npt.NDArray[np.datetime64]:
    """Return a day of each month, months counted from April 2005 (0)."""
    return (_FIRST + month).astype("datetime64[D]") + (day - 1)
