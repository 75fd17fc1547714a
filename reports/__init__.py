"""Lists for people and systems: wording in both languages, workbook, CSV and terminal."""

from reports.columns import COLUMNS, Column, columns_on
from reports.facts import METRICS, MODEL, Compared, RunFacts
from reports.strip import NO_BILLS, build_strips
from reports.table import build_export, write_list_csv
from reports.terminal import comparison_table, first_rows
from reports.wording import Wording, both, read_wording
from reports.workbook import write_workbook

__all__ = [
    "COLUMNS",
    "METRICS",
    "MODEL",
    "NO_BILLS",
    "Column",
    "Compared",
    "RunFacts",
    "Wording",
    "both",
    "build_export",
    "build_strips",
    "columns_on",
    "comparison_table",
    "first_rows",
    "read_wording",
    "write_list_csv",
    "write_workbook",
]
