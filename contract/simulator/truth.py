"""What nobody at the utility knows: written to a folder of its own, for judging only.

No module that trains or scores may read it.
"""

import numpy as np
import pyarrow as pa

from contract.simulator import columns
from contract.simulator.calendar import DAY
from contract.simulator.cell import Cell
from contract.simulator.course import NEVER
from contract.simulator.tables import Scene, bill_ids, contact_ids, contact_rows, known_bills


def build_truth(cell: Cell, scene: Scene) -> dict[str, pa.Table]:
    """Return the tables of the truth folder for one cell, by name."""
    flat = known_bills(cell, scene)
    last = flat[flat // len(cell.people) == len(scene.months) - 1]
    return {
        "bill_truth": _bill_truth(cell, flat, scene),
        "outcomes": _outcomes(cell, last, scene),
        "contact_truth": _contact_truth(cell, scene),
    }


def _bill_truth(cell: Cell, flat: np.ndarray, scene: Scene) -> pa.Table:
    """One row a bill: its probability of lateness under the policy in force, and the draw."""
    people, course = cell.people, cell.course
    cycle, person = np.divmod(flat, len(people))
    return pa.table(
        {
            "bill_id": columns.texts(bill_ids(cell, flat, scene)),
            "cycle": pa.array(scene.months.cycle[cycle].astype(np.int32)),
            "p_late": pa.array(course.p_late.ravel()[flat]),
            "p_without_contact": pa.array(course.p_alone.ravel()[flat]),
            "late": pa.array(course.late.ravel()[flat]),
            "payer": columns.codes(people.payer[person], tuple(scene.world.payers)),
            "owner": pa.array(people.owner[person].astype(np.int32)),
            "stress": pa.array(cell.pressure.stress.ravel()[flat]),
            "vacant": pa.array(cell.pressure.vacant.ravel()[flat]),
            "agent": pa.array(cell.premises.agent[people.at[person]]),
        }
    )


def _outcomes(cell: Cell, flat: np.ndarray, scene: Scene) -> pa.Table:
    """One row a bill of the last cycle: how it will have ended."""
    settled = cell.course.settled.ravel()[flat]
    return pa.table(
        {
            "bill_id": columns.texts(bill_ids(cell, flat, scene)),
            "late": pa.array(cell.course.late.ravel()[flat]),
            "settled_at": columns.stamps(settled, settled < NEVER),
            "amount": columns.money(cell.bills.fen.ravel()[flat]),
        }
    )


def _contact_truth(cell: Cell, scene: Scene) -> pa.Table:
    """One row a contact: what it changed in the chance of lateness and in this settlement.

    ``effect_late`` is the change of the probability, below 0 when the contact helps; rounds 3
    and 4 come after the due date and change days only. ``days_saved`` compares the settlement
    with the one that the same draws give without this round, and is empty without an end.
    """
    rows = contact_rows(cell, scene)
    course, size = cell.course, cell.bills.fen.size
    stage, flat = np.divmod(rows, size)
    without, settled = course.without.ravel()[rows], course.settled.ravel()[flat]
    ended = (without < NEVER) & (settled < NEVER)
    saved = np.where(ended, (without - settled) / DAY, np.nan)
    return pa.table(
        {
            "contact_id": columns.texts(contact_ids(cell, rows, scene)),
            "bill_id": columns.texts(bill_ids(cell, flat, scene)),
            "round": pa.array((stage + 1).astype(np.int32)),
            "reached": pa.array(cell.draws.outcome.ravel()[rows] < 2),
            "p_without": pa.array(course.p_without.ravel()[rows]),
            "effect_late": pa.array(course.p_late.ravel()[flat] - course.p_without.ravel()[rows]),
            "days_saved": pa.array(saved, mask=~ended),
        }
    )
