"""Money that came in on bills, by day: what a forecast of collection is held against.

Like models.target it looks past as_of, up to the cut: `outcomes` says when a bill was cleared,
`receipts` also what was paid in parts before. Money is dated by the day the customer paid, as
lateness is; the books follow within the posting lag.
"""

from datetime import date

import numpy as np
import pandas as pd

from contract.engine import connect, to_arrow
from contract.staging import Store
from models.forecast.person_periods import FloatArray, to_days


def receipts(store: Store, cut: date, *, since: date) -> pd.DataFrame:
    """Return what came in on each bill and was posted from ``since`` on, before the cut.

    One row a change of what is paid on a bill: bill_id, paid_on, known_on and amount_cny, which is
    negative for a reversal. Cancelled bills are left out, as in `outcomes`.
    """
    with connect() as connection:
        parts = [
            to_arrow(connection, _query(store, bucket, since, cut)).to_pandas(date_as_object=False)
            for bucket in range(store.buckets)
        ]
    return pd.concat(parts, ignore_index=True)


def _query(store: Store, bucket: int, since: date, cut: date) -> str:
    """A version of a bill is written at the moment its money is posted, which dates that money."""
    return f"""
    WITH version AS (
        SELECT customer_id, bill_id, cancelled_on, known_from,
            paid_fen - lag(paid_fen, 1, 0) OVER (
                PARTITION BY bill_id ORDER BY known_from) AS gained_fen
        FROM {store.scan("bill_history", bucket)} WHERE known_from < DATE '{cut}'
    ), posting AS (
        SELECT customer_id, posted_at, max(CAST(paid_at AS DATE)) AS paid_on
        FROM {store.scan("payments", bucket)} WHERE outcome = 'ok' GROUP BY ALL
    )
    SELECT bill_id, coalesce(paid_on, CAST(known_from AS DATE)) AS paid_on,
        CAST(known_from AS DATE) AS known_on, gained_fen / 100 AS amount_cny
    FROM version LEFT JOIN posting
        ON posting.customer_id = version.customer_id AND posted_at = known_from
    WHERE known_from >= DATE '{since}' AND gained_fen <> 0
        AND (cancelled_on IS NULL OR cancelled_on >= DATE '{cut}')
    ORDER BY bill_id, known_from"""


def received(matrix: pd.DataFrame, money: pd.DataFrame, days: int) -> FloatArray:
    """Return the yuan received on each row by the end of each day, at most what was open.

    One row a row of the matrix, one column a day from as_of on; money that was made before as_of
    but posted after it counts on the first. Days at or after the cut of ``money`` show what was
    received before it.
    """
    looks = pd.DataFrame(
        {
            "bill_id": matrix["bill_id"].to_numpy(),
            "as_of": to_days(matrix["as_of"]),
            "row": np.arange(len(matrix)),
        }
    )
    met = looks.merge(money, on="bill_id")
    met = met[met["known_on"] >= met["as_of"]]
    day = np.maximum((to_days(met["paid_on"]) - to_days(met["as_of"])).astype(np.int64), 0)
    inside = day < days
    by_day = np.zeros((len(matrix), days))
    np.add.at(
        by_day,
        (met["row"].to_numpy()[inside], day[inside]),
        met["amount_cny"].to_numpy(dtype=np.float64)[inside],
    )
    open_cny = matrix["open_cny"].to_numpy(dtype=np.float64)
    return np.clip(np.cumsum(by_day, axis=1), 0.0, open_cny[:, None])
