import numpy as np
import pandas as pd
import pytest

from contract.errors import ConfigError
from features.catalogue import FEATURES
from features.compose import KEYS
from models.baselines import BASELINES, available, score_baseline
from models.metrics import rows_at

# bill | late_last | late 6 | late 12 | known 12 | ewma | behind | open
DRAWN = """
new     |   | 0 | 0 | 0  | 0.00 | 0 | 900
steady  | 0 | 0 | 0 | 12 | 0.00 | 0 | 100
once    | 0 | 1 | 1 | 12 | 0.05 | 0 | 100
behind  | 1 | 1 | 1 | 12 | 0.30 | 1 | 50
chronic | 1 | 6 | 9 | 12 | 0.80 | 1 | 60
deep    | 1 | 3 | 3 | 4  | 0.70 | 2 | 20
twin    | 1 | 3 | 3 | 4  | 0.70 | 2 | 20
"""
COLUMNS = (
    "bill_id",
    "late_last",
    "late_count_6b",
    "late_count_12m",
    "bills_known_12m",
    "late_ewma",
    "months_behind",
    "open_cny",
)
BY_ID = {baseline.id: baseline for baseline in BASELINES}


def world() -> pd.DataFrame:
    rows = [[cell.strip() for cell in line.split("|")] for line in DRAWN.split("\n")[1:-1]]
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    numbers = frame.columns[1:]
    frame[numbers] = frame[numbers].apply(pd.to_numeric).astype(float)
    return frame


def riskiest_first(id_: str) -> str:
    matrix = world()
    score = pd.Series(score_baseline(BY_ID[id_], matrix), index=matrix["bill_id"])
    groups = score.groupby(score).apply(lambda tied: "=".join(sorted(tied.index)))
    return " > ".join(groups.sort_index(ascending=False))


@pytest.mark.parametrize(
    ("baseline", "expected"),
    [
        ("last_late", "behind=chronic=deep=twin > new=once=steady"),
        ("late_count", "chronic > deep=twin > behind=once > new=steady"),
        ("smoothed_rate", "chronic > deep=twin > new > behind=once > steady"),
        ("months_behind", "deep=twin > chronic > behind > once > new > steady"),
        ("late_ewma", "chronic > deep=twin > behind > once > new=steady"),
        ("amount", "new > once=steady > chronic > behind > deep=twin"),
        ("smoothed_rate_amount", "new > chronic > deep=twin > once > behind > steady"),
    ],
)
def test_baseline_ranks_the_drawn_bills_with_exact_ties(baseline: str, expected: str) -> None:
    assert riskiest_first(baseline) == expected


def test_smoothed_rate_follows_the_formula_of_the_domain() -> None:
    matrix = world()
    pooled = 17 / 56
    expected = (matrix["late_count_12m"] + 2 * pooled) / (matrix["bills_known_12m"] + 2)
    assert score_baseline(BY_ID["smoothed_rate"], matrix) == pytest.approx(expected)


@pytest.mark.parametrize("baseline", BASELINES, ids=lambda b: b.id)
def test_row_order_changes_no_score_and_the_matrix_stays(baseline) -> None:
    matrix = world()
    before = matrix.copy()
    score = score_baseline(baseline, matrix)
    turned = score_baseline(baseline, matrix[::-1])[::-1]
    assert (score == turned).all()
    assert np.isfinite(score).all()
    pd.testing.assert_frame_equal(matrix, before)


def test_random_ranking_is_even_and_depends_on_the_bill_alone() -> None:
    matrix = pd.DataFrame({"bill_id": [f"b{i}" for i in range(2_000)]})
    score = score_baseline(BY_ID["random"], matrix)
    assert np.unique(score).size == 2_000
    assert score.mean() == pytest.approx(0.5, abs=0.03)
    assert score[: rows_at(0.5, 2_000)].mean() == pytest.approx(0.5, abs=0.04)


def test_missing_column_is_named_with_the_remedy() -> None:
    matrix = world().drop(columns="late_ewma")
    assert "late_ewma" not in [b.id for b in available(matrix)]
    with pytest.raises(ConfigError, match="late_ewma needs late_ewma, which the matrix lacks"):
        score_baseline(BY_ID["late_ewma"], matrix)


def test_baselines_have_unique_ids_and_both_languages() -> None:
    assert len(BY_ID) == len(BASELINES)
    assert all(b.name.zh and b.name.en for b in BASELINES)


def test_every_column_that_a_baseline_reads_is_built() -> None:
    built = {feature.name for feature in FEATURES} | set(KEYS)
    assert {column for baseline in BASELINES for column in baseline.columns} <= built
