from datetime import date

import pytest
from worlds import world

from contract.errors import ConfigError
from features import FEATURES, build, explain
from features.evidence import filters

JUNE = date(2024, 6, 1)


@pytest.fixture(scope="module")
def store():
    return world(
        bills="""
            bill_id | customer_id | issued_on  | due_on     | amount
            old     | ann         | 2022-04-20 | 2022-05-10 | 70
            late    | ann         | 2024-03-20 | 2024-04-10 | 80
            early   | ann         | 2024-04-20 | 2024-05-10 | 100
            now     | ann         | 2024-05-20 | 2024-06-10 | 120
            bobs    | bob         | 2024-05-20 | 2024-06-10 | 10
            """,
        payments="""
            customer_id | bill_id | paid_at    | amount
            ann         | old     | 2022-05-11 | 70
            ann         | late    | 2024-04-15 | 80
            ann         | early   | 2024-05-01 | 100
            """,
        buckets=3,
    )


def test_rows_that_count_are_marked_among_all(store):
    found = explain(store, "ann", "late_count_12m", JUNE)
    assert found.rows["bill_id"].tolist() == ["early", "late", "old"]
    assert found.rows["counts"].tolist() == [False, True, False]
    assert found.value.to_dict("records") == [{"bill_id": "now", "late_count_12m": 1.0}]
    assert found.formula == (
        "count(*) FILTER (WHERE late = 1 AND"
        " on_day >= CAST(DATE '2024-06-01' - INTERVAL 12 MONTH AS DATE))"
    )


def test_value_is_the_one_of_the_matrix_for_every_feature(store):
    matrix = build(store, JUNE)
    row = matrix[matrix["customer_id"] == "ann"].iloc[0]
    for name in ("slack_mean_12m", "smoothed_late_rate", "amount_shock_3m", "grid_late_rate"):
        value = explain(store, "ann", name, JUNE).value[name][0]
        assert value == row[name] or (value != value and row[name] != row[name])  # noqa: PLR0124


def test_expression_over_the_bill_shows_what_it_reads(store):
    found = explain(store, "ann", "amount_shock_3m", JUNE)
    assert found.reads.to_dict("records") == [
        {"bill_id": "now", "bill_amount_cny": 120.0, "amount_others_mean_3m": 90.0}
    ]
    assert found.rows.empty


def test_neighbours_of_the_scored_bill_are_shown(store):
    found = explain(store, "ann", "amount_others_mean_3m", JUNE)
    assert sorted(found.rows["amount_fen"][found.rows["counts"]]) == [8000, 10000]


@pytest.mark.parametrize("feature", FEATURES, ids=lambda feature: feature.name)
def test_every_formula_gives_up_its_conditions(feature):
    assert feature.sql.count("FILTER (WHERE") >= len(filters(feature))
    assert all(part.count("(") == part.count(")") for part in filters(feature))


def test_an_unknown_feature_or_customer_is_refused(store):
    with pytest.raises(ConfigError, match=r"late_often: no such feature; docs/features\.md"):
        explain(store, "ann", "late_often", JUNE)
    with pytest.raises(ConfigError, match="customer cat: not in customers"):
        explain(store, "cat", "late_last", JUNE)
    with pytest.raises(ConfigError, match="customer bob: no bill open at 2024-05-20"):
        explain(store, "bob", "late_last", date(2024, 5, 20))
