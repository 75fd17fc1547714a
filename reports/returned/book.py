"""A workbook that comes back, as it stands: its properties, and the sheet that was handed out.

The list has its heads in the second row; a handout has the ids of its columns in the third,
hidden, and its heads in the fourth. Columns are known by these, in whatever order they stand.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openpyxl

from contract.workbook import refuse_hostile, refusing_broken
from reports.columns import LISTING
from reports.handouts.columns import COLUMNS, FILLED_IN
from reports.handouts.sheet import FIRST_ROW, IDS_ROW
from reports.list_sheet import KEYS, LIST
from reports.records_sheet import FIRST_ROW as RECORDS_FIRST
from reports.records_sheet import IDS_ROW as RECORDS_IDS
from reports.records_sheet import MARK
from reports.returned.words import Refusal
from reports.seal import PROPERTY
from reports.wording import FORM_HEADS, Wording, both

_LIST_HEADS = 1  # the row of the list's heads, from 0
_TOP = FIRST_ROW  # rows that may hold heads
_BROKEN = " 不是可以读取的工作簿，请打开后另存为 .xlsx。"
_RUN = {"list": "run_id", "handout": "run", "records": "run_id"}

Cells = tuple[Any, ...]


@dataclass(frozen=True, kw_only=True)
class Book:
    """What a file holds: custom properties, and the cells of each sheet by its title."""

    label: str
    properties: Mapping[str, str]
    sheets: Mapping[str, Sequence[Cells]]


@dataclass(frozen=True, kw_only=True)
class Returned:
    """The sheet that was handed out, as it came back.

    Attributes:
        kind: ``list``, ``handout``, or ``records``.
        run: The run or plan that the file says it is of.
        at: The place of each known column, by id, in the order of their declaration.
        heads: What people call each of them.
        entries: Those of them that are filled in by people.
        rows: The rows that are not empty, by their number on the sheet.
    """

    kind: str
    title: str
    run: str
    at: Mapping[str, int]
    heads: Mapping[str, str]
    entries: frozenset[str]
    rows: Mapping[int, Cells]

    @property
    def locked(self) -> tuple[str, ...]:
        """The columns that are not filled in."""
        return tuple(column for column in self.at if column not in self.entries)

    def cell(self, row: Cells, column: str) -> Any:
        """Return a cell; None where the sheet has no such column or the row ends before it."""
        at = self.at.get(column, len(row))
        return row[at] if at < len(row) else None

    def locked_rows(self) -> list[list[Any]]:
        """Return the locked cells of the rows that have any."""
        told = ([self.cell(row, column) for column in self.locked] for row in self.rows.values())
        return [cells for cells in told if any(has(cell) for cell in cells)]


def read_book(path: Path, *, cells: bool = True) -> Book:
    """Read a workbook; values where there are formulas.

    Args:
        path: The workbook.
        cells: Whether its sheets are read, which takes a while; else it has none.

    Raises:
        DataError: It is no workbook, or one that nobody should open.
    """
    with refusing_broken(path.name, _BROKEN), path.open("rb") as content:
        refuse_hostile(content, path.name)
        book = openpyxl.load_workbook(content, read_only=True, data_only=True, keep_links=False)
        own = {one.name: str(one.value) for one in book.custom_doc_props.props}
        return Book(label=path.name, properties=own, sheets=_sheets(book) if cells else {})


def _sheets(book: Any) -> dict[str, list[Cells]]:
    sheets = {}
    for sheet in book.worksheets:
        # A wrong recorded size would cut rows off in silence; the cells themselves decide.
        sheet.reset_dimensions()
        sheets[sheet.title] = list(sheet.iter_rows(values_only=True))
    return sheets


def is_handed_out(book: Book, wording: Wording) -> bool:
    """Whether a workbook is one of ours, sealed or not, and no form of somebody else."""
    return PROPERTY in book.properties or any(
        _list_columns(rows, wording) or _handout_columns(rows) for rows in book.sheets.values()
    )


def find_sheets(book: Book, wording: Wording, refusal: Refusal) -> list[Returned]:
    """Return the sheets that were handed out, the list or handout first.

    After a list there may be sheets with rows of it, and one for other records.

    Raises:
        DataError: No sheet has the heads of a list or handout, or a head stands twice.
    """
    lists, others = [], []
    heads = {column.id: both(wording.columns[column.id]) for column in LISTING}
    for title, rows in book.sheets.items():
        if found := _list_columns(rows, wording):
            entries = {column.id for column in LISTING if column.is_filled_in}
            lists.append(
                _returned(
                    book, title, found=found, heads=heads, entries=entries, kind=LIST,
                    refusal=refusal,
                )
            )  # fmt: skip
        elif found := _record_columns(rows):
            named = {id_: both(wording.form[id_]) for _, id_ in found}
            others.append(
                _returned(
                    book, title, found=found, heads=named, entries=set(named), kind="records",
                    refusal=refusal,
                )
            )  # fmt: skip
        if found := _handout_columns(rows):
            named = {id_: _head(rows, at) for at, id_ in found}
            entries = {id_ for _, id_ in found if COLUMNS[id_].kind in FILLED_IN}
            handout = _returned(
                book, title, found=found, heads=named, entries=entries, kind="handout",
                refusal=refusal,
            )  # fmt: skip
            return [handout]
    if not lists:
        raise refusal.whole("no_sheet")
    # Of sheets with rows of a list, the list itself has the most.
    whole = max(lists, key=lambda one: len(one.rows))
    return [whole, *(one for one in lists if one is not whole), *others]


def _returned(
    book: Book,
    title: str,
    *,
    found: list[tuple[int, str]],
    heads: dict[str, str],
    entries: set[str],
    kind: str,
    refusal: Refusal,
) -> Returned:
    ids = [id_ for _, id_ in found]
    twice = [id_ for id_ in ids if ids.count(id_) > 1]
    if twice:
        raise refusal.whole("two_alike", heads[twice[0]])
    first = {LIST: _LIST_HEADS + 1, "records": RECORDS_FIRST}.get(kind, FIRST_ROW)
    rows = enumerate(book.sheets[title][first:], start=first + 1)
    return Returned(
        kind=kind,
        title=title,
        run=book.properties.get(_RUN[kind], ""),
        at=_in_order({id_: at for at, id_ in found}, kind),
        heads=heads,
        entries=frozenset(entries),
        rows={number: row for number, row in rows if any(has(cell) for cell in row)},
    )


def _in_order(at: dict[str, int], kind: str) -> dict[str, int]:
    """Put the list's columns in the order in which they were sealed; a handout's stay."""
    if kind != LIST:
        return dict(sorted(at.items(), key=lambda one: one[1]))
    return {column.id: at[column.id] for column in LISTING if column.id in at}


def _list_columns(rows: Sequence[Cells], wording: Wording) -> list[tuple[int, str]]:
    """Return place and id of the list's columns; none where its keys are not among them."""
    if len(rows) <= _LIST_HEADS:
        return []
    ids = {_plain(both(wording.columns[one.id])): one.id for one in LISTING}
    named = [(at, ids.get(_plain(head))) for at, head in enumerate(rows[_LIST_HEADS])]
    found = [(at, id_) for at, id_ in named if id_]
    return found if {*KEYS} <= {id_ for _, id_ in found} else []


def _record_columns(rows: Sequence[Cells]) -> list[tuple[int, str]]:
    if len(rows) <= RECORDS_IDS:
        return []
    named = [(at, str(told or "").partition(MARK)) for at, told in enumerate(rows[RECORDS_IDS])]
    return [(at, id_) for at, (_, mark, id_) in named if mark and id_ in FORM_HEADS]


def _handout_columns(rows: Sequence[Cells]) -> list[tuple[int, str]]:
    if len(rows) < _TOP:
        return []
    found = [(at, str(id_)) for at, id_ in enumerate(rows[IDS_ROW]) if id_ in COLUMNS]
    return found if any(id_ == "no" for _, id_ in found) else []


def _head(rows: Sequence[Cells], at: int) -> str:
    heads = rows[IDS_ROW + 1]
    return " ".join(str(heads[at] if at < len(heads) else "").split())


def _plain(head: Any) -> str:
    return "".join(str(head or "").split()).casefold()


def has(cell: Any) -> bool:
    """Whether a cell holds something."""
    return cell is not None and str(cell).strip() != ""
