"""Rows that came twice under other ids, on drawn months and on spoiled data."""

import math
import shutil
from datetime import date, timedelta
from types import SimpleNamespace

import pandas as pd
import pyarrow.parquet as pq
import pytest

from contract import engine
from contract.dataset import open_dataset
from contract.simulator.dirt import find_kinds
from contract.staging import stage
from pipeline.gates import Gates
from pipeline.gates.counting import count_bucket
from pipeline.gates.facts import Earlier, Facts
from pipeline.gates.repeat_gates import REPEAT_GATES

AS_OF = date(2026, 10, 6)
PAYMENTS, BILLS = REPEAT_GATES


def months(**repeats):
    """Months of 1,000 rows, with so many repeats each."""
    return {
        month.removeprefix("m"): {"rows": 1000, "repeats": more} for month, more in repeats.items()
    }


def facts(now, *earlier):
    runs = tuple(
        Earlier(as_of=AS_OF - timedelta(days=30 * ago), profile={"months": {"payments": then}})
        for ago, then in zip(range(len(earlier), 0, -1), earlier, strict=True)
    )
    model = SimpleNamespace(card=SimpleNamespace(levels={}))
    profile = {"months": {"payments": now}} if now is not None else {}
    return Facts(
        as_of=AS_OF, profile=profile, model=model, features=(), target="late", earlier=runs
    )


def passes(now, *earlier, gates=None):
    return PAYMENTS.judge(facts(now, *earlier), gates or Gates()).passed


def test_month_loaded_twice_is_stopped_with_its_rows_and_month():
    told = PAYMENTS.judge(facts(months(m202608=0, m202609=500), months(m202608=0)), Gates())
    assert not told.passed
    assert (told.figure, told.limit) == (0.5, 0.005)
    assert told.found.en == (
        "500 payments of 2026-09 (50.0%) repeat another's bill, amount and minute under another"
        " id, at most 0.5% may"
    )
    assert "2026年09月缴费中 500 笔" in told.found.zh


@pytest.mark.parametrize(
    ("now", "earlier", "passed"),
    [
        ({"m202609": 20}, (), False),  # nothing before: twins are not usual anywhere
        ({"m202609": 5}, (), True),
        ({"m202609": 20}, ({"m202607": 20, "m202608": 20},), True),  # usual in these data
        ({"m202609": 60}, ({"m202607": 20, "m202608": 20},), False),
        ({"m202609": 30}, ({"m202607": 20, "m202608": 20},), True),  # by chance
        ({"m202608": 500}, ({"m202608": 500},), True),  # let through before
        ({"m202608": 500}, ({"m202608": 500}, {"m202608": 0}), False),
        ({"m202608": 500, "m202609": 500}, ({"m202607": 0, "m202608": 500},), False),
    ],
)
def test_share_beyond_that_of_before_is_stopped(now, earlier, passed):
    assert passes(months(**now), *(months(**one) for one in earlier)) is passed


def test_a_few_twins_in_a_small_month_are_chance():
    assert passes({"202609": {"rows": 40, "repeats": 4}})
    assert not passes({"202609": {"rows": 40, "repeats": 5}})


def test_profile_that_counted_no_repeats_compares_nothing():
    assert passes(None)
    assert not passes(months(m202609=20), {})


@pytest.fixture(scope="module")
def repeats_of(town, tmp_path_factory):
    """Count the repeats of the town's data, with a table written otherwise."""

    def count(table="", sql=""):
        folder = tmp_path_factory.mktemp("twice")
        data = shutil.copytree(town.config.data, folder / "data")
        if table:
            path = data / f"{table}.parquet"
            source = engine.text(town.config.data / path.name)
            with engine.connect() as connection:
                connection.execute(f"CREATE VIEW {table} AS FROM read_parquet({source})")
                connection.execute(f"COPY ({sql}) TO {engine.text(path)} (FORMAT parquet)")
        store = stage(open_dataset(data), folder / "stores", buckets=1)
        return count_bucket(store, 0, town.prepared.as_of, threads=1)["months"]

    return count


def _judge(repeats):
    return {
        gate.id
        for gate in REPEAT_GATES
        if not gate.judge(
            Facts(
                as_of=AS_OF,
                profile={"months": repeats},
                model=SimpleNamespace(),
                features=(),
                target="late",
            ),
            Gates(),
        ).passed
    }


def test_simulated_town_repeats_no_row(repeats_of):
    counted = repeats_of()
    assert _judge(counted) == set()
    assert {one["repeats"] for table in counted.values() for one in table.values()} == {0}


def test_rows_and_amounts_of_a_month_are_those_of_plain_reading(repeats_of, town):
    paid = pq.read_table(town.config.data / "payments.parquet").to_pandas()
    cut = pd.Timestamp(town.prepared.as_of)
    paid = paid[(paid["posted_at"] < cut) & (paid["outcome"] == "ok") & (paid["amount"] > 0)]
    month = paid[paid["paid_at"].dt.strftime("%Y%m") == "202609"]
    counted = repeats_of()["payments"]["202609"]
    assert counted["rows"] == len(month)
    assert counted["logs"] == sum(round(1000 * math.log(100 * one)) for one in month["amount"])


def test_payments_loaded_twice_are_stopped(repeats_of):
    (kind,) = find_kinds(["loaded_twice"])
    sql = kind.sql.format(few="hash(payment_id) % 10 = 0", many="false")
    assert _judge(repeats_of("payments", sql)) == {"payments-repeated"}


def test_payments_loaded_again_a_week_later_are_stopped(repeats_of):
    sql = """FROM payments UNION ALL SELECT * REPLACE (payment_id || '-2' AS payment_id,
        posted_at + INTERVAL 7 DAY AS posted_at) FROM payments WHERE hash(payment_id) % 10 = 0"""
    assert _judge(repeats_of("payments", sql)) == {"payments-repeated"}


def test_bills_loaded_twice_are_stopped(repeats_of):
    sql = """FROM bills UNION ALL SELECT * REPLACE (bill_id || '-2' AS bill_id) FROM bills
        WHERE hash(bill_id) % 10 = 0"""
    assert _judge(repeats_of("bills", sql)) == {"bills-repeated"}
