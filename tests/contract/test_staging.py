from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import pytest
from worlds import world, write_world

from contract import staging
from contract.dataset import Dataset, open_dataset
from contract.engine import connect
from contract.staging import STAGED, Store, open_store, stage

BILLS = """
    bill_id | customer_id | issued_on  | due_on     | amount | kwh | x_meter
    a1      | ann         | 2024-01-05 | 2024-01-20 | 100.00 | 50  | 1.5
    b1      | bea         | 2024-01-05 | 2024-01-20 | 200.00 | -   | -
    b2      | bea         | 2024-02-05 | 2024-02-20 | 300.00 | 70  | 2.5
    """

PAYMENTS = """
    payment_id | customer_id | bill_id | paid_at    | amount  | reverses_id
    p1         | bea         | b1      | 2024-01-10 | 200.00  | -
    p2         | bea         | -       | 2024-01-11 | -200.00 | p1
    p3         | ann         | a1      | 2024-01-12 | 100.00  | -
    """


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    write_world(tmp_path / "data", bills=BILLS)
    return open_dataset(tmp_path / "data")


def rows(store: "Store | OneBucket", table: str, columns: str = "*") -> list[tuple]:
    found = []
    with connect() as connection:
        for bucket in range(store.buckets):
            query = f"SELECT {columns} FROM {store.scan(table, bucket)}"
            found += connection.execute(query).fetchall()
    return sorted(found, key=str)


def paid(store: Store) -> dict[str, float]:
    """What is paid of each bill in the end, in yuan."""
    ends = rows(store, "bill_history", "bill_id, paid_fen, known_to")
    return {bill: fen / 100 for bill, fen, known_to in ends if known_to is None}


def test_same_data_is_staged_once(dataset: Dataset, tmp_path: Path) -> None:
    steps: list[tuple] = []
    first = stage(dataset, tmp_path / "stores", buckets=2)
    again = stage(
        dataset, tmp_path / "stores", buckets=2, progress=lambda *step: steps.append(step)
    )
    assert again == first
    assert steps == []


def test_other_data_or_buckets_get_their_own_store(dataset: Dataset, tmp_path: Path) -> None:
    first = stage(dataset, tmp_path / "stores", buckets=2)
    assert stage(dataset, tmp_path / "stores", buckets=3).folder != first.folder
    write_world(tmp_path / "data", bills=BILLS.replace("300.00", "301.00"))
    changed = stage(open_dataset(tmp_path / "data"), tmp_path / "stores", buckets=2)
    assert changed.folder != first.folder
    assert changed.fingerprint != first.fingerprint


def test_progress_tells_each_table_and_each_bucket(dataset: Dataset, tmp_path: Path) -> None:
    steps: list[tuple[str, int, int]] = []
    stage(dataset, tmp_path / "stores", buckets=2, progress=lambda *step: steps.append(step))
    assert [step for step in steps if step[0] == "ledger"] == [("ledger", 0, 2), ("ledger", 1, 2)]
    assert len(steps) == 2 + len(STAGED)


def test_a_staging_that_fails_leaves_nothing_behind(dataset: Dataset, tmp_path: Path) -> None:
    def fail(step: str, *_: int) -> None:
        if step == "ledger":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stage(dataset, tmp_path / "stores", buckets=2, progress=fail)
    assert list((tmp_path / "stores").iterdir()) == []


def test_a_broken_store_is_built_again(dataset: Dataset, tmp_path: Path) -> None:
    store = stage(dataset, tmp_path / "stores", buckets=2)
    before = rows(store, "bill_history")
    (store.folder / "store.json").unlink()
    next((store.folder / "bill_history").rglob("rows.parquet")).unlink()
    assert rows(stage(dataset, tmp_path / "stores", buckets=2), "bill_history") == before


def test_a_store_finished_by_another_process_is_kept(dataset: Dataset, tmp_path: Path) -> None:
    other: list[Store] = []

    def overtaken(step: str, done: int, _: int) -> None:
        if step == "ledger" and done == 1 and not other:
            other.append(stage(dataset, tmp_path / "stores", buckets=2))
            (other[0].folder / "mark").touch()

    mine = stage(dataset, tmp_path / "stores", buckets=2, progress=overtaken)
    assert mine == other[0]
    assert (mine.folder / "mark").exists()


def test_what_was_staged_is_told_when_opened_again(dataset: Dataset, tmp_path: Path) -> None:
    store = stage(dataset, tmp_path / "stores", buckets=2)
    assert open_store(store.folder) == store
    assert store.present == ("customers", "bills", "payments")
    assert store.bill_extras == {"x_meter": "numeric"}
    assert store.fingerprint == dataset.fingerprint()


def test_absent_tables_and_empty_buckets_have_columns_and_no_rows(
    dataset: Dataset, tmp_path: Path
) -> None:
    store = stage(dataset, tmp_path / "stores", buckets=7)
    assert rows(store, "contacts", "contact_id, contacted_at") == []
    assert rows(store, "balances", "balance, cost") == []
    counts = [len(rows(OneBucket(store, bucket), "bill_history")) for bucket in range(7)]
    assert sorted(counts)[:5] == [0] * 5
    assert sum(counts) == 3


class OneBucket:
    """A store seen through one of its buckets."""

    buckets = 1

    def __init__(self, store: Store, bucket: int) -> None:
        self.store, self.bucket = store, bucket

    def scan(self, table: str, _: int) -> str:
        return self.store.scan(table, self.bucket)


def test_a_customers_rows_lie_in_one_bucket(dataset: Dataset, tmp_path: Path) -> None:
    store = stage(dataset, tmp_path / "stores", buckets=7)
    for table in ("bill_history", "customers"):
        where = [
            {row[0] for row in rows(OneBucket(store, bucket), table, "customer_id")}
            for bucket in range(7)
        ]
        assert sum(map(len, where)) == 2


def test_same_rows_in_any_order_are_stored_in_the_same_bytes(tmp_path: Path) -> None:
    stored = []
    for folder, order in (("one", 1), ("other", -1)):
        head, *lines = PAYMENTS.strip().splitlines()
        payments = "\n".join([head, *lines[::order]])
        write_world(tmp_path / folder, bills=BILLS, payments=payments)
        store = stage(open_dataset(tmp_path / folder), tmp_path / "stores", buckets=2)
        parts = sorted(store.folder.rglob("*.parquet"))
        stored.append({part.relative_to(store.folder): part.read_bytes() for part in parts})
    assert len(stored[0]) > len(STAGED)
    assert stored[0] == stored[1]


def test_rows_are_numbered_in_the_order_of_their_customer_and_time(tmp_path: Path) -> None:
    write_world(tmp_path / "data", bills=BILLS, payments=PAYMENTS)
    store = stage(open_dataset(tmp_path / "data"), tmp_path / "stores", buckets=1)
    payments = rows(store, "payments", "place, customer, payment_id, reverses")
    assert payments == [(0, 0, "p3", None), (1, 1, "p1", None), (2, 1, "p2", 1)]
    bills = rows(store, "bill_history", "DISTINCT bill, customer, bill_id")
    assert bills == [(0, 0, "a1"), (1, 1, "b1"), (2, 1, "b2")]


def test_history_carries_what_bills_say(dataset: Dataset, tmp_path: Path) -> None:
    store = stage(dataset, tmp_path / "stores", buckets=1)
    columns = (
        "bill_id, cycle, issued_on, amount_fen, kwh, kind, hold, x_meter, known_from, known_to"
    )
    assert rows(store, "bill_history", columns)[0] == (
        "a1",
        2024 * 12,
        date(2024, 1, 5),
        10_000,
        50.0,
        "regular",
        "none",
        1.5,
        datetime(2024, 1, 5),
        None,
    )


def test_payment_belongs_to_the_customer_of_its_bill() -> None:
    store = world(
        bills=BILLS,
        payments="""
            customer_id | bill_id | paid_at    | amount
            -           | a1      | 2024-01-10 | 60.00
            """,
    )
    assert rows(store, "payments", "customer_id, bill_id") == [("ann", "a1")]
    assert paid(store) == {"a1": 60.0, "b1": 0.0, "b2": 0.0}


@pytest.mark.parametrize("buckets", [1, 2, 7, 40])
def test_payments_follow_their_bill_into_its_bucket(buckets: int) -> None:
    store = world(
        bills=BILLS,
        payments="""
            payment_id | customer_id | bill_id | paid_at    | amount
            p1         | ann         | b1      | 2024-01-10 | 60.00
            p2         | -           | b2      | 2024-01-11 | 70.00
            p3         | bea         | a1      | 2024-01-12 | 80.00
            p4         | cat         | b1      | 2024-01-13 | 20.00
            p5         | ann         | z9      | 2024-01-13 | 90.00
            p6         | ann         | -       | 2024-01-14 | 10.00
            """,
        buckets=buckets,
    )
    assert rows(store, "payments", "payment_id, customer_id, bill_id") == [
        ("p1", "bea", "b1"),
        ("p2", "bea", "b2"),
        ("p3", "ann", "a1"),
        ("p4", "bea", "b1"),
        ("p5", "ann", "z9"),
        ("p6", "ann", None),
    ]
    assert paid(store) == {"a1": 90.0, "b1": 80.0, "b2": 70.0}
    assert not (store.folder / "raw").exists()


def test_versions_end_where_the_next_begins() -> None:
    store = world(
        bills=BILLS,
        payments="""
            customer_id | paid_at             | posted_at           | amount
            bea         | 2024-01-15 12:00:00 | 2024-01-18 06:00:00 | 150.00
            """,
    )
    history = rows(store, "bill_history", "bill_id, known_from, known_to, paid_fen")
    posted = datetime(2024, 1, 18, 6)
    assert {version for version in history if version[0] == "b1"} == {
        ("b1", datetime(2024, 1, 5), posted, 0),
        ("b1", posted, None, 15_000),
    }


def test_money_for_a_bill_not_there_waits_for_it() -> None:
    store = world(
        bills=BILLS,
        payments="""
            customer_id | bill_id | paid_at    | amount
            bea         | b9      | 2024-01-10 | 200.00
            """,
    )
    assert paid(store) == {"a1": 0.0, "b1": 0.0, "b2": 0.0}


def test_undoing_a_payment_not_there_undoes_nothing() -> None:
    store = world(
        bills=BILLS,
        payments="""
            payment_id | customer_id | bill_id | paid_at    | amount  | reverses_id | outcome
            p1         | bea         | b1      | 2024-01-10 | 200.00  | -           | ok
            p2         | bea         | -       | 2024-01-11 | -200.00 | p9          | ok
            p3         | bea         | -       | 2024-01-12 | 300.00  | -           | failed
            p4         | bea         | -       | 2024-01-13 | -300.00 | p3          | ok
            p5         | ann         | -       | 2024-01-13 | -200.00 | p1          | ok
            """,
    )
    assert paid(store) == {"a1": 0.0, "b1": 200.0, "b2": 0.0}


def test_undoing_a_named_payment_opens_its_bill_again() -> None:
    store = world(
        bills=BILLS,
        payments="""
            payment_id | customer_id | bill_id | paid_at    | amount  | reverses_id
            p1         | bea         | b1      | 2024-01-10 | 200.00  | -
            p2         | bea         | -       | 2024-01-11 | -200.00 | p1
            """,
    )
    assert paid(store)["b1"] == 0.0


def test_layout_is_part_of_a_stores_name(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = stage(dataset, tmp_path / "stores", buckets=2)
    monkeypatch.setattr(staging, "LAYOUT", staging.LAYOUT + 1)
    newer = stage(dataset, tmp_path / "stores", buckets=2)
    assert newer.folder != store.folder
    assert replace(newer, folder=store.folder) == store
