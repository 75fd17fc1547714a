from datetime import date

import numpy as np
import pandas as pd
import pytest
from declared import feature
from payers import QUICK, draw_payers

from contract.errors import DataError
from models.forecast.forecaster import (
    BOOSTER_FILE,
    CARD_FILE,
    Forecaster,
    Forecasting,
    days_to_month_end,
    train_forecaster,
)

FEATURES = (feature("prompt"), feature("noise"))
CUT = date(2026, 7, 6)
SETTINGS = Forecasting(learn_months=6, proving_months=2)
MONTHS = [date(2026, month, 6) for month in range(1, 8)]


def world(months=tuple(MONTHS), *, speed=None):
    """Looks of several months; what is known of their bills at the cut; the money that came."""
    drawn = [draw_payers(800, seed=place, as_of=month) for place, month in enumerate(months)]
    matrix = pd.concat([one.matrix for one in drawn], ignore_index=True)
    day = np.concatenate([one.day for one in drawn])
    if speed is not None:
        day = np.floor(day / speed(matrix["as_of"].dt.month.to_numpy())).astype(int)
    cleared = matrix["as_of"] + pd.to_timedelta(day, unit="D")
    cleared = cleared.where(cleared < pd.Timestamp(CUT))
    known = pd.DataFrame(
        {"due_on": matrix["due_on"].to_numpy(), "cleared_on": cleared.to_numpy()},
        index=pd.Index(matrix["bill_id"], name="bill_id"),
    )
    came = cleared.notna()
    money = pd.DataFrame(
        {
            "bill_id": matrix["bill_id"][came],
            "paid_on": cleared[came],
            "known_on": cleared[came],
            "amount_cny": matrix["open_cny"][came],
        }
    )
    return matrix, known, money


def trained(matrix, known, money, settings=SETTINGS):
    return train_forecaster(
        matrix,
        known,
        money,
        cut=CUT,
        lag_days=0,
        features=FEATURES,
        settings=settings,
        parameters=QUICK,
    )


@pytest.fixture(scope="module")
def forecaster():
    return trained(*world())


def test_files_bring_the_same_forecaster_back(forecaster) -> None:
    back = Forecaster.from_files(forecaster.to_files())
    look = draw_payers(50, seed=99).matrix
    assert (back.model.predict(look, 20) == forecaster.model.predict(look, 20)).all()
    assert back.to_files() == forecaster.to_files()


@pytest.mark.parametrize("name", [BOOSTER_FILE, CARD_FILE])
def test_changed_byte_is_refused(forecaster, name) -> None:
    files = forecaster.to_files()
    files[name] = files[name].replace(b"0.", b"1.", 1)
    with pytest.raises(DataError, match=f"{name} was changed after it was written"):
        Forecaster.from_files(files)


@pytest.mark.parametrize("name", [BOOSTER_FILE, CARD_FILE])
def test_missing_file_is_named(forecaster, name) -> None:
    files = {key: content for key, content in forecaster.to_files().items() if key != name}
    with pytest.raises(DataError, match=f"{name} is missing"):
        Forecaster.from_files(files)


def test_card_that_is_no_card_is_refused(forecaster) -> None:
    files = forecaster.to_files() | {CARD_FILE: b"[]"}
    with pytest.raises(DataError, match="cannot be read"):
        Forecaster.from_files(files)


def test_what_comes_at_or_after_the_cut_changes_nothing(forecaster) -> None:
    matrix, known, money = world()
    later = matrix["as_of"] >= pd.Timestamp(CUT)
    without = trained(matrix[~later], known[~later.to_numpy()], money)
    assert later.any()
    assert without.to_files() == forecaster.to_files()


def test_steady_months_have_hardly_a_shock_and_moody_ones_have() -> None:
    steady = trained(*world())
    moody = trained(*world(speed=lambda month: np.where(month % 2 == 0, 1.6, 1.0)))
    assert steady.shock < 0.1
    assert moody.shock > 0.15
    assert list(moody.shocks) == ["2026-05-06", "2026-06-06"]


def test_one_month_of_looks_is_refused() -> None:
    with pytest.raises(DataError, match="two are needed"):
        trained(*world(months=(MONTHS[5],)))


@pytest.mark.parametrize(("month", "days"), [(2, 23), (6, 25), (7, 26)])
def test_month_ends_on_its_last_day(month, days) -> None:
    assert days_to_month_end(date(2026, month, 6)) == days
