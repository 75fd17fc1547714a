import numpy as np
import pandas as pd
import pytest

from models.acceptance import Acceptance, accept, may_replace
from models.resampling import Interval

RULE = Acceptance()


def months(model: list[int], scorecard: list[int], behind: list[int], clean: float) -> pd.DataFrame:
    """Late amount caught in percent, month by month, and the model's lead on clean histories."""
    rows = []
    for number, caught in enumerate(zip(model, scorecard, behind, strict=True)):
        for ranking, value in zip(("model", "scorecard", "months_behind"), caught, strict=True):
            auc = {"model": 0.65 + clean, "scorecard": 0.65}.get(ranking, 0.5)
            rows.append(
                {
                    "as_of": f"2026-0{number + 1}-06",
                    "ranking": ranking,
                    "late_amount_caught": value / 100,
                    "clean_auc": auc,
                }
            )
    return pd.DataFrame(rows)


@pytest.mark.parametrize(
    ("model", "scorecard", "behind", "clean", "advice"),
    [
        ([50] * 6, [40] * 6, [30] * 6, 0.02, "model"),
        ([50] * 5 + [39], [40] * 6, [30] * 6, 0.02, "model"),
        ([50] * 4 + [39] * 2, [40] * 6, [30] * 6, 0.02, "scorecard"),
        ([50] * 6, [40] * 6, [60] * 6, 0.02, "months_behind"),
        ([50] * 6, [40] * 6, [30] * 6, 0.009, "scorecard"),
        ([40] * 6, [40] * 6, [40] * 6, 0.0, "months_behind"),
    ],
    ids=["ahead", "one month behind", "two behind", "sort ahead", "clean alike", "all alike"],
)
def test_trees_have_to_beat_scorecard_and_sort(model, scorecard, behind, clean, advice) -> None:
    verdict = accept(months(model, scorecard, behind, clean), RULE)
    assert verdict.advice == advice
    assert verdict.accepted is (advice == "model")
    assert len(verdict.reasons) == 3


def test_reasons_hold_the_figures_of_each_test() -> None:
    verdict = accept(months([50] * 5 + [39], [40] * 6, [30] * 6, 0.02), RULE)
    assert verdict.reasons[0].zh.startswith("6个月中有5个月覆盖的逾期金额不低于评分卡，须有5个月")
    scorecard, behind, clean = (said.en for said in verdict.reasons)
    assert scorecard.startswith(
        "late amount caught at least as much as the scorecard in 5 of 6 months"
    )
    assert scorecard.endswith(", 5 needed (mean 48.2% against 40.0%)")
    assert behind.startswith(
        "late amount caught at least as much as the months-behind sort in 6 of 6 months"
    )
    assert clean == "AUC on clean histories 0.670 against the scorecard's 0.650, +0.010 needed"


@pytest.mark.parametrize(
    ("low", "value", "high", "accepted"),
    [
        (0.01, 0.02, 0.03, True),
        (-0.005, 0.0, 0.005, True),
        (-0.02, 0.01, 0.04, False),
        (-0.04, -0.03, -0.02, False),
        (np.nan, np.nan, np.nan, False),
    ],
)
def test_a_challenger_replaces_the_champion_within_the_margin(low, value, high, accepted) -> None:
    verdict = may_replace(Interval(value=value, low=low, high=high, level=0.95), RULE)
    assert verdict.accepted is accepted
    assert verdict.advice == ("challenger" if accepted else "champion")
