"""Where supply goes: meters, their class and place, one entry per customer number."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contract.simulator.region import Setting

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Premises:
    """One entry per customer.

    Attributes:
        number: The customer's place in the utility, the seed of its ids.
        segment: Index into the world's segments.
        industry: Index into the region's industries, -1 for homes and fields.
        phase: The parity of the cycles in which a bimonthly customer is billed.
        base_kwh: Usual kWh of an average month.
        opened: Day number of the opening.
        first: First cycle with a bill; 0 for those who were there before the history begins.
    """

    number: Ints
    segment: Ints
    business: Bools
    high: Bools
    prepaid: Bools
    urban: Bools
    grid: Ints
    manager: Ints
    industry: Ints
    agent: Bools
    bimonthly: Bools
    phase: Ints
    base_kwh: Floats
    capacity_kva: Floats
    protected: Bools
    opened: Ints
    first: Ints


def build_premises(rng: np.random.Generator, numbers: Ints, setting: Setting) -> Premises:
    """Draw the premises of one cell of customers."""
    world, n = setting.world, len(numbers)
    segments = tuple(world.segments.values())
    segment = rng.choice(len(segments), n, p=[s.share for s in segments])
    high = rng.random(n) < of(segments, "high")[segment]
    business = of(segments, "business")[segment].astype(bool)
    first, newcomer = _first_cycles(rng, n, setting)
    grid = _grids(rng, newcomer, setting)
    prepaid = (rng.random(n) < world.prepaid.share) & ~high
    agent_odds = world.region.agent_share / world.region.agent_grids
    kwh = np.where(high, of(segments, "high_kwh")[segment], of(segments, "low_kwh")[segment])
    kwh = kwh * np.exp(rng.normal(0, 1, n) * of(segments, "spread")[segment])
    return Premises(
        number=numbers,
        segment=segment,
        business=business,
        high=high,
        prepaid=prepaid,
        urban=rng.random(n) < np.where(business, 0.75, 0.58),  # [I] domain 4.1
        grid=grid,
        manager=rng.integers(0, world.region.managers_per_grid, n),
        industry=_industries(rng, business, setting),
        agent=setting.shared.has_agent[grid] & ~high & ~prepaid & (rng.random(n) < agent_odds),
        bimonthly=(rng.random(n) < of(segments, "bimonthly")[segment]) & ~prepaid,
        phase=rng.integers(0, 2, n),
        base_kwh=kwh,
        # [I] homes are wired for 8 kVA, others for what they use in 150 full hours
        capacity_kva=np.where(business, np.maximum(np.ceil(kwh / 150), 10), 8.0),
        protected=rng.random(n) < 0.01,  # [I]
        opened=_opening_days(rng, first, setting),
        first=first,
    )


def of(records: tuple[Any, ...], field: str) -> Floats:
    """Return one number of each record, in order."""
    return np.array([getattr(record, field) for record in records], dtype=float)


def _first_cycles(rng: np.random.Generator, n: int, setting: Setting) -> tuple[Ints, Bools]:
    """First cycle with a bill, new accounts evenly over the history; who lives in the new town."""
    cycles, moves = len(setting.months), setting.world.moves
    new = rng.random(n) < 1 - (1 - moves.opened_year) ** (cycles / 12)
    first = np.where(new, rng.integers(1, cycles, n), 0)
    newcomer = rng.random(n) < setting.regime.newcomers
    since = np.maximum(setting.begins + rng.random(n) * (cycles - setting.begins), 1)
    return np.where(newcomer, since.astype(np.int64), first), newcomer


def _grids(rng: np.random.Generator, newcomer: Bools, setting: Setting) -> Ints:
    """Newcomers live in the quarters of the new town, the others everywhere else."""
    old = np.flatnonzero(~setting.shared.new_grid)
    new = np.flatnonzero(setting.shared.new_grid)
    draw = rng.random(len(newcomer))
    grid = old[(draw * len(old)).astype(np.int64)]
    return np.where(newcomer, new[(draw * len(new)).astype(np.int64)], grid) if len(new) else grid


def _industries(rng: np.random.Generator, business: Bools, setting: Setting) -> Ints:
    region = setting.world.region
    drawn = rng.choice(len(region.industries), len(business), p=region.industry_weights)
    return np.where(business, drawn, -1)


def _opening_days(rng: np.random.Generator, first: Ints, setting: Setting) -> Ints:
    """A day of the month before the first bill, or up to twenty years before the history."""
    start, n = setting.months.first, len(first)
    in_month = start[np.maximum(first, 1) - 1] + rng.integers(0, 28, n)
    return np.where(first > 0, in_month, start[0] - rng.integers(40, 7300, n))
