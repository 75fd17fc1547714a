"""Reconcile a statement file with the payments of a dataset and write what came of it."""

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
from rich.table import Table as Grid

from collection.reconciliation import (
    STATEMENT_SCHEMA,
    WAYS,
    Reconciliation,
    daily_report,
    reconcile,
)
from contract.dataset import Dataset
from contract.engine import Connection, connect, to_arrow
from contract.errors import ConfigError, DataError
from contract.pseudonyms import KINDS, Kind, own_ids, pseudonyms_of
from contract.tables import CHANNELS, Column, Table
from pipeline.forms import Heads, read_form
from pipeline.progress import step
from pipeline.showing import as_text
from pipeline.storage import new_folder, write_json
from reports.spreadsheet import inert
from reports.wording import read_wording

STATEMENT = Table(
    name="statement",
    zh="对账单",
    row="one payment as an outside collector or bank has it",
    key=(),
    known_at="",
    columns=(
        Column(name="channel", kind="code", zh="交费渠道", required=True, codes=CHANNELS),
        Column(name="posted_on", kind="date", zh="到账日期", required=True),
        Column(name="reference", kind="text", zh="流水号"),
        Column(name="amount", kind="money", zh="金额", required=True),
    ),
)
_HEADS = {
    "channel": ("渠道", "缴费渠道", "缴费方式"),
    "posted_on": ("posted_at", "date", "入账日期", "交易日期", "日期"),
    "reference": ("payment_id", "交易流水号", "交费标识", "参考号"),
    "amount": ("交易金额", "实收金额", "金额(元)"),
}
# The optional columns of a source's payments, as the contract keeps them.
_EXTRAS = {"reference": "x_reference", "outlet": "x_outlet", "cashier": "x_cashier"}
# A reference is the utility's own number of a payment, or one that only the collector knows.
_REFERENCE: dict[str, Kind] = {"reference": "payment"}

_SHOWN_DAYS = 40


@dataclass(frozen=True, kw_only=True)
class Reconciled:
    """A statement held against the books.

    Attributes:
        daily: What was taken in on the statement's days by channel, outlet and cashier.
        ignored: Heads of the statement that mean nothing here.
    """

    statement: Path
    result: Reconciliation
    daily: pa.Table
    ignored: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the counts and sums; amounts are yuan."""
        result = self.result
        hows = result.matched["how"].to_pylist()
        totals = result.totals.to_pandas()
        return {
            "statement": str(self.statement),
            "agrees": result.agrees,
            "rows": len(hows) + result.only_statement.num_rows,
            "matched": {way: hows.count(way) for way in WAYS},
            "differing": sum(1 for fen in result.matched["difference_fen"].to_pylist() if fen),
            "only_statement": result.only_statement.num_rows,
            "only_payments": result.only_payments.num_rows,
            "statement_cny": float(totals["statement_fen"].sum() / 100),
            "booked_cny": float(totals["booked_fen"].sum() / 100),
            "difference_cny": float(totals["difference_fen"].sum() / 100),
            "ignored_columns": list(self.ignored),
        }

    def text(self) -> str:
        """Return the totals a day and channel, and what stands on one side only."""
        facts = self.as_dict()
        grid = Grid("日期 day", "渠道 channel", "对账单 statement", "账面 books", "差额 difference",
                    "仅对账单 only statement", "仅账面 only books")  # fmt: skip
        rows = self.result.totals.to_pylist()
        for row in rows[:_SHOWN_DAYS]:
            amounts = (row["statement_fen"], row["booked_fen"], row["difference_fen"])
            alone = (row["only_statement_rows"], row["only_booked_rows"])
            grid.add_row(
                row["posted_on"].isoformat(),
                row["channel"],
                *(f"{fen / 100:,.2f}" for fen in amounts),
                *(f"{count:,}" for count in alone),
            )
        more = f"{len(rows) - _SHOWN_DAYS} more days\n" if len(rows) > _SHOWN_DAYS else ""
        matched = ", ".join(f"{count:,} by {way}" for way, count in facts["matched"].items())
        verdict = (
            f"Only in the statement {facts['only_statement']:,}, only in the books"
            f" {facts['only_payments']:,}, with another amount {facts['differing']:,}."
        )
        if facts["agrees"]:
            verdict = "The two sides agree."
        return f"{as_text(grid)}{more}Matched {matched}. {verdict}"


def reconcile_statement(
    dataset: Dataset, path: Path, *, channel: str | None = None, sheet: str | None = None
) -> Reconciled:
    """Read a statement and hold it against the payments of a dataset; both stay as they are.

    Args:
        dataset: Its payments; extra columns x_reference, x_outlet and x_cashier are used.
        path: The statement: columns channel, posted_on, reference (may be empty), amount.
        channel: The channel of every row, for a statement that has no such column.
        sheet: The sheet of a workbook with several.

    Raises:
        DataError: The statement cannot be read or holds no rows; each breach is named.
        ConfigError: There is no such channel.
    """
    if channel is not None and channel not in CHANNELS:
        raise ConfigError(f"--channel {channel}: not a channel. Give one of {', '.join(CHANNELS)}.")
    form = read_form(path, STATEMENT, _heads(channel, sheet))
    if not form.rows.num_rows:
        raise DataError(f"{path.name}: holds no rows. Give the statement of at least one payment.")
    given = pseudonyms_of(dataset.folder, form.rows, _REFERENCE)
    statement = given.select(STATEMENT_SCHEMA.names).cast(STATEMENT_SCHEMA)
    with step("Match the statement"), connect() as connection:
        connection.register("statement", statement)
        matched = reconcile(statement, _payments(connection, dataset, named=True))
        daily = daily_report(_payments(connection, dataset, named=False))
    result = _with_own_ids(dataset, matched)
    return Reconciled(statement=path, result=result, daily=daily, ignored=form.ignored)


def _with_own_ids(dataset: Dataset, result: Reconciliation) -> Reconciliation:
    """Name payments and customers as the statement and the books of the utility do."""
    ids = {**KINDS, **_REFERENCE}
    return replace(
        result,
        matched=own_ids(dataset.folder, result.matched, ids),
        only_statement=own_ids(dataset.folder, result.only_statement, ids),
        only_payments=own_ids(dataset.folder, result.only_payments, ids),
    )


def write_reconciled(reconciled: Reconciled, folder: Path) -> None:
    """Write each list as CSV that Excel reads, amounts in yuan, and the sums as JSON."""
    result = reconciled.result
    lists = {
        "matched": result.matched,
        "only_statement": result.only_statement,
        "only_payments": result.only_payments,
        "totals": result.totals,
        "daily": reconciled.daily,
    }
    with new_folder(folder) as beside:
        for name, rows in lists.items():
            in_yuan(rows).to_csv(
                beside / f"{name}.csv", index=False, encoding="utf-8-sig", lineterminator="\r\n"
            )
        write_json(beside / "reconciliation.json", reconciled.as_dict())


def in_yuan(rows: pa.Table) -> pd.DataFrame:
    """Return a table for a spreadsheet: fen as yuan, foreign text that no spreadsheet runs."""
    frame = rows.to_pandas(date_as_object=True)
    for field in rows.schema:
        if field.name.endswith("_fen"):
            frame[field.name] = [f"{fen / 100:.2f}" for fen in frame[field.name]]
        elif pa.types.is_string(field.type):
            frame[field.name] = frame[field.name].map(inert, na_action="ignore")
    return frame.rename(columns=lambda head: re.sub("_fen$", "_cny", head))


def _heads(channel: str | None, sheet: str | None) -> Heads:
    words = {word: code for code, text in read_wording().channels.items() for word in (text.zh,)}
    return Heads(
        names=_HEADS,
        codes={"channel": words} if channel is None else {},
        constants={} if channel is None else {"channel": channel},
        sheet=sheet,
    )


def _payments(connection: Connection, dataset: Dataset, *, named: bool) -> pa.Table:
    """Return the money posted on the statement's days, and if asked what a reference names."""
    extras = {
        ours: f"CAST({theirs} AS VARCHAR)" if theirs in dataset.extras("payments") else "NULL"
        for ours, theirs in _EXTRAS.items()
    }
    columns = ", ".join(f"CAST({sql} AS VARCHAR) AS {ours}" for ours, sql in extras.items())
    by_name = "OR payment_id IN (FROM called) OR reference IN (FROM called)" if named else ""
    return to_arrow(
        connection,
        f"""
        WITH called AS (SELECT reference FROM statement WHERE reference IS NOT NULL),
        paid AS (
            SELECT payment_id, customer_id, channel, posted_at,
                CAST(amount * 100 AS BIGINT) AS amount_fen, {columns}
            FROM {dataset.scan("payments")} WHERE outcome = 'ok' AND amount <> 0)
        SELECT * FROM paid
        WHERE CAST(posted_at AS DATE) BETWEEN (SELECT min(posted_on) FROM statement)
            AND (SELECT max(posted_on) FROM statement) {by_name}""",
    )
