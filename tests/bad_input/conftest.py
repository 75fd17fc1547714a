"""One small good world, made once, and for each case a folder of links to it."""

import logging
import os
import shutil
from contextlib import chdir
from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from case import PRIVATE

from contract.dataset import write_table
from contract.simulator import simulate
from pipeline.cli import main
from pipeline.config import load_config
from pipeline.preparing import prepare
from pipeline.tracking import Evidence, crown, register
from pipeline.training import build_past, train_today

SAMPLES = Path(__file__).parent.parent / "contract" / "samples" / "en"

SETTINGS = {
    "data": "data",
    "stores": "stores",
    "outputs": "outputs",
    "buckets": 1,
    "snapshots": {"days_of_month": [6], "learn_months": 3, "test_months": 1, "origins": 1},
    "parameters": {"rounds": 5, "learning_rate": 0.1, "min_data_in_leaf": 5, "threads": 1},
}


@pytest.fixture(scope="session")
def world(tmp_path_factory):
    """A utility of 60 customers with a champion, a run, a plan and a scope.

    The registry lies outside, for it is the same for all cases and its paths are its own.
    """
    folder = tmp_path_factory.mktemp("world")
    registry = tmp_path_factory.mktemp("registry")
    with chdir(folder):
        Path("source").mkdir()
        for table in ("customers", "bills", "payments"):
            shutil.copy(SAMPLES / f"{table}.csv", "source")
        simulate(Path("data"), registry / "truth", customers=60, cycles=10, seed=7)
        customers = pq.read_table("data/customers.parquet")["customer_id"].unique()
        people = {column: pa.repeat(text, len(customers)) for column, text in PRIVATE.items()}
        write_table(Path("data"), "identities", pa.table({"customer_id": customers, **people}))
        settings = {**SETTINGS, "tracking": {"folder": str(registry / "mlruns")}}
        Path("run.yaml").write_text(yaml.safe_dump(settings), "utf-8")
        config = load_config(Path("run.yaml"))
        prepared = prepare(config)
        trained = train_today(config, prepared, build_past(config, prepared, months=1))
        example = pa.table({name: [0.0] for name in trained.model.card.features}).to_pandas()
        evidence = Evidence(parameters={}, metrics={}, tags={})
        crown(register(trained.model, example, evidence, config.tracked), {}, config.tracked)
        for verb in ("score", "plan", "scope freeze", "portraits portraits"):
            assert _run(*verb.split(), "--config", "run.yaml") == 0
        _name_after_kind(folder / "outputs")
    return SimpleNamespace(folder=folder, registry=registry / "mlruns")


def _name_after_kind(outputs):
    """Link run and plan to names that a row of the corpus can give."""
    for path in sorted(outputs.iterdir()):
        if (path / "manifest.json").exists():
            path.rename(outputs.parent / "a-run")
        elif (path / "plan.json").exists():
            path.rename(outputs.parent / "a-plan")
    (outputs / "scopes").rename(outputs.parent / "scopes")


def _run(*arguments):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["duewatch", *arguments])
        try:
            main()
        except SystemExit as end:
            return end.code or 0
    return 0


@pytest.fixture
def here(world, tmp_path, monkeypatch):
    """The world's files as links in a folder of the case's own, from which it is run."""
    for parent, folders, files in os.walk(world.folder):
        own = tmp_path / Path(parent).relative_to(world.folder)
        for name in folders:
            (own / name).mkdir()
        for name in files:
            (own / name).hardlink_to(Path(parent) / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def command(capsys):
    """Run the command line as a process would, in this one: pytest's own log keeps nothing."""

    def run(*arguments):
        capsys.readouterr()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(logging.getLogger(), "handlers", [])
            code = _run(*arguments)
        said = capsys.readouterr()
        return SimpleNamespace(code=code, out=said.out, err=said.err)

    return run
