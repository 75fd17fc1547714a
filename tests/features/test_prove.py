from datetime import date

import pandas as pd
import pytest
from lives import AS_OFS, tables_of
from worlds import write_world

from contract.dataset import open_dataset
from contract.staging import Store, stage
from features import FEATURES, PREPAID_FEATURES, Feature, Text, build
from features.prove import differences, prove, trial

MARCH = date(2024, 3, 31)


@pytest.fixture
def dataset(tmp_path):
    write_world(tmp_path / "data", **tables_of(list(range(40))))
    return open_dataset(tmp_path / "data")


def a_few(_: Store) -> tuple[Feature, ...]:
    return FEATURES[::10]


def leaky(stem: str, sql: str) -> Feature:
    words = Text(zh="漏", en="leak")
    return Feature(stem=stem, family="extra", over="row", sql=sql, unit="number", description=words)


def moving_average(store: Store) -> Feature:
    """The past year's mean of lateness with the target month in it (domain.md 3.1, PLN)."""
    return leaky(
        "moving_average",
        f"""(SELECT avg(CAST(cleared_at IS NULL OR CAST(cleared_at AS DATE) > h.due_on AS INTEGER))
        FROM {store.scan("bill_history", 0)} AS h
        WHERE h.customer_id = joined.customer_id AND known_to IS NULL
            AND h.due_on BETWEEN $as_of - 335 AND $as_of + 30)""",
    )


def test_built_in_features_are_proven(dataset, tmp_path):
    proof = prove(dataset, AS_OFS[-1], tmp_path / "proof", buckets=2)
    assert proof.holds, proof.report()
    assert [tried.name for tried in proof.trials] == [
        "future deleted, bills",
        "future deleted, prepaid customers",
        "another future, bills",
        "another future, prepaid customers",
        "last day postponed to as_of, bills",
        "last day postponed to as_of, prepaid customers",
    ]
    assert all(tried.rows for tried in proof.trials)
    assert proof.awake > 0
    assert proof.columns == len(FEATURES) + 10 + len(PREPAID_FEATURES)
    assert "no feature changed" in proof.report()


def test_moving_average_over_the_target_month_is_caught(dataset, tmp_path):
    proof = prove(
        dataset,
        MARCH,
        tmp_path / "proof",
        features=lambda store: (*a_few(store), moving_average(store)),
    )
    assert not proof.holds
    for tried in (proof.trials[0], proof.trials[2]):
        assert [guilty.feature for guilty in tried.guilty] == ["moving_average"]
    assert "moving_average:" in proof.report()
    assert "became" in proof.report()


def test_a_boundary_one_moment_too_late_is_caught(dataset, tmp_path):
    def one_too_many(store: Store) -> tuple[Feature, ...]:
        paid = f"""(SELECT count(*) FROM {store.scan("payments", 0)} AS p
            WHERE p.customer_id = joined.customer_id AND posted_at <= $as_of)"""
        return (leaky("one_too_many", paid),)

    proof = prove(dataset, MARCH, tmp_path / "proof", features=one_too_many)
    assert [g.feature for g in proof.trials[4].guilty] == ["one_too_many"]


def test_a_share_of_the_customers_can_be_tried(dataset, tmp_path):
    store = stage(dataset, tmp_path / "stores", buckets=1)
    whole = len(build(store, MARCH, features=FEATURES[:1]))
    proof = prove(dataset, MARCH, tmp_path / "proof", one_in=4, features=a_few)
    assert proof.holds
    assert 0 < proof.trials[0].rows < whole / 2


def test_differences_name_column_row_and_both_values():
    key = {"as_of": [1, 1], "customer_id": ["a", "b"], "bill_id": ["x", "y"]}
    before = pd.DataFrame(key | {"m": [1.0, float("nan")], "c": ["u", None]})
    after = pd.DataFrame(key | {"m": [1.0, 2.0], "c": ["u", "v"]})
    number, code = differences(before, after)
    assert (number.feature, number.rows) == ("m", 1)
    assert number.example == "customer b, bill y: missing became 2.0"
    assert code.example == "customer b, bill y: missing became v"
    assert differences(before, before.copy()) == ()


def test_a_sign_of_zero_is_a_difference():
    key = {"as_of": [1], "customer_id": ["a"], "bill_id": ["x"]}
    plus, minus = pd.DataFrame(key | {"m": [0.0]}), pd.DataFrame(key | {"m": [-0.0]})
    assert [found.feature for found in differences(plus, minus)] == ["m"]


def test_other_bills_in_the_matrix_are_a_finding():
    key = {"as_of": [1, 1], "customer_id": ["a", "b"], "bill_id": ["x", "y"], "m": [1.0, 2.0]}
    both, one = pd.DataFrame(key), pd.DataFrame(key)[:1]
    found = trial("future deleted", both, one)
    assert (found.rows, found.guilty[0].feature) == (1, "rows of the matrix")
    assert found.guilty[0].example == "customer b, bill y"
