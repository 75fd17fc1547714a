"""The ledger as it stood: which money paid which bill, replayed in the order it became known.

Events of one customer are replayed by the moment the utility knew them: a bill is issued or
cancelled, a payment or reversal is posted. Every change of a bill's state writes a new *version*
of the bill. A past day's ledger is the version in force then, so money that comes later changes
no earlier day (contract.md, allocation and settlement).

Rules, each tested against a slow reference (tests/contract/ledger_reference.py):
- money that names a bill pays that bill, whole; it stays there even when it is too much;
- other money pays the open bills, oldest due first, and what is left waits as credit;
- a reversal undoes the payment it names, else takes from the bill it names, else undoes the
  newest allocations; what it cannot undo is without effect;
- a cancelled bill gives its money back as credit;
- a bill is settled since the moment, by the clock of ``paid_at``, from which its allocated sum
  has stayed at the amount less one fen, and cleared since less than one yuan is left.
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

Ints = NDArray[np.int64]

NEVER = np.iinfo(np.int64).max  # a moment that has not come
SETTLE_TOLERANCE_FEN = 1  # contract.md: 0.01 yuan
MATERIAL_FEN = 100  # design.md 3: late means a residual of one yuan or more
DAY_US = 86_400_000_000

_PENDING, _OPEN, _GONE = 0, 1, 2

# The kernel works on one array of numbers for each kind of thing, a row a property, and all of
# it stands in this one file. Tuples of arrays read better but took four fifths of the time in
# counting references, and numba's cache does not see a change in another file.
_ISSUED, _DUE, _CANCELLED, _OWED = range(4)  # of bills
_POSTED, _PAID_AT, _SUM, _NAMED, _REVERSES = range(5)  # of payments
_FILLED, _VERSION_OF, _KNOWN, _PAID, _PAID_BY_DUE, _SETTLED, _CLEARED, _PAYMENTS = range(8)

# Of one customer's book. Pieces of money on bills form a chain a bill, by moment: the head of the
# bill, then what follows each piece. Credit waits in lots. Sizes count pieces, then lots.
_SIZES, _STATE, _HEAD = range(3)
_PIECE_BILL, _PIECE_PAYMENT, _PIECE_MOMENT, _PIECE_AMOUNT, _PIECE_LEFT, _FOLLOWING = range(3, 9)
_PIECE_PAID_AT = 9
_LOT_PAYMENT, _LOT_PAID_AT, _LOT_LEFT = range(10, 13)
_BOOK_ROWS = 13


class Bills(NamedTuple):
    """Bills of one bucket sorted by customer, issue, due day and id; moments in microseconds.

    ``start`` holds, a customer, the offset of the first bill, and the total at the end.
    """

    start: Ints
    issued: Ints
    due: Ints
    cancelled: Ints
    amount: Ints


class Payments(NamedTuple):
    """Payments of the same customers sorted by customer, posting, payment moment and id.

    ``bill`` and ``reverses`` are row numbers of the bill and payment that are named, or -1.
    """

    start: Ints
    posted: Ints
    paid: Ints
    amount: Ints
    bill: Ints
    reverses: Ints


class Versions(NamedTuple):
    """One row a version of a bill, in the order written: the first ``filled[0]`` rows.

    A version holds from ``known_from`` until the next version of the same bill.
    ``settled`` and ``cleared`` are NEVER while the bill is open by that measure.
    """

    filled: Ints
    bill: Ints
    known_from: Ints
    paid: Ints
    paid_by_due: Ints
    settled: Ints
    cleared: Ints
    payments: Ints


def replay(bills: Bills, payments: Payments) -> Versions:
    """Return every version of every bill, the versions of one bill in the order known."""
    owed, paid = np.stack(bills[1:]), np.stack(payments[1:])
    room = 2 * (owed.shape[1] + paid.shape[1]) + 64
    pieces = 4 * (_most(bills.start) + _most(payments.start)) + 64
    while True:
        versions, book = np.empty((8, room), np.int64), np.zeros((_BOOK_ROWS, pieces), np.int64)
        if _replay_all(bills.start, payments.start, owed, paid, book, versions):
            filled = versions[_FILLED, :1].copy()
            return Versions(filled, *(row[: filled[0]] for row in versions[1:]))
        room, pieces = 2 * room, 2 * pieces


def _most(start: Ints) -> int:
    return int(np.diff(start).max(initial=0))


@njit(cache=True, nogil=True)
def _replay_all(
    bill_start: Ints, payment_start: Ints, bills: Ints, payments: Ints, book: Ints, versions: Ints
) -> bool:
    """Replay customer by customer; False when a working array was too small."""
    versions[_FILLED, 0] = 0
    for customer in range(len(bill_start) - 1):
        bill, last = bill_start[customer], bill_start[customer + 1]
        entry, end = payment_start[customer], payment_start[customer + 1]
        book[_SIZES, :2] = 0
        book[_STATE, : last - bill] = _PENDING
        book[_HEAD, : last - bill] = -1
        if not _replay_customer(bills, payments, book, versions, bill, last, entry, end):
            return False
    return True


@njit(cache=True, nogil=True)
def _replay_customer(
    bills: Ints,
    payments: Ints,
    book: Ints,
    versions: Ints,
    first: int,
    last: int,
    payment: int,
    end: int,
) -> bool:
    bill = first
    while True:
        issue_at = bills[_ISSUED, bill] if bill < last else NEVER
        post_at = payments[_POSTED, payment] if payment < end else NEVER
        gone = _next_cancelled(bills, book, first, last)
        cancel_at = bills[_CANCELLED, gone] if gone >= 0 else NEVER
        if issue_at == NEVER and post_at == NEVER and cancel_at == NEVER:
            return True
        if not _has_room(book, versions, last - first):
            return False
        before = book[_SIZES, 0]
        if issue_at <= cancel_at and issue_at <= post_at:
            book[_STATE, bill - first] = _OPEN
            _use_credit(bills, book, first, last, issue_at)
            _write_version(bills, book, versions, first, bill, issue_at)
            bill += 1
            now = issue_at
        elif cancel_at <= post_at:
            _cancel(book, gone - first)
            _use_credit(bills, book, first, last, cancel_at)
            now = cancel_at
        else:
            _post(bills, payments, book, first, last, payment)
            payment += 1
            now = post_at
        _write_touched(bills, book, versions, first, before, now)


@njit(cache=True, nogil=True)
def _has_room(book: Ints, versions: Ints, bills: int) -> bool:
    """One event adds at most a piece a bill, a piece a piece, and a version a bill."""
    pieces = 2 * book[_SIZES, 0] + book[_SIZES, 1] + bills + 2
    return pieces < book.shape[1] and versions[_FILLED, 0] + bills + 2 < versions.shape[1]


@njit(cache=True, nogil=True)
def _next_cancelled(bills: Ints, book: Ints, first: int, last: int) -> int:
    found = -1
    for bill in range(first, last):
        if bills[_CANCELLED, bill] == NEVER or book[_STATE, bill - first] != _OPEN:
            continue
        if found < 0 or bills[_CANCELLED, bill] < bills[_CANCELLED, found]:
            found = bill
    return found


@njit(cache=True, nogil=True)
def _post(bills: Ints, payments: Ints, book: Ints, first: int, last: int, payment: int) -> None:
    amount, moment = payments[_SUM, payment], payments[_PAID_AT, payment]
    named = payments[_NAMED, payment]
    if named >= 0 and book[_STATE, named - first] == _GONE:
        named = -1
    if amount < 0:
        _reverse(bills, payments, book, first, payment, named)
    elif named >= 0:
        _add_piece(bills, book, first, named - first, payment, moment, moment, amount)
    else:
        _add_lot(book, payment, moment, amount)
    _use_credit(bills, book, first, last, moment)


@njit(cache=True, nogil=True)
def _reverse(bills: Ints, payments: Ints, book: Ints, first: int, payment: int, named: int) -> None:
    left, moment = -payments[_SUM, payment], payments[_PAID_AT, payment]
    undone = payments[_REVERSES, payment]
    if undone < 0 and named >= 0:
        _add_piece(bills, book, first, named - first, payment, moment, moment, -left)
        return
    for lot in range(book[_SIZES, 1] - 1, -1, -1):
        if undone < 0 or book[_LOT_PAYMENT, lot] == undone:
            taken = min(left, book[_LOT_LEFT, lot])
            book[_LOT_LEFT, lot] -= taken
            left -= taken
    for piece in range(book[_SIZES, 0] - 1, -1, -1):
        if left > 0 and (undone < 0 or book[_PIECE_PAYMENT, piece] == undone):
            taken = min(left, book[_PIECE_LEFT, piece])
            if taken > 0:
                book[_PIECE_LEFT, piece] -= taken
                left -= taken
                bill = book[_PIECE_BILL, piece]
                _add_piece(bills, book, first, bill, payment, moment, moment, -taken)


@njit(cache=True, nogil=True)
def _cancel(book: Ints, bill: int) -> None:
    book[_STATE, bill] = _GONE
    for piece in range(book[_SIZES, 0]):
        if book[_PIECE_BILL, piece] == bill and book[_PIECE_LEFT, piece] > 0:
            _add_lot(
                book,
                book[_PIECE_PAYMENT, piece],
                book[_PIECE_PAID_AT, piece],
                book[_PIECE_LEFT, piece],
            )
            book[_PIECE_LEFT, piece] = 0


@njit(cache=True, nogil=True)
def _add_lot(book: Ints, payment: int, paid: int, amount: int) -> None:
    lot = book[_SIZES, 1]
    book[_LOT_PAYMENT, lot] = payment
    book[_LOT_PAID_AT, lot] = paid
    book[_LOT_LEFT, lot] = amount
    book[_SIZES, 1] += 1


@njit(cache=True, nogil=True)
def _use_credit(bills: Ints, book: Ints, first: int, last: int, moment: int) -> None:
    """Give waiting credit to open bills, oldest due first; used-up lots leave the list."""
    kept = 0
    for lot in range(book[_SIZES, 1]):
        while book[_LOT_LEFT, lot] > 0:
            bill = _oldest_open(bills, book, first, last)
            if bill < 0:
                break
            short = bills[_OWED, first + bill] - _allocated(book, bill, NEVER)
            amount = min(short, book[_LOT_LEFT, lot])
            book[_LOT_LEFT, lot] -= amount
            paid = book[_LOT_PAID_AT, lot]
            payment = book[_LOT_PAYMENT, lot]
            _add_piece(bills, book, first, bill, payment, paid, max(paid, moment), amount)
        if book[_LOT_LEFT, lot] > 0:
            book[_LOT_PAYMENT, kept] = book[_LOT_PAYMENT, lot]
            book[_LOT_PAID_AT, kept] = book[_LOT_PAID_AT, lot]
            book[_LOT_LEFT, kept] = book[_LOT_LEFT, lot]
            kept += 1
    book[_SIZES, 1] = kept


@njit(cache=True, nogil=True)
def _oldest_open(bills: Ints, book: Ints, first: int, last: int) -> int:
    """Return the open bill due first; ties go to the one issued first, then to the lower id."""
    found = -1
    for bill in range(last - first):
        if book[_STATE, bill] != _OPEN:
            continue
        due = bills[_DUE, first + bill]
        if found >= 0 and due >= bills[_DUE, first + found]:
            continue
        if _allocated(book, bill, NEVER) < bills[_OWED, first + bill] - SETTLE_TOLERANCE_FEN:
            found = bill
    return found


@njit(cache=True, nogil=True)
def _allocated(book: Ints, bill: int, before: int) -> int:
    total, piece = 0, book[_HEAD, bill]
    while piece >= 0 and book[_PIECE_MOMENT, piece] < before:
        total += book[_PIECE_AMOUNT, piece]
        piece = book[_FOLLOWING, piece]
    return total


@njit(cache=True, nogil=True)
def _add_piece(
    bills: Ints,
    book: Ints,
    first: int,
    bill: int,
    payment: int,
    paid: int,
    moment: int,
    amount: int,
) -> None:
    """Put money on a bill, not before its issue, and hang it into the bill's chain by moment."""
    piece = book[_SIZES, 0]
    book[_SIZES, 0] += 1
    book[_PIECE_BILL, piece] = bill
    book[_PIECE_PAYMENT, piece] = payment
    book[_PIECE_PAID_AT, piece] = paid
    book[_PIECE_MOMENT, piece] = max(moment, bills[_ISSUED, first + bill])
    book[_PIECE_AMOUNT, piece] = amount
    book[_PIECE_LEFT, piece] = max(amount, 0)
    after, ahead = -1, book[_HEAD, bill]
    while ahead >= 0 and book[_PIECE_MOMENT, ahead] <= book[_PIECE_MOMENT, piece]:
        after, ahead = ahead, book[_FOLLOWING, ahead]
    book[_FOLLOWING, piece] = ahead
    if after < 0:
        book[_HEAD, bill] = piece
    else:
        book[_FOLLOWING, after] = piece


@njit(cache=True, nogil=True)
def _write_touched(
    bills: Ints, book: Ints, versions: Ints, first: int, before: int, now: int
) -> None:
    """Write one version for each issued bill that received a piece in this event."""
    for piece in range(before, book[_SIZES, 0]):
        bill = book[_PIECE_BILL, piece]
        seen = False
        for later in range(piece + 1, book[_SIZES, 0]):
            seen = seen or book[_PIECE_BILL, later] == bill
        if not seen and book[_STATE, bill] == _OPEN:
            _write_version(bills, book, versions, first, first + bill, now)


@njit(cache=True, nogil=True)
def _write_version(
    bills: Ints, book: Ints, versions: Ints, first: int, bill: int, now: int
) -> None:
    """Write the state of a bill; one known at the same moment replaces the one before."""
    row = versions[_FILLED, 0]
    for earlier in range(row - 1, -1, -1):
        if versions[_KNOWN, earlier] != now:
            break
        if versions[_VERSION_OF, earlier] == bill:
            row = earlier
            break
    if row == versions[_FILLED, 0]:
        versions[_FILLED, 0] += 1
    local = bill - first
    versions[_VERSION_OF, row] = bill
    versions[_KNOWN, row] = now
    versions[_PAID, row] = _allocated(book, local, NEVER)
    versions[_PAID_BY_DUE, row] = _allocated(book, local, bills[_DUE, bill] + DAY_US)
    versions[_SETTLED, row] = _reached(book, local, bills, bill, SETTLE_TOLERANCE_FEN)
    versions[_CLEARED, row] = _reached(book, local, bills, bill, MATERIAL_FEN - 1)
    versions[_PAYMENTS, row] = _payments(book, local)


@njit(cache=True, nogil=True)
def _reached(book: Ints, local: int, bills: Ints, bill: int, short: int) -> int:
    """Return since when the allocated sum has stayed at the amount less ``short``."""
    goal = bills[_OWED, bill] - short
    since = bills[_ISSUED, bill] if goal <= 0 else NEVER
    total, piece = 0, book[_HEAD, local]
    while piece >= 0:
        total += book[_PIECE_AMOUNT, piece]
        if total < goal:
            since = NEVER
        elif since == NEVER:
            since = book[_PIECE_MOMENT, piece]
        piece = book[_FOLLOWING, piece]
    return since


@njit(cache=True, nogil=True)
def _payments(book: Ints, local: int) -> int:
    count, piece = 0, book[_HEAD, local]
    while piece >= 0:
        count += book[_PIECE_LEFT, piece] > 0
        piece = book[_FOLLOWING, piece]
    return count
