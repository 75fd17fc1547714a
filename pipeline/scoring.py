"""Score the open bills of a day: rank them all, explain those that are listed, write the run."""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from collection.bands import rank_and_band
from contract.dataset import open_dataset
from contract.engine import connect, to_arrow
from contract.errors import DataError
from features.build import build_bucket
from features.groups import group_rates
from features.open_bills import last_cycles, open_bills
from models import reasons
from models.cold_start import insufficient
from models.predictor import Model
from pipeline.config import Config
from pipeline.preparing import Prepared
from pipeline.progress import Report, step
from pipeline.runs import (
    MANIFEST,
    Manifest,
    read_manifest,
    run_id,
    scoring_settings,
    write_manifest,
)
from pipeline.storage import new_folder
from pipeline.tracking import Registered, git_commit
from reports.strip import build_strips
from reports.table import write_list_csv
from reports.wording import read_wording
from reports.workbook import write_workbook

LISTED_BANDS = ("call", "message")


@dataclass(frozen=True, kw_only=True)
class Run:
    """A finished scoring run on disk; ``made`` is False when it was there already."""

    folder: Path
    manifest: Manifest
    made: bool

    def as_dict(self) -> dict[str, Any]:
        """Return what a machine needs to know of it."""
        return {
            "run": self.manifest.run,
            "customers": self.manifest.counts["customers"],
            "listed": self.manifest.counts["listed"],
            "output": str(self.folder),
            "model_version": self.manifest.model_version,
            "as_of": self.manifest.as_of,
            "counts": self.manifest.counts,
        }


def score(config: Config, prepared: Prepared, registered: Registered) -> Run:
    """Score every bill open at the prepared day and write the run's folder, whole or not at all.

    Raises:
        DataError: No bill is open to be scored.
        ConfigError: The model needs a feature that the data do not give.
    """
    name = run_id(
        config,
        prepared.as_of,
        fingerprint=prepared.store.fingerprint,
        registered=registered,
    )
    place = config.outputs / name
    if (place / MANIFEST).exists():
        return Run(folder=place, manifest=read_manifest(place), made=False)
    _check_model(prepared, registered.model)
    with tempfile.TemporaryDirectory(prefix="duewatch-matrix-") as folder:
        with step("Score the open bills") as report:
            scores = _score_buckets(prepared, registered.model, Path(folder), config, report)
        with step("Explain the listed bills") as report:
            listed = _explain(prepared, registered.model, scores, Path(folder), report)
    manifest = _manifest(name, config, prepared, registered, scores)
    with step("Write list and workbook"), new_folder(place) as beside:
        _write(beside, manifest, scores, listed)
    return Run(folder=place, manifest=read_manifest(place), made=True)


def _check_model(prepared: Prepared, model: Model) -> None:
    given = {feature.name for feature in prepared.features}
    lacking = [name for name in model.card.features if name not in given]
    if lacking:
        raise DataError(
            f"model: it needs {len(lacking)} features that these data do not give (first:"
            f" {lacking[0]}). Bring the columns they come from, or train on these data."
        )


def _score_buckets(
    prepared: Prepared,
    model: Model,
    folder: Path,
    config: Config,
    report: Report,
) -> pd.DataFrame:
    """Return every open bill with its probability, rank and band; keep the matrix on disk.

    A bill that is not scored has no probability and says why not.
    """
    store, as_of = prepared.store, prepared.as_of
    rates = group_rates(store, as_of)
    parts = []
    for bucket in range(store.buckets):
        report("buckets", bucket, store.buckets)
        table = build_bucket(store, bucket, as_of, rates=rates, features=prepared.features)
        pq.write_table(table, folder / f"{bucket}.parquet")
        bills = open_bills(store, bucket, as_of)
        bills["bucket"] = bucket
        parts.append(_with_probability(bills, table.to_pandas(date_as_object=False), model))
    scores = pd.concat(parts, ignore_index=True)
    scored = scores[scores["why_not"] == ""]
    if scored.empty:
        raise DataError(
            f"{config.data}: no bill is open and not yet due at {as_of}; nothing can be warned of."
            " Give an as_of soon after bills are issued."
        )
    ranked = rank_and_band(scored, config.bands)
    scores[["rank", "band"]] = ranked
    scores["rank"] = scores["rank"].astype("Int64")
    return scores.sort_values(["rank", "bill_id"], ignore_index=True)


def _with_probability(bills: pd.DataFrame, matrix: pd.DataFrame, model: Model) -> pd.DataFrame:
    rows = matrix.set_index("bill_id").loc[bills["bill_id"]].reset_index()
    scored = (bills["why_not"] == "").to_numpy()
    p, priority = np.full((2, len(bills)), np.nan)
    p[scored] = model.predict(rows[scored])
    priority[scored] = model.priority(rows[scored], p[scored])
    bills["p_late"], bills["priority"] = p, priority
    bills["expected_late_cny"] = p * bills["open_cny"]
    bills["bills_seen"] = rows["bills_seen"].to_numpy()
    bills["history"] = np.where(insufficient(rows), "insufficient", "sufficient")
    return bills


def _explain(
    prepared: Prepared,
    model: Model,
    scores: pd.DataFrame,
    folder: Path,
    report: Report,
) -> pd.DataFrame:
    """Return the listed bills in rank order with reasons, strip and name."""
    listed = scores[scores["band"].isin(LISTED_BANDS)]
    parts = []
    for bucket in range(prepared.store.buckets):
        report("buckets", bucket, prepared.store.buckets)
        rows = listed[listed["bucket"] == bucket]
        if len(rows):
            parts.append(_explain_bucket(prepared, model, bucket, rows, folder))
    told = pd.concat(parts).sort_values("rank", ignore_index=True)
    return told.merge(_names(prepared, told["customer_id"]), on="customer_id", how="left")


def _explain_bucket(
    prepared: Prepared,
    model: Model,
    bucket: int,
    rows: pd.DataFrame,
    folder: Path,
) -> pd.DataFrame:
    matrix = pq.read_table(
        folder / f"{bucket}.parquet", filters=[("bill_id", "in", rows["bill_id"].to_list())]
    ).to_pandas(date_as_object=False)
    matrix = matrix.set_index("bill_id").loc[rows["bill_id"]].reset_index()
    found = reasons(model, matrix, prepared.features)
    told = rows.copy()
    told["reasons_zh"] = [[said.text.zh for said in row.risk] for row in found]
    told["reasons_en"] = [[said.text.en for said in row.risk] for row in found]
    told["relief_zh"] = [row.relief.text.zh if row.relief else "" for row in found]
    told["relief_en"] = [row.relief.text.en if row.relief else "" for row in found]
    as_of = prepared.as_of
    bills = last_cycles(prepared.store, bucket, as_of, told["customer_id"])
    strips = build_strips(bills, last_cycle=as_of.year * 12 + as_of.month - 1)
    told["strip"] = told["customer_id"].map(strips)
    return told


def _names(prepared: Prepared, customers: pd.Series) -> pd.DataFrame:
    """Names are joined here, for lists that people read, and nowhere else."""
    dataset = open_dataset(prepared.data)
    with connect() as connection:
        connection.register("listed", pa.table({"customer_id": customers.unique()}))
        return to_arrow(
            connection,
            f"""SELECT customer_id, name FROM listed
            LEFT JOIN {dataset.scan("identities")} USING (customer_id)""",
        ).to_pandas(date_as_object=False)


def _write(folder: Path, manifest: Manifest, scores: pd.DataFrame, listed: pd.DataFrame) -> None:
    wording, facts = read_wording(), manifest.facts()
    kept = scores.drop(columns=["bucket", "priority"])
    pq.write_table(pa.Table.from_pandas(kept, preserve_index=False), folder / "scores.parquet")
    write_list_csv(folder / "list.csv", listed, facts)
    write_workbook(folder / "list.xlsx", listed, facts, wording=wording)
    write_manifest(folder, manifest)


def _manifest(
    name: str, config: Config, prepared: Prepared, registered: Registered, scores: pd.DataFrame
) -> Manifest:
    counts = _counts(scores)
    return Manifest(
        run=name,
        as_of=prepared.as_of.isoformat(),
        cycle=int(scores.loc[scores["why_not"] == "", "cycle"].mode().max()),
        model_name=config.tracked.model_name,
        model_version=registered.version,
        model_sha256=registered.model.sha256,
        data_fingerprint=prepared.store.fingerprint,
        code_commit=git_commit(),
        config=scoring_settings(config),
        counts=counts,
        call_capacity=config.bands.call.size(counts["bills_scored"]),
        comparison=list(registered.model.card.about.get("judged", ())),
        warnings=[breach.message() for breach in prepared.checks.warnings],
        absent_tables=list(prepared.absent),
        versions=registered.model.card.versions,
    )


def _counts(scores: pd.DataFrame) -> dict[str, int]:
    scored = scores["why_not"] == ""
    left_out = scores.loc[~scored, "why_not"].value_counts().sort_index()
    bands = scores["band"].value_counts().sort_index()
    return {
        "customers": int(scores.loc[scored, "customer_id"].nunique()),
        "bills_open": len(scores),
        "bills_scored": int(scored.sum()),
        **{f"bills_{reason}": int(count) for reason, count in left_out.items()},
        "listed": int(scores["band"].isin(LISTED_BANDS).sum()),
        **{f"band_{band}": int(count) for band, count in bands.items()},
    }
