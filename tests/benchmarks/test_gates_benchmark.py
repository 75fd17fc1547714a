from datetime import date

import pandas as pd
import pytest

from benchmarks.gate_damage import DAMAGE, spoil
from benchmarks.gates import FIRST, LATER, REGIMES, rate, summarise
from contract.checks import check_dataset
from contract.dataset import open_dataset
from contract.simulator import simulate

AS_OF = date(2026, 8, 6)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("utility")
    simulate(folder / "data", folder / "truth", customers=80, cycles=6, seed=7)
    return folder / "data"


@pytest.mark.slow
@pytest.mark.parametrize("damage", DAMAGE, ids=lambda damage: damage.name)
def test_damage_is_real_and_no_breach_of_the_contract(damage, data, tmp_path):
    spoiled = open_dataset(spoil(data, tmp_path / "spoiled", damage, AS_OF))
    check_dataset(spoiled).raise_on_errors()
    assert spoiled.fingerprint() != open_dataset(data).fingerprint()
    for table in {"bills", "payments", "customers"} - damage.sql.keys():
        assert (spoiled.folder / f"{table}.parquet").samefile(data / f"{table}.parquet")


def test_rates_are_counted_by_trouble_way_and_gate():
    rows = [
        ("calm", LATER, ""),
        ("calm", LATER, "churn score"),
        ("calm", FIRST, ""),
        (REGIMES[0], LATER, "codes"),
    ]
    judged = pd.DataFrame(rows, columns=["trouble", "way", "failed"]).assign(seed=1)
    told = summarise(judged)
    assert told[f"calm, {LATER}"]["stopped"][:2] == [1, 2]
    assert told[f"calm, {LATER}"]["by"] == {"churn": 1, "score": 1}
    assert told[f"false alarms, {LATER}"]["churn"] == rate(pd.Series([False, True]))
    assert told[f"false alarms, {FIRST}"]["churn"][:2] == [0, 1]
    assert told[f"{REGIMES[0]}, ever"][:2] == [1, 1]
