import numpy as np
import pytest

from models.forecast.figures import compare_forecasts
from models.forecast.person_periods import Followed

SEEN = Followed(days=np.array([1, 3, 5]), paid=np.array([True, True, False]))
COLLECTED = np.array([10.0, 10, 30, 30, 30])
SURE = np.array([[1, 1, 1, 1, 1], [0, 0, 1, 1, 1], [0, 0, 0, 0, 0]], float)


def figures(expected, paid=SURE):
    told = {"one": np.asarray(paid)}
    found = compare_forecasts(SEEN, COLLECTED, paid=told, expected={"one": np.asarray(expected)})
    return found.iloc[0]


def test_forecast_that_knew_all_has_no_error() -> None:
    found = figures(COLLECTED)
    assert found[["wape", "mape", "month_end_error", "brier_3d"]].tolist() == [0, 0, 0, 0]
    assert found[["c_index", "c_index_uno"]].tolist() == [1, 1]


def test_errors_are_of_the_curve_and_of_its_end() -> None:
    found = figures([20.0, 10, 30, 30, 24])
    assert found["wape"] == pytest.approx(16 / 110)
    assert found["mape"] == pytest.approx((1 + 0.2) / 5)
    assert found["month_end_error"] == pytest.approx(-0.2)


def test_turned_order_of_bills_is_no_concordance() -> None:
    assert figures(COLLECTED, paid=SURE[::-1])["c_index"] == 0


def test_days_beyond_the_curve_have_no_brier_score() -> None:
    assert [name for name in figures(COLLECTED).index if name.startswith("brier")] == ["brier_3d"]
