"""The target: was the bill late, or supply cut? The one module that looks past as_of.

A label counts only when it is mature at the data cut; an immature one is censored, never 0
(design 3, domain 3.3). Every row that is left out is counted with its reason.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from contract.engine import connect, to_arrow
from contract.staging import Store

Name = Literal["late", "late_30", "cutoff"]
Mask = npt.NDArray[np.bool_]

# Days past due at which a bill counts: at once, or when 30 days overdue (domain 3.3).
_DAYS_PAST_DUE: dict[Name, int] = {"late": 0, "late_30": 30}
# The next month in which a prepaid customer's supply may be cut (design 3).
CUTOFF_DAYS = 30


class Target(BaseModel):
    """What the model is asked, and when the answer is known.

    Attributes:
        name: ``late``: one yuan or more of the bill is open after its due day and the grace;
            ``late_30``: still so 30 days later; ``cutoff``: a prepaid customer's supply is cut
            for lack of balance within the next 30 days.
        grace_days: Days after the due day that still count as on time.
        posting_lag_days: Days a payment may take to reach the books; a label is mature once
            due day, grace and lag have passed before the data cut.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Name = "late"
    grace_days: int = Field(default=0, ge=0, le=60)
    posting_lag_days: int = Field(default=3, ge=0, le=60)

    @property
    def immature_months(self) -> int:
        """Months before the present one whose labels are not yet mature when it begins.

        Last month's bills have fallen due by now; what is asked 30 days later is not known yet.
        """
        return 0 if self.name == "late" else 1

    @property
    def is_of_bills(self) -> bool:
        """Whether a row is an open bill; else it is a prepaid customer."""
        return self.name != "cutoff"


@dataclass(frozen=True, kw_only=True)
class Labelled:
    """Matrix rows with a mature label.

    Attributes:
        matrix: The rows kept, in their order, index reset.
        late: 1 when what the target asks came to pass.
        attrition: One row a reason for leaving a row out, and ``kept``: rows by reason.
    """

    matrix: pd.DataFrame
    late: np.ndarray
    attrition: pd.Series

    def only(self, rows: Mask) -> "Labelled":
        """Return some of the rows."""
        return Labelled(
            matrix=self.matrix[rows].reset_index(drop=True),
            late=self.late[rows],
            attrition=self.attrition,
        )


def known_outcomes(
    store: Store, cut: date, target: Target, *, buckets: Sequence[int] | None = None
) -> pd.DataFrame:
    """Return what is known before the cut of whatever the target asks of.

    Args:
        buckets: Those whose customers are wanted; None takes all.
    """
    read = outcomes if target.is_of_bills else cutoffs
    return read(store, cut, buckets=buckets)


def outcomes(store: Store, cut: date, *, buckets: Sequence[int] | None = None) -> pd.DataFrame:
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
            for bucket in (range(store.buckets) if buckets is None else buckets)
        ]
    found = pd.concat(parts, ignore_index=True)
    for column in ("due_on", "cleared_on"):
        found[column] = pd.to_datetime(found[column])
    return found.set_index("bill_id")


def cutoffs(store: Store, cut: date, *, buckets: Sequence[int] | None = None) -> pd.DataFrame:
    """Return what is known before the cut of supply and of leaving, one row an occasion.

    Columns: customer_id, kind (``low_balance``, ``other_cut`` or ``left``), from_on, to_on (the
    day supply came back; NaT while it has not).
    """
    parts = []
    for bucket in range(store.buckets) if buckets is None else buckets:
        with connect() as connection:
            found = to_arrow(
                connection,
                f"""SELECT customer_id,
                    CASE reason WHEN 'low_balance' THEN reason ELSE 'other_cut' END AS kind,
                    CAST(disconnected_at AS DATE) AS from_on,
                    CASE WHEN reconnected_at < DATE '{cut}'
                        THEN CAST(reconnected_at AS DATE) END AS to_on
                FROM {store.scan("disconnections", bucket)} WHERE disconnected_at < DATE '{cut}'
                UNION ALL
                SELECT customer_id, 'left', happened_on, NULL
                FROM {store.scan("events", bucket)}
                WHERE kind IN ('ownership_transfer', 'closed') AND happened_on < DATE '{cut}'
                ORDER BY customer_id, from_on, kind""",
            )
        parts.append(found.to_pandas(date_as_object=False))
    found = pd.concat(parts, ignore_index=True)
    for column in ("from_on", "to_on"):
        found[column] = pd.to_datetime(found[column])
    return found


def label(matrix: pd.DataFrame, known: pd.DataFrame, *, cut: date, target: Target) -> Labelled:
    """Give each row its label where that is mature at the cut.

    Args:
        matrix: One row a bill at an as_of (features.build), or a prepaid customer
            (features.build_prepaid); those get a ``cycle``, the month of as_of.
        known: The outcomes at the same cut (known_outcomes).
    """
    read = _label_bills if target.is_of_bills else _label_customers
    return read(matrix, known, cut, target)


def _label_bills(matrix: pd.DataFrame, known: pd.DataFrame, cut: date, target: Target) -> Labelled:
    bill = known.reindex(matrix["bill_id"])
    due = pd.to_datetime(matrix["due_on"]).to_numpy()
    past_due = np.timedelta64(_DAYS_PAST_DUE[target.name], "D")
    allowed = due + np.timedelta64(target.grace_days, "D") + past_due
    mature = allowed + np.timedelta64(target.posting_lag_days, "D") < np.datetime64(cut)
    as_of = pd.to_datetime(matrix["as_of"]).to_numpy()
    reasons = {
        "seen_at_or_after_cut": as_of >= np.datetime64(cut),
        "already_overdue": due + past_due < as_of,
        "cancelled_later": bill["due_on"].isna().to_numpy(),
        "final_bill": (bill["kind"] == "final").to_numpy(),
        "on_hold": bill["on_hold"].fillna(value=False).to_numpy(dtype=bool),
        "collected_by_agent": (matrix["has_agent"] == 1).to_numpy(),
        "label_not_mature": ~mature,
    }
    cleared = bill["cleared_on"].to_numpy()
    return _kept(matrix, np.isnat(cleared) | (cleared > allowed), reasons)


def _label_customers(
    matrix: pd.DataFrame, known: pd.DataFrame, cut: date, target: Target
) -> Labelled:
    as_of = pd.to_datetime(matrix["as_of"])
    cycle = as_of.dt.year * 12 + as_of.dt.month - 1
    until = as_of + pd.Timedelta(days=CUTOFF_DAYS)
    rows = pd.DataFrame(
        {"row": range(len(matrix)), "customer_id": matrix["customer_id"], "as_of": as_of}
    ).merge(known, on="customer_id")
    began = rows["from_on"] >= rows["as_of"]
    soon = began & (rows["from_on"] < rows["as_of"] + pd.Timedelta(days=CUTOFF_DAYS))
    off = ~began & (rows["to_on"].isna() | (rows["to_on"] >= rows["as_of"]))
    lag = pd.Timedelta(days=target.posting_lag_days)

    def some(chosen: pd.Series) -> Mask:
        found = np.zeros(len(matrix), dtype=bool)
        found[rows.loc[chosen, "row"]] = True
        return found

    reasons = {
        "seen_at_or_after_cut": (as_of >= pd.Timestamp(cut)).to_numpy(),
        "already_off": some(off & (rows["kind"] != "left")),
        "left": some(soon & (rows["kind"] == "left")),
        "label_not_mature": (until + lag > pd.Timestamp(cut)).to_numpy(),
    }
    cut_off = some(soon & (rows["kind"] == "low_balance"))
    return _kept(matrix.assign(cycle=cycle), cut_off, reasons)


def _kept(matrix: pd.DataFrame, late: Mask, reasons: Mapping[str, Mask]) -> Labelled:
    """Leave rows out, each for the first reason that holds."""
    kept = np.ones(len(matrix), dtype=bool)
    attrition = {}
    for reason, out in reasons.items():
        attrition[reason] = int((kept & out).sum())
        kept &= ~out
    return Labelled(
        matrix=matrix[kept].reset_index(drop=True),
        late=late[kept].astype(np.int8),
        attrition=pd.Series({**attrition, "kept": int(kept.sum())}, name="rows"),
    )
