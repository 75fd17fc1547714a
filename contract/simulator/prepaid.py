"""Prepaid customers, day by day: use, purchases, warnings, cuts for lack of balance.

One column a prepaid person, one row a day of the history up to the cut. Supply is cut by day
when the balance has run out, and comes back with the next purchase, mostly within hours.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from contract.simulator.bills import Accounts, price_kwh
from contract.simulator.calendar import DAY, HOUR
from contract.simulator.constants import Prepaid

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

MONTH_DAYS = 30.4


class Happenings(NamedTuple):
    """Things that happened, one entry each: on which row of days, to which column, what.

    Attributes:
        at: The second of it.
        fen: The money of a purchase, else 0.
        back: The second at which a cut ended; 1 for a purchase that ended one; else 0.
    """

    row: Ints
    column: Ints
    at: Ints
    fen: Ints
    back: Ints


@dataclass(frozen=True, kw_only=True)
class Prepayment:
    """The prepaid persons of a cell, day by day; money in fen.

    Attributes:
        person: The person of each column.
        first_day: Day number of row 0.
        here: Whether the person is the customer on that day.
        balance: At the end of the day; 0 while the person is not the customer.
        cost: Of the day.
        attention: Chance of acting on a day when it is time, for the truth.
    """

    person: Ints
    first_day: int
    here: Bools
    balance: Ints
    cost: Ints
    purchases: Happenings
    cuts: Happenings
    warnings: Happenings
    attention: Floats


@dataclass(frozen=True, kw_only=True)
class _Buyers:
    """How each prepaid person buys; one entry a column."""

    daily_fen: Floats
    purchase: Floats
    step: Ints
    look_ahead: Floats
    attention: Floats


@dataclass(frozen=True, kw_only=True)
class _Days:
    """What is drawn for every day beforehand; one row a day, one column a person."""

    number: Ints
    here: Bools
    cost: Ints
    acts: Floats
    draw: NDArray[np.float32]


def build_prepayment(rng: np.random.Generator, accounts: Accounts, *, cut: int) -> Prepayment:
    """Run the days of every prepaid person up to the day before the cut."""
    months = accounts.setting.months
    person = np.flatnonzero(accounts.premises.prepaid[accounts.people.at])
    first_day = int(months.first[0])
    number = np.arange(first_day, max(min(cut, int(months.first[-1])), first_day + 1))
    buyers = _buyers(rng, accounts, person)
    days = _draw_days(rng, accounts, person, number, buyers)
    walk = _Walk(rng, days, buyers, accounts.setting.world.prepaid)
    walk.balance[:] = np.rint(buyers.daily_fen * rng.uniform(2, 25, len(person)))
    balance = np.zeros_like(days.cost)
    for row in range(len(number)):
        walk.step(row)
        balance[row] = walk.balance
    return Prepayment(
        person=person,
        first_day=first_day,
        here=days.here,
        balance=balance,
        cost=days.cost,
        purchases=_gather(walk.purchases),
        cuts=_gather(walk.cuts),
        warnings=_gather(walk.warnings),
        attention=buyers.attention,
    )


class _Walk:
    """The state carried from day to day, and what has happened so far.

    Only those who are low, or whose supply is off, are looked at: on most days nothing happens
    to anybody else but use.
    """

    def __init__(
        self, rng: np.random.Generator, days: _Days, buyers: _Buyers, terms: Prepaid
    ) -> None:
        n = len(buyers.step)
        self.rng, self.days, self.buyers, self.terms = rng, days, buyers, terms
        self.trigger = buyers.look_ahead * buyers.daily_fen
        self.limit = 100 * terms.warn_yuan
        self.watch = np.maximum(self.trigger, self.limit)
        self.balance = np.zeros(n, np.int64)
        self.off = np.zeros(n, bool)
        self.dark, self.back, self.back_fen = (np.zeros(n, np.int64) for _ in range(3))
        self.purchases: list[Happenings] = []
        self.cuts: list[Happenings] = []
        self.warnings: list[Happenings] = []

    def step(self, row: int) -> None:
        """Live through one day: use, purchases, the cut of the next morning."""
        start = int(self.days.number[row]) * DAY
        if self.off.any():
            self._return(row, start)
        self.balance -= self.days.cost[row]
        low = np.flatnonzero((self.balance < self.watch) & self.days.here[row] & ~self.off)
        if len(low):
            self._buy(row, start, low)
            self._run_out(row, start, low[self.balance[low] <= 0])

    def _return(self, row: int, start: int) -> None:
        """Use less while supply is off; take in the purchase that brings it back."""
        off = np.flatnonzero(self.off)
        dark = np.minimum(self.back[off], start + DAY) - np.maximum(self.dark[off], start)
        share = 1 - np.clip(dark, 0, DAY) / DAY
        self.days.cost[row, off] = np.rint(self.days.cost[row, off] * share)
        back = off[self.back[off] < start + DAY]
        self.balance[back] += self.back_fen[back]
        self.off[back] = False

    def _buy(self, row: int, start: int, low: Ints) -> None:
        """Warn once when the balance falls under the limit; some buy when it is time."""
        left, days, nothing = self.balance[low], self.days, np.zeros(len(low), np.int64)
        warned = (left < self.limit) & (left + days.cost[row, low] >= self.limit)
        acts = days.acts[row, low]
        acts = np.where(warned, np.maximum(acts, self.terms.warn_answer), acts)
        buys = (left < self.trigger[low]) & (days.draw[row, low] < acts)
        if warned.any():
            at = nothing[warned] + start + 9 * HOUR + HOUR // 2
            self.warnings.append(_happen(row, low[warned], at))
        buyer = low[buys]
        fen = self._purchase(buyer)
        self.balance[buyer] += fen
        at = start + self.rng.integers(10 * HOUR, 21 * HOUR, len(buyer))
        self.purchases.append(_happen(row, buyer, at, fen))

    def _run_out(self, row: int, start: int, out: Ints) -> None:
        """Cut supply on the morning after the balance has run out, until something is bought."""
        if not len(out):
            return
        dark = np.full(len(out), start + DAY + self.terms.cut_hour * HOUR)
        back = dark + self._away(len(out))
        enough = -self.balance[out] + 2 * self.buyers.step[out]
        fen = np.maximum(self._purchase(out), enough)
        self.off[out], self.dark[out], self.back[out], self.back_fen[out] = True, dark, back, fen
        self.cuts.append(_happen(row, out, dark, fen, back))
        self.purchases.append(_happen(row, out, back, fen, np.ones_like(out)))

    def _purchase(self, who: Ints) -> Ints:
        """Draw purchases around the usual ones, in whole steps."""
        step = self.buyers.step[who]
        fen = self.buyers.purchase[who] * self.rng.uniform(0.7, 1.3, len(who))
        return np.maximum(np.rint(fen / step), 1).astype(np.int64) * step

    def _away(self, n: int) -> Ints:
        """Draw the seconds that supply stays off: lognormal hours."""
        hours, spread = self.terms.return_hours
        away = hours * np.exp(spread * self.rng.standard_normal(n))
        return (np.clip(away, 0.1, 500) * HOUR).astype(np.int64)  # [I] three weeks at most


def _happen(
    row: int, column: Ints, at: Ints, fen: Ints | None = None, back: Ints | None = None
) -> Happenings:
    none = np.zeros(len(column), np.int64)
    return Happenings(
        none + row, column, at, none if fen is None else fen, none if back is None else back
    )


def _gather(parts: list[Happenings]) -> Happenings:
    none = np.zeros(0, np.int64)
    columns = zip(*parts, strict=True) if parts else ((none,),) * len(Happenings._fields)
    return Happenings(*(np.concatenate(column) for column in columns))


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


def _draw_days(
    rng: np.random.Generator, accounts: Accounts, person: Ints, number: Ints, buyers: _Buyers
) -> _Days:
    months, terms, people = accounts.setting.months, accounts.setting.world.prepaid, accounts.people
    shape = (len(number), len(person))
    cycle = np.clip(np.searchsorted(months.first, number, side="right") - 1, 0, len(months) - 1)
    leaving = months.first[people.until[person]]
    here = (number[:, None] >= people.since[person]) & (number[:, None] < leaving)
    stress = np.clip(accounts.pressure.stress[:, person], 0, 6)
    acts = buyers.attention * np.exp(-terms.stress_attention * stress)
    return _Days(
        number=number,
        here=here,
        cost=_daily_cost(rng, accounts, person, cycle, buyers) * here,
        acts=acts[cycle],
        draw=rng.random(shape, dtype=np.float32),
    )


def _daily_cost(
    rng: np.random.Generator, accounts: Accounts, person: Ints, cycle: Ints, buyers: _Buyers
) -> Ints:
    """Fen a day: the season of the month, the day's noise, next to nothing in an empty flat."""
    world, months = accounts.setting.world, accounts.setting.months
    segment = accounts.premises.segment[accounts.people.at[person]]
    weight = np.array([s.seasonal for s in world.segments.values()])[segment]
    season = np.log(np.array(world.consumption.months))[months.month - 1]
    raised = np.arange(len(months)) >= accounts.setting.begins
    price = np.where(raised, accounts.setting.regime.price, 1.0)
    month = price[:, None] * np.exp(season[:, None] * weight) * buyers.daily_fen
    vacant = accounts.pressure.vacant[:, person]
    month = np.where(vacant, world.consumption.vacant_level * month, month)
    noise = rng.standard_normal((len(cycle), len(person)), dtype=np.float32)
    use = np.exp(np.float32(world.prepaid.noise) * noise) * month.astype(np.float32)[cycle]
    return np.rint(use).astype(np.int64)
