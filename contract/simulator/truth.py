"""What nobody at the utility knows: written to a folder of its own, for judging only.

No module that trains or scores may read it (tests/contract/test_simulator_truth.py).
"""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from contract.simulator import columns
from contract.simulator.calendar import DAY
from contract.simulator.cell import Cell
from contract.simulator.money_tables import known_bills, known_extras
from contract.simulator.scene import Scene
from contract.simulator.service_tables import contact_rows
from contract.simulator.settling import NEVER

Ints = NDArray[np.int64]

TRUTH_TABLES = ("bill_truth", "outcomes", "contact_truth", "prepaid_truth", "ceiling")


def build_truth(cell: Cell, scene: Scene) -> dict[str, pa.Table]:
    """Return the tables of the truth folder for one cell, by name."""
    flat = known_bills(cell, scene)
    last = flat[flat // cell.accounts.shape[1] == cell.accounts.shape[0] - 1]
    return {
        "bill_truth": pa.concat_tables([_regular(cell, flat, scene), _extra(cell, scene)]),
        "outcomes": _outcomes(cell, last, scene),
        "contact_truth": _contacts(cell, scene),
        "prepaid_truth": _prepaid(cell, scene),
    }


def _regular(cell: Cell, flat: Ints, scene: Scene) -> pa.Table:
    """One row a bill: its probability of lateness under the policy in force, and the draw."""
    course = cell.course
    return _bill_rows(
        cell,
        scene,
        flat,
        ids=scene.bill_ids(cell, flat),
        p_late=course.p_late.ravel()[flat],
        p_without=course.p_alone.ravel()[flat],
        late=course.late.ravel()[flat],
        settled=course.settled.ravel()[flat],
    )


def _extra(cell: Cell, scene: Scene) -> pa.Table:
    extras, rows = cell.extras, known_extras(cell, scene)
    return _bill_rows(
        cell,
        scene,
        extras.flat[rows],
        ids=scene.bill_ids(cell, extras.flat[rows], 1 + extras.kind[rows]),
        p_late=extras.p_late[rows],
        p_without=extras.p_late[rows],
        late=extras.late[rows],
        settled=extras.settled[rows],
    )


def _bill_rows(
    cell: Cell,
    scene: Scene,
    flat: Ints,
    *,
    ids: NDArray[np.uint8],
    p_late: NDArray[np.float64],
    p_without: NDArray[np.float64],
    late: NDArray[np.bool_],
    settled: Ints,
) -> pa.Table:
    accounts = cell.accounts
    people, pressure = accounts.people, accounts.pressure
    cycle, person = np.divmod(flat, accounts.shape[1])
    payer = columns.codes(people.payer[person], tuple(scene.setting.world.payers))
    return pa.table(
        {
            "bill_id": columns.texts(ids),
            "cycle": pa.array(scene.setting.months.cycle[cycle].astype(np.int32)),
            "p_late": pa.array(p_late),
            "p_without_contact": pa.array(p_without),
            "late": pa.array(late),
            "settled_at": columns.stamps(settled, settled < NEVER),
            "payer": payer,
            "owner": pa.array(people.owner[person].astype(np.int32)),
            "stress": pa.array(pressure.stress.ravel()[flat]),
            "shortage": pa.array(pressure.shortage.ravel()[flat]),
            "vacant": pa.array(pressure.vacant.ravel()[flat]),
            "agent": pa.array(accounts.premises.agent[people.at[person]]),
        }
    )


def _outcomes(cell: Cell, flat: Ints, scene: Scene) -> pa.Table:
    """One row a regular bill of the last cycle: how it will have ended."""
    settled = cell.course.settled.ravel()[flat]
    return pa.table(
        {
            "bill_id": columns.texts(scene.bill_ids(cell, flat)),
            "late": pa.array(cell.course.late.ravel()[flat]),
            "settled_at": columns.stamps(settled, settled < NEVER),
            "amount": columns.money(cell.accounts.bills.fen.ravel()[flat]),
        }
    )


def _contacts(cell: Cell, scene: Scene) -> pa.Table:
    """One row a contact about a bill: what it changed in the chance of lateness and in days.

    ``effect_late`` is the change of the probability, below 0 when the contact helps; rounds 3
    and 4 come after the due date and change days only. ``days_saved`` compares the settlement
    with the one that the same draws give without this round, cuts of supply left out; it is
    empty when there is no end.
    """
    rows, course = contact_rows(cell, scene), cell.course
    stage, flat = np.divmod(rows, cell.accounts.shape[0] * cell.accounts.shape[1])
    without, settled = course.without.ravel()[rows], course.settled.ravel()[flat]
    ended = (without < NEVER) & (settled < NEVER) & (course.dark.ravel()[flat] == 0)
    saved = np.where(ended, (without - settled) / DAY, 0.0)
    p_late, p_without = course.p_late.ravel()[flat], course.p_without.ravel()[rows]
    return pa.table(
        {
            "contact_id": columns.texts(scene.contact_ids(cell, flat, stage)),
            "bill_id": columns.texts(scene.bill_ids(cell, flat)),
            "round": pa.array((stage + 1).astype(np.int32)),
            "reached": pa.array(cell.draws.outcome.ravel()[rows] < 2),
            "p_without": pa.array(p_without),
            "effect_late": pa.array(p_late - p_without),
            "days_saved": pa.array(saved, mask=~ended),
        }
    )


def _prepaid(cell: Cell, scene: Scene) -> pa.Table:
    """One row a prepaid person: how attentive it is, and how often supply was cut."""
    told = cell.prepayment
    cuts = np.bincount(told.cuts.column, minlength=len(told.person))
    return pa.table(
        {
            "customer_id": scene.customers(cell, told.person),
            "owner": pa.array(cell.accounts.people.owner[told.person].astype(np.int32)),
            "attention": pa.array(told.attention),
            "cuts": pa.array(cuts.astype(np.int32)),
        }
    )
