"""The user's factors by industry (经济走势, R002-05): an optional file, never made up."""

import csv
import math
from pathlib import Path

from contract.errors import DataError


def read_trend(path: Path | None) -> dict[str, float]:
    """Read the user's trend factors: a CSV with the columns industry and factor.

    Raises:
        DataError: A column is missing, a factor is no number from 0, or an industry is named
            twice; each line is named.
    """
    if path is None:
        return {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path}: cannot be read as CSV in UTF-8 ({error}).") from error
    trend: dict[str, float] = {}
    faults = []
    for line, row in enumerate(rows, start=2):
        industry, factor = row.get("industry"), _factor(row.get("factor"))
        if not industry or factor is None or industry in trend:
            faults.append(line)
        else:
            trend[industry] = factor
    if faults or not rows:
        raise DataError(
            f"{path}: {len(faults)} of {len(rows)} rows are no industry with its factor"
            f" (first: line {faults[0] if faults else 1}). Give the columns industry and factor,"
            " each industry once, the factor a number of 0 or more such as 1.2."
        )
    return trend


def _factor(text: str | None) -> float | None:
    try:
        factor = float(text or "")
    except ValueError:
        return None
    return factor if math.isfinite(factor) and factor >= 0 else None
