"""On models that LightGBM grew, contributions are those of its own pred_contrib."""

import logging

import lightgbm as lgb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.cores import Trees
from models.encoding import encode
from models.explain import contributions
from models.treeshap import Batched, Uncovered
from models.treeshap import batched as batched_module

CATEGORIES = 100


def draw_rows(rows: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Numbers, numbers with gaps, mostly zeros, few values, and 100 categories with gaps."""
    rng = np.random.default_rng(seed)
    x = np.column_stack(
        [
            rng.normal(size=(rows, 4)),
            np.where(rng.random((rows, 2)) < 0.3, np.nan, rng.normal(size=(rows, 2))),
            np.where(rng.random((rows, 2)) < 0.6, 0.0, rng.normal(size=(rows, 2))),
            rng.integers(0, 3, (rows, 2)),
            np.where(rng.random(rows) < 0.1, np.nan, rng.integers(0, CATEGORIES, rows)),
            rng.integers(0, 4, rows),
        ]
    )
    gaps = np.nan_to_num(x, nan=-1.0)
    margin = gaps[:, :9] @ rng.normal(size=9) + np.sin(gaps[:, 10]) + gaps[:, 0] * gaps[:, 6]
    return x, (margin + rng.normal(size=rows) > 0).astype(float)


def grow(x: np.ndarray, y: np.ndarray, rounds: int = 4, **parameters: object) -> lgb.Booster:
    told = {"objective": "binary", "num_threads": 1, "verbosity": -1, "min_data_in_leaf": 5}
    data = lgb.Dataset(x, y, categorical_feature=[10, 11] if x.shape[1] == 12 else [])
    return lgb.train(told | parameters, data, rounds)


def assert_exact(booster: lgb.Booster, rows: np.ndarray) -> Batched:
    batched = Batched.from_text(booster.model_to_string())
    told = booster.predict(rows, pred_contrib=True, num_threads=1)
    found = batched.contributions(rows, threads=1)
    np.testing.assert_allclose(found, told[:, :-1], rtol=1e-9, atol=1e-12)
    assert (told[:, -1] == batched.base).all()
    total = found.sum(axis=1) + batched.base
    np.testing.assert_allclose(total, booster.predict(rows, raw_score=True), rtol=1e-9, atol=1e-9)
    return batched


@settings(max_examples=25)
@given(
    seed=st.integers(0, 10**6),
    leaves=st.integers(2, 40),
    depth=st.sampled_from([-1, 2, 6]),
    missing=st.sampled_from([{}, {"zero_as_missing": True}, {"use_missing": False}]),
    more=st.sampled_from(
        [
            {},
            {"extra_trees": True},
            {"bagging_freq": 1, "bagging_fraction": 0.6},
            {"max_cat_to_onehot": 1, "min_data_per_group": 1, "cat_smooth": 0.1},
            {"boosting": "dart"},
            {"objective": "regression"},
            {"monotone_constraints": [1, -1, *[0] * 10]},
        ]
    ),
)
def test_contributions_are_those_of_pred_contrib_on_grown_trees(
    seed, leaves, depth, missing, more
) -> None:
    x, y = draw_rows(400, seed)
    booster = grow(x, y, num_leaves=leaves, max_depth=depth, seed=seed % 100, **missing, **more)
    unseen, _ = draw_rows(60, seed + 1)
    unseen[:20, 10] += CATEGORIES // 2  # codes that no tree saw
    unseen[20:30] = np.nan
    unseen[30:40] *= -1
    unseen[40:45] = np.inf
    unseen[45:50] = -np.inf
    assert_exact(booster, unseen)


@pytest.fixture(scope="module")
def grown() -> lgb.Booster:
    return grow(*draw_rows(3000, 1), num_leaves=63, rounds=12)


@settings(max_examples=10)
@given(cuts=st.lists(st.integers(0, 2600), max_size=6), threads=st.integers(1, 5))
def test_batches_and_threads_change_no_bit(grown, cuts, threads) -> None:
    batched = Batched.from_text(grown.model_to_string())
    x, _ = draw_rows(2600, 2)
    whole = batched.contributions(x, threads=1)
    parts = np.split(x, sorted(cuts))
    again = [batched.contributions(part, threads=threads) for part in parts]
    assert np.concatenate(again).tobytes() == whole.tobytes()


def test_one_row_alone_has_the_bits_of_ten_thousand(grown) -> None:
    batched = Batched.from_text(grown.model_to_string())
    x, _ = draw_rows(10_000, 3)
    whole = batched.contributions(x)
    for row in (0, 1, 1023, 1024, 4999, 9999):
        assert batched.contributions(x[row : row + 1]).tobytes() == whole[row].tobytes()


def test_layout_and_type_of_the_rows_change_nothing(grown) -> None:
    batched = Batched.from_text(grown.model_to_string())
    x = draw_rows(50, 4)[0].astype(np.float32)
    expected = batched.contributions(x.astype(np.float64))
    for rows in (x, np.asfortranarray(x), np.repeat(x, 2, axis=0)[::2]):
        before = rows.copy()
        assert batched.contributions(rows).tobytes() == expected.tobytes()
        assert np.array_equal(rows, before, equal_nan=True)


@pytest.mark.parametrize(("cells", "tables"), [(4_000, True), (400, True), (0, False)])
def test_little_room_for_tables_changes_no_number(grown, monkeypatch, cells, tables) -> None:
    x, _ = draw_rows(200, 5)
    monkeypatch.setattr(batched_module, "_CELLS", cells)
    batched = assert_exact(grown, x)
    assert batched.tables.size <= cells
    assert (batched.tables.size > 0) == tables


def test_trees_without_a_split_have_only_a_base() -> None:
    x, _ = draw_rows(200, 6)
    batched = assert_exact(grow(x, np.arange(200) % 4 == 0, rounds=2, min_data_in_leaf=150), x)
    assert (batched.contributions(x) == 0).all()


def test_no_row_gives_no_contribution(grown) -> None:
    assert Batched.from_text(grown.model_to_string()).contributions(np.empty((0, 12))).size == 0


def test_rows_of_another_width_are_refused(grown) -> None:
    with pytest.raises(ValueError, match="rows have 3 columns, the trees 12 inputs"):
        Batched.from_text(grown.model_to_string()).contributions(np.zeros((2, 3)))


@pytest.mark.parametrize(
    ("parameters", "why"),
    [
        ({"linear_tree": True}, "the leaves are linear"),
        ({"objective": "multiclass", "num_class": 3}, "the trees are of several classes"),
        (
            {"boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.5},
            "the trees are averaged",
        ),
    ],
)
def test_kinds_of_trees_that_are_not_covered_say_why(parameters, why) -> None:
    x, y = draw_rows(300, 7)
    x, y = x[:, :10], y + (x[:, 0] > 0) if "num_class" in parameters else y
    with pytest.raises(Uncovered, match=why):
        Batched.from_text(grow(x, y, **parameters).model_to_string())


def test_uncovered_trees_fall_back_and_say_so_once(unseen, model, caplog) -> None:
    averaged = model.core.booster_text.replace("label_index=0", "label_index=0\naverage_output", 1)
    core = Trees(booster_text=averaged, features=model.core.features, levels=model.core.levels)
    with caplog.at_level(logging.WARNING, logger="models.cores"):
        found, base = core.contributions(unseen.matrix, threads=1)
        core.contributions(unseen.matrix, threads=1)
    assert [record.message for record in caplog.records] == [
        "LightGBM explains this model itself, far more slowly: the trees are averaged."
    ]
    encoded = encode(unseen.matrix, core.features, core.levels)
    told = core.booster.predict(encoded, pred_contrib=True, num_threads=1)
    assert np.array_equal(np.column_stack([found, base]), told)


def test_a_model_is_explained_in_batches_and_without_a_word(unseen, model, caplog) -> None:
    found = contributions(model, unseen.matrix)
    assert model.core.batched is not None
    told = model.booster.predict(model.encode(unseen.matrix), pred_contrib=True)
    np.testing.assert_allclose(found.log_odds, told[:, :-1], rtol=1e-9, atol=1e-12)
    assert (found.base == told[:, -1]).all()
    assert not caplog.records
