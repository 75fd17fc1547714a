"""Do a month: each step of it in order, again from where it was, by one process at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from time import monotonic
from typing import Any

from collection.policy import load_policy
from contract.dataset import count_rows
from contract.errors import ConfigError
from pipeline.code_version import git_commit
from pipeline.config import Config
from pipeline.cycle.state import CYCLES, STATE, State, read_state, telling_health
from pipeline.cycle.steps import Done, Month, Step, steps_of
from pipeline.gates.gate import Accepted
from pipeline.logs import bound
from pipeline.preparing import prepare
from pipeline.progress import say, step
from pipeline.scoring.lock import locked
from pipeline.tracking import load
from pipeline.troubles import machine_troubles


@dataclass(frozen=True, kw_only=True)
class Lived:
    """A month that is done; ``steps`` tells of each, as ``state.json`` does."""

    cycle: str
    as_of: date
    folder: Path
    steps: dict[str, dict[str, Any]]

    def text(self) -> str:
        """Return a line a step, for the terminal."""
        lines = [f"Cycle {self.cycle}, as of {self.as_of}:"]
        for name, told in self.steps.items():
            facts = ", ".join(f"{k} {v:,}" for k, v in told["facts"].items() if _is_count(v))
            about = "; ".join(part for part in (told["note"], facts) if part)
            lines.append(f"  {name:10} {told['output'] or '-'}" + (f"  ({about})" if about else ""))
        return "\n".join(lines)

    def as_dict(self) -> dict[str, Any]:
        """Return what a machine needs to know of it."""
        return {
            "cycle": self.cycle,
            "as_of": self.as_of.isoformat(),
            "output": str(self.folder),
            "steps": self.steps,
        }


def cycle_day(config: Config, cycle: str) -> date:
    """Return the day that a cycle such as 2026-10 is looked at from.

    Raises:
        ConfigError: It is no month.
    """
    try:
        first = date.fromisoformat(f"{cycle}-01")
        later = first.year * 12 + first.month - 1 + config.cycle.months_after
        day = config.cycle.day or config.snapshots.days_of_month[0]
        return date(later // 12, later % 12 + 1, day)
    except ValueError as error:
        raise ConfigError(f"--cycle: {cycle} is no month; give it as 2026-10.") from error


def do_month(config: Config, cycle: str, *, accepted: Sequence[Accepted] = ()) -> Lived:
    """Do every step of a cycle that is not done yet, or whose inputs have changed since.

    Killed at any moment, the same call goes on where it was; a month that is done is found.

    Args:
        config: Of the run; without an ``as_of`` the cycle's day is taken.
        cycle: The billing month, such as 2026-10.
        accepted: Gates that a person lets through.

    Raises:
        ConfigError: There is no champion, or a setting is wrong.
        DataError: The data break the contract.
        GateError: A gate keeps the list from being published; what follows it is not done.
        BusyError: Another process is at the same cycle.
    """
    config = config.model_copy(update={"as_of": config.as_of or cycle_day(config, cycle)})
    folder = config.outputs / CYCLES / cycle
    with (
        bound(cycle=cycle, code=git_commit()),
        machine_troubles(config.outputs),
        locked(folder),
        telling_health(config.outputs, cycle) as told,
    ):
        began = monotonic()
        month = _begin(config, folder, accepted)
        state = _state(month, cycle, monotonic() - began)
        for one in steps_of(config):
            _do(one, month, state)
        told["as_of"] = month.as_of.isoformat()
    return Lived(cycle=cycle, as_of=month.as_of, folder=folder, steps=state.steps)


def _begin(config: Config, folder: Path, accepted: Sequence[Accepted]) -> Month:
    """Read what is small before the data, so that a wrong setting does not wait for them."""
    policy = load_policy(config.cycle.policy)
    registered = load(config.tracked)
    return Month(
        config=config,
        prepared=prepare(config),
        registered=registered,
        policy=policy,
        folder=folder,
        accepted=tuple(accepted),
    )


def _state(month: Month, cycle: str, seconds: float) -> State:
    """Return the state to fill, which keeps what is told of outputs that are only found again."""
    fingerprint = month.prepared.store.fingerprint
    before = read_state(month.folder)
    staged = before.get("data_fingerprint") == fingerprint and before["prepare_seconds"]
    about = {
        "cycle": cycle,
        "as_of": month.as_of.isoformat(),
        "data_fingerprint": fingerprint,
        "customers": count_rows(month.config.data, "customers"),
        "model_version": month.registered.version,
        "prepare_seconds": staged or round(seconds, 3),
    }
    return State(path=month.folder / STATE, about=about, before=before.get("steps", {}))


def _do(one: Step, month: Month, state: State) -> None:
    began, place = monotonic(), one.place(month)
    if not one.finds and place.exists():
        done = Done(output=place, made=False, note="done before, from the same inputs")
    else:
        with step(f"Month: {one.id}"):
            done = one.make(month, place)
    if done.output is not None:
        month.made[one.id] = done.output
    told = {
        "output": done.output and str(done.output),
        "made": done.made,
        "note": done.note,
        "facts": done.facts,
        "seconds": round(monotonic() - began, 3),
    }
    state.add(one.id, told)
    say("step of the month", step=one.id, **told)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
