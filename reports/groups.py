"""Which grids or managers get a sheet of their own, and what those sheets are called."""

import re
from collections.abc import Container
from dataclasses import dataclass
from typing import Literal

import pandas as pd

By = Literal["grid", "manager"]
COLUMN_OF: dict[By, str] = {"grid": "grid_id", "manager": "manager_id"}
MOST = 40  # sheets; in a workbook with more nobody finds the way

_FORBIDDEN = re.compile(r"[\[\]:*?/\\\x00-\x1f]")
_LONGEST = 31  # characters of a sheet's name


@dataclass(frozen=True, kw_only=True)
class Group:
    """The bills of one grid or manager: their places on the list, and sums in yuan."""

    code: str
    rows: tuple[int, ...]
    open_cny: float
    expected_late_cny: float


def group_by(listed: pd.DataFrame, by: By, *, most: int = MOST) -> tuple[list[Group], list[Group]]:
    """Return the groups with a sheet and those without, each by code.

    Those with the largest expected late amounts get one. Bills without a grid or manager form a
    group with an empty code. A list without that column has no groups.
    """
    if COLUMN_OF[by] not in listed:
        return [], []
    places = listed.reset_index(drop=True)
    members = places.groupby(places[COLUMN_OF[by]].fillna("").astype(str), sort=True)
    found = [_group(str(code), rows) for code, rows in members]
    found.sort(key=lambda one: (-one.expected_late_cny, one.code))
    kept, left = found[:most], found[most:]
    return sorted(kept, key=_by_code), sorted(left, key=_by_code)


def _group(code: str, rows: pd.DataFrame) -> Group:
    fen = (rows[["open_cny", "expected_late_cny"]] * 100).round().sum()
    return Group(
        code=code,
        rows=tuple(int(at) for at in rows.index),
        open_cny=fen["open_cny"] / 100,
        expected_late_cny=fen["expected_late_cny"] / 100,
    )


def _by_code(group: Group) -> str:
    return group.code


def sheet_name(text: str, taken: Container[str]) -> str:
    """Return a name that Excel takes and that no other sheet has, whatever its case.

    Args:
        taken: Names in use, casefolded.

    >>> sheet_name("a/b:c", set()), sheet_name("'x'", set()), sheet_name("", set())
    ('a_b_c', 'x', '_')
    >>> sheet_name("History", set()), sheet_name("G1", {"g1"})
    ('History_', 'G1 (2)')
    """
    plain = _FORBIDDEN.sub("_", text).strip().strip("'")[:_LONGEST].strip().strip("'") or "_"
    if plain.casefold() == "history":
        plain += "_"
    name, number = plain, 1
    while name.casefold() in taken:
        number += 1
        end = f" ({number})"
        name = plain[: _LONGEST - len(end)] + end
    return name
