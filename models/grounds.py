"""Where trials are fitted and judged: past months whose rows are labelled and binned once.

A trial fits by the very function that production trains by (models.train.train_on), as of each
month, and is judged on the list of that month.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from contract.errors import DataError
from models.judging import amounts, rank_by_model
from models.metrics import Capacity, Ranking
from models.origins import Judges, judged_rows
from models.search import Changes
from models.target import Labelled
from models.train import Gathered, Recipe, gather, train_on


@dataclass(frozen=True, kw_only=True)
class Ground:
    """One origin, ready for any number of trials.

    Attributes:
        gathered: What there was to learn from.
        judged: The rows of its planning day.
    """

    origin: date
    gathered: Gathered
    judged: Labelled


def ground_of(judges: Judges, origin: date, recipe: Recipe) -> Ground:
    """Choose, label and bin an origin's rows once.

    Raises:
        DataError: There is nothing to learn from, or no late bill to find.
    """
    gathered = gather(judges.matrix, judges.known_at(origin), cut=origin, recipe=recipe)
    judged = judged_rows(judges, origin, judges.known_at(judges.cut), recipe.target)
    if not judged.late.any():
        raise DataError(
            f"tune: none of the {len(judged.late)} rows of {origin} turned out late, so no list"
            " can be judged there. Give fewer tuning.origins, or more data."
        )
    gathered.rows.keep_bins(recipe.parameters)
    return Ground(origin=origin, gathered=gathered, judged=judged)


def caught(ground: Ground, recipe: Recipe, *, capacity: Capacity) -> tuple[float, int]:
    """Return the share of late amount that the list of an origin catches, and the trees."""
    trained = train_on(ground.gathered, recipe)
    rows = ground.judged
    order = rank_by_model(trained.model, rows.matrix).order
    listed = Ranking(rows.late, order, amounts(rows.matrix))
    return listed.late_amount_caught(capacity=capacity), trained.report.best_iteration


def try_changes(
    changes: Changes,
    recipe: Recipe,
    *,
    grounds: Sequence[Callable[[], Ground]],
    capacity: Capacity,
) -> Iterator[tuple[float, int]]:
    """Yield what is caught, and the trees, at one origin after the other, oldest first."""
    changed = recipe.changed(**changes)
    for ground in grounds:
        yield caught(ground(), changed, capacity=capacity)
