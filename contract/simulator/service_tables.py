"""The rows about service: contacts, balances, cuts of supply, as known on the day of the cut."""

from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from contract.simulator import columns
from contract.simulator.account_tables import place_ids
from contract.simulator.calendar import DAY
from contract.simulator.cell import Cell
from contract.simulator.dunning import (
    ANSWERED,
    METHODS,
    NO_ANSWER,
    NO_PHONE,
    PHONE,
    SMS,
    VISIT,
)
from contract.simulator.scene import Scene, numbers_of

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


class _Said(NamedTuple):
    """What is on the contacts that are written, one entry a row; stage is the round less one."""

    at: Ints
    stage: Ints
    method: Ints
    outcome: Ints


_OUTCOMES = ("delivered", "answered", "no_answer", "wrong_number", "promised", "refused")
_PROMISED, _REFUSED = 4, 5
_REQUESTS = ("no_dunning", "no_phone", "not_this_cycle")


def contact_rows(cell: Cell, scene: Scene) -> Ints:
    """Return the flat positions round x cycle x person of the contacts made before the cut."""
    return np.flatnonzero(cell.course.contacted & (cell.draws.at < scene.cut_second))


def build_contacts(cell: Cell, scene: Scene) -> pa.Table:
    """One row a contact about a bill or a low balance, and one a contact that was held out.

    A reminder that was left out at random is a row with ``assigned`` holdout and no answer:
    nobody heard of it, but the experiment is judged by it.
    """
    parts = [_about_bills(cell, scene), _held_out(cell, scene), _warnings(cell, scene)]
    return pa.concat_tables(parts)


def build_balances(cell: Cell, scene: Scene) -> pa.Table:
    """One row a prepaid customer and day, for the days that systems keep."""
    told = cell.prepayment
    days = told.first_day + np.arange(len(told.here))
    kept = days >= scene.cut - scene.setting.world.prepaid.balance_days
    day, column = np.nonzero(told.here & kept[:, None])
    order = cell.rng.permutation(len(day))
    day, column = day[order], column[order]
    return pa.table(
        {
            "customer_id": scene.customers(cell, told.person[column]),
            "on": columns.dates(days[day]),
            "balance": columns.money(told.balance[day, column]),
            "cost": columns.money(told.cost[day, column]),
        }
    )


def build_disconnections(cell: Cell, scene: Scene) -> pa.Table:
    """One row a cut of supply, for arrears or for lack of balance."""
    course, cuts = cell.course, cell.prepayment.cuts
    flat = np.flatnonzero(course.dark)
    emptied = cell.prepayment.person[cuts.column]
    person = np.concatenate([flat % cell.accounts.shape[1], emptied])
    dark = np.concatenate([course.dark.ravel()[flat], cuts.at])
    bright = np.concatenate([course.bright.ravel()[flat], cuts.back])
    reason = np.repeat([0, 1], [len(flat), len(emptied)])
    rows = cell.rng.permutation(np.flatnonzero(dark < scene.cut_second))
    return pa.table(
        {
            "customer_id": scene.customers(cell, person[rows]),
            "disconnected_at": columns.stamps(dark[rows]),
            "reconnected_at": columns.stamps(bright[rows], bright[rows] < scene.cut_second),
            "reason": columns.codes(reason[rows], ("arrears", "low_balance")),
        }
    )


def _about_bills(cell: Cell, scene: Scene) -> pa.Table:
    rows, draws = cell.rng.permutation(contact_rows(cell, scene)), cell.draws
    stage, flat = np.divmod(rows, cell.accounts.shape[0] * cell.accounts.shape[1])
    person = flat % cell.accounts.shape[1]
    outcome, method = draws.outcome.ravel()[rows], draws.method.ravel()[rows]
    lasting = cell.course.wish.ravel()[rows]
    declined = (stage == 0) & draws.declined.ravel()[flat]
    spoken = ((method == PHONE) | (method == VISIT)) & (outcome == ANSWERED)
    outcome = _answers(cell, outcome, spoken, lasting, scene)
    wish = cell.accounts.people.dunning_wish[person]
    request = np.where(lasting, np.where(wish == NO_PHONE, 1, 0), 2)
    return _contact_rows(
        cell,
        scene,
        _Said(draws.at.ravel()[rows], stage, method, outcome),
        person=person,
        ids=scene.contact_ids(cell, flat, stage),
        bill=columns.texts(scene.bill_ids(cell, flat)),
        request=columns.codes(request, _REQUESTS, lasting | declined),
    )


def _answers(cell: Cell, outcome: Ints, spoken: Bools, lasting: Bools, scene: Scene) -> Ints:
    """Some of those who answer promise a day, some refuse; a lasting wish is a refusal too."""
    policy, draw = scene.setting.world.contacts, cell.rng.random(len(outcome))
    said = np.where(spoken & (draw < policy.promise), _PROMISED, outcome)
    refuses = spoken & ((draw > 1 - policy.refused) | lasting)
    return np.where(refuses, _REFUSED, said)


def _held_out(cell: Cell, scene: Scene) -> pa.Table:
    draws, shape = cell.draws, cell.accounts.shape
    planned = cell.course.held_out & (cell.course.settled > draws.at[0])
    flat = cell.rng.permutation(np.flatnonzero(planned & (draws.at[0] < scene.cut_second)))
    none = np.zeros(len(flat), np.int64)
    return _contact_rows(
        cell,
        scene,
        _Said(draws.at[0].ravel()[flat], none, none + SMS, none + NO_ANSWER),
        person=flat % shape[1],
        ids=scene.contact_ids(cell, flat, none),
        bill=columns.texts(scene.bill_ids(cell, flat)),
        request=pa.nulls(len(flat), pa.string()),
        held_out=True,
    )


def _warnings(cell: Cell, scene: Scene) -> pa.Table:
    told, warned = cell.prepayment, cell.prepayment.warnings
    rows = cell.rng.permutation(np.flatnonzero(warned.at < scene.cut_second))
    person, none = told.person[warned.column[rows]], np.zeros(len(rows), np.int64)
    return _contact_rows(
        cell,
        scene,
        _Said(warned.at[rows], none - 1, none + SMS, none),
        person=person,
        ids=scene.warning_ids(numbers_of(cell, person), warned.row[rows]),
        bill=pa.nulls(len(rows), pa.string()),
        request=pa.nulls(len(rows), pa.string()),
    )


def _contact_rows(
    cell: Cell,
    scene: Scene,
    said: _Said,
    *,
    person: Ints,
    ids: NDArray[np.uint8],
    bill: pa.Array,
    request: pa.Array,
    held_out: bool = False,
) -> pa.Table:
    n, rng, policy = len(person), cell.rng, scene.setting.world.contacts
    grid = cell.accounts.premises.grid[cell.accounts.people.at[person]]
    draw = rng.random(n)
    changed = np.isin(said.outcome, (ANSWERED, _PROMISED)) & (draw < sum(policy.contact_change))
    added = (draw >= policy.contact_change[0]).astype(np.int64)
    promised_on = said.at // DAY + rng.integers(1, 8, n)
    clerk = grid * scene.setting.world.region.managers_per_grid + np.maximum(said.stage, 0)
    return pa.table(
        {
            "contact_id": columns.texts(ids),
            "customer_id": scene.customers(cell, person),
            "bill_id": bill,
            "contacted_at": columns.stamps(said.at),
            "round": pa.array((said.stage + 1).astype(np.int32), mask=said.stage < 0),
            "method": columns.codes(said.method, METHODS),
            "outcome": columns.codes(said.outcome, _OUTCOMES),
            "promised_on": columns.dates(promised_on, said.outcome == _PROMISED),
            "request": request.cast(pa.string()),
            "contact_change": columns.codes(added, ("updated", "added"), changed).cast(pa.string()),
            "verified": pa.array(rng.random(n) < policy.verified, mask=~changed),
            "assigned": columns.codes(np.full(n, int(held_out)), ("policy", "holdout")),
            "recorded_by": place_ids("M", clerk),
        }
    )
