import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.uplift.effect import robust_scores
from models.uplift.qini import effect_at, places, qini, qini_curve

SCORES = st.lists(st.integers(0, 5), min_size=2, max_size=30)


def radcliffe(score, late, sent):
    """Count late bills avoided among the first k, held-out bills scaled to those reminded.

    Plain and slow, after Radcliffe 2007: n_t(k) and n_c(k) are late bills in each arm.
    """
    order = np.argsort(-score, kind="stable")
    avoided = [0.0]
    for k in range(1, len(score) + 1):
        first = order[:k]
        treated, control = first[sent[first] == 1], first[sent[first] == 0]
        scale = (sent == 1).sum() / (sent == 0).sum()
        avoided.append(late[control].sum() * scale - late[treated].sum())
    return np.array(avoided)


def drawn(rows=400, seed=3):
    generator = np.random.default_rng(seed)
    sent = np.tile([0, 1], rows // 2)
    late = generator.integers(0, 2, rows)
    return generator.permutation(rows).astype(float), late, sent


def scores_of(late, sent):
    rows = pd.DataFrame({"late": late, "sent": sent, "chance": 0.5})
    return robust_scores(rows, 0.0, 0.0)


def test_curve_equals_counts_of_late_bills_in_each_arm() -> None:
    score, late, sent = drawn()
    counted = radcliffe(score, late, sent)
    place = places(score, np.zeros(len(score)))
    curve = qini_curve(scores_of(late, sent), place, np.arange(len(score)), points=401)
    # Counts are of one arm's bills, which are half of all.
    np.testing.assert_allclose(curve.avoided * len(score), 2 * counted, atol=1e-9)


def test_coefficient_is_the_area_between_curve_and_diagonal() -> None:
    score, late, sent = drawn(seed=4)
    effect, place = scores_of(late, sent), places(score, np.zeros(len(score)))
    curve = qini_curve(effect, place, np.arange(len(score)), points=401)
    area = np.trapezoid(curve.avoided - curve.random, curve.share)
    assert qini(effect, place) == pytest.approx(area)


def test_coefficient_of_one_tie_of_everybody_is_nought() -> None:
    _, late, sent = drawn()
    effect = scores_of(late, sent)
    place = places(np.zeros(len(late)), np.arange(len(late)) % 3)
    assert qini(effect, place) == pytest.approx(0, abs=1e-15)
    assert effect_at(effect, place, 0.2) == pytest.approx(effect.mean())


def test_ranking_by_the_true_effect_has_the_largest_coefficient() -> None:
    generator = np.random.default_rng(5)
    effect = -generator.random(300)
    best = qini(effect, places(-effect, np.zeros(300)))
    for _ in range(20):
        other = qini(effect, places(generator.normal(size=300), np.zeros(300)))
        assert other < best
    assert qini(effect, places(effect, np.zeros(300))) == pytest.approx(-best)


@given(SCORES)
def test_places_of_a_group_fill_it_once_whatever_the_ties(scores: list[int]) -> None:
    place = places(scores, np.zeros(len(scores)))
    for share in (0.0, 0.1, 0.37, 1.0):
        assert place.reminded(share).mean() == pytest.approx(share)
    assert place.middle.mean() == pytest.approx(0.5)


@given(SCORES, st.integers(1, 4))
def test_a_cycle_is_ranked_apart_from_the_others(scores: list[int], shift: int) -> None:
    groups = np.arange(len(scores)) % 2
    # Raising all scores of a cycle changes nobody's place: months are not ranked against months.
    raised = np.array(scores) + shift * groups
    np.testing.assert_array_equal(places(scores, groups).middle, places(raised, groups).middle)


def test_weights_count_as_rows_repeated() -> None:
    score, late, sent = drawn(rows=40)
    effect, place = scores_of(late, sent), places(score, np.zeros(40))
    weight = np.random.default_rng(1).integers(0, 3, 40)
    again = np.repeat(np.arange(40), weight)
    repeated = type(place)(first=place.first[again], last=place.last[again])
    assert qini(effect, place, weight) == pytest.approx(qini(effect[again], repeated))
    assert effect_at(effect, place, 0.3, weight) == pytest.approx(
        effect_at(effect[again], repeated, 0.3)
    )


def test_missing_score_is_refused_with_its_count() -> None:
    with pytest.raises(ValueError, match="1 of 3 scores are missing"):
        places([1.0, np.nan, 2.0], [0, 0, 0])
