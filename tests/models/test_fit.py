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
from models.predictor import Model

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


def test_report_tells_how_every_kind_of_calibration_did(world, features, parameters) -> None:
    little = parameters.model_copy(update={"evidence_rows": 50})
    model, report = fit(world.matrix, world.y, features=features, parameters=little)
    table = report.calibrations
    assert table["kind"].tolist()[:5] == ["none", "platt", "beta", "isotonic", "venn_abers"]
    (chosen,) = table.loc[table["chosen"], "kind"]
    assert model.calibration.kind == chosen
    assert (table["rows"] == table["rows"].iloc[0]).all()


def test_too_few_rows_for_evidence_are_calibrated_by_platt(fitted) -> None:
    model, report = fitted
    assert report.calibrations.empty
    assert model.calibration.kind == "platt"


def test_segments_that_win_are_part_of_the_model(world, features, parameters) -> None:
    matrix = world.matrix.assign(
        segment=np.random.default_rng(2).choice(["residential", "commercial"], len(world.matrix))
    )
    # What sets segments apart came with the newest cycles; the trees have not seen it.
    parts = split(matrix, parameters.model_copy(update={"calibration_cycles": 3}))
    newest = parts["calibrate"]
    turned = newest & (matrix["segment"] == "commercial") & (matrix.index % 3 > 0)
    late = np.where(turned, 1, world.y)
    declared = replace(features[3], stem="segment", risk=None, relief=None)
    little = parameters.model_copy(update={"evidence_rows": 30})
    model, report = fit(
        matrix, late, features=(*features, declared), parameters=little, parts=parts
    )
    assert report.calibrations.loc[report.calibrations["chosen"], "by"].tolist() == ["segment"]
    assert model.calibration.segments is not None
    rows = matrix[newest]
    told = model.predict(rows)
    for level in ("residential", "commercial"):
        at = (rows["segment"] == level).to_numpy()
        assert told[at].mean() == pytest.approx(late[newest][at].mean(), abs=0.03)
    back = Model.from_files(model.to_files())
    assert back.predict(rows).tobytes() == told.tobytes()


def test_without_the_feature_no_segment_is_calibrated_apart(world, features, parameters) -> None:
    little = parameters.model_copy(update={"evidence_rows": 50})
    beside = world.matrix.assign(segment="commercial")
    model, _ = fit(beside, world.y, features=features, parameters=little)
    plain, _ = fit(world.matrix, world.y, features=features, parameters=little)
    assert model.to_files() == plain.to_files()


def test_permuted_labels_leave_nothing_to_find(world, unseen, features, parameters) -> None:
    shuffled = np.random.default_rng(3).permutation(world.y)
    model, _ = fit(world.matrix, shuffled, features=features, parameters=parameters)
    # 1,500 unseen bills: the standard error of an AUC of nothing is about 0.017.
    assert auc(unseen.y, model.predict(unseen.matrix)) == pytest.approx(0.5, abs=0.07)
