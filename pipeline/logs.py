"""What a command does, as one JSON object a line: for machines that watch an unattended job.

A line has its time, level, event, and whatever is bound at the moment (command, run, cycle, code).
Ids of customers and bills are masked and secrets cut out of every line, whoever wrote it.
"""

import json
import logging
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from contract.errors import MachineError
from pipeline.progress import console, events
from pipeline.redaction import redacted

Level = Literal["debug", "info", "warning", "error"]

_OWN = ("contract", "features", "models", "collection", "reports", "pipeline", "duewatch")
# An id of a customer, bill or account: what has five digits in a row. A day or a count has not.
_ID = re.compile(r"(?<![\w.-])[\w.-]*\d{5}[\w.-]*")
_MASK = "***"

_bound: ContextVar[dict[str, Any]] = ContextVar("bound")
# What was bound where an error arose; the error is logged further out.
_failing: ContextVar[tuple[BaseException | None, dict[str, Any]]] = ContextVar("failing")


class Logs(BaseModel):
    """Where a command's doings are logged, beside what people see on the terminal.

    Attributes:
        file: JSON lines are appended to it; without one nothing is kept.
        level: The least level that is logged: ``debug``, ``info``, ``warning`` or ``error``.
        terminal: ``text`` shows progress to people; ``json`` writes the same JSON lines to
            standard error in its place, for a collector of logs.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: Path | None = None
    level: Level = "info"
    terminal: Literal["text", "json"] = "text"


def start_logging(settings: Logs) -> None:
    """Log from here on as the settings say; what was set before is forgotten.

    Raises:
        MachineError: The file cannot be written.
    """
    root = logging.getLogger()
    for handler in [one for one in root.handlers if isinstance(one.formatter, _JsonLines)]:
        root.removeHandler(handler)
        handler.close()
    console.quiet = settings.terminal == "json"
    handlers: list[logging.Handler] = []
    if settings.terminal == "json":
        handlers.append(logging.StreamHandler(sys.stderr))
    if settings.file is not None:
        handlers.append(_file_handler(settings.file))
    for handler in handlers:
        handler.setFormatter(_JsonLines())
        handler.addFilter(_is_ours)
        root.addHandler(handler)
    if handlers:
        level = logging.getLevelNamesMapping()[settings.level.upper()]
        for name in _OWN:
            logging.getLogger(name).setLevel(level)


@contextmanager
def bound(**facts: Any) -> Iterator[None]:
    """Add facts, such as the run's id, to every line of the block."""
    token = _bound.set({**_bound.get({}), **facts})
    try:
        yield
    except Exception as error:
        _failing.set((error, {**_bound.get(), **_facts_of(error)}))
        raise
    finally:
        _bound.reset(token)


def _facts_of(error: BaseException) -> dict[str, Any]:
    """Return what was bound where an error, or what led to it, was raised; of others nothing."""
    failed, facts = _failing.get((None, {}))
    led: BaseException | None = error
    while led is not None:
        if led is failed:
            return facts
        led = led.__cause__ or led.__context__
    return {}


def log_failure(error: Exception, exit_code: int) -> None:
    """Log once that a command failed, with its exit code; a bug with its trace."""
    facts = {**_facts_of(error), "error": type(error).__name__, "exit_code": exit_code}
    trace = error if exit_code == 1 else None
    events.error(str(error), exc_info=trace, extra={"event": "failed", "facts": facts})


def masked(text: str) -> str:
    """Return a text without ids and secrets.

    >>> masked("bills: bill_id B00000123 stands twice (2026-10-06, 20,000 rows)")
    'bills: bill_id *** stands twice (2026-10-06, 20,000 rows)'
    """
    return _ID.sub(_MASK, redacted(text))


class _JsonLines(logging.Formatter):
    """One JSON object a record."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": getattr(record, "event", "message"),
            "logger": record.name,
            **_bound.get({}),
            **getattr(record, "facts", {}),
        }
        if message := record.getMessage():
            line["message"] = masked(message)
        if record.exc_info:
            line["traceback"] = masked(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False, default=str)


def _is_ours(record: logging.LogRecord) -> bool:
    """Let libraries speak only when something is wrong."""
    return record.name.split(".")[0] in _OWN or record.levelno >= logging.WARNING


def _file_handler(path: Path) -> logging.Handler:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return logging.FileHandler(path, encoding="utf-8")
    except OSError as error:
        raise MachineError(
            f"{path}: {error.strerror}; nothing can be logged there. Give this user the right to"
            " write it, or set logging.file elsewhere."
        ) from error
