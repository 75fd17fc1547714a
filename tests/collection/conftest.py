"""Customers drawn by the days on which they settled the bills of months in a row."""

from collections.abc import Callable, Sequence
from datetime import date

import pytest
from worlds import rows_of, world

from contract.staging import Store


@pytest.fixture
def settling() -> Callable[..., Store]:
    """Stage customers, each a list of settle days, one a bill from 2026-01; None is unpaid."""
    return _settling


def _settling(
    settled: dict[str, Sequence[str | None]],
    *,
    issue_day: int = 3,
    due_day: int = 25,
    months: int = 1,
    payments: str = "",
    **tables: str | list[dict],
) -> Store:
    bills, paid = [], rows_of(payments) if payments else []
    for customer, days in settled.items():
        for number, on in enumerate(days):
            month = number * months
            year, month = 2026 + month // 12, month % 12 + 1
            bill = f"{customer}-{year}-{month:02}"
            bills.append(
                {
                    "bill_id": bill,
                    "customer_id": customer,
                    "issued_on": date(year, month, issue_day),
                    "due_on": date(year, month, due_day),
                    "amount": "100.00",
                }
            )
            if on:
                whole = {"customer_id": customer, "bill_id": bill, "amount": "100.00"}
                paid.append(whole | {"paid_at": f"{on} 12:00"})
    return world(bills=bills, payments=paid, **tables)
