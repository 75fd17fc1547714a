"""Bring back a workbook that was handed out: known by its seal, and added to the ledger or refused.

A list is compared with its run's folder below the outputs; a list of another machine, and a
handout, whose folder may be anywhere, with the seal that it carries.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from collection.feedback import ENTRY_SCHEMA, Fault
from collection.policy import read_plan_wording
from contract.dataset import open_dataset
from pipeline.config import Config
from pipeline.feeding_back import FedBack, add_rows, ledger_folder
from pipeline.runs import read_manifest
from pipeline.sealing import sealing_key
from reports.list_sheet import LIST
from reports.returned import (
    Book,
    Mark,
    Refusal,
    Returned,
    find_sheet,
    is_handed_out,
    read_answers,
    read_book,
    read_returned_words,
    verify,
)
from reports.returned.verify import seal_in
from reports.seal import Seal
from reports.wording import Wording, read_wording

_ENDINGS = {".xlsx", ".xlsm"}
_BROUGHT_BY = ("calls", "visits", "by_hand", LIST)
_FILE = "list.xlsx"
_ROWS = pa.schema(
    [("row", pa.int64()), *(field for field in ENTRY_SCHEMA if field.name != "entry_id")]
)
# The columns of the form that a list calls otherwise.
_HEADS = {"recorded_at": "contacted_on", "reason": "verdict_reason", "recorded_by": "manager_id"}


@dataclass(frozen=True, kw_only=True)
class BroughtBack:
    """What a workbook added to the ledger.

    Attributes:
        new_contacts: Rows with new contact details, which stay in the workbook.
        checked_by: ``run``, ``signature`` or ``checksum``.
    """

    fed: FedBack
    seal: Seal
    new_contacts: int
    checked_by: str

    def as_dict(self) -> dict[str, Any]:
        """Return the counts, and which list it is."""
        told = {"run": self.seal.run, "list_id": self.seal.id, "checked_by": self.checked_by}
        return {**self.fed.as_dict(), **told, "new_contacts": self.new_contacts}

    def text(self) -> str:
        """Return what was added in a few sentences."""
        checked = {
            "run": "compared with its run",
            "signature": "checked by its signature",
            "checksum": "checked by a checksum, which a forger could make: no key is set",
        }[self.checked_by]
        told = f"List {self.seal.id} of {self.seal.run}, {checked}. {self.fed.text()}"
        if self.new_contacts:
            told += (
                f" {self.new_contacts:,} rows give new contact details: hand the workbook to the"
                " customer records, the ledger keeps none."
            )
        return told


def handed_out(path: Path) -> Book | None:
    """Return a workbook that was handed out; None for a form of any other kind."""
    if path.suffix.lower() not in _ENDINGS or not path.is_file():
        return None
    book = read_book(path)
    return book if is_handed_out(book, read_wording()) else None


def bring_back(
    config: Config, book: Book, *, method: str | None = None, recorded_by: str | None = None
) -> BroughtBack:
    """Check a workbook and add what people filled in to the ledger.

    Args:
        config: Where the dataset and the runs are, and the key's name.
        book: Of `handed_out`.
        method: How everybody was contacted; without it as the list says, or by phone.
        recorded_by: Who recorded all of it; without it the list's manager.

    Raises:
        DataError: It is not as it was handed out, or a row cannot be taken; sheet, row, column
            and remedy are named in both languages, and nothing is added.
    """
    wording = read_wording()
    refusal = Refusal(label=book.label, words=read_returned_words())
    sheet = find_sheet(book, wording, refusal)
    seal, checked_by = _verified(config, book, sheet, wording=wording, refusal=refusal)
    if seal.kind not in _BROUGHT_BY:
        raise refusal.whole("no_feedback", seal.kind)
    answers = read_answers(
        sheet,
        kind=seal.kind,
        method=method,
        recorded_by=recorded_by,
        wording=wording,
        methods=read_plan_wording().methods,
    )
    refusal.marked(sheet.title, answers.marks)
    dataset = open_dataset(config.data)
    rows = pa.Table.from_pylist(answers.rows, _ROWS)
    brought = add_rows(
        dataset, rows, lambda faults: refusal.marked(sheet.title, _marks(faults, sheet, rows))
    )
    silent = answers.counted - brought.rows + brought.silent
    fed = FedBack(
        ledger=ledger_folder(dataset.folder),
        brought=replace(brought, rows=answers.counted, silent=silent),
        ignored=(),
    )
    return BroughtBack(fed=fed, seal=seal, new_contacts=answers.new_contacts, checked_by=checked_by)


def _verified(
    config: Config, book: Book, sheet: Returned, *, wording: Wording, refusal: Refusal
) -> tuple[Seal, str]:
    path = _original(config, sheet)
    key = sealing_key(config.sealing)
    seal = verify(
        book,
        sheet,
        key=key,
        original=None if path is None else lambda: _sheet_of(path, wording),
        original_seal=None if path is None else _seal_of(path, sheet.run),
        refusal=refusal,
    )
    if path is not None:
        return seal, "run"
    return seal, "signature" if seal.method == "hmac-sha256" else "checksum"


def _original(config: Config, sheet: Returned) -> Path | None:
    """Return the list as its run wrote it; None where the run is not here."""
    folder = config.outputs / sheet.run
    is_name = sheet.run and Path(sheet.run).name == sheet.run
    if sheet.kind != LIST or not is_name or not (folder / _FILE).is_file():
        return None
    read_manifest(folder)
    return folder / _FILE


def _seal_of(path: Path, run: str) -> Seal:
    return seal_in(read_book(path, cells=False), run, _refusal_of(path))


def _sheet_of(path: Path, wording: Wording) -> Returned:
    return find_sheet(read_book(path), wording, _refusal_of(path))


def _refusal_of(path: Path) -> Refusal:
    return Refusal(label=str(path), words=read_returned_words())


def _marks(faults: Sequence[Fault], sheet: Returned, rows: pa.Table) -> list[Mark]:
    """Word the faults of the form by the heads of the sheet."""
    given = {row["row"]: row for row in rows.to_pylist()}
    return [
        Mark(
            row=fault.row,
            head=sheet.heads.get(_HEADS.get(fault.column, fault.column), ""),
            code=fault.rule,
            value=_value(given[fault.row].get(fault.column)),
        )
        for fault in faults
    ]


def _value(value: Any) -> str:
    if value is None:
        return ""
    return value.date().isoformat() if hasattr(value, "date") else str(value)
