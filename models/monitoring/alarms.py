"""What rings: a month's figures against limits, told by what they cost, and when to retrain.

``watch`` asks somebody to look; ``act`` is a breach. One month says little, for a month's level
moves by itself (docs/decisions/0005): two breaches of one kind in consecutive months recommend a
challenger, and nothing is ever trained or promoted by itself (domain 3.10).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any, Literal, Self

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, model_validator

from features.declare import Text
from models.monitoring.psi import Shift

Level = Literal["watch", "act"]
SCORE = "score"
TREATED = {
    "held_out": Text(en="held out", zh="随机对照"),
    "not_reminded": Text(en="not reminded", zh="未提醒"),
    "reminded": Text(en="reminded", zh="已提醒"),
}


# By how much a level may be off where each season was learned from twice, and where once.
_SEEN_TWICE, _SEEN_ONCE = 0.20, 0.25


class Monitoring(BaseModel):
    """When a month's figures ring.

    Attributes:
        psi_watch: Population stability index of score or feature from which somebody is to look
            (domain 3.10); only where it is more than chance and than the months learned from
            differ among themselves.
        psi_act: The index of the score that is a breach; a feature alone never is one.
        feature_weight: Least share of what the model goes by for which a feature is looked at.
        caught_loss: By what share of the late amount the list's advantage over the best simple
            rule may fall short of that of the months that the model was proven on; beyond what
            resampling customers explains.
        calibration: By what share of the late rate the mean probability may be off, beyond what
            resampling customers explains. None takes 0.20 for a model that learned from two years
            or more, else 0.25: a season seen once is off by as much as 0.2
            (docs/decisions/0012).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    psi_watch: float = Field(default=0.10, gt=0, le=10)
    psi_act: float = Field(default=0.25, gt=0, le=10)
    feature_weight: float = Field(default=0.01, ge=0, le=1)
    caught_loss: float = Field(default=0.05, gt=0, le=1)
    calibration: float | None = Field(default=None, gt=0, le=10)

    @model_validator(mode="after")
    def _watches_before_it_acts(self) -> Self:
        if self.psi_watch > self.psi_act:
            raise ValueError(
                "psi_watch lies above psi_act; a breach is to be the larger of the two"
            )
        return self

    def limit_of_calibration(self, learn_months: int) -> float:
        """Return the limit for a model that learned from so many months."""
        if self.calibration is not None:
            return self.calibration
        return _SEEN_TWICE if learn_months >= 24 else _SEEN_ONCE


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """One figure of one month beyond its limit.

    Attributes:
        month: The planning day, as text.
        kind: ``score``, ``feature``, ``caught`` or ``calibration``; breaches are counted by it.
        what: The feature, or the kind again.
        value: The figure.
        limit: What it passed.
        cost: What that means for the list and in yuan, in one sentence.
    """

    month: str
    kind: str
    what: str
    level: Level
    value: float
    limit: float
    cost: Text

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return asdict(self)


def ring_shift(
    month: str, what: str, shift: Shift, rule: Monitoring, *, cost: Text
) -> tuple[Alarm, ...]:
    """Return the alarm of one sketch: of the score, or of a feature, which is only watched."""
    if np.isnan(shift.psi) or shift.psi < rule.psi_watch or not shift.is_real:
        return ()
    breach = what == SCORE and shift.psi >= rule.psi_act
    return (
        Alarm(
            month=month,
            kind=SCORE if what == SCORE else "feature",
            what=what,
            level="act" if breach else "watch",
            value=shift.psi,
            limit=rule.psi_act if breach else rule.psi_watch,
            cost=cost,
        ),
    )


@dataclass(frozen=True, kw_only=True)
class Proven:
    """How much more than a rule the lists caught on the months that a model was proven on.

    Attributes:
        rule: The best simple rule of those months (models.baselines).
        margin: Mean share of the late amount caught, less that of the rule; NaN where nobody
            proved it.
        months: How many lists that is the mean of.
    """

    rule: str
    margin: float
    months: int


def ring_caught(
    month: str,
    figures: Mapping[str, float],
    proven: Proven,
    rule: Monitoring,
    *,
    reaches: Sequence[float] = (),
) -> tuple[Alarm, ...]:
    """Return the alarm of a list that catches too little more than a rule would.

    What can be caught differs from month to month, with a few large customers and the calendar;
    the rule's list of the same month differs with it, so the two are held against each other.
    What was proven is uncertain, too: each of its lists about as much as a month's usually is.

    Args:
        figures: Of the month (models.monitoring.performance.realise).
        reaches: How far the interval reached (`reach_of`) in the months before. The interval of
            a month that happens to have no large bill is too narrow for those that were proven.
    """
    lost = proven.margin - figures["margin"]
    usual = np.median([*reaches, reach_of(figures)])
    reach = max(usual, reach_of(figures)) * np.sqrt(1 + 1 / proven.months)
    if not lost > max(rule.caught_loss, reach):
        return ()
    return (
        Alarm(
            month=month,
            kind="caught",
            what="caught",
            level="act",
            value=figures["margin"],
            limit=proven.margin - max(rule.caught_loss, reach),
            cost=_lost(lost, figures["late_cny"]),
        ),
    )


def reach_of(figures: Mapping[str, float]) -> float:
    """Return how far the interval of a month's advantage over the rule reaches to each side."""
    return (figures["margin_high"] - figures["margin_low"]) / 2


def ring_calibration(
    month: str,
    figures: Mapping[str, float],
    limit: float,
    *,
    treatments: Sequence[Mapping[str, Any]] = (),
) -> tuple[Alarm, ...]:
    """Return the alarm of a mean probability that is off the late rate.

    Args:
        figures: Of the month (models.monitoring.performance.realise).
        limit: The share of the late rate that it may be off by.
        treatments: Of the month (models.monitoring.performance.by_treatment), told apart: where
            only the reminded are off, reminders work and the model may be right (domain 3.9).
    """
    told, rate = figures["told"], figures["late_rate"]
    inside = figures["late_low"] <= told <= figures["late_high"]
    if inside or not abs(told - rate) > limit * rate:
        return ()
    return (
        Alarm(
            month=month,
            kind="calibration",
            what="calibration",
            level="act",
            value=told - rate,
            limit=limit * rate,
            cost=_misled(figures, treatments),
        ),
    )


def _lost(lost: float, late_cny: float) -> Text:
    """Say what a list that catches less loses; of customers without bills there are no yuan."""
    points = f"{lost * 100:.1f}"
    en = f"{points} points of what is late lost against the rule"
    zh = f"相对规则的优势减少{points}个百分点"
    if np.isnan(late_cny):
        return Text(en=en, zh=zh)
    return Text(
        en=f"{en}, {lost * late_cny:,.0f} of {late_cny:,.0f} yuan",
        zh=f"{zh}，即逾期{late_cny:,.0f}元中的{lost * late_cny:,.0f}元",
    )


def _misled(figures: Mapping[str, float], treatments: Sequence[Mapping[str, Any]]) -> Text:
    """Say by how many bills and yuan a wrong level misleads whoever plans by it."""
    more = figures["told"] > figures["late_rate"]
    bills = abs(figures["told"] - figures["late_rate"]) * figures["labelled"]
    en = f"{bills:,.0f} {'more' if more else 'fewer'} late told than there were"
    zh = f"预测逾期比实际{'多' if more else '少'}{bills:,.0f}笔"
    en, zh = f"{en}, of {figures['labelled']:,.0f}", f"{zh}（共{figures['labelled']:,.0f}笔）"
    if not np.isnan(figures["late_cny"]):
        en += f"; {figures['told_cny']:,.0f} yuan told, {figures['late_cny']:,.0f} late"
        zh += f"；预测逾期{figures['told_cny']:,.0f}元，实际{figures['late_cny']:,.0f}元"
    for one in treatments:
        named = TREATED[one["treatment"]]
        en += f"; {named.en} told {one['told']:.1%}, late {one['late_rate']:.1%}"
        zh += f"；{named.zh}预测{one['told']:.1%}、实际{one['late_rate']:.1%}"
    return Text(en=en, zh=zh)


def recommend_retraining(months: Sequence[str], alarms: Iterable[Alarm]) -> tuple[str, ...]:
    """Return the kinds that were breached in two consecutive months; none means: go on.

    Args:
        months: All that were looked at, oldest first.
    """
    breached = pd.DataFrame(
        [(one.kind, one.month) for one in alarms if one.level == "act"], columns=["kind", "month"]
    )
    return tuple(
        str(kind)
        for kind, found in breached.groupby("kind")["month"]
        for at in [[month in set(found) for month in months]]
        if any(first and second for first, second in pairwise(at))
    )
