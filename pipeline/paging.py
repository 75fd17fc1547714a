"""Write the page of a finished run, from its own files."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq

from contract.errors import DataError
from pipeline.runs import read_manifest
from pipeline.showing import read_list
from pipeline.storage import write_bytes
from reports.page import Extras, look_at, read_page_words, render_page
from reports.wording import read_wording

GATES = "gates.json"


def write_page(run: Path, out: Path) -> int:
    """Write the page of a run and return its bytes; the same run gives the same page.

    Args:
        run: Folder of a finished run.
        out: The file to write; one that is there is replaced.

    Raises:
        DataError: The folder is no finished run, or what it holds is not what a run writes.
    """
    facts = read_manifest(run).facts()
    listed = _as_written(read_list(run / "list.csv"))
    page = render_page(
        facts,
        look_at(_scored(run), listed),
        listed,
        _gates(run / GATES),
        words=read_page_words(),
        wording=read_wording(),
    ).encode()
    out.parent.mkdir(parents=True, exist_ok=True)
    write_bytes(out, page)
    return len(page)


def _scored(run: Path) -> pd.DataFrame:
    """Return the bills that were scored, and so have a rank; scores.parquet has all open ones."""
    filters = [("rank", ">", 0)]
    return pq.read_table(run / "scores.parquet", filters=filters).to_pandas()


def _as_written(listed: pd.DataFrame) -> pd.DataFrame:
    """Take off the apostrophe that guards a spreadsheet; the page runs no formula."""
    guarded = r"^'(?=[=+\-@\t\r])"
    texts = listed.select_dtypes(include=["str", "object"]).columns.difference(
        ["reasons_zh", "reasons_en"]
    )
    return listed.assign(
        **{name: listed[name].str.replace(guarded, "", regex=True) for name in texts}
    )


def _gates(path: Path) -> Extras:
    """Return what the gates found; nothing of a run from before there were gates."""
    if not path.exists():
        return Extras()
    try:
        told: dict[str, Any] = json.loads(path.read_text("utf-8"))
        accepted = frozenset(str(one["gate"]) for one in told["accepted"])
        return Extras(gates=told["gates"], accepted=accepted)
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path}: not what a run writes; restore it or score again.") from error
