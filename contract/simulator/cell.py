"""One cell of customers, from the first draw to the last payment.

A cell has its own random stream, derived from the seed and its number alone. Whatever the block
in which it is computed, its customers come out the same.
"""

from dataclasses import dataclass

import numpy as np

from contract.simulator.bills import Accounts, build_bills
from contract.simulator.course import Course, run_course
from contract.simulator.dunning import Draws, draw_contacts
from contract.simulator.extras import Extras, build_extras
from contract.simulator.liquidity import build_pressure
from contract.simulator.payments import Payments, build_payments
from contract.simulator.people import build_people
from contract.simulator.premises import build_premises
from contract.simulator.prepaid import Prepayment, build_prepayment
from contract.simulator.region import Setting
from contract.simulator.settling import Fates, draw_fates

CELL = 5_000  # customers; small enough for the processor's cache, large enough for numpy


@dataclass(frozen=True, kw_only=True)
class Cell:
    """Everything that is true about some customers.

    Attributes:
        rng: The cell's stream, for what is only worded when it is written.
    """

    accounts: Accounts
    draws: Draws
    fates: Fates
    course: Course
    extras: Extras
    payments: Payments
    prepayment: Prepayment
    rng: np.random.Generator


def build_cell(number: int, *, customers: int, setting: Setting, seed: int, cut: int) -> Cell:
    """Simulate cell ``number`` of a utility of that many customers, up to the day of the cut."""
    rng = np.random.Generator(np.random.SFC64(np.random.SeedSequence(seed, spawn_key=(1, number))))
    numbers = np.arange(number * CELL, min((number + 1) * CELL, customers))
    accounts = build_accounts(rng, numbers, setting)
    draws = draw_contacts(rng, accounts)
    fates = draw_fates(rng, accounts)
    course = run_course(fates, accounts, draws)
    extras = build_extras(rng, accounts, course)
    payments = build_payments(rng, accounts, course, extras)
    prepayment = build_prepayment(rng, accounts, cut=cut)
    return Cell(
        accounts=accounts,
        draws=draws,
        fates=fates,
        course=course,
        extras=extras,
        payments=payments,
        prepayment=prepayment,
        rng=rng,
    )


def build_accounts(rng: np.random.Generator, numbers: np.ndarray, setting: Setting) -> Accounts:
    """Draw customers, their people and their bills."""
    premises = build_premises(rng, numbers, setting)
    people = build_people(rng, premises, setting)
    pressure = build_pressure(rng, people, premises, setting)
    return Accounts(
        premises=premises,
        people=people,
        pressure=pressure,
        bills=build_bills(rng, people, premises, pressure, setting),
        setting=setting,
    )
