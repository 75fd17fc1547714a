import math
from datetime import date

import pytest
from feature_reference import reference_matrix, reference_prepaid
from hypothesis import given, settings
from lives import AS_OFS, as_ofs, lives, tables_of
from worlds import world

from features import PREPAID_FEATURES, build, build_prepaid, features_of
from features.compose import KEYS


def as_read(value):
    """A value of the matrix as the reference writes it: None for missing, a number or text."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    return value


def differences(rows: dict[str, list[dict]], as_of: date) -> list[str]:
    store = world(**rows)
    matrix = build(store, as_of)
    expected = reference_matrix(rows, as_of)
    found = {(row["customer_id"], row["bill_id"]): row for row in matrix.to_dict("records")}
    if found.keys() != expected.keys():
        return [f"rows {sorted(found.keys() ^ expected.keys())}"]
    names = [feature.name for feature in features_of(store)]
    return [
        f"{key} {name}: {as_read(found[key][name])} is not {values[name]}"
        for key, values in expected.items()
        for name in names
        if as_read(found[key][name]) != values[name]
    ]


def prepaid_differences(rows: dict[str, list[dict]], as_of: date) -> list[str]:
    matrix = build_prepaid(world(**rows), as_of)
    expected = reference_prepaid(rows, as_of)
    assert matrix["customer_id"].tolist() == sorted(expected)
    return [
        f"{row['customer_id']} {feature.name}: {row[feature.name]}"
        for row in matrix.to_dict("records")
        for feature in PREPAID_FEATURES
        if as_read(row[feature.name]) != expected[row["customer_id"]][feature.name]
    ]


@settings(max_examples=8)
@given(lives, as_ofs)
def test_every_feature_equals_the_slow_reference_exactly(life_seeds, as_of):
    assert differences(tables_of(life_seeds), as_of) == []


@pytest.mark.parametrize("as_of", AS_OFS)
def test_a_crowd_of_lives_agrees_at_each_kind_of_day(as_of):
    assert differences(tables_of(list(range(60))), as_of) == []


def test_reference_covers_the_whole_matrix():
    rows = tables_of([1, 2, 3])
    store = world(**rows)
    values = next(iter(reference_matrix(rows, AS_OFS[-1]).values()))
    columns = {feature.name for feature in features_of(store)}
    assert set(values) == columns
    assert not columns & set(KEYS)


@pytest.mark.parametrize("as_of", AS_OFS[1::2])
def test_prepaid_customers_agree_with_the_reference(as_of):
    assert prepaid_differences(tables_of(list(range(80))), as_of) == []


def test_prepaid_crowd_is_not_empty():
    assert len(reference_prepaid(tables_of(list(range(80))), AS_OFS[3])) > 5
