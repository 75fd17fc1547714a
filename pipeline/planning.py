"""Plan the dunning of a day and write the run.

A plan's folder holds the plan, the facts and the policy that it was made from, and what explains
it, so that it can be read again without the data.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import date
from operator import itemgetter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
from pydantic import TypeAdapter

from collection.calendar import Calendar
from collection.facts import Facts, gather
from collection.feedback import records_of
from collection.law import (
    eligibility,
    late_fees,
    load_law,
    notices_to_prepare,
    shipped_laws,
    to_confirm,
)
from collection.plan import Inputs, Plan, held_out, make_plan
from collection.policy import Policy, parse_policy, read_plan_wording
from collection.portraits import readings_used
from contract.errors import ConfigError, DataError
from contract.staging import Store
from pipeline.config import Config
from pipeline.feeding_back import ledger_folder, read_ledger
from pipeline.plan_report import counted, outcomes_text, plan_text
from pipeline.plan_scores import Scored, scores_for
from pipeline.preparing import Prepared
from pipeline.progress import Report, step
from pipeline.storage import new_folder, write_bytes, write_json

ABOUT = "plan.json"
HELD_OUT = "held_out"  # to be brought back by duewatch feedback once messages are sent


@dataclass(frozen=True, kw_only=True)
class Planned:
    """A plan on disk; ``made`` is False when it was there already.

    Attributes:
        about: What it was made from and what it holds, as in plan.json.
    """

    folder: Path
    about: dict[str, Any]
    made: bool

    def text(self) -> str:
        """Return the run report for the terminal."""
        return plan_text(self.about, read_plan_wording())

    def outcomes_text(self) -> str:
        """Return who is contacted and who is not, and why, without the rest of the report."""
        return outcomes_text(self.about, read_plan_wording())

    def as_dict(self) -> dict[str, Any]:
        """Return what a machine needs to know of it."""
        return {"plan": self.about["plan"], "output": str(self.folder), **self.about}


def dunning_day(as_of: date, day_of_month: int | None) -> date:
    """Return the day of as_of's month with that number, or its last day; as_of without one.

    >>> dunning_day(date(2026, 2, 6), 31)
    datetime.date(2026, 2, 28)
    """
    if day_of_month is None:
        return as_of
    for number in range(day_of_month, 0, -1):
        try:
            return as_of.replace(day=number)
        except ValueError:
            continue
    raise ConfigError(f"dunning day: {day_of_month} is no day of a month; give 1 to 31.")


def plan(
    config: Config, prepared: Prepared, policy: Policy, *, day: date, run: Path | None = None
) -> Planned:
    """Plan a dunning day and write its folder, whole or not at all.

    Args:
        config: Where runs lie.
        prepared: The data and the day to look from.
        policy: The policy.
        day: The dunning day.
        run: The scoring run whose scores are used; without one that of the day is looked for.
    """
    scored = scores_for(config, prepared, run)
    records = records_for(prepared)
    name = _name(prepared, policy, day, scored, records)
    place = config.outputs / name
    if (place / ABOUT).exists():
        return Planned(folder=place, about=read_about(place), made=False)
    facts = facts_of(prepared, policy)
    with step("Plan"):
        inputs = inputs_of(facts, policy, scored.table, records=records)
        made = make_plan(inputs, policy, as_of=prepared.as_of, dunning_on=day)
    with step("Write the plan"), new_folder(place) as beside:
        _write(beside, made, facts, policy, name=name)
        about = _about(name, prepared, policy, made, scored)
        write_json(beside / ABOUT, {**about, "files": _digests(beside)})
    return Planned(folder=place, about=read_about(place), made=True)


def facts_of(prepared: Prepared, policy: Policy) -> Facts:
    """Gather what is known at the prepared day, read as the policy says."""
    with step("Gather what is known of customers and bills") as report:
        return facts_at(prepared.store, prepared.as_of, policy, progress=report)


def facts_at(
    store: Store, as_of: date, policy: Policy, *, progress: Report = lambda *_: None
) -> Facts:
    """Gather what was known at a day, read as the policy says."""
    return gather(
        store,
        as_of,
        readings=policy.portraits,
        tiers=policy.tiers,
        exclusion=policy.exclusion,
        progress=progress,
    )


def records_for(prepared: Prepared) -> pa.Table:
    """Return what persons recorded for the law: notices served, approvals (duewatch feedback)."""
    return records_of(read_ledger(ledger_folder(prepared.data)))


def inputs_of(
    facts: Facts, policy: Policy, scores: pa.Table | None, *, records: pa.Table | None = None
) -> Inputs:
    """Return the inputs of a plan, with the law's list of notices that may be prepared."""
    law = load_law(policy.law)
    judged = eligibility(
        facts.account, facts.open_bill, law=law, as_of=facts.as_of, records=records
    )
    notices = notices_to_prepare(judged, law=law, as_of=facts.as_of)
    return Inputs(
        account=facts.account,
        open_bill=facts.open_bill,
        scores=scores,
        notices=notices.select(["bill_id"]),
    )


def read_policy_of(folder: Path) -> Policy:
    """Return the policy that a plan was made by."""
    return parse_policy(
        json.loads((folder / "policy.json").read_text("utf-8")), source=str(folder / "policy.json")
    )


def _name(prepared: Prepared, policy: Policy, day: date, scored: Scored, records: pa.Table) -> str:
    decides = {
        "data": prepared.store.fingerprint,
        "policy": policy.model_dump(mode="json"),
        "dunning_on": day.isoformat(),
        "scores": scored.digest,
        "records": hashlib.sha256(_csv(records)).hexdigest(),
    }
    if policy.law not in shipped_laws():  # a file of the user's, whose name says nothing of it
        decides["law"] = load_law(policy.law).model_dump(mode="json")
    digest = hashlib.sha256(json.dumps(decides, sort_keys=True).encode()).hexdigest()
    return f"plan-{prepared.as_of}-{digest[:8]}"


def _write(folder: Path, made: Plan, facts: Facts, policy: Policy, *, name: str) -> None:
    tables = {
        "plan": made.table,
        "account": facts.account,
        "open_bill": facts.open_bill,
        "labels": facts.labels,
        "late_fee": late_fees(
            facts.account, facts.open_bill, law=load_law(policy.law), as_of=facts.as_of
        ),
    }
    for file, table in tables.items():
        write_bytes(folder / f"{file}.parquet", as_parquet(table))
    told = {"rules": made.rules, "cut_offs": made.cut_offs}
    if policy.holdout.share:
        told[HELD_OUT] = held_out(made, run=name)
    for file, table in told.items():
        write_bytes(folder / f"{file}.csv", _csv(table))
    write_json(folder / "policy.json", policy.model_dump(mode="json", by_alias=True))


def as_parquet(table: pa.Table) -> bytes:
    """Return a table as the bytes of a Parquet file."""
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink)
    return bytes(sink.getvalue().to_pybytes())


def _csv(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    pa_csv.write_csv(table, sink)
    return b"\xef\xbb\xbf" + bytes(sink.getvalue().to_pybytes())


def _about(
    name: str, prepared: Prepared, policy: Policy, made: Plan, scored: Scored
) -> dict[str, Any]:
    calendar = Calendar(country=policy.country)
    told = readings_used(policy.portraits, policy.tiers, policy.exclusion)
    table = made.table
    return {
        "plan": name,
        "as_of": made.as_of.isoformat(),
        "dunning_on": made.dunning_on.isoformat(),
        "start_on": made.start_on.isoformat(),
        "calendar_published": calendar.is_published(made.start_on.year),
        "policy": {"name": policy.name, "version": policy.version, "law": policy.law},
        "contact_policy": policy.contact_policy,
        "data_fingerprint": prepared.store.fingerprint,
        "scores": scored.run,
        "customers": table.num_rows,
        "outcomes": counted(table, "outcome"),
        "reasons": counted(table, "why_not"),
        "contacts": counted(table, "round", "method"),
        "rules": {row["rule"]: row["fired"] for row in made.rules.to_pylist()},
        "cut_offs": made.cut_offs.to_pylist(),
        "yields": [one.as_dict() for one in made.yields],
        "readings": [
            {"id": one.id, "case": one.case, "zh": one.text.zh, "en": one.text.en} for one in told
        ],
        "law_to_confirm": [
            {"path": one.path, "value": one.value, "source": one.source}
            for one in to_confirm(load_law(policy.law), made.as_of)
        ],
        "absent_tables": list(prepared.absent),
    }


def plan_of(run: Path, run_id: str) -> Path | None:
    """Return the plan beside a run that was made for it: of the latest dunning day, else None.

    Of two plans of one day the last written; its files are not checked here.
    """
    found = []
    for path in run.resolve().parent.glob(f"*/{ABOUT}"):
        try:
            about = json.loads(path.read_text("utf-8"))
            if about["scores"] == run_id:
                found.append((str(about["dunning_on"]), path.stat().st_mtime_ns, path.parent))
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return max(found)[-1] if found else None


def _digests(folder: Path) -> dict[str, str]:
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.iterdir())
    }


def read_about(folder: Path) -> dict[str, Any]:
    """Return what a plan's folder says of itself, after checking each of its files."""
    try:
        about: dict[str, Any] = json.loads((folder / ABOUT).read_text("utf-8"))
        files = TypeAdapter(dict[str, str]).validate_python(about["files"])
        for day in ("as_of", "dunning_on"):
            date.fromisoformat(about[day])
        itemgetter("plan", "policy", "data_fingerprint")(about)
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise DataError(
            f"{folder}: not a plan ({ABOUT} is missing or not what a plan writes). Give the folder"
            " that duewatch plan named."
        ) from error
    for name, digest in files.items():
        path = folder / name
        if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != digest:
            raise DataError(
                f"{path}: missing or changed since the plan. A plan that is out is never changed:"
                " restore it, or remove the folder and plan again."
            )
    return about
