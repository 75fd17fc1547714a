"""How fast a plan is made: python -m benchmarks.plan [--customers N] [--json].

Random customers of every kind, with up to three open bills each, are planned by the shipped
policy, from two Parquet files to a third, in a process of its own that tells seconds and peak
memory. On a sample the same plan is made one customer at a time in plain Python; every column
must agree, and ``ratio_row_by_row`` is its seconds a customer over ours.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchmarks.plan_facts import AS_OF, random_facts
from benchmarks.plan_row_by_row import plan_row_by_row
from collection.plan import Inputs, make_plan
from collection.policy import load_policy

TABLES = ("account", "open_bill", "scores")
SEED = 2026


def write_facts(folder: Path, customers: int) -> None:
    """Write the tables that a plan is made from."""
    facts = random_facts(customers, SEED)
    for table in TABLES:
        pq.write_table(getattr(facts, table), folder / f"{table}.parquet")


def plan_files(folder: Path) -> dict[str, Any]:
    """Plan from files to a file, in this process, and tell what it took."""
    policy = load_policy()
    began = time.monotonic()
    inputs = Inputs(**{table: folder / f"{table}.parquet" for table in TABLES})
    plan = make_plan(inputs, policy, as_of=AS_OF, spill=folder / "spill")
    pq.write_table(plan.table, folder / "plan.parquet")
    seconds = time.monotonic() - began
    used = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "seconds": seconds,
        "cpu_seconds": used.ru_utime + used.ru_stime,
        "peak_mb": used.ru_maxrss / 1024,
        "contacts": int(pc.sum(pc.equal(plan.table["outcome"], "contact")).as_py()),
    }


def against_row_by_row(customers: int) -> dict[str, Any]:
    """Plan a sample both ways; count the rows that differ in any column."""
    facts, policy = random_facts(customers, SEED), load_policy()
    began = time.monotonic()
    slow = plan_row_by_row(facts, policy, as_of=AS_OF)
    took = time.monotonic() - began
    fast = make_plan(facts, policy, as_of=AS_OF).table.select(list(slow[0])).to_pylist()
    differ = sum(one != other for one, other in zip(fast, slow, strict=True))
    return {
        "sample": customers,
        "sample_differs": differ,
        "row_by_row_us_per_customer": took / customers * 1e6,
    }


def measure(customers: int, sample: int) -> dict[str, Any]:
    """Return every figure by name."""
    with tempfile.TemporaryDirectory(prefix="duewatch-plan-") as folder:
        write_facts(Path(folder), customers)
        command = [sys.executable, "-m", "benchmarks.plan", "--work", folder]
        ended = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - this very module
        spent = json.loads(ended.stdout.splitlines()[-1])
    figures = {"customers": customers, **spent, **against_row_by_row(sample)}
    ours = spent["seconds"] / customers * 1e6
    figures["ratio_row_by_row"] = figures["row_by_row_us_per_customer"] / ours
    return figures


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--sample", type=int, default=20_000)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--work", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.work:
        print(json.dumps(plan_files(arguments.work)))
        return
    figures = measure(arguments.customers, arguments.sample)
    figures = {
        name: round(value, 2) if isinstance(value, float) else value
        for name, value in figures.items()
    }
    if arguments.json:
        print(json.dumps(figures))
        return
    for name, value in figures.items():
        print(f"{name:28} {value:>14,}")


if __name__ == "__main__":
    main()
