"""The historical dunning: what is drawn for each possible contact before anyone is contacted.

Rounds: 1 SMS after issue, 2 phone around the 20th, 3 after the due date by amount, 4 notice after
30 days. Index 0 of an array's first axis is round 1. Whom the policy contacts is decided in
course.py, cycle by cycle, because it looks at open bills and recent lateness.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from contract.simulator.bills import Accounts, Bills
from contract.simulator.calendar import DAY, HOUR
from contract.simulator.constants import ContactPolicy
from contract.simulator.people import People

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

METHODS = ("sms", "phone", "visit", "notice")
SMS, PHONE, VISIT, NOTICE = range(4)
DELIVERED, ANSWERED, NO_ANSWER, WRONG_NUMBER = range(4)
ROUNDS = 4
NO_DUNNING, NO_PHONE = 1, 2  # lasting wishes, L10 and L11


@dataclass(frozen=True, kw_only=True)
class Draws:
    """What would happen at each contact; axes are round, cycle, person.

    Attributes:
        at: The second of the contact.
        method: Index into METHODS.
        outcome: DELIVERED, ANSWERED, NO_ANSWER or WRONG_NUMBER.
        turns: The true share of bills that the contact turns, 0 when it does not reach anyone.
        policy: The draw that the policy compares with its share.
        response: The draw that decides whether an unpaid bill is paid within 48 hours.
        hours: The seconds that such a payment takes.
        declined: Whether round 1 is answered with the wish not to be reminded this cycle (L12);
            axes are cycle, person.
        held_out: Whether round 1 is left out at random; axes are cycle, person.
    """

    at: Ints
    method: Ints
    outcome: Ints
    turns: Floats
    policy: Floats
    response: Floats
    hours: Ints
    declined: Bools
    held_out: Bools


def draw_contacts(rng: np.random.Generator, accounts: Accounts) -> Draws:
    """Draw times, methods, who is reached and the true effect of every possible contact."""
    world, people = accounts.setting.world, accounts.people
    policy, shape = world.contacts, (ROUNDS, *accounts.shape)
    method = _methods(accounts.bills, people, policy)
    outcome = _outcomes(rng, method, accounts.pressure.stress, policy)
    respond = np.array([[p.sms, p.phone, p.visit, p.notice] for p in world.payers.values()])
    turns = respond[people.payer[None, None, :], method]
    turns *= np.where(outcome == DELIVERED, policy.sms_read, outcome == ANSWERED)
    return Draws(
        at=_times(rng, accounts),
        method=method,
        outcome=outcome,
        turns=turns,
        policy=rng.random(shape),
        response=rng.random(shape),
        hours=rng.integers(HOUR, 48 * HOUR, shape),
        declined=rng.random(accounts.shape) < policy.not_this_cycle,
        held_out=rng.random(accounts.shape) < accounts.setting.holdout,
    )


def may_remind(accounts: Accounts) -> Bools:
    """Tell who is reminded before the due date: neither debits nor the users of an agent."""
    people = accounts.people
    return (people.arrangement == 0) & ~accounts.premises.agent[people.at]


def _methods(bills: Bills, people: People, policy: ContactPolicy) -> Ints:
    method = np.zeros((ROUNDS, *bills.fen.shape), dtype=np.int64)
    phone = np.where(people.dunning_wish == NO_PHONE, SMS, PHONE)  # D3
    method[1] = phone
    method[2] = np.where(bills.fen >= 100 * policy.third_phone_yuan, phone, SMS)
    method[2][bills.fen >= 100 * policy.third_visit_yuan] = VISIT
    method[3] = NOTICE
    return method


def _outcomes(
    rng: np.random.Generator, method: Ints, stress: Floats, policy: ContactPolicy
) -> Ints:
    """SMS and notices are delivered; calls and visits are answered less by those in trouble."""
    silent = rng.random(method.shape) < silence(stress, policy)
    spoken = np.where(silent, NO_ANSWER, ANSWERED)
    outcome = np.where((method == PHONE) | (method == VISIT), spoken, DELIVERED)
    wrong = rng.random(method.shape) < policy.wrong_number
    return np.where(((method == SMS) | (method == PHONE)) & wrong, WRONG_NUMBER, outcome)


def silence(stress: Floats, policy: ContactPolicy) -> Floats:
    """Return the probability that a call or a knock is not answered."""
    level, slope = policy.no_answer
    return 1 / (1 + np.exp(-level - slope * stress))


def _times(rng: np.random.Generator, accounts: Accounts) -> Ints:
    bills, policy = accounts.bills, accounts.setting.world.contacts
    third, fourth = policy.third_days, policy.fourth_days
    first_of_month = accounts.setting.months.first[:-1, None]
    day = np.stack(
        [
            # [S] R000-15, domain 5.1: first messages on the days of issue to issue + 2
            bills.issued + rng.integers(0, 3, accounts.shape),
            np.broadcast_to(first_of_month + policy.second_day - 1, accounts.shape),
            bills.due + rng.integers(third[0], third[1] + 1, accounts.shape),
            bills.due + rng.integers(fourth[0], fourth[1] + 1, accounts.shape),
        ]
    )
    return day * DAY + rng.integers(9 * HOUR, 18 * HOUR, day.shape)
