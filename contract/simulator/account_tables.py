"""The rows about customers: accounts, identities, events, as known on the day of the cut."""

from collections.abc import Iterable

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from contract.simulator import columns
from contract.simulator.cell import Cell
from contract.simulator.people import CLOSES, HANDS_OVER
from contract.simulator.scene import Scene
from contract.tables import PAY_ARRANGEMENTS

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

# [P] domain 2.4: the codes of the classes of use, by segment, low and high voltage.
_TARIFFS = {
    "residential": ("202", "202"),
    "commercial": ("405", "405"),
    "industrial": ("403", "100"),
    "agricultural": ("300", "300"),
    "public": ("401", "401"),
    "wholesale": ("500", "500"),
    "other": ("400", "400"),
}
_NEW_DAYS = 365  # [I] an account is newly commissioned for a year


def build_customers(cell: Cell, scene: Scene) -> pa.Table:
    """One row a person: the customer's attributes from the day that person took over."""
    accounts, setting = cell.accounts, scene.setting
    people, premises = accounts.people, accounts.premises
    rows = cell.rng.permutation(np.flatnonzero(people.since < scene.cut))
    at = people.at[rows]
    grid, industry = premises.grid[at], premises.industry[at]
    managers = setting.world.region.managers_per_grid
    closed_on = setting.months.first[people.until[rows]]
    closed = (people.leaves[rows] == CLOSES) & (closed_on < scene.cut)
    return pa.table(
        {
            "customer_id": scene.customers(cell, rows),
            "valid_from": columns.dates(people.since[rows]),
            "segment": columns.codes(premises.segment[at], tuple(setting.world.segments)),
            "voltage": columns.codes(premises.high[at], ("low", "high")),
            "billing_mode": columns.codes(premises.prepaid[at], ("postpaid", "prepaid")),
            "pay_arrangement": columns.codes(people.arrangement[rows], PAY_ARRANGEMENTS),
            "billing_months": pa.array(1 + premises.bimonthly[at].astype(np.int32)),
            "capacity_kva": pa.array(premises.capacity_kva[at]),
            "tariff": _tariffs(premises.segment[at], premises.high[at], setting.world.segments),
            "industry": columns.codes(
                np.maximum(industry, 0), setting.world.region.industries, industry >= 0
            ),
            "urban_rural": columns.codes(premises.urban[at], ("rural", "urban")),
            "org_id": place_ids("O", setting.shared.org[grid]),
            "grid_id": place_ids("G", grid),
            "manager_id": place_ids("M", grid * managers + premises.manager[at]),
            "agent_id": place_ids("A", grid, premises.agent[at]),
            "opened_on": columns.dates(premises.opened[at]),
            "closed_on": columns.dates(closed_on, closed),
            **_flags(cell, rows, scene),
            "protected": pa.array(premises.protected[at]),
        }
    )


def build_identities(cell: Cell, scene: Scene) -> pa.Table:
    """One row a customer: names, telephones and addresses that are plainly made up."""
    premises = cell.accounts.premises
    number = premises.number[cell.rng.permutation(np.flatnonzero(premises.opened < scene.cut))]
    made_up = scene.personal(number)
    return pa.table(
        {
            "customer_id": columns.texts(scene.customer_ids(number)),
            "name": columns.texts(columns.digits(made_up, words=2, lead="用户")),
            "phone": columns.texts(columns.digits(made_up, words=2, lead="199")),
            "address": columns.texts(columns.digits(made_up, words=1, lead="示范路")),
        }
    )


def build_events(cell: Cell, scene: Scene) -> pa.Table:
    """One row a change of an account: transfers, closures, new meters."""
    people, months = cell.accounts.people, scene.setting.months
    leaving = np.flatnonzero(people.leaves >= HANDS_OVER)
    left_on = months.first[people.until[leaving]]
    metered, meter_on = _new_meters(cell, scene)
    person = np.concatenate([leaving, metered])
    on = np.concatenate([left_on, meter_on])
    kind = np.concatenate([people.leaves[leaving] - HANDS_OVER, np.full(len(metered), 2)])
    rows = cell.rng.permutation(np.flatnonzero(on < scene.cut))
    return pa.table(
        {
            "customer_id": scene.customers(cell, person[rows]),
            "happened_on": columns.dates(on[rows]),
            "kind": columns.codes(kind[rows], ("ownership_transfer", "closed", "meter_change")),
            "note": pa.nulls(len(rows), pa.string()),
        }
    )


def place_ids(letter: str, numbers: Ints, present: Bools | None = None) -> pa.Array:
    """Write ids of grids, bureaus, managers and agents, such as G00000012."""
    words = columns.digits(numbers.astype(np.uint64), words=2, lead=letter)
    return columns.texts(words, present)


def _tariffs(segment: Ints, high: Bools, names: Iterable[str]) -> pa.Array:
    codes = sorted({code for pair in _TARIFFS.values() for code in pair})
    index = np.array([[codes.index(code) for code in _TARIFFS[name]] for name in names])
    return columns.codes(index[segment, high.astype(int)], codes)


def _flags(cell: Cell, rows: Ints, scene: Scene) -> dict[str, pa.Array]:
    """What other authorities and the utility's records say about firms (R002-02, R002-03) [I]."""
    accounts, world = cell.accounts, scene.setting.world
    people, premises = accounts.people, accounts.premises
    at, n = people.at[rows], len(rows)
    industry, firm = premises.industry[at], premises.business[at]
    heavy = [world.region.industries.index(i) for i in world.region.high_energy_industries]
    high_energy = np.isin(industry, heavy)
    types = list(world.payers)
    strategic = people.payer[rows] == types.index("strategic")
    short = people.payer[rows] == types.index("constrained")
    draw = cell.rng.random((4, n))
    new = (scene.cut - premises.opened[at] < _NEW_DAYS) & firm & (people.owner[rows] == 0)
    flags = {
        "high_energy": high_energy,
        "high_pollution": high_energy & (draw[0] < 0.4),
        "overcapacity": high_energy & (draw[0] > 0.8),
        "scattered_polluting": firm & (industry >= 0) & (draw[1] < 0.01),
        "malicious_arrears": strategic & (draw[2] < 0.15),
        "dishonest_listed": firm & (draw[3] < np.where(strategic | short, 0.08, 0.01)),
        "newly_commissioned": new,
        "resumed_after_arrears": firm & short & (draw[1] > 0.95),
    }
    return {name: pa.array(flag) for name, flag in flags.items()}


def _new_meters(cell: Cell, scene: Scene) -> tuple[Ints, Ints]:
    """Draw who got a new meter in the history, and on which day."""
    months, people = scene.setting.months, cell.accounts.people
    share = scene.setting.world.moves.meter_change_year * len(months) / 12
    person = np.flatnonzero((people.owner == 0) & (cell.rng.random(len(people)) < share))
    day = cell.rng.integers(months.first[0], months.first[-1], len(person))
    kept = (day >= people.since[person]) & (day < months.first[people.until[person]])
    return person[kept], day[kept]
