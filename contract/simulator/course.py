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

from contract.simulator.bills import Bills
from contract.simulator.calendar import DAY, Months
from contract.simulator.dunning import NO_DUNNING, Draws, may_remind
from contract.simulator.liquidity import Pressure
from contract.simulator.population import People, Premises
from contract.simulator.region import Shared
from contract.simulator.world import World

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

NEVER = np.iinfo(np.int64).max // 4  # a moment that does not come
MATERIAL_FEN = 100  # late means a residual of one yuan or more (design 3)
SURE = 0.995  # a reminder that backfires makes nobody certain to be late
_SIX = 0b111111  # the policy looks at the last six bills
_COUNT = np.array([bin(bits).count("1") for bits in range(64)])


@dataclass(frozen=True, kw_only=True)
class Fates:
    """What each bill would come to; one row a cycle, one column a person.

    Attributes:
        log_odds: Of lateness before open bills and reminders are looked at.
        agent_p: The agent's probability, not a number for customers without an agent.
        in_time: The second of settlement if in time.
        too_late: The second of settlement if late and not reminded.
        draw: Uniform; the bill is late when it is below p_late.
    """

    log_odds: Floats
    agent_p: Floats
    in_time: Ints
    too_late: Ints
    draw: Floats


@dataclass(frozen=True, kw_only=True)
class Course:
    """What came of every bill; contacts have the round as their first axis.

    Attributes:
        p_alone: Probability of lateness had there been no reminder.
        p_late: The same under the reminders assigned: the oracle.
        settled: The second in which the last fen is paid; NEVER when it is not.
        contacted: Whether the contact of that round took place.
        without: The second of settlement had that round not taken place.
        p_without: Probability of lateness had that round not taken place.
        wish: Whether a lasting wish was stated at that contact.
    """

    p_alone: Floats
    p_late: Floats
    late: Bools
    settled: Ints
    contacted: Bools
    without: Ints
    p_without: Floats
    wish: Bools


def log_odds(
    people: People,
    *,
    premises: Premises,
    bills: Bills,
    pressure: Pressure,
    months: Months,
    world: World,
) -> Floats:
    """Add up who the person is, the pressure, the surprise of the amount and the season."""
    payers = tuple(world.payers.values())
    loading = np.array([p.loading for p in payers])[people.payer]
    amount = np.array([p.amount for p in payers])[people.payer]
    calendar, business = world.calendar, premises.business[people.at]
    season = calendar.absence_shift * months.absence
    season = season + calendar.summer_shift * np.isin(months.month, calendar.summer_months)
    year_end = calendar.year_end_shift * (months.month == 12)
    newcomer = (people.owner > 0) | (premises.first[people.at] > 0)
    fresh = newcomer & (bills.age < world.liquidity.newcomer_bills)
    return (
        people.intercept
        + loading * pressure.stress
        + amount * bills.surprise
        + season[:, None]
        + year_end[:, None] * business
        + world.liquidity.newcomer_shift * fresh
    )


def agent_lateness(people: People, premises: Premises, *, shared: Shared, world: World) -> Floats:
    """Return the probability that an agent pays late, for its users; else not a number."""
    well, short = world.region.agent_late
    p = np.where(shared.agent_trouble, short, well)[:, premises.grid[people.at]]
    return np.where(premises.agent[people.at], p, np.nan)


def run_course(
    fates: Fates,
    people: People,
    *,
    premises: Premises,
    bills: Bills,
    draws: Draws,
    world: World,
) -> Course:
    """Run the cycles in order: an open bill and recent lateness weigh on what comes next."""
    course = _empty(fates.draw.shape)
    remind = may_remind(people, premises)
    open_until = np.zeros(len(people), dtype=np.int64)
    history = np.zeros(len(people), dtype=np.int64)
    stated = np.zeros(len(people), dtype=bool)
    for cycle in range(len(fates.draw)):
        exists = bills.exists[cycle]
        older = open_until > bills.issued[cycle] * DAY
        recent = _COUNT[history]
        _assign(
            course,
            cycle,
            draws=draws,
            may=exists & remind,
            older=older,
            recent=recent,
            stated=stated & (people.dunning_wish == NO_DUNNING),
            world=world,
        )
        worn = draws.turns[:, cycle] * world.contacts.habituation**recent
        _outcome(course, cycle, fates=fates, bills=bills, older=older, worn=worn, world=world)
        _settle(
            course,
            cycle,
            fates=fates,
            draws=draws,
            worn=worn,
            chase=~premises.agent[people.at],
            world=world,
        )
        asked = course.contacted[:, cycle]
        spoke = asked.any(axis=0) & (people.dunning_wish > 0) & ~stated
        course.wish[asked.argmax(axis=0)[spoke], cycle, np.flatnonzero(spoke)] = True
        stated |= spoke
        late = course.late[cycle]
        open_until = np.where(exists, np.maximum(open_until, course.settled[cycle]), open_until)
        history = np.where(exists, (history << 1 | late) & _SIX, history)
    return course


def _empty(shape: tuple[int, ...]) -> Course:
    """Room for the results, filled cycle by cycle."""
    rounds = (4, *shape)
    return Course(
        p_alone=np.zeros(shape),
        p_late=np.zeros(shape),
        late=np.zeros(shape, dtype=bool),
        settled=np.zeros(shape, dtype=np.int64),
        contacted=np.zeros(rounds, dtype=bool),
        without=np.zeros(rounds, dtype=np.int64),
        p_without=np.zeros(rounds),
        wish=np.zeros(rounds, dtype=bool),
    )


def _assign(
    course: Course,
    cycle: int,
    *,
    draws: Draws,
    may: Bools,
    older: Bools,
    recent: Ints,
    stated: Bools,
    world: World,
) -> None:
    """Choose whom rounds 1 and 2 go to: arrears first, which is what confounds them (4.1)."""
    policy = world.contacts
    share = np.where(
        older, policy.first_open, np.where(recent > 0, policy.first_recent, policy.first_other)
    )
    course.contacted[0, cycle] = may & (draws.policy[0, cycle] < share) & ~stated  # D1
    known = (older | (recent > 0)) & may & (draws.policy[1, cycle] < policy.second_share)
    declined = course.contacted[0, cycle] & draws.declined[cycle]
    course.contacted[1, cycle] = known & ~declined  # D2


def _outcome(
    course: Course,
    cycle: int,
    *,
    fates: Fates,
    bills: Bills,
    older: Bools,
    worn: Floats,
    world: World,
) -> None:
    """Turn log-odds into p, let the assigned reminders work, compare with the draw."""
    odds = fates.log_odds[cycle] + world.liquidity.arrears_shift * older
    p = 1 / (1 + np.exp(-odds))
    p = np.where(np.isnan(fates.agent_p[cycle]), p, fates.agent_p[cycle])
    p = np.where(bills.exists[cycle] & (bills.fen[cycle] >= MATERIAL_FEN), p, 0.0)
    first = 1 - course.contacted[0, cycle] * worn[0]
    second = 1 - course.contacted[1, cycle] * worn[1]
    course.p_alone[cycle] = p
    course.p_without[0, cycle] = np.minimum(p * second, np.maximum(p, SURE))
    course.p_without[1, cycle] = np.minimum(p * first, np.maximum(p, SURE))
    course.p_late[cycle] = np.minimum(p * first * second, np.maximum(p, SURE))
    course.p_without[2:, cycle] = course.p_late[cycle]
    course.late[cycle] = fates.draw[cycle] < course.p_late[cycle]


def _settle(
    course: Course,
    cycle: int,
    *,
    fates: Fates,
    draws: Draws,
    worn: Floats,
    chase: Bools,
    world: World,
) -> None:
    """Date the settlement as it came and as it would have come without each round."""
    at, answer = draws.at[:, cycle], draws.at[:, cycle] + draws.hours[:, cycle]
    quick = draws.response[:, cycle] < worn
    first, second = course.contacted[:2, cycle]
    nobody = np.zeros_like(first)
    given = (fates, cycle, course.p_alone[cycle], worn, quick, at, answer)
    settled = _before_due(*given, first, second)
    course.without[0, cycle] = _before_due(*given, nobody, second)
    course.without[1, cycle] = _before_due(*given, first, nobody)
    # Nobody is contacted about a bill that is paid by then.
    course.contacted[:2, cycle] &= course.without[:2, cycle] > at[:2]
    chase = chase & course.late[cycle]
    fourth = chase & (draws.policy[3, cycle] < world.contacts.fourth_share)
    course.contacted[2, cycle] = chase & (settled > at[2])
    course.without[2, cycle] = _hasten(settled, fourth & quick[3], at[3], answer[3])
    course.without[3, cycle] = _hasten(settled, chase & quick[2], at[2], answer[2])
    course.contacted[3, cycle] = fourth & (course.without[3, cycle] > at[3])
    course.settled[cycle] = _hasten(course.without[3, cycle], fourth & quick[3], at[3], answer[3])


def _before_due(
    fates: Fates,
    cycle: int,
    p: Floats,
    worn: Floats,
    quick: Bools,
    at: Ints,
    answer: Ints,
    first: Bools,
    second: Bools,
) -> Ints:
    """Settle under rounds 1 and 2 as given: late, turned by a reminder, or in time anyway."""
    in_time = _hasten(fates.in_time[cycle], first & quick[0], at[0], answer[0])
    in_time = _hasten(in_time, second & quick[1], at[1], answer[1])
    after_first = p * (1 - first * worn[0])
    after_both = np.minimum(after_first * (1 - second * worn[1]), np.maximum(p, SURE))
    draw = fates.draw[cycle]
    turned = np.where(draw >= after_first, answer[0], answer[1])
    paid = np.where(draw >= p, in_time, turned)
    return np.where(draw < after_both, fates.too_late[cycle], paid)


def _hasten(settled: Ints, who: Bools, at: Ints, answer: Ints) -> Ints:
    """Bring forward the settlement of those who answer a contact and had not yet paid."""
    return np.where(who & (settled > at), np.minimum(settled, answer), settled)
