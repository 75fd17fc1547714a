"""Rows that are binned once give every fit the bytes that fresh rows would."""

import numpy as np
import pytest

from models.fit import Rows, fit, fit_rows, split
from models.parameters import Parameters

OTHERS = (
    {"num_leaves": 4, "min_data_in_leaf": 200, "learning_rate": 0.05},
    {"lambda_l2": 0.1, "feature_fraction": 1.0, "bagging_fraction": 0.6, "max_depth": 2},
    {"monotone": False},
)


@pytest.fixture
def rows(world, features, parameters) -> Rows:
    return Rows(
        matrix=world.matrix,
        late=world.y.astype(np.float64),
        masks=split(world.matrix, parameters),
        features=features,
    )


def test_rows_binned_once_fit_every_model_as_fresh_rows_do(
    rows, world, features, parameters
) -> None:
    rows.keep_bins(parameters)
    for changes in ({}, *OTHERS, {}):
        changed = parameters.model_copy(update=changes)
        model, report = fit_rows(rows, changed)
        fresh, told = fit(world.matrix, world.y, features=features, parameters=changed)
        assert model.to_files() == fresh.to_files()
        assert report.parts == told.parts


def test_other_bins_are_made_apart(rows, world, features, parameters) -> None:
    for changes in ({}, {"max_bin": 15}, {"seed": 1}, {}):
        changed = parameters.model_copy(update=changes)
        fresh, _ = fit(world.matrix, world.y, features=features, parameters=changed)
        assert fit_rows(rows, changed)[0].to_files() == fresh.to_files()


def test_rows_kept_in_bins_serve_trees_alone(rows, parameters) -> None:
    rows.keep_bins(parameters)
    with pytest.raises(ValueError, match="kept in bins alone, for trees"):
        fit_rows(rows, Parameters(kind="scorecard"))
