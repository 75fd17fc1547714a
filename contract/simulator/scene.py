"""What the written rows of every cell have in common: the day of the cut and the ids."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from contract.simulator import columns
from contract.simulator.calendar import DAY
from contract.simulator.cell import Cell
from contract.simulator.region import Setting

Ints = NDArray[np.int64]
Rows = NDArray[np.uint8]

_CYCLES = 256  # room for the cycles of one customer
_KINDS = 4  # regular bills, and the kinds of extras
_PLACES = 8  # rows of one bill's payments
_TOP_UPS = 2**52  # the payment numbers above are purchases of prepaid customers


@dataclass(frozen=True, kw_only=True)
class Scene:
    """The day of the extract and the keys of its ids.

    Attributes:
        cut: Day number; what becomes known on or after it is not written.
        seed: Of the utility; it keys the ids too.
    """

    setting: Setting
    cut: int
    seed: int

    @property
    def cut_second(self) -> int:
        """The first second of which nothing is known."""
        return self.cut * DAY

    def customer_ids(self, numbers: Ints) -> Rows:
        """Return 13-digit customer numbers as rows of bytes."""
        return columns.digits(self._mix(numbers, 0, 39), words=3, lead="3")

    def customers(self, cell: Cell, person: Ints) -> pa.Array:
        """Return the customer numbers of persons as a column; each is kept once a cell."""
        accounts = cell.accounts
        ids = columns.texts(self.customer_ids(accounts.premises.number))
        return pa.DictionaryArray.from_arrays(
            pa.array(accounts.people.at[person].astype(np.int32)), ids
        )

    def bill_ids(self, cell: Cell, flat: Ints, kind: Ints | int = 0) -> Rows:
        """Return 16-digit ids of the regular bills at flat positions, or of extras beside them.

        Args:
            kind: 0 for the bill that is paid, 1 + the index into KINDS for an extra.
        """
        return self._sixteen(_bill_numbers(cell, flat, kind), 1)

    def wrong_bill_ids(self, cell: Cell, flat: Ints) -> Rows:
        """Return the ids of the bills that were replaced by those at flat positions."""
        return self._sixteen(_bill_numbers(cell, flat, 0) + 2**48, 1)

    def payment_ids(self, cell: Cell, flat: Ints, place: Ints | int, kind: Ints | int = 0) -> Rows:
        """Return the ids of the payments of bills."""
        return self._sixteen(_bill_numbers(cell, flat, kind) * _PLACES + place, 2)

    def top_up_ids(self, numbers: Ints, day: Ints, place: Ints) -> Rows:
        """Return the ids of purchases of prepaid customers."""
        return self._sixteen(_TOP_UPS + (numbers * 2**14 + day) * 2 + place, 2)

    def contact_ids(self, cell: Cell, flat: Ints, stage: Ints) -> Rows:
        """Return the ids of contacts about bills; stage is the round less one."""
        return self._sixteen(_bill_numbers(cell, flat, 0) * 4 + stage, 3)

    def warning_ids(self, numbers: Ints, day: Ints) -> Rows:
        """Return the ids of messages that a balance is low."""
        return self._sixteen(_TOP_UPS + numbers * 2**14 + day, 3)

    def personal(self, numbers: Ints) -> NDArray[np.uint64]:
        """Return numbers from which made-up names and telephones are written."""
        return self._mix(numbers, 5, 39)

    def _sixteen(self, numbers: Ints, purpose: int) -> Rows:
        return columns.digits(self._mix(numbers, purpose, 53), words=4)

    def _mix(self, numbers: Ints, purpose: int, bits: int) -> NDArray[np.uint64]:
        key = ((self.seed + 1) * 2_654_435_761 + purpose) % 2**39
        return columns.scramble(numbers, key=key, bits=bits)


def numbers_of(cell: Cell, person: Ints) -> Ints:
    """Return the customer numbers of persons."""
    accounts = cell.accounts
    return accounts.premises.number[accounts.people.at[person]]


def _bill_numbers(cell: Cell, flat: Ints, kind: Ints | int) -> Ints:
    cycle, person = np.divmod(flat, cell.accounts.shape[1])
    return (numbers_of(cell, person) * _KINDS + kind) * _CYCLES + cycle
