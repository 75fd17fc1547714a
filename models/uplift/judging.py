"""Judge rankings on newer bills than those learned from: by uplift, by risk, by chance.

All rankings are read on the same scores of effect and the same resamples of customers, so that
their difference has an interval of its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from contract.errors import DataError
from models.resampling import Interval, bootstrap, bootstrap_difference
from models.uplift.effect import clustered_mean
from models.uplift.learners import Uplift
from models.uplift.qini import Places, QiniCurve, effect_at, places, qini, qini_curve

FloatArray = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

UPLIFT = "uplift"


@dataclass(frozen=True, kw_only=True)
class Ranked:
    """One ranking of the judged bills.

    Attributes:
        id: What it goes by: ``uplift``, ``risk``, ``risk_amount`` or ``random``.
        qini: The coefficient: late bills avoided per bill beyond reminding at random, averaged
            over all shares reminded (models.uplift.qini.qini).
        effect_at: Change in P(late) among the first share of each cycle, by share.
        ahead_by: The uplift ranking's coefficient less this one's; None for itself.
        curve: The Qini curve.
    """

    id: str
    qini: Interval
    effect_at: Mapping[float, Interval]
    ahead_by: Interval | None
    curve: QiniCurve


@dataclass(frozen=True, kw_only=True)
class Fifth:
    """A fifth of the judged bills by predicted effect; the first is helped most.

    Attributes:
        predicted: Mean of what the learner predicts.
        found: What the experiment finds among these bills.
    """

    predicted: float
    found: Interval


def split_by_time(rows: pd.DataFrame, *, settings: Uplift, wait_days: int) -> tuple[Mask, Mask]:
    """Return which rows are learned from and which judged on: older and newest cycles.

    A row is learned from only when its label was mature on the first day judged: due day and
    ``wait_days`` had passed.

    Raises:
        DataError: Fewer than two cycles, or nothing mature before the newest.
    """
    cycles = np.sort(rows["cycle"].unique())
    newest = max(1, round(settings.judged_share * len(cycles)))
    judged = (rows["cycle"] >= cycles[-newest]).to_numpy()
    begin = rows.loc[judged, "as_of"].min()
    mature = rows["due_on"] + pd.Timedelta(days=wait_days) < begin
    learned = mature.to_numpy() & ~judged
    if not learned.any():
        raise DataError(
            f"contacts.assigned: the {len(cycles)} cycles with a hold-out are too few to learn"
            f" on older ones and judge on newer: no label was mature by {begin:%Y-%m-%d}. Hold"
            " out in further cycles."
        )
    return learned, judged


def judge_rankings(
    effect: FloatArray, scores: Mapping[str, FloatArray], rows: pd.DataFrame, *, settings: Uplift
) -> tuple[Ranked, ...]:
    """Judge each ranking, and reminding at random, on the same rows.

    Args:
        effect: Scores of effect (models.uplift.effect.robust_scores), one a row.
        scores: By name, ``uplift`` first; larger is reminded first.
        rows: The judged rows, with ``cycle`` and ``customer_id``.
        settings: Shares at which to cut, resamples and seed.
    """
    placed = {name: places(score, rows["cycle"]) for name, score in scores.items()}
    # One tie of everybody is what chance expects, without the noise of one draw of it.
    placed["random"] = places(np.zeros(len(rows)), rows["cycle"])
    best = placed[UPLIFT]
    return tuple(
        Ranked(
            id=name,
            qini=_interval(effect, place, rows, settings),
            effect_at={
                share: _interval(effect, place, rows, settings, share)
                for share in settings.capacities
            },
            ahead_by=None if name == UPLIFT else _ahead(effect, best, place, rows, settings),
            curve=qini_curve(effect, place, rows["customer_id"]),
        )
        for name, place in placed.items()
    )


def judge_fifths(
    effect: FloatArray, predicted: FloatArray, customers: npt.ArrayLike
) -> tuple[Fifth, ...]:
    """Compare predicted with found effects by fifths, helped most first."""
    order = np.argsort(predicted, kind="stable")
    owners = np.asarray(customers)
    return tuple(
        Fifth(
            predicted=float(predicted[part].mean()),
            found=clustered_mean(effect[part], owners[part]),
        )
        for part in np.array_split(order, 5)
        if part.size
    )


def verdict(ranked: tuple[Ranked, ...]) -> str:
    """Say in words whether ranking by uplift is better than at random, and than by risk."""
    by_id = {one.id: one for one in ranked}
    own = by_id[UPLIFT].qini
    if not own.low > 0:
        return (
            "Ranking by uplift is not shown to be better than reminding at random: the interval"
            " of its Qini coefficient holds 0. Keep the list's order by risk and amount until more"
            " is held out."
        )
    behind = [
        name
        for name, one in by_id.items()
        if name != "random" and one.ahead_by is not None and not one.ahead_by.low > 0
    ]
    if behind:
        return (
            "Ranking by uplift is better than reminding at random, but not shown to be better"
            f" than by {' or '.join(behind)}: the interval of the difference holds 0."
        )
    return "Ranking by uplift is better than reminding at random and than ranking by risk."


def _interval(
    effect: FloatArray,
    place: Places,
    rows: pd.DataFrame,
    settings: Uplift,
    share: float | None = None,
) -> Interval:
    def figure(weight: FloatArray) -> float:
        if share is None:
            return qini(effect, place, weight)
        return effect_at(effect, place, share, weight)

    return bootstrap(figure, rows["customer_id"], draws=settings.draws, seed=settings.seed)


def _ahead(
    effect: FloatArray, best: Places, other: Places, rows: pd.DataFrame, settings: Uplift
) -> Interval:
    return bootstrap_difference(
        lambda weight: qini(effect, best, weight),
        lambda weight: qini(effect, other, weight),
        rows["customer_id"],
        draws=settings.draws,
        seed=settings.seed,
    )
