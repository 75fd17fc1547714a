import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from models.cold_start import ColdStart, fit_cold_start, insufficient
from models.logistic import sigmoid


def drawn(rows: int, seed: int) -> tuple[pd.DataFrame, np.ndarray, dict[str, np.ndarray]]:
    """New customers whose lateness follows the rates of segment and grid."""
    generator = np.random.default_rng(seed)
    matrix = pd.DataFrame(
        {
            "bills_known_12m": generator.integers(0, 6, rows).astype(float),
            "smoothed_late_rate": generator.uniform(0.05, 0.5, rows),
            "smoothed_grid_rate": generator.uniform(0.05, 0.5, rows),
        }
    )
    rates = matrix[["smoothed_late_rate", "smoothed_grid_rate"]].to_numpy()
    odds = np.log(rates / (1 - rates)).mean(axis=1)
    late = (generator.random(rows) < sigmoid(1.5 * odds + 0.2)).astype(float)
    newest = np.arange(rows) >= rows // 2
    return matrix, late, {"learned": ~newest, "newest": newest}


def test_the_class_is_customers_of_fewer_than_three_known_bills() -> None:
    matrix = pd.DataFrame({"bills_known_12m": [0.0, 2.0, 3.0, np.nan]})
    assert insufficient(matrix).tolist() == [True, True, False, True]
    assert not insufficient(pd.DataFrame({"x": [1.0]})).any()


def test_the_rule_speaks_where_it_did_better_than_the_model() -> None:
    matrix, late, parts = drawn(20_000, 1)
    blind = np.full(int(parts["newest"].sum()), late.mean())
    rule, report = fit_cold_start(matrix, late, blind, parts)
    assert rule is not None
    assert report.rule_log_loss < report.model_log_loss
    assert (rule.slope, rule.intercept) == (
        pytest.approx(1.5, abs=0.15),
        pytest.approx(0.2, abs=0.15),
    )
    assert report.rows == insufficient(matrix[parts["newest"]]).sum()


def test_the_model_speaks_where_it_did_better_than_the_rule() -> None:
    matrix, late, parts = drawn(20_000, 1)
    knowing = np.clip(late[parts["newest"]], 0.1, 0.9)
    rule, report = fit_cold_start(matrix, late, knowing, parts)
    assert rule is None
    assert not report.rule_speaks
    assert report.model_log_loss < report.rule_log_loss


def test_too_few_rows_decide_nothing() -> None:
    matrix, late, parts = drawn(400, 1)
    rule, report = fit_cold_start(matrix, late, np.full(200, 0.2), parts)
    assert rule is None
    assert np.isnan(report.rule_log_loss)
    assert not report.rule_speaks


def test_an_unknown_rate_leaves_the_other_to_speak() -> None:
    rule = ColdStart(slope=1.0, intercept=0.0)
    matrix = pd.DataFrame(
        {"smoothed_late_rate": [0.2, np.nan], "smoothed_grid_rate": [np.nan, np.nan]}
    )
    assert rule.predict(matrix).tolist() == pytest.approx([0.2, 0.5])


@pytest.mark.parametrize("slope", [0.0, -1.0, float("nan"), float("inf")])
def test_a_rule_that_does_not_rise_is_refused(slope: float) -> None:
    with pytest.raises(ValidationError, match="slope"):
        ColdStart(slope=slope, intercept=0.0)
