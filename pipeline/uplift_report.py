"""What round 1 changes, as a report: figures for a machine, text and a picture for people."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from matplotlib.figure import Figure
from rich import box
from rich.table import Table

from models.resampling import Interval
from models.uplift.effect import Naive
from models.uplift.judging import Fifth, Ranked, verdict
from models.uplift.plots import uplift_plot
from pipeline.showing import as_text

ESTIMAND = (
    "change in P(late) if round 1 is sent rather than not, among bills that the policy would"
    " contact and that may be held out"
)
_RANKINGS = {
    "uplift": "提醒效果 / uplift",
    "risk": "逾期概率 / risk",
    "risk_amount": "逾期概率×金额 / risk x amount",
    "random": "随机 / random",
}


@dataclass(frozen=True, kw_only=True)
class UpliftReport:
    """What round 1 changes, on average and for whom. An effect below 0 means fewer late bills.

    Attributes:
        needed: Bills that had to be held out to tell the smallest effect asked for.
        held_out: Bills that were.
        sent: Bills of the experiment that were reminded.
        crossed: Held-out bills that were reminded all the same; they count as held out.
        attrition: Reminders planned in round 1, by the reason for leaving them out.
        known_before: Bills of the experiment that were known the day before the planned day, so
            that their features are; a bill reminded on its day of issue is not among them.
        average: Change in P(late) by difference in means, over all bills of the experiment.
        seen: The same over the bills known before.
        adjusted: The doubly robust estimate over the same bills as ``seen``.
        imbalance: The feature that differs most between the arms, in standard deviations.
        naive: Contacted beside not contacted; no effect.
        learned: Bills that the ranking by uplift was learned from, of older cycles.
        judged: Bills that the rankings are judged on, of newer cycles.
        fifths: Predicted beside found effects of the judged bills.
    """

    needed: int
    held_out: int
    sent: int
    crossed: int
    attrition: Mapping[str, int]
    known_before: int
    average: Interval
    seen: Interval
    adjusted: Interval
    imbalance: Interval
    naive: Naive
    learned: int
    judged: int
    ranked: tuple[Ranked, ...]
    fifths: tuple[Fifth, ...]

    @property
    def verdict(self) -> str:
        """Whether the ranking by uplift is worth using."""
        return verdict(self.ranked)

    def as_dict(self) -> dict[str, Any]:
        """Return what a machine needs to know of it."""
        counts = ("needed", "held_out", "sent", "crossed", "known_before", "learned", "judged")
        effects = ("average", "seen", "adjusted", "imbalance")
        return {
            "estimand": ESTIMAND,
            "verdict": self.verdict,
            **{name: getattr(self, name) for name in counts},
            "effects": {name: asdict(getattr(self, name)) for name in effects},
            "naive_no_effect": asdict(self.naive) | {"difference": self.naive.difference},
            "attrition": dict(self.attrition),
            "rankings": {one.id: _ranking_as_dict(one) for one in self.ranked},
            "fifths": [asdict(fifth) for fifth in self.fifths],
        }

    def text(self) -> str:
        """Return the report as a terminal shows it."""
        judged = f"Judged on {self.judged:,} newer bills, learned on {self.learned:,} older ones."
        return as_text(_averages(self), _rankings(self), judged, self.verdict)

    def figure(self) -> Figure:
        """Draw the Qini curves, and predicted beside found effects."""
        return uplift_plot({one.id: one.curve for one in self.ranked}, self.fifths)


def _ranking_as_dict(one: Ranked) -> dict[str, Any]:
    curve = {name: values.tolist() for name, values in asdict(one.curve).items()}
    return {
        "qini": asdict(one.qini),
        "effect_at": {str(share): asdict(found) for share, found in one.effect_at.items()},
        "ahead_by": asdict(one.ahead_by) if one.ahead_by else None,
        "curve": curve,
    }


def _averages(report: UpliftReport) -> Table:
    table = Table(
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        title="首轮提醒对逾期率的影响 / What round 1 changes in the share of late bills",
        caption=f"{ESTIMAND}; {report.held_out:,} held out, {report.needed:,} needed",
    )
    table.add_column("估计 / estimate", overflow="fold")
    table.add_column("百分点 / points", justify="right")
    table.add_column("95 %", justify="right")
    all_bills = report.held_out + report.sent
    table.add_row(f"difference in means, {all_bills:,} bills", *_points(report.average))
    before = f"{report.known_before:,} bills known the day before"
    table.add_row(f"difference in means, {before}", *_points(report.seen))
    table.add_row("the same bills, adjusted for what was known (AIPW)", *_points(report.adjusted))
    naive = report.naive
    table.add_row(
        "NO EFFECT, only whom the policy picks: contacted"
        f" {naive.contacted_rate:.1%} late, others {naive.other_rate:.1%}",
        f"{100 * naive.difference:+.2f}",
        "",
        style="dim",
    )
    return table


def _rankings(report: UpliftReport) -> Table:
    table = Table(
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        title="按什么排序提醒 / In which order to remind",
        caption="Qini: late bills avoided per 1,000 bills beyond reminding at random, averaged"
        " over all shares; effects in points among the first share of each cycle",
    )
    table.add_column("排序 / ranking", overflow="fold")
    table.add_column("Qini", justify="right")
    for share in report.ranked[0].effect_at:
        table.add_column(f"前 / first {share:.0%}", justify="right")
    table.add_column("uplift ahead by", justify="right")
    for one in report.ranked:
        table.add_row(
            _RANKINGS[one.id],
            _written(one.qini, 1000),
            *(_written(found, 100) for found in one.effect_at.values()),
            "" if one.ahead_by is None else _written(one.ahead_by, 1000),
        )
    return table


def _points(found: Interval) -> tuple[str, str]:
    return f"{100 * found.value:+.2f}", f"{100 * found.low:+.2f} .. {100 * found.high:+.2f}"


def _written(found: Interval, times: float) -> str:
    low, high = times * found.low, times * found.high
    return f"{times * found.value:+.1f} ({low:+.1f} .. {high:+.1f})"
