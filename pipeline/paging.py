"""Write the page of a finished run, from its own files."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from collection.policy import read_plan_wording
from pipeline.page_extras import Around, data_config, gather_extras, with_inner_ids
from pipeline.runs import read_manifest
from pipeline.showing import read_list
from pipeline.storage import write_bytes
from reports.page import look_at, read_page_words, render_page
from reports.wording import read_wording


def write_page(run: Path, out: Path, around: Around | None = None) -> int:
    """Write the page of a run and return its bytes; the same inputs give the same page.

    Args:
        run: Folder of a finished run.
        out: The file to write; one that is there is replaced.
        around: Its plan, the last run, and where its data are.

    Raises:
        DataError: The folder is no finished run, or what it holds is not what a run writes.
    """
    around, words = around or Around(), read_page_words()
    manifest = read_manifest(run)
    listed = with_inner_ids(run, as_written(read_list(run / "list.csv")))
    if around.config is not None:
        around = replace(around, config=data_config(around.config, manifest))
    page = render_page(
        manifest.facts(),
        look_at(_scored(run), listed, _customers_of(around.previous)),
        listed,
        gather_extras(run, manifest, listed, around, words),
        words=words,
        wording=read_wording(),
        plan_words=read_plan_wording(),
    ).encode()
    out.parent.mkdir(parents=True, exist_ok=True)
    write_bytes(out, page)
    return len(page)


def _customers_of(previous: Path | None) -> pd.Series | None:
    return None if previous is None else read_list(previous / "list.csv")["customer_id"]


def _scored(run: Path) -> pd.DataFrame:
    """Return the bills that were scored, and so have a rank; scores.parquet has all open ones."""
    filters = [("rank", ">", 0)]
    return pq.read_table(run / "scores.parquet", filters=filters).to_pandas()


def as_written(listed: pd.DataFrame) -> pd.DataFrame:
    """Take off the apostrophe that guards a spreadsheet; the page runs no formula."""
    guarded = r"^'(?=[=+\-@\t\r])"
    texts = listed.select_dtypes(include=["str", "object"]).columns.difference(
        ["reasons_zh", "reasons_en"]
    )
    return listed.assign(
        **{name: listed[name].str.replace(guarded, "", regex=True) for name in texts}
    )
