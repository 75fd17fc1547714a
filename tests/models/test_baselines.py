import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.errors import ConfigError
from features.catalogue import FEATURES, PREPAID_FEATURES
from features.compose import KEYS
from models.baselines import BASELINES, available, find_baseline, score_baseline
from models.metrics import rows_at

# bill | late_last | late 6 | late 6m | smoothed | ewma | behind | usual day | slack | open
DRAWN = """
new     |   | 0 | 0 | 0.300 | 0.00 | 0 |    |    | 900
steady  | 0 | 0 | 0 | 0.043 | 0.00 | 0 | 10 | 8  | 100
once    | 0 | 1 | 1 | 0.114 | 0.05 | 0 | 17 | 3  | 100
behind  | 1 | 1 | 1 | 0.114 | 0.30 | 1 | 29 | 1  | 50
chronic | 1 | 6 | 6 | 0.686 | 0.80 | 1 | 30 | -5 | 60
deep    | 1 | 3 | 3 | 0.600 | 0.70 | 2 | 25 | -2 | 20
twin    | 1 | 3 | 3 | 0.600 | 0.70 | 2 | 25 | -2 | 20
"""
COLUMNS = (
    "bill_id",
    "late_last",
    "late_count_6b",
    "late_count_6m",
    "smoothed_late_rate",
    "late_ewma",
    "months_behind",
    "usual_settle_day_12m",
    "slack_median_12m",
    "open_cny",
)
PREPAID = pd.DataFrame({"balance_days_left": [3.0, 20.0, None], "cuts_count_12m": [0.0, 2.0, 0.0]})
BY_ID = {baseline.id: baseline for baseline in BASELINES}
OF_BILLS = [b for b in BASELINES if b.id not in {"balance_days", "past_cuts"}]


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
        ("utility_rules", "chronic > deep=twin > behind > once > new > steady"),
        ("late_ewma", "chronic > deep=twin > behind > once > new=steady"),
        ("amount", "new > once=steady > chronic > behind > deep=twin"),
        ("smoothed_rate_amount", "new > chronic > deep=twin > once > behind > steady"),
    ],
)
def test_baseline_ranks_the_drawn_bills_with_exact_ties(baseline: str, expected: str) -> None:
    assert riskiest_first(baseline) == expected


def test_prepaid_rules_put_the_least_balance_and_the_most_cuts_first() -> None:
    assert score_baseline(BY_ID["balance_days"], PREPAID).tolist() == [-3.0, -20.0, 0.0]
    assert score_baseline(BY_ID["past_cuts"], PREPAID).tolist() == [0.0, 2.0, 0.0]


@given(
    st.lists(
        st.tuples(st.integers(0, 12), st.integers(0, 6), st.integers(0, 10**9)),
        min_size=2,
        max_size=2,
    )
)
def test_months_behind_decides_first_then_the_count_then_the_amount(bills) -> None:
    matrix = pd.DataFrame(bills, columns=["months_behind", "late_count_6b", "fen"])
    score = score_baseline(BY_ID["months_behind"], matrix.assign(open_cny=matrix["fen"] / 100))
    assert np.sign(score[0] - score[1]) == (bills[0] > bills[1]) - (bills[0] < bills[1])


def test_a_row_is_scored_alike_whatever_stands_beside_it() -> None:
    matrix = world()
    for baseline in OF_BILLS:
        whole = score_baseline(baseline, matrix)
        alone = [score_baseline(baseline, matrix.iloc[[at]])[0] for at in range(len(matrix))]
        assert whole.tolist() == alone


@pytest.mark.parametrize("baseline", OF_BILLS, ids=lambda b: b.id)
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
    built = {feature.name for feature in FEATURES + PREPAID_FEATURES} | set(KEYS)
    assert {column for baseline in BASELINES for column in baseline.columns} <= built


def test_unknown_rule_is_refused_with_those_there_are() -> None:
    assert find_baseline("amount").id == "amount"
    with pytest.raises(ConfigError, match="rule 'magic' is not known; choose one of random, last_"):
        find_baseline("magic")
