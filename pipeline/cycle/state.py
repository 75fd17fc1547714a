"""What is told of a month: its steps in ``state.json``, and its health beside all runs."""

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from time import monotonic
from typing import Any

from contract.errors import exit_code_of
from pipeline.progress import watched_by
from pipeline.storage import write_json

CYCLES = "cycles"
STATE = "state.json"
HEALTH = "health.json"

# A step's signs of progress are written no more often than this.
_SECONDS = 5.0
_KEPT: tuple[str, ...] = ("last_success", "last_error")


@dataclass(kw_only=True)
class State:
    """The steps of a month that are done, as told to people and to the next dry run.

    Nothing is skipped by it: what is done is found by its place, which is named by all that
    decides it.
    """

    path: Path
    about: dict[str, Any]
    before: dict[str, dict[str, Any]] = field(default_factory=dict)
    steps: dict[str, dict[str, Any]] = field(default_factory=dict)

    def add(self, step: str, told: dict[str, Any]) -> None:
        """Add what is told of a step that is done, and write the file.

        Of an output that was only found, it stays told how it was made.
        """
        earlier = self.before.get(step)
        if earlier and not told["made"] and earlier["output"] == told["output"]:
            told = {**earlier, "note": told["note"]}
        self.steps[step] = told
        write_json(self.path, {**self.about, "steps": self.steps})


def read_state(folder: Path) -> dict[str, Any]:
    """Return what is told of the month of a folder; an unreadable file tells nothing."""
    try:
        told = json.loads((folder / STATE).read_text("utf-8"))
        return told if isinstance(told["steps"], dict) else {}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def read_states(outputs: Path) -> list[dict[str, Any]]:
    """Return what is told of each month, oldest cycle first."""
    folders = sorted((outputs / CYCLES).glob("*"))
    return [told for folder in folders if (told := read_state(folder))]


def read_health(outputs: Path) -> dict[str, Any]:
    """Return what the last command said of itself; empty when none did."""
    try:
        told = json.loads((outputs / HEALTH).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}


@contextmanager
def telling_health(outputs: Path, cycle: str) -> Iterator[dict[str, Any]]:
    """Keep ``health.json`` up to date while a month is worked on, and say how it ended.

    Gives the facts that are told of a success, to be filled.
    """
    before = read_health(outputs)
    success: dict[str, Any] = {}
    kept = {name: before[name] for name in _KEPT if name in before}
    told: dict[str, Any] = {
        "cycle": cycle,
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "began": _now(),
        **kept,
    }
    last = ("", float("-inf"))

    def tell(status: str, step: str = "", **more: Any) -> None:
        nonlocal last
        last = step, monotonic()
        facts = {**told, "status": status, "step": step, "seen": _now(), **more}
        write_json(outputs / HEALTH, facts)

    def hear(title: str) -> None:
        if title != last[0] or monotonic() - last[1] >= _SECONDS:
            tell("running", title)

    tell("running")
    try:
        with watched_by(hear):
            yield success
    except BaseException as error:
        # Its class and exit code; the message may name a bill, and stands in the log, masked.
        failed = {"cycle": cycle, "at": _now(), "error": type(error).__name__}
        with suppress(OSError):  # of a full disk: the error in hand says so
            tell("failed", last_error={**failed, "exit_code": exit_code_of(error)})
        raise
    tell("done", last_success={"cycle": cycle, "at": _now(), **success})


def _now() -> str:
    return datetime.now().isoformat(timespec="seconds")
