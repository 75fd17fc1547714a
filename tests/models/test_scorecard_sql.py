import numpy as np
import pandas as pd
import pytest

from contract.engine import connect
from models.scorecard import Scorecard, fit_scorecard
from models.scorecard_sql import scorecard_sql


@pytest.fixture(scope="module")
def card(world, features) -> Scorecard:
    return fit_scorecard(world.matrix, world.y, features=features)


def test_a_database_gives_the_same_points_and_probability(card, unseen) -> None:
    odd = unseen.matrix.head(3).assign(channel=["barter", None, "debit"], late_count=[9.0, 0.0, 1])
    bills = pd.concat([unseen.matrix, odd], ignore_index=True).assign(row=range(1_503))
    with connect() as connection:
        # What pandas holds as NaN is NULL in a database.
        connection.register("bills", bills.astype(object).where(bills.notna(), None))
        connection.execute(
            "CREATE TABLE typed AS SELECT * REPLACE (TRY_CAST(late_count AS DOUBLE) AS late_count,"
            " TRY_CAST(bills_known AS DOUBLE) AS bills_known,"
            " TRY_CAST(paid_share AS DOUBLE) AS paid_share, TRY_CAST(noise AS DOUBLE) AS noise)"
            " FROM bills"
        )
        told = connection.execute(scorecard_sql(card, source="typed")).df()
    told = told.sort_values("row")
    assert len(told) == len(bills)
    np.testing.assert_array_equal(card.points(bills), told["points"].astype(float))
    np.testing.assert_allclose(card.predict(bills), told["p_late"], rtol=1e-12)


def test_names_of_tables_are_quoted(card) -> None:
    assert 'FROM "bills; DROP TABLE x"' in scorecard_sql(card, source="bills; DROP TABLE x")
