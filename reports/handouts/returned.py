"""Screening sheets that come back: what a person made of each row (R000-15)."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa

from collection.handouts import DECISIONS, SCREENED
from contract.errors import DataError
from contract.workbook import refuse_hostile, refusing_broken
from reports.handouts.sheet import FIRST_ROW, IDS_ROW
from reports.handouts.words import Dictionary

_WANTED = ("customer_id", "decision", "reason_given")


def read_screened(paths: Sequence[Path], *, run: str, words: Dictionary) -> pa.Table:
    """Read filled-in screening sheets; a row without a decision stays undecided.

    Args:
        paths: The sheets, as ``write_handouts`` wrote them and a person filled them in.
        run: The plan that they must be of.
        words: Words in the language of the sheets, or in any other.

    Returns:
        One row a customer (SCREENED).

    Raises:
        DataError: A file is no screening sheet of this plan, or a decision is not one of the
            list; all of a file's are named.
    """
    rows = [row for path in paths for row in _rows(path, run, words)]
    return pa.Table.from_pylist(rows, schema=SCREENED)


def _rows(path: Path, run: str, words: Dictionary) -> list[dict[str, str | None]]:
    cells = _cells(path, run)
    heads = [str(one or "") for one in cells[IDS_ROW]]
    missing = [column for column in _WANTED if column not in heads]
    if missing:
        raise DataError(f"{path.name}: column {missing[0]} is gone. Hand in the sheet as it was.")
    at = {column: heads.index(column) for column in _WANTED}
    meanings = _meanings(words)
    found: list[dict[str, str | None]] = []
    wrong = []
    for number, row in enumerate(cells[FIRST_ROW:], start=FIRST_ROW + 1):
        customer, said, why = (_text(row[at[column]]) for column in _WANTED)
        decision = meanings.get(said.casefold()) if said else None
        if said and decision is None:
            wrong.append(number)
        if customer:
            told = {"customer_id": customer, "decision": decision, "reason_given": why or None}
            found.append(told)
    if wrong:
        choices = " / ".join(words.word("decisions", code) for code in DECISIONS)
        raise DataError(
            f"{path.name}: {len(wrong)} decisions are not of the list (first: row {wrong[0]})."
            f" Pick {choices}, or leave the cell empty."
        )
    return found


def _cells(path: Path, run: str) -> list[tuple[Any, ...]]:
    with refusing_broken(path.name), path.open("rb") as content:
        refuse_hostile(content, path.name)
        workbook = openpyxl.load_workbook(content, data_only=True, keep_links=False)
    own = {one.name: one.value for one in workbook.custom_doc_props.props}
    if own.get("list") != "screening" or own.get("run") != run:
        raise DataError(
            f"{path.name}: not a screening sheet of plan {run}"
            f" (list {own.get('list')}, plan {own.get('run')}). Hand in the sheets of this plan."
        )
    return list(workbook.worksheets[0].iter_rows(values_only=True))


def _meanings(words: Dictionary) -> dict[str, str]:
    """Return the code of whatever a person may have picked or typed, in either language."""
    texts = words.own.decisions
    return {
        said.casefold(): code
        for code in DECISIONS
        for said in _said(code, texts[code].zh, texts[code].en)
    }


def _said(code: str, zh: str, en: str) -> Iterable[str]:
    return (code, zh, en, f"{zh} {en}")


def _text(value: Any) -> str:
    return "" if value is None else str(value).strip()
