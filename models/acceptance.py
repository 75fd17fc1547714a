"""Is a model worth more than the simple ranking that a utility would use instead?

The rule is stated before any figure is seen, so that nobody can choose it to please (domain 3.11).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from features.declare import Text
from models.judging import MODEL, SCORECARD
from models.resampling import Interval

# The strong simple rankings: on amount and on count, months behind; the scorecard on both.
RIVALS = (SCORECARD, "months_behind")
_NAMES = {
    SCORECARD: Text(zh="评分卡", en="the scorecard"),
    "months_behind": Text(zh="“欠费期数”排序", en="the months-behind sort"),
}


class Acceptance(BaseModel):
    """When trees are worth having, and when a model may replace the champion.

    Attributes:
        months: Share of the months in which the model has to catch at least as much of the late
            amount as the scorecard and as the months-behind sort (domain 3.11: five of six).
        clean_auc: By how much its AUC on clean histories has to exceed the scorecard's.
        margin: How much less of the late amount than the champion's a challenger may catch, at
            the lower end of the paired interval; 0.01 is one point in a hundred.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    months: float = Field(default=5 / 6, gt=0, le=1)
    clean_auc: float = Field(default=0.01, ge=0, le=0.5)
    margin: float = Field(default=0.01, ge=0, le=0.5)


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What was decided and why.

    Attributes:
        accepted: Whether the candidate may be used.
        advice: The ranking to use: ``model``, or the id of the simpler one that did as well.
        reasons: One sentence a test, with its figures, whether it was passed or not.
    """

    accepted: bool
    advice: str
    reasons: tuple[Text, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        reasons = [{"zh": said.zh, "en": said.en} for said in self.reasons]
        return {"accepted": self.accepted, "advice": self.advice, "reasons": reasons}


def accept(by_month: pd.DataFrame, rule: Acceptance) -> Verdict:
    """Hold a model against the simple rankings, month by month.

    Args:
        by_month: One row a month and ranking (models.backtest.Backtest.by_month).
    """
    caught = by_month.pivot_table(index="as_of", columns="ranking", values="late_amount_caught")
    clean = by_month.pivot_table(index="as_of", columns="ranking", values="clean_auc")
    rivals = [rival for rival in RIVALS if rival in caught]
    tests = [_at_least(caught, rival, rule.months) for rival in rivals]
    if SCORECARD in clean:
        tests.append(_cleaner(clean, rule.clean_auc))
    accepted = all(passed for passed, _ in tests)
    return Verdict(
        accepted=accepted,
        advice=MODEL if accepted else _simplest(caught, rivals),
        reasons=tuple(said for _, said in tests),
    )


def may_replace(lead: Interval, rule: Acceptance) -> Verdict:
    """Hold a challenger against the champion.

    Args:
        lead: By how much more of the late amount the challenger catches, with its paired interval
            on the same rows.
    """
    told = f"{lead.value:+.2%} [{lead.low:+.2%}, {lead.high:+.2%}]"
    if np.isnan(lead.low):
        return Verdict(
            accepted=False,
            advice="champion",
            reasons=(
                Text(
                    zh="这些账单分不出挑战模型与现用模型的高下",
                    en="the rows cannot tell challenger and champion apart",
                ),
            ),
        )
    allowed = f"{rule.margin:.1%}"
    if lead.low > 0:
        said = Text(
            zh=f"挑战模型覆盖的逾期金额更多：{told}",
            en=f"the challenger catches more of the late amount: {told}",
        )
    elif lead.low >= -rule.margin:
        said = Text(
            zh=f"挑战模型覆盖的逾期金额没有少于容许的{allowed}：{told}",
            en=f"the challenger catches no less than the margin of {allowed} allows: {told}",
        )
    else:
        said = Text(
            zh=f"挑战模型覆盖的逾期金额可能比容许的{allowed}还少：{told}",
            en=f"the challenger may catch less than the margin of {allowed} allows: {told}",
        )
    accepted = bool(lead.low >= -rule.margin)
    return Verdict(
        accepted=accepted, advice="challenger" if accepted else "champion", reasons=(said,)
    )


def _at_least(caught: pd.DataFrame, rival: str, share: float) -> tuple[bool, Text]:
    held = caught[MODEL] >= caught[rival]
    needed = int(np.ceil(share * len(held) - 1e-9))
    own, other = (f"{caught[id_].mean():.1%}" for id_ in (MODEL, rival))
    said = Text(
        zh=f"{len(held)}个月中有{held.sum()}个月覆盖的逾期金额不低于{_NAMES[rival].zh}，"
        f"须有{needed}个月（平均{own}，对方{other}）",
        en=f"late amount caught at least as much as {_NAMES[rival].en} in {held.sum()} of"
        f" {len(held)} months, {needed} needed (mean {own} against {other})",
    )
    return bool(held.sum() >= needed), said


def _cleaner(clean: pd.DataFrame, lead: float) -> tuple[bool, Text]:
    own, rival = clean[MODEL].mean(), clean[SCORECARD].mean()
    said = Text(
        zh=f"无逾期史AUC {own:.3f}，评分卡{rival:.3f}，须高出{lead:.3f}",
        en=f"AUC on clean histories {own:.3f} against the scorecard's {rival:.3f},"
        f" {lead:+.3f} needed",
    )
    return bool(own >= rival + lead), said


def _simplest(caught: pd.DataFrame, rivals: list[str]) -> str:
    """Return the rival that catches most, the sort where they catch alike."""
    return str(caught[rivals[::-1]].mean().idxmax()) if rivals else MODEL
