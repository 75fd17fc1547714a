"""How fast the simulator writes bills: python -m benchmarks.simulate [--json].

The rate counts everything that is written (eight tables and the truth, as Parquet) against the
bills among them. ``bills_per_cpu_second`` is the rate on one core, whatever else the machine
does. Beside it stands a plain loop over customers, in the standard library, that makes the same
behavioural draws of postpaid customers and keeps the rows in lists; ``draws_ratio`` compares it
with the vectorised draws alone, neither of them writing.
"""

import argparse
import json
import math
import random
import resource
import tempfile
import time
from pathlib import Path

from contract.simulator import World, read_world, simulate
from contract.simulator.cell import CELL, build_cell
from contract.simulator.constants import Channel, Payer
from contract.simulator.region import build_setting
from contract.tables import TABLES

LOOP_CUSTOMERS = 400


def measure(*, customers: int, cycles: int, seed: int, workers: int) -> dict[str, float]:
    """Simulate once and return rates; CPU seconds are those of this process and its children."""
    with tempfile.TemporaryDirectory() as folder:
        warm = Path(folder)  # what is imported at first use is no part of a rate
        simulate(warm / "data", warm / "truth", customers=50, cycles=2, seed=seed)
    cpu = _cpu_seconds()
    with tempfile.TemporaryDirectory() as folder:
        report = simulate(
            Path(folder) / "data",
            Path(folder) / "truth",
            customers=customers,
            cycles=cycles,
            seed=seed,
            workers=workers,
        )
        size = sum(path.stat().st_size for path in Path(folder).rglob("*.parquet"))
    spent = _cpu_seconds() - cpu
    draws = draw_rate(read_world(), cycles=cycles, seed=seed)
    loop = loop_rate(read_world(), cycles=cycles, seed=seed)
    bills = report.rows["bills"]
    return {
        "customers": customers,
        "cycles": cycles,
        "workers": workers,
        "bills": bills,
        "rows": sum(report.rows[name] for name in TABLES),
        "seconds": round(report.seconds, 2),
        "cpu_seconds": round(spent, 2),
        "bills_per_second": round(bills / report.seconds),
        "bills_per_cpu_second": round(bills / spent),
        "drawn_bills_per_cpu_second": round(draws),
        "loop_bills_per_cpu_second": round(loop),
        "draws_ratio": round(draws / loop, 1),
        "megabytes": round(size / 1e6, 1),
        "peak_mb": round(_peak_kb() / 1024),
    }


def draw_rate(world: World, *, cycles: int, seed: int) -> float:
    """Return bills a CPU second of the vectorised draws of postpaid customers, unwritten."""
    postpaid = world.model_copy(update={"prepaid": world.prepaid.model_copy(update={"share": 0.0})})
    setting = build_setting(
        postpaid, "calm", customers=2 * CELL, cycles=cycles, last_cycle=202610, seed=seed
    )
    begun = time.process_time()
    cells = [
        build_cell(number, customers=2 * CELL, setting=setting, seed=seed, cut=0)
        for number in range(2)
    ]
    spent = time.process_time() - begun
    return sum(int(cell.accounts.bills.exists.sum()) for cell in cells) / spent


def loop_rate(world: World, *, cycles: int, seed: int) -> float:
    """Return bills a CPU second of a loop that draws each customer's bills one by one."""
    rng = random.Random(seed)  # noqa: S311 - a simulation, not a secret
    rows: list[tuple[object, ...]] = []
    begun = time.process_time()
    for customer in range(LOOP_CUSTOMERS):
        _loop_customer(rng, world, cycles, rows, customer)
    return LOOP_CUSTOMERS * cycles / (time.process_time() - begun)


def _loop_customer(
    rng: random.Random, world: World, cycles: int, rows: list[tuple[object, ...]], customer: int
) -> None:
    """Draw one customer's life month by month, and what each month leaves in the tables."""
    money, use = world.liquidity, world.consumption
    payer = rng.choices(list(world.payers.values()), [p.share[0] for p in world.payers.values()])[0]
    intercept = payer.intercept + payer.spread * rng.gauss(0, 1)
    channels = rng.choices(list(world.channels.values()), k=2)
    wealth, source, felt, drift = rng.gauss(0, 1), 0.0, 0.0, 0.0
    base, open_until, history = 175 * math.exp(rng.gauss(0, 0.55)), -1.0, [0] * 6
    for cycle in range(cycles):
        felt += money.onset * (source - felt)
        hit = rng.random()
        source = 0.0 if hit < money.shock_end else source
        source = rng.gammavariate(8, money.shock_size / 8) if hit > 1 - money.shock_rate else source
        wealth = money.memory * wealth + math.sqrt(1 - money.memory**2) * rng.gauss(0, 1)
        drift += rng.gauss(0, use.drift)
        kwh = base * use.months[cycle % 12] * math.exp(drift + rng.gauss(0, use.noise))
        kwh *= rng.uniform(*use.spike) if rng.random() < use.spike_rate else 1.0
        surprise = math.log(kwh / base)
        odds = intercept + payer.loading * (felt - money.weight * wealth) + payer.amount * surprise
        odds += money.arrears_shift * (open_until > cycle * 30)
        p = 1 / (1 + math.exp(-odds))
        stress = money.show * source - money.weight * wealth
        p *= _loop_reminders(rng, world, payer, (sum(history), stress, cycle * 30), rows)
        late = rng.random() < p
        rows.append((customer, cycle, kwh, kwh * 0.538, cycle * 30, cycle * 30 + 22))
        day = _loop_day(rng, world, payer, late=late, stress=stress)
        _loop_payments(rng, world, channels, (cycle * 30, day, kwh, stress), rows)
        if late:
            rows.append((cycle, 3, "sms", rng.random(), rng.random(), rng.random()))
        open_until, history = cycle * 30 + day, [*history[1:], int(late)]


def _loop_reminders(
    rng: random.Random,
    world: World,
    payer: Payer,
    state: tuple[int, float, int],
    rows: list[tuple[object, ...]],
) -> float:
    """Draw rounds 1 and 2 and return what they leave of the chance of lateness."""
    recent, stress, start = state
    kept, policy = 1.0, world.contacts
    if rng.random() < (policy.first_recent if recent else policy.first_other):
        reached = rng.random() > policy.wrong_number
        rows.append((start + rng.randint(0, 2), 1, "sms", reached, rng.randint(9, 17)))
        kept *= 1 - payer.sms * reached * policy.sms_read
    if recent and rng.random() < policy.second_share:
        silent = 1 / (1 + math.exp(-policy.no_answer[0] - policy.no_answer[1] * stress))
        reached = rng.random() > silent and rng.random() > policy.wrong_number
        rows.append((start + 18, 2, "phone", reached, rng.randint(9, 17), rng.random()))
        kept *= 1 - payer.phone * reached
    return kept


def _loop_day(
    rng: random.Random, world: World, payer: Payer, *, late: bool, stress: float
) -> float:
    """Draw the day of settlement, counted from issue."""
    if late:
        return 23 + payer.delay[0] * math.exp(payer.delay[1] * rng.gauss(0, 1))
    habit = rng.choices(range(4), world.habits.residential)[0]
    day = (rng.expovariate(0.45), 7 + 3 * rng.random() ** 2, 22 - rng.expovariate(0.9))
    left = 1 - min(max((*day, 22 * rng.random())[habit], 0), 22) / 22
    return 22 * (1 - left * math.exp(-world.habits.stress_shift * max(stress, 0)))


def _loop_payments(
    rng: random.Random,
    world: World,
    channels: list[Channel],
    bill: tuple[int, float, float, float],
    rows: list[tuple[object, ...]],
) -> None:
    """Draw channel, parts, reversal and posting of one bill's payment."""
    start, day, kwh, stress = bill
    ways = world.payments
    channel = channels[rng.random() > ways.loyal]
    first = rng.uniform(*ways.partial_share)
    if rng.random() < ways.partial[0] * math.exp(ways.partial_stress * stress):
        rows.append((start + day * rng.random(), first * kwh, rng.uniform(*channel.lag)))
    if rng.random() < ways.reversal:
        rows.append((start + day * rng.random(), -kwh))
    named = rng.random() > channel.unnamed
    rows.append((start + day, 8 + 14 * rng.random(), kwh, rng.uniform(*channel.lag), named))


def _cpu_seconds() -> float:
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(u.ru_utime + u.ru_stime for u in map(resource.getrusage, kinds))


def _peak_kb() -> int:
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return max(resource.getrusage(kind).ru_maxrss for kind in kinds)


def main() -> None:
    """Print the figures, as lines or as one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=20_000)
    parser.add_argument("--cycles", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    given = parser.parse_args()
    figures = measure(
        customers=given.customers, cycles=given.cycles, seed=given.seed, workers=given.workers
    )
    if given.json:
        print(json.dumps(figures))
        return
    for name, value in figures.items():
        print(f"{name:24} {value:>14,}")


if __name__ == "__main__":
    main()
