"""Whether a workbook that comes back is the one that was handed out, with only answers added.

What it is compared with is the list of its run, where that is here; else its own seal, by the
utility's key. A seal without a key is a checksum: it finds slips, not forgers (reports.seal).
"""

from collections.abc import Callable

from reports.handouts.sheet import KEYS as HANDOUT_KEYS
from reports.list_sheet import KEYS as LIST_KEYS
from reports.returned.book import Book, Returned
from reports.returned.words import Refusal
from reports.seal import PROPERTY, Seal, canonical, make_seal, read_seal


def seal_in(book: Book, run: str, refusal: Refusal) -> Seal:
    """Return a workbook's seal.

    Raises:
        DataError: It has none, or a broken one.
    """
    told = book.properties.get(PROPERTY)
    if not told or not run:
        raise refusal.whole("not_ours")
    return read_seal(run, told, book.label)


def verify(
    book: Book, sheet: Returned, *, key: bytes | None, original: Callable[[], Returned] | None,
    original_seal: Seal | None, refusal: Refusal, signed: bool = True,
) -> Seal:  # fmt: skip
    """Return the seal of a workbook once it holds.

    Args:
        key: The utility's; None where the environment has none.
        original: Reads the sheet as its run has it, once something is wrong; None where the run
            is not here.
        original_seal: That sheet's seal.
        signed: Whether its signature has to hold, where there is no other seal; not where every
            row is compared with the run's besides.

    Raises:
        DataError: The seal is not that of the run, or not signed as it must be, or rows or
            locked cells are not those that it was made of.
    """
    seal = seal_in(book, sheet.run, refusal)
    if original_seal is not None:
        if seal != original_seal:
            raise refusal.whole("of_other_run", sheet.run)
    elif signed:
        _check_signature(seal, key, refusal)
    found = _seal_again(seal, sheet)
    if found.cells == seal.cells and found.keys == seal.keys:
        return seal
    had = None if original is None else original()
    if found.keys != seal.keys:
        raise refusal.whole("rows_changed", _rows_told(sheet, had, found=found, seal=seal))
    raise refusal.whole("cells_changed", _cell_told(sheet, had))


def check_part(part: Returned, whole: Returned, refusal: Refusal) -> None:
    """Check that a sheet holds rows of another as they are there; it may lack rows and columns.

    Raises:
        DataError: It has a row that the other has not, or a locked cell is not that of the other.
    """
    had, columns = _by_key(whole), [one for one in part.locked if one in whole.locked]
    for key, number in _by_key(part).items():
        if key not in had:
            raise refusal.whole("rows_changed", f"{part.title} {number}")
        for column in columns:
            if _told(part, number, column) != _told(whole, had[key], column):
                where = f"{part.title} {number} {part.heads[column]}"
                raise refusal.whole("cells_changed", where)


def _check_signature(seal: Seal, key: bytes | None, refusal: Refusal) -> None:
    if seal.method == "hmac-sha256" and key is None:
        raise refusal.whole("no_key", seal.run)
    if seal.method == "sha256" and key is not None:
        raise refusal.whole("unsigned", seal.run)
    if not seal.is_whole(key):
        raise refusal.whole("forged")


def _seal_again(seal: Seal, sheet: Returned) -> Seal:
    return make_seal(
        seal.run,
        seal.kind,
        heads=sheet.locked,
        keys=_keys(sheet),
        rows=sheet.locked_rows(),
        key=None,
    )


def _keys(sheet: Returned) -> list[str]:
    keys = LIST_KEYS if sheet.kind == "list" else HANDOUT_KEYS
    return [one for one in keys if one in sheet.at]


def _rows_told(sheet: Returned, original: Returned | None, *, found: Seal, seal: Seal) -> str:
    counted = f"{found.rows:,} ≠ {seal.rows:,}" if found.rows != seal.rows else ""
    if original is None:
        return counted or sheet.title
    had = set(_by_key(original))
    strange = [number for key, number in _by_key(sheet).items() if key not in had]
    return ", ".join(one for one in (counted, *(f"{sheet.title} {n}" for n in strange[:3])) if one)


def _cell_told(sheet: Returned, original: Returned | None) -> str:
    """Name the first cells that are not those of the original, where that is here."""
    if original is None:
        return sheet.title
    gone = [original.heads[one] for one in original.locked if one not in sheet.at]
    if gone:
        return ", ".join(gone[:3])
    had = _by_key(original)
    changed = (
        f"{sheet.title} {number} {sheet.heads[column]}"
        for key, number in _by_key(sheet).items()
        if key in had
        for column in original.locked
        if _told(sheet, number, column) != _told(original, had[key], column)
    )
    return next(changed, sheet.title)


def _by_key(sheet: Returned) -> dict[tuple[str, ...], int]:
    """Return each row's number on the sheet by its key."""
    keys = _keys(sheet)
    return {tuple(_told(sheet, number, key) for key in keys): number for number in sheet.rows}


def _told(sheet: Returned, number: int, column: str) -> str:
    return canonical(sheet.cell(sheet.rows[number], column))
