import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from contract.errors import DataError
from models.cold_start import ColdStart
from models.cores import Kind
from models.explain import contributions
from models.fit import fit
from models.metrics import auc
from models.predictor import Model, make_model

KINDS: tuple[Kind, ...] = ("trees", "scorecard", "blend", "rule")


@pytest.fixture(scope="module")
def models(world, features, parameters) -> dict[str, Model]:
    # The rule reads a column of its own name, which the small world lacks.
    matrix = world.matrix.assign(late_ewma=world.matrix["late_count"])
    return {
        kind: fit(
            matrix,
            world.y,
            features=features,
            parameters=parameters.model_copy(update={"kind": kind, "rule": "late_ewma"}),
        )[0]
        for kind in KINDS
    }


@pytest.fixture(scope="module")
def bills(unseen) -> pd.DataFrame:
    return unseen.matrix.assign(late_ewma=unseen.matrix["late_count"])


@pytest.mark.parametrize("kind", KINDS)
def test_files_give_back_the_same_probabilities_bit_for_bit(models, bills, kind: Kind) -> None:
    model = models[kind]
    back = Model.from_files(model.to_files())
    assert back.card.kind == kind
    assert back.predict(bills).tobytes() == model.predict(bills).tobytes()
    assert back.to_files() == model.to_files()


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_ranks_unseen_bills_and_tells_probabilities(models, bills, unseen, kind) -> None:
    p = models[kind].predict(bills)
    assert ((p > 0) & (p < 1)).all()
    assert auc(unseen.y, p) > 0.7
    assert p.mean() == pytest.approx(unseen.y.mean(), abs=0.04)


@pytest.mark.parametrize("kind", KINDS)
def test_contributions_and_base_add_up_to_the_raw_score(models, bills, kind: Kind) -> None:
    model = models[kind]
    found = contributions(model, bills)
    total = found.log_odds.sum(axis=1) + found.base
    np.testing.assert_allclose(total, model.margin(bills), atol=1e-9)
    assert found.names == model.core.features


@pytest.mark.parametrize("kind", KINDS)
def test_importance_is_shares_of_the_features_that_it_reads(models, kind: Kind) -> None:
    importance = models[kind].importance()
    assert sum(importance.values()) == pytest.approx(1.0)
    assert set(importance) == set(models[kind].core.features)
    assert min(importance.values()) >= 0


def test_a_blend_lies_between_its_parts(models, bills) -> None:
    core = models["blend"].core
    parts = np.stack([core.trees.raw(bills), core.points.raw(bills)])
    assert 0 <= core.weight <= 1
    raw = core.raw(bills)
    assert (raw >= parts.min(axis=0) - 1e-9).all()
    assert (raw <= parts.max(axis=0) + 1e-9).all()


def test_a_rule_ranks_by_its_score_and_the_others_by_expected_amount(models, bills) -> None:
    p = models["trees"].predict(bills)
    assert (models["trees"].priority(bills, p) == p * bills["open_cny"]).all()
    assert (models["rule"].priority(bills, p) == bills["late_ewma"]).all()
    assert (models["trees"].priority(bills.drop(columns="open_cny"), p) == p).all()


def test_one_digest_means_one_score(models, world, features, parameters) -> None:
    again, _ = fit(
        world.matrix, world.y, features=features, parameters=parameters, about={"as_of": "other"}
    )
    assert again.sha256 == models["trees"].sha256
    assert len({model.sha256 for model in models.values()}) == len(KINDS)


@pytest.mark.parametrize(
    ("kind", "settings", "lacks"),
    [("rule", {"rule": "late_ewma"}, "'usual'"), ("blend", {"weight": "heavy"}, "'heavy'")],
)
def test_wrong_settings_are_refused(models, kind: Kind, settings: dict, lacks: str) -> None:
    card = models[kind].card.model_copy(update={"settings": settings})
    with pytest.raises(DataError, match=f"a {kind} lacks a file or setting.*{lacks}"):
        Model.from_files(replace(models[kind], card=card).to_files())


def test_files_that_name_other_features_than_the_card_are_refused(models) -> None:
    files = models["scorecard"].to_files()
    card = json.loads(files["model.json"])
    card["features"] = [*card["features"], "balance"]
    with pytest.raises(DataError, match=r"model\.json was changed after it was written"):
        Model.from_files(files | {"model.json": json.dumps(card).encode()})


def test_insufficient_history_is_spoken_for_by_its_own_rule(models, bills) -> None:
    rule = ColdStart(slope=1.0, intercept=-1.0)
    plain = models["trees"]
    model = make_model(
        plain.core,
        target="late",
        levels=plain.core.levels,
        calibration=plain.calibration,
        cold_start=rule,
    )
    rows = bills.assign(smoothed_late_rate=0.5, smoothed_grid_rate=0.5)
    rows["bills_known_12m"] = np.where(np.arange(len(rows)) % 2 == 0, 1.0, 9.0)
    p = Model.from_files(model.to_files()).predict(rows)
    assert p[::2] == pytest.approx(1 / (1 + np.e))
    assert (p[1::2] == plain.predict(rows)[1::2]).all()
