"""Writing the rows that were set aside, as they stood in the source, with reason and place."""

import csv
import re
from collections.abc import Iterator
from pathlib import Path

from contract.breach import FILE_SHIFT
from contract.setaside import Workbench, aside
from contract.spreadsheet import inert
from contract.staged import Staged

_HEADS = ("reason", "file", "row", "line")

# A plain negative number is no formula, though it begins like one.
_NUMBER = re.compile(r"[+-]?[0-9][0-9.,]*")


def write_quarantine(bench: Workbench, folder: Path) -> None:
    """Write a CSV for each table that has rows set aside; nothing when there are none.

    A table whose files have different heads gets the columns of all of them.
    """
    for name, shaped in bench.shaped.items():
        heads = list(dict.fromkeys(head for file in shaped.files for head in file.heads if head))
        rows = [
            row
            for position, file in enumerate(shaped.files)
            for row in _rows(bench, name, position, file)
        ]
        if rows:
            folder.mkdir(exist_ok=True)
            # With a byte order mark, so that Excel opens Chinese text as it is.
            with (folder / f"{name}.csv").open("w", encoding="utf-8-sig", newline="") as target:
                writer = csv.DictWriter(target, [*_HEADS, *heads], restval="")
                writer.writerow({head: inert(head) for head in writer.fieldnames})
                writer.writerows(rows)


def _rows(bench: Workbench, name: str, position: int, file: Staged) -> Iterator[dict[str, str]]:
    """Give each row of one file that was set aside: its reasons, place and original values."""
    cells = "".join(f", c{i}" for i, head in enumerate(file.heads) if head)
    found = bench.connection.execute(
        f"""
        SELECT string_agg(DISTINCT rule, '; ' ORDER BY rule), s.file_row_number + 1{cells}
        FROM {aside(name)} AS a
        JOIN {file.relation} AS s
            ON a._at = ({position}::BIGINT << {FILE_SHIFT}) + s.file_row_number + 1
        WHERE a.quarantined GROUP BY ALL ORDER BY 2
        """
    ).fetchall()
    lines = file.lines([row[1] for row in found]) if found else {}
    heads = [head for head in file.heads if head]
    for reason, row, *values in found:
        place = {"reason": reason, "file": file.label, "row": str(row)}
        place["line"] = str(lines.get(row, ""))
        yield dict(zip(heads, map(_harmless, values), strict=True)) | place
    if bench.broken_lines_are_aside:
        for reject in file.rejects:
            yield {
                "reason": f"broken-line: {reject.why}",
                "file": file.label,
                "line": str(reject.line),
                heads[0]: _harmless(reject.text),
            }


def _harmless(value: str | None) -> str:
    """Put an apostrophe before what a spreadsheet would run as a formula.

    >>> _harmless("=1+1"), _harmless("-12.50"), _harmless(None)
    ("'=1+1", '-12.50', '')
    """
    if not value or _NUMBER.fullmatch(value):
        return value or ""
    return inert(value)
