import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.forecast.collection import (
    Parts,
    draw_collected,
    expected_cny,
    log_shock,
    measure_parts,
    spread_of,
)
from models.forecast.person_periods import Followed

NO_PARTS = Parts(having={"any": (0.0,)}, size=0.0)
SOME_PARTS = Parts(having={"any": (0.0, 0.1, 0.3), "shop": (0.2, 0.4, 0.4)}, size=0.5)


def bills(open_cny, customers=None) -> pd.DataFrame:
    ids = range(len(open_cny)) if customers is None else customers
    segment = [("home", "shop")[place % 2] for place in range(len(open_cny))]
    return pd.DataFrame(
        {"open_cny": open_cny, "customer_id": [str(one) for one in ids], "segment": segment}
    )


def curve(chance: float, days: int, rows: int) -> np.ndarray:
    return np.tile(1 - (1 - chance) ** np.arange(1, days + 1), (rows, 1))


def drawn(rows, paid, *, parts=NO_PARTS, shock=0.0, draws=4_000):
    return draw_collected(rows, paid, parts=parts, shock=shock, draws=draws, seed=1)


@pytest.mark.parametrize("parts", [NO_PARTS, SOME_PARTS])
@pytest.mark.parametrize("one_by_one", [20_000, 0])
def test_drawn_months_average_to_the_expected_amount(monkeypatch, parts, one_by_one) -> None:
    monkeypatch.setattr("models.forecast.collection._DRAWN_ONE_BY_ONE", one_by_one)
    amounts = np.random.default_rng(2).gamma(0.5, 100, 150)
    paid = curve(0.15, 6, 150)
    sums = drawn(bills(amounts), paid, parts=parts)
    expected = expected_cny(bills(amounts), paid, parts).sum(axis=0)
    assert sums.mean(axis=0) == pytest.approx(expected, rel=0.01)


def test_spread_of_independent_bills_is_the_binomial_one() -> None:
    amounts = np.array([500.0, 300, 200, 100, 50])
    paid = curve(0.3, 3, 5)
    found = drawn(bills(amounts), paid, draws=20_000).std(axis=0)
    assert found == pytest.approx(
        np.sqrt((amounts[:, None] ** 2 * paid * (1 - paid)).sum(axis=0)), rel=0.03
    )


def test_bills_of_one_customer_are_paid_together() -> None:
    amounts = np.full(4, 100.0)
    apart = drawn(bills(amounts), curve(0.3, 2, 4))
    together = drawn(bills(amounts, customers="aaaa"), curve(0.3, 2, 4))
    assert set(np.unique(together)) == {0.0, 400.0}
    assert together.mean() == pytest.approx(apart.mean(), rel=0.05)


def test_common_shock_widens_what_many_bills_would_average_out() -> None:
    rows, paid = bills(np.full(2_000, 10.0)), curve(0.1, 5, 2_000)
    calm = drawn(rows, paid, draws=500).std(axis=0)
    shaken = drawn(rows, paid, shock=0.3, draws=500).std(axis=0)
    assert (shaken > 4 * calm).all()


@given(st.integers(0, 3), st.floats(0, 0.5))
def test_drawn_months_rise_and_never_pass_what_is_open(seed, shock) -> None:
    amounts = np.random.default_rng(seed).gamma(0.5, 100, 30)
    sums = draw_collected(
        bills(amounts), curve(0.2, 8, 30), parts=SOME_PARTS, shock=shock, draws=50, seed=seed
    )
    assert (np.diff(sums, axis=1) >= -1e-9).all()
    assert sums.min() >= 0
    assert sums.max() <= amounts.sum() + 1e-9


def test_same_seed_draws_the_same_months() -> None:
    rows, paid = bills([5.0, 7.0, 9.0]), curve(0.2, 4, 3)
    assert (drawn(rows, paid, shock=0.2) == drawn(rows, paid, shock=0.2)).all()


def test_shock_is_the_log_of_payments_seen_over_expected() -> None:
    rows, days = 50_000, 10
    generator = np.random.default_rng(4)
    for speed in (0.8, 1.0, 1.25):
        daily = 1 - (1 - 0.1) ** speed
        day = generator.geometric(daily, rows) - 1
        paid = day < days
        seen = Followed(days=np.where(paid, day + 1, days), paid=paid)
        shock, variance = log_shock(seen, curve(0.1, days, rows))
        assert shock == pytest.approx(np.log(speed), abs=4 * np.sqrt(variance))


def test_look_without_payments_measures_no_shock() -> None:
    seen = Followed(days=np.array([5, 0]), paid=np.array([False, False]))
    assert spread_of([log_shock(seen, curve(0.1, 5, 2))]) == 0


def test_spread_leaves_out_what_chance_alone_gives() -> None:
    generator = np.random.default_rng(5)
    variance = 0.04
    shocks = generator.normal(0, np.sqrt(0.09 + variance), 5_000)
    assert spread_of([(s, variance) for s in shocks]) == pytest.approx(0.3, abs=0.02)
    assert spread_of([(0.01, variance)]) == 0


def test_parts_are_measured_on_bills_still_open() -> None:
    # a: half paid on day 1, cleared on day 2; b: a quarter paid on day 0; c: nothing, seen one day.
    got = np.array([[0, 50, 100], [25, 25, 25], [0, 0, 0]], float)
    seen = Followed(days=np.array([3, 3, 1]), paid=np.array([True, False, False]))
    parts = measure_parts(bills(np.full(3, 100.0)), seen, got)
    assert parts.having["any"] == pytest.approx((1 / 3, 1.0, 1.0))
    assert parts.size == pytest.approx((0.25 + 0.5 + 0.25 + 0.25) / 4)


def test_segment_has_its_own_share_of_parts_and_a_small_one_that_of_all() -> None:
    rows = bills(np.full(4_000, 100.0))
    got = np.where(rows["segment"] == "shop", 10.0, 0.0)[:, None]
    seen = Followed(days=np.full(4_000, 1), paid=np.zeros(4_000, bool))
    having = measure_parts(rows, seen, got).having
    assert having["shop"][0] == pytest.approx(2_100 / 2_200)
    assert having["home"][0] == pytest.approx(100 / 2_200)
    few = measure_parts(rows.head(2), Followed(days=seen.days[:2], paid=seen.paid[:2]), got[:2])
    assert few.having["shop"][0] == pytest.approx(101 / 201)


def test_unknown_segment_has_the_chance_of_all_and_the_last_day_stands_on() -> None:
    chance = SOME_PARTS.chance(pd.Series(["shop", "farm", None]), 4)
    assert chance.tolist() == [[0.2, 0.4, 0.4, 0.4], [0, 0.1, 0.3, 0.3], [0, 0.1, 0.3, 0.3]]


def test_expected_amount_is_cleared_or_part_of_the_rest() -> None:
    parts = Parts(having={"any": (0.1,)}, size=0.4)
    found = expected_cny(bills([100.0]), np.array([[0.2, 0.5]]), parts)
    assert found[0].tolist() == pytest.approx([20 + 80 * 0.04, 50 + 50 * 0.04])
