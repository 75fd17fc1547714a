import sys

import numpy as np
import pytest
from experiments import draw_experiment
from lightgbm import LGBMRegressor
from pydantic import ValidationError

from contract.errors import ConfigError, DataError
from models.uplift.effect import robust_scores
from models.uplift.judging import judge_fifths, judge_rankings, split_by_time, verdict
from models.uplift.learners import (
    Uplift,
    _grow,
    cross_fit_risk,
    fit_effects,
    fit_risk,
    predict_arms,
)
from models.uplift.plots import uplift_plot

QUICK = Uplift(
    rounds=40,
    effect_rounds=40,
    effect_learning_rate=0.05,
    draws=60,
    threads=1,
    min_data_in_leaf=100,
)


@pytest.fixture(scope="module")
def half():
    """6,000 bills of which half are held out, and what a learner of the first 4,000 says."""
    rows, features, effect = draw_experiment(6_000, seed=11)
    return rows, features, effect


def judged(half, scores):
    rows, features, _ = half
    unseen = slice(4_000, None)
    newer = rows[unseen].reset_index(drop=True)
    found = robust_scores(rows, *predict_arms(features, rows, settings=QUICK))[unseen]
    return judge_rankings(found, scores, newer, settings=QUICK)


@pytest.mark.parametrize("learner", ["x", "t"])
def test_learner_finds_those_who_forget(half, learner: str) -> None:
    rows, features, effect = half
    settings = QUICK.model_copy(update={"learner": learner})
    found = fit_effects(features[:4_000], rows[:4_000], settings=settings)(features[4_000:])
    forgets = features[4_000:, 1] == 1
    assert found[forgets].mean() < found[~forgets].mean() - 0.03
    assert np.corrcoef(found, effect[4_000:])[0, 1] > 0.6


def test_learner_takes_missing_features_and_gives_the_same_twice(half) -> None:
    rows, features, _ = half
    holes = features.copy()
    holes[::5, 2] = np.nan
    one, two = (
        fit_effects(holes[:4_000], rows[:4_000], settings=QUICK)(holes[4_000:]) for _ in range(2)
    )
    np.testing.assert_array_equal(one, two)
    assert np.isfinite(one).all()


def test_predictions_of_an_arm_never_saw_the_customer(half) -> None:
    rows, features, _ = half
    before, _ = predict_arms(features, rows, settings=QUICK)
    whose = (rows["customer_id"] == rows["customer_id"][0]).to_numpy()
    other = rows.assign(late=np.where(whose, 1 - rows["late"], rows["late"]))
    after, _ = predict_arms(features, other, settings=QUICK)
    np.testing.assert_array_equal(before[whose], after[whose])
    assert (before[~whose] != after[~whose]).any()


def test_ranking_by_uplift_is_told_from_chance_when_effects_differ(half) -> None:
    rows, features, _ = half
    effects = fit_effects(features[:4_000], rows[:4_000], settings=QUICK)(features[4_000:])
    risk = fit_risk(features[:4_000], rows[:4_000], settings=QUICK)(features[4_000:])
    ranked = judged(half, {"uplift": -effects, "risk": risk})
    by_id = {one.id: one for one in ranked}
    assert by_id["uplift"].qini.low > 0
    assert by_id["uplift"].effect_at[0.3].high < by_id["random"].effect_at[0.3].value
    assert by_id["random"].qini.value == pytest.approx(0)
    assert by_id["random"].ahead_by.value == pytest.approx(by_id["uplift"].qini.value)
    assert verdict(ranked).startswith("Ranking by uplift is better than reminding at random")


def test_ranking_by_noise_is_said_to_be_no_better_than_chance(half) -> None:
    noise = np.random.default_rng(12).normal(size=2_000)
    ranked = judged(half, {"uplift": noise, "risk": -noise})
    assert "is not shown to be better than reminding at random" in verdict(ranked)


def test_ranking_equal_to_risk_is_not_said_to_be_ahead_of_it(half) -> None:
    _, _, effect = half
    ranked = judged(half, {"uplift": -effect[4_000:], "risk": -effect[4_000:]})
    assert ranked[1].ahead_by.value == 0
    assert "not shown to be better than by risk" in verdict(ranked)


def test_fifths_of_true_effects_cover_what_is_found(half) -> None:
    rows, _, effect = half
    fifths = judge_fifths(robust_scores(rows, 0.4, 0.4), effect, rows["customer_id"])
    assert [fifth.predicted for fifth in fifths] == sorted(fifth.predicted for fifth in fifths)
    assert sum(not fifth.found.excludes(fifth.predicted) for fifth in fifths) >= 4


def test_rankings_are_judged_on_newer_cycles_after_an_embargo(half) -> None:
    rows, _, _ = half
    settings = Uplift(judged_share=0.34)
    learned, newer = split_by_time(rows, settings=settings, wait_days=3)
    assert sorted(rows.loc[newer, "cycle"].unique()) == [24304, 24305]
    assert rows.loc[learned, "cycle"].max() == 24303
    # Due 20 days after the planned day, so a wait of 15 days reaches into the judged cycle.
    waiting, _ = split_by_time(rows, settings=settings, wait_days=15)
    assert rows.loc[waiting, "cycle"].max() == 24302


def test_one_cycle_is_too_few_to_learn_and_judge(half) -> None:
    rows, _, _ = half
    with pytest.raises(DataError, match="1 cycles with a hold-out are too few"):
        split_by_time(rows[rows["cycle"] == 24300], settings=Uplift(), wait_days=3)


def test_missing_library_is_named_with_the_extra(half, monkeypatch) -> None:
    rows, features, _ = half
    monkeypatch.setitem(sys.modules, "econml", None)
    with pytest.raises(ConfigError, match=r"econml: install .* duewatch\[uplift\]"):
        fit_effects(features, rows, settings=QUICK)


def test_capacity_that_is_no_share_is_refused() -> None:
    with pytest.raises(ValidationError, match="at least one share above 0, up to 1"):
        Uplift(capacities=(0.1, 1.5))


def test_picture_shows_a_curve_a_ranking_and_five_fifths(half) -> None:
    rows, _, effect = half
    ranked = judged(half, {"uplift": -effect[4_000:], "risk": effect[4_000:]})
    fifths = judge_fifths(robust_scores(rows, 0.4, 0.4), effect, rows["customer_id"])
    left, right = uplift_plot({one.id: one.curve for one in ranked}, fifths).axes
    assert left.get_legend_handles_labels()[1] == ["uplift", "risk", "random"]
    assert len(right.containers[0].lines[0].get_xdata()) == 5


def test_t_learner_is_the_difference_of_the_two_arms_models(half) -> None:
    rows, features, _ = half
    settings = QUICK.model_copy(update={"learner": "t"})
    own = fit_effects(features, rows, settings=settings)(features)
    late, sent = rows["late"].astype(float), rows["sent"]
    blind = np.column_stack([features, cross_fit_risk(features, rows, settings=settings)])
    risk = fit_risk(features, rows, settings=settings)(features)
    told = [
        LGBMRegressor(n_estimators=QUICK.rounds, **_grow(settings))
        .fit(blind[sent == arm], late[sent == arm])
        .predict(np.column_stack([features, risk]))
        for arm in (0, 1)
    ]
    np.testing.assert_allclose(own, told[1] - told[0])
