"""Write the report's workbook of a finished run, from its own files, its plan and the last run."""

from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from collection.policy import read_plan_wording
from contract.errors import ConfigError, DataError
from pipeline.config import Scoring as ScoringConfig
from pipeline.paging import as_written
from pipeline.planning import read_about
from pipeline.runs import Manifest, read_manifest
from pipeline.showing import read_list
from pipeline.storage import new_file
from reports.changes import Scoring, why_changed
from reports.columns import COLUMNS
from reports.groups import By
from reports.page.words import read_page_words
from reports.planned import planned_columns
from reports.report_book import Report, moved_words, write_report_book
from reports.wording import Wording, read_wording

_SCORES = "scores.parquet"
_TEXTS = ("customer_id", "bill_id", "org_id", "grid_id", "manager_id", "name")


@dataclass(frozen=True, kw_only=True)
class Beside:
    """What lies beside a run.

    Attributes:
        plan: The folder of its plan.
        previous: The run of the last list.
        key: What the workbook is signed with, if anything.
    """

    plan: Path | None = None
    previous: Path | None = None
    by: By = "grid"
    key: bytes | None = None


def write_workbook_of(run: Path, out: Path, beside: Beside) -> dict[str, int]:
    """Write the workbook of a run; return its rows and bytes.

    Raises:
        DataError: A folder is no finished run or plan, or the plan goes by another run.
    """
    manifest, wording = read_manifest(run), read_wording()
    scores = _scores(run)
    listed = listed_of(run, scores)
    report = Report(
        facts=manifest.facts(), listed=listed, scored=scores[scores["rank"].notna()], by=beside.by
    )
    if beside.plan:
        report = _with_plan(report, beside.plan, manifest)
    if beside.previous:
        report = _with_changes(report, scores, manifest, beside.previous, wording)
    # What differs from the default is all that a manifest has.
    settings = manifest.config.get("scoring", {})
    report = _shortened(report, settings.get("workbook_rows", ScoringConfig().workbook_rows))
    out.parent.mkdir(parents=True, exist_ok=True)
    with new_file(out) as path:
        write_report_book(
            path, report, wording=wording, ages=read_page_words().aging, key=beside.key
        )
    return {"workbook_rows": len(report.listed), "workbook_bytes": out.stat().st_size}


def groups_named(name: str) -> By:
    """Return what sheets are of, by its name.

    Raises:
        ConfigError: There is nothing of that name.
    """
    if name not in {"grid", "manager"}:
        raise ConfigError(f"--by: {name} is none of grid and manager.")
    return "grid" if name == "grid" else "manager"


def listed_of(run: Path, scores: pd.DataFrame) -> pd.DataFrame:
    """Return the list of a run as its workbook was written from: names, and numbers in full.

    ``inner_id`` is the customer's id in the scores and plans, which may be a pseudonym.
    """
    listed = as_written(read_list(run / "list.csv"))
    texts = [name for name in _TEXTS if name in listed]
    listed[texts] = listed[texts].astype("str").where(listed[texts].notna(), None)
    ranked = scores.set_index("rank")
    exact = ranked.loc[listed["rank"], ["p_late", "expected_late_cny", "customer_id"]]
    days = [one.id for one in COLUMNS if one.kind == "date" and one.id in listed]
    for name in days:
        listed[name] = pd.to_datetime(listed[name])
    for name in ("relief_zh", "relief_en"):
        listed[name] = listed[name].fillna("")
    return listed.assign(
        p_late=exact["p_late"].to_numpy(),
        expected_late_cny=exact["expected_late_cny"].to_numpy(),
        inner_id=exact["customer_id"].to_numpy(),
    )


def _scores(run: Path) -> pd.DataFrame:
    return pq.read_table(run / _SCORES).to_pandas()


def _with_plan(report: Report, folder: Path, manifest: Manifest) -> Report:
    about = read_about(folder)
    if about.get("scores") != manifest.run:
        raise DataError(
            f"{folder}: the plan goes by run {about.get('scores') or 'none'}, not by"
            f" {manifest.run}. Give the plan that was made for it."
        )
    plan = pq.read_table(folder / "plan.parquet").to_pandas()
    fees = pq.read_table(
        folder / "late_fee.parquet", columns=["customer_id", "late_fee_fen"]
    ).to_pandas()
    told = planned_columns(report.listed["inner_id"], plan, fees, read_plan_wording())
    return replace(report, listed=report.listed.assign(**told), plan=str(about["plan"]))


def _with_changes(
    report: Report, scores: pd.DataFrame, manifest: Manifest, previous: Path, wording: Wording
) -> Report:
    before, past = read_manifest(previous), _scores(previous)
    if before.run == manifest.run or before.as_of >= manifest.as_of:
        raise DataError(
            f"{previous}: run {before.run} is not before {manifest.run}. Give an earlier one, or"
            " leave out --previous."
        )
    changes = why_changed(_scoring(manifest, scores), _scoring(before, past))
    columns = [name for name in ("customer_id", "name", "grid_id") if name in report.listed]
    lists = [report.listed, listed_of(previous, past)]
    people = pd.concat([one.set_index("inner_id")[columns] for one in lists])
    places = report.listed["inner_id"].map(changes.rows["places"])
    return replace(
        report,
        changes=changes,
        people=people[~people.index.duplicated()],
        listed=report.listed.assign(moved=moved_words(places, wording)),
    )


def _scoring(manifest: Manifest, scores: pd.DataFrame) -> Scoring:
    as_of = date.fromisoformat(manifest.as_of)
    return Scoring(run=manifest.run, as_of=as_of, model=manifest.model_sha256, bills=scores)


def _shortened(report: Report, most: int) -> Report:
    """Keep as many rows as the run's own workbook has, and say so."""
    shown, whole = report.listed.head(most), len(report.listed)
    if len(shown) == whole:
        return report
    note = (
        f"本工作簿只列前 {len(shown):,} 笔；全部 {whole:,} 笔见 list.csv。"
        f" This workbook lists the first {len(shown):,} bills; all {whole:,} are in list.csv."
    )
    facts = replace(report.facts, notes=(*report.facts.notes, note))
    return replace(report, listed=shown, facts=facts)
