"""A small simulated utility, trained and scored once for all tests of the pipeline."""

from types import SimpleNamespace

import pytest

from contract.simulator import simulate
from models.parameters import Parameters
from models.snapshots import Snapshots
from pipeline.config import Config
from pipeline.mlflow_door import Tracking
from pipeline.preparing import prepare
from pipeline.promoting import promote
from pipeline.scoring import score
from pipeline.training import train_model


@pytest.fixture(scope="session")
def town(tmp_path_factory):
    """A utility of 1,500 customers and 20 cycles; config, and its dataset on disk."""
    folder = tmp_path_factory.mktemp("town")
    simulate(folder / "data", folder / "truth", customers=1_500, cycles=20, seed=7)
    config = Config(
        data=folder / "data",
        stores=folder / "stores",
        outputs=folder / "outputs",
        buckets=3,
        snapshots=Snapshots(days_of_month=(6, 16), learn_months=5, test_months=2, origins=2),
        parameters=Parameters(rounds=60, learning_rate=0.1, min_data_in_leaf=20, threads=1),
        tracking=Tracking(folder=folder / "mlruns"),
    )
    return SimpleNamespace(config=config, folder=folder, prepared=prepare(config))


@pytest.fixture(scope="session")
def trained(town):
    return train_model(town.config, town.prepared)


@pytest.fixture(scope="session")
def promoted(town, trained):
    """What became of the first model, in a registry without a champion before it."""
    return promote(
        town.config, town.prepared, trial=trained.trial, forced="the tests need a champion"
    )


@pytest.fixture(scope="session")
def run(town, promoted):
    return score(town.config, town.prepared, promoted.challenger)
