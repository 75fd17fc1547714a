import math
from itertools import pairwise, permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ks_2samp
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score

from models.metrics import Ranking, at_capacity, auc, evaluate, gini, ks, pr_auc, rows_at

# Few distinct scores, so that ties are the rule rather than the exception.
tied_rows = st.lists(
    st.tuples(st.integers(0, 1), st.integers(0, 4), st.integers(0, 3)), min_size=1, max_size=40
)


def columns(rows: list[tuple[int, int, int]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    y, score, weight = np.array(rows, dtype=float).T
    return y, score, weight


def drawn(seed: int = 3, rows: int = 3_000) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    p = generator.beta(1, 5, rows)
    return (generator.random(rows) < p).astype(np.int8), p


@given(tied_rows)
def test_ranking_figures_match_independent_libraries_with_ties(
    rows: list[tuple[int, int, int]],
) -> None:
    y, score, _ = columns(rows)
    if y.min() == y.max():
        assert math.isnan(auc(y, score))
        assert math.isnan(ks(y, score))
        assert math.isnan(gini(y, score))
        return
    assert auc(y, score) == pytest.approx(roc_auc_score(y, score))
    assert gini(y, score) == pytest.approx(2 * roc_auc_score(y, score) - 1)
    assert pr_auc(y, score) == pytest.approx(average_precision_score(y, score))
    with np.errstate(all="ignore"):  # of its p-value, which is not asked for
        oracle = ks_2samp(score[y == 1], score[y == 0], method="asymp")
    assert ks(y, score) == pytest.approx(oracle.statistic)


@given(tied_rows)
def test_weights_mean_the_same_as_repeated_rows(rows: list[tuple[int, int, int]]) -> None:
    y, score, weight = columns(rows)
    amount = score * 10 + 1
    again = np.repeat(np.arange(y.size), weight.astype(int))
    if again.size == 0:
        assert math.isnan(Ranking(y, score).auc(weight))
        return
    light, heavy = Ranking(y, score, amount), Ranking(y[again], score[again], amount[again])
    for figure in ("auc", "gini", "ks", "pr_auc", "late_caught", "late_amount_caught"):
        expected = getattr(heavy, figure)()
        assert getattr(light, figure)(weight) == pytest.approx(expected, nan_ok=True), figure


def test_gini_of_a_perfect_and_of_a_reversed_score() -> None:
    y = np.array([0, 0, 1, 1])
    assert (gini(y, y), gini(y, -y), gini(y, y * 0)) == (1.0, -1.0, 0.0)
    assert ks(np.repeat([0, 1], 5), np.arange(10)) == 1.0


@given(
    st.lists(st.tuples(st.integers(0, 1), st.integers(0, 2)), min_size=1, max_size=6),
    st.integers(1, 6),
)
def test_ties_at_the_cut_span_every_order_of_the_tied(
    rows: list[tuple[int, int]], capacity: int
) -> None:
    y, score = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    amount = np.arange(1.0, y.size + 1)
    k = rows_at(capacity, y.size)
    orders = [
        list(order)
        for order in permutations(range(y.size))
        if all(score[a] >= score[b] for a, b in pairwise(order))
    ]
    late, late_amount, listed = Ranking(y, score, amount).cut(capacity)
    assert listed == k
    for cut, value in ((late, y), (late_amount, y * amount)):
        caught = [value[order[:k]].sum() for order in orders]
        assert cut.worst == pytest.approx(min(caught))
        assert cut.best == pytest.approx(max(caught))
        assert cut.expected == pytest.approx(np.mean(caught))


def test_a_drawn_list_catches_what_can_be_counted() -> None:
    score = np.array([9, 8, 8, 8, 1, 0, 0, 0, 0, 0])
    late = np.array([1, 1, 0, 0, 1, 0, 0, 0, 0, 0])
    amount = np.array([10, 30, 5, 5, 60, 1, 1, 1, 1, 1])
    found = at_capacity(Ranking(late, score, amount), 0.2)
    assert found["listed"] == 2
    assert [found[f"late_caught{e}"] for e in ("_worst", "", "_best")] == pytest.approx(
        [1 / 3, 4 / 9, 2 / 3]
    )
    assert [found[f"late_amount_caught{e}"] for e in ("_worst", "", "_best")] == pytest.approx(
        [0.1, 0.2, 0.4]
    )
    assert found["precision_best"] == 1.0
    assert found["lift_worst"] == pytest.approx(0.5 / 0.3)


def test_expected_capture_agrees_between_list_and_statistic() -> None:
    y, p = drawn()
    ranking = Ranking(y, p.round(1), p * 100)
    listed = at_capacity(ranking, 0.1)
    assert ranking.late_caught(capacity=0.1) == pytest.approx(listed["late_caught"])
    assert ranking.late_amount_caught(capacity=0.1) == pytest.approx(listed["late_amount_caught"])


def test_capacity_is_a_share_or_a_number_within_the_rows() -> None:
    assert [rows_at(c, 200) for c in (0.05, 10, 0.0001, 900, 1.0, 1)] == [10, 10, 1, 200, 200, 1]


@pytest.mark.parametrize("y", [[], [0], [1], [0, 0, 0], [1, 1, 1]])
def test_one_class_gives_missing_figures_and_never_a_crash(y: list[int]) -> None:
    found = evaluate(y, np.full(len(y), 0.3), amount=np.ones(len(y)), is_probability=True)
    assert math.isnan(found["auc"])
    assert math.isnan(found["ks"])
    assert math.isnan(found["calibration_slope"])
    assert (math.isnan(found["brier"])) == (not y)


def test_figures_of_probability_only_come_when_asked_for() -> None:
    y, p = drawn()
    assert "brier" not in evaluate(y, p * 100)
    assert evaluate(y, p, is_probability=True)["brier"] == pytest.approx(brier_score_loss(y, p))
    assert not any("accuracy" in name for name in evaluate(y, p, is_probability=True))


def test_missing_scores_are_refused() -> None:
    with pytest.raises(ValueError, match="1 of 2 scores are missing"):
        auc([0, 1], [np.nan, 1.0])
