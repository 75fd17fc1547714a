"""What rings: a month's figures against limits, told by what they cost, and when to retrain.

``watch`` asks somebody to look; ``act`` is a breach. One month says little, for a month's level
moves by itself (docs/decisions/0005): two breaches of one kind in consecutive months recommend a
challenger, and nothing is ever trained or promoted by itself (domain 3.10).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any, Literal

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from models.monitoring.psi import Shift

Level = Literal["watch", "act"]
SCORE = "score"


class Monitoring(BaseModel):
    """When a month's figures ring.

    Attributes:
        psi_watch: Population stability index of score or feature from which somebody is to look
            (domain 3.10); only where it is more than chance and than the months learned from
            differ among themselves.
        psi_act: The index of the score that is a breach; a feature alone never is one.
        feature_weight: Least share of what the model goes by for which a feature is looked at.
        caught_loss: Late amount caught, as a share, lost against the months that the model was
            proven on; beyond what resampling customers explains.
        calibration: By what share of the late rate the mean probability may be off, beyond what
            resampling customers explains. A month's level moves by 0.15 in log-odds by itself
            (docs/decisions/0005); twice that is about this share.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    psi_watch: float = Field(default=0.10, gt=0, le=10)
    psi_act: float = Field(default=0.25, gt=0, le=10)
    feature_weight: float = Field(default=0.01, ge=0, le=1)
    caught_loss: float = Field(default=0.05, gt=0, le=1)
    calibration: float = Field(default=0.30, gt=0, le=10)


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """One figure of one month beyond its limit.

    Attributes:
        month: The planning day, as text.
        kind: ``score``, ``feature``, ``caught`` or ``calibration``; breaches are counted by it.
        what: The feature, or the kind again.
        value: The figure.
        limit: What it passed.
        cost: What that means for the list, in one sentence.
    """

    month: str
    kind: str
    what: str
    level: Level
    value: float
    limit: float
    cost: str

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return asdict(self)


def ring_shift(
    month: str, what: str, shift: Shift, rule: Monitoring, *, cost: str
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
    """What the lists caught on the months that a model was proven on.

    Attributes:
        caught: Mean share of the late amount; NaN where nobody proved it.
        months: How many lists that is the mean of.
    """

    caught: float
    months: int


def ring_caught(
    month: str, figures: Mapping[str, float], proven: Proven, rule: Monitoring
) -> tuple[Alarm, ...]:
    """Return the alarm of a list that caught too little of the late amount.

    What was proven is uncertain, too: each of its lists about as much as the month's.

    Args:
        figures: Of the month (models.monitoring.performance.realise).
    """
    lost = proven.caught - figures["caught"]
    reach = (figures["caught_high"] - figures["caught"]) * np.sqrt(1 + 1 / proven.months)
    if not lost > max(rule.caught_loss, reach):
        return ()
    return (
        Alarm(
            month=month,
            kind="caught",
            what="caught",
            level="act",
            value=figures["caught"],
            limit=proven.caught - rule.caught_loss,
            cost=f"{lost * 100:.1f} points of the late amount lost,"
            f" {lost * figures['late_cny']:,.0f} of {figures['late_cny']:,.0f}",
        ),
    )


def ring_calibration(
    month: str, figures: Mapping[str, float], rule: Monitoring
) -> tuple[Alarm, ...]:
    """Return the alarm of a mean probability that is off the late rate.

    Args:
        figures: Of the month (models.monitoring.performance.realise).
    """
    told, rate = figures["told"], figures["late_rate"]
    inside = figures["late_low"] <= told <= figures["late_high"]
    if inside or not abs(told - rate) > rule.calibration * rate:
        return ()
    bills = abs(told - rate) * figures["labelled"]
    side = "more" if told > rate else "fewer"
    return (
        Alarm(
            month=month,
            kind="calibration",
            what="calibration",
            level="act",
            value=told - rate,
            limit=rule.calibration * rate,
            cost=f"{bills:,.0f} {side} late bills told than there were, of"
            f" {figures['labelled']:,.0f}",
        ),
    )


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
