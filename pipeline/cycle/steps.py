"""The steps of a month: what decides the output of each, where it lies, and how it is made."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from collection.policy import Policy
from collection.scope import load_scope_rule
from contract.errors import GateError
from contract.own_folder import own_folder
from pipeline.config import Config
from pipeline.cycle.settings import StepId
from pipeline.exporting.files import export_files
from pipeline.exporting.postgres import export_postgres
from pipeline.exporting.tables import read_exported
from pipeline.frozen_scopes import read_scope
from pipeline.gates.gate import Accepted
from pipeline.handing_out import Asked, hand_out
from pipeline.monitored import RESULT
from pipeline.monitoring import monitor, months_to_watch
from pipeline.page_extras import Around
from pipeline.paging import write_page
from pipeline.planning import dunning_day, plan
from pipeline.plotting import write_plots
from pipeline.portraying import portray, write_portrayed
from pipeline.preparing import Prepared
from pipeline.reporting import Beside, write_workbook_of
from pipeline.runs import previous_run
from pipeline.scoping import SCOPES, Basis, freeze
from pipeline.scoring import score
from pipeline.sealing import sealing_key
from pipeline.storage import new_folder
from pipeline.tracking import Registered


@dataclass(frozen=True, kw_only=True)
class Month:
    """What all steps of a month go by.

    Attributes:
        folder: The month's own folder, for the steps that have no place of their own.
        accepted: Gates that a person let through.
        made: The outputs of the steps that are done, by step.
    """

    config: Config
    prepared: Prepared
    registered: Registered
    policy: Policy
    folder: Path
    accepted: tuple[Accepted, ...] = ()
    made: dict[str, Path] = field(default_factory=dict)

    @property
    def as_of(self) -> date:
        """The day the month is looked at from."""
        return self.prepared.as_of


@dataclass(frozen=True, kw_only=True)
class Done:
    """What a step gave.

    Attributes:
        output: Where it lies; None where the step had nothing to do, as ``note`` says.
        made: Whether it was made now, and not found.
        facts: Counts, for logs and people.
    """

    output: Path | None
    made: bool = True
    facts: dict[str, Any] = field(default_factory=dict)
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step of a month.

    Attributes:
        make: Makes its output, or finds the one that is there; given the place for it.
        decides: What decides the output besides data, day, model and the outputs it needs.
        needs: Steps whose outputs it reads.
        finds: Whether it looks itself for an output that is there; otherwise one that lies at the
            place it is given is taken, for that is named by all that decides it.
    """

    id: StepId
    make: Callable[[Month, Path], Done]
    decides: Callable[[Month], Any] = lambda _: None
    needs: tuple[StepId, ...] = ()
    finds: bool = False

    def place(self, month: Month) -> Path:
        """Return where the output lies unless the step finds its own."""
        decides = {
            "data": month.prepared.store.fingerprint,
            "as_of": month.as_of,
            "model": month.registered.model.sha256,
            "settings": self.decides(month),
            "from": [month.made[need].name for need in self.needs if need in month.made],
        }
        text = json.dumps(decides, sort_keys=True, default=str)
        return month.folder / f"{self.id}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def _policy(month: Month) -> Any:
    return month.policy.model_dump(mode="json", by_alias=True)


def _monitor(month: Month, place: Path) -> Done:
    """Watch the model, or read what was seen before: an alarm that stops a month goes on to."""
    made = not place.exists()
    if not months_to_watch(month.registered.model, month.as_of):
        return Done(output=None, made=False, note="no month since the model was trained")
    if made:
        monitor(month.config, month.prepared, out=place)
    told = json.loads((place / RESULT).read_text("utf-8"))
    breaches = sum(alarm["level"] == "act" for alarm in told["alarms"])
    if breaches and month.config.cycle.stop_on_alarm:
        raise GateError(
            f"monitoring: {breaches} limits were breached, and cycle.stop_on_alarm ends the month"
            f" there. Read {place}; retrain, raise the limits of the section monitoring, or let the"
            " month go on without stop_on_alarm."
        )
    return Done(output=place, made=made, facts={"breaches": breaches})


def _score(month: Month, _: Path) -> Done:
    run = score(month.config, month.prepared, month.registered, accepted=month.accepted)
    return Done(output=run.folder, made=run.made, facts=run.manifest.counts)


def _portraits(month: Month, place: Path) -> Done:
    made = portray(month.prepared, month.policy, against=_portraits_before(month))
    write_portrayed(made, place)
    return Done(output=place, facts={"customers": made.facts.account.num_rows})


def _portraits_before(month: Month) -> Path | None:
    """Return the portraits of the newest earlier month, to tell what changed since."""
    told = (
        (json.loads(path.read_text("utf-8"))["as_of"], path.parent)
        for path in month.folder.parent.glob("*/portraits-*/portraits.json")
    )
    earlier = [(day, path) for day, path in told if day < month.as_of.isoformat()]
    return max(earlier)[1] if earlier else None


def _plan(month: Month, _: Path) -> Done:
    day = dunning_day(month.as_of, month.config.cycle.dunning_day)
    made = plan(month.config, month.prepared, month.policy, day=day, run=month.made["score"])
    return Done(output=made.folder, made=made.made, facts=made.about["outcomes"])


def _handouts(month: Month, place: Path) -> Done:
    made = hand_out(month.config, month.made["plan"], place, Asked())
    return Done(output=place, facts={"files": len(made.files)})


def _report(month: Month, place: Path) -> Done:
    run, plan = month.made["score"], month.made.get("plan")
    previous = previous_run(run)
    with new_folder(place) as beside:
        around = Around(plan=plan, previous=previous, config=month.config)
        page = write_page(run, beside / "report.html", around)
        key = sealing_key(month.config.sealing)
        kept = Beside(plan=plan, previous=previous, key=key)
        workbook = write_workbook_of(run, beside / "report.xlsx", kept)
        drawn, absent = write_plots(run, beside / "slides", previous, month.config.tracking, "zh")
    told = {"page_bytes": page, **workbook, "pictures": len(drawn), "not_drawn": absent}
    return Done(output=place, facts=told)


def _last_run(month: Month) -> str | None:
    previous = previous_run(month.made["score"]) if "score" in month.made else None
    return previous.name if previous else None


def _scope(month: Month, _: Path) -> Done:
    number = month.as_of.year * 100 + month.as_of.month
    there = sorted((month.config.outputs / SCOPES).glob(f"{number}-*"))
    if there:
        frozen = read_scope(there[-1])
        return Done(output=frozen.folder, made=False, note="frozen before; it is never changed")
    basis = Basis(rule=load_scope_rule(), trend={}, policy=month.policy)
    made = freeze(month.config, month.prepared, basis, month=number)
    return Done(output=made.folder, facts={"customers": made.about["customers"]})


def _export(month: Month, _: Path) -> Done:
    to, sent = month.config.cycle.export, {}
    for need in ("score", "plan"):
        run = month.made.get(need)
        if run is None:
            continue
        with own_folder(run.parent, prefix=".export-") as work:
            exported = read_exported(run, work)
            sent[exported.run] = (
                export_postgres(exported, month.config.postgres, work)
                if to == "postgres"
                else export_files(exported, "parquet", Path(to), work)
            )
    told = f"{', '.join(sent)} to {to}"
    return Done(output=None, made=any(sent.values()), facts={"sent": sum(sent.values())}, note=told)


# In the order of a month.
STEPS: tuple[Step, ...] = (
    Step(id="score", make=_score, finds=True),
    Step(id="portraits", make=_portraits, decides=_policy),
    Step(id="plan", make=_plan, needs=("score",), finds=True),
    Step(id="handouts", make=_handouts, needs=("plan",)),
    Step(id="report", make=_report, decides=_last_run, needs=("score", "plan")),
    Step(id="scope", make=_scope, finds=True),
    Step(id="export", make=_export, needs=("score", "plan"), finds=True),
    Step(
        id="monitor",
        make=_monitor,
        finds=True,
        decides=lambda month: month.config.monitoring.model_dump(mode="json"),
    ),
)


def steps_of(config: Config) -> tuple[Step, ...]:
    """Return the steps that a month takes, in order."""
    wanted = tuple(one for one in STEPS if one.id in config.cycle.steps)
    if not config.cycle.stop_on_alarm:
        return wanted
    return tuple(sorted(wanted, key=lambda one: one.id != "monitor"))
