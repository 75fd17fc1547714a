"""How fast a run is scored: python -m benchmarks.score [--customers N] [--json].

From Parquet to ranked, explained lists on simple data (`benchmarks.feature_work`) with the champion
of ``--config``, or with a model that is trained on a simulated town first. Every task runs in a
process of its own. Figures, seconds unless they say otherwise:

- ``seconds``: the dataset opened, checked, staged, scored, ranked, explained and written;
  ``seconds_prepare`` of it go to check and staging, which the next run of the same data reuses.
- ``seconds_processor``: those of all processes of the job together; on a machine that is not
  idle they say more than the wall's.
- ``explained``: bills whose reasons are told: those listed, or with ``--explain all`` every one.
- ``peak_mb``: most resident memory of the process and its workers together.
- ``seconds_features``, ``seconds_predict``, ``seconds_explain``: the same work bucket by bucket on
  one core, to see what bounds the job; wall time is less, by the workers.
- ``explain_ratio_pred_contrib``: contributions of some rows by LightGBM's own `pred_contrib` over
  ours, one thread each.
- ``ratio_pandas``: the same lists by hand, with vectorised pandas for 48 of the columns, LightGBM's
  predict and `pred_contrib`, without checks, ledger, words or workbook, over ours, on
  ``--pandas-customers``: above 1 where ours is the quicker.
- ``ratio_floor``: ours over reading the files and LightGBM's bare predict of the same rows.
- ``slope_three_over_one``: seconds a customer of three times the customers over those of N, with
  ``--slope``; null without.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from benchmarks.feature_work import write_work

AS_OF = date(2025, 12, 10)
_ROWS_EXPLAINED = 3_000


def measure(arguments: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Run the tasks one after the other and return the figures."""
    config = arguments.config or _trained(folder / "town")

    def at(task: str, customers: int) -> dict[str, float]:
        work = folder / str(customers)
        if not work.exists():
            write_work(work / "data", customers)
        found = run_task(task, work, config, explain=arguments.explain)
        print(f"{task} {customers}: {found}, load {os.getloadavg()[0]:.1f}", file=sys.stderr)
        return found

    most = arguments.customers
    job, parts, floor = at("score", most), at("parts", most), at("floor", most)
    few = min(arguments.pandas_customers, most)
    ours = job if few == most else at("score", few)
    figures: dict[str, float | None] = {
        "customers": most,
        **job,
        **parts,
        "ratio_pandas": at("pandas", few)["seconds"] / ours["seconds"],
        "ratio_floor": job["seconds"] / floor["seconds"],
        "slope_three_over_one": None,
    }
    if arguments.slope:
        three = at("score", 3 * most)
        figures["slope_three_over_one"] = three["seconds"] / (3 * job["seconds"])
    return {name: value and round(value, 3) for name, value in figures.items()}


def run_task(task: str, work: Path, config: Path, *, explain: str) -> dict[str, float]:
    """Run one task in a process of its own."""
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.score", "--task", task]
    command += ["--work", str(work), "--config", str(config), "--explain", explain]
    ended = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)  # noqa: S603 - this very module
    found: dict[str, float] = json.loads(ended.stdout.splitlines()[-1])
    return found


def _trained(folder: Path) -> Path:
    """Train on a simulated town and return the config whose registry has the champion.

    It is made champion whether or not so small a town lets it earn that: speed is asked here.
    """
    from pipeline.config import load_config  # noqa: PLC0415 - only this task needs them
    from pipeline.tracking import CHALLENGER, crown, load  # noqa: PLC0415

    path = folder / "config.yaml"
    folder.mkdir(parents=True)
    settings = {
        **{name: str(folder / name) for name in ("data", "stores", "outputs")},
        "tracking": {"folder": str(folder / "mlruns")},
        "simulation": {"customers": 5_000},
    }
    path.write_text(json.dumps(settings), "utf-8")
    command = [sys.executable, "-W", "ignore", "-c", "from pipeline.cli import main; main()"]
    subprocess.run([*command, "demo", "--config", str(path)], check=True, stdout=sys.stderr)  # noqa: S603 - the product
    tracked = load_config(path).tracked
    crown(load(tracked, CHALLENGER), {"reasons": "the benchmark needs a champion"}, tracked)
    return path


def _settings(work: Path, config: Path, *, explain: str = "listed") -> Any:
    from pipeline.config import load_config  # noqa: PLC0415 - a task imports what it needs

    places = {name: work / name for name in ("data", "stores", "outputs")}
    told = load_config(config)
    scoring = told.scoring.model_copy(update={"explain": explain})
    return told.model_copy(update={**places, "as_of": AS_OF, "scoring": scoring})


def _score(work: Path, config: Path, explain: str) -> dict[str, float]:
    from pipeline.preparing import prepare  # noqa: PLC0415 - as above
    from pipeline.scoring import score  # noqa: PLC0415 - as above
    from pipeline.tracking import load  # noqa: PLC0415 - as above

    settings = _settings(work, config, explain=explain)
    registered = load(settings.tracked)
    with _watched() as peak:
        began = time.perf_counter()
        prepared = prepare(settings)
        ready = time.perf_counter()
        run = score(settings, prepared, registered)
        ended = time.perf_counter()
    if not run.made:
        raise RuntimeError(f"{run.folder} was there already; give an empty folder")
    return {
        "seconds": ended - began,
        "seconds_prepare": ready - began,
        "seconds_processor": _processor_seconds(),
        "peak_mb": peak(),
        "buckets": prepared.store.buckets,
        "bills": run.manifest.counts["bills_scored"],
        "explained": run.manifest.counts["bills_scored" if explain == "all" else "listed"],
    }


def _processor_seconds() -> float:
    used = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in used)


def _parts(work: Path, config: Path, _: str) -> dict[str, float]:
    """Time what a bucket is made of, on one core, and how contributions compare."""
    from benchmarks.score_parts import measure_parts  # noqa: PLC0415 - as above

    return measure_parts(_settings(work, config), rows=_ROWS_EXPLAINED)


def _floor(work: Path, config: Path, _: str) -> dict[str, float]:
    from benchmarks.score_parts import measure_floor  # noqa: PLC0415 - as above

    return measure_floor(_settings(work, config))


def _pandas(work: Path, _: Path, __: str) -> dict[str, float]:
    from benchmarks.score_parts import measure_pandas  # noqa: PLC0415 - as above

    return measure_pandas(work, AS_OF)


TASKS: dict[str, Callable[[Path, Path, str], dict[str, float]]] = {
    "score": _score,
    "parts": _parts,
    "floor": _floor,
    "pandas": _pandas,
}


@contextmanager
def _watched() -> Any:
    """Give a function that tells the most megabytes this process and its children had at once."""
    most, stop = [0.0], threading.Event()

    def watch() -> None:
        while not stop.wait(0.1):
            most[0] = max(most[0], _resident_mb(os.getpid()))

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield lambda: most[0]
    finally:
        stop.set()
        thread.join()


def _resident_mb(pid: int) -> float:
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1])
        tasks = Path(f"/proc/{pid}/task").glob("*/children")
        children = [int(child) for task in tasks for child in task.read_text("ascii").split()]
    except OSError:  # it ended meanwhile
        return 0.0
    own = pages * os.sysconf("SC_PAGE_SIZE") / 2**20
    return own + sum(_resident_mb(child) for child in children)


def main() -> None:
    """Measure and print a table, or one JSON object as the last line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--customers", type=int, default=200_000)
    parser.add_argument("--pandas-customers", type=int, default=50_000)
    parser.add_argument("--slope", action="store_true", help="also three times the customers")
    parser.add_argument("--explain", choices=("listed", "all"), default="listed")
    parser.add_argument("--config", type=Path, help="whose champion scores; else one is trained")
    parser.add_argument("--folder", type=Path, help="where the data are made; else a temporary one")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--task", choices=sorted(TASKS), help=argparse.SUPPRESS)
    parser.add_argument("--work", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.task:
        task = TASKS[arguments.task]
        print(json.dumps(task(arguments.work, arguments.config, arguments.explain)))
        return
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        figures = measure(arguments, Path(folder))
    for name, value in figures.items():
        print(f"{name:28} {value}")
    if arguments.json:
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
