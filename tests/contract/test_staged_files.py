import logging
import re
from pathlib import Path

import pytest
from worlds import write_world

from contract.dataset import Dataset, open_dataset
from contract.engine import connect
from contract.own_folder import own_folder
from contract.staged_files import find_damage
from contract.staging import Store, stage

BILLS = """
    bill_id | customer_id | issued_on  | due_on     | amount
    a1      | ann         | 2024-01-05 | 2024-01-20 | 100.00
    b1      | bea         | 2024-01-05 | 2024-01-20 | 200.00
    b2      | bea         | 2024-02-05 | 2024-02-20 | 300.00
    """


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    write_world(tmp_path / "data", bills=BILLS)
    return open_dataset(tmp_path / "data")


def history(store: Store) -> list[tuple]:
    with connect() as connection:
        return [
            row
            for bucket in range(store.buckets)
            for row in connection.execute(
                f"FROM {store.scan('bill_history', bucket)} ORDER BY ALL"
            ).fetchall()
        ]


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def lengthen(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\0")


def plant(path: Path) -> None:
    path.with_name("more-rows.parquet").write_bytes(path.read_bytes())


DAMAGES = {
    "was not staged there": plant,
    "changed since it was staged": flip,
    r"bytes, not \d+": lengthen,
    "is missing": Path.unlink,
}


@pytest.mark.parametrize("told", DAMAGES)
def test_damaged_store_is_told_and_staged_anew(
    told: str, dataset: Dataset, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = stage(dataset, tmp_path / "stores", buckets=2)
    before = history(store)
    for damaged in (store.folder / "bill_history").rglob("rows.parquet"):
        DAMAGES[told](damaged)
    with caplog.at_level(logging.WARNING):
        again = stage(dataset, tmp_path / "stores", buckets=2)
    assert len(caplog.messages) == 1
    assert "rows.parquet" in caplog.text
    assert "cannot be trusted: it is staged anew" in caplog.text
    assert re.search(told, caplog.text)
    assert history(again) == before
    assert find_damage(again.folder) == ""


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"files": {"x": 1}}', '{"files": null}'])
def test_store_whose_description_is_broken_is_staged_anew(
    content: str, dataset: Dataset, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = stage(dataset, tmp_path / "stores", buckets=1)
    before = history(store)
    (store.folder / "store.json").write_text(content, "utf-8")
    with caplog.at_level(logging.WARNING):
        assert history(stage(dataset, tmp_path / "stores", buckets=1)) == before
    assert "store.json is not what staging wrote" in caplog.text


def test_whole_store_is_used_without_a_word(
    dataset: Dataset, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = stage(dataset, tmp_path / "stores", buckets=2)
    made = (store.folder / "store.json").stat().st_mtime_ns
    stage(dataset, tmp_path / "stores", buckets=2)
    assert (store.folder / "store.json").stat().st_mtime_ns == made
    assert caplog.messages == []


def test_folder_left_by_a_dead_process_is_removed(tmp_path: Path) -> None:
    (tmp_path / ".mine-dead").mkdir()
    (tmp_path / ".mine-dead" / "file").touch()
    (tmp_path / "other").mkdir()
    with own_folder(tmp_path, prefix=".mine-") as one, own_folder(tmp_path, prefix=".mine-") as two:
        assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
            ["other", one.name, two.name]
        )
    assert [path.name for path in tmp_path.iterdir()] == ["other"]
