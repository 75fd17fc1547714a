"""Pictures of a search: how it went, and which parameters made a difference."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from models.search import SPACE, Tried

_BEST, _TRIAL, _CUT = "#c0392b", "#2980b9", "#bdc3c7"


def history_plot(tried: Sequence[Tried], default: Tried) -> Figure:
    """Draw each trial's worth in the order of trials, the best so far, and the default.

    Trials that were cut short have no worth; a mark at the foot tells where they were.
    """
    figure = Figure(figsize=(8.0, 4.5), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    whole = [one for one in tried if one.value is not None]
    number = [one.number for one in whole]
    value = np.array([one.value for one in whole], dtype=np.float64)
    axes.scatter(number, value, color=_TRIAL, s=22, label="trial")
    best = np.append(np.maximum.accumulate(value), value.max())
    axes.step([*number, tried[-1].number], best, where="post", color=_BEST, label="best so far")
    if default.value is not None:
        axes.axhline(default.value, color="#2c3e50", linestyle=":", label="default parameters")
    short = [one.number for one in tried if one.value is None]
    if short:
        foot = axes.get_xaxis_transform()
        axes.scatter(short, [0.03] * len(short), color=_CUT, marker="x", transform=foot, s=22)
        axes.scatter([], [], color=_CUT, marker="x", label="cut short")
    axes.set(xlabel="trial", ylabel="late amount caught, less instability", title="Search")
    axes.set_xlim(-0.5, tried[-1].number + 0.5)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=1))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8, loc="best")
    return figure


def importance_plot(importance: Mapping[str, float], tried: Sequence[Tried]) -> Figure:
    """Draw which parameters made a difference, and each trial's worth against the first two."""
    figure = Figure(figsize=(12.0, 4.2), layout="constrained")
    FigureCanvasAgg(figure)
    bars, *panels = figure.subplots(1, 3)
    ordered = sorted(importance.items(), key=lambda item: (item[1], item[0]))
    bars.barh([name for name, _ in ordered], [share for _, share in ordered], color=_TRIAL)
    bars.set(xlabel="share of the variation of worth", title="Importance", xlim=(0, None))
    bars.xaxis.set_major_formatter(PercentFormatter(1.0))
    for axes, (name, _) in zip(panels, reversed(ordered), strict=False):
        _against(axes, name, tried)
    return figure


def _against(axes: Axes, name: str, tried: Sequence[Tried]) -> None:
    whole = [one for one in tried if one.value is not None]
    value = [float(one.value or 0) for one in whole]
    at = [one.changes[name] for one in whole]
    axes.scatter(at, value, color=_TRIAL, s=22)
    axes.set(xlabel=name, ylabel="worth", title=name)
    axes.set_xscale("log" if SPACE[name].log and min(at) > 0 else "linear")
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=1))
    axes.grid(alpha=0.3)
