import numpy as np
import pandas as pd
import pytest

from features.declare import Text
from models.monitoring.alarms import Alarm
from pipeline.monitor_report import Page, render_page

MONTHS = pd.DataFrame(
    {
        "month": ["2026-08-06", "2026-09-06"],
        "rows": [1234, 1250],
        "late_rate": [0.16, np.nan],
        "told": [0.15, np.nan],
        "auc": [0.8, np.nan],
        "expected_auc": [np.nan, 0.79],
        "caught": [0.5, np.nan],
        "expected_caught": [np.nan, 0.48],
        "margin": [0.03, np.nan],
        "score_psi": [0.02, 0.3],
        "worst_feature": ["kwh|ratio", "kwh_ratio"],
        "worst_psi": [0.1, 0.2],
    }
)
TREATMENTS = pd.DataFrame(
    {
        "month": ["2026-08-06"] * 2,
        "treatment": ["held_out", "reminded"],
        "rows": [40, 1194],
        "late_rate": [0.2, 0.1],
        "told": [0.2, 0.15],
    }
)
SCORE = Alarm(
    month="2026-09-06",
    kind="score",
    what="score",
    level="act",
    value=0.3,
    limit=0.25,
    cost=Text(zh="预计逾期1,000元", en="1,000 yuan expected"),
)


def page(language, alarms=(SCORE,), retrain=("score",), treatments=TREATMENTS):
    told = Page(version="7", months=MONTHS, treatments=treatments, alarms=alarms, retrain=retrain)
    return render_page(told, language)


@pytest.mark.parametrize(
    ("language", "advice", "cost", "treated"),
    [
        ("en", "breached: spread of the score. Train a challenger", "1,000 yuan", "held out"),
        ("zh", "评分分布连续两个月越限：建议训练挑战者模型", "预计逾期1,000元", "随机对照"),
    ],
)
def test_page_says_the_advice_first_and_then_why(language, advice, cost, treated):
    text = page(language)
    assert text.index(advice) < text.index(cost) < text.index(treated)
    assert "| 2026-08-06 | 1,234 | 16.0% | 15.0% | 0.800 |  | 50.0% |  | +3.0% |" in text


def test_tables_have_as_many_cells_in_every_row():
    lines = [line for line in page("en").splitlines() if line.startswith("|")]
    cells = [line.replace("\\|", "").count("|") for line in lines]
    assert set(cells) == {13, 7, 6}
    assert "kwh\\|ratio" in page("en")


def test_a_quiet_page_has_neither_alarms_nor_treatments():
    text = page("zh", alarms=(), retrain=(), treatments=pd.DataFrame())
    assert "继续使用该模型" in text
    assert "没有告警" in text
    assert "随机对照 |" not in text
