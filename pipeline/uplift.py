"""Whom a reminder changes: estimated from the hold-out of a dataset, or refused with the reason."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from contract.errors import DataError
from models.encoding import encode, learn_levels
from models.resampling import Interval
from models.target import Target, outcomes
from models.uplift.effect import (
    Naive,
    check_balance,
    check_size,
    clustered_mean,
    compare_naively,
    difference_in_means,
    robust_scores,
)
from models.uplift.holdout import Experiment, first_reminders, has_both_arms, randomised
from models.uplift.judging import UPLIFT, Ranked, judge_fifths, judge_rankings, split_by_time
from models.uplift.learners import Uplift, fit_effects, fit_risk, predict_arms
from pipeline.config import Config
from pipeline.planned_days import build_planned
from pipeline.preparing import Prepared
from pipeline.progress import step
from pipeline.uplift_report import UpliftReport

FloatArray = npt.NDArray[np.float64]

# Days on which hardly anybody was due a reminder would cost a build each; together at most this
# share of the bills is left out, whichever arm they are in.
_RARE_DAYS = 0.01


@dataclass(frozen=True, kw_only=True)
class Estimated:
    """A report and the bills that it rests on.

    Attributes:
        experiment: One row a bill of the experiment (models.uplift.holdout.Experiment).
        bills: One row a judged bill: the experiment's columns, ``amount`` in yuan, ``effect``,
            its doubly robust score, and what it was ranked by: ``uplift``, ``risk``,
            ``risk_amount``; ``uplift`` is the predicted change in P(late) times -1.
    """

    report: UpliftReport
    experiment: pd.DataFrame
    bills: pd.DataFrame


@dataclass(frozen=True, kw_only=True)
class _Found:
    """The experiment in a dataset, before any feature is looked at."""

    experiment: Experiment
    needed: int
    naive: Naive


@dataclass(frozen=True, kw_only=True)
class _Seen:
    """Bills of the experiment that were known the day before, with their features."""

    rows: pd.DataFrame
    encoded: FloatArray
    imbalance: Interval


def estimate_uplift(
    config: Config, prepared: Prepared, *, settings: Uplift | None = None
) -> Estimated:
    """Estimate what round 1 changes, from the bills held out at random.

    Raises:
        DataError: Nothing or too little is held out, or not at random; no number is given.
        ConfigError: The optional library is not installed.
    """
    chosen = settings or Uplift()
    target = config.target.model_copy(update={"name": "late"})
    with step("Find the bills held out at random"):
        found = _find(prepared, target, chosen)
    seen = _see(found.experiment, prepared)
    with step("Predict both arms of each bill"):
        effect = robust_scores(seen.rows, *predict_arms(seen.encoded, seen.rows, settings=chosen))
    wait = target.grace_days + target.posting_lag_days
    learned, judged = split_by_time(seen.rows, settings=chosen, wait_days=wait)
    with step(f"Learn effects on {learned.sum():,} bills"):
        bills = _rank(seen, learned, judged, chosen).assign(effect=effect[judged])
    with step(f"Judge rankings on {judged.sum():,} newer bills"):
        scores = {name: bills[name].to_numpy() for name in _RANKED_BY}
        ranked = judge_rankings(bills["effect"].to_numpy(), scores, bills, settings=chosen)
    report = _report(
        found, seen, effect=effect, bills=bills, ranked=ranked, learned=int(learned.sum())
    )
    return Estimated(report=report, experiment=found.experiment.rows, bills=bills)


_RANKED_BY = (UPLIFT, "risk", "risk_amount")


def _find(prepared: Prepared, target: Target, settings: Uplift) -> _Found:
    known = outcomes(prepared.store, prepared.as_of)
    reminders = first_reminders(prepared.store, prepared.as_of)
    begin = pd.Timestamp(prepared.as_of) - pd.DateOffset(months=settings.months)
    reminders = reminders[reminders["as_of"] >= begin].reset_index(drop=True)
    experiment = randomised(
        reminders, known, cut=prepared.as_of, target=target, share=settings.holdout_share
    )
    needed = check_size(experiment, smallest_effect=settings.smallest_effect)
    naive = compare_naively(known, reminders, cut=prepared.as_of, target=target)
    return _Found(experiment=experiment, needed=needed, naive=naive)


def _see(experiment: Experiment, prepared: Prepared) -> _Seen:
    """Build each bill's features as of its planned day: nothing of that day or later is seen."""
    planned = experiment.rows
    bills_a_day = planned.groupby("as_of").size().sort_values()
    days = bills_a_day[bills_a_day.cumsum() > _RARE_DAYS * len(planned)].index
    with step("Build features on planned days") as report:
        matrix = build_planned(
            prepared.store,
            planned[planned["as_of"].isin(days)],
            features=prepared.features,
            progress=report,
        )
    rows = planned.merge(matrix[["bill_id", "open_cny"]], on="bill_id")
    rows = rows[has_both_arms(rows)].rename(columns={"open_cny": "amount"})
    if rows.empty:
        raise DataError(
            f"contacts: {len(matrix):,} of {len(planned):,} bills of the experiment were known the"
            " day before their reminder was planned, in no cycle enough in both arms. Plan"
            " reminders from the day after issue, or hold out more."
        )
    rows = rows.reset_index(drop=True)
    matrix = matrix.set_index("bill_id").loc[rows["bill_id"]]
    levels = learn_levels(matrix, prepared.features)
    names = tuple(feature.name for feature in prepared.features)
    encoded = encode(matrix, names, levels)
    return _Seen(rows=rows, encoded=encoded, imbalance=check_balance(encoded, names, rows))


def _rank(
    seen: _Seen,
    learned: npt.NDArray[np.bool_],
    judged: npt.NDArray[np.bool_],
    settings: Uplift,
) -> pd.DataFrame:
    """Return the judged bills with what each ranking sorts them by, larger first."""
    older, encoded = seen.rows[learned].reset_index(drop=True), seen.encoded[learned]
    effects = fit_effects(encoded, older, settings=settings)(seen.encoded[judged])
    risk = fit_risk(encoded, older, settings=settings)(seen.encoded[judged])
    newer = seen.rows[judged].reset_index(drop=True)
    return newer.assign(uplift=-effects, risk=risk, risk_amount=risk * newer["amount"])


def _report(
    found: _Found,
    seen: _Seen,
    *,
    effect: FloatArray,
    bills: pd.DataFrame,
    ranked: tuple[Ranked, ...],
    learned: int,
) -> UpliftReport:
    experiment = found.experiment
    return UpliftReport(
        needed=found.needed,
        held_out=experiment.held_out,
        sent=len(experiment.rows) - experiment.held_out,
        crossed=experiment.crossed,
        attrition={str(reason): int(rows) for reason, rows in experiment.attrition.items()},
        known_before=len(seen.rows),
        average=difference_in_means(experiment.rows),
        seen=difference_in_means(seen.rows),
        adjusted=clustered_mean(effect, seen.rows["customer_id"]),
        imbalance=seen.imbalance,
        naive=found.naive,
        learned=learned,
        judged=len(bills),
        ranked=ranked,
        fifths=judge_fifths(
            bills["effect"].to_numpy(), -bills["uplift"].to_numpy(), bills["customer_id"]
        ),
    )
