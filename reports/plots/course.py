"""Pictures of what moves: the list against the last one, and the money that is to come in."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from reports.plots.shared import OURS, PALE, RULE, WARN, Said, draw_rates
from reports.plots.slide import OTHER, in_percent, make_room, new_slide
from reports.plots.words import Speaker

_MOST = 8


def draw_movement(groups: pd.DataFrame, *, since: date, say: Speaker, foot: str) -> Figure:
    """Draw how many customers came, stayed and left, by bureau, those that moved most first.

    Args:
        groups: code (empty for all others together), now, came, stayed, left.
        since: The day of the last list.
        say: The texts.
        foot: What the picture was made of.
    """
    whole = groups[["now", "came", "stayed", "left"]].sum()
    title = say.title("movement", **{str(name): f"{int(n):,}" for name, n in whole.items()})
    figure, axes = new_slide(title, say.note("movement", since=since.isoformat()), foot)
    shown = groups[groups["code"] != ""].head(_MOST)
    places = range(len(shown))
    parts = (("stayed", PALE), ("came", OURS), ("left", WARN))
    start = pd.Series(0, index=shown.index)
    for name, colour in parts:
        label = f"{say.label(name)} {int(whole[name]):,}"
        left = -shown["left"] if name == "left" else start
        axes.barh(places, shown[name], left=left, color=colour, height=0.68, label=label)
        for place, (count, at) in enumerate(zip(shown[name], left, strict=True)):
            if count:
                ink = "white" if name != "stayed" else "black"
                axes.text(at + count / 2, place, f"{count:,}", color=ink, ha="center", va="center")
        if name != "left":
            start = start + shown[name]
    names = [say.label("unknown") if code == "?" else code for code in shown["code"]]
    axes.set_yticks(places, names)
    axes.invert_yaxis()
    axes.axvline(0, color=OTHER, linewidth=1.5)
    axes.set_xticks([])
    axes.tick_params(axis="y", length=0)
    for edge in ("bottom", "left"):
        axes.spines[edge].set_visible(False)
    top = axes.get_position().y1
    wide = make_room(axes, names, size=19)
    axes.set_position((0.96 - wide, 0.09, wide, top - 0.17))
    figure.legend(loc="upper left", bbox_to_anchor=(0.035, top + 0.03), ncols=3, fontsize=18)
    return figure


def draw_forecast(told: Mapping[str, Any], say: Speaker, foot: str) -> Figure:
    """Draw the collection rate of the newest cycle to month end with its interval.

    Args:
        told: What ``duewatch forecast`` wrote (pipeline.forecasting.Forecast.as_dict).
        say: The texts.
        foot: What the picture was made of.
    """
    rate = told["month_end_rate"]
    title = say.title(
        "forecast",
        end=told["month_end"],
        cycle=told["cycle"],
        rate=say.share(rate["rate"], 1),
        low=say.share(rate["rate_low"], 1),
        high=say.share(rate["rate_high"], 1),
    )
    note = say.note("forecast", level=say.share(told["level"], 0))
    figure, axes = new_slide(title, note, foot)
    curve = [row for row in told["curve"] if row["scope"] == "cycle"]
    words = Said(
        expected=say.label("expected"), beside=say.label("interval"), along=say.label("collected")
    )
    draw_rates(axes, curve, words, width=4.0)
    axes.yaxis.set_major_locator(MaxNLocator(6))
    axes.yaxis.set_major_formatter(in_percent(say))
    axes.grid(axis="y", color=RULE)
    axes.legend(loc="lower right", fontsize=18)
    return figure
