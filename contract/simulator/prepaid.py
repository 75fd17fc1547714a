"""Prepaid customers, day by day: use, purchases, warnings, cuts for lack of balance.

One column a prepaid person, one row a day of the history up to the cut. Supply is cut by day
when the balance has run out, and comes back with the next purchase, mostly within hours.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from contract.simulator.bills import Accounts, price_kwh
from contract.simulator.calendar import DAY, HOUR
from contract.simulator.constants import Prepaid

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

MONTH_DAYS = 30.4


@dataclass(frozen=True, kw_only=True)
class Prepayment:
    """What happened on each day; fen and seconds, 0 where nothing did.

    Attributes:
        person: The person of each column.
        first_day: Day number of row 0.
        here: Whether the person is the customer on that day.
        bought, bought_at: A purchase on an ordinary day.
        saved, saved_at: The purchase that ends a cut.
        dark: The second at which supply was cut.
        warned: The second of the message that the balance is low.
        attention: Chance of acting on a day when it is time, for the truth.
    """

    person: Ints
    first_day: int
    here: Bools
    balance: Ints
    cost: Ints
    bought: Ints
    bought_at: Ints
    saved: Ints
    saved_at: Ints
    dark: Ints
    warned: Ints
    attention: Floats


@dataclass(frozen=True, kw_only=True)
class _Buyers:
    """How each prepaid person buys; one entry a column."""

    daily_fen: Floats
    purchase: Floats
    step: Ints
    look_ahead: Floats
    attention: Floats


def build_prepayment(rng: np.random.Generator, accounts: Accounts, *, cut: int) -> Prepayment:
    """Run the days of every prepaid person up to the day before the cut."""
    people, months = accounts.people, accounts.setting.months
    person = np.flatnonzero(accounts.premises.prepaid[people.at])
    first_day = int(months.first[0])
    days = np.arange(first_day, max(min(cut, int(months.first[-1])), first_day + 1))
    cycle = np.clip(np.searchsorted(months.first, days, side="right") - 1, 0, len(months) - 1)
    until = months.first[people.until[person]]
    here = (days[:, None] >= people.since[person]) & (days[:, None] < until)
    buyers = _buyers(rng, accounts, person)
    cost = _daily_cost(rng, accounts, person, cycle, buyers) * here
    return _walk(rng, accounts, person, days=days, cycle=cycle, here=here, cost=cost, buyers=buyers)


def _buyers(rng: np.random.Generator, accounts: Accounts, person: Ints) -> _Buyers:
    world, n = accounts.setting.world, len(person)
    terms, at = world.prepaid, accounts.people.at[person]
    kwh = accounts.premises.base_kwh[at] * accounts.people.level[person] * terms.saving
    segment = accounts.premises.segment[at]
    daily = price_kwh(kwh, segment, np.ones(n, int), world) / MONTH_DAYS
    small = rng.random(n) < terms.small_share
    spread = rng.normal(0, 1, n)
    large_fen = MONTH_DAYS * daily * terms.large[0] * np.exp(terms.large[1] * spread)
    small_fen = daily * terms.small[0] * np.exp(terms.small[1] * spread)
    return _Buyers(
        daily_fen=daily,
        purchase=np.where(small, small_fen, large_fen),
        step=100 * np.where(small, terms.round_yuan[0], terms.round_yuan[1]),
        look_ahead=terms.look_ahead[0] * np.exp(terms.look_ahead[1] * rng.normal(0, 1, n)),
        attention=rng.beta(*terms.attention, n),
    )


def _daily_cost(
    rng: np.random.Generator, accounts: Accounts, person: Ints, cycle: Ints, buyers: _Buyers
) -> Ints:
    """Fen a day: the season of the month, the day's noise, next to nothing in an empty flat."""
    world, months = accounts.setting.world, accounts.setting.months
    segment = accounts.premises.segment[accounts.people.at[person]]
    weight = np.array([s.seasonal for s in world.segments.values()])[segment]
    season = np.log(np.array(world.consumption.months))[months.month[cycle] - 1]
    noise = world.prepaid.noise * rng.standard_normal((len(cycle), len(person)), np.float32)
    use = np.exp(season[:, None] * weight + noise)
    use *= np.where(accounts.pressure.vacant[cycle][:, person], world.consumption.vacant_level, 1)
    price = np.where(cycle >= accounts.setting.begins, accounts.setting.regime.price, 1.0)
    return np.rint(use * buyers.daily_fen * price[:, None]).astype(np.int64)


@dataclass(kw_only=True)
class _Purse:
    """The state carried from day to day; ``back_at`` is 0 while supply is on."""

    balance: Ints
    dark_at: Ints
    back_at: Ints
    back_fen: Ints


def _walk(
    rng: np.random.Generator,
    accounts: Accounts,
    person: Ints,
    *,
    days: Ints,
    cycle: Ints,
    here: Bools,
    cost: Ints,
    buyers: _Buyers,
) -> Prepayment:
    """Walk through the days, because a purchase depends on what is left."""
    terms, shape = accounts.setting.world.prepaid, cost.shape
    told = Prepayment(
        person=person,
        first_day=int(days[0]),
        here=here,
        attention=buyers.attention,
        **{name: np.zeros(shape, np.int64) for name in _TOLD},
    )
    stress = np.clip(accounts.pressure.stress[cycle][:, person], 0, 6)
    acts = buyers.attention * np.exp(-terms.stress_attention * stress)
    draws = rng.random((3, *shape))
    away = _away_seconds(rng, shape, terms)
    nothing = np.zeros(len(person), np.int64)
    balance = np.rint(buyers.daily_fen * rng.uniform(2, 25, len(person))).astype(np.int64)
    purse = _Purse(balance=balance, dark_at=nothing, back_at=nothing, back_fen=nothing)
    for row, number in enumerate(days):
        start = int(number) * DAY
        _use(purse, told, row, start=start, cost=cost[row])
        _buy(
            purse,
            told,
            row,
            start=start,
            terms=terms,
            buyers=buyers,
            acts=acts[row],
            draws=draws[:, row],
        )
        _run_out(purse, told, row, start=start, terms=terms, buyers=buyers, away=away[row])
        told.balance[row] = purse.balance
    return told


_TOLD = ("balance", "cost", "bought", "bought_at", "saved", "saved_at", "dark", "warned")


def _use(purse: _Purse, told: Prepayment, row: int, *, start: int, cost: Ints) -> None:
    """Use power while it is on, and take in the purchase that brings it back."""
    dark = np.minimum(purse.back_at, start + DAY) - np.maximum(purse.dark_at, start)
    off = np.where(purse.back_at > 0, np.clip(dark, 0, DAY), 0)
    spent = np.rint(cost * (1 - off / DAY)).astype(np.int64)
    back = (purse.back_at > 0) & (purse.back_at < start + DAY)
    purse.balance = purse.balance - spent + np.where(back, purse.back_fen, 0)
    purse.back_at = np.where(back, 0, purse.back_at)
    told.cost[row] = spent


def _buy(
    purse: _Purse,
    told: Prepayment,
    row: int,
    *,
    start: int,
    terms: Prepaid,
    buyers: _Buyers,
    acts: Floats,
    draws: Floats,
) -> None:
    """Warn once when the balance falls under the limit; some buy when it is time."""
    lit = told.here[row] & (purse.back_at == 0)
    limit = 100 * terms.warn_yuan
    warned = lit & (purse.balance < limit) & (purse.balance + told.cost[row] >= limit)
    due = lit & (purse.balance < buyers.look_ahead * buyers.daily_fen)
    buys = due & (draws[0] < np.where(warned, np.maximum(acts, terms.warn_answer), acts))
    told.warned[row] = np.where(warned, start + 9 * HOUR + HOUR // 2, 0)
    told.bought[row] = np.where(buys, _purchase(buyers, draws[1]), 0)
    told.bought_at[row] = start + 10 * HOUR + (draws[2] * 11 * HOUR).astype(np.int64)
    purse.balance = purse.balance + told.bought[row]


def _run_out(
    purse: _Purse,
    told: Prepayment,
    row: int,
    *,
    start: int,
    terms: Prepaid,
    buyers: _Buyers,
    away: Ints,
) -> None:
    """Cut supply on the morning after the balance has run out, until something is bought."""
    out = told.here[row] & (purse.back_at == 0) & (purse.balance <= 0)
    dark_at = start + DAY + terms.cut_hour * HOUR
    enough = -purse.balance + 2 * buyers.step
    fen = np.where(out, np.maximum(_purchase(buyers, np.full(len(out), 0.5)), enough), 0)
    told.dark[row] = np.where(out, dark_at, 0)
    told.saved[row] = fen
    told.saved_at[row] = dark_at + away
    purse.dark_at = np.where(out, dark_at, purse.dark_at)
    purse.back_at = np.where(out, dark_at + away, purse.back_at)
    purse.back_fen = np.where(out, fen, purse.back_fen)


def _purchase(buyers: _Buyers, draw: Floats) -> Ints:
    """Return a purchase around the usual one, in whole steps."""
    steps = np.maximum(np.rint(buyers.purchase * (0.7 + 0.6 * draw) / buyers.step), 1)
    return steps.astype(np.int64) * buyers.step


def _away_seconds(rng: np.random.Generator, shape: tuple[int, int], terms: Prepaid) -> Ints:
    """Draw how long supply stays off: lognormal hours, three weeks at most."""
    hours = terms.return_hours[0] * np.exp(terms.return_hours[1] * rng.standard_normal(shape))
    return (np.clip(hours, 0.1, 500) * HOUR).astype(np.int64)
