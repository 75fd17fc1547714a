"""Gather what a page tells beside its run: the plan, the last list, forecast, months, the data."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq

from collection.policy import read_plan_wording
from contract.errors import DataError
from features.declare import Text
from pipeline.config import Config, override
from pipeline.page_facts import since_then, what_happened
from pipeline.page_reasons import pushes_of
from pipeline.planning import read_about, read_policy_of
from pipeline.preparing import Prepared, prepare
from pipeline.runs import Manifest, read_manifest
from pipeline.showing import read_list
from reports.changes import Scoring, why_changed
from reports.outcome import Outcome, what_became
from reports.page import (
    Extras,
    Happened,
    Movement,
    PageWords,
    how_it_moved,
    keys_of,
    plans_in_words,
)

GATES, SCORES = "gates.json", "scores.parquet"
# Where other verbs write: below outputs, and below a month's folder.
_PLACES = ("*", "monitoring/*", "cycles/*/*")

# What `reports.changes` reads of a run's scores.
_OF_CHANGES = (
    *("customer_id", "bill_id", "rank", "band", "why_not", "p_late", "open_cny"),
    *("expected_late_cny", "overdue_cny", "overdue_bills", "dpd"),
)


@dataclass(frozen=True, kw_only=True)
class Around:
    """What lies around a run.

    Attributes:
        plan: The folder of its plan.
        previous: The run of the last list.
        config: Where its data and models are; None tells nothing that needs them.
    """

    plan: Path | None = None
    previous: Path | None = None
    config: Config | None = None


def gather_extras(
    run: Path, manifest: Manifest, listed: pd.DataFrame, around: Around, words: PageWords
) -> Extras:
    """Return what else is known of a run and its listed customers.

    Raises:
        DataError: What is there is not what a run, plan, forecast or monitoring writes, or the
            data are others than the run's.
    """
    as_of, known = date.fromisoformat(manifest.as_of), keys_of(listed)
    gates, accepted = _gates(run / GATES)
    told = Extras(
        gates=gates,
        accepted=accepted,
        forecast=_forecast(run, manifest),
        months=_months(run, manifest),
    )
    if around.plan:
        told = replace(told, plans=_plans(around.plan, manifest, known, words))
    if around.previous:
        before = _before(manifest, around.previous)
        told = replace(
            told,
            movement=_movement(run, listed, around.previous, before),
            changes=why_changed(_scoring(run, manifest), _scoring(around.previous, before)),
        )
    if around.config:
        prepared = prepare(around.config)
        told = replace(
            told,
            happened=_happened(prepared, as_of, known),
            pushes=pushes_of(around.config, prepared, manifest, _by_keys(listed, known)),
            outcome=_outcome(around.previous, prepared) if around.previous else None,
        )
    return told


def with_inner_ids(run: Path, listed: pd.DataFrame) -> pd.DataFrame:
    """Return a list with the ids that the run's scores have, which may be pseudonyms."""
    ranked = [("rank", ">", 0)]
    columns = ["rank", "customer_id", "bill_id"]
    scores = pq.read_table(run / SCORES, columns=columns, filters=ranked).to_pandas()
    own = scores.set_index("rank").loc[listed["rank"]]
    return listed.assign(
        inner_id=own["customer_id"].to_numpy(), inner_bill_id=own["bill_id"].to_numpy()
    )


def _by_keys(listed: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    return listed.reset_index(drop=True).assign(
        customer_id=known["customer_id"], bill_id=known["bill_id"]
    )


def data_config(config: Config, manifest: Manifest) -> Config:
    """Return the settings under which the data are seen as a run saw them."""
    target = manifest.config["target"]["name"]
    return override(config, {"as_of": date.fromisoformat(manifest.as_of), "target.name": target})


def _happened(prepared: Prepared, as_of: date, listed: pd.DataFrame) -> Happened:
    found = what_happened(prepared.store, as_of, listed["customer_id"])
    lacking = listed.loc[~listed["bill_id"].isin(found.bills["bill_id"]), "bill_id"]
    if len(lacking):
        raise DataError(
            f"{prepared.data}: does not have {len(lacking)} of the {len(listed)} bills that the"
            f" run lists (first: {lacking.iloc[0]}). Name the data that it was made from by --data."
        )
    return found


def _before(run: Manifest, previous: Path) -> Manifest:
    """Return the manifest of the last list, which must be of an earlier day and the same kind."""
    told = read_manifest(previous)
    if told.as_of >= run.as_of or told.model_name != run.model_name:
        raise DataError(
            f"{previous}: a list of {told.model_name} of {told.as_of} is no earlier one of"
            f" {run.model_name} of {run.as_of}. Give another by --previous."
        )
    return told


def _gates(path: Path) -> tuple[list[dict[str, Any]] | None, frozenset[str]]:
    """Return what the gates found; nothing of a run from before there were gates."""
    if not path.exists():
        return None, frozenset()
    told = _json(path)
    try:
        return told["gates"], frozenset(str(one["gate"]) for one in told["accepted"])
    except (KeyError, TypeError) as error:
        raise DataError(_broken(path)) from error


def _movement(run: Path, listed: pd.DataFrame, previous: Path, before: Manifest) -> Movement:
    columns = ["customer_id", "dpd"]
    return how_it_moved(
        listed,
        read_list(previous / "list.csv"),
        scores=pq.read_table(run / SCORES, columns=columns).to_pandas(),
        scores_before=pq.read_table(previous / SCORES, columns=columns).to_pandas(),
        since=date.fromisoformat(before.as_of),
        run=before.run,
    )


def _scoring(run: Path, manifest: Manifest) -> Scoring:
    scores = pq.read_table(run / SCORES, columns=list(_OF_CHANGES)).to_pandas()
    as_of = date.fromisoformat(manifest.as_of)
    return Scoring(run=manifest.run, as_of=as_of, model=manifest.model_sha256, bills=scores)


def _outcome(previous: Path, prepared: Prepared) -> Outcome:
    columns = ["customer_id", "bill_id", "band", "open_cny"]
    ranked = [("rank", ">", 0)]
    scored = pq.read_table(previous / SCORES, columns=columns, filters=ranked).to_pandas()
    bills, contacts = since_then(prepared.store, prepared.as_of, scored)
    since = date.fromisoformat(read_manifest(previous).as_of)
    return what_became(scored, bills, contacts, since=since, until=prepared.as_of)


def _forecast(run: Path, manifest: Manifest) -> dict[str, Any] | None:
    """Return the forecast of the run's day beside it."""
    return _newest(run, "forecast.json", lambda told: told["as_of"] == manifest.as_of)


def _months(run: Path, manifest: Manifest) -> list[dict[str, Any]] | None:
    """Return the months of the run's model that were seen by its day, as last seen."""

    def is_own(told: dict[str, Any]) -> bool:
        last = max(str(month["month"]) for month in told["months"])
        return str(told["model_version"]) == manifest.model_version and last <= manifest.as_of

    found = _newest(run, "monitor.json", is_own)
    return list(found["months"]) if found else None


def _newest(
    run: Path, name: str, is_own: Callable[[dict[str, Any]], bool]
) -> dict[str, Any] | None:
    """Return what lies beside a run under a name and speaks of it; of several the last written."""
    found = []
    for place in _PLACES:
        for path in run.resolve().parent.glob(f"{place}/{name}"):
            told = _json(path)
            try:
                if is_own(told):
                    found.append((path.stat().st_mtime_ns, str(path), told))
            except (KeyError, TypeError, ValueError) as error:
                raise DataError(_broken(path)) from error
    return max(found, key=lambda one: one[:2])[-1] if found else None


def _plans(
    folder: Path, manifest: Manifest, listed: pd.DataFrame, words: PageWords
) -> pd.DataFrame:
    about = read_about(folder)
    if about.get("scores") != manifest.run:
        raise DataError(
            f"{folder}: the plan goes by run {about.get('scores') or 'none'}, not by"
            f" {manifest.run}. Give the plan that was made for it."
        )
    policy = read_policy_of(folder)
    plan, labels = (pq.read_table(folder / f"{name}.parquet") for name in ("plan", "labels"))
    rules = {rule.id: Text(zh=rule.zh, en=rule.en) for rule in policy.sequence}
    rounds = {f"round_{one.number}": Text(zh=one.zh, en=one.en) for one in policy.rounds}
    return plans_in_words(
        _of(plan.to_pandas(), listed),
        _of(labels.select(["customer_id", "label"]).to_pandas(), listed),
        rules=rules | rounds,
        words=read_plan_wording(),
        phrases=words.phrases,
    )


def _of(rows: pd.DataFrame, listed: pd.DataFrame) -> pd.DataFrame:
    return rows[rows["customer_id"].isin(listed["customer_id"])]


def _json(path: Path) -> dict[str, Any]:
    try:
        told: dict[str, Any] = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(_broken(path)) from error
    return told


def _broken(path: Path) -> str:
    return f"{path}: not what duewatch writes; restore it, or remove it and make it again."
