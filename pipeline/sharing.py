"""What is searched, and the rows for it: in this process, or mapped into memory by others.

Other processes read one file a matrix instead of a copy each through a pipe.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache, partial
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from models.grounds import Ground, ground_of
from models.metrics import Capacity
from models.origins import Judges
from models.search import Steadiness, Tried, defaults
from models.train import Recipe

_MATRIX = "matrix"
Grounds = tuple[Callable[[], Ground], ...]


@dataclass(frozen=True, kw_only=True)
class Search:
    """What is searched; all that a process needs to know of it beside the rows.

    Attributes:
        study: Its name; another name for anything that would mix trials not to be compared.
        url: Of the database that keeps it.
        recipe: With the default parameters, which are tried first.
        origins: Days to train as of and to judge on, oldest first.
        cut: The day whose knowledge labels the judged rows.
    """

    study: str
    url: str
    recipe: Recipe
    origins: tuple[date, ...]
    cut: date
    capacity: Capacity
    steadiness: Steadiness
    seed: int

    def is_default(self, changes: Mapping[str, float]) -> bool:
        """Tell whether these are the default parameters."""
        return changes == defaults(self.recipe.parameters)

    def of_default(self, tried: Sequence[Tried]) -> Tried:
        """Return the trial of the default parameters."""
        return next(one for one in tried if self.is_default(one.changes))


def grounds_of(search: Search, judges: Callable[[date], Judges]) -> Grounds:
    """Return each origin's ground, made when it is first asked for, from the judges of its day."""

    @cache
    def ground(day: date) -> Ground:
        return ground_of(judges(day), day, search.recipe)

    return tuple(partial(ground, day) for day in search.origins)


def share(judges: Judges, days: Sequence[date], folder: Path) -> None:
    """Write what trials at these origins need, once: the matrix, and the outcomes known when."""
    _write(folder, _MATRIX, judges.matrix)
    for day in {*days, judges.cut}:
        _write(folder, day.isoformat(), judges.known_at(day))


@lru_cache(maxsize=1)
def shared_grounds(search: Search, folder: Path) -> Grounds:
    """Return a process's own grounds, kept from trial to trial."""
    snapshots = search.recipe.snapshots

    def judges(day: date) -> Judges:
        since = snapshots.before(day, snapshots.learn_months)[0]
        return _shared(folder, cut=search.cut, since=since, until=day)

    return grounds_of(search, judges)


def _shared(folder: Path, *, cut: date, since: date, until: date) -> Judges:
    """Return what was shared, with the rows of some days alone."""

    def known_at(day: date) -> pd.DataFrame:
        return _read(folder, day.isoformat()).to_pandas()

    matrix = _read(folder, _MATRIX)
    day = matrix["as_of"].cast(pa.date32())
    rows = pc.and_(pc.greater_equal(day, pa.scalar(since)), pc.less_equal(day, pa.scalar(until)))
    return Judges(matrix=matrix.filter(rows).to_pandas(), known_at=known_at, cut=cut)


def _write(folder: Path, name: str, frame: pd.DataFrame) -> None:
    table = pa.Table.from_pandas(frame)
    path = str(folder / f"{name}.arrow")
    with pa.OSFile(path, "wb") as file, pa.ipc.new_file(file, table.schema) as writer:
        writer.write_table(table)


def _read(folder: Path, name: str) -> pa.Table:
    # Uncompressed, so that a process reads only the pages it needs, and all share them.
    return pa.ipc.open_file(pa.memory_map(str(folder / f"{name}.arrow"))).read_all()
