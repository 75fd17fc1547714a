"""Training on a share of the customers: the same rows as without drawing, only fewer."""

import hashlib

import pandas as pd
import pytest

from models.snapshots import Snapshots
from models.target import known_outcomes
from pipeline.preparing import learning_from
from pipeline.training import build_past, recipe_of


@pytest.fixture(scope="module")
def drawn(town):
    snapshots = Snapshots(
        days_of_month=(6,), learn_months=3, test_months=1, customers_share=0.3, customers_seed=4
    )
    config = town.config.model_copy(update={"snapshots": snapshots})
    return config, learning_from(config, town.prepared)


def is_drawn(customer):
    return int(hashlib.md5(f"{customer}|4".encode()).hexdigest()[:8], 16) < 0.3 * 2**32  # noqa: S324


def test_rows_of_those_drawn_are_what_they_are_without_drawing(town, drawn):
    config, prepared = drawn
    whole = build_past(config, town.prepared, months=1)
    chosen = whole[whole["customer_id"].map(is_drawn)].reset_index(drop=True)
    pd.testing.assert_frame_equal(build_past(config, prepared, months=1), chosen)
    assert 0 < len(chosen) < len(whole) / 2


def test_outcomes_are_known_of_those_drawn_alone(town, drawn):
    config, prepared = drawn
    found = known_outcomes(prepared.store, prepared.as_of, config.target)
    whole = known_outcomes(town.prepared.store, prepared.as_of, config.target)
    assert 0 < len(found) < len(whole) / 2
    assert found.index.isin(whole.index).all()


def test_share_is_kept_with_the_recipe(drawn):
    config, prepared = drawn
    told = recipe_of(config, prepared).as_dict()["snapshots"]
    assert (told["customers_share"], told["customers_seed"]) == (0.3, 4)


def test_what_was_drawn_is_not_drawn_from_again(town, drawn):
    config, prepared = drawn
    assert learning_from(config, prepared) is prepared
    assert learning_from(town.config, town.prepared) is town.prepared
