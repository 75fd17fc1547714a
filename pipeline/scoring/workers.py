"""Buckets in processes side by side: as many as there are cores and memory for.

A worker is this package run as a module of its own (`pipeline.scoring.worker`), not a fork, for
engine and LightGBM have threads that a fork would break, and not by multiprocessing's spawn,
which runs the user's script again. Tasks and answers go through pipes; a worker whose pipe is
closed ends, so that none outlives the command that started it.
"""

import os
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any, cast

from contract.errors import MachineError
from pipeline.scoring.buckets import Task
from pipeline.scoring.keeping import keep_compiled

Work = Callable[[Task, int], dict[str, Any]]

# Most of what a bucket of 50,000 customers takes, libraries included (benchmarks.score).
_BYTES_A_WORKER = 1_500_000_000


@dataclass(frozen=True, kw_only=True)
class _Child:
    process: subprocess.Popen[bytes]
    tasks: Connection
    answers: Connection


@dataclass(frozen=True, kw_only=True)
class Workers:
    """Processes that have their task already; none means that work is done here."""

    task: Task
    children: list[_Child] = field(default_factory=list)

    def run(self, work: Work, buckets: Sequence[int]) -> Iterator[dict[str, Any]]:
        """Yield what a piece of work tells of each bucket, in no order.

        Raises:
            MachineError: A worker was ended from outside; what is done is kept.
        """
        if not self.children:
            yield from (work(self.task, bucket) for bucket in buckets)
            return
        waiting, busy = deque(buckets), dict[Connection, _Child]()
        for child in self.children:
            _give(child, work, waiting, busy)
        while busy:
            for answers in cast("list[Connection]", wait(list(busy))):
                child = busy.pop(answers)
                told = _answer(child)
                _give(child, work, waiting, busy)
                yield told


@contextmanager
def start_workers(task: Task, count: int) -> Iterator[Workers]:
    """Start so many workers for the time of the block; with one, the work is done here."""
    children = [_start(task) for _ in range(count)] if count > 1 else []
    if not children:
        prepare_process(task)
    try:
        yield Workers(task=task, children=children)
    finally:
        for child in children:
            child.tasks.close()
            child.process.kill()
            child.process.wait()
            child.answers.close()


def prepare_process(task: Task) -> None:
    """Let this process take compiled code from beside the stores, and keep there what it adds."""
    keep_compiled(task.store.folder.parent / ".compiled")


def count_workers(wanted: int | None, buckets: int) -> int:
    """Return how many processes to start: as wanted, else by the machine's cores and memory."""
    by_machine = min(os.cpu_count() or 1, max(1, _free_bytes() // _BYTES_A_WORKER))
    return max(1, min(wanted or by_machine, buckets))


def _free_bytes() -> int:
    try:
        lines = Path("/proc/meminfo").read_text("ascii").splitlines()
        kilobytes = next(line.split()[1] for line in lines if line.startswith("MemAvailable:"))
        return int(kilobytes) * 1024
    except (OSError, StopIteration):  # not Linux: all of the memory, for what it is worth
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _start(task: Task) -> _Child:
    task_out, task_in = os.pipe()
    answer_out, answer_in = os.pipe()
    process = subprocess.Popen(  # noqa: S603 - this very package
        [sys.executable, "-m", "pipeline.scoring.worker", str(task_out), str(answer_in)],
        pass_fds=(task_out, answer_in),
        stdin=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    os.close(task_out)
    os.close(answer_in)
    tasks = Connection(task_in, readable=False)
    tasks.send(task)
    return _Child(process=process, tasks=tasks, answers=Connection(answer_out, writable=False))


def _give(child: _Child, work: Work, waiting: deque[int], busy: dict[Connection, _Child]) -> None:
    if waiting:
        try:
            child.tasks.send((work, waiting.popleft()))
        except BrokenPipeError as error:
            raise _ended(child) from error
        busy[child.answers] = child


def _answer(child: _Child) -> dict[str, Any]:
    try:
        told = child.answers.recv()
    except (EOFError, ConnectionResetError) as error:
        raise _ended(child) from error
    if isinstance(told, Exception):
        raise told
    return cast("dict[str, Any]", told)


def _ended(child: _Child) -> MachineError:
    return MachineError(
        f"A worker process ended by itself (code {child.process.wait()}), as when memory runs"
        " out. Set scoring.workers to 1, or more buckets, and run the same command again: it"
        " goes on where it was."
    )
