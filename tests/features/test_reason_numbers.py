"""Every number that a reason tells is the one that the customer's own rows give, by hand."""

import pandas as pd
import pytest
from feature_reference import reference_matrix
from lives import AS_OFS, tables_of
from worlds import world

from features import build, features_of
from models.wording import holds, quoted_units, tell

ROWS = tables_of(list(range(60)))


@pytest.fixture(scope="module", params=[AS_OFS[1], AS_OFS[-1]], ids=str)
def both(request):
    """The features, the engine's matrix, and the same columns reckoned from the raw rows."""
    store = world(**ROWS)
    matrix = build(store, request.param)
    reckoned = reference_matrix(ROWS, request.param)
    keys = zip(matrix["customer_id"], matrix["bill_id"], strict=True)
    by_hand = pd.DataFrame([reckoned[key] for key in keys]).assign(open_cny=matrix["open_cny"])
    return features_of(store), matrix, by_hand


@pytest.mark.parametrize("direction", ["risk", "relief"])
def test_every_sentence_tells_the_numbers_of_the_customers_own_rows(both, direction):
    features, matrix, by_hand = both
    units, told = quoted_units(features), 0
    for feature in features:
        reason = getattr(feature, direction)
        if reason is None:
            continue
        said = holds(reason, feature, matrix)
        sentences = tell(reason, feature, matrix[said], units)
        assert sentences == tell(reason, feature, by_hand[said], units), feature.name
        told += len(sentences)
    assert told > 100


@pytest.mark.parametrize("direction", ["risk", "relief"])
def test_both_languages_of_a_reason_tell_the_same_numbers(both, direction):
    features, _, _ = both
    for feature in features:
        if reason := getattr(feature, direction):
            for text in filter(None, (reason.text, reason.at_zero)):
                zh, en = (sorted(set(_quoted(wording))) for wording in (text.zh, text.en))
                assert zh == en, feature.name


def _quoted(text):
    return [part.split("}")[0] for part in text.split("{")[1:]]
