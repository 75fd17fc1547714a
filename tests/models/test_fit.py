from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from contract.errors import DataError
from models.fit import fit, split
from models.metrics import auc, ece
from models.parameters import Parameters

ONCE = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def cycles_of(count: int) -> pd.DataFrame:
    cycle = np.repeat(np.arange(24300, 24300 + count), 10)
    return pd.DataFrame({"cycle": cycle, "customer_id": np.arange(cycle.size).astype(str)})


@pytest.mark.parametrize(
    ("cycles", "train", "stop", "calibrate"),
    [(3, 1, 1, 1), (4, 2, 1, 1), (7, 5, 1, 1), (8, 4, 2, 2), (24, 20, 2, 2)],
)
def test_rows_are_cut_by_cycle_oldest_to_newest(
    cycles: int, train: int, stop: int, calibrate: int
) -> None:
    rows = cycles_of(cycles)
    masks = split(rows, Parameters())
    parts = [rows.loc[masks[name], "cycle"] for name in ("train", "stop", "calibrate")]
    assert [part.nunique() for part in parts] == [train, stop, calibrate]
    assert parts[0].max() < parts[1].min() <= parts[1].max() < parts[2].min()
    assert sum(map(len, parts)) == len(rows)


@pytest.mark.parametrize("cycles", [1, 2])
def test_without_cycles_to_cut_by_customers_are_dealt_out(cycles: int) -> None:
    rows = cycles_of(cycles).assign(customer_id=lambda r: (r.index // 2).astype(str))
    rows = pd.concat([rows] * 20, ignore_index=True)
    rows["customer_id"] += "-" + (rows.index // 20).astype(str)
    masks = split(rows, Parameters())
    assert (sum(mask.astype(int) for mask in masks.values()) == 1).all()
    owners = [set(rows.loc[mask, "customer_id"]) for mask in masks.values()]
    assert not owners[0] & owners[1]
    assert not owners[0] & owners[2]
    assert masks["train"].mean() == pytest.approx(0.7, abs=0.15)


def test_model_ranks_unseen_bills_nearly_as_well_as_the_truth(model, unseen) -> None:
    score = model.predict(unseen.matrix)
    assert auc(unseen.y, unseen.truth) - auc(unseen.y, score) < 0.03
    assert ece(unseen.y, score) < 0.05


def test_permuted_labels_give_an_auc_near_one_half(world, unseen, features, parameters) -> None:
    shuffled = np.random.default_rng(1).permutation(world.y)
    model, _ = fit(world.matrix, shuffled, features=features, parameters=parameters)
    assert auc(unseen.y, model.predict(unseen.matrix)) == pytest.approx(0.5, abs=0.1)


@ONCE
@given(row=st.integers(0, 1_499), raised=st.floats(0, 5), fallen=st.floats(0, 1))
def test_raising_a_risk_feature_never_lowers_the_score(
    model, unseen, row: int, raised: float, fallen: float
) -> None:
    before = unseen.matrix.iloc[[row]]
    riskier = before.assign(
        late_count=before["late_count"] + raised, paid_share=before["paid_share"] * fallen
    )
    assert model.margin(riskier, threads=1)[0] >= model.margin(before, threads=1)[0]


def test_same_rows_and_parameters_give_the_same_bytes(world, features, parameters, model) -> None:
    again, _ = fit(world.matrix, world.y, features=features, parameters=parameters)
    assert again.to_files() == model.to_files()
    other, _ = fit(
        world.matrix,
        world.y,
        features=features,
        parameters=parameters.model_copy(update={"seed": 1}),
    )
    assert other.core.booster_text != model.core.booster_text


def test_report_tells_rows_by_part_and_what_mattered(fitted, world) -> None:
    model, report = fitted
    assert [part.name for part in report.parts] == ["train", "stop", "calibrate"]
    assert sum(part.rows for part in report.parts) == len(world.matrix)
    assert sum(part.late for part in report.parts) == world.y.sum()
    assert report.best_iteration == 1 + int(np.argmin(report.stopping_loss))
    assert model.booster.num_trees() == report.best_iteration
    assert report.importance["feature"].tolist()[0] == "late_count"
    assert set(report.importance.columns) == {"feature", "share"}
    assert report.importance["share"].sum() == pytest.approx(1.0)


def test_calibration_cycles_do_not_reach_the_trees(world, features, parameters, model) -> None:
    newest = split(world.matrix, parameters)["calibrate"]
    turned = np.where(newest, 1 - world.y, world.y)
    again, _ = fit(world.matrix, turned, features=features, parameters=parameters)
    assert again.core.booster_text == model.core.booster_text
    assert again.card.calibration != model.card.calibration


def test_a_part_with_one_outcome_is_named(world, features, parameters) -> None:
    newest = split(world.matrix, parameters)["calibrate"]
    with pytest.raises(DataError, match=r"rows to calibrate on hold 0 late bills.*Give more"):
        fit(
            world.matrix,
            np.where(newest, 0, world.y),
            features=features,
            parameters=parameters,
        )


def test_a_model_without_directions_or_codes_can_be_fitted(world, features, parameters) -> None:
    plain = tuple(replace(f, direction=0) for f in features if not f.is_categorical)
    model, _ = fit(world.matrix, world.y, features=plain, parameters=parameters)
    assert model.card.levels == {}


@pytest.mark.parametrize("setting", [{"scale_pos_weight": 3}, {"is_unbalance": True}])
def test_class_weights_are_no_parameter(setting: dict) -> None:
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        Parameters(**setting)
