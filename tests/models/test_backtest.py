"""Origins train by the function they are given, at the right days, and are summed up honestly."""

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from contract.errors import DataError
from features.declare import Text
from models.backtest import Backtest
from models.judging import MODEL, SCORECARD, Ranked, clean_history
from models.metrics import auc
from models.origins import Day, Fold, Judges, run_fold, run_origins
from models.slices import slices
from models.snapshots import Snapshots
from models.target import Labelled, Target
from models.train import Recipe, train

SNAPSHOTS = Snapshots(days_of_month=(6, 16), learn_months=6, test_months=2, origins=2)
CUT = date(2026, 10, 6)
BILLS_A_MONTH = 400


@pytest.fixture(scope="module")
def recipe(features, parameters) -> Recipe:
    return Recipe(target=Target(), features=features, snapshots=SNAPSHOTS, parameters=parameters)


@pytest.fixture(scope="module")
def past() -> pd.DataFrame:
    """Twelve months of bills, seen on two days each, late by a planted cause."""
    parts = []
    for number, month in enumerate(SNAPSHOTS.months(CUT, 12)):
        generator = np.random.default_rng(number)
        bills = pd.DataFrame(
            {
                "customer_id": [f"c{i}" for i in range(BILLS_A_MONTH)],
                "bill_id": [f"b{number}-{i}" for i in range(BILLS_A_MONTH)],
                "cycle": month[0].year * 12 + month[0].month - 1,
                "issued_on": pd.Timestamp(month[0]) - pd.Timedelta(days=3),
                "due_on": pd.Timestamp(month[0]) + pd.Timedelta(days=20),
                "open_cny": generator.gamma(2.0, 100.0, BILLS_A_MONTH).round(2),
                "late_count": generator.poisson(1.0, BILLS_A_MONTH).clip(0, 6).astype(float),
                "bills_known": 6.0,
                "paid_share": generator.random(BILLS_A_MONTH),
                "channel": generator.choice(["debit", "counter"], BILLS_A_MONTH),
                "noise": generator.normal(size=BILLS_A_MONTH),
                "has_agent": 0.0,
                "months_behind": 0.0,
                "bills_known_12m": np.where(np.arange(BILLS_A_MONTH) < 60, 1.0, 12.0),
                "segment": np.where(np.arange(BILLS_A_MONTH) % 4 == 0, "commercial", "residential"),
            }
        )
        bills["late_count_12m"] = bills["late_count"]
        margin = -2.0 + 1.2 * bills["late_count"] - bills["paid_share"]
        late = generator.random(BILLS_A_MONTH) < 1 / (1 + np.exp(-margin))
        bills["cleared_on"] = bills["due_on"] + pd.to_timedelta(np.where(late, 5, -5), unit="D")
        parts += [bills.assign(as_of=pd.Timestamp(day)) for day in month]
    return pd.concat(parts, ignore_index=True)


class Recorder:
    """Trains by the real function and remembers what it was asked."""

    def __init__(self) -> None:
        self.cuts: list[tuple[date, str]] = []

    def __call__(self, matrix, known, *, cut, recipe):
        self.cuts.append((cut, recipe.parameters.kind))
        return train(matrix, known, cut=cut, recipe=recipe)


@pytest.fixture(scope="module")
def judges(past) -> Judges:
    bills = past.drop_duplicates("bill_id").set_index("bill_id")

    def known_at(cut: date) -> pd.DataFrame:
        known = bills[["due_on", "cleared_on"]].assign(kind="regular", on_hold=False)
        return known.assign(cleared_on=known["cleared_on"].where(known["cleared_on"] < str(cut)))

    return Judges(matrix=past, known_at=known_at, cut=CUT, train=Recorder())


@pytest.fixture(scope="module")
def rolling(judges, recipe) -> Backtest:
    months = SNAPSHOTS.months(CUT, 4)[:2]
    return Backtest(folds=run_origins(judges, months, recipe), capacity=0.1, seed=1)


def test_origins_train_by_the_given_function_as_of_their_first_day(judges, rolling) -> None:
    assert len(rolling.folds) == 2
    assert judges.train.cuts == [
        (date(2026, 6, 6), "trees"),
        (date(2026, 6, 6), "scorecard"),
        (date(2026, 7, 6), "trees"),
        (date(2026, 7, 6), "scorecard"),
    ]
    assert Judges.__dataclass_fields__["train"].default is train


def test_a_fold_learns_only_from_the_months_before_with_mature_labels(rolling) -> None:
    first = rolling.folds[0]
    parts = first.trained[MODEL].report.parts
    assert (min(p.first_cycle for p in parts), max(p.last_cycle for p in parts)) == (
        2025 * 12 + 11,  # the learn_months before June
        2026 * 12 + 4,  # May is mature on 6 June: due on the 26th, three days of lag
    )
    assert first.trained[MODEL].attrition["label_not_mature"] == 0


def test_planning_days_and_tracking_days_are_told_apart(rolling) -> None:
    days = [(fold.planned[0].as_of, fold.tracked[0].as_of) for fold in rolling.folds]
    assert days == [
        (date(2026, 6, 6), date(2026, 6, 16)),
        (date(2026, 7, 6), date(2026, 7, 16)),
    ]
    assert rolling.by_day()["as_of"].tolist() == [
        "2026-06-06",
        "2026-06-16",
        "2026-07-06",
        "2026-07-16",
    ]


def test_summary_is_the_mean_over_months_with_worst_and_lead(rolling) -> None:
    summary = rolling.summary(draws=50).set_index(["ranking", "figure"])
    months = rolling.by_month.set_index("ranking")["late_amount_caught"]
    for ranking in (MODEL, SCORECARD, "amount"):
        row = summary.loc[(ranking, "late_amount_caught")]
        assert row["mean"] == pytest.approx(months[ranking].mean())
        assert row["worst"] == months[ranking].min()
        assert row["trend"] == pytest.approx(months[ranking].iloc[1] - months[ranking].iloc[0])
        assert row["low"] <= row["mean"] <= row["high"]
        assert row["lead"] == pytest.approx(months[MODEL].mean() - months[ranking].mean())
    assert summary.loc[(MODEL, "auc"), "lead"] == 0


def test_judged_auc_is_of_all_months_and_caught_of_a_list_a_month(rolling) -> None:
    judged = {one.id: one.figures for one in rolling.judged()}
    late, p, amount, orders = rolling.pooled()
    assert judged[MODEL]["auc"] == pytest.approx(auc(late, p))
    months = rolling.by_month[rolling.by_month["ranking"] == MODEL]
    assert judged[MODEL]["late_amount_caught"] == pytest.approx(months["late_amount_caught"].mean())
    assert judged[MODEL]["rows"] == len(late) == months["rows"].sum()
    np.testing.assert_allclose(orders[MODEL], p * amount)


def test_slices_add_up_and_name_who_is_caught(rolling) -> None:
    told = rolling.by_slice().set_index(["slice", "level"])
    whole = told.loc[("all", "")]
    parts = told.loc[[("segment", "commercial"), ("segment", "residential")]]
    assert parts["rows"].sum() == whole["rows"] == 2 * BILLS_A_MONTH
    late = parts["rows"] * parts["late_rate"]
    assert (parts["caught"] * late).sum() == pytest.approx(
        whole["caught"] * whole["rows"] * whole["late_rate"]
    )
    assert (told["late_low"] <= told["late_rate"]).all()
    assert (told["late_rate"] <= told["late_high"]).all()
    assert whole["late_high"] - whole["late_low"] < 0.2
    assert ("history", "clean") in told.index
    assert ("history", "insufficient") in told.index


def test_a_day_without_mature_labels_is_refused_with_the_remedy(judges, recipe) -> None:
    late = replace(judges, cut=date(2026, 6, 10))
    with pytest.raises(DataError, match="none of the 400 rows of 2026-06-06 has a mature label"):
        run_fold(late, SNAPSHOTS.months(CUT, 4)[0], recipe)


def test_unseen_customers_and_traits_become_slices() -> None:
    matrix = pd.DataFrame({"customer_id": ["a", "b"] * 50, "late_count_12m": 0.0})
    matrix = matrix.assign(bills_known_12m=5.0, months_behind=0.0)
    traits = pd.DataFrame({"tariff": ["t1"] * 99 + ["t2"]})
    found = {
        (name, level): mask.sum()
        for name, level, mask in slices(matrix, seen=pd.Index(["a"]), traits=traits)
    }
    assert found["customer", "not learned from"] == 50
    assert found["tariff", "t1"] == 99
    assert ("tariff", "t2") not in found  # too few rows to speak of


def test_an_interval_covers_the_mean_that_is_known() -> None:
    generator = np.random.default_rng(3)
    folds = tuple(drawn_fold(generator, month) for month in range(1, 7))
    summary = Backtest(folds=folds, capacity=0.1, seed=5).summary(draws=100)
    row = summary[(summary["ranking"] == MODEL) & (summary["figure"] == "auc")].iloc[0]
    # Scores of late bills are normal around 1, of others around 0: AUC is Phi(1 / sqrt 2).
    assert row["low"] < 0.7602 < row["high"]
    assert row["high"] - row["low"] < 0.06


def drawn_fold(generator: np.random.Generator, month: int) -> Fold:
    late = (generator.random(1_000) < 0.2).astype(np.int8)
    score = generator.normal(size=1_000) + late
    matrix = pd.DataFrame(
        {
            "customer_id": [f"c{i}" for i in range(1_000)],
            "open_cny": 100.0,
            "late_count_12m": 0.0,
            "bills_known_12m": 12.0,
            "months_behind": 0.0,
        }
    )
    rows = Labelled(matrix=matrix, late=late, attrition=pd.Series({"kept": 1_000}))
    ranked = Ranked(
        id=MODEL, name=Text(zh="本", en="own"), score=score, order=score, is_probability=False
    )
    day = Day(as_of=date(2026, month, 6), rows=rows, rankings=(ranked,), traits=matrix[[]])
    return Fold(origin=day.as_of, trained={}, planned=(day,), tracked=())


def test_clean_history_asks_for_a_history_without_lateness_or_cuts() -> None:
    bills = pd.DataFrame(
        {
            "late_count_12m": [0.0, 1.0, 0.0, 0.0],
            "bills_known_12m": [5.0, 5.0, 0.0, 5.0],
            "months_behind": [0.0, 0.0, 0.0, 1.0],
        }
    )
    assert clean_history(bills).tolist() == [True, False, False, False]
    assert clean_history(pd.DataFrame({"cuts_count_12m": [0.0, 2.0]})).tolist() == [True, False]
