"""The rows that the utility's systems would hold on the day of the cut, in stored types.

A row whose known-at (contract/tables.py) is on or after the cut is not there yet. Rows are
shuffled within a cell, so that their order tells nothing.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from contract import tables as contract
from contract.simulator import columns
from contract.simulator.calendar import DAY, Months
from contract.simulator.cell import Cell
from contract.simulator.dunning import METHODS, NO_ANSWER, NO_DUNNING, PHONE, VISIT
from contract.simulator.payments import REVERSAL, TAKEN_BACK
from contract.simulator.region import Shared
from contract.simulator.world import World

Ints = NDArray[np.int64]

SLOTS = 1024  # bill numbers of one customer
_OUTCOMES = ("delivered", "answered", "no_answer", "wrong_number", "promised")
_PROMISED = 4


@dataclass(frozen=True, kw_only=True)
class Scene:
    """What the rows of every cell have in common.

    Attributes:
        cut: Day number; what becomes known on or after it is not written.
        seed: Of the utility; it keys the ids too.
    """

    world: World
    months: Months
    shared: Shared
    cut: int
    seed: int

    @property
    def key(self) -> int:
        """Spread the seed over the bits that key the ids."""
        return (self.seed + 1) * 2_654_435_761 % 2**39


def build_tables(cell: Cell, scene: Scene) -> dict[str, pa.Table]:
    """Return the tables of one cell by name."""
    return {
        "customers": _customers(cell, scene),
        "identities": _identities(cell, scene),
        "bills": _bills(cell, scene),
        "payments": _payments(cell, scene),
        "contacts": _contacts(cell, scene),
        "events": _events(cell, scene),
    }


def customer_ids(numbers: Ints, scene: Scene) -> NDArray[np.uint8]:
    """Return 13-digit customer numbers as rows of bytes."""
    mixed = columns.scramble(numbers, key=scene.key, bits=39)
    return columns.digits(mixed, words=3, lead="3")


def bill_numbers(cell: Cell, flat: Ints) -> Ints:
    """Number the bills at flat positions cycle x person; unique over the utility."""
    cycle, person = np.divmod(flat, len(cell.people))
    return cell.premises.number[cell.people.at[person]] * SLOTS + cycle


def bill_ids(cell: Cell, flat: Ints, scene: Scene) -> NDArray[np.uint8]:
    """Return 16-digit bill ids as rows of bytes."""
    numbers = bill_numbers(cell, flat)
    return columns.digits(columns.scramble(numbers, key=scene.key + 1, bits=53), words=4)


def known_bills(cell: Cell, scene: Scene) -> Ints:
    """Return the flat positions of the bills issued before the cut."""
    return np.flatnonzero(cell.bills.exists & (cell.bills.issued < scene.cut))


def _shuffled(cell: Cell, rows: Ints) -> Ints:
    return cell.rng.permutation(rows)


def _customers(cell: Cell, scene: Scene) -> pa.Table:
    people, world = cell.people, scene.world
    rows = _shuffled(cell, np.flatnonzero(people.since < scene.cut))
    at = people.at[rows]
    premises, region = cell.premises, scene.world.region
    grid, industry = premises.grid[at], premises.industry[at]
    works = industry >= 0
    high_energy = np.isin(
        industry, [region.industries.index(i) for i in region.high_energy_industries]
    )
    return pa.table(
        {
            "customer_id": columns.texts(customer_ids(premises.number[at], scene)),
            "valid_from": columns.dates(people.since[rows]),
            "segment": columns.codes(premises.segment[at], tuple(world.segments)),
            "voltage": columns.codes(premises.high[at].astype(np.int64), ("low", "high")),
            "billing_mode": columns.codes(np.zeros(len(rows), np.int64), ("postpaid", "prepaid")),
            "pay_arrangement": columns.codes(people.arrangement[rows], contract.PAY_ARRANGEMENTS),
            "billing_months": pa.array(1 + premises.bimonthly[at].astype(np.int32)),
            "capacity_kva": pa.array(premises.capacity_kva[at]),
            "tariff": columns.codes(
                premises.segment[at], [f"T{i:02d}" for i in range(len(world.segments))]
            ),
            "industry": columns.codes(np.maximum(industry, 0), region.industries, works),
            "urban_rural": columns.codes(premises.urban[at].astype(np.int64), ("rural", "urban")),
            "org_id": _place("O", scene.shared.org[grid]),
            "grid_id": _place("G", grid),
            "manager_id": _place("M", grid * region.managers_per_grid + premises.manager[at]),
            "agent_id": _place("A", grid, premises.agent[at]),
            "opened_on": columns.dates(premises.opened[at]),
            "closed_on": pa.nulls(len(rows), pa.date32()),
            "high_energy": pa.array(high_energy),
            "high_pollution": pa.array(high_energy & (premises.manager[at] == 0)),
            **{
                flag: pa.array(np.zeros(len(rows), dtype=bool))
                for flag in (
                    "overcapacity",
                    "scattered_polluting",
                    "malicious_arrears",
                    "dishonest_listed",
                    "newly_commissioned",
                    "resumed_after_arrears",
                )
            },
            "protected": pa.array(premises.protected[at]),
        }
    )


def _place(letter: str, numbers: Ints, present: NDArray[np.bool_] | None = None) -> pa.Array:
    words = columns.digits(numbers.astype(np.uint64), words=2, lead=letter)
    return columns.texts(words, present)


def _identities(cell: Cell, scene: Scene) -> pa.Table:
    """Return made-up names, phones and addresses, plainly so."""
    premises = cell.premises
    rows = _shuffled(cell, np.flatnonzero(premises.opened < scene.cut))
    number = columns.scramble(premises.number[rows], key=scene.key + 5, bits=39)
    return pa.table(
        {
            "customer_id": columns.texts(customer_ids(premises.number[rows], scene)),
            "name": columns.texts(columns.digits(number, words=2, lead="用户")),
            "phone": columns.texts(columns.digits(number, words=2, lead="199")),
            "address": columns.texts(columns.digits(number, words=1, lead="示范路")),
        }
    )


def _bills(cell: Cell, scene: Scene) -> pa.Table:
    bills = cell.bills
    flat = _shuffled(cell, known_bills(cell, scene))
    cycle, person = np.divmod(flat, len(cell.people))
    numbers = cell.premises.number[cell.people.at[person]]
    nothing = pa.nulls(len(flat), pa.date32())
    return pa.table(
        {
            "bill_id": columns.texts(bill_ids(cell, flat, scene)),
            "customer_id": columns.texts(customer_ids(numbers, scene)),
            "cycle": pa.array(scene.months.cycle[cycle].astype(np.int32)),
            "issued_on": columns.dates(bills.issued.ravel()[flat]),
            "due_on": columns.dates(bills.due.ravel()[flat]),
            "amount": columns.money(bills.fen.ravel()[flat]),
            "kwh": pa.array(bills.kwh.ravel()[flat]),
            "kind": columns.codes(bills.small.ravel()[flat].astype(np.int64), ("regular", "small")),
            "hold": columns.codes(np.zeros(len(flat), np.int64), ("none",)),
            "hold_from_on": nothing,
            "hold_to_on": nothing,
            "cancelled_on": nothing,
        }
    )


def _payments(cell: Cell, scene: Scene) -> pa.Table:
    paid = cell.payments
    rows = _shuffled(cell, np.flatnonzero(paid.posted < scene.cut * DAY))
    flat, place = paid.bill[rows], paid.place[rows]
    person = flat % len(cell.people)
    number = bill_numbers(cell, flat) * 8
    numbers = cell.premises.number[cell.people.at[person]]
    undone = place == REVERSAL
    return pa.table(
        {
            "payment_id": columns.texts(_payment_ids(number + place, scene)),
            "customer_id": columns.texts(customer_ids(numbers, scene)),
            "bill_id": columns.texts(bill_ids(cell, flat, scene), paid.named[rows]),
            "paid_at": columns.stamps(paid.paid[rows]),
            "posted_at": columns.stamps(paid.posted[rows]),
            "amount": columns.money(paid.fen[rows]),
            "channel": columns.codes(paid.channel[rows], tuple(scene.world.channels)),
            "outcome": columns.codes(paid.failed[rows].astype(np.int64), ("ok", "failed")),
            "reverses_id": columns.texts(_payment_ids(number + TAKEN_BACK, scene), undone),
        }
    )


def _payment_ids(numbers: Ints, scene: Scene) -> NDArray[np.uint8]:
    return columns.digits(columns.scramble(numbers, key=scene.key + 2, bits=53), words=4)


def contact_rows(cell: Cell, scene: Scene) -> Ints:
    """Return the flat positions round x cycle x person of the contacts made before the cut."""
    made = cell.course.contacted & (cell.draws.at < scene.cut * DAY)
    return np.flatnonzero(made)


def contact_ids(cell: Cell, rows: Ints, scene: Scene) -> NDArray[np.uint8]:
    """Return 16-digit contact ids as rows of bytes."""
    stage, flat = np.divmod(rows, cell.bills.fen.size)
    numbers = bill_numbers(cell, flat) * 4 + stage
    return columns.digits(columns.scramble(numbers, key=scene.key + 3, bits=53), words=4)


def _contacts(cell: Cell, scene: Scene) -> pa.Table:
    rows = _shuffled(cell, contact_rows(cell, scene))
    stage, flat = np.divmod(rows, cell.bills.fen.size)
    person = flat % len(cell.people)
    numbers = cell.premises.number[cell.people.at[person]]
    at, method = cell.draws.at.ravel()[rows], cell.draws.method.ravel()[rows]
    outcome, promised_on = _promises(cell, rows, at, scene)
    wish = cell.people.dunning_wish[person]
    lasting = cell.course.wish.ravel()[rows]
    declined = (stage == 0) & cell.draws.declined.ravel()[flat]
    request = np.select([lasting & (wish == NO_DUNNING), lasting, declined], [0, 1, 2], 0)
    clerk = cell.premises.grid[cell.people.at[person]] * scene.world.region.managers_per_grid
    return pa.table(
        {
            "contact_id": columns.texts(contact_ids(cell, rows, scene)),
            "customer_id": columns.texts(customer_ids(numbers, scene)),
            "bill_id": columns.texts(bill_ids(cell, flat, scene)),
            "contacted_at": columns.stamps(at),
            "round": pa.array((stage + 1).astype(np.int32)),
            "method": columns.codes(method, METHODS),
            "outcome": columns.codes(outcome, _OUTCOMES),
            "promised_on": columns.dates(promised_on, outcome == _PROMISED),
            "request": columns.codes(
                request, ("no_dunning", "no_phone", "not_this_cycle"), lasting | declined
            ),
            "contact_change": pa.nulls(len(rows), pa.string()),
            "verified": pa.nulls(len(rows), pa.bool_()),
            "assigned": columns.codes(np.zeros(len(rows), np.int64), ("policy",)),
            "recorded_by": _place("M", clerk + stage),
        }
    )


def _promises(cell: Cell, rows: Ints, at: Ints, scene: Scene) -> tuple[Ints, Ints]:
    """Some of those who answer a call promise a day within the week."""
    outcome, method = cell.draws.outcome.ravel()[rows], cell.draws.method.ravel()[rows]
    spoken = ((method == PHONE) | (method == VISIT)) & (outcome < NO_ANSWER)
    promised = spoken & (cell.rng.random(len(rows)) < scene.world.contacts.promise)
    days = at // DAY + cell.rng.integers(1, 8, len(rows))
    return np.where(promised, _PROMISED, outcome), days


def _events(cell: Cell, scene: Scene) -> pa.Table:
    people = cell.people
    rows = _shuffled(cell, np.flatnonzero((people.owner > 0) & (people.since < scene.cut)))
    return pa.table(
        {
            "customer_id": columns.texts(
                customer_ids(cell.premises.number[people.at[rows]], scene)
            ),
            "happened_on": columns.dates(people.since[rows]),
            "kind": columns.codes(np.zeros(len(rows), np.int64), ("ownership_transfer",)),
            "note": pa.nulls(len(rows), pa.string()),
        }
    )
