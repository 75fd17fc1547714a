import io
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from models.forecast.plots import month_plot, origins_plot


def days(origin: date, count: int) -> list[date]:
    return [origin + timedelta(days=day) for day in range(count)]


@pytest.fixture
def curve() -> pd.DataFrame:
    money = np.linspace(1e5, 9e5, 10)
    shares = money / 1e6
    rows = {"on": days(date(2026, 3, 22), 10), "expected_cny": money}
    rows |= {"low_cny": 0.9 * money, "high_cny": 1.05 * money}
    rows |= {"rate": shares, "rate_low": 0.9 * shares, "rate_high": 1.05 * shares}
    return pd.concat([pd.DataFrame(rows).assign(scope=scope) for scope in ("all", "cycle")])


def test_month_plot_shows_rate_and_money_with_interval(curve) -> None:
    figure = month_plot(curve, level=0.9)
    rate, money = figure.axes
    assert rate.get_ylabel() == "collected / receivable"
    assert [text.get_text() for text in money.get_legend().get_texts()] == [
        "90% interval",
        "expected",
    ]
    assert rate.lines[0].get_ydata()[-1] == pytest.approx(0.9)
    figure.savefig(io.BytesIO())


def test_origins_plot_gives_each_origin_a_panel() -> None:
    curves = pd.concat(
        pd.DataFrame(
            {
                "origin": origin,
                "on": days(origin, 5),
                "collected_cny": np.arange(5) * 1e6,
                "model_cny": np.arange(5) * 1.1e6,
                "roll_forward_cny": np.arange(5) * 1.3e6,
                "low_cny": np.arange(5) * 0.9e6,
                "high_cny": np.arange(5) * 1.2e6,
            }
        )
        for origin in (date(2026, 1, 6), date(2026, 2, 6), date(2026, 3, 6), date(2026, 4, 6))
    )
    figure = origins_plot(curves, naive="roll_forward", level=0.9)
    drawn = [axes for axes in figure.axes if axes.lines]
    assert [axes.get_title() for axes in drawn] == [
        f"as of 2026-0{month}-06" for month in (1, 2, 3, 4)
    ]
    assert all(len(axes.lines) == 3 for axes in drawn)
    figure.savefig(io.BytesIO())
