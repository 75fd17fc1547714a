"""What page and slides both draw, on axes of either: the forecast and the model's months."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.dates import DateFormatter, DayLocator

# After Okabe and Ito (2008): apart for the colour-blind, and in lightness.
OURS, PALE, WARN, RULE = "#1f4e79", "#c3d8ec", "#c2410c", "#d9e2ec"


@dataclass(frozen=True, kw_only=True)
class Said:
    """The texts of a picture in one language: of what is expected, what it is held against, y."""

    expected: str
    beside: str
    along: str


def draw_rates(
    axes: Axes, curve: Sequence[Mapping[str, Any]], said: Said, *, width: float = 2.0
) -> None:
    """Draw the expected collection rate of a cycle, with its interval beside it.

    Args:
        axes: Where to draw.
        curve: One row a day: on (ISO day), rate, rate_low, rate_high.
        said: The texts.
        width: Of the line, in points.
    """
    on = np.array([str(row["on"]) for row in curve], dtype="datetime64[D]")
    low, rate, high = (
        np.array([row[name] for row in curve]) for name in ("rate_low", "rate", "rate_high")
    )
    axes.fill_between(on, low, high, color=PALE, label=said.beside)
    axes.plot(on, rate, color=OURS, linewidth=width, label=said.expected)
    axes.xaxis.set_major_locator(DayLocator(interval=5))
    axes.xaxis.set_major_formatter(DateFormatter("%m-%d"))
    axes.set_ylabel(said.along)


def draw_lateness(
    axes: Axes, months: Sequence[Mapping[str, Any]], said: Said, *, size: float = 6.0
) -> None:
    """Draw told beside seen lateness, a month a place; months not seen yet lack a dot.

    Args:
        axes: Where to draw.
        months: Rows of monitoring: month, told or expected_late_rate, late_rate, late_low,
            late_high; what is not known is None.
        said: The texts.
        size: Of the marks, in points.
    """
    seen = [(at, row) for at, row in enumerate(months) if row.get("late_rate") is not None]
    told = [told_of(row) for row in months]
    axes.plot(range(len(months)), told, "D-", color=OURS, markersize=size, label=said.expected)
    if seen:
        rates = np.array([row["late_rate"] for _, row in seen])
        ends = np.array([[row["late_low"], row["late_high"]] for _, row in seen]).T
        axes.errorbar(
            [at for at, _ in seen],
            rates,
            yerr=np.abs(ends - rates),
            fmt="o",
            color=WARN,
            markersize=size,
            capsize=2 + size / 3,
            label=said.beside,
        )
    axes.set_xticks(range(len(months)), [str(row["month"])[:7] for row in months])
    axes.set_ylabel(said.along)
    axes.set_ylim(bottom=0)  # a cut axis would make small differences look large


def told_of(row: Mapping[str, Any]) -> float:
    """Return the lateness told of a month: by the scores, or as expected where it is not over."""
    told = row.get("told")
    return float(row["expected_late_rate"] if told is None else told)
