"""The work of one bucket: its bills scored, and later those that are listed explained.

Everything that a bucket needs is a `Task`, which can be sent to another process or machine, and
everything that it gives is a file of the run's work folder: another process, or the same command
after this one was killed, finds there what is done.
"""

import shutil
from collections import Counter
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from contract.errors import DataError
from contract.staging import Store
from features.build import build_bucket
from features.declare import Feature
from features.groups import combine_files, count_job
from features.held import Job
from features.open_bills import last_cycles, open_bills
from models import reason_codes, reasons
from models.cold_start import KNOWN, insufficient
from models.predictor import Model
from pipeline.gates import counting
from pipeline.gates.counting import Profile
from pipeline.scoring.pieces import facts_of, remove_piece, write_piece
from pipeline.scoring.ranking import LISTED_TYPES
from pipeline.troubles import machine_troubles
from reports.strip import build_strips

_COUNTS = ("late", "amounts")
RATES = ("grid_rate", "segment_rate", "month_rank")


@dataclass(frozen=True, kw_only=True)
class Task:
    """What every bucket of a run needs.

    Attributes:
        features: All that the data give, for their sentences; only what the model reads or a
            sentence quotes is built.
        model_files: Of `models.predictor.Model.to_files`.
        folder: The run's work folder.
        explain_all: Whether every scored bill gets the codes of its reasons.
        threads: Of the engine and of LightGBM in one bucket; None takes all cores.
    """

    store: Store
    as_of: date
    features: tuple[Feature, ...]
    model_files: dict[str, bytes]
    folder: Path
    explain_all: bool
    threads: int | None

    @cached_property
    def model(self) -> Model:
        """The model, read once a process."""
        return Model.from_files(self.model_files)

    @cached_property
    def rates(self) -> dict[str, pa.Table]:
        """The groups' facts, read once a process."""
        return {relation: pq.read_table(rates_file(self.folder, relation)) for relation in RATES}

    @cached_property
    def needed(self) -> tuple[Feature, ...]:
        """The features that are built."""
        return needed_features(self.model, self.features)

    def counts(self, kind: str) -> Path:
        """The folder of what was counted of the groups, a file a bucket."""
        return self.folder / "counts" / kind

    def part(self, bucket: int) -> Path:
        """The bucket's open bills with their probabilities."""
        return self.folder / "parts" / f"bucket={bucket}.parquet"

    def matrix(self, bucket: int) -> Path:
        """The features of its scored bills, until those that are listed are explained."""
        return self.folder / "matrix" / f"bucket={bucket}.parquet"

    def listed(self, bucket: int) -> Path:
        """Its listed bills with rank and reasons."""
        return self.folder / "listed" / f"bucket={bucket}.parquet"

    def ranks(self, bucket: int) -> Path:
        """The folder with the ranks of its listed bills; absent when none is listed."""
        return self.folder / "ranks" / f"bucket={bucket}"


def rates_file(folder: Path, relation: str) -> Path:
    """Return where the facts of the groups are kept for the buckets."""
    return folder / "rates" / f"{relation}.parquet"


def has_rates(folder: Path) -> bool:
    """Say whether the facts of the groups have been written."""
    return all(facts_of(rates_file(folder, relation)) is not None for relation in RATES)


def count_bucket(task: Task, bucket: int) -> dict[str, Any]:
    """Count the facts of the groups in a bucket, unless that was done before."""
    with machine_troubles(task.folder):
        places = [task.counts(kind) / f"bucket={bucket}.parquet" for kind in _COUNTS]
        if any(facts_of(place) is None for place in places):
            job = Job(bucket=bucket, days=(task.as_of,))
            [counted] = count_job(task.store, job, threads=task.threads)
            for place, table in zip(places, counted, strict=True):
                write_piece(place, table)
        return {}


def write_rates(task: Task) -> None:
    """Add up what was counted in all buckets."""
    rates = combine_files(*(task.counts(kind) for kind in _COUNTS))
    for relation, table in rates.items():
        write_piece(rates_file(task.folder, relation), table)
    shutil.rmtree(task.folder / "counts")


def needed_features(model: Model, features: tuple[Feature, ...]) -> tuple[Feature, ...]:
    """Return the features that the model reads, that its reasons quote, and that lists show."""
    by_name = {feature.name: feature for feature in features}
    needed = {*model.card.features, "bills_seen", KNOWN}
    for name in model.core.features:
        for reason in filter(None, (by_name[name].risk, by_name[name].relief)):
            needed.update(filter(None, (*reason.columns(), reason.given_column())))
    return tuple(feature for feature in features if feature.name in needed)


def score_bucket(task: Task, bucket: int) -> dict[str, Any]:
    """Score the open bills of a bucket, unless that was done before, and return what is told.

    That is: rows, columns and digest of the part; ``scored`` bills and their ``customers``, the
    other bills by reason, and the scored by cycle.
    """
    with machine_troubles(task.folder):
        found = facts_of(task.part(bucket))
        ready = task.listed(bucket), task.matrix(bucket)
        if found is not None and any(facts_of(path) is not None for path in ready):
            return found
        matrix = build_bucket(
            task.store,
            bucket,
            task.as_of,
            rates=task.rates,
            features=task.needed,
            threads=task.threads,
        ).to_pandas(date_as_object=False)
        bills = open_bills(task.store, bucket, task.as_of)
        bills["bucket"] = bucket
        rows = matrix.set_index("bill_id").loc[bills["bill_id"]].reset_index()
        part = _with_probability(bills, rows, task)
        _check_rankable(part)
        scored = rows[(part["why_not"] == "").to_numpy()]
        write_piece(task.matrix(bucket), _table(scored))
        told = {**_told(part), "profile": _profile(task, bucket, scored, part)}
        write_piece(task.part(bucket), _table(part), told)
        return facts_of(task.part(bucket)) or {}


def explain_bucket(task: Task, bucket: int) -> dict[str, Any]:
    """Say why for the listed bills of a bucket, unless that was done before."""
    with machine_troubles(task.folder):
        place = task.listed(bucket)
        found = facts_of(place)
        if found is None and task.ranks(bucket).exists():
            write_piece(place, _listed_table(_explained(task, bucket)))
            found = facts_of(place)
        remove_piece(task.matrix(bucket))
        return found or {"rows": 0}


def _with_probability(bills: pd.DataFrame, rows: pd.DataFrame, task: Task) -> pd.DataFrame:
    """Return the bills with what the model says; one that is not scored has no probability."""
    model, threads = task.model, task.threads or 0
    scored = (bills["why_not"] == "").to_numpy()
    p, priority = np.full((2, len(bills)), np.nan)
    p[scored] = model.predict(rows[scored], threads=threads)
    priority[scored] = model.priority(rows[scored], p[scored])
    bills["p_late"], bills["priority"] = p, priority
    bills["expected_late_cny"] = p * bills["open_cny"]
    bills["bills_seen"] = rows["bills_seen"].to_numpy()
    bills["history"] = np.where(insufficient(rows), "insufficient", "sufficient")
    if not task.explain_all:
        return bills
    codes = reason_codes(model, rows[scored], task.features, threads=threads)
    return bills.join(codes.set_index(bills.index[scored]))


def _check_rankable(part: pd.DataFrame) -> None:
    twice = part["bill_id"].duplicated()
    scored = part[part["why_not"] == ""]
    unknown = scored["p_late"].isna() | scored["open_cny"].isna()
    if twice.any() or unknown.any():
        first = pd.concat([part.loc[twice, "bill_id"], scored.loc[unknown, "bill_id"]]).iloc[0]
        raise DataError(
            f"Bills cannot be ranked. bill_id: {twice.sum()} of {len(part)} rows repeat a bill;"
            f" p_late, open_cny: {unknown.sum()} are empty (first bill {first}). Score each once."
        )


def _told(part: pd.DataFrame) -> dict[str, Any]:
    scored = part[part["why_not"] == ""]
    return {
        "scored": len(scored),
        "customers": int(scored["customer_id"].nunique()),
        "why_not": dict(Counter(part.loc[part["why_not"] != "", "why_not"])),
        "cycles": {str(cycle): count for cycle, count in Counter(scored["cycle"]).items()},
    }


def _profile(task: Task, bucket: int, rows: pd.DataFrame, part: pd.DataFrame) -> Profile:
    """Count what the gates go by, of the bucket's tables and of its scored bills."""
    known = counting.count_bucket(task.store, bucket, task.as_of, threads=task.threads)
    p = part.loc[part["why_not"] == "", "p_late"]
    return known | counting.count_matrix(task.model, rows, p)


def _explained(task: Task, bucket: int) -> pd.DataFrame:
    """Return the listed bills of a bucket in rank order, with reasons and strip."""
    ranks = pq.ParquetDataset(task.ranks(bucket)).read().to_pandas().sort_values("rank")
    told = _rows_of(task.part(bucket), ranks["bill_id"])
    told["rank"], told["band"] = ranks["rank"].to_numpy(), ranks["band"].to_numpy()
    matrix = _rows_of(task.matrix(bucket), ranks["bill_id"])
    found = reasons(task.model, matrix, task.features, threads=task.threads or 0)
    told["reasons_zh"] = [[said.text.zh for said in row.risk] for row in found]
    told["reasons_en"] = [[said.text.en for said in row.risk] for row in found]
    told["relief_zh"] = [row.relief.text.zh if row.relief else "" for row in found]
    told["relief_en"] = [row.relief.text.en if row.relief else "" for row in found]
    as_of = task.as_of
    bills = last_cycles(task.store, bucket, as_of, told["customer_id"])
    strips = build_strips(bills, last_cycle=as_of.year * 12 + as_of.month - 1)
    told["strip"] = told["customer_id"].map(strips)
    return told


def _rows_of(piece: Path, bill_ids: pd.Series) -> pd.DataFrame:
    rows = pq.read_table(piece, filters=[("bill_id", "in", bill_ids.to_list())])
    frame = rows.to_pandas(date_as_object=False)
    return frame.set_index("bill_id").loc[bill_ids].reset_index()


def _listed_table(told: pd.DataFrame) -> pa.Table:
    """Return the rows in types that are the same in each bucket, also where all lists are empty."""
    table = _table(told)
    for column, kind in LISTED_TYPES.items():
        at = table.column_names.index(column)
        table = table.set_column(at, column, pa.array(told[column], kind, from_pandas=True))
    return table


def _table(frame: pd.DataFrame) -> pa.Table:
    return pa.Table.from_pandas(frame, preserve_index=False)
