"""Several pieces of work at a time, each on one core, results in the order of the pieces."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Piece = TypeVar("Piece")
Result = TypeVar("Result")

# Each piece in flight costs the memory of a bucket.
MOST_AT_A_TIME = 4


def side_by_side(pieces: Sequence[Piece], task: Callable[[Piece], Result]) -> Iterator[Result]:
    """Yield what ``task`` returns for each piece, in order, while later ones are worked on.

    The engine leaves Python free while it runs, so threads suffice. A statement spread over the
    cores by the engine itself does not do as well: its windows and joins wait for each other. A
    task opens its own connection, with ``threads_each(pieces)``.
    """
    workers = max(1, min(os.cpu_count() or 1, MOST_AT_A_TIME, len(pieces)))
    with ThreadPoolExecutor(workers) as pool:
        yield from pool.map(task, pieces)


def threads_each(pieces: Sequence[object]) -> int | None:
    """Return the engine's threads for one of these pieces: one, or all cores for one alone."""
    return 1 if len(pieces) > 1 else None
