"""The work that benchmarks.features gives to every engine: its data and its columns.

Bills and payments are made by SQL, fast and alike on every machine: a customer's usual day, some
who are late, bills paid in two parts, failed debits, and a few bills that stay open. Each payment
names its bill and none is reversed, so that a rival needs no ledger.
"""

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

MONTHS = 24

BILL_COLUMNS = ["bill_id", "customer_id", "issued_on", "due_on", "amount"]
PAYMENT_COLUMNS = [
    "payment_id",
    "customer_id",
    "bill_id",
    "paid_at",
    "posted_at",
    "amount",
    "channel",
    "outcome",
]

# What all engines compute; names are those of features.FEATURES.
COMMON = (
    "slack_last",
    *(f"slack_mean_{months}m" for months in (3, 6, 12)),
    "slack_min_6m",
    *(f"settle_days_mean_{months}m" for months in (3, 12)),
    "slack_spread_6b",
    "slack_slope_6b",
    "near_due_share_6b",
    *(f"late_count_{months}m" for months in (1, 3, 6, 12)),
    *(f"late_count_{bills}b" for bills in (3, 6)),
    *(f"late_share_{months}m" for months in (3, 6, 12)),
    "late_last",
    "days_late_last",
    "days_late_mean_6b",
    *(f"days_late_max_{months}m" for months in (3, 6, 12)),
    "late30_count_12m",
    "late_streak",
    "on_time_streak",
    "days_since_late",
    "months_behind",
    "overdue_open_cny",
    "overdue_days_max",
    "open_bills",
    "bill_amount_cny",
    *(f"amount_mean_{months}m" for months in (3, 6, 12)),
    "amount_max_12m",
    *(f"paid_amount_{months}m" for months in (3, 6, 12)),
    *(f"payments_count_{months}m" for months in (3, 12)),
    "days_since_payment",
    *(f"failed_debits_{months}m" for months in (3, 12)),
    *(f"channels_used_{months}m" for months in (6, 12)),
)
# Counts and sums of nothing are 0; everything else is missing.
ZERO = ("_count_", "months_behind", "_open_", "open_bills", "paid_amount", "failed_", "channels_")
ZERO_TOO = ("late_streak", "on_time_streak", "overdue_days_max")


def read(folder: Path, table: str, columns: list[str]) -> pa.Table:
    """Read a table with money as whole fen."""
    rows = pq.read_table(folder / f"{table}.parquet", columns=columns)
    fen = pc.cast(pc.multiply(rows["amount"], pa.scalar(100)), pa.int64())
    return rows.set_column(columns.index("amount"), "fen", fen)


def is_zero_when_empty(column: str) -> bool:
    """Tell whether a customer without rows gets 0."""
    return column in ZERO_TOO or any(part in column for part in ZERO)


def write_work(folder: Path, customers: int) -> None:
    """Write a dataset of so many customers with a bill a month for two years."""
    from contract.engine import connect, text  # noqa: PLC0415 - the rivals' interpreters lack it

    folder.mkdir(parents=True)
    with connect(spill=folder / "spill") as connection:
        for table, query in _TABLES.items():
            target = text(folder / f"{table}.parquet")
            rows = query.format(customers=customers, folder=str(folder).replace("'", "''"))
            connection.execute(f"COPY ({rows}) TO {target} (FORMAT parquet)")


_TABLES = {
    "customers": """
        SELECT 'c' || lpad(CAST(i AS VARCHAR), 8, '0') AS customer_id,
            DATE '2015-01-01' AS valid_from,
            CASE WHEN hash(i) % 10 < 8 THEN 'residential' ELSE 'commercial' END AS segment,
            'g' || (hash(i * 7) % 500) AS grid_id
        FROM range({customers}) AS made(i)""",
    "bills": f"""
        SELECT 'b' || lpad(CAST(i * {MONTHS} + m AS VARCHAR), 10, '0') AS bill_id,
            'c' || lpad(CAST(i AS VARCHAR), 8, '0') AS customer_id,
            CAST((2024 + m // 12) * 100 + 1 + m % 12 AS INTEGER) AS cycle,
            CAST(DATE '2024-01-03' + to_months(CAST(m AS INTEGER)) AS DATE) AS issued_on,
            CAST(DATE '2024-01-25' + to_months(CAST(m AS INTEGER)) AS DATE) AS due_on,
            CAST(20 + hash(i) % 300 + hash(i * {MONTHS} + m) % 100 AS DECIMAL(18,2)) AS amount,
            CAST(50 + hash(i * {MONTHS} + m) % 300 AS DOUBLE) AS kwh
        FROM range({{customers}}) AS made(i), range({MONTHS}) AS month(m)""",
    # A part of 40 % comes five days before the rest; the newest quarter leaves some bills open.
    "payments": """
        SELECT 'p' || substr(bill_id, 2) || part AS payment_id, customer_id, bill_id,
            paid_at - to_days(CASE WHEN part = 'a' THEN 5 ELSE 0 END) AS paid_at,
            paid_at + INTERVAL 1 DAY AS posted_at,
            CAST(CASE WHEN NOT in_parts THEN amount
                WHEN part = 'a' THEN CAST(amount * 0.4 AS DECIMAL(18,2))
                ELSE amount - CAST(amount * 0.4 AS DECIMAL(18,2)) END
                AS DECIMAL(18,2)) AS amount,
            CASE WHEN hash(customer_id) % 2 = 0 THEN 'wechat'
                WHEN hash(bill_id) % 5 = 0 THEN 'counter' ELSE 'alipay' END AS channel,
            CASE WHEN part = 'c' THEN 'failed' ELSE 'ok' END AS outcome
        FROM (
            SELECT *, hash(bill_id || 'parts') % 30 = 0 AS in_parts,
                issued_on + to_hours(CAST(120 + hash(bill_id || 'day') % 24 + 24 * (
                    hash(bill_id) % (6 + hash(customer_id) % 20)) AS INTEGER)) AS paid_at
            FROM '{folder}/bills.parquet'
            WHERE issued_on < DATE '2025-10-01' OR hash(bill_id || 'open') % 8 <> 0
        ), (VALUES ('a'), ('b'), ('c')) AS parts(part)
        WHERE part = 'b' OR (part = 'a' AND in_parts)
            OR (part = 'c' AND hash(bill_id || 'failed') % 50 = 0)""",
}
