"""Train as of a past day and judge on the days after it, by production's own function.

The embargo is label maturity itself: a model learns only from labels that were mature on the day it
is trained as of (models.target), as it would have been.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd

from contract.errors import DataError
from models.judging import MODEL, SCORECARD, Ranked, rank_by_model, rank_by_rules
from models.predictor import Model
from models.target import Labelled, Target, label
from models.train import Recipe, Trained, train

KnownAt = Callable[[date], pd.DataFrame]
Train = Callable[..., Trained]


@dataclass(frozen=True, kw_only=True)
class Day:
    """The open bills of one past day whose labels are mature by now, ranked in every way.

    Attributes:
        rankings: The model first.
        traits: Attributes that are no features, in the rows' order; may have no columns.
    """

    as_of: date
    rows: Labelled
    rankings: tuple[Ranked, ...]
    traits: pd.DataFrame

    def ranked(self, id_: str) -> Ranked:
        """Return the ranking of that id."""
        return next(one for one in self.rankings if one.id == id_)


@dataclass(frozen=True, kw_only=True)
class Fold:
    """One origin.

    Attributes:
        origin: The day as of which was trained; the first of those judged.
        trained: The model, and the scorecard beside it, by id.
        planned: Lists of planning days.
        tracked: Lists of the later days of the months, when some bills have been paid.
    """

    origin: date
    trained: Mapping[str, Trained]
    planned: tuple[Day, ...]
    tracked: tuple[Day, ...]


@dataclass(frozen=True, kw_only=True)
class Judges:
    """What past days are judged by.

    Attributes:
        matrix: Rows of all days, those to learn from and those to judge.
        known_at: The outcomes known before a day (models.target.known_outcomes).
        cut: The day whose knowledge labels the judged rows.
        traits: Attributes by (as_of, bill_id) that are no features, for slices.
        train: models.train.train, which production calls.
    """

    matrix: pd.DataFrame
    known_at: KnownAt
    cut: date
    traits: pd.DataFrame | None = None
    train: Train = train


def run_origins(
    judges: Judges,
    months: Sequence[Sequence[date]],
    recipe: Recipe,
    *,
    progress: Callable[[str, int, int], None] = lambda *_: None,
) -> tuple[Fold, ...]:
    """Return a fold a month: trained as of its first day, judged on its days.

    Raises:
        DataError: A day has no row with a mature label.
    """
    folds = []
    for done, days in enumerate(months):
        progress("origins", done, len(months))
        folds.append(run_fold(judges, days, recipe))
    return tuple(folds)


def run_fold(
    judges: Judges,
    days: Sequence[date],
    recipe: Recipe,
    *,
    others: Mapping[str, Model] | None = None,
    scorecard: bool = True,
) -> Fold:
    """Train as of the first day and judge on all of them.

    Args:
        days: Ascending.
        others: Further models to rank by, as they are.
        scorecard: Whether to train one to compare with; it takes longer than the trees.

    Raises:
        DataError: A day has no row with a mature label.
    """
    known = judges.known_at(days[0])
    recipes = {MODEL: recipe}
    if scorecard:
        recipes[SCORECARD] = recipe.changed(kind="scorecard")
    trained = {
        id_: judges.train(judges.matrix, known, cut=days[0], recipe=one)
        for id_, one in recipes.items()
    }
    models = {id_: one.model for id_, one in trained.items()} | dict(others or {})
    outcomes = judges.known_at(judges.cut)
    judged = [_day(judges, day, outcomes, models, recipe) for day in days]
    planning = recipe.snapshots.days_of_month[0]
    return Fold(
        origin=days[0],
        trained=trained,
        planned=tuple(day for day in judged if day.as_of.day == planning),
        tracked=tuple(day for day in judged if day.as_of.day != planning),
    )


def _day(
    judges: Judges,
    as_of: date,
    known: pd.DataFrame,
    models: Mapping[str, Model],
    recipe: Recipe,
) -> Day:
    rows = judged_rows(judges, as_of, known, recipe.target)
    ranked = [rank_by_model(model, rows.matrix, id_) for id_, model in models.items()]
    return Day(
        as_of=as_of,
        rows=rows,
        rankings=(*ranked, *rank_by_rules(rows.matrix)),
        traits=_traits(judges.traits, rows.matrix),
    )


def judged_rows(judges: Judges, as_of: date, known: pd.DataFrame, target: Target) -> Labelled:
    """Return the rows of a past day whose labels are mature by now.

    Args:
        known: The outcomes at the judges' cut.

    Raises:
        DataError: There is none.
    """
    seen = judges.matrix[pd.to_datetime(judges.matrix["as_of"]) == pd.Timestamp(as_of)]
    rows = label(seen, known, cut=judges.cut, target=target)
    if len(rows.matrix) == 0:
        raise DataError(
            f"backtest: none of the {len(seen)} rows of {as_of} has a mature label at"
            f" {judges.cut}. Give fewer origins or test months, or a later as_of."
        )
    return rows


def _traits(traits: pd.DataFrame | None, matrix: pd.DataFrame) -> pd.DataFrame:
    if traits is None:
        return matrix[[]]
    keys = ["as_of", "bill_id"]
    found = matrix[keys].merge(traits, on=keys, how="left", validate="many_to_one")
    return found.drop(columns=keys)
