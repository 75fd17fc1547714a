"""The workbook of a list: how to read it, the list, and its sums, for the people who act on it.

The same list and run give the same bytes: the file carries the as_of day, never the clock.
"""

from datetime import datetime, time
from pathlib import Path

import pandas as pd
from xlsxwriter import Workbook

from reports.cover import write_cover
from reports.facts import RunFacts
from reports.glossary import write_glossary
from reports.list_sheet import check_fits_sheet, list_table, write_list_sheet
from reports.seal import PROPERTY
from reports.styles import Styles
from reports.summary import write_summary
from reports.wording import Wording, both

_SHEETS = ("about", "list", "summary", "glossary")
# Rows are flushed as they are written. Nothing in a cell is taken for a formula, a link or a
# number because of how it looks: names and ids come from outside.
OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "strings_to_urls": False,
}


def write_workbook(
    path: Path,
    listed: pd.DataFrame,
    facts: RunFacts,
    *,
    wording: Wording,
    key: bytes | None = None,
) -> None:
    """Write the workbook.

    Args:
        path: Where to write; an existing file is replaced.
        listed: One row per listed bill in rank order, with the columns of reports.columns
            and, for its reasons, lists of sentences in reasons_zh and reasons_en.
        facts: The run that made the list.
        wording: Every text in it, in both languages.
        key: What its seal is signed with; None makes a checksum of it (reports.seal).

    Raises:
        DataError: The list has more rows than a sheet can hold; nothing is written.
    """
    check_fits_sheet(listed)
    table = list_table(listed, wording)
    seal = table.seal(facts.run_id, key)
    with Workbook(str(path), OPTIONS) as workbook:
        describe(workbook, facts, wording)
        workbook.set_custom_property(PROPERTY, seal.as_property(), "text")
        styles = Styles(workbook)
        names = {sheet: both(text) for sheet, text in wording.sheets.items()}
        about, rows, sums, words = (workbook.add_worksheet(names[name]) for name in _SHEETS)
        write_cover(about, listed, facts, seal=seal, styles=styles, wording=wording)
        write_list_sheet(rows, table, facts, styles=styles, wording=wording)
        write_summary(sums, listed, workbook, styles=styles, wording=wording)
        write_glossary(words, table.columns, styles=styles, wording=wording, whole=False)


def describe(workbook: Workbook, facts: RunFacts, wording: Wording) -> None:
    """Say what a workbook is of, dated by the run."""
    workbook.set_properties(
        {
            "title": both(wording.phrases["title"]),
            "subject": facts.run_id,
            "created": datetime.combine(facts.as_of, time()),
        }
    )
    workbook.set_custom_property("run_id", facts.run_id)
    workbook.set_custom_property("cycle", str(facts.cycle))
    workbook.set_size(1920, 1080)
