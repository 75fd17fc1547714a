"""The particle filter: it sees only what a utility sees, and says the best that can be said."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binom
from sklearn.metrics import roc_auc_score

from contract.simulator.ceiling import Ceiling, build_ceiling
from contract.simulator.cell import Cell, build_cell
from contract.simulator.region import build_setting
from contract.simulator.world import read_world

CYCLES, CUSTOMERS = 20, 1200


@pytest.fixture(scope="module")
def cell() -> Cell:
    setting = build_setting(
        read_world(), "calm", customers=CUSTOMERS, cycles=CYCLES, last_cycle=202610, seed=5
    )
    return build_cell(0, customers=CUSTOMERS, setting=setting, seed=5, cut=0)


@pytest.fixture(scope="module")
def ceiling(cell: Cell) -> Ceiling:
    return build_ceiling(cell, sample=CUSTOMERS, particles=200, seed=5)


def test_it_ranks_between_the_past_late_rate_and_the_oracle(cell: Cell, ceiling: Ceiling) -> None:
    late = np.where(cell.accounts.bills.exists, cell.course.late, 0)
    before, bills = np.cumsum(late, axis=0) - late, cell.accounts.bills.age
    rate = ((before + 0.6) / (bills + 4)).ravel()[ceiling.flat]
    last = ceiling.flat >= 10 * cell.accounts.shape[1]
    aucs = [
        roc_auc_score(ceiling.late[last], p[last])
        for p in (rate, ceiling.p_observable, ceiling.p_late)
    ]
    assert aucs[0] + 0.03 < aucs[1] < aucs[2] - 0.01


def test_its_probabilities_agree_with_what_happens(ceiling: Ceiling) -> None:
    order = np.argsort(ceiling.p_observable)
    for fifth in np.array_split(order, 5):
        mean = ceiling.p_observable[fifth].mean()
        # Lateness comes in spells, so the count varies more than independent draws would.
        low, high = binom.interval(0.9999, len(fifth) // 3, mean)
        assert low <= ceiling.late[fifth].sum() / 3 <= high


def test_hidden_state_does_not_reach_it(cell: Cell, ceiling: Ceiling) -> None:
    people = cell.accounts.people
    blind = replace(
        people,
        payer=people.payer * 0,
        intercept=people.intercept * 0,
        habit=people.habit * 0,
        payday=people.payday * 0,
        dunning_wish=people.dunning_wish * 0,
    )
    pressure = cell.accounts.pressure
    flat = replace(
        pressure,
        stress=pressure.stress * 0,
        shortage=pressure.shortage * 0,
        vacant=pressure.vacant & False,
    )
    hidden = replace(cell, accounts=replace(cell.accounts, people=blind, pressure=flat))
    again = build_ceiling(hidden, sample=CUSTOMERS, particles=200, seed=5)
    assert np.array_equal(again.p_observable, ceiling.p_observable)


def test_the_outcome_of_a_bill_does_not_reach_its_own_probability(
    cell: Cell, ceiling: Ceiling
) -> None:
    course = cell.course
    late, settled = course.late.copy(), course.settled.copy()
    late[-1], settled[-1] = ~late[-1], settled[-1] + 86_400
    changed = replace(cell, course=replace(course, late=late, settled=settled))
    again = build_ceiling(changed, sample=CUSTOMERS, particles=200, seed=5)
    assert np.array_equal(again.p_observable, ceiling.p_observable)
