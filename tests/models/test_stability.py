"""Reasons on neighbouring days: a jump flips them, a smooth move does not."""

import numpy as np
import pandas as pd
import pytest

from models.explain import reasons
from models.stability import COLUMNS, reason_stability


@pytest.fixture(scope="module")
def told(model, unseen, features) -> pd.DataFrame:
    """Rows whose first reason is their late count."""
    given = reasons(model, unseen.matrix, features)
    led = [bool(one.risk) and one.risk[0].feature == "late_count" for one in given]
    return unseen.matrix[led].head(60)


def only(found: pd.DataFrame) -> pd.Series:
    assert list(found.columns) == list(COLUMNS)
    assert len(found) == 1
    return found.iloc[0]


def test_nothing_moved_leaves_every_reason(model, told, features) -> None:
    found = only(reason_stability(model, told, {1: told}, features))
    assert found["rows"] == 60
    assert found[["same_family", "same_feature", "still_told"]].tolist() == [1, 1, 1]
    assert found["probability_moved"] == 0


def test_a_planted_jump_of_one_day_flips_the_first_reason(model, told, features) -> None:
    forgiven = told.assign(late_count=0.0, paid_share=0.01, channel="counter")
    found = only(reason_stability(model, told, {1: forgiven}, features))
    assert found["same_family"] == 0
    assert found["probability_moved"] > 0.1


def test_half_of_the_rows_jumping_is_told_as_a_half(model, told, features) -> None:
    jumps = np.arange(len(told)) % 2 == 0
    moved = told.assign(
        late_count=told["late_count"].where(~jumps, 0.0),
        paid_share=told["paid_share"].where(~jumps, 0.01),
        channel=told["channel"].where(~jumps, "counter"),
    )
    assert only(reason_stability(model, told, {1: moved}, features))["same_family"] == 0.5


def test_a_smooth_move_flips_nothing(model, told, features) -> None:
    drifted = told.assign(paid_share=told["paid_share"] + 1e-6, noise=told["noise"] + 1e-6)
    found = only(reason_stability(model, told, {-1: drifted}, features))
    assert found["same_feature"] >= 0.95
    assert found["probability_moved"] < 0.01


def test_bills_of_one_day_only_are_not_compared(model, told, features) -> None:
    paid, new = told.iloc[:20], told.iloc[:5].assign(bill_id=[f"since {n}" for n in range(5)])
    other = pd.concat([told.iloc[20:], new]).sample(frac=1.0, random_state=3)
    found = reason_stability(model, told, {1: other, -1: told}, features)
    assert found["days"].tolist() == [-1, 1]
    assert found["rows"].tolist() == [60, 60 - len(paid)]
    assert found["same_family"].tolist() == [1, 1]


def test_a_second_place_is_still_told(model, told, features) -> None:
    later = told.assign(late_count=1.0, channel="counter", paid_share=np.nan)
    found = only(reason_stability(model, told, {1: later}, features))
    assert found["still_told"] >= found["same_family"]


def test_no_row_in_common_tells_nothing(model, told, features) -> None:
    found = only(reason_stability(model, told, {1: told.iloc[:0]}, features))
    assert found["rows"] == 0
    assert found[["same_family", "same_feature", "still_told", "probability_moved"]].isna().all()


def test_prepaid_rows_are_known_by_their_customer(model, told, features) -> None:
    one_each = told.drop(columns="bill_id").drop_duplicates("customer_id")
    assert only(reason_stability(model, one_each, {1: one_each}, features))["rows"] == len(one_each)
