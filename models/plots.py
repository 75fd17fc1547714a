"""Pictures for MLflow and the model card: what drives the score, is it true, what does it catch.

Each function returns a Figure that nobody else holds, so nothing has to be closed and no file is
written. Labels are English; the lists and reports that customers' staff read are elsewhere.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from models.metrics import AnyArray, FloatArray, Ranking
from models.probability import calibration_line, ece, reliability_intervals

_MODEL, _OTHERS = "#c0392b", ("#2c3e50", "#2980b9", "#27ae60", "#8e44ad", "#d68910", "#7f8c8d")


def calibration_plot(
    y: AnyArray, p: AnyArray, *, customers: AnyArray | None = None, bins: int = 10
) -> Figure:
    """Draw the late rate against the mean probability of bins of equal count, and the counts.

    Whiskers are each bin's 95 % interval, so a gap inside them is no evidence; the text tells
    slope and intercept (1 and 0 are perfect) and the expected calibration error.

    Args:
        y: 1 for a late bill.
        p: Its probability as told.
        customers: Whose bills vary together; None takes each bill for a witness of its own.
        bins: Number of bins.
    """
    found = reliability_intervals(y, p, customers=customers, bins=bins)
    figure = _figure(6.0, 6.5)
    above, below = figure.subplots(2, 1, height_ratios=(3, 1), sharex=True)
    top = float(max(np.max(p), found["high"].max()))
    told, late = found["mean_p"].to_numpy(), found["late_rate"].to_numpy()
    reach = np.abs(found[["low", "high"]].to_numpy().T - late)
    above.plot([0, top], [0, top], color="#7f8c8d", linestyle="--", label="perfect")
    above.errorbar(
        told, late, yerr=reach, fmt="o-", color=_MODEL, capsize=3, label="model, 95 % interval"
    )
    above.set(ylabel="share of bills late", ylim=(0, None), title="Calibration")
    above.legend(loc="upper left")
    above.text(0.98, 0.03, _how_true(y, p), transform=above.transAxes, ha="right")
    _histogram(below, np.asarray(p, np.float64), top)
    return figure


def gains_plot(
    y: AnyArray,
    scores: Mapping[str, AnyArray],
    *,
    amount: AnyArray | None = None,
    capacity: float = 0.05,
) -> Figure:
    """Draw the share caught against the share of bills listed, and the lift, for each score.

    Args:
        y: 1 for a late bill.
        scores: By name, the model first; the others are drawn beneath it.
        amount: Yuan open on each bill; when given, gains are of the late amount.
        capacity: Share of the bills that the staff can handle, marked by a line.
    """
    figure = _figure(11.0, 5.0)
    left, right = figure.subplots(1, 2)
    for place, (name, score) in enumerate(scores.items()):
        listed, late, late_amount = Ranking(y, score, amount).gains()
        caught = late if amount is None else late_amount
        style = _style(place)
        left.plot(np.append(0, listed), np.append(0, caught), label=name, **style)
        right.plot(listed, caught / listed, label=name, **style)
    what = "late bills" if amount is None else "late amount"
    left.set(xlabel="share of bills listed", ylabel=f"share of {what} caught", title="Gains")
    right.set(xlabel="share of bills listed", ylabel="caught / listed (times)", title="Lift")
    right.set(xscale="log", xlim=(capacity / 10, 1))
    left.plot([0, 1], [0, 1], color="#bdc3c7", linestyle="--")
    right.axhline(1, color="#bdc3c7", linestyle="--")
    for axes in (left, right):
        axes.axvline(capacity, color="#2c3e50", linestyle=":", linewidth=1)
        axes.grid(alpha=0.3)
        axes.xaxis.set_major_formatter(PercentFormatter(1.0))
    left.legend(loc="lower right", fontsize=8)
    return figure


def months_plot(by_month: pd.DataFrame, *, most: int = 6) -> Figure:
    """Draw what is caught at capacity, and AUC on clean histories, month by month.

    Args:
        by_month: One row a month and ranking (models.backtest.Backtest.by_month).
        most: Rankings shown: the model, then those that catch most.
    """
    figure = _figure(11.0, 4.5)
    panels = figure.subplots(1, 2)
    caught = by_month.groupby("ranking", sort=False)["late_amount_caught"].mean()
    model = str(by_month["ranking"].iloc[0])
    others = caught.drop(model).sort_values(ascending=False, kind="stable").index[: most - 1]
    titles = {"late_amount_caught": "Late amount caught", "clean_auc": "AUC, clean histories"}
    for axes, (figure_name, title) in zip(panels, titles.items(), strict=True):
        for place, name in enumerate((model, *others)):
            rows = by_month[by_month["ranking"] == name]
            months = rows["as_of"].str.slice(0, 7).to_numpy()
            axes.plot(months, rows[figure_name].to_numpy(), marker="o", label=name, **_style(place))
        axes.set(title=title)
        axes.grid(alpha=0.3)
        axes.tick_params(axis="x", rotation=45)
    panels[0].yaxis.set_major_formatter(PercentFormatter(1.0))
    panels[0].legend(fontsize=8)
    return figure


def _figure(width: float, height: float) -> Figure:
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def _how_true(y: AnyArray, p: AnyArray) -> str:
    late, told = np.asarray(y, np.float64), np.asarray(p, np.float64)
    slope, intercept = calibration_line(late, told)
    return (
        f"slope {slope:.2f}\nintercept {intercept:+.2f}\nECE {ece(late, told):.4f}\n"
        f"{late.size:,} bills, {late.mean():.1%} late, told {told.mean():.1%}"
    )


def _histogram(axes: Axes, p: FloatArray, top: float) -> None:
    axes.hist(p, bins=40, range=(0, top), color="#95a5a6")
    axes.set(xlabel="probability told", ylabel="bills")


def _style(place: int) -> dict[str, object]:
    if place == 0:
        return {"color": _MODEL, "linewidth": 2.4, "zorder": 3}
    return {"color": _OTHERS[(place - 1) % len(_OTHERS)], "linewidth": 1.2}
