"""Bring back what came of a list: check the form, add to the ledger, merge it with the dataset.

The ledger is a folder beside the dataset with one Parquet part a form, never changed. A dataset
stays as it was imported; what is staged is the dataset with the ledger's contacts and disputes,
made again whenever either changes.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from collection.feedback import (
    ENTRY_SCHEMA,
    FORM,
    KNOWN_SCHEMA,
    Brought,
    Fault,
    contacts_of,
    holds_of,
    overrides_of,
    read_entries,
    records_of,
)
from contract.dataset import Dataset, open_dataset, table_files
from contract.engine import Connection, connect, text, to_arrow
from contract.errors import DataError
from contract.pseudonyms import pseudonyms_of
from contract.tables import TABLES
from pipeline.forms import Breach, Heads, read_form
from pipeline.storage import new_folder, write_bytes
from reports.wording import read_wording

_HEADS = {
    "recorded_at": ("contacted_at", "contacted_on", "联系日期", "催费时间"),
    "recorded_by": ("责任人", "manager_id"),
    "outcome": ("结果", "催费结果"),
    "reason": ("verdict_reason",),
    "run": ("run_id",),
}


@dataclass(frozen=True, kw_only=True)
class FedBack:
    """What a form added to the ledger."""

    ledger: Path
    brought: Brought
    ignored: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the counts."""
        entries = self.brought.entries
        return {
            "ledger": str(self.ledger),
            "rows": self.brought.rows,
            "added": entries.num_rows,
            "repeated": self.brought.repeated,
            "silent": self.brought.silent,
            "contacts": contacts_of(entries).num_rows,
            "disputes": holds_of(entries).num_rows,
            "overrides": overrides_of(entries).num_rows,
            "records": records_of(entries).num_rows,
            "ignored_columns": list(self.ignored),
        }

    def text(self) -> str:
        """Return what was added in a sentence or two."""
        facts = self.as_dict()
        told = ", ".join(
            f"{facts[k]:,} {k}" for k in ("contacts", "disputes", "overrides", "records")
        )
        left = f" Not read: columns {', '.join(self.ignored)}." if self.ignored else ""
        return (
            f"{facts['rows']:,} rows: {facts['added']:,} added to {self.ledger} ({told}),"
            f" {facts['repeated']:,} known already, {facts['silent']:,} said nothing.{left}"
        )


def ledger_folder(data: Path) -> Path:
    """Return the folder of a dataset's feedback: next to it, never inside."""
    return data.with_name(f"{data.name}-feedback")


def feed_back(
    dataset: Dataset,
    path: Path,
    *,
    method: str | None = None,
    recorded_by: str | None = None,
    sheet: str | None = None,
) -> FedBack:
    """Check a form (collection.feedback.FORM) and add what it says to the ledger.

    Args:
        dataset: Knows the customers and bills.
        path: CSV, workbook or Parquet; heads may be the columns' names or their Chinese ones.
        method: How everybody was contacted, for a form without that column.
        recorded_by: Who recorded it, likewise.
        sheet: The sheet of a workbook with several.

    Raises:
        DataError: A row cannot be taken; each is named with its place, and nothing is added.
    """
    constants = {"method": method, "recorded_by": recorded_by}
    form = read_form(path, FORM, _heads({k: v for k, v in constants.items() if v}, sheet))

    def refuse(faults: Sequence[Fault]) -> None:
        form.refuse(
            Breach(row=one.row, column=one.column, what=one.what, remedy=one.remedy)
            for one in faults
        )

    brought = add_rows(dataset, form.rows, refuse)
    return FedBack(ledger=ledger_folder(dataset.folder), brought=brought, ignored=form.ignored)


def add_rows(
    dataset: Dataset, rows: pa.Table, refuse: Callable[[Sequence[Fault]], None]
) -> Brought:
    """Check rows of FORM, by the utility's own numbers, and add what is new to the ledger.

    Args:
        rows: FORM's columns and ``row``.
        refuse: Raises where there are faults; then nothing is added.
    """
    ledger = ledger_folder(dataset.folder)
    # People write the utility's own numbers.
    rows = pseudonyms_of(dataset.folder, rows)
    with connect() as connection:
        connection.register("form", rows)
        brought = read_entries(
            rows,
            customers=_known(connection, dataset, "customers", "customer_id"),
            bills=_known(connection, dataset, "bills", ", ".join(KNOWN_SCHEMA.names)),
            ledger=read_ledger(ledger),
        )
    refuse(brought.faults)
    if brought.entries.num_rows:
        _append(ledger, brought.entries)
    return brought


def read_ledger(folder: Path) -> pa.Table:
    """Return every entry of a ledger, by entry_id; none where there is no ledger."""
    parts = [_read_part(part) for part in _parts(folder)]
    if not parts:
        return ENTRY_SCHEMA.empty_table()
    return pa.concat_tables(parts).sort_by("entry_id").combine_chunks()


def _read_part(path: Path) -> pa.Table:
    try:
        part = pq.read_table(path)
        if part.schema.names != ENTRY_SCHEMA.names:
            raise pa.ArrowInvalid("other columns")
        return part.cast(ENTRY_SCHEMA)
    except (OSError, pa.ArrowException) as error:
        raise DataError(
            f"{path}: not what duewatch feedback wrote. Restore it, or remove it and bring its form"
            " back again."
        ) from error


def with_feedback(dataset: Dataset, stores: Path) -> Dataset:
    """Return a dataset with its ledger's contacts and disputes; itself where there is no ledger.

    A contact that the dataset has too (same customer, bill, moment and method) counts once, as
    the dataset has it. A dispute takes the place of an older hold of its bill.

    Args:
        dataset: As it was imported.
        stores: Where the merged one is kept; it links to the tables that stay as they are.
    """
    entries = read_ledger(ledger_folder(dataset.folder))
    if not entries.num_rows:
        return dataset
    place = fed_place(dataset, stores)
    if not place.exists():
        with new_folder(place) as beside:
            _merge(dataset, entries, beside)
    return open_dataset(place)


def fed_place(dataset: Dataset, stores: Path) -> Path:
    """Return where a dataset with its ledger lies, or will."""
    parts = "".join(part.name for part in _parts(ledger_folder(dataset.folder)))
    digest = hashlib.sha256(f"{dataset.fingerprint()}{parts}".encode()).hexdigest()
    return stores / f"fed-{digest[:16]}"


def _parts(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.parquet"))


def _append(folder: Path, entries: pa.Table) -> None:
    ids = "".join(entries["entry_id"].to_pylist())
    part = pa.BufferOutputStream()
    pq.write_table(entries, part, compression="zstd")
    name = f"{hashlib.sha256(ids.encode()).hexdigest()[:16]}.parquet"
    write_bytes(folder / name, part.getvalue().to_pybytes())


def _heads(constants: dict[str, str], sheet: str | None) -> Heads:
    wording = read_wording()
    return Heads(
        names=_HEADS,
        codes={
            "outcome": {text.zh: code for code, text in wording.outcomes.items()},
            "verdict": {text.zh: code for code, text in wording.verdicts.items()},
        },
        constants=constants,
        sheet=sheet,
    )


def _known(connection: Connection, dataset: Dataset, table: str, columns: str) -> pa.Table:
    """Return the keys of those rows of a table that the form names."""
    key, _, _ = columns.partition(",")
    return to_arrow(
        connection,
        f"SELECT DISTINCT {columns} FROM {dataset.scan(table)} SEMI JOIN form USING ({key})",
    )


def _merge(dataset: Dataset, entries: pa.Table, folder: Path) -> None:
    with connect(threads=1, ordered=True) as connection:
        connection.register("fed", contacts_of(entries))
        connection.register("dispute", holds_of(entries))
        _write(connection, _contacts(dataset), folder / "contacts.parquet")
        merged = {"contacts"}
        if connection.execute("SELECT count(*) FROM dispute").fetchall()[0][0]:
            _write(connection, _bills(dataset), folder / "bills.parquet")
            merged.add("bills")
    apart = {*merged, "identities"}
    # Who the customers are stays in the dataset: nothing below the stores leads to a person.
    for table in TABLES:
        for file in table_files(dataset.folder, table) if table not in apart else ():
            link = folder / file.relative_to(dataset.folder)
            link.parent.mkdir(exist_ok=True)
            link.symlink_to(file.resolve())


def _write(connection: Connection, query: str, path: Path) -> None:
    connection.execute(f"COPY ({query}) TO {text(path)} (FORMAT parquet, COMPRESSION zstd)")


def _contacts(dataset: Dataset) -> str:
    return f"""
        WITH had AS (FROM {dataset.scan("contacts")})
        FROM had
        UNION ALL BY NAME
        FROM fed WHERE NOT EXISTS (
            FROM had WHERE had.customer_id = fed.customer_id
                AND had.bill_id IS NOT DISTINCT FROM fed.bill_id
                AND had.contacted_at = fed.contacted_at AND had.method = fed.method)"""


def _bills(dataset: Dataset) -> str:
    newer = """d.bill_id IS NOT NULL AND (b.hold = 'none'
        OR d.hold_from_on >= coalesce(b.hold_from_on, b.issued_on))"""
    return f"""
        SELECT b.* REPLACE (
            CASE WHEN {newer} THEN 'disputed' ELSE b.hold END AS hold,
            CASE WHEN {newer} THEN d.hold_from_on ELSE b.hold_from_on END AS hold_from_on,
            CASE WHEN {newer} THEN d.hold_to_on ELSE b.hold_to_on END AS hold_to_on)
        FROM {dataset.scan("bills")} AS b LEFT JOIN dispute AS d USING (bill_id)"""
