"""Each figure against a slow plain reference: one loop a row, one a pair."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss, roc_auc_score

from models.forecast.survival_metrics import brier_at, censoring, concordance, kaplan_meier

ROW = st.tuples(st.integers(0, 6), st.booleans(), st.integers(0, 4))
ROWS = st.lists(ROW, min_size=1, max_size=25)


def columns(rows):
    time, event, score = zip(*rows, strict=True)
    return np.array(time, float), np.array(event), np.array(score) / 4


def slow_survival(time, event, at, *, left=False):
    """The product over the events' days of 1 - events / at risk."""
    share = 1.0
    for day in sorted({t for t, e in zip(time, event, strict=True) if e}):
        if day < at or (day == at and not left):
            at_risk = sum(t >= day for t in time)
            share *= 1 - sum(t == day and e for t, e in zip(time, event, strict=True)) / at_risk
    return share


def slow_uncensored(time, event, at):
    """The chance of not being censored before day ``at`` is known: censoring ends a day."""
    share = 1.0
    for day in sorted({t for t, e in zip(time, event, strict=True) if not e and t < at}):
        at_risk = sum(t > day or (t == day and not e) for t, e in zip(time, event, strict=True))
        share *= 1 - sum(t == day and not e for t, e in zip(time, event, strict=True)) / at_risk
    return share


def slow_brier(time, event, p, at):
    total = 0.0
    for t, e, told in zip(time, event, p, strict=True):
        if e and t <= at:
            total += (1 - told) ** 2 / slow_uncensored(time, event, t)
        elif t > at or (t == at and not e):
            total += told**2 / slow_uncensored(time, event, at)
    return total / len(time)


def slow_concordance(time, event, score, *, uno, until):
    right = pairs = 0.0
    for i in range(len(time)):
        if not event[i] or time[i] >= until:
            continue
        weight = slow_uncensored(time, event, time[i]) ** -2 if uno else 1.0
        for j in range(len(time)):
            if time[j] > time[i] or (time[j] == time[i] and not event[j]):
                pairs += weight
                right += weight * (score[i] > score[j]) + weight * (score[i] == score[j]) / 2
    return right / pairs if pairs else math.nan


@given(ROWS, st.integers(-1, 8))
def test_kaplan_meier_agrees_with_the_product_by_hand(rows, at) -> None:
    time, event, _ = columns(rows)
    curve = kaplan_meier(time, event)
    assert curve.at([at])[0] == pytest.approx(slow_survival(time, event, at))
    assert curve.before([at])[0] == pytest.approx(slow_survival(time, event, at, left=True))


@given(ROWS, st.integers(0, 7))
def test_brier_score_agrees_with_a_loop_over_rows(rows, at) -> None:
    time, event, p = columns(rows)
    assert brier_at(time, event, p, at=at) == pytest.approx(slow_brier(time, event, p, at))


@given(ROWS, st.integers(0, 7), st.booleans())
def test_concordance_agrees_with_a_loop_over_pairs(rows, until, uno) -> None:
    time, event, score = columns(rows)
    found = concordance(
        time, event, score, weights=censoring(time, event) if uno else None, until=until
    )
    slow = slow_concordance(time, event, score, uno=uno, until=until)
    assert found == pytest.approx(slow, nan_ok=True)


def test_without_censoring_brier_is_that_of_the_outcome() -> None:
    generator = np.random.default_rng(1)
    time, p = generator.integers(0, 30, 300), generator.random(300)
    seen = np.ones(300, bool)
    plain = brier_score_loss(time <= 12, p)
    assert brier_at(time, seen, p, at=12) == pytest.approx(plain)


def test_concordance_of_paid_today_or_never_is_the_auc() -> None:
    generator = np.random.default_rng(2)
    paid, score = generator.random(400) < 0.3, generator.integers(0, 20, 400)
    time = np.where(paid, 0, 30)
    assert concordance(time, paid, score) == pytest.approx(roc_auc_score(paid, score))


def test_weights_undo_censoring_that_is_blind() -> None:
    generator = np.random.default_rng(3)
    rate = generator.choice([0.05, 0.3], 40_000)
    time = generator.geometric(rate) - 1
    gone = generator.geometric(0.1, rate.size) - 1
    seen = time <= gone
    told = 1 - (1 - rate) ** 8
    whole = brier_at(time, np.ones(rate.size, bool), told, at=7)
    censored = brier_at(np.minimum(time, gone), seen, told, at=7)
    naive = np.mean((told - (seen & (time <= 7))) ** 2)
    assert censored == pytest.approx(whole, abs=0.004)
    assert abs(naive - whole) > 0.02
