"""Pictures of what the list is worth and whether its risks are true."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from features.declare import Text
from reports.facts import MODEL, Compared
from reports.plots.shared import OURS, RULE, WARN, Said, draw_lateness, told_of
from reports.plots.slide import INK, MUTED, OTHER, bars_across, in_percent, new_slide
from reports.plots.words import Speaker

_CAUGHT = "late_amount_caught"
# Rankings that are learned, and one that is none; the others are rules that a clerk could sort by.
_NOT_SIMPLE = frozenset({MODEL, "scorecard", "random", "champion", "challenger", "default"})
# What a utility sorts by today (domain 3.2); it is drawn beside the best of the simple rules.
_USUAL = "months_behind"
# Points of the late amount from which a lead is told as one, and points that a mean may miss by.
_LEAD, _MISS = 0.005, 0.01


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What training kept of the months it did not see.

    Attributes:
        gains: ranking, listed, late_amount_caught (models.curves.gain_curves).
        calibration: mean_p, late_rate, rows, low, high (models.curves.calibration_curve).
    """

    gains: pd.DataFrame
    calibration: pd.DataFrame


def simple_rules(comparison: Sequence[Compared]) -> list[Compared]:
    """Return the simple rules, the one that catches most first."""
    rules = [one for one in comparison if one.id not in _NOT_SIMPLE and _caught(one) is not None]
    return sorted(rules, key=lambda one: (-one.figures[_CAUGHT], one.id))


def draw_caught(
    comparison: Sequence[Compared],
    gains: pd.DataFrame | None,
    *,
    capacity: float,
    say: Speaker,
    foot: str,
) -> Figure:
    """Draw what the list catches against what the simple rules do: curves, or bars without them.

    Args:
        comparison: Every ranking on the months held out; the model is among them.
        gains: Their curves; None where they are not known.
        capacity: Share of the bills that staff can call.
        say: The texts.
        foot: What the picture was made of.
    """
    ours = next(one for one in comparison if one.id == MODEL)
    rules = simple_rules(comparison)
    title = _caught_title(ours, rules, capacity, say)
    if gains is None:
        return _draw_bars(ours, comparison, title, say, foot)
    figure, axes = new_slide(title, say.note("caught"), foot)
    shown = [one for one in rules[:1] + rules[1:] if one in rules[:1] or one.id == _USUAL]
    lines: list[tuple[str, str | None, str, float]] = [(say.label("random"), None, RULE, 2.0)]
    for one, colour in zip(reversed(shown), (OTHER, WARN)[-len(shown) :], strict=False):
        lines.append((say.of(one.name), one.id, colour, 3.0))
    lines.append((say.of(ours.name), MODEL, OURS, 4.5))
    for name, id_, colour, width in lines:
        drawn = gains[gains["ranking"] == (id_ or MODEL)]
        caught = drawn["listed"] if id_ is None else drawn[_CAUGHT]
        axes.plot(drawn["listed"], caught, color=colour, linewidth=width, label=name)
    _mark_capacity(axes, capacity, say)
    axes.set(xlim=(0, 0.5), ylim=(0, 1), xlabel=say.label("contacted"), ylabel=say.label("caught"))
    _in_percent(axes, say)
    handles, names = axes.get_legend_handles_labels()
    axes.legend(handles[::-1], names[::-1], loc="lower right", fontsize=18)
    return figure


def draw_calibration(calibration: pd.DataFrame, say: Speaker, foot: str) -> Figure:
    """Draw what came late against what was told, group by group.

    Args:
        calibration: mean_p, late_rate, rows, low, high.
        say: The texts.
        foot: What the picture was made of.
    """
    rows = calibration["rows"].to_numpy(np.float64)
    told, late = (
        float(np.average(calibration[name], weights=rows)) for name in ("mean_p", "late_rate")
    )
    code = "calibrated" if abs(told - late) <= _MISS else "told_too_low"
    code = "told_too_high" if told - late > _MISS else code
    title = say.title(code, told=say.share(told, 1), late=say.share(late, 1))
    figure, axes = new_slide(title, say.note("calibration"), foot)
    top = 1.05 * float(max(calibration["mean_p"].max(), calibration["high"].max()))
    axes.plot([0, top], [0, top], color=OTHER, linestyle="--", label=say.label("perfect"))
    seen = calibration["late_rate"]
    reach = np.abs(np.stack([seen - calibration["low"], calibration["high"] - seen]))
    axes.errorbar(
        calibration["mean_p"],
        seen,
        yerr=reach,
        fmt="o",
        markersize=11,
        color=OURS,
        capsize=6,
        linewidth=2,
        label=say.label("seen"),
    )
    axes.set(xlim=(0, top), ylim=(0, top), xlabel=say.label("told"), ylabel=say.label("seen"))
    _in_percent(axes, say)
    axes.legend(loc="upper left", fontsize=18)
    return figure


def draw_months(months: Sequence[Mapping[str, Any]], say: Speaker, foot: str) -> Figure:
    """Draw told beside seen lateness; of months that are not over only what was told.

    Args:
        months: Rows of monitoring, as of `draw_lateness`; some month of them is over.
        say: The texts.
        foot: What the picture was made of.
    """
    seen = [row for row in months if row.get("late_rate") is not None]
    off = sum(not row["late_low"] <= told_of(row) <= row["late_high"] for row in seen)
    code = "months_part" if off else "months_hold"
    figure, axes = new_slide(say.title(code, n=len(seen), off=off), say.note("months"), foot)
    words = Said(
        expected=say.label("month_told"), beside=say.label("month_seen"), along=say.label("late")
    )
    draw_lateness(axes, months, words, size=11)
    axes.yaxis.set_major_formatter(in_percent(say))
    axes.grid(axis="y", color=RULE)
    axes.legend(loc="lower right", fontsize=18)
    return figure


def _caught(one: Compared) -> float | None:
    value = one.figures.get(_CAUGHT)
    return None if value is None or np.isnan(value) else value


def _caught_title(ours: Compared, rules: Sequence[Compared], capacity: float, say: Speaker) -> str:
    caught = ours.figures[_CAUGHT]
    told = {"capacity": say.share(capacity), "model": say.share(caught)}
    if not rules:
        return say.title("caught_alone", **told)
    best: Compared = rules[0]
    code = "caught_ahead" if caught - best.figures[_CAUGHT] >= _LEAD else "caught_level"
    name: Text = best.name
    return say.title(code, **told, rule=say.of(name), best=say.share(best.figures[_CAUGHT]))


def _draw_bars(
    ours: Compared, comparison: Sequence[Compared], title: str, say: Speaker, foot: str
) -> Figure:
    known = [one for one in comparison if _caught(one) is not None]
    ordered = sorted(known, key=lambda one: (-one.figures[_CAUGHT], one.id))
    figure, axes = new_slide(title, say.note("caught_bars"), foot)
    values = [one.figures[_CAUGHT] for one in ordered]
    bars_across(
        axes,
        [say.of(one.name) for one in ordered],
        values,
        labels=[say.share(value) for value in values],
        colours=[OURS if one is ours else OTHER for one in ordered],
    )
    return figure


def _mark_capacity(axes: Axes, capacity: float, say: Speaker) -> None:
    axes.axvline(capacity, color=INK, linestyle=":", linewidth=2)
    axes.text(capacity + 0.005, 0.03, f"{say.label('capacity')} {say.share(capacity)}", color=MUTED)


def _in_percent(axes: Axes, say: Speaker) -> None:
    axes.xaxis.set_major_formatter(in_percent(say))
    axes.yaxis.set_major_formatter(in_percent(say))
    axes.grid(color=RULE)
