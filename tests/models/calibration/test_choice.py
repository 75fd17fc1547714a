from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.errors import DataError
from models.calibration.choice import KINDS, Unseen, _difference, _Tried, choose_calibration
from models.calibration.curve import Calibration
from models.calibration.fitting import fit_calibration
from models.logistic import sigmoid
from models.probability import brier, calibration_line, ece, log_loss
from models.resampling import bootstrap_difference

PLAIN = {"residential": 0.0, "commercial": 0.0}


def drawn(
    *,
    bend=lambda truth: truth,
    offsets=PLAIN,
    rows: int = 12_000,
    cycles: int = 2,
    seed: int = 1,
) -> Unseen:
    """Rows whose raw log-odds are the bent true ones; a segment's offset is not in them."""
    generator = np.random.default_rng(seed)
    known = generator.normal(-1.5, 1.2, rows)
    segments = pd.Series(generator.choice(list(offsets), rows), name="segment")
    truth = known + segments.map(offsets).to_numpy()
    return Unseen(
        raw=bend(known),
        y=(generator.random(rows) < sigmoid(truth)).astype(float),
        cycle=24300 + np.arange(rows) % cycles,
        customers=pd.Series(generator.integers(0, rows // 3, rows)),
        segments=segments,
    )


def bent_back(truth: np.ndarray) -> np.ndarray:
    """Raw log-odds that a beta calibration with far parameters makes true."""
    grid = np.linspace(-15, 15, 3_001)
    return np.interp(truth, Calibration(kind="beta", beta=(2.5, 0.4, 0.5)).margin(grid), grid)


@pytest.mark.parametrize(
    ("bend", "kind"),
    [
        (lambda truth: truth, "none"),
        (lambda truth: 2 * truth + 1, "platt"),
        (bent_back, "beta"),
        (lambda truth: np.where(truth > -1.5, truth, truth - 4), "isotonic"),
    ],
)
def test_the_simplest_kind_that_undoes_the_bend_is_chosen(bend, kind: str) -> None:
    calibration, table = choose_calibration("auto", drawn(bend=bend, rows=40_000), least=200)
    assert calibration.kind == kind
    assert table.loc[table["chosen"], "kind"].tolist() == [kind]


def test_the_winner_is_fitted_again_on_all_rows() -> None:
    rows = drawn(bend=lambda truth: 2 * truth + 1)
    calibration, _ = choose_calibration("auto", rows, least=200)
    assert calibration == fit_calibration("platt", rows.raw, rows.y)


def test_a_kind_that_is_asked_for_is_taken_whatever_the_evidence() -> None:
    rows = drawn()
    for kind in KINDS:
        calibration, table = choose_calibration(kind, rows, least=200)
        assert calibration == fit_calibration(kind, rows.raw, rows.y)
        assert table["kind"].tolist() == list(KINDS)
        assert table.loc[table["chosen"], "kind"].tolist() == [kind]


def test_figures_are_those_of_the_newest_cycle_alone() -> None:
    rows = drawn(cycles=3, bend=lambda truth: 1.5 * truth)
    _, table = choose_calibration("auto", rows, least=200)
    judging = rows.cycle == 24302
    for told in table.itertuples():
        older = fit_calibration(told.kind, rows.raw[~judging], rows.y[~judging])
        y, p = rows.y[judging], older.apply(rows.raw[judging])
        assert told.rows == judging.sum()
        figures = (told.log_loss, told.brier, told.ece, told.slope, told.intercept)
        expected = (log_loss(y, p), brier(y, p), ece(y, p), *calibration_line(y, p))
        assert figures == pytest.approx(expected)
        assert told.worse == pytest.approx(told.log_loss - table["log_loss"].min())
        assert told.worse_se > 0 or told.worse == 0


def test_the_newest_outcomes_decide_and_older_ones_do_not_judge() -> None:
    rows = drawn(cycles=2)
    turned = replace(rows, y=np.where(rows.cycle == 24301, 1 - rows.y, rows.y))
    straight, table = choose_calibration("auto", rows, least=200)
    _, other = choose_calibration("auto", turned, least=200)
    assert straight.kind == "none"
    assert (other["log_loss"] > table["log_loss"] + 0.5).all()


def test_cycles_too_thin_to_judge_are_joined_with_the_one_before() -> None:
    rows = drawn(cycles=3)
    thin = replace(rows, cycle=np.where(rows.cycle == 24302, 24301, rows.cycle))
    thin.cycle[-30:] = 24302
    _, table = choose_calibration("auto", thin, least=200)
    assert table["rows"].unique().tolist() == [(thin.cycle >= 24301).sum()]


def test_a_single_cycle_is_judged_by_other_customers() -> None:
    rows = drawn(cycles=1, bend=lambda truth: 2 * truth + 1)
    calibration, table = choose_calibration("auto", rows, least=200)
    assert calibration.kind == "platt"
    assert table["rows"].iloc[0] == pytest.approx(len(rows.y) / 2, rel=0.1)


@pytest.mark.parametrize("rows", [50, 300])
def test_without_enough_rows_there_is_no_evidence_and_platt_stands(rows: int) -> None:
    calibration, table = choose_calibration("auto", drawn(rows=rows), least=200)
    assert calibration.kind == "platt"
    assert table.empty
    assert "log_loss" in table


def test_rows_of_one_outcome_are_refused() -> None:
    rows = drawn(rows=500)
    with pytest.raises(DataError, match="calibrate on more cycles"):
        choose_calibration("auto", replace(rows, y=np.zeros(500)), least=200)


def test_segments_get_offsets_when_they_win_out_of_time() -> None:
    offsets = {"residential": 0.0, "commercial": 0.8, "industrial": -0.6}
    rows = drawn(offsets=offsets, rows=30_000)
    calibration, table = choose_calibration("auto", rows, least=200)
    assert table["by"].tolist() == [""] * len(KINDS) + ["segment"]
    assert table["chosen"].tolist()[-1]
    assert calibration.segments is not None
    # They add up with the map of all rows, so differences between them are what was planted.
    own = {level: offset for level, _, offset in calibration.segments.lines}
    assert own["commercial"] - own["industrial"] == pytest.approx(1.4, abs=0.12)


def test_segments_without_a_difference_stay_together() -> None:
    calibrations = [
        choose_calibration("auto", drawn(rows=20_000, seed=seed), least=200)[0] for seed in range(8)
    ]
    assert sum(one.segments is not None for one in calibrations) <= 2


def test_an_offset_of_one_month_alone_does_not_win() -> None:
    offsets = {"residential": 0.0, "commercial": 0.8, "industrial": -0.6}
    once, later = drawn(offsets=offsets, rows=10_000), drawn(rows=10_000, seed=2)
    rows = Unseen(
        raw=np.append(once.raw, later.raw),
        y=np.append(once.y, later.y),
        cycle=np.repeat([24300, 24301], 10_000),
        customers=pd.concat([once.customers, later.customers], ignore_index=True),
        segments=pd.concat([once.segments, later.segments], ignore_index=True),
    )
    calibration, table = choose_calibration("auto", rows, least=200)
    assert "segment" in table["by"].tolist()
    assert calibration.segments is None


def test_the_standard_error_is_that_of_the_paired_bootstrap() -> None:
    rows = drawn(rows=3_000)
    one, other = (
        _Tried(
            calibration=fit_calibration("none", [], []),
            rows=rows,
            p=sigmoid(margin),
            loss=np.logaddexp(0.0, margin) - rows.y * margin,
        )
        for margin in (rows.raw, 0.9 * rows.raw)
    )
    gap, error = _difference(other, one)
    found = bootstrap_difference(
        lambda w: log_loss(rows.y, other.p, w),
        lambda w: log_loss(rows.y, one.p, w),
        rows.customers,
        draws=800,
        seed=1,
    )
    assert gap == pytest.approx(found.value)
    assert 2 * 1.96 * error == pytest.approx(found.high - found.low, rel=0.1)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 1_000))
def test_row_order_changes_no_choice(seed: int) -> None:
    rows = drawn(rows=3_000, bend=lambda truth: 1.3 * truth)
    order = np.random.default_rng(seed).permutation(3_000)
    one, table = choose_calibration("auto", rows, least=100)
    other, moved = choose_calibration("auto", rows.only(order), least=100)
    assert one.kind == other.kind
    np.testing.assert_allclose(
        table["log_loss"].to_numpy(), moved["log_loss"].to_numpy(), atol=1e-9
    )
