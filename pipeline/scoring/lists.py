"""The lists of a run, from its listed bills in rank order, some thousands at a time."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from contract.dataset import open_dataset
from contract.engine import connect, to_arrow
from contract.pseudonyms import own_ids
from pipeline.scoring.ranking import batches
from reports.facts import RunFacts
from reports.table import build_export
from reports.wording import read_wording
from reports.workbook import write_workbook

_ROWS = 50_000


def write_lists(
    folder: Path,
    listed: Path,
    facts: RunFacts,
    *,
    data: Path,
    workbook_rows: int,
    key: bytes | None,
) -> None:
    """Write ``list.csv`` of all listed bills, and ``list.xlsx`` of the first of them.

    Args:
        folder: Where to write.
        listed: The listed bills in rank order.
        facts: The run.
        data: The dataset with the names.
        workbook_rows: The most bills that the workbook shows; where the list has more, its cover
            says so.
        key: What the workbook is signed with, if anything.
    """
    shown: list[pd.DataFrame] = []
    wanted = workbook_rows
    with (folder / "list.csv").open("w", encoding="utf-8-sig", newline="") as file:
        for first, rows in enumerate(_with_names(listed, data)):
            table = build_export(rows, facts)
            table.to_csv(file, index=False, header=first == 0, lineterminator="\r\n")
            if wanted > 0:
                shown.append(rows.head(wanted))
                wanted -= len(shown[-1])
    told = pd.concat(shown, ignore_index=True)
    about = (
        facts
        if facts.listed <= len(told)
        else replace(facts, notes=(*facts.notes, _only_first(len(told), facts.listed)))
    )
    write_workbook(folder / "list.xlsx", told, about, wording=read_wording(), key=key)


def _with_names(listed: Path, data: Path) -> Iterator[pd.DataFrame]:
    """Names, and the utility's own numbers, are joined here, for lists for people, only."""
    # At once: what the pseudonyms of a province stand for is not read once a batch.
    numbers = own_ids(data, pq.read_table(listed, columns=["customer_id", "bill_id"]))
    told_already = 0
    for table in batches(listed, _ROWS):
        rows = table.to_pandas(date_as_object=False)
        told = rows.merge(_names(data, rows["customer_id"]), on="customer_id", how="left")
        own = numbers.slice(told_already, len(rows))
        told_already += len(rows)
        yield told.assign(**{name: own[name].to_pandas() for name in own.column_names})


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
