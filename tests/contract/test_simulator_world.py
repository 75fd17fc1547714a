"""The simulated utility is believable: the gates of benchmarks/world.py at small scale."""

from collections.abc import Iterator
from pathlib import Path
from statistics import mean

import pytest

from benchmarks import world
from contract.simulator import simulate
from contract.simulator.ceiling import write_ceiling

SEEDS = (11, 12, 13)
# Ranges are widened by this share of their width: three small utilities have wider chance.
SLACK = 0.10
# Few customers are of high voltage, so their shares need the full size.
NEED_SIZE = {
    "high_voltage_share_of_amount",
    "late_rate_high_voltage",
    "residential_share_of_amount",
}


@pytest.fixture(scope="module")
def figures(tmp_path_factory: pytest.TempPathFactory) -> list[dict]:
    return list(_measured(tmp_path_factory.mktemp("world")))


def _measured(folder: Path) -> Iterator[dict]:
    for seed in SEEDS:
        data, truth = folder / f"{seed}", folder / f"{seed}-truth"
        report = simulate(data, truth, customers=5500, cycles=27, seed=seed)
        write_ceiling(truth, customers=5500, cycles=27, seed=seed, sample=500, particles=200)
        yield world.judge(data, truth, cut_on=report.cut_on)


def test_gates_hold_on_average_over_several_seeds(figures: list[dict]) -> None:
    average = {gate.figure: mean(f[gate.figure] for f in figures) for gate in world.GATES}
    assert set(world.failed(average, slack=SLACK)) <= NEED_SIZE


def test_seeds_differ_but_tell_the_same_story(figures: list[dict]) -> None:
    for name, spread in (("oracle_auc", 0.02), ("last_bill_late_auc", 0.03), ("late_rate", 0.02)):
        values = [f[name] for f in figures]
        assert 0 < max(values) - min(values) < spread, name


def test_autocorrelation_of_lateness_decays_slowly(figures: list[dict]) -> None:
    lags = [mean(f["autocorrelation"][lag] for f in figures) for lag in range(6)]
    assert lags == sorted(lags, reverse=True)
    assert lags[5] > 0.4 * lags[0]


def test_nothing_ranks_better_than_the_true_probability(figures: list[dict]) -> None:
    rules = ("last_bill_late_auc", "smoothed_late_rate_auc", "late_count_six_auc")
    for found in figures:
        assert max(found[name] for name in rules) < found["oracle_auc"] - 0.05


def test_contacts_look_harmful_and_truly_help(figures: list[dict]) -> None:
    for found in figures:
        assert found["naive_days_a_contact"] > 0
        assert found["true_effect_on_late"] < 0
        assert found["true_days_saved_round_3"] > 0
        assert 0 < found["harmful_contact_share"] < 0.05


def test_failed_gates_are_named() -> None:
    middle = {gate.figure: (gate.low + gate.high) / 2 for gate in world.GATES}
    assert world.failed(middle) == []
    assert world.failed(middle | {"oracle_auc": 0.95}) == ["oracle_auc"]
