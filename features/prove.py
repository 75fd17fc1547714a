"""The proof that no feature sees what was not known yet (design.md 5).

The dataset is written again with its future deleted, with another future in place of its own, and
with the last day's facts postponed to as_of itself; the features of as_of must not change by a
bit. A feature that does is named, with the first row that gives it away.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from contract.dataset import Dataset, open_dataset
from contract.staging import Store, stage
from features.build import build, build_prepaid, features_of
from features.compose import KEYS
from features.declare import Feature
from features.rewrite import Change, rewrite

Features = Callable[[Store], tuple[Feature, ...]]
_Matrices = dict[str, pd.DataFrame]

_KEY = ["as_of", "customer_id", "bill_id"]
# What must give the same features as what.
_TRIALS = (
    (Change.KEEP, Change.DELETE),
    (Change.KEEP, Change.SCRAMBLE),
    (Change.FORGET_LAST_DAY, Change.POSTPONE),
)


@dataclass(frozen=True, kw_only=True)
class Guilty:
    """A feature that changed, and the first row on which it did.

    Attributes:
        rows: Rows whose value changed.
        example: Customer and bill of the first of them, with the value before and after.
    """

    feature: str
    rows: int
    example: str


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One rewriting of the data and what it changed.

    Attributes:
        rows: Rows of the matrix that were compared.
        guilty: Features that changed; ``rows of the matrix`` when other bills were scored.
    """

    name: str
    rows: int
    guilty: tuple[Guilty, ...]


@dataclass(frozen=True, kw_only=True)
class Proof:
    """What came of every trial at one as_of.

    Attributes:
        columns: Features that were tried.
        awake: Features that the deletion of the last day's facts does change; where there are
            none, the data hold nothing that a trial could have found.
    """

    as_of: date
    columns: int
    trials: tuple[Trial, ...]
    awake: int

    @property
    def holds(self) -> bool:
        """True when no trial found a guilty feature."""
        return not any(tried.guilty for tried in self.trials)

    def report(self) -> str:
        """Return the proof in words, one line a trial and one a guilty feature."""
        lines = [f"as_of {self.as_of}: {self.columns} features"]
        for tried in self.trials:
            verdict = "changed" if tried.guilty else "no feature changed"
            lines.append(f"{tried.name}: {tried.rows} rows compared, {verdict}")
            lines += [f"  {g.feature}: {g.rows} rows, first {g.example}" for g in tried.guilty]
        lines.append(f"control: the last day's facts move {self.awake} features when deleted")
        return "\n".join(lines)


def prove(
    dataset: Dataset,
    as_of: date,
    folder: Path,
    *,
    features: Features = features_of,
    buckets: int = 1,
    one_in: int = 1,
    progress: Callable[[str, int, int], None] = lambda *_: None,
) -> Proof:
    """Try every feature at as_of, with rewritten copies of the dataset staged below ``folder``.

    Args:
        folder: An empty folder; about five times the dataset is written there.
        features: The features to try, from a store; user features come in here.
        one_in: Try one customer in so many; groups are then made of these alone.
    """
    built: dict[Change, _Matrices] = {}
    for done, change in enumerate(Change):
        progress(f"rebuilding: {change.value}", done, len(Change))
        place = folder / change.name.lower()
        rewrite(dataset, as_of, place / "data", change, one_in=one_in)
        store = stage(open_dataset(place / "data"), place / "stores", buckets=buckets)
        built[change] = _matrices(store, as_of, features(store))
    kept, forgotten = built[Change.KEEP], built[Change.FORGET_LAST_DAY]
    return Proof(
        as_of=as_of,
        columns=sum(len(set(matrix) - set(KEYS)) for matrix in kept.values()),
        trials=tuple(
            trial(f"{other.value}, {rows}", built[same][rows], built[other][rows])
            for same, other in _TRIALS
            for rows in kept
        ),
        awake=sum(len(differences(*_common(kept[rows], forgotten[rows]))) for rows in kept),
    )


def _matrices(store: Store, as_of: date, features: tuple[Feature, ...]) -> _Matrices:
    """Build what is scored: open bills, and prepaid customers where there are balances."""
    found = {"bills": build(store, as_of, features=features)}
    if "balances" in store.present:
        found["prepaid customers"] = build_prepaid(store, as_of).assign(bill_id="")
    return found


def differences(before: pd.DataFrame, after: pd.DataFrame) -> tuple[Guilty, ...]:
    """Name the columns of two matrices of the same rows that differ in any bit."""
    return tuple(
        found
        for column in before.columns
        if column not in _KEY and (found := _difference(column, before, after))
    )


def trial(name: str, before: pd.DataFrame, after: pd.DataFrame) -> Trial:
    """Compare the matrix of a rewritten dataset with the one that it must equal."""
    one, other = _common(before, after)
    guilty = differences(one, other)
    strays = len(before) + len(after) - 2 * len(one)
    if strays:
        lone = pd.concat([before[_KEY], after[_KEY]]).drop_duplicates(keep=False).iloc[0]
        example = f"customer {lone['customer_id']}, bill {lone['bill_id']}"
        guilty = (Guilty(feature="rows of the matrix", rows=strays, example=example), *guilty)
    return Trial(name=name, rows=len(one), guilty=guilty)


def _common(before: pd.DataFrame, after: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the rows that both have, in the same order."""
    shared = before[_KEY].merge(after[_KEY], on=_KEY)
    return shared.merge(before, on=_KEY), shared.merge(after, on=_KEY)


def _difference(column: str, before: pd.DataFrame, after: pd.DataFrame) -> Guilty | None:
    changed = _bits(before[column]) != _bits(after[column])
    if not changed.any():
        return None
    row = int(np.argmax(changed))
    where = f"customer {before['customer_id'][row]}, bill {before['bill_id'][row]}"
    values = f"{_written(before[column][row])} became {_written(after[column][row])}"
    return Guilty(feature=column, rows=int(changed.sum()), example=f"{where}: {values}")


def _written(value: Any) -> str:
    return "missing" if pd.isna(value) else str(value)


def _bits(column: pd.Series) -> np.ndarray:
    if column.dtype.kind == "f":
        return column.to_numpy(dtype=np.float64).view(np.int64)
    return column.astype(object).where(column.notna(), None).map(repr).to_numpy(dtype=object)
