"""The day of settlement given the outcome: by oneself, turned by a reminder, after a cut.

Every function says what the same draws would give under other contacts too, so that the true
effect of each contact on each bill is known.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from contract.simulator.bills import Accounts
from contract.simulator.calendar import DAY, HOUR
from contract.simulator.dunning import Draws
from contract.simulator.habits import late_moments, on_time_moments

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

NEVER = np.iinfo(np.int64).max // 4  # a moment that does not come


@dataclass(frozen=True, kw_only=True)
class Fates:
    """What each bill would come to; one row a cycle, one column a person.

    Attributes:
        log_odds: Of lateness before open bills and reminders are looked at.
        agent_p: The agent's probability, not a number for customers without an agent.
        in_time: The second of settlement if in time and not reminded.
        too_late: The second of settlement if late and not reminded.
        latest: The second by which a leaving person settles; NEVER for others.
        draw: Uniform; the bill is late when it is below p_late.
        cut: Uniform; supply is cut when it is below the share that is.
        cut_at: Seconds from the first day on which it may be cut until it is.
        pays_after_cut: Seconds from the cut to the payment; NEVER when it changes nothing.
        back_after: Seconds from the payment to the return of supply.
    """

    log_odds: Floats
    agent_p: Floats
    in_time: Ints
    too_late: Ints
    latest: Ints
    draw: Floats
    cut: Floats
    cut_at: Ints
    pays_after_cut: Ints
    back_after: Ints


class Settlement(NamedTuple):
    """One entry a person; contacts have the round as their first axis."""

    settled: Ints
    contacted: Bools
    without: Ints


def draw_fates(rng: np.random.Generator, accounts: Accounts) -> Fates:
    """Draw what each bill would come to, before any cycle is run."""
    setting, people, shape = accounts.setting, accounts.people, accounts.shape
    late = late_moments(rng, accounts)
    late[rng.random(shape) < setting.world.payments.never] = NEVER
    # Who leaves settles what is open by that morning.
    leaving = people.until < len(setting.months)
    latest = np.where(leaving, setting.months.first[people.until] * DAY + 10 * HOUR, NEVER)
    cuts, notice = setting.world.cuts, setting.world.cuts.notice_days
    after = (DAY * (0.05 + rng.random(shape) * cuts.pays_days)).astype(np.int64)
    after[rng.random(shape) >= cuts.pays_share] = NEVER
    return Fates(
        log_odds=log_odds(accounts),
        agent_p=agent_lateness(accounts),
        in_time=on_time_moments(rng, accounts),
        too_late=np.minimum(late, latest),
        latest=latest,
        draw=rng.random(shape),
        cut=rng.random(shape),
        cut_at=DAY * rng.integers(notice[0], notice[1] + 1, shape)
        + HOUR * rng.integers(0, 3, shape),
        pays_after_cut=after,
        back_after=HOUR * rng.integers(*cuts.reconnect_hours, shape),
    )


def log_odds(accounts: Accounts) -> Floats:
    """Add up who the person is, the pressure, the surprise of the amount and the season."""
    people, bills, setting = accounts.people, accounts.bills, accounts.setting
    world, months = setting.world, setting.months
    payers, calendar = tuple(world.payers.values()), world.calendar
    loading = np.array([p.loading for p in payers])[people.payer]
    # A bank pays as long as there is anything on the account.
    loading = loading * np.where(people.arrangement > 0, world.arrangements.loading, 1.0)
    amount = np.array([p.amount for p in payers])[people.payer]
    season = calendar.absence_shift * months.absence
    season = season + calendar.summer_shift * np.isin(months.month, calendar.summer_months)
    year_end = calendar.year_end_shift * (months.month == 12)
    newcomer = (people.owner > 0) | (accounts.premises.first[people.at] > 0)
    fresh = newcomer & (bills.age < world.liquidity.newcomer_bills)
    return (
        people.intercept
        + loading * accounts.pressure.shortage
        + amount * bills.surprise
        + season[:, None]
        + year_end[:, None] * accounts.premises.business[people.at]
        + world.liquidity.newcomer_shift * fresh
        + world.oddities.dispute_shift * bills.disputed
        + closing_shift(accounts)
    )


def closing_shift(accounts: Accounts) -> Floats:
    """Return the log-odds that a closed channel adds for those who used it, for some cycles."""
    setting, regime = accounts.setting, accounts.setting.regime
    if not regime.closes:
        return np.zeros((len(setting.months), 1))
    uses = accounts.people.channel == list(setting.world.channels).index(regime.closes)
    uses &= accounts.people.arrangement == 0
    into = np.arange(len(setting.months)) - setting.begins
    while_new = (into >= 0) & (into < regime.closing_cycles)
    return regime.closing_shift * while_new[:, None] * uses[None, :]


def agent_lateness(accounts: Accounts) -> Floats:
    """Return the probability that an agent pays late, for its users; else not a number."""
    setting, at = accounts.setting, accounts.people.at
    well, short = setting.world.region.agent_late
    p = np.where(setting.shared.agent_trouble, short, well)[:, accounts.premises.grid[at]]
    return np.where(accounts.premises.agent[at], p, np.nan)


def date_settlement(
    fates: Fates,
    cycle: int,
    *,
    p: Floats,
    p_late: tuple[Floats, Floats],
    assigned: Bools,
    chase: tuple[Bools, Bools],
    quick: Bools,
    draws: Draws,
) -> Settlement:
    """Date the settlements of a cycle as they come, and as they would without each round.

    Args:
        p: Probability of lateness without reminders.
        p_late: The same without round 1 and without round 2, and with both as assigned.
        assigned: Whom rounds 1 and 2 go to, if unpaid by then.
        chase: Whom rounds 3 and 4 go to, if unpaid by then.
        quick: Who pays within 48 hours of the contact of a round, if unpaid by then.
    """
    at, answer = draws.at[:, cycle], draws.at[:, cycle] + draws.hours[:, cycle]
    (alone_second, alone_first), both = p_late
    first, second = assigned

    def before_due(odds: tuple[Floats, Floats], made: tuple[Bools, Bools]) -> Ints:
        """Settle given p after round 1 and after both: late, turned, or in time anyway."""
        in_time = _hasten(fates.in_time[cycle], made[0] & quick[0], at[0], answer[0])
        in_time = _hasten(in_time, made[1] & quick[1], at[1], answer[1])
        draw = fates.draw[cycle]
        turned = np.where(draw >= odds[0], answer[0], answer[1])
        paid = np.where(draw >= p, in_time, turned)
        return np.where(draw < odds[1], fates.too_late[cycle], paid)

    nobody = np.zeros_like(first)
    without_first = before_due((p, alone_second), (nobody, second))
    without_second = before_due((alone_first, alone_first), (first, nobody))
    settled = before_due((alone_first, both), (first, second))
    after_third = _hasten(settled, chase[0] & quick[2], at[2], answer[2])
    final = _hasten(after_third, chase[1] & quick[3], at[3], answer[3])
    without = np.stack(
        [
            without_first,
            without_second,
            _hasten(settled, chase[1] & quick[3], at[3], answer[3]),
            after_third,
        ]
    )
    # Nobody is contacted about a bill that is paid by then.
    going = np.stack([first, second, chase[0], chase[1]])
    open_then = np.stack([without_first, without_second, settled, after_third]) > at
    return Settlement(settled=final, contacted=going & open_then, without=without)


def cut_off(
    fates: Fates,
    cycle: int,
    *,
    accounts: Accounts,
    draws: Draws,
    settled: Ints,
    noticed: Bools,
) -> tuple[Ints, Ints, Ints]:
    """Return the settlement after cuts, when supply was cut (0 for not) and when it came back."""
    cuts, issued = accounts.setting.world.cuts, accounts.bills.issued[cycle]
    day = np.maximum(draws.at[3, cycle] // DAY * DAY, (issued + cuts.after_issue_days) * DAY)
    at = day + fates.cut_at[cycle] + 9 * HOUR
    cut = noticed & (fates.cut[cycle] < cuts.share) & (settled > at) & (fates.latest > at)
    cut &= ~accounts.premises.protected[accounts.people.at]
    paid = np.where(cut, np.minimum(settled, at + fates.pays_after_cut[cycle]), settled)
    back = np.where(paid < NEVER, paid + fates.back_after[cycle], NEVER)
    return paid, np.where(cut, at, 0), np.where(cut, back, 0)


def _hasten(settled: Ints, who: Bools, at: Ints, answer: Ints) -> Ints:
    """Bring forward the settlement of those who answer a contact and had not yet paid."""
    return np.where(who & (settled > at), np.minimum(settled, answer), settled)
