"""Bills beside the regular ones: supplements, refunds, and final bills on leaving.

They are few, so each is one entry of a flat list. A supplement falls due after the regular bill
and is late with the probability that its person's regular bill had without reminders; a refund
is negative and a final bill is paid on the spot, so neither can be late.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from contract.simulator.bills import Accounts
from contract.simulator.calendar import DAY, HOUR
from contract.simulator.course import MATERIAL_FEN, Course
from contract.simulator.people import HANDS_OVER, STAYS
from contract.simulator.settling import NEVER

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

SUPPLEMENT, REFUND, FINAL = range(3)
KINDS = ("supplement", "refund", "final")


@dataclass(frozen=True, kw_only=True)
class Extras:
    """One entry per extra bill.

    Attributes:
        flat: The position cycle x person of the regular bill it belongs to.
        kind: Index into KINDS.
        settled: The second of payment; NEVER for a refund.
    """

    flat: Ints
    kind: Ints
    issued: Ints
    due: Ints
    fen: Ints
    p_late: Floats
    late: Bools
    settled: Ints

    def open_until(self, shape: tuple[int, int]) -> Ints:
        """Return, by cycle and person, until when a supplement of that cycle stands open."""
        until = np.zeros(shape[0] * shape[1], dtype=np.int64)
        owed = self.kind == SUPPLEMENT
        until[self.flat[owed]] = np.minimum(self.settled[owed] + 4 * DAY, NEVER)
        return until.reshape(shape)


def build_extras(rng: np.random.Generator, accounts: Accounts, course: Course) -> Extras:
    """Draw what is billed beside the regular issue."""
    later, final = _later_bills(rng, accounts, course), _final_bills(rng, accounts)
    return Extras(
        **{
            field: np.concatenate([getattr(later, field), getattr(final, field)])
            for field in Extras.__dataclass_fields__
        }
    )


def _later_bills(rng: np.random.Generator, accounts: Accounts, course: Course) -> Extras:
    """Supplements and refunds in the middle of the month (退补)."""
    bills, odd = accounts.bills, accounts.setting.world.oddities
    draw = rng.random(accounts.shape)
    may = bills.exists & (bills.fen >= 20 * MATERIAL_FEN) & _stays_on(accounts)
    may &= ~accounts.premises.agent[accounts.people.at]
    flat = np.flatnonzero(may & (draw < odd.supplement + odd.refund))
    n = len(flat)
    kind = np.where(draw.ravel()[flat] < odd.supplement, SUPPLEMENT, REFUND)
    issued = bills.read.ravel()[flat] + rng.integers(odd.later_days[0], odd.later_days[1] + 1, n)
    due = bills.due.ravel()[flat] + odd.supplement_grace
    share = rng.uniform(*odd.later_share, n)
    fen = np.rint(share * bills.fen.ravel()[flat]).astype(np.int64)
    p_late = np.where(kind == SUPPLEMENT, course.p_alone.ravel()[flat], 0.0)
    p_late = np.where(fen < MATERIAL_FEN, 0.0, p_late)
    late = rng.random(n) < p_late
    days = np.where(late, due + rng.integers(1, 30, n), rng.integers(issued + 1, due + 1))
    settled = days * DAY + rng.integers(9 * HOUR, 21 * HOUR, n)
    return Extras(
        flat=flat,
        kind=kind,
        issued=issued,
        due=due,
        fen=np.where(kind == REFUND, -fen, fen),
        p_late=p_late,
        late=late,
        settled=np.where(kind == REFUND, NEVER, settled),
    )


def _stays_on(accounts: Accounts) -> Bools:
    """Tell whose person stays long enough to settle what is billed later in the month."""
    cycle = np.arange(accounts.shape[0])[:, None]
    return (accounts.people.leaves == STAYS) | (cycle + 3 < accounts.people.until)


def _final_bills(rng: np.random.Generator, accounts: Accounts) -> Extras:
    """One bill on the last day of whoever leaves, for the days since the reading."""
    people, bills, n_people = accounts.people, accounts.bills, accounts.shape[1]
    leaving = np.flatnonzero(people.leaves >= HANDS_OVER)
    flat = (people.until[leaving] - 1) * n_people + leaving
    billed = bills.exists.ravel()[flat] & (bills.fen.ravel()[flat] >= 2 * MATERIAL_FEN)
    flat, leaving = flat[billed], leaving[billed]
    n = len(flat)
    day = accounts.setting.months.first[people.until[leaving]] - 1
    fen = np.rint(rng.uniform(0.3, 0.9, n) * bills.fen.ravel()[flat]).astype(np.int64)
    return Extras(
        flat=flat,
        kind=np.full(n, FINAL),
        issued=day,
        due=day,
        fen=fen,
        p_late=np.zeros(n),
        late=np.zeros(n, bool),
        settled=day * DAY + rng.integers(9 * HOUR, 17 * HOUR, n),
    )
