import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from features.declare import Text
from models.metrics import Ranking
from models.monitoring.alarms import (
    Alarm,
    Monitoring,
    Proven,
    recommend_retraining,
    ring_calibration,
    ring_caught,
)
from models.monitoring.performance import by_treatment, correct, estimate, realise
from models.monitoring.tally import TREATMENTS, Scored, Tally, learn_scale
from models.probability import ece
from models.resampling import bootstrap, rate_interval

CAPACITY = 0.05
NOTHING = Text(zh="", en="")


def world(seed, rows=6_000, *, told_odds=0.0):
    """Bills drawn from calibrated probabilities; ``told_odds`` moves what is told off them."""
    rng = np.random.default_rng(seed)
    odds = rng.normal(-2.0, 1.2, rows)
    p, told = (1 / (1 + np.exp(-odds - add)) for add in (0.0, told_odds))
    amount = rng.lognormal(4, 1, rows).round(2)
    return Scored(
        customer=np.array([f"c{n // 2}" for n in range(rows)]),
        p=told,
        order=told * amount,
        rule=amount.round(-1),
        amount=amount,
        clean=rng.random(rows) < 0.5,
        late=(rng.random(rows) < p).astype(float),
        treatment=np.tile(TREATMENTS, rows // 3 + 1)[:rows],
        open=0,
    )


def only(rows, at):
    columns = {name: value for name, value in vars(rows).items() if name != "open"}
    cut = {name: None if value is None else value[at] for name, value in columns.items()}
    return Scored(**cut, open=0)


def tally_of(rows, parts=1):
    tally = Tally(learn_scale(rows.p, rows.order, rows.rule))
    for at in np.array_split(np.arange(rows.p.size), parts):
        tally.add(only(rows, at))
    return tally


def judge(rows):
    return realise(tally_of(rows), capacity=CAPACITY)


def test_estimate_is_near_what_comes_true_where_calibrated():
    gaps = []
    for seed in range(8):
        rows = world(seed)
        told, true = estimate(tally_of(rows), capacity=CAPACITY), judge(rows)
        gaps.append(
            (
                told["expected_late_rate"] - true["late_rate"],
                told["expected_auc"] - true["auc"],
                told["expected_caught"] - true["caught"],
            )
        )
    assert np.abs(np.mean(gaps, axis=0)) == pytest.approx(0, abs=0.015)
    assert np.abs(gaps).max() < 0.12


def test_estimated_auc_is_the_mean_over_drawn_labels():
    rows = world(3, rows=400)
    rng = np.random.default_rng(5)
    drawn = [roc_auc_score(rng.random(400) < rows.p, rows.p) for _ in range(400)]
    told = estimate(tally_of(rows), capacity=CAPACITY)["expected_auc"]
    assert told == pytest.approx(np.mean(drawn), abs=0.01)


@pytest.mark.parametrize("rows", [900, 20_000])
def test_figures_of_sums_are_those_of_the_rows(rows):
    drawn = world(4, rows=rows)
    found = judge(drawn)
    listed = Ranking(drawn.late, drawn.order, drawn.amount)
    near = pytest.approx if rows < 8_000 else lambda figure: pytest.approx(figure, abs=2e-4)
    assert found["auc"] == near(roc_auc_score(drawn.late, drawn.p))
    clean = drawn.clean
    assert found["clean_auc"] == near(roc_auc_score(drawn.late[clean], drawn.p[clean]))
    assert found["caught"] == near(listed.late_amount_caught(capacity=CAPACITY))
    rule = Ranking(drawn.late, drawn.rule, drawn.amount).late_amount_caught(capacity=CAPACITY)
    assert found["margin"] == near(found["caught"] - rule)
    assert found["margin_low"] < found["margin"] < found["margin_high"]
    assert found["ece"] == near(ece(drawn.late, drawn.p))
    assert found["late_cny"] == pytest.approx(listed.late_amount_total)
    assert found["told"] == pytest.approx(drawn.p.mean())


def test_intervals_of_groups_are_near_those_of_customers():
    ratios = []
    for seed in range(5):
        rows = world(seed)
        found = judge(rows)
        rate = rate_interval(rows.late, rows.customer)
        listed = Ranking(rows.late, rows.order, rows.amount)
        caught = bootstrap(
            lambda weight, listed=listed: listed.late_amount_caught(weight, capacity=CAPACITY),
            rows.customer,
            draws=100,
            seed=1,
        )
        ratios.append(
            (
                (found["late_high"] - found["late_low"]) / (rate.high - rate.low),
                (found["caught_high"] - found["caught_low"]) / (caught.high - caught.low),
            )
        )
    assert np.mean(ratios, axis=0) == pytest.approx([1, 1], abs=0.12)


def test_tallies_of_buckets_add_up_to_the_whole():
    rows = world(5, rows=2_000)
    rows.late[::7] = np.nan
    whole, parts = tally_of(rows), tally_of(rows, parts=7)
    for name, sums in vars(whole).items():
        if name != "_scale":
            assert np.allclose(sums, getattr(parts, name))
    assert whole.known_by_p[:, 0].sum() == np.isfinite(rows.late).sum()


def test_treatments_are_told_apart_and_add_up():
    rows = world(6, rows=900)
    found = by_treatment(tally_of(rows)).set_index("treatment")
    assert found["rows"].to_dict() == dict.fromkeys(TREATMENTS, 300)
    assert found["late_rate"].mean() == pytest.approx(rows.late.mean())
    held = rows.treatment == "held_out"
    assert found.loc["held_out", "told"] == pytest.approx(rows.p[held].mean())


def test_estimates_lose_the_mean_error_of_earlier_months():
    months = pd.DataFrame(
        {
            "expected_auc": [0.9, 0.8, 0.8, 0.7],
            "auc": [0.8, 0.8, 0.7, np.nan],
            "expected_caught": [0.7, 0.7, 0.6, 0.7],
            "caught": [0.5, 0.6, np.nan, np.nan],
        }
    )
    found = correct(months)
    assert found["expected_auc"].tolist() == pytest.approx(
        [np.nan, np.nan, 0.75, 0.7 - 0.2 / 3], nan_ok=True
    )
    assert found["expected_caught"].tolist() == pytest.approx(
        [np.nan, np.nan, 0.45, 0.55], nan_ok=True
    )
    assert np.isnan(correct(months.iloc[[3]])["expected_auc"]).all()


def test_a_month_without_rows_or_labels_has_no_figures():
    empty = only(world(1), np.array([], dtype=int))
    told = estimate(tally_of(empty), capacity=CAPACITY)
    assert told.pop("expected_cny") == 0
    assert np.isnan(list(told.values())).all()
    assert by_treatment(tally_of(empty)).empty


def test_calibration_rings_when_told_is_off_and_not_when_right():
    quiet = loud = 0
    for seed in range(10):
        right, wrong = world(seed, rows=3_000), world(seed, rows=3_000, told_odds=0.7)
        quiet += not ring_calibration("2026-01-06", judge(right), 0.3)
        loud += bool(ring_calibration("2026-01-06", judge(wrong), 0.3))
    assert (quiet, loud) == (10, 10)


def test_a_wrong_level_is_told_in_bills_yuan_and_by_treatment():
    rows = world(3, rows=3_000, told_odds=0.9)
    tally = tally_of(rows)
    figures = realise(tally, capacity=CAPACITY)
    apart = by_treatment(tally).to_dict("records")
    (alarm,) = ring_calibration("2026-01-06", figures, 0.3, treatments=apart)
    bills = rows.p.sum() - rows.late.sum()
    yuan = (rows.p * rows.amount).sum(), (rows.late * rows.amount).sum()
    held = rows.treatment == "held_out"
    for told in (
        f"{bills:,.0f} more late told than there were, of 3,000",
        f"{yuan[0]:,.0f} yuan told, {yuan[1]:,.0f} late",
        f"held out told {rows.p[held].mean():.1%}, late {rows.late[held].mean():.1%}",
    ):
        assert told in alarm.cost.en
    assert f"预测逾期比实际多{bills:,.0f}笔" in alarm.cost.zh


@pytest.mark.parametrize(
    ("setting", "learn_months", "limit"),
    [(None, 12, 0.25), (None, 24, 0.2), (None, 36, 0.2), (0.4, 24, 0.4)],
)
def test_a_level_learned_from_each_season_twice_is_held_closer(setting, learn_months, limit):
    assert Monitoring(calibration=setting).limit_of_calibration(learn_months) == limit


def test_customers_without_bills_cost_no_yuan():
    rows = world(3, rows=3_000, told_odds=0.9)
    customers = Scored(**{**vars(rows), "amount": None, "order": rows.p})
    figures = judge(customers)
    (alarm,) = ring_calibration("2026-01-06", figures, 0.3)
    (lost,) = ring_caught(
        "2026-01-06", figures, Proven(rule="late_ewma", margin=0.9, months=3), Monitoring()
    )
    assert "yuan" not in alarm.cost.en + lost.cost.en
    assert figures["caught"] == pytest.approx(
        Ranking(rows.late, rows.p).late_caught(capacity=CAPACITY)
    )


def test_a_list_that_lost_its_order_costs_late_amount():
    figures = judge(world(8, rows=2_000))

    def ring(lost, months=3, reaches=()):
        proven = Proven(rule="late_ewma", margin=figures["margin"] + lost, months=months)
        return ring_caught("2026-01-06", figures, proven, Monitoring(), reaches=reaches)

    assert ring(0.02) == ring(np.nan) == ()
    (alarm,) = ring(0.3)
    assert alarm.cost.en.startswith("30.0 points of what is late lost against the rule, ")
    reach = (figures["margin_high"] - figures["margin_low"]) / 2
    assert reach > 0.05
    assert ring(1.2 * reach, months=1) == ()
    assert ring(1.2 * reach, months=100)
    assert ring(1.2 * reach, months=100, reaches=(0.1 * reach, 3 * reach))
    assert ring(1.2 * reach, months=100, reaches=(2 * reach, 3 * reach)) == ()


def alarm(month, kind="caught", level="act"):
    return Alarm(month=month, kind=kind, what=kind, level=level, value=1.0, limit=0.5, cost=NOTHING)


def test_two_breaches_of_one_kind_in_a_row_recommend_retraining():
    months = ["2026-01-06", "2026-02-06", "2026-03-06"]
    first, second, third = months
    assert recommend_retraining(months, [alarm(first), alarm(second)]) == ("caught",)
    assert recommend_retraining(months, [alarm(first), alarm(third)]) == ()
    assert recommend_retraining(months, [alarm(first), alarm(second, "score")]) == ()
    assert recommend_retraining(months, [alarm(first), alarm(second, level="watch")]) == ()
    assert recommend_retraining(months, []) == ()
