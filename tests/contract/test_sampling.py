import hashlib
from contextlib import contextmanager

import pyarrow.parquet as pq
import pytest

from contract.dataset import open_dataset
from contract.sampling import draw
from contract.simulator import simulate
from contract.staging import stage


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    simulate(folder / "data", folder / "truth", customers=300, cycles=8, seed=3)
    return stage(open_dataset(folder / "data"), folder / "stores", buckets=3)


def rows(store, table):
    files = sorted((store.folder / table).glob("bucket=*/rows.parquet"))
    return {file.parent.name: pq.read_table(file).to_pylist() for file in files}


def is_drawn(customer, seed, share):
    return int(hashlib.md5(f"{customer}|{seed}".encode()).hexdigest()[:8], 16) < share * 2**32  # noqa: S324


@pytest.mark.parametrize("table", ["bill_history", "payments", "customers", "contacts"])
def test_sample_has_all_rows_of_those_drawn_as_they_lie_in_the_whole(store, table):
    sample = draw(store, share=0.25, seed=5)
    expected = {
        bucket: [row for row in held if is_drawn(row["customer_id"], 5, 0.25)]
        for bucket, held in rows(store, table).items()
    }
    assert sum(map(len, expected.values())) > 20
    assert rows(sample, table) == {bucket: held for bucket, held in expected.items() if held}


def test_sample_knows_the_whole_and_is_drawn_once(store):
    sample = draw(store, share=0.25, seed=5)
    assert sample.of_all() == store == store.of_all()
    assert sample.fingerprint == store.fingerprint
    steps = []
    assert draw(store, share=0.25, seed=5, progress=lambda *step: steps.append(step)) == sample
    assert steps == []


def test_other_share_or_seed_is_another_sample_beside_it(store):
    folders = {draw(store, share=share, seed=seed).folder for share, seed in
               ((0.1, 0), (0.2, 0), (0.1, 1))}  # fmt: skip
    assert len(folders) == 3
    assert {folder.parent for folder in folders} == {store.folder.parent}


def test_work_spread_and_done_twice_draws_the_same(store, tmp_path):
    @contextmanager
    def twice():
        yield lambda pieces, task: ([task(p) for p in pieces], (task(p) for p in pieces))[1]

    here = draw(store, share=0.4, seed=1)
    before = {path: path.read_bytes() for path in here.folder.rglob("*.*")}
    here.folder.rename(tmp_path / "gone")
    draw(store, share=0.4, seed=1, elsewhere=twice)
    assert {path: path.read_bytes() for path in here.folder.rglob("*.*")} == before
