import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.engine import connect
from features import FEATURES
from features.filters import without_filters

EXPRESSIONS = (
    "count(*) FILTER (WHERE {c})",
    "CAST(sum(n) FILTER (WHERE {c}) AS DOUBLE) / NULLIF(count(*) FILTER (WHERE {c}), 0)",
    "coalesce(min(k) FILTER (WHERE {c}) - 1, count(*))",
    "sum(greatest(n, k) - least(n, 3)) FILTER (WHERE {c})",
    "count(DISTINCT n) FILTER (WHERE {c}) + max(n) FILTER (WHERE {c})",
    "quantile_disc(n, 0.5) FILTER (WHERE {c})",
    "list_sum(list(n ORDER BY k) FILTER (WHERE {c}))",
    "max(n, 1) FILTER (WHERE {c})",
    "count(n) FILTER (WHERE {c})",
)
CONDITIONS = ("k <= 3", "n IN (1, 2)", "(n > 1 OR (k < 3 AND n IS NULL))", "NULL", "code = ')'")

numbers = st.none() | st.integers(0, 5)


@pytest.mark.parametrize("expression", EXPRESSIONS)
@settings(max_examples=10)
@given(rows=st.lists(st.tuples(st.integers(0, 2), st.integers(1, 6), numbers), max_size=8))
def test_a_condition_inside_gives_what_the_filter_gives(expression, rows):
    values = ", ".join(
        f"({customer}, {k}, {'NULL' if n is None else n}, ')')" for customer, k, n in rows
    )
    with connect(threads=1) as connection:
        connection.execute("CREATE TABLE row (customer INT, k INT, n INT, code VARCHAR)")
        if rows:
            connection.execute(f"INSERT INTO row VALUES {values}")
        for condition in CONDITIONS:
            sql = expression.replace("{c}", condition)
            one, other = (
                connection.execute(
                    f"SELECT {said} FROM row GROUP BY customer ORDER BY customer"
                ).fetchall()
                for said in (sql, without_filters(sql))
            )
            assert one == other


def test_what_keeps_a_filter_is_no_sum_count_or_extreme():
    said = [without_filters(f.sql) for f in FEATURES if "FILTER" in without_filters(f.sql)]
    others = re.compile(r"DISTINCT|quantile_disc|mad\(|mode\(|histogram\(|list\(")
    assert [sql for sql in said if not others.search(sql)] == []


@pytest.mark.parametrize("sql", ["count(*) FILTER (WHERE k = 1", ")( FILTER (WHERE )", "", "k"])
def test_what_is_no_expression_is_left_for_the_engine_to_refuse(sql):
    assert without_filters(sql) == sql
