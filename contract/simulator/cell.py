"""One cell of customers, from the first draw to the last payment.

A cell has its own random stream, derived from the seed and its number alone. Whatever the block
in which it is computed, its customers come out the same.
"""

from dataclasses import dataclass

import numpy as np

from contract.simulator.bills import Bills, build_bills
from contract.simulator.calendar import DAY, HOUR, Months
from contract.simulator.course import NEVER, Course, Fates, agent_lateness, log_odds, run_course
from contract.simulator.dunning import Draws, draw_contacts
from contract.simulator.habits import debit_moments, late_moments, on_time_moments
from contract.simulator.liquidity import Pressure, build_pressure
from contract.simulator.payments import Payments, build_payments
from contract.simulator.population import People, Premises, build_people, build_premises
from contract.simulator.region import Shared
from contract.simulator.world import World

CELL = 5_000  # customers; small enough for the processor's cache, large enough for numpy


@dataclass(frozen=True, kw_only=True)
class Cell:
    """Everything that is true about some customers."""

    premises: Premises
    people: People
    pressure: Pressure
    bills: Bills
    draws: Draws
    fates: Fates
    course: Course
    payments: Payments
    rng: np.random.Generator


def build_cell(
    number: int, *, customers: int, world: World, months: Months, shared: Shared, seed: int
) -> Cell:
    """Simulate cell ``number`` of a utility of that many customers."""
    rng = np.random.Generator(np.random.SFC64(np.random.SeedSequence(seed, spawn_key=(1, number))))
    numbers = np.arange(number * CELL, min((number + 1) * CELL, customers))
    setting = {"world": world, "months": months, "shared": shared}
    premises = build_premises(rng, numbers, **setting)
    people = build_people(rng, premises, **setting)
    pressure = build_pressure(rng, people, premises=premises, shared=shared, world=world)
    bills = build_bills(rng, people, premises=premises, pressure=pressure, **setting)
    facts = {
        "premises": premises,
        "bills": bills,
        "pressure": pressure,
        "months": months,
        "world": world,
    }
    draws = draw_contacts(rng, people, **facts)
    fates = _draw_fates(rng, people, shared=shared, **facts)
    course = run_course(fates, people, premises=premises, bills=bills, draws=draws, world=world)
    payments = build_payments(
        rng,
        people,
        premises=premises,
        bills=bills,
        pressure=pressure,
        course=course,
        debits=debit_moments(bills, months, world),
        world=world,
    )
    return Cell(
        premises=premises,
        people=people,
        pressure=pressure,
        bills=bills,
        draws=draws,
        fates=fates,
        course=course,
        payments=payments,
        rng=rng,
    )


def _draw_fates(
    rng: np.random.Generator,
    people: People,
    *,
    premises: Premises,
    bills: Bills,
    pressure: Pressure,
    shared: Shared,
    months: Months,
    world: World,
) -> Fates:
    """Draw what each bill would come to, before any cycle is run."""
    late = late_moments(
        rng,
        people,
        premises=premises,
        bills=bills,
        pressure=pressure,
        shared=shared,
        months=months,
        world=world,
    )
    late[rng.random(late.shape) < world.payments.never] = NEVER
    # Who hands over a flat settles what is open by that morning.
    handover = (months.first[people.until] * DAY + 10 * HOUR)[None, :]
    leaving = people.until < len(months)
    return Fates(
        log_odds=log_odds(
            people, premises=premises, bills=bills, pressure=pressure, months=months, world=world
        ),
        agent_p=agent_lateness(people, premises, shared=shared, world=world),
        in_time=on_time_moments(
            rng,
            people,
            premises=premises,
            bills=bills,
            pressure=pressure,
            shared=shared,
            months=months,
            world=world,
        ),
        too_late=np.where(leaving, np.minimum(late, handover), late),
        draw=rng.random(late.shape),
    )
