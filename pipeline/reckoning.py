"""Reckon the KPIs of a day and write them: a table for people, CSV and JSON for machines."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
from rich.table import Table

from collection.kpis import KPIS, By, Kpi, compute_kpis
from pipeline.preparing import Prepared
from pipeline.progress import step
from pipeline.showing import as_text
from pipeline.storage import new_folder, write_json
from reports.spreadsheet import inert_frame

# At most so many places are shown beside the total; the files have them all.
_SHOWN_PLACES = 8
_BY_ID = {kpi.id: kpi for kpi in KPIS}


@dataclass(frozen=True, kw_only=True)
class Reckoned:
    """The KPIs of one day; one row of ``rows`` is one KPI of one group (collection.kpis)."""

    as_of: date
    rows: pa.Table

    def as_dict(self) -> dict[str, Any]:
        """Return the figures in all, by id, with their names."""
        totals = [row for row in self.rows.to_pylist() if row["by"] == "total"]
        return {
            "as_of": self.as_of.isoformat(),
            "kpis": [_named(row) for row in totals],
        }

    def text(self, by: By) -> str:
        """Return the table for the terminal: the total and, if asked, the first places by id."""
        rows = [row for row in self.rows.to_pylist() if row["by"] in ("total", by)]
        value = {(row["kpi"], row["by"], row["group_id"]): row["value"] for row in rows}
        groups = list(dict.fromkeys((row["by"], row["group_id"]) for row in rows))
        shown = groups[: _SHOWN_PLACES + 1]
        table = Table("KPI", "", *(place or f"({level})" for level, place in shown))
        for kpi in KPIS:
            cells = [shown_value(kpi, value[kpi.id, *group]) for group in shown]
            table.add_row(kpi.name.zh, kpi.name.en, *cells)
        left = len(groups) - len(shown)
        more = f"{left} more of {by} are in the files of --out.\n" if left else ""
        return f"As of {self.as_of}\n{as_text(table)}{more}"


def reckon(prepared: Prepared) -> Reckoned:
    """Reckon every KPI as of the prepared day."""
    with step("Reckon the KPIs"):
        return Reckoned(as_of=prepared.as_of, rows=compute_kpis(prepared.store, prepared.as_of))


def write_reckoned(reckoned: Reckoned, folder: Path) -> None:
    """Write kpis.csv (one row a KPI and group, as UTF-8 that Excel reads) and kpis.json."""
    named = [_named(row) for row in reckoned.rows.to_pylist()]
    frame = pa.Table.from_pylist(named).to_pandas()
    frame.insert(0, "as_of", reckoned.as_of.isoformat())
    frame["denominator"] = frame["denominator"].astype("Int64")  # whole, or none
    with new_folder(folder) as beside:
        inert_frame(frame).to_csv(
            beside / "kpis.csv", index=False, encoding="utf-8-sig", lineterminator="\r\n"
        )
        write_json(beside / "kpis.json", {"as_of": reckoned.as_of, "kpis": named})


def shown_value(kpi: Kpi, value: float | None) -> str:
    """Return a value as a person reads it; a dash where there is none.

    >>> shown_value(next(k for k in KPIS if k.id == "cei"), 0.98765)
    '98.77%'
    """
    if value is None:
        return "–"
    if kpi.unit == "share":
        return f"{value:.2%}"
    return f"{value:,.2f}" if kpi.unit == "yuan" else f"{value:,.1f}".removesuffix(".0")


def _named(row: dict[str, Any]) -> dict[str, Any]:
    kpi = _BY_ID[row["kpi"]]
    named = {
        "name_zh": kpi.name.zh,
        "name_en": kpi.name.en,
        "unit": kpi.unit,
        "formula_zh": kpi.formula.zh,
        "formula_en": kpi.formula.en,
    }
    return {**row, **named}
