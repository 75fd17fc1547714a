from datetime import date

import numpy as np
import pandas as pd
import pytest
from experiments import draw_experiment
from scipy.stats import norm

from contract.errors import DataError
from models.resampling import bootstrap
from models.target import Target
from models.uplift.effect import (
    bills_needed,
    check_balance,
    check_size,
    clustered_mean,
    compare_naively,
    difference_in_means,
    robust_scores,
)
from models.uplift.holdout import Experiment
from models.uplift.learners import Uplift, predict_arms

QUICK = Uplift(rounds=60, min_data_in_leaf=50, threads=1)
NAMES = ("habit", "forgets", "noise")


def experiment(rows: pd.DataFrame) -> Experiment:
    return Experiment(
        rows=rows,
        attrition=pd.Series({"protected": 7, "kept": len(rows)}),
        crossed=0,
        late_rate=float(rows["late"].mean()),
    )


def test_clustered_interval_agrees_with_the_bootstrap_of_customers() -> None:
    rows, _, _ = draw_experiment(2_000, seed=1)
    late = rows["late"].to_numpy(float)
    found = clustered_mean(late, rows["customer_id"])

    def rate(weight: np.ndarray) -> float:
        return float((weight * late).sum() / weight.sum())

    drawn = bootstrap(rate, rows["customer_id"], draws=800, seed=2)
    assert found.value == drawn.value
    assert found.high - found.low == pytest.approx(drawn.high - drawn.low, rel=0.1)
    alone = clustered_mean(late, np.arange(2_000))
    assert found.high - found.low > 1.1 * (alone.high - alone.low)


def test_difference_in_means_of_one_cycle_is_the_textbook_one() -> None:
    rows, _, _ = draw_experiment(1_000, seed=2, cycles=1, bills_each=1)
    sent, held = (rows.loc[rows["sent"] == arm, "late"] for arm in (1, 0))
    found = difference_in_means(rows)
    assert found.value == pytest.approx(sent.mean() - held.mean())
    error = np.sqrt(sent.var(ddof=0) / len(sent) + held.var(ddof=0) / len(held))
    assert found.high - found.value == pytest.approx(norm.ppf(0.975) * error, rel=0.01)


def test_changing_share_held_out_does_not_pass_for_an_effect() -> None:
    # Nobody is helped; the second cycle is late twice as often, and most of it is held out.
    generator = np.random.default_rng(3)
    cycle = np.repeat([24300, 24301], 5_000)
    sent = generator.random(10_000) < np.where(cycle == 24300, 0.9, 0.2)
    late = generator.random(10_000) < np.where(cycle == 24300, 0.2, 0.4)
    rows = pd.DataFrame(
        {"cycle": cycle, "sent": sent.astype(int), "late": late, "customer_id": range(10_000)}
    )
    found = difference_in_means(rows)
    assert found.low < 0 < found.high
    assert late[sent].mean() - late[~sent].mean() < found.low


@pytest.mark.parametrize("held", [0.1, 0.5])
def test_both_estimates_cover_the_known_effect_in_most_experiments(held: float) -> None:
    covered = np.zeros(2)
    for seed in range(20):
        rows, features, effect = draw_experiment(1_500, seed=seed, held=held)
        scores = robust_scores(rows, *predict_arms(features, rows, settings=QUICK))
        found = (difference_in_means(rows), clustered_mean(scores, rows["customer_id"]))
        covered += [not one.excludes(effect.mean()) for one in found]
    # Of 20 intervals at 95 %, fewer than 16 cover once in 300 tries.
    assert (covered >= 16).all()


def test_adjusting_for_features_narrows_the_interval() -> None:
    rows, features, _ = draw_experiment(4_000, seed=5)
    scores = robust_scores(rows, *predict_arms(features, rows, settings=QUICK))
    adjusted, plain = clustered_mean(scores, rows["customer_id"]), difference_in_means(rows)
    assert adjusted.high - adjusted.low < 0.95 * (plain.high - plain.low)


def test_scores_stay_unbiased_when_predictions_are_nonsense() -> None:
    found = []
    for seed in range(40):
        rows, _, effect = draw_experiment(1_000, seed=seed)
        found.append(robust_scores(rows, 0.9, 0.1).mean() - effect.mean())
    assert abs(np.mean(found)) < 3 * np.std(found) / np.sqrt(len(found))


def test_bills_needed_give_the_power_that_was_asked_for() -> None:
    needed = bills_needed(0.3, 0.05, share=0.2)
    generator = np.random.default_rng(6)
    held = generator.binomial(needed, 0.30, 4_000) / needed
    sent = generator.binomial(4 * needed, 0.25, 4_000) / (4 * needed)
    error = np.sqrt(held * (1 - held) / needed + sent * (1 - sent) / (4 * needed))
    told = np.abs(sent - held) > norm.ppf(0.975) * error
    assert told.mean() == pytest.approx(0.80, abs=0.03)


def test_too_small_a_hold_out_is_refused_with_what_is_needed() -> None:
    rows, _, _ = draw_experiment(500, seed=7)
    held = int((rows["sent"] == 0).sum())
    expected = rf"{held} bills of round 1 .* about [\d,]{{4,}} are needed .*protected 7.*Hold out"
    with pytest.raises(DataError, match=expected):
        check_size(experiment(rows), smallest_effect=0.02)
    assert check_size(experiment(rows), smallest_effect=0.2) <= held


def test_no_hold_out_at_all_is_refused_the_same_way() -> None:
    rows, _, _ = draw_experiment(100, seed=8)
    with pytest.raises(DataError, match="0 bills of round 1 are held out"):
        check_size(experiment(rows[:0]), smallest_effect=0.02)


def test_hold_out_by_chance_passes_the_balance_check() -> None:
    rows, features, _ = draw_experiment(2_000, seed=9)
    features[::7, 2] = np.nan
    assert abs(check_balance(features, NAMES, rows).value) < 0.2


def test_hold_out_of_good_payers_is_refused() -> None:
    rows, features, _ = draw_experiment(2_000, seed=9)
    chooses = np.random.default_rng(1).normal(size=2_000) + features[:, 0] > 0
    picked = rows.assign(sent=chooses.astype(int))
    with pytest.raises(DataError, match=r"differ from those reminded in habit by \+"):
        check_balance(features, NAMES, picked)


def test_naive_comparison_blames_the_reminder_for_whom_it_is_sent_to() -> None:
    known = pd.DataFrame(
        {
            "due_on": pd.Timestamp("2025-01-20"),
            "cleared_on": pd.to_datetime(["2025-02-01", "2025-02-03", "2025-01-10", None]),
            "kind": ["regular", "regular", "regular", "refund"],
            "on_hold": False,
        },
        index=pd.Index(["worse", "held", "good", "refund"], name="bill_id"),
    )
    reminders = pd.DataFrame(
        {
            "bill_id": ["worse", "held"],
            "assigned": ["policy", "holdout"],
            "due_on": pd.Timestamp("2025-01-20"),
        }
    )
    found = compare_naively(known, reminders, cut=date(2025, 6, 1), target=Target())
    assert (found.contacted, found.others) == (1, 2)
    assert found.difference == 0.5
