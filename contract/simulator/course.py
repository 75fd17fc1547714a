"""What happens to each bill: the true probability of lateness, the draw, the day of settlement.

The probability is exact by construction. Everything latent at issue gives p without contact; the
reminders that the policy in force has assigned multiply it by what they truly turn; the outcome
is one uniform draw against the product, and the day is drawn given the outcome. So ``p_late``
means: late under the policy in force, given all that is latent at issue, the assignment of
rounds 1 and 2 and whether they would reach the customer included.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from contract.simulator.bills import Accounts
from contract.simulator.calendar import DAY
from contract.simulator.dunning import NO_DUNNING, Draws, may_remind
from contract.simulator.settling import NEVER, Fates, cut_off, date_settlement

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

MATERIAL_FEN = 100  # late means a residual of one yuan or more (design 3)
SURE = 0.995  # a reminder that backfires makes nobody certain to be late
_SIX = 0b111111  # the policy looks at the last six bills
_COUNT = np.array([bits.bit_count() for bits in range(64)])


@dataclass(frozen=True, kw_only=True)
class Course:
    """What came of every bill; contacts have the round as their first axis.

    Attributes:
        p_alone: Probability of lateness had there been no reminder.
        p_late: The same under the reminders assigned: the oracle.
        settled: The second in which the last fen is paid; NEVER when it is not.
        contacted: Whether the contact of that round took place.
        held_out: Whether round 1 was due and left out at random.
        without: The second of settlement had that round not taken place.
        p_without: Probability of lateness had that round not taken place.
        wish: Whether a lasting wish was stated at that contact.
        dark: The second in which supply was cut for this bill, 0 for none.
        bright: The second in which it came back, NEVER when it does not.
    """

    p_alone: Floats
    p_late: Floats
    late: Bools
    settled: Ints
    contacted: Bools
    held_out: Bools
    without: Ints
    p_without: Floats
    wish: Bools
    dark: Ints
    bright: Ints


@dataclass(kw_only=True)
class _Memory:
    """What the next cycle remembers of the last ones, one entry a person."""

    open_until: Ints
    history: Ints
    stated: Bools
    dark_until: Ints


def run_course(fates: Fates, accounts: Accounts, draws: Draws) -> Course:
    """Run the cycles in order: an open bill and recent lateness weigh on what comes next."""
    course, n = _empty(accounts.shape), accounts.shape[1]
    remind = may_remind(accounts)
    memory = _Memory(
        open_until=np.zeros(n, np.int64),
        history=np.zeros(n, np.int64),
        stated=np.zeros(n, bool),
        dark_until=np.zeros(n, np.int64),
    )
    for cycle in range(accounts.shape[0]):
        older = memory.open_until > accounts.bills.issued[cycle] * DAY
        recent = _COUNT[memory.history]
        worn = draws.turns[:, cycle] * (accounts.setting.world.contacts.habituation**recent)
        _assign(
            course,
            cycle,
            accounts,
            draws=draws,
            remind=remind,
            older=older,
            recent=recent,
            stated=memory.stated,
        )
        _outcome(course, cycle, accounts, fates=fates, older=older, worn=worn)
        _settle(course, cycle, accounts, fates=fates, draws=draws, worn=worn, memory=memory)
        _remember(course, cycle, accounts, memory)
    return course


def assignment_share(older: Bools, recent: Ints, accounts: Accounts) -> Floats:
    """Return the chance of round 1: arrears first, which is what confounds it (domain 4.1)."""
    policy = accounts.setting.world.contacts
    return np.where(
        older, policy.first_open, np.where(recent > 0, policy.first_recent, policy.first_other)
    )


def _empty(shape: tuple[int, int]) -> Course:
    """Room for the results, filled cycle by cycle."""
    rounds = (4, *shape)
    return Course(
        p_alone=np.zeros(shape),
        p_late=np.zeros(shape),
        late=np.zeros(shape, bool),
        settled=np.zeros(shape, np.int64),
        contacted=np.zeros(rounds, bool),
        held_out=np.zeros(shape, bool),
        without=np.zeros(rounds, np.int64),
        p_without=np.zeros(rounds),
        wish=np.zeros(rounds, bool),
        dark=np.zeros(shape, np.int64),
        bright=np.zeros(shape, np.int64),
    )


def _assign(
    course: Course,
    cycle: int,
    accounts: Accounts,
    *,
    draws: Draws,
    remind: Bools,
    older: Bools,
    recent: Ints,
    stated: Bools,
) -> None:
    """Choose whom rounds 1 and 2 go to, wishes and the hold-out respected."""
    may = remind & accounts.bills.exists[cycle]
    share = assignment_share(older, recent, accounts)
    refuses = stated & (accounts.people.dunning_wish == NO_DUNNING)  # D1
    first = may & (draws.policy[0, cycle] < share) & ~refuses
    # The hold-out never touches those whom the law or the utility protects (domain 3.8).
    held = first & draws.held_out[cycle] & ~accounts.premises.protected[accounts.people.at]
    course.held_out[cycle] = held
    course.contacted[0, cycle] = first & ~held
    known = may & (older | (recent > 0)) & ~accounts.bills.disputed[cycle]
    chosen = known & (draws.policy[1, cycle] < accounts.setting.world.contacts.second_share)
    declined = course.contacted[0, cycle] & draws.declined[cycle]
    course.contacted[1, cycle] = chosen & ~declined  # D2


def _outcome(
    course: Course, cycle: int, accounts: Accounts, *, fates: Fates, older: Bools, worn: Floats
) -> None:
    """Turn log-odds into p, let the assigned reminders work, compare with the draw."""
    bills = accounts.bills
    odds = fates.log_odds[cycle] + accounts.setting.world.liquidity.arrears_shift * older
    p = 1 / (1 + np.exp(-odds))
    p = np.where(np.isnan(fates.agent_p[cycle]), p, fates.agent_p[cycle])
    p = np.where(bills.exists[cycle] & (bills.fen[cycle] >= MATERIAL_FEN), p, 0.0)
    first = 1 - course.contacted[0, cycle] * worn[0]
    second = 1 - course.contacted[1, cycle] * worn[1]
    most = np.maximum(p, SURE)
    course.p_alone[cycle] = p
    course.p_without[0, cycle] = np.minimum(p * second, most)
    course.p_without[1, cycle] = np.minimum(p * first, most)
    course.p_late[cycle] = np.minimum(p * first * second, most)
    course.p_without[2:, cycle] = course.p_late[cycle]
    course.late[cycle] = fates.draw[cycle] < course.p_late[cycle]


def _settle(
    course: Course,
    cycle: int,
    accounts: Accounts,
    *,
    fates: Fates,
    draws: Draws,
    worn: Floats,
    memory: _Memory,
) -> None:
    """Date the settlement, then see who was contacted and whose supply was cut."""
    quick = draws.response[:, cycle] < worn
    chase = course.late[cycle] & ~accounts.premises.agent[accounts.people.at]
    chase &= ~accounts.bills.disputed[cycle]
    fourth = draws.policy[3, cycle] < accounts.setting.world.contacts.fourth_share
    settlement = date_settlement(
        fates,
        cycle,
        p=course.p_alone[cycle],
        p_late=(course.p_without[:2, cycle], course.p_late[cycle]),
        assigned=course.contacted[:2, cycle],
        chase=(chase, chase & fourth),
        quick=quick,
        draws=draws,
    )
    course.contacted[:, cycle] = settlement.contacted
    course.without[:, cycle] = settlement.without
    cut = cut_off(
        fates,
        cycle,
        accounts=accounts,
        draws=draws,
        settled=settlement.settled,
        noticed=settlement.contacted[3] & (memory.dark_until < draws.at[3, cycle]),
    )
    course.settled[cycle], course.dark[cycle], course.bright[cycle] = cut


def _remember(course: Course, cycle: int, accounts: Accounts, memory: _Memory) -> None:
    asked = course.contacted[:, cycle]
    spoke = asked.any(axis=0) & (accounts.people.dunning_wish > 0) & ~memory.stated
    course.wish[asked.argmax(axis=0)[spoke], cycle, np.flatnonzero(spoke)] = True
    memory.stated |= spoke
    exists, settled = accounts.bills.exists[cycle], course.settled[cycle]
    memory.dark_until = np.maximum(memory.dark_until, course.bright[cycle])
    memory.open_until = np.where(exists, np.maximum(memory.open_until, settled), memory.open_until)
    history = (memory.history << 1 | course.late[cycle]) & _SIX
    memory.history = np.where(exists, history, memory.history)


__all__ = ["MATERIAL_FEN", "NEVER", "Course", "assignment_share", "run_course"]
