"""A bucket's rows as the arrays of the ledger, and the ledger's versions as rows again."""

import numpy as np
import pyarrow as pa

from contract.ledger import DAY_US, NEVER, Bills, Ints, Payments, Versions, replay


def replay_bucket(bills: pa.Table, payments: pa.Table, reverses: pa.Array) -> pa.Table:
    """Return every version of every bill, sorted by bill and moment.

    Args:
        bills: In the ledger's order: customer, issued_on, due_on, cancelled_on, amount_fen.
        payments: By customer and moment of payment, those of nobody last: customer, paid_at,
            posted_at, amount_fen, bill (the row of the bill that is named, or -1), is_money,
            reverses_id.
        reverses: The row of the payment that each payment undoes; null where there is none.

    Returns:
        Columns bill (the row among ``bills``), known_from, known_to (null while in force),
        paid_fen, paid_by_due_fen, settled_at, cleared_at, payments.
    """
    entries = _entries(payments)
    payers = _ints(payments, "customer")[entries]
    owners = _ints(bills, "customer")
    customers = 1 + max(int(ids[-1]) if len(ids) else -1 for ids in (owners, payers))
    versions = replay(
        Bills(
            np.searchsorted(owners, np.arange(customers + 1)),
            _days(bills, "issued_on"),
            _days(bills, "due_on"),
            _days(bills, "cancelled_on"),
            _ints(bills, "amount_fen"),
        ),
        Payments(
            np.searchsorted(payers, np.arange(customers + 1)),
            _ints(payments, "posted_at")[entries],
            _ints(payments, "paid_at")[entries],
            _ints(payments, "amount_fen")[entries],
            _ints(payments, "bill")[entries],
            _undone(payments, reverses, entries),
        ),
    )
    return _as_table(versions)


def _entries(payments: pa.Table) -> Ints:
    """Return the rows of payments that moved somebody's money, each customer's as they posted.

    Rows lie by moment of payment, and few are posted in another order: only the customers of
    those are sorted.
    """
    counts = payments["is_money"].to_numpy() & payments["customer"].is_valid().to_numpy()
    rows = np.flatnonzero(counts)
    customer, posted = _ints(payments, "customer")[rows], _ints(payments, "posted_at")[rows]
    early = (posted[1:] < posted[:-1]) & (customer[1:] == customer[:-1])
    out_of_order = np.flatnonzero(np.isin(customer, customer[1:][early]))
    by_posting = np.lexsort((posted[out_of_order], customer[out_of_order]))  # is stable
    rows[out_of_order] = rows[out_of_order][by_posting]
    return rows


def _undone(payments: pa.Table, reverses: pa.Array, entries: Ints) -> Ints:
    """Return the entry that each entry undoes, or -1.

    A reversal of a payment that is not there names itself, which undoes nothing: were other
    payments undone until the named one arrives, its arrival would change days gone by.
    """
    entry_of = np.full(payments.num_rows + 1, -1)  # the last is that of no payment
    entry_of[entries] = np.arange(len(entries))
    undone = entry_of[reverses.fill_null(-1).to_numpy()[entries]]
    is_reversal = payments["reverses_id"].is_valid().to_numpy()[entries]
    itself = np.where(is_reversal, np.arange(len(entries)), -1)
    return np.where(undone >= 0, undone, itself)


def _ints(table: pa.Table, column: str) -> Ints:
    """Return a column as numbers, moments in microseconds; what is not known is -1."""
    values = table[column].combine_chunks()
    return values.cast(pa.int64()).fill_null(-1).to_numpy()


def _days(table: pa.Table, column: str) -> Ints:
    """Return a column of days as moments in microseconds; NEVER where there is none."""
    days = table[column].combine_chunks()
    moments = days.cast(pa.int32()).cast(pa.int64()).fill_null(0).to_numpy() * DAY_US
    return np.where(days.is_valid(), moments, NEVER)


def _as_table(versions: Versions) -> pa.Table:
    """Lay versions out as rows; a version ends where the bill's next one begins."""
    order = np.argsort(versions.bill, kind="stable")
    bill, known_from = versions.bill[order], versions.known_from[order]
    known_to = np.full(len(bill), NEVER)
    followed = np.flatnonzero(bill[1:] == bill[:-1])
    known_to[followed] = known_from[followed + 1]

    def moments(values: Ints) -> pa.Array:
        return pa.array(values, pa.timestamp("us"), mask=values == NEVER)

    return pa.table(
        {
            "bill": bill.astype(np.int32),
            "known_from": moments(known_from),
            "known_to": moments(known_to),
            "paid_fen": versions.paid[order],
            "paid_by_due_fen": versions.paid_by_due[order],
            "settled_at": moments(versions.settled[order]),
            "cleared_at": moments(versions.cleared[order]),
            "payments": versions.payments[order].astype(np.int32),
        }
    )
