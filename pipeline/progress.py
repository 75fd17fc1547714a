"""Progress on the terminal: what is being done, how far it is, how long it took."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

Report = Callable[[str, int, int], None]

# Progress goes to standard error, so that standard output holds results alone.
console = Console(stderr=True, highlight=False)


@contextmanager
def step(title: str) -> Iterator[Report]:
    """Show a step and the progress its work reports; say at the end how long it took.

    On a terminal a bar moves; in a log a line says what begins, and another what is done.
    """
    began = monotonic()
    columns = (TextColumn("  {task.description}"), BarColumn(), MofNCompleteColumn())
    if not console.is_terminal:
        console.print(f"  {title} ...")
    with Progress(
        *columns,
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ) as bar:
        task = bar.add_task(title, total=None)

        def report(doing: str, done: int, total: int) -> None:
            bar.update(task, description=f"{title}: {doing}", completed=done, total=total)

        yield report
    console.print(f"  {title} [dim]({monotonic() - began:.1f} s)[/dim]")
