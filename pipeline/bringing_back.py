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
from reports.list_sheet import LIST, REPORT
from reports.returned import (
    Answers,
    Book,
    Mark,
    Refusal,
    Returned,
    Told,
    check_part,
    find_sheets,
    is_handed_out,
    read_answers,
    read_book,
    read_returned_words,
    verify,
)
from reports.returned.verify import seal_in
from reports.seal import PROPERTY, Seal
from reports.wording import Wording, read_wording

_ENDINGS = {".xlsx", ".xlsm"}
_BROUGHT_BY = (
    *("calls", "visits", "by_hand", "notices", "manager_scope", "key_accounts"),
    *(LIST, REPORT),
)
_FILE = "list.xlsx"
_ROWS = pa.schema(
    [("row", pa.int64()), *(field for field in ENTRY_SCHEMA if field.name != "entry_id")]
)
# The columns of the form that a list calls otherwise; of a record, and then of a contact.
_OF_RECORDS = {
    "notice_approval": {"recorded_at": "approved_on", "recorded_by": "approved_by"},
    "measures_agreed": {"recorded_at": "agreed_on", "reason": "measures"},
}
_HEADS = {
    "recorded_at": "contacted_on",
    "reason": "verdict_reason",
    "recorded_by": "manager_id",
    "method": "contacted_by",
}


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
        method: How everybody was contacted where a row does not say; without it as planned, or
            by phone.
        recorded_by: Who recorded all of it; without it the list's manager.

    Raises:
        DataError: It is not as it was handed out, or a row cannot be taken; sheet, row, column
            and remedy are named in both languages, and nothing is added.
    """
    wording = read_wording()
    refusal = Refusal(label=book.label, words=read_returned_words())
    sheets = find_sheets(book, wording, refusal)
    seal, checked_by = _verified(config, book, sheets[0], wording=wording, refusal=refusal)
    if seal.kind not in _BROUGHT_BY:
        raise refusal.whole("no_feedback", seal.kind)
    for part in sheets[1:]:
        if part.kind == LIST:
            check_part(part, sheets[0], refusal)
    told = Told(kind=seal.kind, method=method, recorded_by=recorded_by)
    methods = read_plan_wording().methods
    answers = read_answers(sheets, told, wording=wording, methods=methods)
    refusal.marked(answers.marks)
    dataset = open_dataset(config.data)
    rows = pa.Table.from_pylist(answers.rows, _ROWS)
    brought = add_rows(dataset, rows, lambda faults: refusal.marked(_marks(faults, answers)))
    silent = answers.silent + brought.silent
    fed = FedBack(
        ledger=ledger_folder(dataset.folder),
        brought=replace(brought, rows=answers.counted, silent=silent),
        ignored=(),
    )
    return BroughtBack(fed=fed, seal=seal, new_contacts=answers.new_contacts, checked_by=checked_by)


def _verified(
    config: Config, book: Book, sheet: Returned, *, wording: Wording, refusal: Refusal
) -> tuple[Seal, str]:
    path, key = _original(config, sheet), sealing_key(config.sealing)
    is_report = seal_in(book, sheet.run, refusal).kind == REPORT
    # A list from before there were seals has more digits than any program saves again.
    if is_report and path and PROPERTY not in read_book(path, cells=False).properties:
        path = None
    # A report is made when it is wanted; what it is held against is the list of its run.
    own = None if is_report else path
    seal = verify(
        book,
        sheet,
        key=key,
        original=None if own is None else lambda: _sheet_of(own, wording),
        original_seal=None if own is None else _seal_of(own, sheet.run),
        refusal=refusal,
        signed=path is None,
    )
    if is_report and path is not None:
        check_part(sheet, _sheet_of(path, wording), refusal)
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
    return find_sheets(read_book(path), wording, _refusal_of(path))[0]


def _refusal_of(path: Path) -> Refusal:
    return Refusal(label=str(path), words=read_returned_words())


def _marks(faults: Sequence[Fault], answers: Answers) -> list[Mark]:
    """Word the faults of the form by the heads of the sheet."""
    return [_marked(fault, answers) for fault in faults]


def _marked(fault: Fault, answers: Answers) -> Mark:
    entry, (sheet, number) = answers.rows[fault.row], answers.places[fault.row]
    names = {} if sheet.kind == "records" else _HEADS | _OF_RECORDS.get(entry.get("record", ""), {})
    return Mark(
        row=number,
        head=sheet.heads.get(names.get(fault.column, fault.column), ""),
        code=fault.rule,
        value=_value(entry.get(fault.column)),
        sheet=sheet.title,
    )


def _value(value: Any) -> str:
    if value is None:
        return ""
    return value.date().isoformat() if hasattr(value, "date") else str(value)
