"""Whether the monthly job is well: for people, and for a system that asks each minute."""

import json
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from pipeline.config import Config
from pipeline.cycle.state import CYCLES, read_health
from pipeline.runs import MANIFEST, current_run
from pipeline.scoring.lock import is_held

# The exit codes of monitoring plug-ins (Nagios, Icinga and their like).
WELL, OLD, FAILED, UNKNOWN = range(4)
_WORDS = ("OK", "WARNING", "CRITICAL", "UNKNOWN")


@dataclass(frozen=True, kw_only=True)
class Health:
    """What is known; ``code`` is the exit code.

    Attributes:
        told: What ``health.json`` says.
        current: The newest list: run, as_of and its age in days; empty when there is none.
    """

    code: int
    text: str
    told: dict[str, Any]
    current: dict[str, Any]

    def as_dict(self) -> dict[str, Any]:
        """Return what a machine needs to know of it."""
        return {"status": _WORDS[self.code], **self.told, "current": self.current}


def judge_health(config: Config, *, now: datetime | None = None) -> Health:
    """Judge by what the last month told, and by the age of the newest list.

    Args:
        config: Where outputs lie, and what is too old or too silent.
        now: Another moment than the present.

    Raises:
        DataError: The newest list is not the one that was published.
    """
    now = now or datetime.now()
    told, current = read_health(config.outputs), _current(config, now.date())
    code, why = _judged(config, told, current, now)
    listed = (
        f"newest list {current['run']}, {current['age_days']} days old" if current else "no list"
    )
    return Health(code=code, text=f"{_WORDS[code]}: {why}; {listed}.", told=told, current=current)


def _current(config: Config, today: date) -> dict[str, Any]:
    run = current_run(config.outputs)
    if run is None:
        return {}
    as_of = json.loads((run / MANIFEST).read_text("utf-8"))["as_of"]
    age = (today - date.fromisoformat(as_of)).days
    return {"run": run.name, "as_of": as_of, "age_days": age}


def _judged(
    config: Config, told: dict[str, Any], current: dict[str, Any], now: datetime
) -> tuple[int, str]:
    cycle = told.get("cycle")
    if told.get("status") == "failed":
        error = told["last_error"]
        return FAILED, f"cycle {cycle} ended with {error['error']}, exit code {error['exit_code']}"
    if told.get("status") == "running":
        return _judge_running(config, told, now)
    if not told:
        return UNKNOWN, "duewatch run was not used here yet"
    if current and current["age_days"] > config.cycle.stale_after_days:
        return OLD, f"cycle {cycle} is done, but the newest list is old"
    return WELL, f"cycle {cycle} is done"


def _judge_running(config: Config, told: dict[str, Any], now: datetime) -> tuple[int, str]:
    cycle = told["cycle"]
    if not is_held(config.outputs / CYCLES / cycle):
        return FAILED, f"cycle {cycle} was killed; the same command goes on where it was"
    minutes = (now - datetime.fromisoformat(told["seen"])) / timedelta(minutes=1)
    if minutes > config.cycle.silent_after_minutes:
        return FAILED, f"cycle {cycle} has been silent for {minutes:,.0f} minutes"
    return WELL, f"cycle {cycle} is at: {told.get('step') or 'its beginning'}"
