import numpy as np
import pytest
from declared import feature
from payers import DUE_IN, QUICK, draw_payers, true_hazard
from pydantic import ValidationError

from contract.errors import DataError
from models.forecast.hazard import Hazard, _spell_rows, fit_hazard
from models.forecast.person_periods import DAY_INPUTS, Followed

FEATURES = (feature("prompt"), feature("noise"))
NAMES = [f.name for f in FEATURES]
DAILY = Hazard()
MERGED = Hazard(edges=(-3, 0, 1, 8))


def fitted(payers, days=60, settings=DAILY, parameters=QUICK):
    return fit_hazard(
        payers.matrix,
        payers.seen(days),
        features=FEATURES,
        settings=settings,
        parameters=parameters,
        rounds=parameters.rounds,
    )


@pytest.fixture(scope="module")
def past():
    return draw_payers(4_000, seed=1)


@pytest.fixture(scope="module")
def model(past):
    return fitted(past)


def test_curves_come_near_the_hazard_that_drew_the_bills(model) -> None:
    unseen = draw_payers(500, seed=2)
    assert np.abs(model.predict(unseen.matrix, 30) - unseen.truth(30)).mean() < 0.015


def test_curve_rises_from_the_first_day_within_bounds(model) -> None:
    paid = model.predict(draw_payers(50, seed=3).matrix, 80)
    assert (np.diff(paid, axis=1) >= 0).all()
    assert paid.min() > 0
    assert paid.max() < 1


def test_bills_cut_off_early_give_the_same_curve_and_unpaid_labels_do_not(past) -> None:
    """Half of the bills were looked at four days before the cut: what they say is censored."""
    young = np.arange(len(past.matrix)) % 2 == 0
    long, short = past.seen(60), past.seen(4)
    seen = Followed(
        days=np.where(young, short.days, long.days), paid=np.where(young, short.paid, long.paid)
    )
    unseen = draw_payers(500, seed=2)
    settings = {"settings": DAILY, "parameters": QUICK, "rounds": QUICK.rounds}
    censored = fit_hazard(past.matrix, seen, features=FEATURES, **settings)
    as_unpaid = Followed(days=np.where(seen.paid, seen.days, 60), paid=seen.paid)
    mistaken = fit_hazard(past.matrix, as_unpaid, features=FEATURES, **settings)
    truth = unseen.truth(30)
    assert np.abs(censored.predict(unseen.matrix, 30) - truth).mean() < 0.02
    assert np.abs(mistaken.predict(unseen.matrix, 30) - truth).mean() > 0.1


def test_prediction_multiplies_the_daily_chances_of_its_trees(model) -> None:
    row = draw_payers(1, seed=4).matrix
    stays, expected = 1.0, []
    for day in range(20):
        at = row["as_of"].iloc[0].toordinal() + day
        inputs = [
            row["prompt"].iloc[0],
            row["noise"].iloc[0],
            day,
            at - row["due_on"].iloc[0].toordinal(),
            at - row["issued_on"].iloc[0].toordinal(),
            (at - 1) % 7 + 1,
            (row["as_of"].iloc[0] + np.timedelta64(day, "D")).day,
        ]
        stays *= 1 - model.booster.predict(np.array([inputs], np.float32))[0]
        expected.append(1 - stays)
    assert model.predict(row, 20)[0] == pytest.approx(expected, rel=1e-9)


def test_learned_rows_stand_for_each_open_day_once() -> None:
    payers = draw_payers(60, seed=5)
    seen = payers.seen(25)
    levels: dict[str, tuple[str, ...]] = {}
    made = _spell_rows(payers.matrix, seen, NAMES, levels, MERGED, 0)
    assert made.weight.sum() == seen.days.sum()
    assert made.paid.sum() == seen.paid.sum()
    assert (made.weight[made.paid == 1] == 1).all()
    # By days past due at the start of a spell, as one loop over bills and days would count it.
    begins = made.inputs[:, len(NAMES) + DAY_INPUTS.index("day_past_due")]
    for first, last in ((-DUE_IN, -4), (-3, -1), (0, 0), (1, 7), (8, 99)):
        days = [
            (day, paid and day == count - 1)
            for count, paid in zip(seen.days, seen.paid, strict=True)
            for day in range(count)
            if first <= day - DUE_IN <= last
        ]
        own = (begins >= first) & (begins <= last)
        assert made.weight[own].sum() == len(days)
        assert made.paid[own].sum() == sum(paid for _, paid in days)


def test_thinning_keeps_payments_and_the_weight_of_days(past) -> None:
    seen = past.seen(60)
    thin = Hazard(most_rows=2 * int(seen.paid.sum()))
    whole = _spell_rows(past.matrix, seen, NAMES, {}, DAILY, 0)
    made = _spell_rows(past.matrix, seen, NAMES, {}, thin, 0)
    assert len(made.paid) < 0.5 * len(whole.paid)
    assert made.paid.sum() == seen.paid.sum()
    assert made.weight.sum() == pytest.approx(whole.weight.sum(), rel=0.03)


def test_above_the_limit_whole_bills_are_left_out(past) -> None:
    made = _spell_rows(past.matrix, past.seen(60), NAMES, {}, Hazard(most_rows=1_000), 0)
    assert len(made.paid) <= 1_100
    assert 400 <= made.paid.sum() <= 500


def test_merged_days_share_one_hazard_and_keep_the_total(past) -> None:
    unseen = draw_payers(300, seed=6)
    paid = fitted(past, settings=MERGED).predict(unseen.matrix, 30)
    daily = np.diff(np.log1p(-paid), axis=1)
    assert daily[:, 0] == pytest.approx(daily[:, 4])  # days 1 to 6 lie before the first edge
    assert paid[:, -1].mean() == pytest.approx(unseen.truth(30)[:, -1].mean(), abs=0.02)


def test_same_rows_and_seed_give_the_same_trees(past, model) -> None:
    assert fitted(past).booster_text == model.booster_text


def test_order_of_bills_changes_no_curve(model) -> None:
    matrix = draw_payers(40, seed=7).matrix
    turned = matrix.iloc[::-1]
    assert (model.predict(turned, 20)[::-1] == model.predict(matrix, 20)).all()


def test_past_without_a_payment_is_refused() -> None:
    payers = draw_payers(20, seed=8)
    nothing = Followed(days=np.full(20, 5), paid=np.zeros(20, bool))
    with pytest.raises(DataError, match="none of 20 looks at open bills saw a payment"):
        fit_hazard(
            payers.matrix,
            nothing,
            features=FEATURES,
            settings=DAILY,
            parameters=QUICK,
            rounds=5,
        )


def test_edges_that_do_not_ascend_are_refused() -> None:
    with pytest.raises(ValidationError, match="ascending, none twice"):
        Hazard(edges=(0, 7, 7))


def test_drawn_truth_is_a_hazard() -> None:
    assert true_hazard(np.array([True]), np.array([3])).tolist() == [0.2]
