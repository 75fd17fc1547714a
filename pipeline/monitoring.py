"""Watch a registered model month by month: who is scored, how it does, and what rings.

Only months since the model was trained are looked at: of those it learned from it knows the
answers. Nothing is trained or promoted by it.
"""

import hashlib
import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from contract.errors import ConfigError, DataError
from features.declare import Text
from models.baselines import BASELINES, find_baseline
from models.judging import MODEL
from models.monitoring.alarms import (
    SCORE,
    Alarm,
    Monitoring,
    Proven,
    reach_of,
    recommend_retraining,
    ring_calibration,
    ring_caught,
    ring_shift,
)
from models.monitoring.performance import by_treatment, correct, estimate, realise
from models.monitoring.psi import Shift, measure_shift
from models.monitoring.tally import Tally
from models.predictor import Model
from models.snapshots import Snapshots
from pipeline.config import Config
from pipeline.monitored import Monitored, log_monitored, write_monitored
from pipeline.preparing import Prepared
from pipeline.progress import step
from pipeline.tracking import CHAMPION, Registered, load
from pipeline.watching import Counted, Watch, count_days

# A month counts as known when no more than this share of its bills still waits for an answer.
_STILL_OPEN = 0.05
# The rules that a model is shown beside that was held against none: of bills, of prepaid customers.
_UNPROVEN = ("smoothed_rate_amount", "past_cuts")


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
    days = months_to_watch(stands.model, prepared.as_of)[-months:]
    if not days:
        raise ConfigError(
            f"model version {stands.version}: trained as of {trained}, no planning day lies"
            f" between that and {prepared.as_of}. Give a later --as-of."
        )
    learned = [
        one[0] for one in snapshots.months(trained, snapshots.learn_months) if one[0] < trained
    ]
    proven = _proven(about, of_bills=config.target.is_of_bills)
    watch = Watch(
        config=config,
        prepared=prepared,
        model=stands.model,
        rule=find_baseline(proven.rule),
        learned=learned,
        watched=days,
    )
    counted = _count_days(watch)
    drift = _measure_drift(watch, counted)
    table, treatments = _judge(watch, counted)
    table = _with_drift(table, drift, config.monitoring)
    limit = config.monitoring.limit_of_calibration(snapshots.learn_months)
    alarms = _ring(config, proven, table, drift, treatments, limit=limit)
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


def months_to_watch(model: Model, as_of: date) -> list[date]:
    """Return the planning days from a model's training up to the day looked from, oldest first."""
    about = model.card.about
    trained, snapshots = date.fromisoformat(about["as_of"]), _snapshots_of(about)
    span = (as_of.year - trained.year) * 12 + as_of.month - trained.month
    past = [days[0] for days in snapshots.months(as_of, max(span, 0))] if span > 0 else []
    present = snapshots.of_month(as_of.year, as_of.month)[0]
    return [day for day in (*past, present) if trained <= day <= as_of]


def _snapshots_of(about: dict[str, Any]) -> Snapshots:
    return Snapshots.model_validate(about["recipe"]["snapshots"])


def _count_days(watch: Watch) -> Counted:
    with step(f"Score and count {len(watch.learned) + len(watch.watched)} days") as report:
        counted = count_days(watch, report)
    for days in (watch.learned, watch.watched):
        if not any(counted.sketches[day][SCORE].sum() for day in days):
            raise DataError(
                f"{watch.config.data}: nothing was open to be scored on any of {len(days)} planning"
                f" days from {days[0]} to {days[-1]}. Give the history that the model learned from."
            )
    return counted


def _measure_drift(watch: Watch, counted: Counted) -> pd.DataFrame:
    weights = {SCORE: 1.0} | {
        name: weight
        for name, weight in watch.model.importance().items()
        if name in watch.model.card.features
    }
    found = []
    for what, weight in weights.items():
        then = [counted.sketches[day][what] for day in watch.learned]
        for day in watch.watched:
            now = counted.sketches[day][what]
            shift = measure_shift(then, now, customers=counted.customers)
            found.append({"month": str(day), "what": what, "weight": weight} | vars(shift))
    return pd.DataFrame(found)


def _judge(watch: Watch, counted: Counted) -> tuple[pd.DataFrame, pd.DataFrame]:
    config, table, treatments = watch.config, [], []
    capacity = config.bands.call.value
    for day in watch.watched:
        tally = counted.tallies[day]
        line: dict[str, Any] = {"month": str(day), "rows": tally.rows}
        line |= estimate(tally, capacity=capacity)
        if _is_known(tally):
            line |= realise(tally, capacity=capacity)
            if watch.of_bills:
                treatments.append(by_treatment(tally).assign(month=str(day)))
        table.append(line)
    columns = ["month", "treatment", "rows", "late_rate", "late_low", "late_high", "told"]
    told = pd.concat(treatments, ignore_index=True)[columns] if treatments else pd.DataFrame()
    return correct(pd.DataFrame(table).reindex(columns=list(_MONTH))), told


_MONTH = (
    *("month", "rows", "expected_late_rate", "expected_cny", "expected_auc", "expected_caught"),
    "labelled",
    *("late_rate", "late_low", "late_high", "told", "auc", "clean_auc", "ece"),
    *("caught", "caught_low", "caught_high", "margin", "margin_low", "margin_high"),
    *("late_cny", "told_cny"),
)


def _is_known(tally: Tally) -> bool:
    rows, late, _ = tally.known_by_p.sum(axis=0)
    return bool(tally.open <= _STILL_OPEN * tally.rows and 0 < late < rows)


def _with_drift(table: pd.DataFrame, drift: pd.DataFrame, rule: Monitoring) -> pd.DataFrame:
    """Add each month's index of the score, and the feature whose change is least usual.

    Of features that the model hardly goes by, none is looked at.
    """
    score = drift[drift["what"] == SCORE].set_index("month")["psi"]
    features = drift[(drift["what"] != SCORE) & (drift["weight"] >= rule.feature_weight)]
    beyond = (features["psi"] - features[["season", "by_chance"]].max(axis=1)).dropna()
    worst = features.loc[beyond.groupby(features["month"]).idxmax()].set_index("month")
    return table.assign(
        score_psi=table["month"].map(score),
        worst_feature=table["month"].map(worst["what"]),
        worst_psi=table["month"].map(worst["psi"]),
    )


def _proven(about: dict[str, Any], *, of_bills: bool) -> Proven:
    """Return how much more than the best rule lists caught on the months held out at training."""
    judged = {
        one["id"]: one["figures"].get("late_amount_caught") for one in about.get("judged", [])
    }
    caught = {name: float(value) for name, value in judged.items() if value is not None}
    rules = [one.id for one in BASELINES if one.id in caught]
    best = max(rules, key=lambda rule: caught[rule], default=_UNPROVEN[not of_bills])
    margin = caught.get(MODEL, np.nan) - caught.get(best, np.nan)
    return Proven(rule=best, margin=margin, months=_snapshots_of(about).test_months)


def _ring(
    config: Config,
    proven: Proven,
    table: pd.DataFrame,
    drift: pd.DataFrame,
    treatments: pd.DataFrame,
    *,
    limit: float,
) -> tuple[Alarm, ...]:
    rule, found, reaches = config.monitoring, list[Alarm](), list[float]()
    for line in table.to_dict("records"):
        month = str(line["month"])
        for one in drift[drift["month"] == month].to_dict("records"):
            if one["what"] == SCORE or one["weight"] >= rule.feature_weight:
                shift = Shift(**{name: one[name] for name in Shift.__dataclass_fields__})
                found += ring_shift(month, one["what"], shift, rule, cost=_cost(one, line))
        figures = {str(k): float(v) for k, v in line.items() if isinstance(v, float)}
        if not np.isnan(figures["labelled"]):
            apart = treatments[treatments["month"] == month] if len(treatments) else treatments
            lines = [{str(k): v for k, v in one.items()} for one in apart.to_dict("records")]
            found += ring_caught(month, figures, proven, rule, reaches=reaches)
            reaches.append(reach_of(figures))
            found += ring_calibration(month, figures, limit, treatments=lines)
    return tuple(found)


def _cost(one: dict[Any, Any], line: dict[Any, Any]) -> Text:
    if one["what"] != SCORE:
        return Text(
            en=f"{one['weight']:.1%} of what the model goes by",
            zh=f"占模型依据的{one['weight']:.1%}",
        )
    rate, amount = f"{line['expected_late_rate']:.1%}", f"{line['expected_cny']:,.0f}"
    if np.isnan(line["expected_cny"]):
        return Text(en=f"{rate} told late now", zh=f"目前预测逾期率{rate}")
    return Text(
        en=f"{rate} of bills told late now, {amount} yuan of them expected",
        zh=f"目前预测逾期率{rate}，预计逾期{amount}元",
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
