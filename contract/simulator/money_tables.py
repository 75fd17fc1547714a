"""The rows about money: bills and payments, as known on the day of the cut."""

from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from contract.simulator import columns
from contract.simulator.calendar import DAY, HOUR
from contract.simulator.cell import Cell
from contract.simulator.extras import KINDS
from contract.simulator.payments import REVERSAL, TAKEN_BACK, posting_lag, still_open
from contract.simulator.scene import Scene, numbers_of
from contract.simulator.settling import NEVER

Ints = NDArray[np.int64]


class _Issue(NamedTuple):
    """What is on the bills that are written, one entry a row; ``kind`` is of _BILL_KINDS."""

    issued: Ints
    due: Ints
    fen: Ints
    kind: Ints


class _Money(NamedTuple):
    """What is on the payments that are written, one entry a row."""

    paid: Ints
    posted: Ints
    fen: Ints
    channel: Ints


_BILL_KINDS = ("regular", "small", "rebill", *KINDS)
_SMALL, _REBILL, _EXTRA = 1, 2, 3
_HOLDS = ("none", "disputed", "debit_in_transit")


def known_bills(cell: Cell, scene: Scene) -> Ints:
    """Return the flat positions of the regular bills issued before the cut."""
    bills = cell.accounts.bills
    return np.flatnonzero(bills.exists & (bills.issued < scene.cut))


def known_extras(cell: Cell, scene: Scene) -> Ints:
    """Return the rows of the extra bills issued before the cut."""
    return np.flatnonzero(cell.extras.issued < scene.cut)


def replaced_bills(cell: Cell, scene: Scene) -> Ints:
    """Return the flat positions of bills whose first, wrong issue was before the cut."""
    bills = cell.accounts.bills
    return np.flatnonzero((bills.wrong_fen > 0) & (bills.read < scene.cut))


def build_bills_table(cell: Cell, scene: Scene) -> pa.Table:
    """One row a bill: regular ones, those that were replaced, and the extras."""
    parts = [_regular(cell, scene), _replaced(cell, scene), _extra(cell, scene)]
    return pa.concat_tables(parts)


def _regular(cell: Cell, scene: Scene) -> pa.Table:
    bills, flat = cell.accounts.bills, cell.rng.permutation(known_bills(cell, scene))
    fen = bills.fen.ravel()[flat]
    kind = np.where(bills.small.ravel()[flat], _SMALL, 0)
    kind = np.where(bills.wrong_fen.ravel()[flat] > 0, _REBILL, kind)
    return _bill_rows(
        cell,
        scene,
        flat,
        ids=scene.bill_ids(cell, flat),
        issue=_Issue(bills.issued.ravel()[flat], bills.due.ravel()[flat], fen, kind),
        hold=_holds(cell, flat, scene),
    )


def _replaced(cell: Cell, scene: Scene) -> pa.Table:
    bills, flat = cell.accounts.bills, cell.rng.permutation(replaced_bills(cell, scene))
    cancelled = bills.issued.ravel()[flat]
    return _bill_rows(
        cell,
        scene,
        flat,
        ids=scene.wrong_bill_ids(cell, flat),
        issue=_Issue(
            bills.read.ravel()[flat],
            bills.due.ravel()[flat],
            bills.wrong_fen.ravel()[flat],
            np.zeros(len(flat), np.int64),
        ),
        cancelled=np.where(cancelled < scene.cut, cancelled, NEVER),
    )


def _extra(cell: Cell, scene: Scene) -> pa.Table:
    extras, rows = cell.extras, cell.rng.permutation(known_extras(cell, scene))
    flat, kind = extras.flat[rows], extras.kind[rows]
    return _bill_rows(
        cell,
        scene,
        flat,
        ids=scene.bill_ids(cell, flat, 1 + kind),
        issue=_Issue(extras.issued[rows], extras.due[rows], extras.fen[rows], _EXTRA + kind),
    )


def _bill_rows(
    cell: Cell,
    scene: Scene,
    flat: Ints,
    *,
    ids: NDArray[np.uint8],
    issue: _Issue,
    hold: tuple[Ints, Ints, Ints] | None = None,
    cancelled: Ints | None = None,
) -> pa.Table:
    cycle, person = np.divmod(flat, cell.accounts.shape[1])
    none = np.zeros(len(flat), np.int64)
    held, since, until = hold or (none, none, none)
    gone = np.full(len(flat), NEVER) if cancelled is None else cancelled
    kwh = cell.accounts.bills.kwh.ravel()[flat]
    return pa.table(
        {
            "bill_id": columns.texts(ids),
            "customer_id": scene.customers(cell, person),
            "cycle": pa.array(scene.setting.months.cycle[cycle].astype(np.int32)),
            "issued_on": columns.dates(issue.issued),
            "due_on": columns.dates(issue.due),
            "amount": columns.money(issue.fen),
            "kwh": pa.array(kwh, mask=issue.kind >= _EXTRA),
            "kind": columns.codes(issue.kind, _BILL_KINDS),
            "hold": columns.codes(held, _HOLDS),
            "hold_from_on": columns.dates(since, held > 0),
            "hold_to_on": columns.dates(until, (held > 0) & (until > 0)),
            "cancelled_on": columns.dates(gone, gone < NEVER),
        }
    )


def _holds(cell: Cell, flat: Ints, scene: Scene) -> tuple[Ints, Ints, Ints]:
    """Return the hold of each bill as known at the cut: which, since when, until when or 0."""
    accounts, odd = cell.accounts, scene.setting.world.oddities
    bills, person = accounts.bills, flat % accounts.shape[1]
    settled = cell.course.settled.ravel()[flat] // DAY
    issued = bills.issued.ravel()[flat]
    debit = (accounts.people.arrangement[person] > 0) & ~accounts.premises.agent[
        accounts.people.at[person]
    ]
    transit = debit & (cell.rng.random(len(flat)) < odd.in_transit)
    days = cell.rng.integers(odd.in_transit_days[0], odd.in_transit_days[1] + 1, len(flat))
    disputed = bills.disputed.ravel()[flat]
    since = np.where(disputed, bills.dispute_from.ravel()[flat], issued + 2)
    until = np.where(disputed, bills.dispute_to.ravel()[flat], issued + 2 + days)
    until = np.maximum(np.minimum(until, settled), since)
    hold = np.where(disputed, 1, np.where(transit, 2, 0))
    known = since < scene.cut
    return np.where(known, hold, 0), since, np.where(until < scene.cut, until, 0)


def build_payments_table(cell: Cell, scene: Scene) -> pa.Table:
    """One row a payment, failed debit, reversal or purchase of a prepaid customer."""
    parts = [_of_bills(cell, scene), _of_extras(cell, scene), _purchases(cell, scene)]
    return pa.concat_tables(parts)


def _of_bills(cell: Cell, scene: Scene) -> pa.Table:
    paid = cell.payments
    rows = cell.rng.permutation(np.flatnonzero(paid.posted < scene.cut_second))
    flat, place = paid.bill[rows], paid.place[rows]
    undone = place == REVERSAL
    reverses = np.where(undone, TAKEN_BACK, place)
    return _payment_rows(
        cell,
        scene,
        person=flat % cell.accounts.shape[1],
        ids=scene.payment_ids(cell, flat, place),
        bill=columns.texts(scene.bill_ids(cell, flat), paid.named[rows]),
        money=_Money(paid.paid[rows], paid.posted[rows], paid.fen[rows], paid.channel[rows]),
        failed=paid.failed[rows],
        reverses=columns.texts(scene.payment_ids(cell, flat, reverses), undone),
    )


def _of_extras(cell: Cell, scene: Scene) -> pa.Table:
    extras, people = cell.extras, cell.accounts.people
    usual = people.channel[extras.flat % cell.accounts.shape[1]]
    channel = still_open(usual, extras.settled, scene.setting)
    posted = extras.settled + posting_lag(cell.rng, channel, scene.setting.world)
    rows = cell.rng.permutation(np.flatnonzero(posted < scene.cut_second))
    flat, kind = extras.flat[rows], 1 + extras.kind[rows]
    return _payment_rows(
        cell,
        scene,
        person=flat % cell.accounts.shape[1],
        ids=scene.payment_ids(cell, flat, 0, kind),
        bill=columns.texts(scene.bill_ids(cell, flat, kind)),
        money=_Money(extras.settled[rows], posted[rows], extras.fen[rows], channel[rows]),
    )


def _purchases(cell: Cell, scene: Scene) -> pa.Table:
    told, bought = cell.prepayment, cell.prepayment.purchases
    posted = bought.at + cell.rng.integers(60, HOUR, len(bought.at))  # [I] within the hour
    rows = cell.rng.permutation(np.flatnonzero(posted < scene.cut_second))
    person = told.person[bought.column[rows]]
    usual = cell.accounts.people.channel[person]
    channel = still_open(usual, bought.at[rows], scene.setting)
    return _payment_rows(
        cell,
        scene,
        person=person,
        ids=scene.top_up_ids(numbers_of(cell, person), bought.row[rows], bought.back[rows]),
        bill=pa.nulls(len(rows), pa.string()),
        money=_Money(bought.at[rows], posted[rows], bought.fen[rows], channel),
    )


def _payment_rows(
    cell: Cell,
    scene: Scene,
    *,
    person: Ints,
    ids: NDArray[np.uint8],
    bill: pa.Array,
    money: _Money,
    failed: NDArray[np.bool_] | None = None,
    reverses: pa.Array | None = None,
) -> pa.Table:
    n = len(ids)
    outcome = np.zeros(n, np.int64) if failed is None else failed.astype(np.int64)
    return pa.table(
        {
            "payment_id": columns.texts(ids),
            "customer_id": scene.customers(cell, person),
            "bill_id": bill,
            "paid_at": columns.stamps(money.paid),
            "posted_at": columns.stamps(money.posted),
            "amount": columns.money(money.fen),
            "channel": columns.codes(money.channel, tuple(scene.setting.world.channels)),
            "outcome": columns.codes(outcome, ("ok", "failed")),
            "reverses_id": pa.nulls(n, pa.string()) if reverses is None else reverses,
        }
    )
