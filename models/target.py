"""The target: was the bill late? The one module that looks past as_of.

A label counts only when it is mature at the data cut; an immature one is censored, never 0
(design 3, domain 3.3). Every row that is left out is counted with its reason.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from contract.engine import connect, to_arrow
from contract.staging import Store


class Target(BaseModel):
    """What counts as late, and when that is known.

    Attributes:
        name: What the model is asked; kept with it.
        grace_days: Days after the due day that still count as on time.
        posting_lag_days: Days a payment may take to reach the books; a label is mature once
            due day, grace and lag have passed before the data cut.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = "late"
    grace_days: int = Field(default=0, ge=0, le=60)
    posting_lag_days: int = Field(default=3, ge=0, le=60)


@dataclass(frozen=True, kw_only=True)
class Labelled:
    """Matrix rows with a mature label.

    Attributes:
        matrix: The rows kept, in their order, index reset.
        late: 1 when a residual of one yuan or more stood after due day and grace.
        attrition: One row a reason for leaving a row out, and ``kept``: rows by reason.
    """

    matrix: pd.DataFrame
    late: np.ndarray
    attrition: pd.Series


def outcomes(store: Store, cut: date) -> pd.DataFrame:
    """Return what is known before the cut of every bill, one row a bill.

    Columns: bill_id, due_on, cleared_on (NaT while one yuan or more is open), kind, and
    ``on_hold`` when the bill was disputed or in transit at some time up to the cut.
    """
    with connect() as connection:
        parts = [
            to_arrow(
                connection,
                f"""SELECT bill_id, due_on, CAST(cleared_at AS DATE) AS cleared_on, kind,
                    hold <> 'none' AND coalesce(hold_from_on, issued_on) < DATE '{cut}' AS on_hold
                FROM {store.scan("bill_history", bucket)}
                WHERE known_from < DATE '{cut}' AND (known_to IS NULL OR known_to >= DATE '{cut}')
                    AND (cancelled_on IS NULL OR cancelled_on >= DATE '{cut}')""",
            ).to_pandas(date_as_object=False)
            for bucket in range(store.buckets)
        ]
    found = pd.concat(parts, ignore_index=True)
    for column in ("due_on", "cleared_on"):
        found[column] = pd.to_datetime(found[column])
    return found.set_index("bill_id")


def label(matrix: pd.DataFrame, known: pd.DataFrame, *, cut: date, target: Target) -> Labelled:
    """Give each row its label where that is mature at the cut.

    Args:
        matrix: One row a bill at an as_of (features.build).
        known: The outcomes at the same cut.
    """
    bill = known.reindex(matrix["bill_id"])
    due = pd.to_datetime(matrix["due_on"]).to_numpy()
    allowed = due + np.timedelta64(target.grace_days, "D")
    mature = allowed + np.timedelta64(target.posting_lag_days, "D") < np.datetime64(cut)
    as_of = pd.to_datetime(matrix["as_of"]).to_numpy()
    reasons = {
        "seen_at_or_after_cut": as_of >= np.datetime64(cut),
        "already_overdue": due < as_of,
        "cancelled_later": bill["due_on"].isna().to_numpy(),
        "final_bill": (bill["kind"] == "final").to_numpy(),
        "on_hold": bill["on_hold"].fillna(value=False).to_numpy(dtype=bool),
        "collected_by_agent": (matrix["has_agent"] == 1).to_numpy(),
        "label_not_mature": ~mature,
    }
    kept = np.ones(len(matrix), dtype=bool)
    attrition = {}
    for reason, out in reasons.items():
        attrition[reason] = int((kept & out).sum())
        kept &= ~out
    cleared = bill["cleared_on"].to_numpy()[kept]
    late = np.isnat(cleared) | (cleared > allowed[kept])
    return Labelled(
        matrix=matrix[kept].reset_index(drop=True),
        late=late.astype(np.int8),
        attrition=pd.Series({**attrition, "kept": int(kept.sum())}, name="rows"),
    )
