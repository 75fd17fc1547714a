"""Pictures of the forecast: the month as it is expected, and past months as they came.

Each function returns a Figure that nobody else holds, so nothing has to be closed and no file is
written (as models.plots).
"""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.dates import DateFormatter, DayLocator
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, PercentFormatter

_MODEL, _CAME, _NAIVE = "#c0392b", "#2c3e50", "#7f8c8d"
_ACROSS = 3


def month_plot(curve: pd.DataFrame, *, level: float) -> Figure:
    """Draw the expected collection rate of the newest cycle, and its money, to month end.

    Args:
        curve: One row a scope and a day (pipeline.forecasting.Forecast.curve).
        level: Of the interval.
    """
    figure = _figure(11.0, 4.5)
    left, right = figure.subplots(1, 2)
    cycle = curve[curve["scope"] == "cycle"]
    _band(left, cycle, ("rate_low", "rate", "rate_high"), level)
    left.yaxis.set_major_formatter(PercentFormatter(1.0))
    left.set(ylabel="collected / receivable", title="Collection rate of the cycle")
    everything = curve[curve["scope"] == "all"]
    _band(right, everything, ("low_cny", "expected_cny", "high_cny"), level)
    right.set(ylabel="million yuan", title="Collected from now on, all open bills")
    right.yaxis.set_major_formatter(_MILLIONS)
    for axes in (left, right):
        axes.legend(loc="upper left")
    return figure


def origins_plot(curves: pd.DataFrame, *, naive: str, level: float) -> Figure:
    """Draw each past forecast beside what came, one panel an origin.

    Args:
        curves: One row an origin and a day (pipeline.forecast_backtest.ForecastBacktest.curves).
        naive: Name of the roll-forward to draw beside the model.
        level: Of the interval.
    """
    origins = list(curves.groupby("origin"))
    down = -(-len(origins) // _ACROSS)
    figure = _figure(4.0 * _ACROSS, 2.6 * down)
    panels = figure.subplots(down, _ACROSS, squeeze=False).ravel()
    for axes, (origin, own) in zip(panels, origins, strict=False):
        _band(axes, own, ("low_cny", "model_cny", "high_cny"), level)
        axes.plot(
            own["on"], own[f"{naive}_cny"], color=_NAIVE, linestyle="--", label="roll-forward"
        )
        axes.plot(own["on"], own["collected_cny"], color=_CAME, linewidth=2, label="came in")
        axes.set_title(f"as of {origin}", fontsize=9)
        axes.yaxis.set_major_formatter(_MILLIONS)
    for axes in panels[len(origins) :]:
        axes.set_axis_off()
    panels[0].set_ylabel("million yuan")
    panels[0].legend(loc="upper left", fontsize=7)
    return figure


_MILLIONS = FuncFormatter(lambda value, _: f"{value / 1e6:g}")


def _band(axes: Axes, rows: pd.DataFrame, names: tuple[str, str, str], level: float) -> None:
    low, middle, high = (rows[name].to_numpy() for name in names)
    on = pd.to_datetime(rows["on"]).to_numpy()
    axes.fill_between(on, low, high, color=_MODEL, alpha=0.18, label=f"{level:.0%} interval")
    axes.plot(on, middle, color=_MODEL, linewidth=2, label="expected")
    # A concise formatter names the month of the last tick, which is the next one at month end.
    axes.xaxis.set_major_locator(DayLocator(interval=4))
    axes.xaxis.set_major_formatter(DateFormatter("%m-%d"))
    axes.tick_params(axis="x", labelsize=7)
    axes.grid(alpha=0.3)


def _figure(width: float, height: float) -> Figure:
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure
