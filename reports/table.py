"""The list as a CSV for other systems: stable columns, keyed by run, cycle and customer (R000-07).

Heads are column ids, for machines; people get the workbook. A row is one listed bill. The columns
and their order never change within a FORMAT: an optional one that the list lacks stays, empty.
"""

from pathlib import Path

import pandas as pd

from reports.columns import REASONS, Column, columns_on
from reports.facts import RunFacts
from reports.spreadsheet import inert

FORMAT = 1

_DECIMALS = {"money": 2, "share": 4}


def write_list_csv(path: Path, listed: pd.DataFrame, facts: RunFacts) -> None:
    """Write the list as UTF-8 with a byte order mark, so that Excel reads the Chinese right.

    Money is yuan with two decimals, a probability has four, dates are ISO 8601, a cycle is
    202610, a flag true or false; what is not known is empty. Text that a spreadsheet would run
    as a formula starts with an apostrophe.

    Args:
        path: Where to write; an existing file is replaced.
        listed: One row per listed bill in rank order, with the columns of reports.columns and,
            for its reasons, lists of sentences in reasons_zh and reasons_en.
        facts: The run; its id and day stand in every row.
    """
    table = build_export(listed, facts)
    table.to_csv(path, index=False, encoding="utf-8-sig", lineterminator="\r\n")


def build_export(listed: pd.DataFrame, facts: RunFacts) -> pd.DataFrame:
    """Return the export's rows as text, in the order of its columns."""
    rows = listed.assign(**_reason_columns(listed))
    run = {
        "format": str(FORMAT),
        "run_id": inert(facts.run_id),
        "as_of": facts.as_of.isoformat(),
        "model_version": inert(facts.model_version),
    }
    values = {column.id: _as_text(rows, column) for column in columns_on("export")}
    return pd.DataFrame(run | values, index=listed.index)


def _reason_columns(listed: pd.DataFrame) -> dict[str, list[str]]:
    return {
        f"reason_{n}_{language}": [
            sentences[n - 1] if len(sentences) >= n else ""
            for sentences in listed[f"reasons_{language}"]
        ]
        for language in ("zh", "en")
        for n in range(1, REASONS + 1)
    }


def _as_text(rows: pd.DataFrame, column: Column) -> pd.Series:
    if column.optional and column.id not in rows:
        return pd.Series("", index=rows.index)
    values = rows[column.id]
    if column.kind in _DECIMALS:
        return values.map(f"{{:.{_DECIMALS[column.kind]}f}}".format, na_action="ignore")
    if column.kind == "date":
        return values.dt.strftime("%Y-%m-%d")
    if column.kind == "flag":
        return values.map({True: "true", False: "false"})
    if column.kind in {"integer", "month"}:
        return values.astype("Int64").astype("string")
    return values.map(inert, na_action="ignore")
