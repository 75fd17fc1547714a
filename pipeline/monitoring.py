"""Watch a registered model month by month: who is scored, how it does, and what rings.

Only months since the model was trained are looked at: of those it learned from it knows the
answers. Nothing is trained or promoted by it.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from contract.errors import ConfigError, DataError
from features import build, build_prepaid
from models.judging import MODEL, Ranked, rank_by_model
from models.monitoring.alarms import (
    SCORE,
    Alarm,
    Proven,
    recommend_retraining,
    ring_calibration,
    ring_caught,
    ring_shift,
)
from models.monitoring.performance import by_treatment, estimate, realise
from models.monitoring.psi import Shift, measure_shift
from models.monitoring.sketch import learn_bins
from models.predictor import Model
from models.snapshots import Snapshots
from models.target import Labelled, known_outcomes, label
from models.uplift.holdout import first_reminders
from pipeline.config import Config
from pipeline.monitored import Monitored, log_monitored, write_monitored
from pipeline.preparing import Prepared
from pipeline.progress import step
from pipeline.tracking import CHAMPION, Registered, load

# A month counts as known when no more than this share of its bills still waits for an answer.
_STILL_OPEN = 0.05


@dataclass(frozen=True, kw_only=True)
class _Seen:
    """The rows that a model scores on the planning days, each day's in order, with its ranking."""

    days: dict[str, pd.DataFrame]
    ranked: dict[str, Ranked]

    @property
    def rows(self) -> pd.DataFrame:
        return pd.concat(self.days.values(), ignore_index=True)


def monitor(
    config: Config,
    prepared: Prepared,
    *,
    which: str = CHAMPION,
    months: int = 6,
    out: Path | None = None,
) -> Monitored:
    """Look at a model's newest months, write what was seen, and log it to MLflow.

    Args:
        which: Alias or version of the model.
        months: Newest months to look at.
        out: A new folder; the default is one below ``outputs``.

    Raises:
        ConfigError: The model was made for another target, or trained after the prepared day.
        DataError: No bill was open on any planning day.
    """
    stands = load(config.tracked, which)
    about = stands.model.card.about
    trained, snapshots = date.fromisoformat(about["as_of"]), _snapshots_of(about)
    days = _planning_days(snapshots, prepared.as_of, trained)[-months:]
    if not days:
        raise ConfigError(
            f"model version {stands.version}: trained as of {trained}, no planning day lies"
            f" between that and {prepared.as_of}. Give a later --as-of."
        )
    learned = [
        one[0] for one in snapshots.months(trained, snapshots.learn_months) if one[0] < trained
    ]
    seen = _see(config, prepared, stands.model, days)
    reference = _see(config, prepared, stands.model, learned)
    with step("Hold the months against those learned from"):
        drift = _measure_drift(stands.model, reference, seen)
    with step("Judge the months whose labels are mature"):
        table, treatments = _judge(config, prepared, stands.model, seen)
    table = _with_drift(table, drift)
    alarms = _ring(config, _proven(about), table, drift)
    made = Monitored(
        folder=out or _place(config, prepared, stands, table),
        model=stands,
        months=table.assign(alarms=[_count(alarms, month) for month in table["month"]]),
        drift=drift,
        treatments=treatments,
        alarms=alarms,
        retrain=recommend_retraining(list(table["month"]), alarms),
    )
    with step("Write and log to MLflow"):
        write_monitored(made)
        log_monitored(config, prepared, made)
    return made


def _snapshots_of(about: dict[str, Any]) -> Snapshots:
    return Snapshots.model_validate(about["recipe"]["snapshots"])


def _planning_days(snapshots: Snapshots, as_of: date, trained: date) -> list[date]:
    """Return the planning days from the training up to the day looked from, oldest first."""
    span = (as_of.year - trained.year) * 12 + as_of.month - trained.month
    past = [days[0] for days in snapshots.months(as_of, max(span, 0))] if span > 0 else []
    present = snapshots.of_month(as_of.year, as_of.month)[0]
    return [day for day in (*past, present) if trained <= day <= as_of]


def _see(config: Config, prepared: Prepared, model: Model, days: Sequence[date]) -> _Seen:
    with step(f"Build features on {len(days)} planning days") as report:
        if config.target.is_of_bills:
            matrix = build(prepared.store, days, features=prepared.features, progress=report)
            matrix = matrix[
                (pd.to_datetime(matrix["due_on"]) >= pd.to_datetime(matrix["as_of"]))
                & (matrix["has_agent"] != 1)
            ]
        else:
            matrix = build_prepaid(prepared.store, days, progress=report)
    if matrix.empty:
        raise DataError(
            f"{config.data}: nothing was open to be scored on any of {len(days)} planning days"
            f" from {days[0]} to {days[-1]}. Give the history that the model learned from."
        )
    by_day = {
        str(pd.Timestamp(str(day)).date()): rows.reset_index(drop=True)
        for day, rows in matrix.groupby("as_of", sort=True)
    }
    ranked = {day: rank_by_model(model, rows) for day, rows in by_day.items()}
    return _Seen(days=by_day, ranked=ranked)


def _measure_drift(model: Model, reference: _Seen, seen: _Seen) -> pd.DataFrame:
    customers = reference.rows["customer_id"].nunique()
    weights = {SCORE: 1.0} | {
        name: weight for name, weight in model.importance().items() if name in model.card.features
    }
    found = []
    for what, weight in weights.items():
        then, now = _columns(reference, what), _columns(seen, what)
        bins = learn_bins(pd.concat(then.values()), model.card.levels.get(what))
        sketches = np.array([bins.count(column) for column in then.values()])
        for month, column in now.items():
            shift = measure_shift(sketches, bins.count(column), customers=customers)
            found.append({"month": month, "what": what, "weight": weight} | vars(shift))
    return pd.DataFrame(found)


def _columns(seen: _Seen, what: str) -> dict[str, pd.Series]:
    if what == SCORE:
        return {day: pd.Series(ranked.score) for day, ranked in seen.ranked.items()}
    return {day: rows[what] for day, rows in seen.days.items()}


def _judge(
    config: Config, prepared: Prepared, model: Model, seen: _Seen
) -> tuple[pd.DataFrame, pd.DataFrame]:
    known = known_outcomes(prepared.store, prepared.as_of, config.target)
    reminders = first_reminders(prepared.store, prepared.as_of)
    capacity, table, treatments = config.bands.call.value, [], []
    for day, matrix in seen.days.items():
        line: dict[str, Any] = {"month": day, "rows": len(matrix)}
        line |= estimate(matrix, seen.ranked[day], capacity=capacity)
        rows = label(matrix, known, cut=prepared.as_of, target=config.target)
        if _is_known(rows):
            ranked = rank_by_model(model, rows.matrix, MODEL)
            line |= realise(rows, ranked, capacity=capacity, seed=config.parameters.seed)
            if config.target.is_of_bills:
                groups = _treatment_of(rows.matrix, reminders)
                told = by_treatment(rows, ranked.score, groups)
                treatments.append(told.assign(month=day))
        table.append(line)
    columns = ["month", "treatment", "rows", "late_rate", "late_low", "late_high", "told"]
    told = pd.concat(treatments, ignore_index=True)[columns] if treatments else pd.DataFrame()
    return pd.DataFrame(table).reindex(columns=list(_MONTH)), told


_MONTH = (
    *("month", "rows", "expected_late_rate", "expected_auc", "expected_caught", "labelled"),
    *("late_rate", "late_low", "late_high", "told", "auc", "clean_auc", "ece"),
    *("caught", "caught_low", "caught_high", "late_cny"),
)


def _is_known(rows: Labelled) -> bool:
    waiting = rows.attrition["label_not_mature"]
    return bool(
        len(rows.matrix) > 0
        and waiting <= _STILL_OPEN * rows.attrition.sum()
        and 0 < rows.late.sum() < rows.late.size
    )


def _treatment_of(matrix: pd.DataFrame, reminders: pd.DataFrame) -> pd.Series:
    """Tell what round 1 did with each bill: reminded, held out at random, or neither."""
    bills = reminders.dropna(subset=["bill_id"])
    held = set(bills.loc[bills["assigned"] == "holdout", "bill_id"])
    planned = matrix["bill_id"].isin(set(bills["bill_id"]))
    treatment = np.where(planned, "reminded", "not_reminded")
    return pd.Series(np.where(matrix["bill_id"].isin(held), "held_out", treatment))


def _with_drift(table: pd.DataFrame, drift: pd.DataFrame) -> pd.DataFrame:
    """Add each month's index of the score, and the feature whose change is least usual."""
    score = drift[drift["what"] == SCORE].set_index("month")["psi"]
    features = drift[drift["what"] != SCORE]
    beyond = features["psi"] - features[["season", "by_chance"]].max(axis=1)
    if beyond.notna().any():
        worst = features.loc[beyond.groupby(features["month"]).idxmax()].set_index("month")
    else:
        worst = features.set_index("month")
    return table.assign(
        score_psi=table["month"].map(score),
        worst_feature=table["month"].map(worst["what"]),
        worst_psi=table["month"].map(worst["psi"]),
    )


def _proven(about: dict[str, Any]) -> Proven:
    """Return what lists caught on the months held out at training."""
    figures = [one["figures"] for one in about.get("judged", []) if one["id"] == MODEL]
    value = figures[0].get("late_amount_caught") if figures else None
    caught = np.nan if value is None else float(value)
    return Proven(caught=caught, months=_snapshots_of(about).test_months)


def _ring(
    config: Config, proven: Proven, table: pd.DataFrame, drift: pd.DataFrame
) -> tuple[Alarm, ...]:
    rule, found = config.monitoring, list[Alarm]()
    for line in table.to_dict("records"):
        month = str(line["month"])
        for one in drift[drift["month"] == month].to_dict("records"):
            if one["what"] == SCORE or one["weight"] >= rule.feature_weight:
                shift = Shift(**{name: one[name] for name in Shift.__dataclass_fields__})
                found += ring_shift(month, one["what"], shift, rule, cost=_cost(one, line))
        figures = {str(k): float(v) for k, v in line.items() if isinstance(v, float)}
        if not np.isnan(figures["labelled"]):
            found += ring_caught(month, figures, proven, rule)
            found += ring_calibration(month, figures, rule)
    return tuple(found)


def _cost(one: dict[Any, Any], line: dict[Any, Any]) -> str:
    if one["what"] != SCORE:
        return f"{one['weight']:.1%} of what the model goes by"
    return (
        f"{line['expected_late_rate']:.1%} of bills expected late now, the list to catch"
        f" {line['expected_caught']:.1%} of the late amount"
    )


def _count(alarms: Sequence[Alarm], month: str) -> str:
    return " ".join(
        f"{alarm.what}{'!' if alarm.level == 'act' else ''}"
        for alarm in alarms
        if alarm.month == month
    )


def _place(config: Config, prepared: Prepared, stands: Registered, table: pd.DataFrame) -> Path:
    told = [prepared.store.fingerprint, stands.model.sha256, table.to_csv(index=False)]
    told.append(config.monitoring.model_dump_json())
    name = hashlib.sha256(json.dumps(told).encode()).hexdigest()[:8]
    return config.outputs / "monitoring" / f"{prepared.as_of}-{config.target.name}-{name}"
