from pathlib import Path

import pytest
from drawn import BILLS, CUSTOMERS, write_dataset

from contract import in_parts
from contract.checks import check_dataset

# Keys that are there twice, payments of no bill, before the issue, and loaded twice.
TABLES = {
    "customers": CUSTOMERS + "ann | residential | g1 | 2020-01-01",
    "bills": BILLS
    + """
        b1 | bob | 202601 | 2026-01-05 | 2026-01-25 | 99.00
        a2 | ann | 202602 | 2026-02-05 | 2026-02-25 | 10.00
        a3 | ann | 202603 | 2026-03-05 | 2026-03-25 | 10.00
        """,
    "payments": """
        payment_id | customer_id | bill_id | paid_at          | amount | outcome
        p1         | ann         | a1      | 2026-01-10 10:00 | 50.00  | ok
        p2         | ann         | a1      | 2026-01-10 10:00 | 50.00  | ok
        p3         | ann         | a2      | 2026-01-01 10:00 | 10.00  | ok
        p4         | ann         | zz      | 2026-02-10 10:00 | 10.00  | ok
        p5         | ann         |         | 2026-02-11 10:00 | 10.00  | ok
        p6         | ann         |         | 2026-02-11 10:00 | 10.00  | ok
        p7         | bob         | yy      | 2026-02-12 10:00 | 10.00  | ok
        p7         | bob         | b1      | 2026-01-02 10:00 | 10.00  | ok
        p8         | bob         | b1      | 2026-01-12 10:00 | 10.00  | failed
        p9         | bob         | b1      | 2026-01-12 10:00 | 10.00  | failed
        """,
}


@pytest.mark.parametrize("at_once", [1, 2, 3, 7])
def test_parts_find_what_is_found_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    dataset = write_dataset(tmp_path, **TABLES)
    whole = check_dataset(dataset).breaches
    found = {breach.rule for breach in whole}
    assert {"repeated-key", "stray-bill", "payment-before-issue", "duplicate-payment"} <= found
    for name in ("JOINED_AT_ONCE", "COMPARED_AT_ONCE"):
        monkeypatch.setattr(in_parts, name, at_once)
    assert check_dataset(dataset).breaches == whole
