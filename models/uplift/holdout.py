"""Whom the hold-out is about: the bills whose first reminder was decided at random.

The policy chooses whom to remind in round 1; of those bills a random share is held out, and only
they are compared (domain 3.8). Everyone else, above all the bills that the policy passed over,
differs from them by more than a message.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd

from contract.engine import connect, to_arrow
from contract.errors import DataError
from contract.staging import Store
from models.target import Target, label

FloatArray = npt.NDArray[np.float64]

# Fewer bills than this in one arm of a cycle say nothing and would weigh as a whole cycle.
FEWEST_IN_AN_ARM = 10


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """Bills whose first reminder was decided at random and whose label is mature.

    Attributes:
        rows: One row a bill, by as_of and bill: bill_id, customer_id, cycle, as_of (the day for
            which the reminder was planned), issued_on, due_on, ``sent`` (1 reminded, 0 held
            out), ``late``, and ``chance``, the probability with which it was sent.
        attrition: Reminders planned in round 1 by the reason for leaving them out, and ``kept``.
        crossed: Held-out bills that were reminded in round 1 all the same; they count as held
            out, for only the decision was random.
        late_rate: Share late of all such bills, of cycles without a hold-out too; NaN without any.
    """

    rows: pd.DataFrame
    attrition: pd.Series
    crossed: int
    late_rate: float

    @property
    def held_out(self) -> int:
        """The number of bills held out."""
        return int((self.rows["sent"] == 0).sum())


def first_reminders(
    store: Store, cut: date, *, buckets: Sequence[int] | None = None
) -> pd.DataFrame:
    """Return the reminders of round 1 planned before the cut, one row a bill.

    Columns: bill_id, customer_id, cycle, issued_on, due_on, as_of (the planned day), assigned,
    ``protected`` and ``has_agent`` as in force then, and ``crossed`` (held out and sent). Where a
    bill has several rows a held-out one is taken, else the first; a reminder without a bill is
    kept, with nothing known of the bill.

    Args:
        buckets: Those whose customers are wanted; None takes all.
    """
    with connect() as connection:
        parts = [
            to_arrow(connection, _query(store, bucket, cut)).to_pandas(date_as_object=False)
            for bucket in (range(store.buckets) if buckets is None else buckets)
        ]
    found = pd.concat(parts, ignore_index=True)
    for column in ("as_of", "issued_on", "due_on"):
        found[column] = pd.to_datetime(found[column])
    return found.sort_values(["as_of", "bill_id", "customer_id"], ignore_index=True)


def randomised(
    reminders: pd.DataFrame,
    known: pd.DataFrame,
    *,
    cut: date,
    target: Target,
    share: float | None = None,
) -> Experiment:
    """Keep the reminders that were decided at random, with a mature label.

    Args:
        reminders: Those planned in round 1 (first_reminders).
        known: The outcomes at the cut (models.target.outcomes).
        cut: The day from which nothing is known.
        target: What counts as late.
        share: The share held out by design; None takes each cycle's own share.

    Raises:
        DataError: Far more or less than the share given was held out.
    """
    rows, attrition = reminders, {}
    for reason, out in _not_randomised(reminders).items():
        leaves = out.loc[rows.index]
        attrition[reason] = int(leaves.sum())
        rows = rows[~leaves]
    labelled = label(rows.reset_index(drop=True), known, cut=cut, target=target)
    attrition.update({str(k): int(v) for k, v in labelled.attrition.drop("kept").items()})
    kept = labelled.matrix.assign(
        late=labelled.late, sent=(labelled.matrix["assigned"] == "policy").astype(np.int8)
    )
    both = has_both_arms(kept)
    attrition["cycle_without_both_arms"] = int((~both).sum())
    kept = kept[both].reset_index(drop=True)
    kept["chance"] = _chance(kept, share)
    attrition["kept"] = len(kept)
    return Experiment(
        rows=kept[[*_COLUMNS]],
        attrition=pd.Series(attrition, name="rows"),
        crossed=int(kept["crossed"].sum()),
        late_rate=float(np.mean(labelled.late)) if labelled.late.size else np.nan,
    )


_COLUMNS = (
    "bill_id",
    "customer_id",
    "cycle",
    "as_of",
    "issued_on",
    "due_on",
    "sent",
    "late",
    "chance",
)


def _query(store: Store, bucket: int, cut: date) -> str:
    return f"""
    WITH planned AS (
        SELECT bill_id, customer_id, assigned, CAST(contacted_at AS DATE) AS as_of,
            count(*) FILTER (WHERE assigned = 'holdout') OVER bill > 0
                AND count(*) FILTER (WHERE assigned IS DISTINCT FROM 'holdout') OVER bill > 0
                AS crossed,
            row_number() OVER (bill ORDER BY assigned IS DISTINCT FROM 'holdout',
                contacted_at, contact_id) AS k
        FROM {store.scan("contacts", bucket)}
        WHERE round = 1 AND contacted_at < DATE '{cut}'
        WINDOW bill AS (PARTITION BY coalesce(bill_id, contact_id))
    ), bill AS (
        SELECT bill_id, cycle, issued_on, due_on FROM {store.scan("bill_history", bucket)}
        WHERE known_from < DATE '{cut}' AND (known_to IS NULL OR known_to >= DATE '{cut}')
    )
    SELECT planned.* EXCLUDE (k), cycle, issued_on, due_on,
        coalesce(customer.protected, false) AS protected,
        CAST(customer.agent_id IS NOT NULL AS INTEGER) AS has_agent
    FROM (FROM planned WHERE k = 1) AS planned
    LEFT JOIN bill USING (bill_id)
    ASOF LEFT JOIN {store.scan("customers", bucket)} AS customer
        ON planned.customer_id = customer.customer_id AND customer.valid_from < planned.as_of"""


def _not_randomised(reminders: pd.DataFrame) -> dict[str, pd.Series]:
    """Return, by reason, which reminders no chance decided.

    The hold-out never touches those whom the law or the utility protects (domain 3.8): all of
    them were reminded, so there is nobody to compare them with.
    """
    return {
        "names_no_bill": reminders["cycle"].isna(),
        "assigned_otherwise": ~reminders["assigned"].isin(["policy", "holdout"]),
        "protected": reminders["protected"].astype(bool),
    }


def has_both_arms(rows: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Tell which rows are of cycles with enough bills in both arms; others precede the hold-out."""
    sent = rows.groupby("cycle")["sent"]
    reminded = sent.transform("sum")
    return np.asarray(np.minimum(reminded, sent.transform("size") - reminded) >= FEWEST_IN_AN_ARM)


def _chance(kept: pd.DataFrame, share: float | None) -> FloatArray:
    if share is None:
        return kept.groupby("cycle")["sent"].transform("mean").to_numpy(np.float64)
    held, n = int((kept["sent"] == 0).sum()), len(kept)
    # 4 standard errors: chance goes beyond once in 16,000 experiments.
    if abs(held - share * n) > 4 * np.sqrt(n * share * (1 - share)):
        raise DataError(
            f"contacts.assigned: {held:,} of {n:,} bills are held out ({held / n:.1%}), but the"
            f" share given is {share:.1%}. Give the true share, or mend how holdout is recorded."
        )
    return np.full(n, 1 - share)
