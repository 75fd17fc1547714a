import math

import numpy as np
import pytest

from models.metrics import Ranking
from models.resampling import bootstrap, bootstrap_difference, interval, rate_interval, resample


def rate(y: np.ndarray):
    return lambda weight: float((weight * y).sum() / weight.sum())


def test_interval_of_a_mean_matches_its_standard_error() -> None:
    y = (np.random.default_rng(1).random(4_000) < 0.2).astype(float)
    found = bootstrap(rate(y), np.arange(4_000), draws=800, seed=5)
    error = math.sqrt(y.mean() * (1 - y.mean()) / 4_000)
    assert found.value == y.mean()
    assert (found.high - found.low) / 2 == pytest.approx(1.96 * error, rel=0.1)


def test_clustering_widens_when_customers_repeat_themselves() -> None:
    y = np.repeat((np.random.default_rng(1).random(300) < 0.2).astype(float), 10)
    alone = bootstrap(rate(y), np.arange(3_000), draws=400, seed=5)
    clustered = bootstrap(rate(y), np.repeat(np.arange(300), 10), draws=400, seed=5)
    # Ten identical bills of a customer are one witness: the error grows by the root of ten.
    ratio = (clustered.high - clustered.low) / (alone.high - alone.low)
    assert ratio == pytest.approx(math.sqrt(10), rel=0.15)


def test_same_seed_gives_the_same_interval() -> None:
    y = np.tile([0.0, 1.0, 0.0], 50)
    first, again, other = (bootstrap(rate(y), np.arange(150), draws=50, seed=s) for s in (1, 1, 2))
    assert first == again
    assert first != other


def test_paired_difference_of_a_score_with_itself_is_nought() -> None:
    generator = np.random.default_rng(2)
    y, score = generator.integers(0, 2, 200), generator.random(200)
    ranking = Ranking(y, score)
    found = bootstrap_difference(ranking.auc, ranking.auc, np.arange(200), draws=50, seed=3)
    assert (found.value, found.low, found.high) == (0.0, 0.0, 0.0)
    assert not found.excludes(0.0)


def test_pairing_tells_apart_scores_whose_intervals_overlap() -> None:
    generator = np.random.default_rng(4)
    truth = generator.normal(size=2_000)
    y = (generator.random(2_000) < 1 / (1 + np.exp(-truth))).astype(int)
    good, worse = Ranking(y, truth), Ranking(y, truth + generator.normal(size=2_000) * 0.4)
    customers = np.arange(2_000) // 2
    alone = [bootstrap(r.auc, customers, draws=200, seed=6) for r in (good, worse)]
    gain = bootstrap_difference(good.auc, worse.auc, customers, draws=200, seed=6)
    assert alone[1].high > alone[0].low
    assert gain.excludes(0.0)


def test_one_class_gives_an_interval_of_missing_values() -> None:
    found = bootstrap(Ranking(np.zeros(5), np.arange(5.0)).auc, np.arange(5), draws=10, seed=1)
    assert all(math.isnan(value) for value in (found.value, found.low, found.high))


def test_figures_resampled_together_are_those_resampled_alone() -> None:
    generator = np.random.default_rng(7)
    y, score = generator.integers(0, 2, 300), generator.random(300)
    statistics = [Ranking(y, score).auc, Ranking(y, -score).ks, rate(y.astype(float))]
    customers = np.arange(300) // 3
    values, drawn = resample(statistics, customers, draws=40, seed=8)
    for at, statistic in enumerate(statistics):
        alone = bootstrap(statistic, customers, draws=40, seed=8)
        assert interval(values[at], drawn[:, at]) == alone
    paired = bootstrap_difference(statistics[0], statistics[1], customers, draws=40, seed=8)
    assert interval(values[0] - values[1], drawn[:, 0] - drawn[:, 1]) == paired


def test_rate_interval_agrees_with_the_bootstrap_of_customers() -> None:
    generator = np.random.default_rng(3)
    customers = generator.integers(0, 700, 5_000)
    habit = generator.beta(0.5, 2.0, 700)
    y = (generator.random(5_000) < habit[customers]).astype(float)
    drawn = bootstrap(rate(y), customers, draws=2_000, seed=5)
    told = rate_interval(y, customers)
    assert told.value == drawn.value
    assert told.low == pytest.approx(drawn.low, abs=0.002)
    assert told.high == pytest.approx(drawn.high, abs=0.002)


def test_rate_interval_of_one_customer_tells_nothing() -> None:
    told = rate_interval([1.0, 0.0], ["a", "a"])
    assert told.value == 0.5
    assert np.isnan([told.low, told.high]).all()
