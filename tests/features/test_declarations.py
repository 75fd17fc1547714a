import re
from dataclasses import replace

import numpy as np
import pytest
from lives import AS_OFS, tables_of
from worlds import world

import features
from contract.errors import ConfigError
from features import FEATURES, PREPAID_FEATURES, Feature, Reason, Text, Window, build, features_of
from features.catalogue import EVERY
from features.compose import KEYS, compose, with_read
from models.wording import holds, quoted_units, tell

FAMILIES = sorted({feature.family for feature in EVERY})
DIRECTIONS = ("risk", "relief")


@pytest.fixture(scope="module")
def crowd():
    store = world(**tables_of(list(range(200, 280))))
    return features_of(store), build(store, AS_OFS[1:])


def test_public_names_are_given_once_and_exist():
    assert len(set(features.__all__)) == len(features.__all__)
    assert all(hasattr(features, name) for name in features.__all__)


def test_names_are_unique_and_no_keys():
    names = [feature.name for feature in EVERY]
    assert len(set(names)) == len(names)
    assert not set(names) & set(KEYS)


@pytest.mark.parametrize("feature", EVERY, ids=lambda feature: feature.name)
def test_every_wording_has_both_languages(feature):
    wordings = [feature.description, *(r.text for r in (feature.risk, feature.relief) if r)]
    for text in wordings:
        assert re.search(r"[\u4e00-\u9fff]", text.zh)
        assert re.search(r"[a-z]", text.en)
        assert not re.search(r"[\u4e00-\u9fff]", text.en)
        assert "<" not in text.zh + text.en


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("direction", DIRECTIONS)
def test_every_family_can_speak_for_and_against(family, direction):
    assert any(getattr(f, direction) for f in EVERY if f.family == family)


def test_reasons_quote_only_columns_of_the_matrix():
    quoted_units(FEATURES)
    quoted_units(PREPAID_FEATURES)


def test_constraints_and_categories_do_not_meet():
    assert not [f.name for f in FEATURES if f.is_categorical and f.direction != 0]
    assert all(f.levels for f in FEATURES if f.is_categorical)


def test_every_sentence_reads_well_on_a_crowd(crowd):
    declared, matrix = crowd
    units = quoted_units(declared)
    said = {
        (feature.name, direction): tell(
            reason, feature, matrix[holds(reason, feature, matrix)], units
        )
        for feature in declared
        for direction in DIRECTIONS
        if (reason := getattr(feature, direction))
    }
    for (name, _), texts in said.items():
        for text in texts:
            assert len(text.zh) <= 32, text.zh
            assert len(text.en) <= 80, text.en
            if not name.startswith("x_"):  # a source's own numbers may be negative
                assert not reads_badly(text.zh + text.en), (name, text)
    assert sum(map(bool, said.values())) >= 0.9 * len(said)


def reads_badly(sentence: str) -> bool:
    """A number below zero, none of something, an open place or a missing value stands in it."""
    return bool(re.search(r"(?<!\d)-[¥\d]|(?<![\d.,])0(天|期|次| day| bill)|[{}]|nan", sentence))


def test_column_name_comes_from_stem_and_window():
    assert Window(months=6).suffix == "6m"
    assert Window(bills=1).text.en == "last bill"
    late = next(f for f in FEATURES if f.stem == "late_count")
    assert late.name == "late_count_1m"


def test_a_window_is_months_or_bills():
    with pytest.raises(ConfigError, match="either months or bills"):
        Window(months=3, bills=3)


@pytest.mark.parametrize("condition", ["0", "=> 3", "in 3", "about 5"])
def test_a_condition_that_does_not_parse_is_refused(condition):
    with pytest.raises(ConfigError, match="is not understood; write a comparison"):
        Reason(text=Text(zh="", en=""), when=condition)
    with pytest.raises(ConfigError, match="is not understood; write a comparison"):
        Reason(text=Text(zh="", en=""), given=f"bills_seen {condition}")


@pytest.mark.parametrize(
    ("condition", "met"),
    [
        ("> 0", [False, False, True, False]),
        ("<= 0", [True, True, False, False]),
        ("in -1..0.5", [True, True, False, False]),
        ("== 0", [False, True, False, False]),
        ("", [True, True, True, False]),
    ],
)
def test_a_condition_is_never_met_by_a_missing_value(condition, met):
    reason = Reason(text=Text(zh="", en=""), when=condition)
    assert reason.holds(np.array([-1.0, 0.0, 2.0, np.nan])).tolist() == met


def test_a_chosen_few_give_the_same_columns_as_the_whole():
    store = world(**tables_of(list(range(200, 220))))
    whole = build(store, AS_OFS[-1])
    for names in (["amount_shock_3m"], ["smoothed_late_rate", "late_last"], ["segment"]):
        chosen = tuple(f for f in FEATURES if f.name in names)
        few = build(store, AS_OFS[-1], features=chosen)
        assert list(few.columns) == [*KEYS, *(f.name for f in chosen)]
        assert few.equals(whole[few.columns])


def test_features_that_read_each_other_in_a_circle_are_refused():
    tail = Feature(
        stem="tail",
        family="extra",
        over="row",
        sql="head + 1",
        unit="number",
        description=Text(zh="尾", en="tail"),
    )
    head = replace(tail, stem="head", sql="tail + 1")
    with pytest.raises(ConfigError, match="read each other in a circle: tail, head"):
        compose(world(**tables_of([1])), 0, AS_OFS[0], (tail, head))


def test_what_a_feature_reads_is_found_through_others():
    shock = tuple(f for f in FEATURES if f.name == "overdue_to_usual_ratio")
    read = {feature.name for feature in with_read(shock)}
    assert read == {"overdue_to_usual_ratio", "overdue_open_cny", "amount_mean_12m"}
