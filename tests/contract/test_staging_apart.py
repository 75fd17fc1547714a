import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from contract import staging_apart
from contract.dataset import open_dataset
from contract.simulator import simulate
from contract.staging import stage


@contextmanager
def careless() -> Iterator[Callable[..., Iterator[Any]]]:
    """A cluster that does all work twice, the second time when it likes."""
    chance = random.Random(7)  # noqa: S311 - an order, no secret

    def spread(pieces: Sequence[Any], task: Callable[[Any], Any]) -> Iterator[Any]:
        for piece in chance.sample(list(pieces), len(pieces)):
            yield task(piece)
        for piece in chance.sample(list(pieces), len(pieces)):
            task(piece)

    yield spread


def files(folder: Path) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    folder = tmp_path_factory.mktemp("apart")
    simulate(folder / "data", folder / "truth", customers=300, cycles=8, seed=3)
    path = folder / "data" / "payments.parquet"
    payments = pq.read_table(path)
    named = payments["customer_id"].to_pylist()  # every seventh by somebody else than the bill's
    payer = pa.array([named[-1] if n % 7 == 0 else who for n, who in enumerate(named)])
    at = payments.column_names.index("customer_id")
    pq.write_table(payments.set_column(at, "customer_id", payer), path)
    return open_dataset(folder / "data")


@pytest.mark.parametrize("rows", [1, 4_000_000])
def test_work_spread_and_done_twice_gives_the_same_store(dataset, rows, tmp_path, monkeypatch):
    monkeypatch.setattr(staging_apart, "_ROWS", rows)
    here = stage(dataset, tmp_path / "here", buckets=4)
    there = stage(dataset, tmp_path / "there", buckets=4, elsewhere=careless)
    assert len(files(here.folder)) > 20
    assert files(there.folder) == files(here.folder)


def test_cluster_is_not_opened_for_a_store_that_is_there(dataset, tmp_path):
    made = stage(dataset, tmp_path, buckets=2)

    def refuse():
        raise AssertionError

    assert stage(dataset, tmp_path, buckets=2, elsewhere=refuse) == made
