"""The space gives valid parameters, worth is what its formula says, and chance changes nothing."""

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from pydantic import ValidationError
from scipy.stats import linregress

from models.parameters import Parameters
from models.resampling import Interval
from models.search import (
    SPACE,
    Steadiness,
    Tried,
    Tuning,
    best_of,
    decide,
    defaults,
    space,
    suggest,
    worth,
)
from models.search_plots import history_plot, importance_plot

STEADY = Steadiness()
SHARES = st.lists(st.floats(0, 1), min_size=1, max_size=12)


class Drawn:
    """A trial whose values Hypothesis draws, ends of the spans first."""

    def __init__(self, data) -> None:
        self.data, self.asked = data, {}

    def suggest_int(self, name, low, high, *, log=False):
        return self._keep(name, low, high, log, st.integers(low, high))

    def suggest_float(self, name, low, high, *, log=False):
        return self._keep(name, low, high, log, st.floats(low, high))

    def _keep(self, name, low, high, log, values):
        assert low <= high
        assert low > 0 or not log
        self.asked[name] = (low, high)
        return self.data.draw(values, label=name)


@st.composite
def given_parameters(draw) -> Parameters:
    """Parameters that a user may have set, also far outside of the usual spans."""
    return Parameters(
        num_leaves=draw(st.integers(2, 1024)),
        max_depth=draw(st.integers(1, 32)),
        min_data_in_leaf=draw(st.integers(1, 100_000)),
        learning_rate=draw(st.floats(1e-4, 1)),
        lambda_l2=draw(st.floats(0, 1e4)),
        feature_fraction=draw(st.floats(0.01, 1)),
        bagging_fraction=draw(st.floats(0.01, 1)),
    )


@given(around=given_parameters(), data=st.data())
def test_every_point_of_the_space_is_valid_parameters(around, data) -> None:
    trial = Drawn(data)
    changes = suggest(trial, around)
    assert set(changes) == set(SPACE)
    valid = Parameters.model_validate(around.model_dump() | changes)
    assert {name: getattr(valid, name) for name in SPACE} == changes


@given(around=given_parameters())
def test_the_given_parameters_lie_in_the_space(around) -> None:
    for name, value in defaults(around).items():
        span = space(around)[name]
        assert span.low <= value <= span.high
        assert (span.low, span.high) == (
            min(SPACE[name].low, value),
            max(SPACE[name].high, value),
        )


def test_usual_defaults_stretch_no_span() -> None:
    assert space(Parameters()) == SPACE


@given(shares=SHARES)
def test_worth_agrees_with_a_regression_by_scipy(shares) -> None:
    found = worth(shares, STEADY)
    assert found.mean == pytest.approx(np.mean(shares))
    if len(shares) < 2:
        assert (found.fall, found.spread) == (0.0, 0.0)
        return
    line = linregress(np.arange(len(shares)), shares)
    assert found.fall == pytest.approx(min(0, line.slope * (len(shares) - 1)), abs=1e-12)
    left = np.asarray(shares) - line.intercept - line.slope * np.arange(len(shares))
    spread = np.sqrt((left**2).sum() / (len(shares) - 2)) if len(shares) > 2 else 0.0
    assert found.spread == pytest.approx(spread, abs=1e-9)
    told = found.mean + found.fall / 3 - 0.5 * found.spread
    assert found.value == pytest.approx(told)


@given(shares=SHARES, more=st.floats(0, 1))
def test_catching_more_in_every_month_alike_is_worth_as_much_more(shares, more) -> None:
    lifted = worth([share + more for share in shares], STEADY)
    assert lifted.value == pytest.approx(worth(shares, STEADY).value + more)


@given(shares=SHARES)
def test_instability_never_adds_to_the_mean(shares) -> None:
    found = worth(shares, STEADY)
    assert found.value <= found.mean + 1e-12
    without = worth(shares, Steadiness(fall=0, spread=0))
    assert without.value == without.mean


def test_a_rise_costs_nothing_and_the_same_fall_does() -> None:
    rising = [0.50, 0.52, 0.54, 0.56]
    assert worth(rising, STEADY).value == pytest.approx(0.53)
    assert worth(rising[::-1], STEADY).value == pytest.approx(0.53 - 0.06 / 3)


@pytest.mark.parametrize("months", [3, 6, 90])
def test_chance_of_the_fall_is_as_the_docstring_says(months) -> None:
    draws = np.random.default_rng(1).normal(size=(4_000, months))
    slopes = draws @ (np.arange(months) - (months - 1) / 2)
    slopes = slopes / np.sum((np.arange(months) - (months - 1) / 2) ** 2)
    ratio = np.std(slopes * (months - 1)) / np.std(draws.mean(axis=1))
    assert ratio == pytest.approx(np.sqrt(12 * (months - 1) / (months + 1)), rel=0.05)


def tried(number: int, value: float | None) -> Tried:
    return Tried(
        number=number, changes=defaults(Parameters()), caught=(0.5,), trees=(10,), value=value
    )


@example([0.5, 0.5])
@given(st.lists(st.one_of(st.none(), st.floats(-1, 1)), min_size=1, max_size=6))
def test_the_best_is_the_first_of_those_worth_most(values) -> None:
    assume(any(value is not None for value in values))
    most = max(value for value in values if value is not None)
    found = best_of([tried(number, value) for number, value in enumerate(values)])
    assert found.number == values.index(most)


@pytest.mark.parametrize(
    ("low", "value", "high", "decision", "said"),
    [
        (0.004, 0.010, 0.016, "best", "Use the tuned parameters: on fresh months +1.00%"),
        (0.001, 0.004, 0.007, "default", "less than 0.50%"),
        (-0.001, 0.010, 0.021, "default", "does not exclude 0"),
        (-0.020, -0.010, -0.001, "default", "does not exclude 0"),
        (np.nan, 0.010, np.nan, "default", "does not exclude 0"),
    ],
    ids=["gain", "too little", "chance", "loss", "unknown"],
)
def test_default_is_kept_unless_fresh_months_show_a_gain(low, value, high, decision, said) -> None:
    lead = Interval(value=value, low=low, high=high, level=0.95)
    found, reason = decide(lead, 0.005)
    assert found == decision
    assert said in reason


def test_default_is_kept_when_no_trial_was_worth_more() -> None:
    assert decide(None, 0.005) == ("default", "Keep the default: no trial was worth more.")


@pytest.mark.parametrize(
    ("url", "match"),
    [
        ("postgresql://me:secret@host/db", "leave the password to PGPASSWORD"),
        ("mysql://host/db", "give postgresql://user@host/database"),
        ("postgresql://", "give postgresql://user@host/database"),
    ],
)
def test_storage_takes_postgresql_without_a_password(url, match) -> None:
    with pytest.raises(ValidationError, match=match):
        Tuning(storage=url)
    assert Tuning(storage="postgresql+psycopg://me@host:5432/db").storage


def test_pictures_show_every_trial() -> None:
    every = [tried(0, 0.5), tried(1, 0.52), tried(2, None), tried(3, 0.51), tried(4, None)]
    axes = history_plot(every, every[0]).axes[0]
    points, short = axes.collections[0].get_offsets(), axes.collections[1].get_offsets()
    assert points[:, 0].tolist() == [0, 1, 3]
    assert short[:, 0].tolist() == [2, 4]
    assert axes.get_xlim()[1] > 4
    importance = {"num_leaves": 0.7, "max_depth": 0.2, "lambda_l2": 0.1}
    bars, *panels = importance_plot(importance, every).axes
    assert [label.get_text() for label in bars.get_yticklabels()][-1] == "num_leaves"
    assert [axes.get_title() for axes in panels] == ["num_leaves", "max_depth"]
