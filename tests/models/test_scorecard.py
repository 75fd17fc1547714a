import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contract.errors import DataError
from features.declare import Feature, Text
from models.binning import Bins, fit_bins
from models.metrics import auc, ece
from models.scorecard import FACTOR, Scorecard, fit_scorecard

ONCE = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def number(direction: int = 0) -> Feature:
    words = Text(zh="x", en="x")
    return Feature(
        stem="x",
        family="extra",
        over="row",
        sql="",
        unit="number",
        description=words,
        direction=direction,  # type: ignore[arg-type]
    )


@pytest.fixture(scope="module")
def card(world, features) -> Scorecard:
    return fit_scorecard(world.matrix, world.y, features=features)


def test_scorecard_ranks_and_tells_the_truth_on_unseen_bills(card, unseen) -> None:
    p = card.predict(unseen.matrix)
    assert auc(unseen.y, unseen.truth) - auc(unseen.y, p) < 0.02
    assert ece(unseen.y, p) < 0.04


def test_points_can_be_added_up_from_the_printed_table(card, unseen) -> None:
    table = card.points_table()
    for row in (0, 1, 2, 3):
        total = table["points"].iloc[0]
        for each in card.characteristics:
            at = each.bins.assign(unseen.matrix.iloc[[row]])[0]
            printed = table[table["feature"] == each.bins.feature].iloc[at]
            assert printed["bin"] == each.bins.labels()[at]
            total += printed["points"]
        assert card.points(unseen.matrix)[row] == pytest.approx(total, abs=1e-9)


def test_twenty_points_double_the_odds_and_600_are_fifty_to_one() -> None:
    nobody = pd.DataFrame(index=[0])
    p = [Scorecard(base=base, characteristics=()).predict(nobody)[0] for base in (600, 620)]
    odds = [(1 - each) / each for each in p]
    assert odds == pytest.approx([50, 100])
    assert pytest.approx(28.85, abs=0.01) == FACTOR


def test_table_tells_rows_late_rate_and_points_by_bin(card, world) -> None:
    table = card.points_table()
    assert list(table.columns) == ["feature", "bin", "rows", "late", "late_rate", "woe", "points"]
    assert table["feature"].iloc[0] == "(start)"
    counted = table[table["feature"] == "channel"]
    assert counted["bin"].tolist() == ["counter", "debit", "wechat", "other", "missing"]
    assert counted["rows"].sum() == len(world.matrix)
    assert counted["late"].sum() == world.y.sum()
    strongest = table[table["feature"] == table["feature"].iloc[1]]
    assert strongest["feature"].iloc[0] == "late_count"
    assert strongest["points"].iloc[:-1].is_monotonic_decreasing


def test_same_rows_give_the_same_scorecard(card, world, features) -> None:
    assert fit_scorecard(world.matrix, world.y, features=features) == card


def test_no_feature_counts_against_its_own_evidence(card) -> None:
    for each in card.characteristics:
        assert all(w * p <= 0 for w, p in zip(each.woe, each.points, strict=True))


def test_longest_scorecard_keeps_the_strongest_features(world, features) -> None:
    short = fit_scorecard(world.matrix, world.y, features=features, most=2)
    kept = [each.bins.feature for each in short.characteristics]
    assert kept == ["late_count", "paid_share"]


@ONCE
@given(row=st.integers(0, 1_499), raised=st.floats(0, 5), fallen=st.floats(0, 1))
def test_raising_a_risk_feature_never_lowers_the_scorecards_risk(
    card, unseen, row: int, raised: float, fallen: float
) -> None:
    before = unseen.matrix.iloc[[row]]
    riskier = before.assign(
        late_count=before["late_count"] + raised, paid_share=before["paid_share"] * fallen
    )
    assert card.predict(riskier)[0] >= card.predict(before)[0]


@ONCE
@given(
    rows=st.lists(
        st.tuples(st.one_of(st.none(), st.integers(-3, 9)), st.integers(0, 1)),
        min_size=1,
        max_size=60,
    ),
    direction=st.sampled_from([-1, 0, 1]),
)
def test_bins_cover_every_value_and_follow_the_direction(
    rows: list[tuple[int | None, int]], direction: int
) -> None:
    values, y = zip(*rows, strict=True)
    matrix = pd.DataFrame({"x": pd.array(values, dtype="Float64").to_numpy(float, na_value=np.nan)})
    late = np.array(y, dtype=float)
    bins = fit_bins(matrix, late, number(direction))
    at = bins.assign(matrix)
    assert bins.count == len(bins.labels()) <= 9
    assert ((at == bins.count - 1) == matrix["x"].isna()).all()
    known = pd.DataFrame({"at": at, "late": late})[at < bins.count - 1]
    rates = known.groupby("at")["late"].mean()
    assert len(rates) == bins.count - 1 or known.empty
    assert (direction * rates.diff().dropna() >= 0).all()


def test_a_step_in_the_late_rate_becomes_the_only_cut() -> None:
    x = np.arange(2_000) % 100
    late = (np.arange(2_000) // 100 % 10 < np.where(x >= 60, 5, 1)).astype(float)
    bins = fit_bins(pd.DataFrame({"x": x.astype(float)}), late, number(1))
    assert len(bins.edges) == 1
    assert bins.edges[0] == pytest.approx(60, abs=1)
    assert bins.labels() == [f"< {bins.edges[0]:g}", f">= {bins.edges[0]:g}", "missing"]


def test_rare_and_unknown_categories_share_a_bin() -> None:
    bins = Bins(feature="x", levels=("a", "b"), is_categorical=True)
    matrix = pd.DataFrame({"x": ["b", "never seen", None, "a"]})
    assert bins.assign(matrix).tolist() == [1, 2, 3, 0]


@pytest.mark.parametrize("outcome", [0, 1])
def test_one_outcome_alone_gives_no_scorecard(world, features, outcome: int) -> None:
    with pytest.raises(DataError, match="give more cycles or customers"):
        fit_scorecard(world.matrix, np.full(len(world.y), outcome), features=features)


def test_a_feature_that_is_never_there_says_nothing(world, features) -> None:
    matrix = world.matrix.assign(noise=math.nan)
    card = fit_scorecard(matrix, world.y, features=features)
    assert "noise" not in [each.bins.feature for each in card.characteristics]
