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

_PENDING, _OPEN, _CANCELLED = 0, 1, 2


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


class _Book(NamedTuple):
    """Working arrays for one customer: pieces of money on bills, and lots of credit.

    Pieces of a bill form a chain by moment: ``head[bill]``, then ``following[piece]``.
    ``size`` counts pieces and lots.
    """

    state: Ints
    head: Ints
    size: Ints
    piece_bill: Ints
    piece_payment: Ints
    piece_paid: Ints
    piece_moment: Ints
    piece_amount: Ints
    piece_left: Ints
    following: Ints
    lot_payment: Ints
    lot_paid: Ints
    lot_left: Ints


def replay(bills: Bills, payments: Payments) -> Versions:
    """Return every version of every bill, the versions of one bill in the order known."""
    room = 2 * (len(bills.issued) + len(payments.posted)) + 64
    pieces = 4 * (_most(bills.start) + _most(payments.start)) + 64
    while True:
        versions = Versions(_zeros(1), *(_zeros(room) for _ in range(7)))
        if _replay_all(bills, payments, _book(_most(bills.start), pieces), versions):
            return Versions(versions.filled, *(part[: versions.filled[0]] for part in versions[1:]))
        room, pieces = 2 * room, 2 * pieces


def _most(start: Ints) -> int:
    return int(np.diff(start).max(initial=0))


def _zeros(size: int) -> Ints:
    return np.zeros(size, np.int64)


def _book(bills: int, pieces: int) -> _Book:
    sizes = (bills + 1, bills + 1, 2, *([pieces] * 10))
    return _Book(*(_zeros(size) for size in sizes))


@njit(cache=True)
def _replay_all(bills: Bills, payments: Payments, book: _Book, versions: Versions) -> bool:
    """Replay customer by customer; False when a working array was too small."""
    for customer in range(len(bills.start) - 1):
        first, last = bills.start[customer], bills.start[customer + 1]
        book.state[: last - first] = _PENDING
        book.head[: last - first] = -1
        book.size[:] = 0
        if not _replay_customer(bills, payments, book, versions, customer):
            return False
    return True


@njit(cache=True)
def _replay_customer(
    bills: Bills, payments: Payments, book: _Book, versions: Versions, customer: int
) -> bool:
    first, last = bills.start[customer], bills.start[customer + 1]
    bill, payment = first, payments.start[customer]
    end = payments.start[customer + 1]
    while True:
        issue_at = bills.issued[bill] if bill < last else NEVER
        post_at = payments.posted[payment] if payment < end else NEVER
        gone = _next_cancelled(bills, book, first, last)
        cancel_at = bills.cancelled[gone] if gone >= 0 else NEVER
        if issue_at == NEVER and post_at == NEVER and cancel_at == NEVER:
            return True
        if not _has_room(book, versions, last - first):
            return False
        before = book.size[0]
        if issue_at <= cancel_at and issue_at <= post_at:
            book.state[bill - first] = _OPEN
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


@njit(cache=True)
def _has_room(book: _Book, versions: Versions, bills: int) -> bool:
    """One event adds at most a piece a bill, a piece a piece, and a version a bill."""
    pieces = 2 * book.size[0] + book.size[1] + bills + 2
    return pieces < len(book.piece_bill) and versions.filled[0] + bills + 2 < len(versions.bill)


@njit(cache=True)
def _next_cancelled(bills: Bills, book: _Book, first: int, last: int) -> int:
    found = -1
    for bill in range(first, last):
        if bills.cancelled[bill] == NEVER or book.state[bill - first] != _OPEN:
            continue
        if found < 0 or bills.cancelled[bill] < bills.cancelled[found]:
            found = bill
    return found


@njit(cache=True)
def _post(
    bills: Bills, payments: Payments, book: _Book, first: int, last: int, payment: int
) -> None:
    amount, moment = payments.amount[payment], payments.paid[payment]
    named = payments.bill[payment]
    if named >= 0 and book.state[named - first] == _CANCELLED:
        named = -1
    if amount < 0:
        _reverse(bills, payments, book, first, payment, named)
    elif named >= 0:
        _add_piece(bills, book, first, named - first, payment, moment, moment, amount)
    else:
        _add_lot(book, payment, moment, amount)
    _use_credit(bills, book, first, last, moment)


@njit(cache=True)
def _reverse(
    bills: Bills, payments: Payments, book: _Book, first: int, payment: int, named: int
) -> None:
    left, moment = -payments.amount[payment], payments.paid[payment]
    undone = payments.reverses[payment]
    if undone < 0 and named >= 0:
        _add_piece(bills, book, first, named - first, payment, moment, moment, -left)
        return
    for lot in range(book.size[1] - 1, -1, -1):
        if undone < 0 or book.lot_payment[lot] == undone:
            taken = min(left, book.lot_left[lot])
            book.lot_left[lot] -= taken
            left -= taken
    for piece in range(book.size[0] - 1, -1, -1):
        if left > 0 and (undone < 0 or book.piece_payment[piece] == undone):
            taken = min(left, book.piece_left[piece])
            if taken > 0:
                book.piece_left[piece] -= taken
                left -= taken
                bill = book.piece_bill[piece]
                _add_piece(bills, book, first, bill, payment, moment, moment, -taken)


@njit(cache=True)
def _cancel(book: _Book, bill: int) -> None:
    book.state[bill] = _CANCELLED
    for piece in range(book.size[0]):
        if book.piece_bill[piece] == bill and book.piece_left[piece] > 0:
            _add_lot(
                book, book.piece_payment[piece], book.piece_paid[piece], book.piece_left[piece]
            )
            book.piece_left[piece] = 0


@njit(cache=True)
def _add_lot(book: _Book, payment: int, paid: int, amount: int) -> None:
    lot = book.size[1]
    book.lot_payment[lot] = payment
    book.lot_paid[lot] = paid
    book.lot_left[lot] = amount
    book.size[1] += 1


@njit(cache=True)
def _use_credit(bills: Bills, book: _Book, first: int, last: int, moment: int) -> None:
    """Give waiting credit to open bills, oldest due first; used-up lots leave the list."""
    kept = 0
    for lot in range(book.size[1]):
        while book.lot_left[lot] > 0:
            bill = _oldest_open(bills, book, first, last)
            if bill < 0:
                break
            short = bills.amount[first + bill] - _allocated(book, bill, NEVER)
            amount = min(short, book.lot_left[lot])
            book.lot_left[lot] -= amount
            paid = book.lot_paid[lot]
            payment = book.lot_payment[lot]
            _add_piece(bills, book, first, bill, payment, paid, max(paid, moment), amount)
        if book.lot_left[lot] > 0:
            book.lot_payment[kept] = book.lot_payment[lot]
            book.lot_paid[kept] = book.lot_paid[lot]
            book.lot_left[kept] = book.lot_left[lot]
            kept += 1
    book.size[1] = kept


@njit(cache=True)
def _oldest_open(bills: Bills, book: _Book, first: int, last: int) -> int:
    """Return the open bill due first; ties go to the one issued first, then to the lower id."""
    found = -1
    for bill in range(last - first):
        if book.state[bill] != _OPEN:
            continue
        due = bills.due[first + bill]
        if found >= 0 and due >= bills.due[first + found]:
            continue
        if _allocated(book, bill, NEVER) < bills.amount[first + bill] - SETTLE_TOLERANCE_FEN:
            found = bill
    return found


@njit(cache=True)
def _allocated(book: _Book, bill: int, before: int) -> int:
    total, piece = 0, book.head[bill]
    while piece >= 0 and book.piece_moment[piece] < before:
        total += book.piece_amount[piece]
        piece = book.following[piece]
    return total


@njit(cache=True)
def _add_piece(
    bills: Bills,
    book: _Book,
    first: int,
    bill: int,
    payment: int,
    paid: int,
    moment: int,
    amount: int,
) -> None:
    """Put money on a bill, not before its issue, and hang it into the bill's chain by moment."""
    piece = book.size[0]
    book.size[0] += 1
    book.piece_bill[piece] = bill
    book.piece_payment[piece] = payment
    book.piece_paid[piece] = paid
    book.piece_moment[piece] = max(moment, bills.issued[first + bill])
    book.piece_amount[piece] = amount
    book.piece_left[piece] = max(amount, 0)
    after, ahead = -1, book.head[bill]
    while ahead >= 0 and book.piece_moment[ahead] <= book.piece_moment[piece]:
        after, ahead = ahead, book.following[ahead]
    book.following[piece] = ahead
    if after < 0:
        book.head[bill] = piece
    else:
        book.following[after] = piece


@njit(cache=True)
def _write_touched(
    bills: Bills, book: _Book, versions: Versions, first: int, before: int, now: int
) -> None:
    """Write one version for each issued bill that received a piece in this event."""
    for piece in range(before, book.size[0]):
        bill = book.piece_bill[piece]
        seen = False
        for later in range(piece + 1, book.size[0]):
            seen = seen or book.piece_bill[later] == bill
        if not seen and book.state[bill] == _OPEN:
            _write_version(bills, book, versions, first, first + bill, now)


@njit(cache=True)
def _write_version(
    bills: Bills, book: _Book, versions: Versions, first: int, bill: int, now: int
) -> None:
    """Write the state of a bill; one known at the same moment replaces the one before."""
    row = versions.filled[0]
    for earlier in range(row - 1, -1, -1):
        if versions.known_from[earlier] != now:
            break
        if versions.bill[earlier] == bill:
            row = earlier
            break
    if row == versions.filled[0]:
        versions.filled[0] += 1
    local = bill - first
    versions.bill[row] = bill
    versions.known_from[row] = now
    versions.paid[row] = _allocated(book, local, NEVER)
    versions.paid_by_due[row] = _allocated(book, local, bills.due[bill] + DAY_US)
    versions.settled[row] = _reached(book, local, bills, bill, SETTLE_TOLERANCE_FEN)
    versions.cleared[row] = _reached(book, local, bills, bill, MATERIAL_FEN - 1)
    versions.payments[row] = _payments(book, local)


@njit(cache=True)
def _reached(book: _Book, local: int, bills: Bills, bill: int, short: int) -> int:
    """Return since when the allocated sum has stayed at the amount less ``short``."""
    goal = bills.amount[bill] - short
    since = bills.issued[bill] if goal <= 0 else NEVER
    total, piece = 0, book.head[local]
    while piece >= 0:
        total += book.piece_amount[piece]
        if total < goal:
            since = NEVER
        elif since == NEVER:
            since = book.piece_moment[piece]
        piece = book.following[piece]
    return since


@njit(cache=True)
def _payments(book: _Book, local: int) -> int:
    count, piece = 0, book.head[local]
    while piece >= 0:
        count += book.piece_left[piece] > 0
        piece = book.following[piece]
    return count
