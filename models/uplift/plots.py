"""Pictures of what a reminder changes: Qini curves, and predicted beside found effects."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from models.uplift.judging import UPLIFT, Fifth
from models.uplift.qini import QiniCurve

_COLOURS = {UPLIFT: "#c0392b", "risk": "#2980b9", "risk_amount": "#8e44ad", "random": "#7f8c8d"}
_NAMES = {"risk_amount": "risk x amount"}


def uplift_plot(curves: Mapping[str, QiniCurve], fifths: Sequence[Fifth]) -> Figure:
    """Draw, left, late bills avoided as more are reminded; right, what fifths gain.

    The band is the pointwise interval of the ranking by uplift. On the right a learner is right
    where whiskers meet the diagonal.
    """
    figure = Figure(figsize=(11.5, 5.0), layout="constrained")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2)
    _draw_curves(left, curves)
    _draw_fifths(right, fifths)
    return figure


def _draw_curves(axes: Axes, curves: Mapping[str, QiniCurve]) -> None:
    for name, curve in curves.items():
        style = "--" if name == "random" else "-"
        axes.plot(
            curve.share,
            1000 * curve.avoided,
            style,
            color=_COLOURS[name],
            linewidth=2.4 if name == UPLIFT else 1.4,
            label=_NAMES.get(name, name),
        )
    band = curves[UPLIFT]
    axes.fill_between(
        band.share, 1000 * band.low, 1000 * band.high, color=_COLOURS[UPLIFT], alpha=0.12, lw=0
    )
    axes.axhline(0, color="#2c3e50", linewidth=0.8)
    axes.set(
        xlabel="share of each cycle's bills reminded",
        ylabel="late bills avoided per 1,000 bills",
        title="Qini curves on newer cycles",
    )
    axes.xaxis.set_major_formatter(PercentFormatter(1.0))
    axes.legend(loc="upper left")
    axes.grid(alpha=0.3)


def _draw_fifths(axes: Axes, fifths: Sequence[Fifth]) -> None:
    predicted = 100 * np.array([fifth.predicted for fifth in fifths])
    found = 100 * np.array([fifth.found.value for fifth in fifths])
    low = 100 * np.array([fifth.found.low for fifth in fifths])
    high = 100 * np.array([fifth.found.high for fifth in fifths])
    ends = [min(low.min(), predicted.min()), max(high.max(), predicted.max())]
    axes.plot(ends, ends, color="#7f8c8d", linestyle="--", label="predicted = found")
    axes.errorbar(
        predicted,
        found,
        yerr=[found - low, high - found],
        fmt="o",
        color=_COLOURS[UPLIFT],
        capsize=3,
        label="a fifth of the bills, 95 % interval",
    )
    axes.axhline(0, color="#2c3e50", linewidth=0.8)
    axes.set(
        xlabel="predicted change in P(late), points",
        ylabel="change found, points",
        title="Predicted and found effects (below 0 helps)",
    )
    axes.legend(loc="lower right")
    axes.grid(alpha=0.3)
