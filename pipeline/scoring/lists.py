"""The files of a run, from its sorted bills: each can be written by another process at once."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from collection.bands import Bands
from contract.dataset import open_dataset
from contract.engine import connect, to_arrow
from contract.pseudonyms import own_ids
from pipeline.scoring.buckets import Task
from pipeline.scoring.ranking import batches, write_scores
from pipeline.scoring.workers import Workers
from pipeline.troubles import machine_troubles
from reports.facts import RunFacts
from reports.table import build_export
from reports.wording import read_wording
from reports.workbook import write_workbook

_ROWS = 50_000


@dataclass(frozen=True, kw_only=True)
class Files:
    """What the files of a run are written from.

    Attributes:
        folder: Where to write.
        ordered: All open bills, the scored in rank order and then the others.
        listed: The listed bills in rank order.
        facts: The run.
        data: The dataset with the names.
        scored: How many bills are ranked.
        shape: The columns of a bill of ``ordered``.
        workbook_rows: The most bills that the workbook shows; where the list has more, its cover
            says so.
        key: What the workbook is signed with, if anything.
    """

    folder: Path
    ordered: Path
    listed: Path
    facts: RunFacts
    data: Path
    scored: int
    bands: Bands
    shape: pa.Schema
    workbook_rows: int
    key: bytes | None = field(repr=False)


def write_files(files: Files, workers: Workers) -> None:
    """Write ``list.xlsx``, ``list.csv`` and ``scores.parquet``, side by side where workers are."""
    for _ in workers.run(partial(_write, files), range(len(_WRITERS))):
        pass


def _write(files: Files, _: Task, file: int) -> dict[str, Any]:
    with machine_troubles(files.folder):
        _WRITERS[file](files)
    return {}


def _write_workbook(files: Files) -> None:
    told = pd.concat(_with_names(files, most=files.workbook_rows), ignore_index=True)
    about = files.facts
    if about.listed > len(told):
        about = replace(about, notes=(*about.notes, _only_first(len(told), about.listed)))
    write_workbook(files.folder / "list.xlsx", told, about, wording=read_wording(), key=files.key)


def _write_csv(files: Files) -> None:
    with (files.folder / "list.csv").open("w", encoding="utf-8-sig", newline="") as file:
        for first, rows in enumerate(_with_names(files)):
            table = build_export(rows, files.facts)
            table.to_csv(file, index=False, header=first == 0, lineterminator="\r\n")


def _write_scores(files: Files) -> None:
    write_scores(
        files.folder / "scores.parquet",
        files.ordered,
        scored=files.scored,
        bands=files.bands,
        shape=files.shape,
    )


# The one that takes longest first.
_WRITERS: tuple[Callable[[Files], None], ...] = (_write_workbook, _write_csv, _write_scores)


def _with_names(files: Files, most: int | None = None) -> Iterator[pd.DataFrame]:
    """Yield the listed bills, or the first of them, with names and the utility's own numbers.

    They are joined here, for lists for people, only. At least one frame comes, if an empty one.
    """
    ids = pq.read_table(files.listed, columns=["customer_id", "bill_id"])
    # At once: what the pseudonyms of a province stand for is not read once a batch.
    numbers = own_ids(files.data, ids.slice(0, most))
    told_already = 0
    for table in batches(files.listed, _ROWS):
        rows = table.slice(0, len(numbers) - told_already).to_pandas(date_as_object=False)
        told = rows.merge(_names(files.data, rows["customer_id"]), on="customer_id", how="left")
        own = numbers.slice(told_already, len(rows))
        told_already += len(rows)
        yield told.assign(**{name: own[name].to_pandas() for name in own.column_names})
        if told_already == len(numbers):
            return


def _names(data: Path, customers: pd.Series) -> pd.DataFrame:
    dataset = open_dataset(data)
    with connect() as connection:
        connection.register("listed", pa.table({"customer_id": customers.unique()}))
        return to_arrow(
            connection,
            f"""SELECT customer_id, name FROM listed
            LEFT JOIN {dataset.scan("identities")} USING (customer_id)""",
        ).to_pandas(date_as_object=False)


def _only_first(shown: int, listed: int) -> str:
    return (
        f"本工作簿只列前 {shown:,} 笔，汇总也只计这些；全部 {listed:,} 笔见 list.csv。"
        f" This workbook holds the first {shown:,} bills, and its sums are of these; all"
        f" {listed:,} are in list.csv."
    )
