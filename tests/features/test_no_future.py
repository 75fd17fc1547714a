import pytest
from bits import differing
from hypothesis import given, settings
from later import with_other_later, without_later
from lives import AS_OFS, as_ofs, lives, seeds, tables_of
from worlds import world

from features import build, build_prepaid, features_of


def changed_by(rows, others, as_of):
    """Build both on the same features, and return the columns that differ."""
    if not others["bills"]:
        return []  # nothing is known yet, so there is nothing to score either
    store = world(**rows)
    declared = features_of(store)
    other = world(**others)
    return differing(
        build(store, as_of, features=declared), build(other, as_of, features=declared)
    ) + differing(build_prepaid(store, as_of), build_prepaid(other, as_of))


@settings(max_examples=4)
@given(lives, as_ofs)
def test_deleting_what_is_known_later_changes_no_feature(life_seeds, as_of):
    rows = tables_of(life_seeds)
    assert changed_by(rows, without_later(rows, as_of), as_of) == []


@settings(max_examples=4)
@given(lives, as_ofs, seeds)
def test_another_future_after_the_same_past_changes_no_feature(life_seeds, as_of, seed):
    rows = tables_of(life_seeds)
    assert changed_by(rows, with_other_later(rows, as_of, seed), as_of) == []


@pytest.mark.parametrize("as_of", AS_OFS[4:5])
def test_a_crowd_does_not_feel_what_comes_later(as_of):
    rows = tables_of(list(range(100, 160)))
    assert changed_by(rows, without_later(rows, as_of), as_of) == []
    assert changed_by(rows, with_other_later(rows, as_of, seed=7), as_of) == []


def test_another_past_is_noticed_by_the_same_comparison():
    rows = tables_of(list(range(20)))
    others = rows | {"contacts": rows["contacts"][::2]}
    assert "contacts_count_12m" in changed_by(rows, others, AS_OFS[-1])
