"""What runs on an executor: a piece of work, and its answer to the driver."""

import traceback
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from contract.engine import EngineError
from contract.errors import ConfigError, DataError, MachineError
from pipeline.spark.alike import check_alike


class Shared(Protocol):
    """A value that was sent to every executor once."""

    @property
    def value(self) -> Any:
        """The value, unpacked once a process."""


class _Heard(Protocol):
    def add(self, answers: list[Any]) -> None: ...


def perform(
    work: Callable[[Any], Any], heard: _Heard, expected: dict[str, str], pieces: Iterable[Any]
) -> None:
    """Work on the pieces of a Spark task and let the driver hear of each: a result or an error.

    What the disk or the engine refuses is left to Spark, which tries again, perhaps on another
    machine; an error that would come again is told at once.
    """
    for piece in pieces:
        heard.add([_answer(work, expected, piece)])


def with_shared(work: Callable[[Any, Any], Any], shared: Shared, piece: Any) -> Any:
    """Call a piece of work with what every executor has."""
    return work(shared.value, piece)


def _answer(work: Callable[[Any], Any], expected: dict[str, str], piece: Any) -> Any:
    try:
        check_alike(expected)
        return work(piece)
    except (ConfigError, DataError, MachineError) as error:
        return error
    except (OSError, MemoryError, EngineError):
        raise
    except Exception:  # noqa: BLE001 - a bug is told whole where people see it
        return RuntimeError(f"{piece}:\n{traceback.format_exc()}")
