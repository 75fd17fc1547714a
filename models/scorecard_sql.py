"""A scorecard as SQL, so that a utility's own database can score without anything of ours."""

from contract.engine import name, text
from models.scorecard import FACTOR, OFFSET, Characteristic, Scorecard


def scorecard_sql(card: Scorecard, *, source: str) -> str:
    """Return a query of every row's points and probability, in standard SQL.

    The points are the printed ones, tenth for tenth; the probability is the scorecard's own, not
    calibrated. Columns: all of the source, ``points`` (more is safer) and ``p_late``.

    Args:
        source: Table or view with one row a bill and a column a feature.
    """
    parts = ["CAST(" + _tenths(card.base) + " AS DECIMAL(9,1))"]
    parts += [_case(each) for each in card.characteristics]
    total = "\n        + ".join(parts)
    odds = f"(points - {float(OFFSET)!r}) / {float(FACTOR)!r}"
    return (
        f"SELECT *,\n    1 / (1 + EXP({odds})) AS p_late\n"
        f"FROM (\n    SELECT *,\n        {total}\n        AS points\n"
        f"    FROM {name(source)}\n) AS scored"
    )


def _case(each: Characteristic) -> str:
    column, bins = name(each.bins.feature), each.bins
    *known, missing = each.points
    lines = [f"WHEN {column} IS NULL THEN {_tenths(missing)}"]
    if bins.is_categorical:
        *levels, other = known
        lines += [
            f"WHEN {column} = {text(level)} THEN {_tenths(points)}"
            for level, points in zip(bins.levels, levels, strict=True)
        ]
        last = other
    else:
        *below, last = known
        lines += [
            f"WHEN {column} < {float(edge)!r} THEN {_tenths(points)}"
            for edge, points in zip(bins.edges, below, strict=True)
        ]
    inner = "\n            ".join(lines)
    return f"CASE\n            {inner}\n            ELSE {_tenths(last)} END"


def _tenths(points: float) -> str:
    return f"{points:.1f}"
