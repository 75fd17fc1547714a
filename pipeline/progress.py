"""Where steps begin and end: seen by people on the terminal, by machines in the log.

Each step is one event of the log (pipeline.logs) and one line or bar of the terminal; whoever
watches a long command (pipeline.health) hears of every sign of progress.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from time import monotonic
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

Report = Callable[[str, int, int], None]

# Progress goes to standard error, so that standard output holds results alone.
console = Console(stderr=True, highlight=False)

events = logging.getLogger("duewatch")
# Without any handler Python would print a failure by itself, above the one that the user is told.
events.addHandler(logging.NullHandler())

_watcher: ContextVar[Callable[[str], None] | None] = ContextVar("watcher", default=None)


@contextmanager
def watched_by(watcher: Callable[[str], None]) -> Iterator[None]:
    """Tell somebody of each sign of progress in the block, by the title of its step."""
    token = _watcher.set(watcher)
    try:
        yield
    finally:
        _watcher.reset(token)


@contextmanager
def step(title: str) -> Iterator[Report]:
    """Show a step and the progress its work reports; say at the end how long it took.

    On a terminal a bar moves; otherwise a line says what begins, and another what is done.
    """
    began = monotonic()
    reported: dict[str, Any] = {}
    columns = (TextColumn("  {task.description}"), BarColumn(), MofNCompleteColumn())
    _heard(title)
    say("step begins", step=title)
    if not console.is_terminal:
        console.print(f"  {title} ...")
    with Progress(
        *columns,
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal or console.quiet,
    ) as bar:
        task = bar.add_task(title, total=None)

        def report(doing: str, done: int, total: int) -> None:
            bar.update(task, description=f"{title}: {doing}", completed=done, total=total)
            reported.update({"of": doing, "total": total})
            _heard(title)

        yield report
    seconds = monotonic() - began
    say("step done", step=title, seconds=round(seconds, 3), **reported)
    console.print(f"  {title} [dim]({seconds:.1f} s)[/dim]")


def say(event: str, **facts: Any) -> None:
    """Log an event with its facts: counts, durations, names of runs; never a customer's."""
    events.info("", extra={"event": event, "facts": facts})


def _heard(title: str) -> None:
    watcher = _watcher.get()
    if watcher:
        watcher(title)
